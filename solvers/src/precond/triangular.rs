//! The engine under the incomplete factorisations: z ← U⁻¹ L⁻¹ r, sparse and triangular.
//!
//! In the natural order of a grid every row waits for the one before it, and a solve runs at the
//! latency of that chain, three to five times slower than memory allows. Rows of the same
//! *dependency level* (the longest chain of entries that leads to a row) do not wait for each
//! other. Here the rows are cut into blocks of neighbours and numbered level by level within each
//! block, once, and L, U and the intermediate vector live in that numbering: the operations on a row
//! stay the same and in the same order, so the result has the bits of the natural order. Blocks are
//! as large as it takes for levels of some [`WIDTH`] rows, and no larger: on a grid, rows of a level
//! stand on different lines, and more lines than that at a time would wear out the first cache and
//! the address translation. The same numbering, read backwards, serves U, because levels are taken
//! from the entries of L and U together.
//!
//! On a grid, rows of a level repeat each other shifted by one place (see
//! [`Run`](resolvent_matrices::Run)); such stretches are solved eight rows at a time, without
//! reading column indices. Where levels are narrow (most matrices of finite elements in a band
//! order) the natural order stays.
//!
//! | apply | 2·nnz(L) + 2·nnz(U) flops, each factor read once | memory | (size of value + 4)·(nnz(L) + nnz(U)) + 3 vectors + 4n |

use crate::kernels::prefetch;
use crate::kernels::simd::simd;
use resolvent_matrices::{CsrRef, MatrixError, Permutation, Scalar};
use std::ops::Range;

/// Rows in a level that blocks are made for, on average.
const WIDTH: usize = 48;
/// Mean number of rows in a level below which the natural order is kept.
const MIN_WIDTH: usize = 8;
/// Shorter stretches of shifted rows are not worth a change of loop.
const MIN_ROWS: usize = 8;
/// Marks a stretch of rows without a common shape.
const IRREGULAR: u32 = u32::MAX;

/// A stored value of a factor: the full number, or one of half the bits.
pub(crate) trait Stored<T>: Copy + Send + Sync {
    /// As it is used in arithmetic.
    fn wide(self) -> T;
    /// As it is stored.
    fn store(value: T) -> Self;
}

impl<T: Scalar> Stored<T> for T {
    #[inline(always)]
    fn wide(self) -> T {
        self
    }
    #[inline(always)]
    fn store(value: T) -> T {
        value
    }
}

/// A number of half the bits, widened when used: exactly linear.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Half<T: Scalar>(T::Low);

impl<T: Scalar> Stored<T> for Half<T> {
    #[inline(always)]
    fn wide(self) -> T {
        T::from_low(self.0)
    }
    #[inline(always)]
    fn store(value: T) -> Self {
        Self(value.to_low())
    }
}

/// Rows `first..first + rows` of one level; `len` entries each, shifted by one place from row to
/// row, or [`IRREGULAR`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stretch {
    first: u32,
    rows: u32,
    len: u32,
}

/// The strict triangle of a factor by rows, in level numbering.
#[derive(Debug, Clone)]
struct Triangle<T: Scalar> {
    ptr: Vec<u32>,
    col: Vec<u32>,
    val: Values<T>,
    stretches: Vec<Stretch>,
    /// 1/diagonal; empty if that is 1.
    inverse: Vec<T>,
}

#[derive(Debug, Clone)]
enum Values<T: Scalar> {
    Full(Vec<T>),
    Half(Vec<Half<T>>),
}

/// The strict triangle of a factor in natural numbering, as a factorisation makes it: row
/// pointers and columns.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pattern<'a> {
    /// Row pointers.
    pub ptr: &'a [u32],
    /// Columns, increasing within a row.
    pub col: &'a [u32],
}

impl Pattern<'_> {
    fn row(&self, i: usize) -> Range<usize> {
        self.ptr[i] as usize..self.ptr[i + 1] as usize
    }
}

