//! Compressed sparse rows, owned ([`Csr`]) and borrowed ([`CsrRef`]).
//!
//! `row_ptr[i]..row_ptr[i + 1]` are the entries of row i; `col_idx` holds their columns, strictly
//! increasing within a row, `values` their values. All of it is checked once, at construction:
//! kernels may rely on it. `Csr` owns 32-bit indices and pointers, which is what the hot loops
//! want (12 bytes per `f64` entry) and what lets faer and sprs matrices be viewed in and out
//! without a copy; `CsrRef<'_, T, usize>` borrows the word-sized ones of other libraries.

mod borrowed;

pub use borrowed::{AnyCsr, Csr32, CsrRef};

use crate::{MatrixError, Runs, Scalar};
use std::sync::OnceLock;

/// An index type of a [`CsrRef`]: `u32` or `usize`.
pub trait Index:
    faer::Index + sprs::SpIndex + std::fmt::Display + Copy + Default + Send + Sync + 'static
{
    /// As a `usize`.
    fn at(self) -> usize;
    /// From a `usize` that is known to fit.
    fn from_usize(i: usize) -> Self;
}

impl Index for u32 {
    #[inline(always)]
    fn at(self) -> usize {
        self as usize
    }
    #[inline(always)]
    fn from_usize(i: usize) -> Self {
        debug_assert!(u32::try_from(i).is_ok());
        i as u32
    }
}

impl Index for usize {
    #[inline(always)]
    fn at(self) -> usize {
        self
    }
    #[inline(always)]
    fn from_usize(i: usize) -> Self {
        i
    }
}

/// A sparse matrix in compressed rows, with 32-bit indices.
///
/// Columns increase strictly within each row. Memory: `size_of::<T>() + 4` bytes per entry and 4
/// per row.
#[derive(Debug, Clone)]
pub struct Csr<T> {
    nrows: usize,
    ncols: usize,
    row_ptr: Vec<u32>,
    col_idx: Vec<u32>,
    values: Vec<T>,
    /// Found when first asked for; the pattern never changes.
    runs: OnceLock<Runs>,
}

impl<T: PartialEq> PartialEq for Csr<T> {
    fn eq(&self, other: &Self) -> bool {
        (self.nrows, self.ncols) == (other.nrows, other.ncols)
            && self.row_ptr == other.row_ptr
            && self.col_idx == other.col_idx
            && self.values == other.values
    }
}

impl<T> Default for Csr<T> {
    /// No rows and no columns.
    fn default() -> Self {
        Self {
            nrows: 0,
            ncols: 0,
            row_ptr: vec![0],
            col_idx: Vec::new(),
            values: Vec::new(),
            runs: OnceLock::new(),
        }
    }
}

/// Checks the invariants that every kernel relies on.
fn validate<I: Index>(
    nrows: usize,
    ncols: usize,
    row_ptr: &[I],
    col_idx: &[I],
    values: usize,
) -> Result<(), MatrixError> {
    if Some(row_ptr.len()) != nrows.checked_add(1) {
        return Err(MatrixError::RowPtrLength {
            expected: nrows.saturating_add(1),
            got: row_ptr.len(),
        });
    }
    if size_of::<I>() == size_of::<u32>() {
        fits("rows", nrows)?;
        fits("columns", ncols)?;
    }
    let nnz = col_idx.len();
    if nnz != values {
        return Err(MatrixError::Lengths {
            indices: nnz,
            values,
        });
    }
    for row in 0..nrows {
        let (start, end) = (row_ptr[row].at(), row_ptr[row + 1].at());
        let begins = if row == 0 { start == 0 } else { true };
        let ends = if row + 1 == nrows { end == nnz } else { true };
        if !begins || !ends || start > end || end > nnz {
            return Err(MatrixError::RowPtrOrder {
                row,
                start,
                end,
                nnz,
            });
        }
        let mut floor = 0; // smallest column that may come next
        for &col in &col_idx[start..end] {
            let col = col.at();
            if col >= ncols {
                return Err(MatrixError::OutOfBounds {
                    row,
                    col,
                    nrows,
                    ncols,
                });
            }
            if col < floor {
                return Err(MatrixError::Unsorted { row, col });
            }
            floor = col + 1;
        }
    }
    if nrows == 0 && nnz != 0 {
        return Err(MatrixError::RowPtrOrder {
            row: 0,
            start: 0,
            end: 0,
            nnz,
        });
    }
    Ok(())
}

