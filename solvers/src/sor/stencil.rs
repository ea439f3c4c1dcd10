//! A matrix by the lines of a grid: neighbouring rows with entries at the same offsets from the
//! diagonal.
//!
//! A *line* is a stretch of rows with one list of offsets; entries that a row lacks are filled with
//! zeros where that is cheap, so that a line does not end at the boundary of the grid. Values stand
//! in the order in which a sweep reads them, by blocks of [`BLOCK`] rows and within a block offset
//! by offset; no columns are stored. One copy serves forward and backward.
//!
//! Where the grid is large its planes are cut into [`LANES`] parts, at the same rows of every plane.
//! The lines of one part, over all planes, are a *lane*; a lane waits for lanes before it only, and
//! threads take a lane each (see [`lanes`](super::lanes)). The cuts depend on the pattern alone.

use resolvent_matrices::{CsrRef, Scalar};

/// Rows stored together.
pub(super) const BLOCK: usize = 8;
/// Parts of a plane.
pub(super) const LANES: usize = 4;
/// Rows in a line, on average, from which lines are used.
const MIN_ROWS: usize = 16;
/// Rows in a line at most: its values stay in the second-level cache.
const MAX_ROWS: usize = 4096;
/// Rows in a plane from which it is cut.
const MIN_PLANE: usize = 1024;
/// Zeros that may be filled into a line whatever its length.
const FREE_ZEROS: usize = 8;
/// The source of a zero that was filled in.
const NONE: u32 = u32::MAX;

/// What is nearer than a block on one side of the diagonal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Near {
    None,
    /// The neighbour and no other.
    Chain,
    /// Anything else.
    Mixed,
}

/// Rows `first..first + rows`.
#[derive(Debug, Clone)]
pub(super) struct Line {
    pub first: usize,
    pub rows: usize,
    /// Column less row of the entries, increasing.
    pub offsets: Box<[isize]>,
    /// How many of them are below the diagonal.
    pub lower: usize,
    /// What is near below and above the diagonal.
    pub below: Near,
    pub above: Near,
    /// The first row is tied to the row before it, the last to the one behind.
    pub from_below: bool,
    pub from_above: bool,
    /// Where the values begin.
    pub val: usize,
    pub lane: usize,
}

impl Line {
    /// Number of values.
    pub fn len(&self) -> usize {
        self.rows * self.offsets.len()
    }
}

/// The lines of a matrix, and its values.
#[derive(Debug)]
pub(super) struct Stencil<T: Scalar> {
    pub lines: Vec<Line>,
    /// Values, from `skip` on: where a cache line begins, so that no eight numbers lie across two.
    val: Vec<T>,
    skip: usize,
    /// For each block, where its values begin in the matrix if no row lacks any, or [`NONE`].
    starts: Vec<u32>,
    /// In the other blocks, which value of the matrix stands there, or [`NONE`].
    source: Vec<u32>,
}

impl<T: Scalar> Stencil<T> {
    /// Finds the lines of a matrix with a full diagonal; `None` where they are short. O(nnz).
    pub fn new(a: CsrRef<'_, T, u32>) -> Option<Self> {
        let n = a.nrows();
        let cuts = Cuts::new(a);
        let mut found = Vec::new();
        let mut open = Open::default();
        let mut row = Vec::new();
        for i in 0..n {
            row.clear();
            row.extend(a.row(i).0.iter().map(|&j| j as isize - i as isize));
            if open.rows > 0 && (cuts.at(i) || !open.take(&row, n, &cuts)) {
                found.push(std::mem::take(&mut open));
                if found.len() > 64 + i / MIN_ROWS {
                    return None;
                }
            }
            if open.rows == 0 {
                open = Open::at(i, &row);
            }
        }
        if open.rows > 0 {
            found.push(open);
        }
        if found.len() * MIN_ROWS > n {
            return None;
        }
        let mut stencil = Self {
            lines: Vec::with_capacity(found.len()),
            val: Vec::new(),
            skip: 0,
            starts: Vec::new(),
            source: Vec::new(),
        };
        let mut len = 0;
        for open in found {
            stencil.lay_out(a, open, &cuts, &mut len);
        }
        (stencil.val, stencil.skip) = aligned(len);
        Some(stencil)
    }

