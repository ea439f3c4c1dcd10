//! Views from and to faer and sprs, without a copy; conversion from and to nalgebra.

use crate::{Csr, CsrRef, Index, MatrixError, Scalar};
use faer::sparse::{SparseRowMatRef, SymbolicSparseRowMatRef};
use sprs::{CompressedStorage, CsMatViewI};

impl<T: Scalar> Csr<T> {
    /// This matrix as faer sees it. O(1), no copy.
    pub fn as_faer(&self) -> SparseRowMatRef<'_, u32, T> {
        self.view().as_faer()
    }

    /// This matrix as sprs sees it. O(1), no copy.
    pub fn as_sprs(&self) -> CsMatViewI<'_, T, u32, u32> {
        self.view().as_sprs()
    }
}

impl<'a, T: Scalar, I: Index> CsrRef<'a, T, I> {
    /// This matrix as faer sees it. O(1), no copy.
    pub fn as_faer(&self) -> SparseRowMatRef<'a, I, T> {
        // SAFETY: construction has checked that the row pointers start at 0, never decrease and end
        // at the number of entries, that columns increase strictly within a row and are below
        // `ncols`, and that the sizes are within the signed range of the index type.
        let symbolic = unsafe {
            SymbolicSparseRowMatRef::new_unchecked(
                self.nrows(),
                self.ncols(),
                self.row_ptr(),
                None,
                self.col_idx(),
            )
        };
        SparseRowMatRef::new(symbolic, self.values())
    }

    /// Borrows a faer matrix. O(nnz) for the check of the invariants, no copy.
    ///
    /// # Errors
    /// [`MatrixError::Layout`] if its rows are not packed (`row_nnz` given), and whatever else of
    /// [`MatrixError`] applies, [`MatrixError::Unsorted`] for unsorted rows among it.
    pub fn from_faer(a: SparseRowMatRef<'a, I, T>) -> Result<Self, MatrixError> {
        let (symbolic, values) = a.parts();
        let (nrows, ncols, row_ptr, row_nnz, col_idx) = symbolic.parts();
        if row_nnz.is_some() {
            return Err(MatrixError::Layout {
                library: "faer",
                problem: "its rows have gaps between them (`row_nnz` is set); pack them first",
            });
        }
        Self::new(nrows, ncols, row_ptr, col_idx, values)
    }

    /// This matrix as sprs sees it, in its CSR storage. O(1), no copy.
    pub fn as_sprs(&self) -> CsMatViewI<'a, T, I, I> {
        // SAFETY: construction has checked what sprs calls the compressed structure: row pointers
        // from 0 to the number of entries, never decreasing, columns strictly increasing within a
        // row and below `ncols`.
        unsafe {
            CsMatViewI::new_unchecked(
                CompressedStorage::CSR,
                (self.nrows(), self.ncols()),
                self.row_ptr(),
                self.col_idx(),
                self.values(),
            )
        }
    }

    /// Borrows a sprs matrix that is stored by rows. O(nnz) for the check of the invariants, no
    /// copy.
    ///
    /// # Errors
    /// [`MatrixError::Layout`] for a matrix stored by columns: its `transpose_view()` is stored by
    /// rows, and for a symmetric matrix the same thing; else use `to_csr()`.
    pub fn from_sprs(a: CsMatViewI<'a, T, I, I>) -> Result<Self, MatrixError> {
        if a.is_csc() {
            return Err(MatrixError::Layout {
                library: "sprs",
                problem: "it is stored by columns; view its `transpose_view()` if you want the transpose, or convert with `to_csr()`",
            });
        }
        let (nrows, ncols) = a.shape();
        let (row_ptr, col_idx, values) = a.into_raw_storage();
        Self::new(nrows, ncols, row_ptr, col_idx, values)
    }
}

/// Conversion from and to nalgebra, whose indices are word-sized: one copy each way.
#[cfg(feature = "nalgebra")]
mod nalgebra {
    use super::*;
    use nalgebra_sparse::CsrMatrix;

    impl<T: Scalar> From<&Csr<T>> for CsrMatrix<T> {
        fn from(a: &Csr<T>) -> Self {
            let wide = |indices: &[u32]| indices.iter().map(|&i| i as usize).collect();
            Self::try_from_csr_data(
                a.nrows(),
                a.ncols(),
                wide(a.row_ptr()),
                wide(a.col_idx()),
                a.values().to_vec(),
            )
            .expect("the invariants of a Csr are those of a CsrMatrix")
        }
    }

    impl<T: Scalar> TryFrom<&CsrMatrix<T>> for Csr<T> {
        type Error = MatrixError;

        fn try_from(a: &CsrMatrix<T>) -> Result<Self, MatrixError> {
            CsrRef::from_nalgebra(a)?.to_owned()
        }
    }

