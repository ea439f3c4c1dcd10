//! Compressed sparse rows, owned ([`Csr`]) and borrowed ([`CsrRef`]).
//!
//! `row_ptr[i]..row_ptr[i + 1]` are the entries of row i; `col_idx` holds their columns, strictly
//! increasing within a row, `values` their values. All of it is checked once, at construction:
//! kernels may rely on it. `Csr` owns 32-bit indices and pointers, which is what the hot loops
//! want (12 bytes per `f64` entry) and what lets faer and sprs matrices be viewed in and out
//! without a copy; `CsrRef<'_, T, usize>` borrows the word-sized ones of other libraries.

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

/// A borrowed sparse matrix in compressed rows, with the invariants of [`Csr`].
#[derive(Debug, PartialEq)]
pub struct CsrRef<'a, T, I = u32> {
    nrows: usize,
    ncols: usize,
    row_ptr: &'a [I],
    col_idx: &'a [I],
    values: &'a [T],
}

impl<T, I> Clone for CsrRef<'_, T, I> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T, I> Copy for CsrRef<'_, T, I> {}

/// A borrowed matrix with either index width: what an operator that has entries shows of them.
#[derive(Debug, Clone, Copy)]
pub enum AnyCsr<'a, T> {
    /// 32-bit indices.
    U32(CsrRef<'a, T, u32>),
    /// Word-sized indices.
    Usize(CsrRef<'a, T, usize>),
}

impl<'a, T: Scalar> AnyCsr<'a, T> {
    /// Number of rows.
    pub fn nrows(&self) -> usize {
        match self {
            Self::U32(a) => a.nrows(),
            Self::Usize(a) => a.nrows(),
        }
    }

    /// Number of columns.
    pub fn ncols(&self) -> usize {
        match self {
            Self::U32(a) => a.ncols(),
            Self::Usize(a) => a.ncols(),
        }
    }

    /// Number of stored entries.
    pub fn nnz(&self) -> usize {
        match self {
            Self::U32(a) => a.nnz(),
            Self::Usize(a) => a.nnz(),
        }
    }

    /// The matrix with 32-bit indices: borrowed if it has them, else converted (one copy).
    ///
    /// # Errors
    /// [`MatrixError::TooLarge`] where 32 bits do not reach.
    pub fn to_u32(&self) -> Result<Csr32<'a, T>, MatrixError> {
        match self {
            Self::U32(a) => Ok(Csr32::Borrowed(*a)),
            Self::Usize(a) => a.to_owned().map(Csr32::Owned),
        }
    }
}

/// A matrix with 32-bit indices, borrowed where it could be.
#[derive(Debug, Clone)]
pub enum Csr32<'a, T> {
    /// Borrowed as it was.
    Borrowed(CsrRef<'a, T, u32>),
    /// Converted.
    Owned(Csr<T>),
}