    /// Takes the values of a matrix of this pattern.
    pub fn fill(&mut self, values: &[T]) {
        let (mut starts, mut source) = (self.starts.iter(), self.source.iter());
        for line in &self.lines {
            let width = line.offsets.len();
            let at = self.skip + line.val;
            let out = &mut self.val[at..at + line.len()];
            for out in out.chunks_mut(BLOCK * width) {
                match starts.next() {
                    Some(&start) if start != NONE => {
                        let start = start as usize;
                        transpose(&values[start..start + out.len()], width, out);
                    }
                    _ => out.iter_mut().zip(&mut source).for_each(|(out, &k)| {
                        *out = if k == NONE {
                            T::ZERO
                        } else {
                            values[k as usize]
                        };
                    }),
                }
            }
        }
    }

    /// The values of a line.
    #[inline(always)]
    pub fn values(&self, line: &Line) -> &[T] {
        let at = self.skip + line.val;
        &self.val[at..at + line.len()]
    }

    /// Memory held, in bytes.
    pub fn bytes(&self) -> usize {
        size_of_val(self.val.as_slice())
            + 4 * (self.starts.len() + self.source.len())
            + size_of_val(self.lines.as_slice())
    }

    fn lay_out(&mut self, a: CsrRef<'_, T, u32>, open: Open, cuts: &Cuts, len: &mut usize) {
        let Open {
            first,
            rows,
            offsets,
            ..
        } = open;
        let find = |i: usize, o: isize| {
            let j = (i as isize + o) as u32;
            let at = a.row(i).0.binary_search(&j).ok();
            at.map(|k| a.row_ptr()[i] + k as u32)
        };
        let lower = offsets.partition_point(|&o| o < 0);
        let near = |offsets: &[isize]| {
            let mut near = offsets.iter().filter(|o| o.unsigned_abs() < BLOCK);
            match (near.next(), near.next()) {
                (None, _) => Near::None,
                (Some(o), None) if o.unsigned_abs() == 1 => Near::Chain,
                _ => Near::Mixed,
            }
        };
        self.lines.push(Line {
            first,
            rows,
            lower,
            below: near(&offsets[..lower]),
            above: near(&offsets[lower + 1..]),
            from_below: first > 0 && find(first, -1).is_some(),
            from_above: find(first + rows - 1, 1).is_some(),
            val: *len,
            lane: cuts.lane(first),
            offsets: offsets.clone().into(),
        });
        let begin = *len;
        for block in (0..rows).step_by(BLOCK) {
            let block = first + block..first + rows.min(block + BLOCK);
            *len += block.len() * offsets.len();
            if block.clone().all(|i| a.row(i).0.len() == offsets.len()) {
                self.starts.push(a.row_ptr()[block.start]);
                continue;
            }
            self.starts.push(NONE);
            for &o in &offsets {
                let found = block.clone().map(|i| find(i, o).unwrap_or(NONE));
                self.source.extend(found);
            }
        }
        debug_assert_eq!(*len - begin, self.lines[self.lines.len() - 1].len());
        *len = len.next_multiple_of(BLOCK);
    }
}

impl<T: Scalar> Clone for Stencil<T> {
    fn clone(&self) -> Self {
        let len = self.val.len() - BLOCK;
        let (mut val, skip) = aligned(len);
        val[skip..skip + len].copy_from_slice(&self.val[self.skip..self.skip + len]);
        Self {
            lines: self.lines.clone(),
            val,
            skip,
            starts: self.starts.clone(),
            source: self.source.clone(),
        }
    }
}

/// Zeros, and where the first cache line among them begins, with `len` behind that.
fn aligned<T: Scalar>(len: usize) -> (Vec<T>, usize) {
    let val = vec![T::ZERO; len + BLOCK];
    let skip = val.as_ptr().align_offset(64);
    (val, if skip <= BLOCK { skip } else { 0 })
}

