//! Triangular solves row by row, in an order in which neighbours do not wait for each other.
//!
//! Rows of the same *dependency level* (the longest chain of entries that leads to a row) are
//! independent. The rows are cut into blocks of neighbours and numbered level by level within each
//! block, once, and L, U and the intermediate vector live in that numbering; the operations on a
//! row stay the same and in the same order, so the result has the bits of the natural order.
//! Blocks are as large as it takes for levels of some [`WIDTH`] rows, and no larger: more rows at
//! a time would wear out the first cache. The same numbering, read backwards, serves U, because
//! levels are taken from the entries of L and U together. Where levels are narrow (most matrices
//! of finite elements in a band order) the natural order stays.

use super::stored::{Stored, Values};
use super::{Factors, Pattern};
use crate::kernels::prefetch;
use crate::kernels::simd::simd;
use resolvent_matrices::Scalar;

/// Rows in a level that blocks are made for, on average.
const WIDTH: usize = 48;
/// Mean number of rows in a level below which the natural order is kept.
const MIN_WIDTH: usize = 8;

/// A strict triangle by rows, in level numbering.
#[derive(Debug, Clone)]
struct Triangle<T: Scalar> {
    ptr: Vec<u32>,
    col: Vec<u32>,
    val: Values<T>,
}

/// L and U by levels.
#[derive(Debug, Clone)]
pub(crate) struct Levels<T: Scalar> {
    /// Which row stands at each place.
    order: Vec<u32>,
    /// Every row stands at its own place.
    natural: bool,
    lower: Triangle<T>,
    upper: Triangle<T>,
    /// D⁻¹ by place.
    middle: Vec<T>,
    y: Vec<T>,
}

impl<T: Scalar> Levels<T> {
    /// Numbering and storage.
    pub fn new(lower: Pattern<'_>, upper: Pattern<'_>, half: bool) -> Self {
        let order = level_order(lower, upper);
        let mut place = vec![0u32; order.len()];
        for (p, &row) in order.iter().enumerate() {
            place[row as usize] = p as u32;
        }
        let n = order.len();
        Self {
            lower: Triangle::new(lower, &order, &place, half),
            upper: Triangle::new(upper, &order, &place, half),
            natural: order.is_sorted(),
            order,
            middle: vec![T::ZERO; n],
            y: vec![T::ZERO; n],
        }
    }

    /// Takes the values.
    pub fn fill(&mut self, f: Factors<'_, T>) {
        let order = &self.order;
        let lower = |i: usize, k: usize| f.unit_lower_value(i, k);
        self.lower.fill(f.lower.0, order, lower);
        let upper = |i: usize, k: usize| f.unit_upper_value(i, k);
        self.upper.fill(f.upper.0, order, upper);
        for (m, &row) in self.middle.iter_mut().zip(order) {
            *m = f.middle(row as usize);
        }
    }

    /// Order of the factors.
    pub fn rows(&self) -> usize {
        self.order.len()
    }

    /// z ← U⁻¹ D⁻¹ L⁻¹ r.
    pub fn solve(&mut self, r: &[T], z: &mut [T]) {
        assert_eq!(r.len(), self.order.len(), "triangular solve: length of r");
        assert_eq!(z.len(), self.order.len(), "triangular solve: length of z");
        if self.natural {
            self.solve_in(|p| p, r, z);
        } else {
            let order = std::mem::take(&mut self.order);
            self.solve_in(|p| order[p] as usize, r, z);
            self.order = order;
        }
    }

    /// With the row that stands at each place.
    #[inline(always)]
    fn solve_in(&mut self, row: impl Fn(usize) -> usize + Copy, r: &[T], z: &mut [T]) {
        let Self {
            lower: l,
            upper: u,
            middle,
            y,
            ..
        } = self;
        match &l.val {
            Values::Full(val) => forward(&l.ptr, &l.col, val, row, r, y),
            Values::Half(val) => forward(&l.ptr, &l.col, val, row, r, y),
        }
        match &u.val {
            Values::Full(val) => backward(&u.ptr, &u.col, val, middle, row, y, z),
            Values::Half(val) => backward(&u.ptr, &u.col, val, middle, row, y, z),
        }
    }

