//! ILU(0): incomplete LU, M = L U with the pattern of A, L with unit diagonal.
//!
//! Row by row, for the stored entries only (and the diagonal, stored or not):
//!   lᵢₖ = (aᵢₖ − Σ_{j<k} lᵢⱼ uⱼₖ)/uₖₖ, k < i        uᵢₖ = aᵢₖ − Σ_{j<i} lᵢⱼ uⱼₖ, k ≥ i
//! For M-matrices no pivot vanishes. Elsewhere one may: by default a pivot that is exactly zero or
//! not finite is an error, and tiny ones are used as they are. With [`Ilu0Config::pivot_floor`] φ, a
//! pivot below φ·maxⱼ|aᵢⱼ| is replaced by that number, its phase kept; [`Ilu0::replaced_pivots`]
//! tells how many were.
//!
//! | setup | O(Σᵢ Σ_{k∈row i} nnz(row k)) flops | apply | 2·nnz(A) flops | memory | A twice, and 4 vectors |
//!
//! - J. A. Meijerink, H. A. van der Vorst, Math. Comp. 31:148–162, 1977,
//!   doi:10.1090/S0025-5718-1977-0438681-4.
//! - Y. Saad, Iterative Methods for Sparse Linear Systems, 2nd ed., SIAM, 2003, section 10.3,
//!   doi:10.1137/1.9780898718003.

use super::pivot::{Pivots, row_size};
use super::triangular::{Factors, Form, TriangularPair, Upper};
use super::{Linearity, PrecondError, Preconditioner, pattern};
use crate::LinearOperator;
use resolvent_matrices::{Csr, CsrRef, MatrixError, Scalar};

const NAME: &str = "ilu0";

/// Configuration of [`Ilu0`].
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Ilu0Config {
    /// Replace pivots smaller than this times the largest entry of the row of A; in (0, 1]. `None`
    /// (the default): refuse a zero pivot.
    pub pivot_floor: Option<f64>,
    /// Store the factors with half the bits (`f64` → `f32`): half the memory traffic, still
    /// exactly linear.
    pub low_precision: bool,
}

/// The incomplete LU factors of a square matrix on its own pattern.
#[derive(Debug, Clone)]
pub struct Ilu0<T: Scalar> {
    config: Ilu0Config,
    pivots: Pivots,
    /// Strict triangles of the factors, natural order.
    lower: Csr<T>,
    upper: Csr<T>,
    /// 1/uᵢᵢ.
    inverse: Vec<T>,
    /// The row at hand by column, and the last row in which each column occurred.
    work: Vec<T>,
    seen: Vec<u32>,
    solves: TriangularPair<T>,
}

impl<T: Scalar> Ilu0<T> {
    /// Factorises A.
    ///
    /// # Errors
    /// [`PrecondError::Pivot`] on a pivot that cannot be used, [`PrecondError::Failed`] on entries
    /// that are not finite, [`PrecondError::NeedsEntries`], [`PrecondError::Config`],
    /// [`PrecondError::Matrix`] if A is not square.
    pub fn new(a: &dyn LinearOperator<T>, config: Ilu0Config) -> Result<Self, PrecondError> {
        let csr = a
            .as_csr()
            .ok_or(PrecondError::NeedsEntries { precond: NAME })?;
        let csr = csr.to_u32()?;
        let n = csr.view().square()?;
        let lower = csr.view().filter(|i, j| j < i);
        let upper = csr.view().filter(|i, j| j > i);
        let mut ilu0 = Self {
            config,
            pivots: Pivots::new(NAME, config.pivot_floor)?,
            solves: TriangularPair::new(pattern(&lower), pattern(&upper), config.low_precision),
            lower,
            upper,
            inverse: vec![T::ZERO; n],
            work: vec![T::ZERO; n],
            seen: vec![u32::MAX; n],
        };
        ilu0.factorize(csr.view())?;
        Ok(ilu0)
    }

    /// Pivots that were replaced; 0 without a [`Ilu0Config::pivot_floor`].
    pub fn replaced_pivots(&self) -> usize {
        self.pivots.replaced
    }