/// L and U, ready to be solved with.
#[derive(Debug, Clone)]
pub(crate) struct TriangularPair<T: Scalar> {
    /// Which row stands at each place.
    order: Vec<u32>,
    /// Every row stands at its own place.
    natural: bool,
    lower: Triangle<T>,
    upper: Triangle<T>,
    y: Vec<T>,
}

impl<T: Scalar> TriangularPair<T> {
    /// Symbolic part: numbering and storage for strict triangles of the given patterns, with
    /// values of half the bits if `half`. Values come with [`TriangularPair::fill`].
    pub fn new(lower: Pattern<'_>, upper: Pattern<'_>, half: bool) -> Self {
        let (order, level_ptr) = levels(lower, upper);
        let mut place = vec![0u32; order.len()];
        for (p, &row) in order.iter().enumerate() {
            place[row as usize] = p as u32;
        }
        let n = order.len();
        Self {
            lower: Triangle::new(lower, &order, &place, &level_ptr, half),
            upper: Triangle::new(upper, &order, &place, &level_ptr, half),
            natural: order.is_sorted(),
            order,
            y: vec![T::ZERO; n],
        }
    }

    /// Numeric part, in natural numbering: values of the strict triangles, and the inverse
    /// diagonals (`None` where the diagonal is 1). Allocates nothing after the first time.
    pub fn fill(
        &mut self,
        lower: (Pattern<'_>, &[T]),
        lower_inverse: Option<&[T]>,
        upper: (Pattern<'_>, &[T]),
        upper_inverse: Option<&[T]>,
    ) {
        self.lower
            .fill(lower.0, lower.1, lower_inverse, &self.order);
        self.upper
            .fill(upper.0, upper.1, upper_inverse, &self.order);
    }

    /// z ← U⁻¹ L⁻¹ r.
    pub fn solve(&mut self, r: &[T], z: &mut [T]) {
        assert_eq!(r.len(), self.order.len(), "triangular solve: length of r");
        assert_eq!(z.len(), self.order.len(), "triangular solve: length of z");
        if self.natural {
            solve_in(Natural, &self.lower, &self.upper, &mut self.y, r, z);
        } else {
            let order = Listed(&self.order);
            solve_in(order, &self.lower, &self.upper, &mut self.y, r, z);
        }
    }

    /// Memory held, in bytes.
    pub fn bytes(&self) -> usize {
        size_of_val(self.order.as_slice())
            + size_of_val(self.y.as_slice())
            + self.lower.bytes()
            + self.upper.bytes()
    }
}

/// Which row stands at a place.
trait Order: Copy {
    fn row(self, place: usize) -> usize;
}

/// Its own.
#[derive(Clone, Copy)]
struct Natural;
impl Order for Natural {
    #[inline(always)]
    fn row(self, place: usize) -> usize {
        place
    }
}

/// The one listed; a permutation.
#[derive(Clone, Copy)]
struct Listed<'a>(&'a [u32]);
impl Order for Listed<'_> {
    #[inline(always)]
    fn row(self, place: usize) -> usize {
        self.0[place] as usize
    }
}

fn solve_in<T: Scalar, O: Order>(
    order: O,
    lower: &Triangle<T>,
    upper: &Triangle<T>,
    y: &mut [T],
    r: &[T],
    z: &mut [T],
) {
    match &lower.val {
        Values::Full(val) => forward(lower, val, order, r, y),
        Values::Half(val) => forward(lower, val, order, r, y),
    }
    match &upper.val {
        Values::Full(val) => backward(upper, val, order, y, z),
        Values::Half(val) => backward(upper, val, order, y, z),
    }
}

