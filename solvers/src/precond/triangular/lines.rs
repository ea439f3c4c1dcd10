//! Triangular solves along the lines of a grid, in the natural order.
//!
//! On a grid most rows wait for the same neighbours: row i for rows i − d with the same distances d
//! as the row before it. A *line* is a stretch of rows with one list of distances; entries that a
//! row lacks are filled with zeros where that is cheap, so that a line does not end at the
//! boundary of the grid. A line is solved in blocks of [`BLOCK`] rows:
//!
//!   tᵢ = rᵢ − Σ_{d ≥ BLOCK} lᵢ,ᵢ₋d yᵢ₋d        known before the block begins: all rows at once
//!   yᵢ = tᵢ − aᵢ yᵢ₋₁, aᵢ = lᵢ,ᵢ₋₁             the chain, see [`chain`](super::chain)
//!
//! Values stand in the order in which they are read; columns are not stored. U is the same read
//! from the last row on.

use super::chain::BACK;
use super::stored::{Stored, Values};
use super::sweep::{backward, forward, upward};
use super::{Factors, Pattern};
use resolvent_matrices::Scalar;

/// Rows solved at once.
pub(super) const BLOCK: usize = 8;
/// Rows in a line, on average, from which lines are used.
const MIN_ROWS: usize = 16;
/// Rows in a line at most: its values stay in the second-level cache.
const MAX_ROWS: usize = 4096;
/// Zeros that may be filled into a line whatever its length.
const FREE_ZEROS: usize = 8;

/// Steps `first..first + rows` of a sweep, all of one shape. Step s is row s going forward, and
/// row n − 1 − s going backward.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    pub first: usize,
    pub rows: usize,
    /// Distances to the rows that are waited for, decreasing.
    pub shape: Box<[u32]>,
    /// How many of them are at least [`BLOCK`].
    pub far: usize,
    /// Where its values begin; if it is chained, those of the chain come first, by increasing row,
    /// with `LANES − 1` zeros on the side that is done first.
    pub val: usize,
}

impl Line {
    pub fn blocks(&self) -> usize {
        self.rows / BLOCK
    }

    /// Whether what is near is the row before, and no other.
    pub fn chained(&self) -> bool {
        self.shape[self.far..] == [1]
    }

    /// Entries of a row that stand in blocks.
    pub fn blocked(&self) -> usize {
        self.shape.len() - usize::from(self.chained())
    }

    /// Values of the chain.
    pub fn links(&self) -> usize {
        if self.chained() { self.rows + BACK } else { 0 }
    }

    /// Number of values.
    pub fn len(&self) -> usize {
        self.links() + self.rows * self.blocked()
    }
}

/// One triangle.
#[derive(Debug, Clone)]
struct Sweep<T: Scalar> {
    lines: Vec<Line>,
    val: Values<T>,
}

/// L and U by lines.
#[derive(Debug, Clone)]
pub(crate) struct Lines<T: Scalar> {
    lower: Sweep<T>,
    upper: Sweep<T>,
    /// D⁻¹.
    middle: Vec<T>,
}

impl<T: Scalar> Lines<T> {
    /// Finds the lines of both triangles; `None` where they are short. O(nnz).
    pub fn new(lower: Pattern<'_>, upper: Pattern<'_>, half: bool) -> Option<Self> {
        let n = lower.rows();
        let distances = |s: usize, out: &mut Vec<u32>| {
            let columns = &lower.col[lower.row(s)];
            out.extend(columns.iter().map(|&j| s as u32 - j));
        };
        let lower = Sweep::new(n, distances, half)?;
        let distances = |s: usize, out: &mut Vec<u32>| {
            let i = n - 1 - s;
            let columns = upper.col[upper.row(i)].iter().rev();
            out.extend(columns.map(|&j| j - i as u32));
        };
        let upper = Sweep::new(n, distances, half)?;
        Some(Self {
            lower,
            upper,
            middle: vec![T::ZERO; n],
        })
    }

