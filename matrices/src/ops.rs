//! Small operations on matrices: triangles, diagonal, norms, sums, dense copies.
//!
//! They prepare and check; the kernels of a solve are elsewhere.

use crate::{Csr, CsrRef, Index, MatrixError, Scalar};
use std::cmp::Ordering;

impl<'a, T: Scalar, I: Index> CsrRef<'a, T, I> {
    /// The order of a square matrix.
    ///
    /// # Errors
    /// [`MatrixError::NotSquare`].
    pub fn square(&self) -> Result<usize, MatrixError> {
        match (self.nrows(), self.ncols()) {
            (n, m) if n == m => Ok(n),
            (nrows, ncols) => Err(MatrixError::NotSquare { nrows, ncols }),
        }
    }

    /// The stored entries `(row, column, value)`, row by row.
    pub fn triplets(&self) -> impl Iterator<Item = (usize, usize, T)> + Clone + use<'a, T, I> {
        let a = *self;
        (0..a.nrows()).flat_map(move |i| a.row_iter(i).map(move |(j, v)| (i, j, v)))
    }

    /// d_i = a_ii, 0 where nothing is stored. Allocates nothing; O(n log(longest row)).
    ///
    /// # Errors
    /// [`MatrixError::Length`] unless `d` has min(rows, columns) elements.
    pub fn diagonal(&self, d: &mut [T]) -> Result<(), MatrixError> {
        let n = self.nrows().min(self.ncols());
        if d.len() != n {
            return Err(MatrixError::Length {
                what: "diagonal",
                expected: n,
                got: d.len(),
            });
        }
        for (i, d) in d.iter_mut().enumerate() {
            *d = self.get(i, i);
        }
        Ok(())
    }

    /// ‖A‖_∞ = maxᵢ Σⱼ |a_ij|. NaN if an entry is.
    pub fn norm_inf(&self) -> T::Real {
        let mut norm = T::Real::ZERO;
        for i in 0..self.nrows() {
            let sum: T::Real = self.row(i).1.iter().map(|v| v.abs()).sum();
            match sum.partial_cmp(&norm) {
                Some(Ordering::Greater) => norm = sum,
                None => return sum, // NaN
                _ => {}
            }
        }
        norm
    }

    /// ‖A‖_F = (Σ |a_ij|²)^½, summed in double precision.
    pub fn norm_fro(&self) -> T::Real {
        let square = |v: &T| {
            let c = v.to_c64();
            c.re * c.re + c.im * c.im
        };
        T::Real::from_f64(self.values().iter().map(square).sum::<f64>().sqrt())
    }

    /// y = A x, one row after the other: for setting up right-hand sides and for checks.
    ///
    /// # Errors
    /// [`MatrixError::Length`].
    pub fn mul_vec(&self, x: &[T], y: &mut [T]) -> Result<(), MatrixError> {
        let lengths = [("x", self.ncols(), x.len()), ("y", self.nrows(), y.len())];
        for (what, expected, got) in lengths {
            if expected != got {
                return Err(MatrixError::Length {
                    what,
                    expected,
                    got,
                });
            }
        }
        for (i, y) in y.iter_mut().enumerate() {
            *y = self.row_iter(i).map(|(j, a)| a * x[j]).sum();
        }
        Ok(())
    }

    /// All entries, zeros included, in column-major order: for small matrices and tests.
    pub fn to_dense(&self) -> Vec<T> {
        let mut dense = vec![T::ZERO; self.nrows() * self.ncols()];
        for (i, j, v) in self.triplets() {
            dense[i + j * self.nrows()] = v;
        }
        dense
    }
}

