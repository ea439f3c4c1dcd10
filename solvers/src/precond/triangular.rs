//! The engine under the incomplete factorisations: z ← U⁻¹ L⁻¹ r, sparse and triangular.
//!
//! In the natural order of a grid every row waits for the one before it, and a solve runs at the
//! latency of that chain, three to five times slower than memory allows. Rows of the same
//! *dependency level* (the longest chain of entries that leads to a row) do not wait for each
//! other. Here rows are numbered level by level, once, and L, U and the intermediate vector live
//! in that numbering: the operations on a row stay the same and in the same order, so the result
//! is that of the natural order up to nothing at all. The same numbering, read backwards, serves
//! U, because levels are taken from the entries of L and U together.
//!
//! On a grid, rows of a level repeat each other shifted by one place (see
//! [`Run`](resolvent_matrices::Run)); such stretches are solved eight rows at a time, without
//! reading column indices. Where levels are narrow (most matrices of finite elements in a band
//! order) the natural order stays.
//!
//! | apply | 2·nnz(L) + 2·nnz(U) flops, each factor read once | memory | (size of value + 4)·(nnz(L) + nnz(U)) + 3 vectors + 4n |

use crate::kernels::prefetch;
use crate::kernels::simd::simd;
use resolvent_matrices::Scalar;

/// Mean number of rows in a level below which the natural order is kept.
const MIN_WIDTH: usize = 16;
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
    fn row(&self, i: usize) -> std::ops::Range<usize> {
        self.ptr[i] as usize..self.ptr[i + 1] as usize
    }
}