    /// Takes the values.
    pub fn fill(&mut self, f: Factors<'_, T>) {
        let n = self.middle.len();
        for (i, m) in self.middle.iter_mut().enumerate() {
            *m = f.middle(i);
        }
        let (pattern, _) = f.lower;
        self.lower.fill::<true>(n, |i, d| {
            let row = pattern.row(i);
            let at = find(&pattern.col[row.clone()], i as u32 - d);
            at.map_or(T::ZERO, |k| f.unit_lower_value(i, row.start + k))
        });
        let (pattern, _) = f.upper;
        self.upper.fill::<false>(n, |i, d| {
            let row = pattern.row(i);
            let at = find(&pattern.col[row.clone()], i as u32 + d);
            at.map_or(T::ZERO, |k| f.unit_upper_value(i, row.start + k))
        });
    }

    /// z ← U⁻¹ D⁻¹ L⁻¹ r for the listed columns of r and z: each line for all of them, while its
    /// values are in cache.
    pub fn solve(&self, columns: &[usize], r: &[T], z: &mut [T]) {
        match &self.lower.val {
            Values::Full(val) => forward(&self.lower.lines, val, self.rows(), columns, r, z),
            Values::Half(val) => forward(&self.lower.lines, val, self.rows(), columns, r, z),
        }
        match &self.upper.val {
            Values::Full(val) => backward(&self.upper.lines, val, &self.middle, columns, z),
            Values::Half(val) => backward(&self.upper.lines, val, &self.middle, columns, z),
        }
    }

    /// z ← L⁻¹ r.
    pub fn solve_lower(&self, r: &[T], z: &mut [T]) {
        assert_eq!(
            (r.len(), z.len()),
            (self.rows(), self.rows()),
            "lengths of r and z"
        );
        match &self.lower.val {
            Values::Full(val) => forward(&self.lower.lines, val, self.rows(), &[0], r, z),
            Values::Half(val) => forward(&self.lower.lines, val, self.rows(), &[0], r, z),
        }
    }

    /// z ← U⁻¹ r.
    pub fn solve_upper(&self, r: &[T], z: &mut [T]) {
        assert_eq!(
            (r.len(), z.len()),
            (self.rows(), self.rows()),
            "lengths of r and z"
        );
        match &self.upper.val {
            Values::Full(val) => upward(&self.upper.lines, val, r, z),
            Values::Half(val) => upward(&self.upper.lines, val, r, z),
        }
    }

    fn rows(&self) -> usize {
        self.middle.len()
    }

    /// Memory held, in bytes.
    pub fn bytes(&self) -> usize {
        let sweep = |s: &Sweep<T>| s.val.bytes() + size_of_val(s.lines.as_slice());
        sweep(&self.lower) + sweep(&self.upper) + size_of_val(self.middle.as_slice())
    }
}

impl<T: Scalar> Sweep<T> {
    /// `distances` appends those of a step, decreasing.
    fn new(n: usize, distances: impl Fn(usize, &mut Vec<u32>), half: bool) -> Option<Self> {
        let mut lines: Vec<Line> = Vec::new();
        let mut open = Open::default();
        let mut row = Vec::new();
        let mut len = 0;
        for s in 0..n {
            row.clear();
            distances(s, &mut row);
            if open.rows > 0 && !open.take(&row) {
                lines.push(open.close(&mut len));
                if lines.len() > 64 + s / MIN_ROWS {
                    return None;
                }
            }
            if open.rows == 0 {
                open = Open {
                    first: s,
                    rows: 1,
                    shape: row.clone(),
                    zeros: 0,
                };
            }
        }
        if open.rows > 0 {
            lines.push(open.close(&mut len));
        }
        (lines.len() * MIN_ROWS <= n).then(|| Self {
            lines,
            val: Values::zeros(len, half),
        })
    }