/// Rows by block and level, and where each level begins; natural order and no levels where those
/// are narrow. Rows that stand by level already stay where they are.
fn levels(lower: Pattern<'_>, upper: Pattern<'_>) -> (Vec<u32>, Vec<u32>) {
    let n = lower.ptr.len() - 1;
    let mut level = vec![0u32; n];
    let count = block_levels(lower, upper, 0, n, &mut level);
    if count * MIN_WIDTH > n {
        return ((0..n as u32).collect(), Vec::new());
    }
    if level.is_sorted() {
        let starts = (0..=count as u32).map(|l| level.partition_point(|&k| k < l) as u32);
        return ((0..n as u32).collect(), starts.collect());
    }
    by_level(
        n,
        block_size(lower, upper, &mut level),
        lower,
        upper,
        &mut level,
    )
}

/// Rows by blocks of the given size, and by level within each.
fn by_level(
    n: usize,
    block: usize,
    lower: Pattern<'_>,
    upper: Pattern<'_>,
    level: &mut [u32],
) -> (Vec<u32>, Vec<u32>) {
    let mut order = vec![0u32; n];
    let mut level_ptr = vec![0u32];
    let mut next = Vec::new();
    for first in (0..n).step_by(block.max(1)) {
        let end = (first + block).min(n);
        let count = block_levels(lower, upper, first, end, level);
        next.clear();
        next.resize(count + 1, 0u32);
        for &l in &level[first..end] {
            next[l as usize + 1] += 1;
        }
        next[0] = first as u32;
        for l in 0..count {
            next[l + 1] += next[l];
        }
        level_ptr.extend_from_slice(&next[1..]);
        for i in first..end {
            let at = &mut next[level[i] as usize];
            order[*at as usize] = i as u32;
            *at += 1;
        }
    }
    (order, level_ptr)
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

/// The rows of a matrix by dependency level: place p holds row `order[p]`. In this order the
/// triangular solves of [`Ic0`](super::Ic0) run through memory in a
/// straight line, and the factors have the same entries. `None` where levels are narrow or the rows
/// stand so already: there is nothing to gain. O(n + nnz).
///
/// # Errors
/// [`MatrixError::NotSquare`].
pub fn level_order<T: Scalar>(a: CsrRef<'_, T, u32>) -> Result<Option<Permutation>, MatrixError> {
    let n = a.square()?;
    // one pass: an entry left of the diagonal is waited for, one right of it waits
    let pattern = Pattern {
        ptr: a.row_ptr(),
        col: a.col_idx(),
    };
    let mut level = vec![0u32; n];
    let count = whole_levels(pattern, &mut level);
    if count * MIN_WIDTH > n || level.is_sorted() {
        return Ok(None);
    }
    let mut next = vec![0u32; count + 1];
    for &l in &level {
        next[l as usize + 1] += 1;
    }
    for l in 0..count {
        next[l + 1] += next[l];
    }
    let mut order = vec![0u32; n];
    for (i, &l) in level.iter().enumerate() {
        order[next[l as usize] as usize] = i as u32;
        next[l as usize] += 1;
    }
    Permutation::new(order).map(Some)
}

/// Levels of all rows, from the entries of a whole matrix.
fn whole_levels(a: Pattern<'_>, level: &mut [u32]) -> usize {
    let mut count = 0;
    for i in 0..level.len() {
        let row = &a.col[a.row(i)];
        let below = row.iter().take_while(|&&j| (j as usize) < i);
        let own = below
            .map(|&j| level[j as usize] + 1)
            .max()
            .unwrap_or(0)
            .max(level[i]);
        level[i] = own;
        count = count.max(own as usize + 1);
        for &j in row.iter().rev().take_while(|&&j| j as usize > i) {
            level[j as usize] = level[j as usize].max(own + 1);
        }
    }
    count
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

impl<T: Scalar> Triangle<T> {
    fn new(
        natural: Pattern<'_>,
        order: &[u32],
        place: &[u32],
        level_ptr: &[u32],
        half: bool,
    ) -> Self {
        let nnz = natural.col.len();
        let mut ptr = Vec::with_capacity(order.len() + 1);
        let mut col = Vec::with_capacity(nnz);
        ptr.push(0);
        for &row in order {
            // columns keep the order they have in the row, so sums do too
            col.extend(
                natural
                    .row(row as usize)
                    .map(|k| place[natural.col[k] as usize]),
            );
            ptr.push(col.len() as u32);
        }
        let stretches = stretches(&ptr, &col, level_ptr);
        let val = if half {
            Values::Half(vec![Half::store(T::ZERO); nnz])
        } else {
            Values::Full(vec![T::ZERO; nnz])
        };
        Self {
            ptr,
            col,
            val,
            stretches,
            inverse: Vec::new(),
        }
    }

    fn fill(&mut self, natural: Pattern<'_>, val: &[T], inverse: Option<&[T]>, order: &[u32]) {
        fn gather<T: Scalar, S: Stored<T>>(
            out: &mut [S],
            natural: Pattern<'_>,
            val: &[T],
            order: &[u32],
        ) {
            let values = order
                .iter()
                .flat_map(|&row| &val[natural.row(row as usize)]);
            for (out, &value) in out.iter_mut().zip(values) {
                *out = S::store(value);
            }
        }
        match &mut self.val {
            Values::Full(out) => gather(out, natural, val, order),
            Values::Half(out) => gather(out, natural, val, order),
        }
        self.inverse.clear();
        if let Some(inverse) = inverse {
            self.inverse
                .extend(order.iter().map(|&row| inverse[row as usize]));
        }
    }

    fn bytes(&self) -> usize {
        let values = match &self.val {
            Values::Full(v) => size_of_val(v.as_slice()),
            Values::Half(v) => size_of_val(v.as_slice()),
        };
        values
            + size_of_val(self.ptr.as_slice())
            + size_of_val(self.col.as_slice())
            + size_of_val(self.inverse.as_slice())
            + size_of_val(self.stretches.as_slice())
    }
}

simd! {
    /// y ← L⁻¹ r: y in level numbering, r in natural numbering.
    fn forward<T: Scalar, S: Stored<T>, O: Order>(
        l: &Triangle<T>,
        val: &[S],
        order: O,
        r: &[T],
        y: &mut [T],
    ) {
        for s in &l.stretches {
            let (first, end) = (s.first as usize, (s.first + s.rows) as usize);
            if s.len == IRREGULAR {
                forward_rows(l, val, order, r, y, first..end);
                continue;
            }
            let (known, now) = y.split_at_mut(first);
            let inputs = Inputs::new(l, val, known, 0, s);
            forward_shifted(inputs, order, r, &mut now[..end - first]);
        }
    }
}

simd! {
    /// z ← U⁻¹ y: y in level numbering (overwritten), z in natural numbering.
    fn backward<T: Scalar, S: Stored<T>, O: Order>(
        u: &Triangle<T>,
        val: &[S],
        order: O,
        y: &mut [T],
        z: &mut [T],
    ) {
        for s in u.stretches.iter().rev() {
            let (first, end) = (s.first as usize, (s.first + s.rows) as usize);
            if s.len == IRREGULAR {
                backward_rows(u, val, order, y, z, first..end);
                continue;
            }
            let (now, known) = y.split_at_mut(end);
            let inputs = Inputs::new(u, val, known, end, s);
            backward_shifted(inputs, order, &mut now[first..], z);
        }
    }
}

/// `x[range]`; empty if x is.
#[inline(always)]
fn part<T>(x: &[T], range: Range<usize>) -> &[T] {
    if x.is_empty() { x } else { &x[range] }
}

/// Cuts the rows of each level into stretches.
fn stretches(ptr: &[u32], col: &[u32], level_ptr: &[u32]) -> Vec<Stretch> {
    let n = ptr.len() - 1;
    let mut out: Vec<Stretch> = Vec::new();
    let mut push = |first: usize, rows: usize, len: u32| {
        let stretch = Stretch {
            first: first as u32,
            rows: rows as u32,
            len,
        };
        match out.last_mut() {
            Some(last) if last.len == IRREGULAR && len == IRREGULAR => last.rows += rows as u32,
            _ => out.push(stretch),
        }
    };
    if level_ptr.is_empty() {
        push(0, n, IRREGULAR);
        return out;
    }
    let row = |i: usize| &col[ptr[i] as usize..ptr[i + 1] as usize];
    let follows = |i: usize| {
        let (above, this) = (row(i - 1), row(i));
        above.len() == this.len() && above.iter().zip(this).all(|(a, b)| a + 1 == *b)
    };
    for level in level_ptr.windows(2) {
        let (mut first, end) = (level[0] as usize, level[1] as usize);
        while first < end {
            let mut next = first + 1;
            while next < end && follows(next) {
                next += 1;
            }
            let len = row(first).len() as u32;
            let regular = next - first >= MIN_ROWS;
            push(first, next - first, if regular { len } else { IRREGULAR });
            first = next;
        }
    }
    out
}

/// What a stretch of shifted rows reads.
#[derive(Clone, Copy)]
struct Inputs<'a, T, S> {
    val: &'a [S],
    /// Columns of the first row.
    col: &'a [u32],
    inverse: &'a [T],
    /// Place of the first row.
    first: usize,
    /// Unknowns that are known, from place `base` on.
    known: &'a [T],
    base: usize,
}

impl<'a, T: Scalar, S> Inputs<'a, T, S> {
    #[inline(always)]
    fn new(t: &'a Triangle<T>, val: &'a [S], known: &'a [T], base: usize, s: &Stretch) -> Self {
        let rows = s.first as usize..(s.first + s.rows) as usize;
        let start = t.ptr[rows.start] as usize;
        Self {
            val: &val[start..start + s.len as usize * rows.len()],
            col: &t.col[start..start + s.len as usize],
            inverse: part(&t.inverse, rows.clone()),
            first: rows.start,
            known,
            base,
        }
    }
}

#[inline(always)]
fn forward_rows<T: Scalar, S: Stored<T>, O: Order>(
    l: &Triangle<T>,
    val: &[S],
    order: O,
    r: &[T],
    y: &mut [T],
    rows: Range<usize>,
) {
    for p in rows {
        let entries = l.ptr[p] as usize..l.ptr[p + 1] as usize;
        let (val, col) = (&val[entries.clone()], &l.col[entries]);
        prefetch(val);
        prefetch(col);
        let mut sum = r[order.row(p)];
        for (v, &j) in val.iter().zip(col) {
            sum -= v.wide() * y[j as usize]; // rᵢ − Σ lᵢⱼ yⱼ
        }
        y[p] = scaled(sum, &l.inverse, p);
    }
}

#[inline(always)]
fn backward_rows<T: Scalar, S: Stored<T>, O: Order>(
    u: &Triangle<T>,
    val: &[S],
    order: O,
    y: &mut [T],
    z: &mut [T],
    rows: Range<usize>,
) {
    for p in rows.rev() {
        let entries = u.ptr[p] as usize..u.ptr[p + 1] as usize;
        let mut sum = y[p];
        for (v, &j) in val[entries.clone()].iter().zip(&u.col[entries]) {
            sum -= v.wide() * y[j as usize]; // yᵢ − Σ uᵢⱼ zⱼ
        }
        let value = scaled(sum, &u.inverse, p);
        y[p] = value;
        z[order.row(p)] = value;
    }
}

/// sum/diagonal.
#[inline(always)]
fn scaled<T: Scalar>(sum: T, inverse: &[T], p: usize) -> T {
    match inverse.get(p) {
        Some(&inverse) => sum * inverse,
        None => sum,
    }
}

#[inline(always)]
fn forward_shifted<T: Scalar, S: Stored<T>, O: Order>(
    s: Inputs<'_, T, S>,
    order: O,
    r: &[T],
    now: &mut [T],
) {
    // SAFETY: order is a permutation of the places (`TriangularPair::new`), of which r has as
    // many (`TriangularPair::solve`).
    let load = |i: usize, _: &[T]| unsafe { *r.get_unchecked(order.row(s.first + i)) };
    match s.col.len() {
        1 => shifted::<T, S, 1>(s, now, load, |_, _| {}),
        2 => shifted::<T, S, 2>(s, now, load, |_, _| {}),
        3 => shifted::<T, S, 3>(s, now, load, |_, _| {}),
        4 => shifted::<T, S, 4>(s, now, load, |_, _| {}),
        _ => any_length(s, now, load, |_, _| {}),
    }
}

#[inline(always)]
fn backward_shifted<T: Scalar, S: Stored<T>, O: Order>(
    s: Inputs<'_, T, S>,
    order: O,
    now: &mut [T],
    z: &mut [T],
) {
    let load = |i: usize, now: &[T]| now[i];
    let mut store = |i: usize, value: T| {
        // SAFETY: order is a permutation of the places (`TriangularPair::new`), of which z has as
        // many (`TriangularPair::solve`).
        unsafe { *z.get_unchecked_mut(order.row(s.first + i)) = value }
    };
    match s.col.len() {
        1 => shifted::<T, S, 1>(s, now, load, &mut store),
        2 => shifted::<T, S, 2>(s, now, load, &mut store),
        3 => shifted::<T, S, 3>(s, now, load, &mut store),
        4 => shifted::<T, S, 4>(s, now, load, &mut store),
        _ => any_length(s, now, load, &mut store),
    }
}

/// Shifted rows of L entries, eight at a time.
#[inline(always)]
fn shifted<T: Scalar, S: Stored<T>, const L: usize>(
    s: Inputs<'_, T, S>,
    now: &mut [T],
    load: impl Fn(usize, &[T]) -> T,
    mut store: impl FnMut(usize, T),
) {
    const BLOCK: usize = 8;
    let n = now.len();
    let known: [&[T]; L] = std::array::from_fn(|k| {
        let at = s.col[k] as usize - s.base;
        &s.known[at..at + n]
    });
    let val = &s.val[..n * L];
    let scaled = !s.inverse.is_empty();
    assert!(!scaled || s.inverse.len() == n);
    let mut i = 0;
    while i + BLOCK <= n {
        // SAFETY: rows i..i + BLOCK are below n; val holds n·L values, every known[k] and, if
        // there are any, the inverses n.
        unsafe {
            let v = val.get_unchecked(i * L..(i + BLOCK) * L);
            prefetch(v);
            let mut sums: [T; BLOCK] = std::array::from_fn(|r| load(i + r, now));
            for k in 0..L {
                let x = known[k].get_unchecked(i..i + BLOCK);
                for r in 0..BLOCK {
                    sums[r] -= v.get_unchecked(r * L + k).wide() * *x.get_unchecked(r);
                }
            }
            if scaled {
                let d = s.inverse.get_unchecked(i..i + BLOCK);
                for r in 0..BLOCK {
                    sums[r] *= *d.get_unchecked(r);
                }
            }
            for r in 0..BLOCK {
                *now.get_unchecked_mut(i + r) = sums[r];
                store(i + r, sums[r]);
            }
        }
        i += BLOCK;
    }
    for i in i..n {
        let mut sum = load(i, now);
        for k in 0..L {
            sum -= val[i * L + k].wide() * known[k][i];
        }
        if scaled {
            sum *= s.inverse[i];
        }
        now[i] = sum;
        store(i, sum);
    }
}

/// Shifted rows of any other length.
#[inline(always)]
fn any_length<T: Scalar, S: Stored<T>>(
    s: Inputs<'_, T, S>,
    now: &mut [T],
    load: impl Fn(usize, &[T]) -> T,
    mut store: impl FnMut(usize, T),
) {
    let len = s.col.len();
    for i in 0..now.len() {
        let mut sum = load(i, now);
        for (v, &j) in s.val[i * len..(i + 1) * len].iter().zip(s.col) {
            sum -= v.wide() * s.known[j as usize - s.base + i];
        }
        if !s.inverse.is_empty() {
            sum *= s.inverse[i];
        }
        now[i] = sum;
        store(i, sum);
    }
}
