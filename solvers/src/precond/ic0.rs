//! IC(0): incomplete Cholesky, M = L Lᴴ with the pattern of tril(A).
//!
//! Row by row, for the stored entries of tril(A) only:
//!   lᵢₖ = (aᵢₖ − Σ_{j<k} lᵢⱼ l̄ₖⱼ)/lₖₖ        lᵢᵢ = √(aᵢᵢ − Σ_{j<i} |lᵢⱼ|²)
//! For M-matrices and other H-matrices every pivot is positive. Elsewhere one may fail; then the
//! factorisation is begun again for A + σ·diag(A) with σ = `shift_start`, 4·`shift_start`, …, until
//! it passes (Manteuffel). [`Ic0::shift`] tells the σ in use.
//!
//! | setup | O(Σᵢ Σ_{k∈row i} nnz(row k)) flops | apply | 2·nnz(A) flops | memory | tril(A) by rows and twice more, 8 bytes per entry of it, and 2 vectors |
//!
//! - J. A. Meijerink, H. A. van der Vorst, Math. Comp. 31:148–162, 1977,
//!   doi:10.1090/S0025-5718-1977-0438681-4.
//! - T. A. Manteuffel, Math. Comp. 34:473–497, 1980, doi:10.1090/S0025-5718-1980-0559197-0.

use super::triangular::{Factors, Pattern, TriangularPair, Upper};
use super::{Linearity, PrecondError, Preconditioner};
use crate::LinearOperator;
use resolvent_matrices::{Csr, CsrRef, MatrixError, Real, Scalar, TransposePlan};

const NAME: &str = "ic0";

/// Configuration of [`Ic0`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ic0Config {
    /// First shift σ tried when a pivot fails (> 0).
    pub shift_start: f64,
    /// Shifts tried, each four times the one before, until the matrix is refused.
    pub max_tries: usize,
    /// Store the factor with half the bits (`f64` → `f32`): half the memory traffic, still exactly
    /// linear and positive definite; a few more iterations at most.
    pub low_precision: bool,
}

impl Default for Ic0Config {
    /// σ from 10⁻³ on, 16 tries, full precision.
    fn default() -> Self {
        Self {
            shift_start: 1e-3,
            max_tries: 16,
            low_precision: false,
        }
    }
}

/// The incomplete Cholesky factor of a Hermitian matrix with a positive diagonal. Only the lower
/// triangle of A is read.
#[derive(Debug, Clone)]
pub struct Ic0<T: Scalar> {
    config: Ic0Config,
    /// Strict lower triangle of L, natural order.
    lower: Csr<T>,
    plan: TransposePlan,
    /// 1/lᵢᵢ.
    inverse: Vec<T>,
    /// Where in L the entry of a column stands, for the row at hand.
    marker: Vec<u32>,
    solves: TriangularPair<T>,
    shift: f64,
}

impl<T: Scalar> Ic0<T> {
    /// Factorises the lower triangle of A.
    ///
    /// # Errors
    /// [`PrecondError::Diagonal`] where the diagonal is not real and positive,
    /// [`PrecondError::Pivot`] if no shift helps, [`PrecondError::NeedsEntries`].
    pub fn new(a: &dyn LinearOperator<T>, config: Ic0Config) -> Result<Self, PrecondError> {
        if config.shift_start.is_nan() || config.shift_start <= 0.0 {
            return Err(PrecondError::Config {
                precond: NAME,
                problem: format!(
                    "shift_start is {}, a positive number is needed",
                    config.shift_start
                ),
            });
        }
        let csr = a
            .as_csr()
            .ok_or(PrecondError::NeedsEntries { precond: NAME })?;
        let csr = csr.to_u32()?;
        let n = csr.view().square()?;
        let lower = csr.view().filter(|i, j| j < i);
        let plan = TransposePlan::new(lower.view());
        let below = Pattern {
            ptr: lower.row_ptr(),
            col: lower.col_idx(),
        };
        let above = Pattern {
            ptr: plan.row_ptr(),
            col: plan.col_idx(),
        };
        let mut ic0 = Self {
            config,
            solves: TriangularPair::new(below, above, config.low_precision),
            inverse: vec![T::ZERO; n],
            marker: vec![u32::MAX; n],
            lower,
            plan,
            shift: 0.0,
        };
        ic0.factorize(csr.view())?;
        Ok(ic0)
    }

