//! Sparse matrix times vector.
//!
//! Bytes moved per product: (size of T + 4)·nnz + 4·rows + 2 vectors. In [runs](Run) of rows that
//! repeat the one before shifted by a column, as on a grid, the columns of the first row serve for
//! all, which leaves (size of T)·nnz + 2 vectors and two loads an entry instead of three. Rows are
//! split over threads so that each gets as many entries. Every kernel adds up a row from left to
//! right: all give the same bits.

use super::par::{MIN_PARALLEL as MIN_PARALLEL_ROWS, parallel, sum_over_mut};
use super::simd::simd;
use super::vector::{dot, dot_leaf};
use resolvent_matrices::{CsrRef, Index, Run, Scalar};
use std::ops::Range;

/// How far ahead values are asked for, in bytes.
const AHEAD: usize = 8192;
/// Below this many entries a product is not worth a second thread.
const MIN_PARALLEL: usize = 64 * 1024;

/// y ← A x. `runs` are those of A's pattern ([`resolvent_matrices::Csr::runs`]), or none.
///
/// # Panics
/// If `x` or `y` has another length than A has columns or rows, or a run is not one of A's.
pub fn spmv<T: Scalar, I: Index>(a: CsrRef<'_, T, I>, runs: &[Run], x: &[T], y: &mut [T]) {
    assert_eq!(x.len(), a.ncols(), "spmv: length of x");
    assert_eq!(y.len(), a.nrows(), "spmv: length of y");
    by_rows(a, 0, y, threads(a.nnz()), &|first, y| {
        product(a, runs, first, x, y, Product);
    });
}

/// y ← A x, and xᴴ y while y is still in cache: the bits are those of [`spmv`] and then
/// [`dot`](super::dot).
///
/// # Panics
/// If A is not square, or as [`spmv`].
pub fn spmv_dot<T: Scalar, I: Index>(a: CsrRef<'_, T, I>, runs: &[Run], x: &[T], y: &mut [T]) -> T {
    assert_eq!(x.len(), a.ncols(), "spmv_dot: length of x");
    assert_eq!(y.len(), a.nrows(), "spmv_dot: length of y");
    assert_eq!(x.len(), y.len(), "spmv_dot: a square matrix");
    if y.len() < MIN_PARALLEL_ROWS && threads(a.nnz()) > 1 {
        spmv(a, runs, x, y); // few rows, many entries: the product is worth two threads
        return dot(x, y);
    }
    sum_over_mut(y, &|first, y| {
        product(a, runs, first, x, y, Product);
        dot_leaf(&x[first..first + y.len()], y)
    })
}

/// r ← b − A x.
///
/// # Panics
/// If a vector has the wrong length, or a run is not one of A's.
pub fn residual<T: Scalar, I: Index>(
    a: CsrRef<'_, T, I>,
    runs: &[Run],
    b: &[T],
    x: &[T],
    r: &mut [T],
) {
    assert_eq!(x.len(), a.ncols(), "residual: length of x");
    assert_eq!(b.len(), a.nrows(), "residual: length of b");
    assert_eq!(r.len(), a.nrows(), "residual: length of r");
    by_rows(a, 0, r, threads(a.nnz()), &|first, r| {
        product(a, runs, first, x, r, Residual(b));
    });
}

/// What becomes of the sum of a row.
pub(super) trait Finish<T>: Copy {
    fn finish(self, row: usize, sum: T) -> T;
}

/// yᵢ = Σ aᵢⱼxⱼ.
#[derive(Clone, Copy)]
pub(super) struct Product;
impl<T> Finish<T> for Product {
    #[inline(always)]
    fn finish(self, _: usize, sum: T) -> T {
        sum
    }
}

/// rᵢ = bᵢ − Σ aᵢⱼxⱼ.
#[derive(Clone, Copy)]
struct Residual<'a, T>(&'a [T]);
impl<T: Scalar> Finish<T> for Residual<'_, T> {
    #[inline(always)]
    fn finish(self, row: usize, sum: T) -> T {
        self.0[row] - sum
    }
}

/// The rows from `first` on whose results are `y`: runs by their own kernel, the rest row by row.
pub(super) fn product<T: Scalar, I: Index, F: Finish<T>>(
    a: CsrRef<'_, T, I>,
    runs: &[Run],
    first: usize,
    x: &[T],
    y: &mut [T],
    f: F,
) {
    let end = first + y.len();
    let mut row = first;
    let next = runs.partition_point(|run| run.first + run.rows <= first);
    for run in &runs[next..] {
        if run.first >= end {
            break;
        }
        let from = run.first.max(first);
        let to = (run.first + run.rows).min(end);
        rows(a, row, x, &mut y[row - first..from - first], f);
        shifted_rows(a, from, run.len, x, &mut y[from - first..to - first], f);
        row = to;
    }
    rows(a, row, x, &mut y[row - first..], f);
}

