//! Sparse matrix times several vectors: the entries are read from memory once for all of them.
//!
//! Rows are taken in tiles whose entries stay in the second-level cache while the columns pass by,
//! one after the other, through the kernels of one product: each column gets the bits of
//! [`spmv`](super::spmv).

use super::spmv::{Product, middle, product, threads};
use resolvent_matrices::{CsrRef, Index, Run, Scalar};
use std::ops::Range;

/// Rows in a tile.
const TILE: usize = 2048;

/// yⱼ ← A xⱼ for the listed columns j; x holds columns of `a.ncols()` numbers one after the other,
/// y of `a.nrows()`. `runs` as in [`spmv`](super::spmv).
///
/// # Panics
/// If x or y lacks a column that is listed, or one is listed twice.
pub fn spmm<T: Scalar, I: Index>(
    a: CsrRef<'_, T, I>,
    runs: &[Run],
    columns: &[usize],
    x: &[T],
    y: &mut [T],
) {
    let (n, m) = (a.nrows(), a.ncols());
    assert!(
        columns.is_sorted_by(|a, b| a < b),
        "spmm: columns once, in order"
    );
    if let Some(&last) = columns.last() {
        assert!(y.len() >= (last + 1) * n, "spmm: columns of y");
        assert!(x.len() >= (last + 1) * m, "spmm: columns of x");
    }
    let y = Shared(y.as_mut_ptr());
    let tiles = |rows: Range<usize>| {
        for first in rows.clone().step_by(TILE) {
            let len = TILE.min(rows.end - first);
            for &j in columns {
                // SAFETY: the rows first..first + len of column j of y, which holds n·(j + 1)
                // numbers or more (asserted above); parts of different threads have different
                // rows, columns are listed once, and y is borrowed by this call alone.
                let part = unsafe { std::slice::from_raw_parts_mut(y.at(j * n + first), len) };
                product(a, runs, first, &x[j * m..(j + 1) * m], part, Product);
            }
        }
    };
    by_rows(a, 0..n, threads(a.nnz() * columns.len()), &tiles);
}

/// A block that threads write to, each its own rows.
struct Shared<T>(*mut T);
// SAFETY: what it points to is only reached through `at`, whose callers keep to their own rows.
unsafe impl<T: Send> Sync for Shared<T> {}

impl<T> Shared<T> {
    /// # Safety
    /// `at` is within the block.
    unsafe fn at(&self, at: usize) -> *mut T {
        // SAFETY: the caller's.
        unsafe { self.0.add(at) }
    }
}

/// Calls `f(rows)` on parts that hold as many entries each.
fn by_rows<T: Scalar, I: Index>(
    a: CsrRef<'_, T, I>,
    rows: Range<usize>,
    parts: usize,
    f: &(impl Fn(Range<usize>) + Sync),
) {
    if parts <= 1 || rows.len() <= 1 {
        return f(rows);
    }
    let left = parts / 2;
    let mid = rows.start + middle(&a.row_ptr()[rows.start..=rows.end], left, parts);
    rayon::join(
        || by_rows(a, rows.start..mid, left, f),
        || by_rows(a, mid..rows.end, parts - left, f),
    );
}