    /// The shift σ that the factorisation needed; 0 if none.
    pub fn shift(&self) -> f64 {
        self.shift
    }

    /// Reads A, whose lower triangle has the prepared pattern, and factorises it.
    fn factorize(&mut self, a: CsrRef<'_, T, u32>) -> Result<(), PrecondError> {
        self.check(a)?;
        self.shift = 0.0;
        let mut first_failure = None;
        for _ in 0..=self.config.max_tries {
            match self.attempt(a) {
                Ok(()) => {
                    self.finish();
                    return Ok(());
                }
                Err((row, pivot)) => {
                    first_failure.get_or_insert((row, pivot));
                    self.shift = self.config.shift_start.max(self.shift * 4.0);
                }
            }
        }
        self.shift = 0.0;
        let (row, pivot) = first_failure.unwrap_or_default();
        Err(PrecondError::Pivot {
            precond: NAME,
            row,
            found: pivot.to_string(),
            hint: "; no diagonal shift helped: the matrix may be far from positive definite, use minres or gmres with ilut",
        })
    }

    /// Whether A has the prepared pattern and a diagonal that can be used.
    fn check(&self, a: CsrRef<'_, T, u32>) -> Result<(), PrecondError> {
        for i in 0..a.nrows() {
            let (cols, values) = a.row(i);
            let below = &self.lower.col_idx()[self.lower.row_range(i)];
            if cols.get(..below.len()) != Some(below)
                || cols.get(below.len()).is_some_and(|&j| (j as usize) < i)
            {
                return Err(PrecondError::Matrix(MatrixError::PatternDiffers {
                    what: "the lower triangle is not the one that was prepared".to_owned(),
                }));
            }
            let d = match cols.get(below.len()) {
                Some(&j) if j as usize == i => values[below.len()],
                _ => T::ZERO,
            };
            let positive = d.re() > T::Real::ZERO && d.im() == T::Real::ZERO;
            if !positive || !d.is_finite() {
                return Err(PrecondError::Diagonal {
                    precond: NAME,
                    row: i,
                    found: d.to_string(),
                    needed: "a positive real number",
                });
            }
        }
        Ok(())
    }

    /// The factorisation of a checked A with the present shift; on failure the row and its pivot.
    fn attempt(&mut self, a: CsrRef<'_, T, u32>) -> Result<(), (usize, f64)> {
        let n = self.inverse.len();
        let grow = T::Real::from_f64(1.0 + self.shift);
        let (ptr, col, l) = self.lower.pattern_and_values_mut();
        self.marker.fill(u32::MAX);
        for i in 0..n {
            let row = ptr[i] as usize..ptr[i + 1] as usize;
            for k in row.clone() {
                self.marker[col[k] as usize] = k as u32;
            }
            let entries = a.row(i).1; // those below the diagonal, it, and the rest
            let scaled = entries[row.len()].re() * grow;
            let mut pivot = scaled;
            for k in row.clone() {
                let c = col[k] as usize;
                let mut sum = entries[k - row.start];
                for j in ptr[c] as usize..ptr[c + 1] as usize {
                    let at = self.marker[col[j] as usize];
                    if at != u32::MAX {
                        sum -= l[at as usize] * l[j].conj(); // lᵢⱼ l̄ₖⱼ
                    }
                }
                l[k] = sum * self.inverse[c];
                pivot -= l[k].abs2();
            }
            for k in row {
                self.marker[col[k] as usize] = u32::MAX;
            }
            let positive = pivot > scaled * T::Real::EPSILON; // false for NaN
            if !positive || !pivot.is_finite() {
                return Err((i, pivot.to_f64()));
            }
            self.inverse[i] = T::from_real(T::Real::ONE / pivot.sqrt());
        }
        Ok(())
    }