simd! {
    fn rows<T: Scalar, I: Index, F: Finish<T>>(
        a: CsrRef<'_, T, I>,
        first: usize,
        x: &[T],
        y: &mut [T],
        f: F,
    ) {
        let (ptr, col, val) = (a.row_ptr(), a.col_idx(), a.values());
        let ptr = &ptr[first..=first + y.len()];
        let mut start = ptr[0].at();
        for (i, y) in y.iter_mut().enumerate() {
            // SAFETY: `ptr` has one more entry than y. `CsrRef` has checked that row pointers
            // delimit entries of `col` and `val` and that columns are below `ncols`, and x has
            // that length (asserted by the callers).
            let sum = unsafe {
                let end = ptr.get_unchecked(i + 1).at();
                prefetch(val.get_unchecked(start..end));
                prefetch(col.get_unchecked(start..end));
                let mut sum = T::ZERO;
                for k in start..end {
                    sum += *val.get_unchecked(k) * *x.get_unchecked(col.get_unchecked(k).at());
                }
                start = end;
                sum
            };
            *y = f.finish(first + i, sum);
        }
    }
}

simd! {
    fn shifted_rows<T: Scalar, I: Index, F: Finish<T>>(
        a: CsrRef<'_, T, I>,
        first: usize,
        len: usize,
        x: &[T],
        y: &mut [T],
        f: F,
    ) {
        let start = a.row_ptr()[first].at();
        let val = &a.values()[start..start + len * y.len()];
        let col = &a.col_idx()[start..start + len];
        match len {
            3 => fixed::<T, I, F, 3>(val, col, x, y, first, f),
            5 => fixed::<T, I, F, 5>(val, col, x, y, first, f),
            7 => fixed::<T, I, F, 7>(val, col, x, y, first, f),
            9 => fixed::<T, I, F, 9>(val, col, x, y, first, f),
            _ => {
                for (i, (y, v)) in y.iter_mut().zip(val.chunks_exact(len)).enumerate() {
                    let mut sum = T::ZERO;
                    for (&v, c) in v.iter().zip(col) {
                        sum += v * x[c.at() + i];
                    }
                    *y = f.finish(first + i, sum);
                }
            }
        }
    }
}

/// Asks for what comes after `now`, once a cache line: memory is slower than the loop, and the
/// processor's own prefetcher stops at every page.
#[inline(always)]
pub(crate) fn prefetch<T>(now: &[T]) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        let ahead = now.as_ptr().cast::<i8>().wrapping_add(AHEAD);
        let mut line = 0;
        while line < size_of_val(now) {
            // SAFETY: a prefetch may name any address; it cannot fault.
            unsafe { _mm_prefetch::<_MM_HINT_T0>(ahead.wrapping_add(line)) };
            line += 64;
        }
    }
}

/// A run whose rows have L entries, in blocks of eight rows.
#[inline(always)]
fn fixed<T: Scalar, I: Index, F: Finish<T>, const L: usize>(
    val: &[T],
    col: &[I],
    x: &[T],
    y: &mut [T],
    first: usize,
    f: F,
) {
    const BLOCK: usize = 8;
    let n = y.len();
    let x: [&[T]; L] = std::array::from_fn(|k| &x[col[k].at()..col[k].at() + n]);
    let mut at = 0;
    while at < n && n >= BLOCK {
        let i = at.min(n - BLOCK); // the last block may repeat rows of the one before
        // SAFETY: rows i..i + BLOCK are below n; val holds n·L values and every x[k] n.
        unsafe {
            let v = val.get_unchecked(i * L..(i + BLOCK) * L);
            prefetch(v);
            let mut sums = [T::ZERO; BLOCK];
            for k in 0..L {
                let x = x[k].get_unchecked(i..i + BLOCK);
                for r in 0..BLOCK {
                    sums[r] += *v.get_unchecked(r * L + k) * *x.get_unchecked(r);
                }
            }
            for r in 0..BLOCK {
                *y.get_unchecked_mut(i + r) = f.finish(first + i + r, sums[r]);
            }
        }
        at += BLOCK;
    }
    for i in at..n {
        let mut sum = T::ZERO;
        for k in 0..L {
            sum += val[i * L + k] * x[k][i];
        }
        y[i] = f.finish(first + i, sum);
    }
}

/// How many parts a product with `nnz` entries is split into.
pub(super) fn threads(nnz: usize) -> usize {
    if nnz < MIN_PARALLEL || !parallel() {
        1
    } else {
        rayon::current_num_threads()
    }
}

/// Calls `f(first row, part of y)` on consecutive parts of y that hold as many entries each.
fn by_rows<T: Scalar, I: Index>(
    a: CsrRef<'_, T, I>,
    first: usize,
    y: &mut [T],
    parts: usize,
    f: &(impl Fn(usize, &mut [T]) + Sync),
) {
    if parts <= 1 || y.len() <= 1 {
        return f(first, y);
    }
    let left_parts = parts / 2;
    let mid = middle(&a.row_ptr()[first..=first + y.len()], left_parts, parts);
    let (left, right) = y.split_at_mut(mid);
    rayon::join(
        || by_rows(a, first, left, left_parts, f),
        || by_rows(a, first + mid, right, parts - left_parts, f),
    );
}

/// The number of rows that hold `left` of `parts` equal shares of the entries.
pub(super) fn middle<I: Index>(ptr: &[I], left: usize, parts: usize) -> usize {
    let rows = Range {
        start: ptr[0].at(),
        end: ptr[ptr.len() - 1].at(),
    };
    let target = rows.start + rows.len() / parts * left;
    ptr.partition_point(|p| p.at() < target).min(ptr.len() - 1)
}