/// Whether `n` rows, columns or entries are within reach of 32-bit indices; rows and columns stop
/// at 2³¹ − 1, as faer's do.
fn fits(what: &'static str, n: usize) -> Result<(), MatrixError> {
    let limit = match what {
        "entries" => u32::MAX as usize,
        _ => i32::MAX as usize,
    };
    if n <= limit {
        Ok(())
    } else {
        Err(MatrixError::TooLarge { what, got: n })
    }
}

impl<T: Scalar> Csr<T> {
    /// A matrix from its three arrays.
    ///
    /// # Errors
    /// [`MatrixError`] if the arrays break an invariant of the type. O(nnz).
    pub fn new(
        nrows: usize,
        ncols: usize,
        row_ptr: Vec<u32>,
        col_idx: Vec<u32>,
        values: Vec<T>,
    ) -> Result<Self, MatrixError> {
        fits("entries", col_idx.len())?;
        validate(nrows, ncols, &row_ptr, &col_idx, values.len())?;
        Ok(Self {
            nrows,
            ncols,
            row_ptr,
            col_idx,
            values,
            runs: OnceLock::new(),
        })
    }

    /// A matrix from `(row, column, value)` triplets in any order; values at the same place are
    /// summed in the order given, zeros are kept.
    ///
    /// O(nnz log(longest row)).
    ///
    /// # Errors
    /// [`MatrixError::OutOfBounds`], [`MatrixError::TooLarge`].
    pub fn from_triplets(
        nrows: usize,
        ncols: usize,
        triplets: impl IntoIterator<Item = (usize, usize, T), IntoIter: Clone>,
    ) -> Result<Self, MatrixError> {
        fits("rows", nrows)?;
        fits("columns", ncols)?;
        let triplets = triplets.into_iter();
        let mut row_ptr = vec![0u32; nrows + 1];
        let mut nnz = 0usize;
        for (row, col, _) in triplets.clone() {
            if row >= nrows || col >= ncols {
                return Err(MatrixError::OutOfBounds {
                    row,
                    col,
                    nrows,
                    ncols,
                });
            }
            nnz += 1;
            fits("entries", nnz)?;
            row_ptr[row + 1] += 1;
        }
        for row in 0..nrows {
            row_ptr[row + 1] += row_ptr[row];
        }
        let mut next = row_ptr.clone();
        let mut col_idx = vec![0u32; nnz];
        let mut values = vec![T::ZERO; nnz];
        for (row, col, value) in triplets {
            let at = next[row] as usize;
            next[row] += 1;
            col_idx[at] = col as u32;
            values[at] = value;
        }
        Ok(Self::from_unsorted(nrows, ncols, row_ptr, col_idx, values))
    }

    /// Sorts every row and sums what stands twice; pointers and bounds are already right.
    pub(crate) fn from_unsorted(
        nrows: usize,
        ncols: usize,
        mut row_ptr: Vec<u32>,
        mut col_idx: Vec<u32>,
        mut values: Vec<T>,
    ) -> Self {
        let mut row: Vec<(u32, T)> = Vec::new();
        let mut out = 0; // entries kept so far: never ahead of the ones read
        let mut start = 0;
        for i in 0..nrows {
            let end = row_ptr[i + 1] as usize;
            if col_idx[start..end].is_sorted_by(|a, b| a < b) {
                col_idx.copy_within(start..end, out);
                values.copy_within(start..end, out);
                out += end - start;
            } else {
                row.clear();
                row.extend(
                    col_idx[start..end]
                        .iter()
                        .copied()
                        .zip(values[start..end].iter().copied()),
                );
                row.sort_by_key(|&(col, _)| col); // stable: sums keep the order of the input
                let first = out;
                for &(col, value) in &row {
                    if out > first && col_idx[out - 1] == col {
                        values[out - 1] += value;
                    } else {
                        col_idx[out] = col;
                        values[out] = value;
                        out += 1;
                    }
                }
            }
            start = end;
            row_ptr[i + 1] = out as u32;
        }
        col_idx.truncate(out);
        values.truncate(out);
        Self {
            nrows,
            ncols,
            row_ptr,
            col_idx,
            values,
            runs: OnceLock::new(),
        }
    }

