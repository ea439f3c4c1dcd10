//! Borrowed matrices, of either index width.

use super::{Csr, Index, fits, validate};
use crate::{MatrixError, Scalar};

/// A borrowed sparse matrix in compressed rows, with the invariants of [`Csr`].
#[derive(Debug, PartialEq)]
pub struct CsrRef<'a, T, I = u32> {
    pub(super) nrows: usize,
    pub(super) ncols: usize,
    pub(super) row_ptr: &'a [I],
    pub(super) col_idx: &'a [I],
    pub(super) values: &'a [T],
}

impl<T, I> Clone for CsrRef<'_, T, I> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T, I> Copy for CsrRef<'_, T, I> {}

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
            runs: std::sync::OnceLock::new(),
        })
    }
}

/// A borrowed matrix with either index width: what an operator that has entries shows of them.
#[derive(Debug, Clone, Copy)]
pub enum AnyCsr<'a, T> {
    /// 32-bit indices.
    U32(CsrRef<'a, T, u32>),
    /// Word-sized indices.
    Usize(CsrRef<'a, T, usize>),
}

impl<'a, T: Scalar> AnyCsr<'a, T> {
    /// The entries, row by row.
    pub fn values(&self) -> &'a [T] {
        match self {
            Self::U32(a) => a.values(),
            Self::Usize(a) => a.values(),
        }
    }

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