impl<T: Scalar> CsrRef<'_, T, u32> {
    /// The lower triangle, the diagonal included. O(nnz).
    pub fn lower(&self) -> Csr<T> {
        self.filter(|i, j| j <= i)
    }

    /// The upper triangle, the diagonal included. O(nnz).
    pub fn upper(&self) -> Csr<T> {
        self.filter(|i, j| j >= i)
    }

    /// The entries at the places `keep(row, column)` says. O(nnz).
    pub fn filter(&self, keep: impl Fn(usize, usize) -> bool) -> Csr<T> {
        let mut row_ptr = Vec::with_capacity(self.nrows() + 1);
        // memory that is not written to costs nothing
        let mut col_idx = Vec::with_capacity(self.nnz());
        let mut values = Vec::with_capacity(self.nnz());
        row_ptr.push(0);
        for i in 0..self.nrows() {
            for (j, v) in self.row_iter(i).filter(|&(j, _)| keep(i, j)) {
                col_idx.push(j as u32);
                values.push(v);
            }
            row_ptr.push(col_idx.len() as u32);
        }
        col_idx.shrink_to_fit();
        values.shrink_to_fit();
        Csr::trusted(self.nrows(), self.ncols(), row_ptr, col_idx, values)
    }

    /// αA + βB. Entries that cancel stay as zeros. O(nnz of both).
    ///
    /// # Errors
    /// [`MatrixError::Shapes`], [`MatrixError::TooLarge`].
    pub fn add(&self, alpha: T, b: CsrRef<'_, T, u32>, beta: T) -> Result<Csr<T>, MatrixError> {
        let (left, right) = ((self.nrows(), self.ncols()), (b.nrows(), b.ncols()));
        if left != right {
            return Err(MatrixError::Shapes { left, right });
        }
        let ours = self.triplets().map(|(i, j, v)| (i, j, alpha * v));
        let theirs = b.triplets().map(|(i, j, v)| (i, j, beta * v));
        Csr::from_triplets(left.0, left.1, ours.chain(theirs))
    }
}

impl<T: Scalar> Csr<T> {
    /// A ← D₁ A D₂ with the diagonal matrices of `rows` and `cols`. Allocates nothing; with
    /// `rows` = `cols`, what was symmetric or Hermitian stays so, bit for bit.
    ///
    /// # Errors
    /// [`MatrixError::Length`].
    pub fn scale(&mut self, rows: &[T::Real], cols: &[T::Real]) -> Result<(), MatrixError> {
        let lengths = [
            ("row scales", self.nrows(), rows.len()),
            ("column scales", self.ncols(), cols.len()),
        ];
        for (what, expected, got) in lengths {
            if expected != got {
                return Err(MatrixError::Length {
                    what,
                    expected,
                    got,
                });
            }
        }
        for i in 0..self.nrows() {
            for k in self.row_range(i) {
                let j = self.col_idx()[k] as usize;
                let v = &mut self.values_mut()[k];
                *v = v.scale(rows[i] * cols[j]);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Complex;

    fn small() -> Csr<f64> {
        let t = [(0, 0, 1.0), (0, 2, -2.0), (1, 1, 3.0), (2, 0, 4.0)];
        Csr::from_triplets(3, 3, t).unwrap()
    }

    #[test]
    fn parts_and_norms() {
        let a = small();
        let mut d = [9.0; 3];
        a.view().diagonal(&mut d).unwrap();
        assert_eq!(d, [1.0, 3.0, 0.0]);
        assert!(a.view().diagonal(&mut d[..2]).is_err());
        assert_eq!(a.view().norm_inf(), 4.0);
        assert_eq!(a.view().norm_fro(), 30f64.sqrt());
        assert_eq!(a.view().lower().nnz(), 3);
        assert_eq!(a.view().upper().values(), [1.0, -2.0, 3.0]);
        let dense = [1.0, 0.0, 4.0, 0.0, 3.0, 0.0, -2.0, 0.0, 0.0];
        assert_eq!(a.view().to_dense(), dense);
        let back = Csr::from_triplets(3, 3, a.view().triplets()).unwrap();
        assert_eq!(back, a);
    }

    #[test]
    fn norms_do_not_hide_what_is_not_finite() {
        let mut a = small();
        a.values_mut()[0] = f64::NAN;
        assert!(a.view().norm_inf().is_nan() && a.view().norm_fro().is_nan());
        let big = Complex::new(0.0f32, 2e30);
        let b = Csr::from_triplets(1, 1, [(0, 0, big)]).unwrap();
        assert_eq!(b.view().norm_fro(), 2e30);
    }

    #[test]
    fn sums_and_scales() {
        let a = small();
        let b = Csr::<f64>::identity(3).unwrap();
        let c = a.view().add(2.0, b.view(), -2.0).unwrap();
        assert_eq!(c.view().get(0, 0), 0.0);
        assert_eq!(c.view().get(2, 0), 8.0);
        assert_eq!(c.nnz(), 5);
        assert!(matches!(
            a.view().add(1.0, Csr::identity(2).unwrap().view(), 1.0),
            Err(MatrixError::Shapes { .. })
        ));
        let mut s = a;
        s.scale(&[1.0, 2.0, 3.0], &[5.0, 1.0, 10.0]).unwrap();
        assert_eq!(s.values(), [5.0, -20.0, 6.0, 60.0]);
        assert!(s.scale(&[1.0], &[1.0; 3]).is_err());
    }
}