impl<T: Scalar> Csr32<'_, T> {
    /// The matrix.
    pub fn view(&self) -> CsrRef<'_, T, u32> {
        match self {
            Self::Borrowed(a) => *a,
            Self::Owned(a) => a.view(),
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

impl<'a, T: Scalar, I: Index> CsrRef<'a, T, I> {
    /// Borrows the arrays of a matrix in compressed rows.
    ///
    /// # Errors
    /// [`MatrixError`] if they break an invariant of [`Csr`]. O(nnz), no allocation.
    pub fn new(
        nrows: usize,
        ncols: usize,
        row_ptr: &'a [I],
        col_idx: &'a [I],
        values: &'a [T],
    ) -> Result<Self, MatrixError> {
        validate(nrows, ncols, row_ptr, col_idx, values.len())?;
        Ok(Self {
            nrows,
            ncols,
            row_ptr,
            col_idx,
            values,
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

    /// Number of stored entries.
    pub fn nnz(&self) -> usize {
        self.values.len()
    }

    /// Where each row begins.
    pub fn row_ptr(&self) -> &'a [I] {
        self.row_ptr
    }

    /// The column of each entry.
    pub fn col_idx(&self) -> &'a [I] {
        self.col_idx
    }

    /// The value of each entry.
    pub fn values(&self) -> &'a [T] {
        self.values
    }

    /// The entries of row `i`: columns and values.
    ///
    /// # Panics
    /// If there is no such row.
    pub fn row(&self, i: usize) -> (&'a [I], &'a [T]) {
        let range = self.row_ptr[i].at()..self.row_ptr[i + 1].at();
        (&self.col_idx[range.clone()], &self.values[range])
    }

    /// Row `i` as `(column, value)` pairs.
    ///
    /// # Panics
    /// If there is no such row.
    pub fn row_iter(&self, i: usize) -> impl Iterator<Item = (usize, T)> + Clone + use<'a, T, I> {
        let (cols, values) = self.row(i);
        cols.iter().map(|c| c.at()).zip(values.iter().copied())
    }

    /// Entry (i, j); 0 where nothing is stored. O(log of the row's length).
    ///
    /// # Panics
    /// If there is no such row.
    pub fn get(&self, i: usize, j: usize) -> T {
        let (cols, values) = self.row(i);
        match cols.binary_search_by_key(&j, |c| c.at()) {
            Ok(at) => values[at],
            Err(_) => T::ZERO,
        }
    }

    /// Copied into a [`Csr`].
    ///
    /// # Errors
    /// [`MatrixError::TooLarge`] where 32-bit indices do not reach.
    pub fn to_owned(&self) -> Result<Csr<T>, MatrixError> {
        fits("rows", self.nrows)?;
        fits("columns", self.ncols)?;
        fits("entries", self.nnz())?;
        Ok(Csr {
            nrows: self.nrows,
            ncols: self.ncols,
            row_ptr: self.row_ptr.iter().map(|p| p.at() as u32).collect(),
            col_idx: self.col_idx.iter().map(|c| c.at() as u32).collect(),
            values: self.values.to_vec(),
            runs: OnceLock::new(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn small() -> Csr<f64> {
        // [1 0 2]
        // [0 3 0]
        Csr::new(2, 3, vec![0, 2, 3], vec![0, 2, 1], vec![1.0, 2.0, 3.0]).unwrap()
    }

    #[test]
    fn entries_are_where_they_were_put() {
        let a = small();
        assert_eq!((a.nrows(), a.ncols(), a.nnz()), (2, 3, 3));
        assert_eq!(a.view().get(0, 2), 2.0);
        assert_eq!(a.view().get(1, 2), 0.0);
        assert_eq!(
            a.view().row_iter(0).collect::<Vec<_>>(),
            [(0, 1.0), (2, 2.0)]
        );
    }

    #[test]
    fn triplets_are_sorted_and_duplicates_summed() {
        let t = [(1, 1, 1.0), (0, 2, 2.0), (1, 1, 2.0), (0, 0, 1.0)];
        assert_eq!(Csr::from_triplets(2, 3, t).unwrap(), small());
    }

    #[test]
    fn every_broken_invariant_has_its_error() {
        let new = |ptr: &[u32], idx: &[u32], n: usize| {
            Csr::new(2, 3, ptr.to_vec(), idx.to_vec(), vec![1.0; n]).unwrap_err()
        };
        assert!(matches!(
            new(&[0, 1], &[0], 1),
            MatrixError::RowPtrLength {
                expected: 3,
                got: 2
            }
        ));
        assert!(matches!(
            new(&[0, 1, 1], &[0], 2),
            MatrixError::Lengths { .. }
        ));
        assert!(matches!(
            new(&[0, 2, 1], &[0], 1),
            MatrixError::RowPtrOrder { row: 0, .. }
        ));
        assert!(matches!(
            new(&[1, 1, 1], &[0], 1),
            MatrixError::RowPtrOrder { row: 0, .. }
        ));
        assert!(matches!(
            new(&[0, 1, 1], &[0, 1], 2),
            MatrixError::RowPtrOrder { row: 1, .. }
        ));
        assert!(matches!(
            new(&[0, 1, 2], &[0, 3], 2),
            MatrixError::OutOfBounds { row: 1, col: 3, .. }
        ));
        assert!(matches!(
            new(&[0, 2, 2], &[1, 1], 2),
            MatrixError::Unsorted { row: 0, col: 1 }
        ));
        assert!(matches!(
            new(&[0, 2, 2], &[1, 0], 2),
            MatrixError::Unsorted { row: 0, col: 0 }
        ));
        assert!(matches!(
            Csr::from_triplets(1, 1, [(1, 0, 1.0)]),
            Err(MatrixError::OutOfBounds { row: 1, .. })
        ));
    }

    #[test]
    fn new_values_keep_the_pattern() {
        let mut a = small();
        let mut b = small();
        b.values_mut()[1] = 7.0;
        a.update_values(b.view()).unwrap();
        assert_eq!(a, b);
        let other = Csr::<f64>::identity(2).unwrap();
        assert!(a.update_values(other.view()).is_err());
        assert_eq!(a, b);
    }

    #[test]
    fn word_sized_indices_are_borrowed_and_converted() {
        let (p, i, v) = ([0usize, 2, 3], [0usize, 2, 1], [1.0, 2.0, 3.0]);
        let a = CsrRef::new(2, 3, &p, &i, &v).unwrap();
        assert_eq!(a.to_owned().unwrap(), small());
        assert_eq!(AnyCsr::Usize(a).to_u32().unwrap().view(), small().view());
    }
}