    impl<'a, T: Scalar> CsrRef<'a, T, usize> {
        /// Borrows a nalgebra matrix. O(nnz) for the check of the invariants, no copy.
        ///
        /// # Errors
        /// [`MatrixError`] if it breaks an invariant of [`Csr`].
        pub fn from_nalgebra(a: &'a CsrMatrix<T>) -> Result<Self, MatrixError> {
            let (row_ptr, col_idx, values) = a.csr_data();
            Self::new(a.nrows(), a.ncols(), row_ptr, col_idx, values)
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn nalgebra_there_and_back() {
            let a = Csr::from_triplets(2, 3, [(0, 0, 1.0), (0, 2, 2.0), (1, 1, 3.0)]).unwrap();
            let b = CsrMatrix::from(&a);
            assert_eq!(b.get_entry(0, 2).map(|e| e.into_value()), Some(2.0));
            assert_eq!(Csr::try_from(&b).unwrap(), a);
            let view = CsrRef::from_nalgebra(&b).unwrap();
            assert_eq!(view.values().as_ptr(), b.values().as_ptr());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Complex;
    use sprs::CsMatI;

    fn small<T: Scalar>() -> Csr<T> {
        let t = [(0, 0, 1.0), (0, 2, 2.0), (1, 1, 3.0), (3, 0, -1.0)];
        Csr::from_triplets(4, 3, t.map(|(i, j, v)| (i, j, T::from_f64(v)))).unwrap()
    }

    fn faer_there_and_back<T: Scalar>() {
        let a = small::<T>();
        let f = a.as_faer();
        // the checked constructor is the oracle of the unchecked one: it panics if we are wrong
        SymbolicSparseRowMatRef::new_checked(4, 3, a.row_ptr(), None, a.col_idx());
        assert_eq!(f.val().as_ptr(), a.values().as_ptr());
        let b = CsrRef::from_faer(f).unwrap();
        assert_eq!(b, a.view());
        assert_eq!(b.row_ptr().as_ptr(), a.row_ptr().as_ptr());
        assert_eq!(b.col_idx().as_ptr(), a.col_idx().as_ptr());
        assert_eq!(b.values().as_ptr(), a.values().as_ptr());
    }

    fn sprs_there_and_back<T: Scalar>() {
        let a = small::<T>();
        let s = a.as_sprs();
        assert!(s.check_compressed_structure().is_ok());
        assert_eq!(s.get(0, 2), Some(&T::from_f64(2.0)));
        assert_eq!(s.data().as_ptr(), a.values().as_ptr());
        let b = CsrRef::from_sprs(s).unwrap();
        assert_eq!(b, a.view());
        assert_eq!(b.row_ptr().as_ptr(), a.row_ptr().as_ptr());
        assert_eq!(b.col_idx().as_ptr(), a.col_idx().as_ptr());
    }

    #[test]
    fn views_of_all_scalars_share_memory() {
        faer_there_and_back::<f32>();
        faer_there_and_back::<f64>();
        faer_there_and_back::<Complex<f32>>();
        faer_there_and_back::<Complex<f64>>();
        sprs_there_and_back::<f32>();
        sprs_there_and_back::<Complex<f64>>();
    }

    #[test]
    fn word_sized_matrices_are_viewed_in() {
        let (p, i, v) = ([0usize, 1, 3], [1usize, 0, 1], [1.0, 2.0, 3.0]);
        let f = SparseRowMatRef::new(SymbolicSparseRowMatRef::new_checked(2, 2, &p, None, &i), &v);
        let a = CsrRef::from_faer(f).unwrap();
        assert_eq!(a.values().as_ptr(), v.as_ptr());
        assert_eq!(a.get(1, 0), 2.0);
        let s = CsMatViewI::<f64, usize>::new((2, 2), &p, &i, &v);
        assert_eq!(CsrRef::from_sprs(s).unwrap(), a);
    }

    #[test]
    fn what_cannot_be_viewed_is_refused() {
        let (p, i, v) = ([0u32, 2, 3], [1u32, 0, 1], [1.0, 2.0, 3.0]);
        let unsorted = SymbolicSparseRowMatRef::new_unsorted_checked(2, 2, &p, None, &i);
        assert!(matches!(
            CsrRef::from_faer(SparseRowMatRef::new(unsorted, &v)),
            Err(MatrixError::Unsorted { row: 0, col: 0 })
        ));
        let gaps = SymbolicSparseRowMatRef::new_checked(2, 2, &p, Some(&[1u32, 1]), &[1u32, 9, 1]);
        assert!(matches!(
            CsrRef::from_faer(SparseRowMatRef::new(gaps, &v)),
            Err(MatrixError::Layout {
                library: "faer",
                ..
            })
        ));
        let by_columns = CsMatI::<f64, u32>::eye_csc(3);
        assert!(matches!(
            CsrRef::from_sprs(by_columns.view()),
            Err(MatrixError::Layout {
                library: "sprs",
                ..
            })
        ));
        // the rows of a sprs slice do not start at 0
        let identity = CsMatI::<f64, u32>::eye(3);
        assert!(matches!(
            CsrRef::from_sprs(identity.slice_outer(1..3)),
            Err(MatrixError::RowPtrOrder { row: 0, .. })
        ));
    }
}