    /// `value(i, d)` is the one of row i at distance d, zero if there is none.
    fn fill<const FORWARD: bool>(&mut self, n: usize, value: impl Fn(usize, u32) -> T + Copy) {
        match &mut self.val {
            Values::Full(out) => lay_out::<T, T, FORWARD>(&self.lines, n, out, value),
            Values::Half(out) => lay_out::<T, _, FORWARD>(&self.lines, n, out, value),
        }
    }
}

/// A line that may go on.
#[derive(Debug, Default)]
struct Open {
    first: usize,
    rows: usize,
    shape: Vec<u32>,
    zeros: usize,
}

impl Open {
    /// Appends a row, if it has the shape of the line or either can be filled up with zeros.
    fn take(&mut self, row: &[u32]) -> bool {
        if self.rows >= MAX_ROWS {
            return false;
        }
        if row != self.shape {
            let total = (self.rows + 1) * self.shape.len().max(row.len());
            let allowed = FREE_ZEROS + total / 8;
            if within(row, &self.shape) {
                let zeros = self.zeros + self.shape.len() - row.len();
                if zeros > allowed {
                    return false;
                }
                self.zeros = zeros;
            } else {
                let zeros =
                    self.zeros + self.rows * (row.len().max(self.shape.len()) - self.shape.len());
                let room = row.first().is_none_or(|&d| d as usize <= self.first);
                if !within(&self.shape, row) || !room || zeros > allowed {
                    return false;
                }
                self.shape.clear();
                self.shape.extend_from_slice(row);
                self.zeros = zeros;
            }
        }
        self.rows += 1;
        true
    }

    /// The line, its values from `len` on; leaves nothing.
    fn close(&mut self, len: &mut usize) -> Line {
        let Self {
            first, rows, shape, ..
        } = std::mem::take(self);
        let line = Line {
            first,
            rows,
            far: shape.partition_point(|&d| d as usize >= BLOCK),
            shape: shape.into(),
            val: *len,
        };
        *len += line.len();
        line
    }
}

/// Where a column stands in a row; rows of lines are short.
#[inline(always)]
fn find(columns: &[u32], j: u32) -> Option<usize> {
    match columns.len() {
        0..=16 => columns.iter().position(|&c| c == j),
        _ => columns.binary_search(&j).ok(),
    }
}

/// Whether `small` is a part of `large`, both decreasing.
fn within(small: &[u32], large: &[u32]) -> bool {
    let mut rest = large.iter();
    small.iter().all(|d| rest.any(|e| e == d))
}

/// Values in the order in which a sweep reads them: the chain; block by block, entry by entry, row
/// by row with rows increasing; then the rows left over, one by one.
fn lay_out<T: Scalar, S: Stored<T>, const FORWARD: bool>(
    lines: &[Line],
    n: usize,
    out: &mut [S],
    value: impl Fn(usize, u32) -> T,
) {
    let mut out = out.iter_mut();
    let mut put = |value: T| {
        if let Some(out) = out.next() {
            *out = S::store(value);
        }
    };
    for line in lines {
        if line.chained() {
            let low = lowest::<FORWARD>(line.first, line.rows, n);
            let zeros = |on: bool| (0..if on { BACK } else { 0 }).map(|_| T::ZERO);
            let links = (low..low + line.rows).map(|i| value(i, 1));
            let links = zeros(FORWARD).chain(links).chain(zeros(!FORWARD));
            links.for_each(&mut put);
        }
        let shape = &line.shape[..line.blocked()];
        for block in 0..line.blocks() {
            let base = lowest::<FORWARD>(line.first + block * BLOCK, BLOCK, n);
            for &d in shape {
                (base..base + BLOCK).for_each(|i| put(value(i, d)));
            }
        }
        for s in line.first + line.blocks() * BLOCK..line.first + line.rows {
            let i = lowest::<FORWARD>(s, 1, n);
            shape.iter().for_each(|&d| put(value(i, d)));
        }
    }
}

/// The lowest row of the steps `s..s + count`.
#[inline(always)]
pub(super) fn lowest<const FORWARD: bool>(s: usize, count: usize, n: usize) -> usize {
    if FORWARD { s } else { n - s - count }
}