    /// From arrays that keep the invariants by construction; checked in debug builds only.
    pub(crate) fn trusted(
        nrows: usize,
        ncols: usize,
        row_ptr: Vec<u32>,
        col_idx: Vec<u32>,
        values: Vec<T>,
    ) -> Self {
        debug_assert_eq!(
            validate(nrows, ncols, &row_ptr, &col_idx, values.len()),
            Ok(())
        );
        Self {
            nrows,
            ncols,
            row_ptr,
            col_idx,
            values,
            runs: OnceLock::new(),
        }
    }

    /// The identity of order `n`.
    ///
    /// # Errors
    /// [`MatrixError::TooLarge`].
    pub fn identity(n: usize) -> Result<Self, MatrixError> {
        fits("rows", n)?;
        Ok(Self {
            nrows: n,
            ncols: n,
            row_ptr: (0..=n as u32).collect(),
            col_idx: (0..n as u32).collect(),
            values: vec![T::ONE; n],
            runs: OnceLock::new(),
        })
    }

    /// Number of rows.
    pub fn nrows(&self) -> usize {
        self.nrows
    }

    /// Number of columns.
    pub fn ncols(&self) -> usize {
        self.ncols
    }

    /// Number of stored entries, explicit zeros included.
    pub fn nnz(&self) -> usize {
        self.values.len()
    }

    /// Where each row begins; `nrows + 1` of them.
    pub fn row_ptr(&self) -> &[u32] {
        &self.row_ptr
    }

    /// The column of each entry.
    pub fn col_idx(&self) -> &[u32] {
        &self.col_idx
    }

    /// The value of each entry.
    pub fn values(&self) -> &[T] {
        &self.values
    }

    /// The values, to be changed in place; the pattern stays.
    pub fn values_mut(&mut self) -> &mut [T] {
        &mut self.values
    }

    /// Where the entries of row `i` stand in [`Csr::values`].
    ///
    /// # Panics
    /// If there is no such row.
    pub fn row_range(&self, i: usize) -> std::ops::Range<usize> {
        self.row_ptr[i] as usize..self.row_ptr[i + 1] as usize
    }

    /// Row pointers, columns, and the values to be changed in place.
    pub fn pattern_and_values_mut(&mut self) -> (&[u32], &[u32], &mut [T]) {
        (&self.row_ptr, &self.col_idx, &mut self.values)
    }

    /// A borrowed view.
    pub fn view(&self) -> CsrRef<'_, T, u32> {
        CsrRef {
            nrows: self.nrows,
            ncols: self.ncols,
            row_ptr: &self.row_ptr,
            col_idx: &self.col_idx,
            values: &self.values,
        }
    }

    /// The runs of shifted rows of its pattern, found at the first call (one pass, one allocation).
    pub fn runs(&self) -> &Runs {
        self.runs.get_or_init(|| Runs::of(self.view()))
    }

    /// Replaces the values by those of `other`, which has the same pattern. Allocates nothing.
    ///
    /// # Errors
    /// [`MatrixError::PatternDiffers`], and nothing is changed.
    pub fn update_values(&mut self, other: CsrRef<'_, T, u32>) -> Result<(), MatrixError> {
        let differs = |what: &str| {
            Err(MatrixError::PatternDiffers {
                what: what.to_owned(),
            })
        };
        if (self.nrows, self.ncols) != (other.nrows, other.ncols) {
            return differs("the matrices have different sizes");
        }
        if self.row_ptr != other.row_ptr || self.col_idx != other.col_idx {
            return differs("entries stand in different places");
        }
        self.values.copy_from_slice(other.values);
        Ok(())
    }

    /// The arrays `(row_ptr, col_idx, values)`.
    pub fn into_parts(self) -> (Vec<u32>, Vec<u32>, Vec<T>) {
        (self.row_ptr, self.col_idx, self.values)
    }
}

#[cfg(test)]
mod tests;