/// From row by row, `width` values each, to offset by offset.
fn transpose<T: Copy>(rows: &[T], width: usize, out: &mut [T]) {
    match (width, out.len() / width) {
        (5, BLOCK) => turn(&rows[..5 * BLOCK], 5, BLOCK, &mut out[..5 * BLOCK]),
        (7, BLOCK) => turn(&rows[..7 * BLOCK], 7, BLOCK, &mut out[..7 * BLOCK]),
        (_, count) => turn(rows, width, count, out),
    }
}

#[inline(always)]
fn turn<T: Copy>(rows: &[T], width: usize, count: usize, out: &mut [T]) {
    for q in 0..count {
        for k in 0..width {
            out[k * count + q] = rows[q * width + k];
        }
    }
}

/// Where lines have to end.
#[derive(Debug, Clone, Copy)]
struct Cuts {
    /// Rows in a plane; 0 where nothing is cut.
    plane: usize,
}

impl Cuts {
    /// A plane is as many rows as the farthest entry is away from the diagonal.
    fn new<T: Scalar>(a: CsrRef<'_, T, u32>) -> Self {
        let n = a.nrows();
        let far = |i: usize| {
            let ends = [a.row(i).0.first(), a.row(i).0.last()];
            let away = ends.map(|j| j.map_or(0, |&j| i.abs_diff(j as usize)));
            away[0].max(away[1])
        };
        let plane = (0..n).map(far).max().unwrap_or(0);
        let cut = plane >= MIN_PLANE && n >= 4 * plane;
        Self {
            plane: if cut { plane } else { 0 },
        }
    }

    /// Whether a line has to begin here.
    fn at(&self, i: usize) -> bool {
        self.plane > 0
            && i > 0
            && (i.is_multiple_of(self.plane) || self.lane(i) != self.lane(i - 1))
    }

    fn lane(&self, i: usize) -> usize {
        if self.plane == 0 {
            return 0;
        }
        let part = (self.plane / LANES).next_multiple_of(BLOCK);
        (i % self.plane / part).min(LANES - 1)
    }

    /// Whether a zero may be filled in at offset o of row i: a sweep reads there.
    fn allows(&self, i: usize, o: isize, n: usize) -> bool {
        let Some(j) = i.checked_add_signed(o).filter(|&j| j < n) else {
            return false;
        };
        if o < 0 {
            self.lane(j) <= self.lane(i)
        } else {
            self.lane(j) >= self.lane(i)
        }
    }
}

/// A line that may go on.
#[derive(Debug, Default)]
struct Open {
    first: usize,
    rows: usize,
    offsets: Vec<isize>,
    zeros: usize,
}

impl Open {
    fn at(first: usize, row: &[isize]) -> Self {
        Self {
            first,
            rows: 1,
            offsets: row.to_vec(),
            zeros: 0,
        }
    }

    /// Appends a row, if it has the offsets of the line or both can be filled up with zeros.
    fn take(&mut self, row: &[isize], n: usize, cuts: &Cuts) -> bool {
        if self.rows >= MAX_ROWS {
            return false;
        }
        if row != self.offsets {
            let lacks = |of: &[isize], among: &[isize]| -> Vec<isize> {
                let lacking = among.iter().filter(|o| of.binary_search(o).is_err());
                lacking.copied().collect()
            };
            let (first, i) = (self.first, self.first + self.rows);
            let (here, before) = (lacks(row, &self.offsets), lacks(&self.offsets, row));
            let zeros = self.zeros + here.len() + self.rows * before.len();
            let total = (self.rows + 1) * (self.offsets.len() + before.len());
            if zeros > FREE_ZEROS + total / 8 {
                return false;
            }
            // a new value is read beyond the ends of a line only where the row there is tied to it
            let exempt = |at: usize, o: isize| match o {
                -1 => at == first && at > 0,
                1 => cuts.at(at + 1) && at + 1 < n,
                _ => false,
            };
            let room = |at: usize, o: isize| exempt(at, o) || cuts.allows(at, o, n);
            let filled = before.iter().all(|&o| (first..i).all(|at| room(at, o)));
            if !filled || !here.iter().all(|&o| room(i, o)) {
                return false;
            }
            self.offsets.extend(before);
            self.offsets.sort_unstable();
            self.zeros = zeros;
        }
        self.rows += 1;
        true
    }
}