    /// Factorises a matrix of the prepared pattern.
    fn factorize(&mut self, a: CsrRef<'_, T, u32>) -> Result<(), PrecondError> {
        self.pivots.restart();
        self.seen.fill(u32::MAX);
        for i in 0..a.nrows() {
            self.row(a, i)?;
        }
        self.solves.fill(Factors {
            lower: (pattern(&self.lower), self.lower.values()),
            upper: (pattern(&self.upper), Upper::Values(self.upper.values())),
            inverse: &self.inverse,
            form: Form::Lu,
        });
        Ok(())
    }

    fn row(&mut self, a: CsrRef<'_, T, u32>, i: usize) -> Result<(), PrecondError> {
        let (cols, values) = a.row(i);
        let below = cols.partition_point(|&j| (j as usize) < i);
        let stored = cols.get(below).is_some_and(|&j| j as usize == i);
        let above = below + usize::from(stored);
        let (left, right) = (self.lower.row_range(i), self.upper.row_range(i));
        if self.lower.col_idx()[left.clone()] != cols[..below]
            || self.upper.col_idx()[right.clone()] != cols[above..]
        {
            return Err(PrecondError::Matrix(MatrixError::PatternDiffers {
                what: format!("row {i} (counted from 0) is not the one that was prepared"),
            }));
        }
        let size = row_size(NAME, i, values)?;
        let (work, seen) = (&mut self.work, &mut self.seen);
        work[i] = T::ZERO;
        seen[i] = i as u32;
        for (&j, &v) in cols.iter().zip(values) {
            work[j as usize] = v;
            seen[j as usize] = i as u32;
        }
        for &k in &cols[..below] {
            let k = k as usize;
            let l = work[k] * self.inverse[k];
            work[k] = l; // lᵢₖ
            let row = self.upper.row_range(k);
            let entries = self.upper.col_idx()[row.clone()]
                .iter()
                .zip(&self.upper.values()[row]);
            for (&j, &u) in entries {
                if seen[j as usize] == i as u32 {
                    work[j as usize] -= l * u; // aᵢⱼ − lᵢₖ uₖⱼ
                }
            }
        }
        self.inverse[i] = self.pivots.invert(i, work[i], size)?;
        for (l, &j) in self.lower.values_mut()[left].iter_mut().zip(&cols[..below]) {
            *l = work[j as usize];
        }
        for (u, &j) in self.upper.values_mut()[right]
            .iter_mut()
            .zip(&cols[above..])
        {
            *u = work[j as usize];
        }
        Ok(())
    }
}

