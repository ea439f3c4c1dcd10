//! Sparse matrix times vector.
//!
//! Bytes moved per product: (size of T + 4)·nnz + 4·rows + 2 vectors. Rows are split over threads
//! where the entries are split evenly.

use super::par::parallel;
use resolvent_matrices::{CsrRef, Index, Scalar};

/// Below this many entries a product is not worth a second thread.
const MIN_PARALLEL: usize = 64 * 1024;

/// y ← A x.
///
/// # Panics
/// If `x` or `y` has another length than A has columns or rows.
pub fn spmv<T: Scalar, I: Index>(a: CsrRef<'_, T, I>, x: &[T], y: &mut [T]) {
    assert_eq!(x.len(), a.ncols(), "spmv: length of x");
    assert_eq!(y.len(), a.nrows(), "spmv: length of y");
    by_rows(a, y, &|rows, y| {
        for (i, y) in rows.zip(y) {
            *y = row_dot(a, i, x); // yᵢ = Σ aᵢⱼ xⱼ
        }
    });
}

/// r ← b − A x.
///
/// # Panics
/// If a vector has the wrong length.
pub fn residual<T: Scalar, I: Index>(a: CsrRef<'_, T, I>, b: &[T], x: &[T], r: &mut [T]) {
    assert_eq!(x.len(), a.ncols(), "residual: length of x");
    assert_eq!(b.len(), a.nrows(), "residual: length of b");
    assert_eq!(r.len(), a.nrows(), "residual: length of r");
    by_rows(a, r, &|rows, r| {
        for (i, r) in rows.zip(r) {
            *r = b[i] - row_dot(a, i, x); // rᵢ = bᵢ − Σ aᵢⱼ xⱼ
        }
    });
}

/// Σ aᵢⱼ xⱼ.
#[inline(always)]
fn row_dot<T: Scalar, I: Index>(a: CsrRef<'_, T, I>, i: usize, x: &[T]) -> T {
    debug_assert!(i < a.nrows() && x.len() == a.ncols());
    // SAFETY: `i` is a row (the callers iterate over rows), so `row_ptr` has entries i and i + 1,
    // and they delimit entries of `col_idx` and `values`; every column is below `ncols`, which is
    // the length of x (asserted by the callers). `CsrRef` checks all that at construction.
    unsafe {
        let start = a.row_ptr().get_unchecked(i).at();
        let end = a.row_ptr().get_unchecked(i + 1).at();
        let mut sum = T::ZERO;
        for k in start..end {
            let j = a.col_idx().get_unchecked(k).at();
            sum += *a.values().get_unchecked(k) * *x.get_unchecked(j);
        }
        sum
    }
}

/// Calls `f(rows, their part of y)` with the entries split evenly over the threads.
fn by_rows<T: Scalar, I: Index>(
    a: CsrRef<'_, T, I>,
    y: &mut [T],
    f: &(impl Fn(std::ops::Range<usize>, &mut [T]) + Sync),
) {
    let parts = if a.nnz() < MIN_PARALLEL || !parallel() {
        1
    } else {
        rayon::current_num_threads()
    };
    split(a, 0, y, parts, f);
}

fn split<T: Scalar, I: Index>(
    a: CsrRef<'_, T, I>,
    first: usize,
    y: &mut [T],
    parts: usize,
    f: &(impl Fn(std::ops::Range<usize>, &mut [T]) + Sync),
) {
    let rows = first..first + y.len();
    if parts <= 1 || y.len() <= 1 {
        return f(rows, y);
    }
    let left_parts = parts / 2;
    let ptr = &a.row_ptr()[rows.start..=rows.end];
    let (from, to) = (ptr[0].at(), ptr[ptr.len() - 1].at());
    let target = from + (to - from) / parts * left_parts;
    let mid = ptr.partition_point(|p| p.at() < target).min(y.len());
    let (left, right) = y.split_at_mut(mid);
    rayon::join(
        || split(a, first, left, left_parts, f),
        || split(a, first + mid, right, parts - left_parts, f),
    );
}