    /// z ← L⁻¹ r.
    pub fn solve_lower(&mut self, r: &[T], z: &mut [T]) {
        let Self {
            order, lower, y, ..
        } = self;
        assert_eq!(
            (r.len(), z.len()),
            (order.len(), order.len()),
            "lengths of r and z"
        );
        let (l, row) = (&*lower, |p: usize| order[p] as usize);
        match &l.val {
            Values::Full(val) => forward(&l.ptr, &l.col, val, row, r, y),
            Values::Half(val) => forward(&l.ptr, &l.col, val, row, r, y),
        }
        y.iter()
            .zip(order.iter())
            .for_each(|(&y, &row)| z[row as usize] = y);
    }

    /// z ← U⁻¹ r.
    pub fn solve_upper(&mut self, r: &[T], z: &mut [T]) {
        let Self {
            order, upper, y, ..
        } = self;
        assert_eq!(
            (r.len(), z.len()),
            (order.len(), order.len()),
            "lengths of r and z"
        );
        let (u, row) = (&*upper, |p: usize| order[p] as usize);
        match &u.val {
            Values::Full(val) => upward(&u.ptr, &u.col, val, row, r, y, z),
            Values::Half(val) => upward(&u.ptr, &u.col, val, row, r, y, z),
        }
    }

    /// Memory held, in bytes.
    pub fn bytes(&self) -> usize {
        size_of_val(self.order.as_slice())
            + 2 * size_of_val(self.y.as_slice())
            + self.lower.bytes()
            + self.upper.bytes()
    }
}

impl<T: Scalar> Triangle<T> {
    fn new(natural: Pattern<'_>, order: &[u32], place: &[u32], half: bool) -> Self {
        let mut ptr = Vec::with_capacity(order.len() + 1);
        let mut col = Vec::with_capacity(natural.col.len());
        ptr.push(0);
        for &row in order {
            // columns keep the order they have in the row, so sums do too
            let columns = &natural.col[natural.row(row as usize)];
            col.extend(columns.iter().map(|&j| place[j as usize]));
            ptr.push(col.len() as u32);
        }
        let val = Values::zeros(col.len(), half);
        Self { ptr, col, val }
    }

    /// `value(row, k)` is that of entry `k` in natural numbering.
    fn fill(
        &mut self,
        natural: Pattern<'_>,
        order: &[u32],
        value: impl Fn(usize, usize) -> T + Copy,
    ) {
        let values = order.iter().flat_map(|&row| {
            let row = row as usize;
            natural.row(row).map(move |k| value(row, k))
        });
        match &mut self.val {
            Values::Full(out) => out.iter_mut().zip(values).for_each(|(o, v)| *o = v),
            Values::Half(out) => {
                let stored = values.map(Stored::store);
                out.iter_mut().zip(stored).for_each(|(o, v)| *o = v);
            }
        }
    }

    fn bytes(&self) -> usize {
        size_of_val(self.ptr.as_slice()) + size_of_val(self.col.as_slice()) + self.val.bytes()
    }
}

simd! {
    /// y ← L⁻¹ r: y by place, r by row.
    fn forward<T: Scalar, S: Stored<T>, O: Fn(usize) -> usize>(
        ptr: &[u32],
        col: &[u32],
        val: &[S],
        row: O,
        r: &[T],
        y: &mut [T],
    ) {
        for p in 0..y.len() {
            let entries = ptr[p] as usize..ptr[p + 1] as usize;
            let (val, col) = (&val[entries.clone()], &col[entries]);
            prefetch(val);
            prefetch(col);
            let mut sum = r[row(p)];
            for (v, &j) in val.iter().zip(col) {
                sum -= v.wide() * y[j as usize]; // rᵢ − Σ lᵢⱼ yⱼ
            }
            y[p] = sum;
        }
    }
}