impl<T: Scalar> Preconditioner<T> for Ilu0<T> {
    fn name(&self) -> &'static str {
        NAME
    }

    fn update(&mut self, a: &dyn LinearOperator<T>) -> Result<(), PrecondError> {
        if a.nrows() != self.inverse.len() {
            return Err(PrecondError::Shape {
                precond: NAME,
                expected: self.inverse.len(),
                got: a.nrows(),
            });
        }
        let csr = a
            .as_csr()
            .ok_or(PrecondError::NeedsEntries { precond: NAME })?;
        let csr = csr.to_u32()?;
        csr.view().square()?;
        match self.factorize(csr.view()) {
            Err(PrecondError::Matrix(_)) => {
                *self = Self::new(&csr.view(), self.config)?; // another pattern: from the start
                Ok(())
            }
            other => other,
        }
    }

    fn apply(&mut self, r: &[T], z: &mut [T]) -> Result<(), PrecondError> {
        self.solves.solve(r, z); // z = U⁻¹ L⁻¹ r
        Ok(())
    }

    fn apply_many(
        &mut self,
        _: usize,
        columns: &[usize],
        r: &[T],
        z: &mut [T],
    ) -> Result<(), PrecondError> {
        self.solves.solve_many(columns, r, z);
        Ok(())
    }

    fn linearity(&self) -> Linearity {
        Linearity::Fixed
    }

    fn bytes(&self) -> usize {
        let n = self.inverse.len();
        self.solves.bytes()
            + (self.lower.nnz() + self.upper.nnz()) * (size_of::<T>() + 4)
            + n * (2 * size_of::<T>() + 12)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::precond::testing::{apply, close, iterations, tridiagonal};
    use resolvent_matrices::Complex;
    use resolvent_matrices::generate::{ConvectionDiffusion, random_vector, zoo};

    fn exact_without_fill<T: Scalar>(tolerance: f64) {
        let a = tridiagonal::<T>(50, Complex::new(-0.8, 0.5), Complex::new(-0.3, 0.2));
        let x = random_vector::<T>(50, 1);
        let mut b = vec![T::ZERO; 50];
        a.view().mul_vec(&x, &mut b).unwrap();
        let mut m = Ilu0::new(&a, Ilu0Config::default()).unwrap();
        close(&apply(&mut m, &b), &x, tolerance);
        assert_eq!(m.replaced_pivots(), 0);
    }

    #[test]
    fn is_lu_where_nothing_fills_in() {
        exact_without_fill::<f64>(1e-13);
        exact_without_fill::<f32>(1e-5);
        exact_without_fill::<Complex<f64>>(1e-13);
        exact_without_fill::<Complex<f32>>(1e-5);
    }

    /// L U agrees with A on the pattern of A, which is what defines ILU(0).
    #[test]
    fn reproduces_a_on_its_pattern() {
        for p in zoo::<Complex<f64>>().unwrap() {
            let (a, n) = (&p.matrix, p.matrix.nrows());
            let m = Ilu0::new(a, Ilu0Config::default()).unwrap();
            let upper = |k: usize, j: usize| match k == j {
                true => Complex::new(1.0, 0.0) / m.inverse[k],
                false => m.upper.view().get(k, j),
            };
            for (i, j, v) in a.view().triplets() {
                let below = m.lower.view();
                let mut product: Complex<f64> =
                    below.row_iter(i).map(|(k, l)| l * upper(k, j)).sum();
                product += upper(i, j);
                let size = a
                    .view()
                    .row(i)
                    .1
                    .iter()
                    .map(|v| v.norm())
                    .fold(0.0, f64::max);
                assert!(
                    (product - v).norm() < 1e-10 * size,
                    "{}: ({i}, {j}) of {n}",
                    p.name
                );
            }
        }
    }

    #[test]
    fn zero_pivots_are_refused_or_replaced() {
        // the diagonal of row 0 is not stored
        let a = Csr::from_triplets(2, 2, [(0, 1, 2.0), (1, 0, 2.0), (1, 1, 1.0)]).unwrap();
        assert!(matches!(
            Ilu0::new(&a, Ilu0Config::default()),
            Err(PrecondError::Pivot { row: 0, .. })
        ));
        let floor = |f| Ilu0Config {
            pivot_floor: Some(f),
            ..Ilu0Config::default()
        };
        let mut m = Ilu0::new(&a, floor(0.5)).unwrap();
        assert_eq!(m.replaced_pivots(), 1);
        // M = [1 2; 2 1]
        close(&apply(&mut m, &[3.0, 3.0]), &[1.0, 1.0], 1e-15);
        assert!(matches!(
            Ilu0::new(&a, floor(0.0)),
            Err(PrecondError::Config { .. })
        ));
        let zero_row = Csr::from_triplets(2, 2, [(1, 1, 1.0)]).unwrap();
        assert!(matches!(
            Ilu0::new(&zero_row, floor(0.5)),
            Err(PrecondError::Pivot { row: 0, .. })
        ));
        let nan = Csr::from_triplets(1, 1, [(0, 0, f64::NAN)]).unwrap();
        assert!(matches!(
            Ilu0::new(&nan, floor(0.5)),
            Err(PrecondError::Failed { .. })
        ));
    }

    #[test]
    fn cuts_the_iterations_of_gmres_in_full_and_half_precision() {
        let p = ConvectionDiffusion::default().generate::<f64>().unwrap();
        let a = &p.matrix;
        let plain = iterations(a, &mut super::super::Identity);
        let full = iterations(a, &mut Ilu0::new(a, Ilu0Config::default()).unwrap());
        let half = Ilu0Config {
            low_precision: true,
            ..Ilu0Config::default()
        };
        let half = iterations(a, &mut Ilu0::new(a, half).unwrap());
        assert!(full * 2 < plain, "{full} {plain}");
        assert!(half.abs_diff(full) <= 2, "{half} {full}");
    }

    #[test]
    fn new_values_and_new_patterns_are_taken() {
        let a = ConvectionDiffusion::default()
            .generate::<f64>()
            .unwrap()
            .matrix;
        let mut m = Ilu0::new(&a, Ilu0Config::default()).unwrap();
        crate::precond::testing::updates(&mut m, &a, 2.0, 1e-13);
    }
}
