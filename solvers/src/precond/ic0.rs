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

use super::triangular::{Factors, Form, Pattern, TriangularPair, Upper};
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
            form: Form::Cholesky,
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
mod tests;