/// L and U, ready to be solved with.
#[derive(Debug, Clone)]
pub(crate) struct TriangularPair<T: Scalar> {
    /// Which row stands at each place.
    order: Vec<u32>,
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
        let Self {
            order,
            lower,
            upper,
            y,
        } = self;
        assert_eq!(r.len(), order.len(), "triangular solve: length of r");
        assert_eq!(z.len(), order.len(), "triangular solve: length of z");
        match &lower.val {
            Values::Full(val) => lower.forward(val, order, r, y),
            Values::Half(val) => lower.forward(val, order, r, y),
        }
        match &upper.val {
            Values::Full(val) => upper.backward(val, order, y, z),
            Values::Half(val) => upper.backward(val, order, y, z),
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

/// Rows by level, and where each level begins. One level for all where levels are narrow.
fn levels(lower: Pattern<'_>, upper: Pattern<'_>) -> (Vec<u32>, Vec<u32>) {
    let n = lower.ptr.len() - 1;
    let mut level = vec![0u32; n];
    let mut deepest = 0;
    for i in 0..n {
        // all that row i waits for stands above it: its level is final once those are done
        for k in lower.row(i) {
            level[i] = level[i].max(level[lower.col[k] as usize] + 1);
        }
        for k in upper.row(i) {
            let j = upper.col[k] as usize;
            level[j] = level[j].max(level[i] + 1);
        }
        deepest = deepest.max(level[i]);
    }
    let count = deepest as usize + 1;
    if n < count * MIN_WIDTH {
        return ((0..n as u32).collect(), Vec::new());
    }
    let mut ptr = vec![0u32; count + 1];
    for &l in &level {
        ptr[l as usize + 1] += 1;
    }
    for l in 0..count {
        ptr[l + 1] += ptr[l];
    }
    let mut next = ptr.clone();
    let mut order = vec![0u32; n];
    for (i, &l) in level.iter().enumerate() {
        order[next[l as usize] as usize] = i as u32;
        next[l as usize] += 1;
    }
    (order, ptr)
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

    /// y ← L⁻¹ r: y in level numbering, r in natural numbering.
    fn forward<S: Stored<T>>(&self, val: &[S], order: &[u32], r: &[T], y: &mut [T]) {
        for s in &self.stretches {
            let (first, end) = (s.first as usize, (s.first + s.rows) as usize);
            if s.len == IRREGULAR {
                forward_rows(
                    &self.ptr,
                    &self.col,
                    val,
                    &self.inverse,
                    order,
                    r,
                    y,
                    first,
                    end,
                );
            } else {
                let (done, now) = y.split_at_mut(first);
                let start = self.ptr[first] as usize;
                let inputs = Inputs {
                    val: &val[start..start + s.len as usize * now.len().min(end - first)],
                    col: &self.col[start..start + s.len as usize],
                    inverse: part(&self.inverse, first, end),
                    order: &order[first..end],
                    known: done,
                    base: 0,
                };
                forward_shifted(inputs, r, &mut now[..end - first]);
            }
        }
    }

    /// z ← U⁻¹ y: y in level numbering (overwritten), z in natural numbering.
    fn backward<S: Stored<T>>(&self, val: &[S], order: &[u32], y: &mut [T], z: &mut [T]) {
        for s in self.stretches.iter().rev() {
            let (first, end) = (s.first as usize, (s.first + s.rows) as usize);
            if s.len == IRREGULAR {
                backward_rows(
                    &self.ptr,
                    &self.col,
                    val,
                    &self.inverse,
                    order,
                    y,
                    z,
                    first,
                    end,
                );
            } else {
                let (now, done) = y.split_at_mut(end);
                let start = self.ptr[first] as usize;
                let inputs = Inputs {
                    val: &val[start..start + s.len as usize * (end - first)],
                    col: &self.col[start..start + s.len as usize],
                    inverse: part(&self.inverse, first, end),
                    order: &order[first..end],
                    known: done,
                    base: end,
                };
                backward_shifted(inputs, &mut now[first..], z);
            }
        }
    }
}

/// `x[first..end]`; empty if x is.
fn part<T>(x: &[T], first: usize, end: usize) -> &[T] {
    if x.is_empty() { x } else { &x[first..end] }
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
    order: &'a [u32],
    /// Unknowns that are known, from place `base` on.
    known: &'a [T],
    base: usize,
}

simd! {
    fn forward_rows<T: Scalar, S: Stored<T>>(
        ptr: &[u32],
        col: &[u32],
        val: &[S],
        inverse: &[T],
        order: &[u32],
        r: &[T],
        y: &mut [T],
        first: usize,
        end: usize,
    ) {
        for p in first..end {
            let entries = ptr[p] as usize..ptr[p + 1] as usize;
            let (val, col) = (&val[entries.clone()], &col[entries]);
            prefetch(val);
            prefetch(col);
            let mut sum = r[order[p] as usize];
            for (v, &j) in val.iter().zip(col) {
                sum -= v.wide() * y[j as usize]; // rᵢ − Σ lᵢⱼ yⱼ
            }
            y[p] = if inverse.is_empty() { sum } else { sum * inverse[p] };
        }
    }
}

simd! {
    fn backward_rows<T: Scalar, S: Stored<T>>(
        ptr: &[u32],
        col: &[u32],
        val: &[S],
        inverse: &[T],
        order: &[u32],
        y: &mut [T],
        z: &mut [T],
        first: usize,
        end: usize,
    ) {
        for p in (first..end).rev() {
            let entries = ptr[p] as usize..ptr[p + 1] as usize;
            let mut sum = y[p];
            for (v, &j) in val[entries.clone()].iter().zip(&col[entries]) {
                sum -= v.wide() * y[j as usize]; // yᵢ − Σ uᵢⱼ zⱼ
            }
            let value = if inverse.is_empty() { sum } else { sum * inverse[p] };
            y[p] = value;
            z[order[p] as usize] = value;
        }
    }
}

simd! {
    fn forward_shifted<T: Scalar, S: Stored<T>>(s: Inputs<'_, T, S>, r: &[T], now: &mut [T]) {
        let load = |i: usize, _: &[T]| r[s.order[i] as usize];
        match s.col.len() {
            0 => shifted::<T, S, 0>(s, now, load, |_, _| {}),
            1 => shifted::<T, S, 1>(s, now, load, |_, _| {}),
            2 => shifted::<T, S, 2>(s, now, load, |_, _| {}),
            3 => shifted::<T, S, 3>(s, now, load, |_, _| {}),
            4 => shifted::<T, S, 4>(s, now, load, |_, _| {}),
            _ => any_length(s, now, load, |_, _| {}),
        }
    }
}

simd! {
    fn backward_shifted<T: Scalar, S: Stored<T>>(s: Inputs<'_, T, S>, now: &mut [T], z: &mut [T]) {
        let load = |i: usize, now: &[T]| now[i];
        let mut store = |i: usize, value: T| z[s.order[i] as usize] = value;
        match s.col.len() {
            0 => shifted::<T, S, 0>(s, now, load, &mut store),
            1 => shifted::<T, S, 1>(s, now, load, &mut store),
            2 => shifted::<T, S, 2>(s, now, load, &mut store),
            3 => shifted::<T, S, 3>(s, now, load, &mut store),
            4 => shifted::<T, S, 4>(s, now, load, &mut store),
            _ => any_length(s, now, load, &mut store),
        }
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