simd! {
    /// z ← U⁻¹ D⁻¹ y: y by place (overwritten), z by row.
    fn backward<T: Scalar, S: Stored<T>, O: Fn(usize) -> usize>(
        ptr: &[u32],
        col: &[u32],
        val: &[S],
        middle: &[T],
        row: O,
        y: &mut [T],
        z: &mut [T],
    ) {
        for p in (0..y.len()).rev() {
            let entries = ptr[p] as usize..ptr[p + 1] as usize;
            let mut sum = y[p] * middle[p];
            for (v, &j) in val[entries.clone()].iter().zip(&col[entries]) {
                sum -= v.wide() * y[j as usize]; // yᵢ/dᵢ − Σ uᵢⱼ zⱼ
            }
            y[p] = sum;
            z[row(p)] = sum;
        }
    }
}

simd! {
    /// z ← U⁻¹ r: y by place (overwritten), r and z by row.
    fn upward<T: Scalar, S: Stored<T>, O: Fn(usize) -> usize>(
        ptr: &[u32],
        col: &[u32],
        val: &[S],
        row: O,
        r: &[T],
        y: &mut [T],
        z: &mut [T],
    ) {
        for p in (0..y.len()).rev() {
            let entries = ptr[p] as usize..ptr[p + 1] as usize;
            let mut sum = r[row(p)];
            for (v, &j) in val[entries.clone()].iter().zip(&col[entries]) {
                sum -= v.wide() * y[j as usize]; // rᵢ − Σ uᵢⱼ zⱼ
            }
            y[p] = sum;
            z[row(p)] = sum;
        }
    }
}

/// Rows by block and level; natural order where levels are narrow. Rows that stand by level
/// already stay where they are.
pub(super) fn level_order(lower: Pattern<'_>, upper: Pattern<'_>) -> Vec<u32> {
    let n = lower.rows();
    let mut level = vec![0u32; n];
    let count = block_levels(lower, upper, 0, n, &mut level);
    if count * MIN_WIDTH > n || level.is_sorted() {
        return (0..n as u32).collect();
    }
    let block = block_size(lower, upper, &mut level);
    let mut order = vec![0u32; n];
    let mut next = Vec::new();
    for first in (0..n).step_by(block.max(1)) {
        let end = (first + block).min(n);
        let count = block_levels(lower, upper, first, end, &mut level);
        next.clear();
        next.resize(count + 1, 0u32);
        for &l in &level[first..end] {
            next[l as usize + 1] += 1;
        }
        next[0] = first as u32;
        for l in 0..count {
            next[l + 1] += next[l];
        }
        for i in first..end {
            let at = &mut next[level[i] as usize];
            order[*at as usize] = i as u32;
            *at += 1;
        }
    }
    order
}

/// The smallest block, by powers of two, whose levels are [`WIDTH`] rows wide on average, tried on
/// rows from the middle; else all rows.
fn block_size(lower: Pattern<'_>, upper: Pattern<'_>, level: &mut [u32]) -> usize {
    let n = level.len();
    let mut block = 512;
    while block < n {
        let first = (n - block) / 2;
        if block_levels(lower, upper, first, first + block, level) * WIDTH <= block {
            return block;
        }
        block *= 2;
    }
    n
}

/// Levels of the rows `first..end` among themselves; returns how many there are.
fn block_levels(
    lower: Pattern<'_>,
    upper: Pattern<'_>,
    first: usize,
    end: usize,
    level: &mut [u32],
) -> usize {
    level[first..end].fill(0);
    let mut count = 0;
    for i in first..end {
        // all that row i waits for stands above it: its level is final once those are done
        for &j in &lower.col[lower.row(i)] {
            if j as usize >= first {
                level[i] = level[i].max(level[j as usize] + 1);
            }
        }
        for &j in &upper.col[upper.row(i)] {
            if (j as usize) < end {
                level[j as usize] = level[j as usize].max(level[i] + 1);
            }
        }
        count = count.max(level[i] as usize + 1);
    }
    count
}