    /// Hands the factor to the triangular solves.
    fn finish(&mut self) {
        let Self {
            lower,
            plan,
            inverse,
            solves,
            ..
        } = self;
        let below = Pattern {
            ptr: lower.row_ptr(),
            col: lower.col_idx(),
        };
        let above = Pattern {
            ptr: plan.row_ptr(),
            col: plan.col_idx(),
        };
        solves.fill(Factors {
            lower: (below, lower.values()),
            upper: (above, Upper::Adjoint(plan.source(), lower.values())),
            inverse,
            unit_lower: false,
        });
    }
}

impl<T: Scalar> Preconditioner<T> for Ic0<T> {
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
        let a = a
            .as_csr()
            .ok_or(PrecondError::NeedsEntries { precond: NAME })?;
        let a = a.to_u32()?;
        match self.factorize(a.view()) {
            Err(PrecondError::Matrix(_)) => {
                *self = Self::new(&a.view(), self.config)?; // another pattern: from the start
                Ok(())
            }
            other => other,
        }
    }

    fn apply(&mut self, r: &[T], z: &mut [T]) -> Result<(), PrecondError> {
        self.solves.solve(r, z); // z = L⁻ᴴ L⁻¹ r
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
        Linearity::FixedHpd
    }

    fn bytes(&self) -> usize {
        self.solves.bytes()
            + self.lower.nnz() * (size_of::<T>() + 12)
            + self.inverse.len() * (size_of::<T>() + 12)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Cg, CgConfig, Solver, System};
    use resolvent_matrices::generate::{MagneticLaplacian, Poisson, random_vector};
    use resolvent_matrices::{Complex, Grid};

    fn apply<T: Scalar>(m: &mut dyn Preconditioner<T>, r: &[T]) -> Vec<T> {
        let mut z = vec![T::ZERO; r.len()];
        m.apply(r, &mut z).unwrap();
        z
    }

    /// On a tridiagonal matrix nothing fills in: IC(0) is Cholesky and M⁻¹ = A⁻¹.
    fn exact_without_fill<T: Scalar>(tolerance: f64) {
        let n = 50;
        let off = T::from_c64(Complex::new(-0.8, 0.5));
        let entries = (0..n).flat_map(|i| {
            let row = [
                (i, i, T::from_f64(2.5)),
                (i, i + 1, off),
                (i + 1, i, off.conj()),
            ];
            row.into_iter().filter(move |e| e.0 < n && e.1 < n)
        });
        let a = Csr::from_triplets(n, n, entries).unwrap();
        let x = random_vector::<T>(n, 1);
        let mut b = vec![T::ZERO; n];
        a.view().mul_vec(&x, &mut b).unwrap();
        let mut m = Ic0::new(&a, Ic0Config::default()).unwrap();
        for (x, z) in x.iter().zip(apply(&mut m, &b)) {
            assert!((*x - z).abs().to_f64() < tolerance, "{x} {z}");
        }
        assert_eq!(m.shift(), 0.0);
    }

    #[test]
    fn is_cholesky_where_nothing_fills_in() {
        exact_without_fill::<f64>(1e-13);
        exact_without_fill::<f32>(1e-5);
        exact_without_fill::<Complex<f64>>(1e-13);
        exact_without_fill::<Complex<f32>>(1e-5);
    }

    /// M = L Lᴴ agrees with A on the pattern of A, which is what defines IC(0).
    #[test]
    fn reproduces_a_on_its_pattern() {
        let a = MagneticLaplacian::default()
            .generate::<Complex<f64>>()
            .unwrap()
            .matrix;
        let m = Ic0::new(&a, Ic0Config::default()).unwrap();
        let n = a.nrows();
        let l = |i: usize, j: usize| {
            if i == j {
                Complex::new(1.0, 0.0) / m.inverse[i]
            } else {
                m.lower.view().get(i, j)
            }
        };
        for (i, j, v) in a.view().triplets().filter(|t| t.1 <= t.0) {
            let product: Complex<f64> = (0..=j).map(|k| l(i, k) * l(j, k).conj()).sum();
            assert!((product - v).norm() < 1e-12, "({i}, {j}) of {n}");
        }
    }

    /// Kershaw's matrix is positive definite and its third pivot is negative.
    #[test]
    fn shifts_when_a_pivot_fails() {
        let rows = [
            [3.0, -2.0, 0.0, 2.0],
            [-2.0, 3.0, -2.0, 0.0],
            [0.0, -2.0, 3.0, -2.0],
            [2.0, 0.0, -2.0, 3.0],
        ];
        let entries = (0..16)
            .map(|k| (k / 4, k % 4, rows[k / 4][k % 4]))
            .filter(|e| e.2 != 0.0);
        let a = Csr::from_triplets(4, 4, entries).unwrap();
        let mut m = Ic0::new(&a, Ic0Config::default()).unwrap();
        assert!(m.shift() > 0.0);
        assert!(
            apply(&mut m, &[1.0, 2.0, 3.0, 4.0])
                .iter()
                .all(|z| z.is_finite())
        );
        let none = Ic0Config {
            max_tries: 0,
            ..Ic0Config::default()
        };
        assert!(matches!(
            Ic0::new(&a, none),
            Err(PrecondError::Pivot { .. })
        ));
    }

    #[test]
    fn wants_a_positive_diagonal() {
        let a = Csr::from_triplets(2, 2, [(0, 0, 1.0), (1, 0, 1.0), (0, 1, 1.0)]).unwrap();
        assert!(matches!(
            Ic0::new(&a, Ic0Config::default()),
            Err(PrecondError::Diagonal { row: 1, .. })
        ));
    }

    #[test]
    fn cuts_the_iterations_of_cg_in_full_and_half_precision() {
        let p = Poisson {
            grid: Grid::new(40, 40, 1),
            ..Poisson::default()
        }
        .generate::<f64>()
        .unwrap();
        let n = p.matrix.nrows();
        let b = random_vector::<f64>(n, 3);
        let iterations = |m: &mut dyn Preconditioner<f64>| {
            let mut x = vec![0.0; n];
            let mut cg = Cg::new(n, CgConfig::default());
            let report = cg
                .solve(System::new(&p.matrix, &b, m), &mut x, &mut ())
                .unwrap();
            assert!(report.converged());
            report.iterations
        };
        let plain = iterations(&mut super::super::Identity);
        let full = iterations(&mut Ic0::new(&p.matrix, Ic0Config::default()).unwrap());
        let half = Ic0Config {
            low_precision: true,
            ..Ic0Config::default()
        };
        let half = iterations(&mut Ic0::new(&p.matrix, half).unwrap());
        assert!(full * 2 < plain, "{full} {plain}");
        assert!(half.abs_diff(full) <= 2, "{half} {full}");
    }

    #[test]
    fn new_values_and_new_patterns_are_taken() {
        let p = Poisson {
            grid: Grid::new(20, 20, 1),
            ..Poisson::default()
        }
        .generate::<f64>()
        .unwrap()
        .matrix;
        let mut twice = p.clone();
        twice.values_mut().iter_mut().for_each(|v| *v *= 2.0);
        let r = random_vector::<f64>(p.nrows(), 4);
        let mut m = Ic0::new(&p, Ic0Config::default()).unwrap();
        let z = apply(&mut m, &r);
        m.update(&twice).unwrap();
        for (a, b) in z.iter().zip(apply(&mut m, &r)) {
            assert!((a - 2.0 * b).abs() < 1e-14);
        }
        m.update(&Csr::identity(p.nrows()).unwrap()).unwrap();
        assert_eq!(apply(&mut m, &r), r);
        assert!(m.update(&Csr::identity(3).unwrap()).is_err());
    }
}
