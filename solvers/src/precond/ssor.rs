//! SSOR: a forward and a backward sweep of successive over-relaxation, without a factorisation.
//!
//! With A = D + L + U (diagonal, strict triangles) and 0 < ω < 2:
//!   M = (D + ωL) D⁻¹ (D + ωU) / (ω(2 − ω))
//! For a Hermitian A with a positive diagonal M is Hermitian positive definite. ω = 1 is symmetric
//! Gauss–Seidel. The sweeps run in the natural order of the rows, whatever order they are done in
//! (see [`triangular`](super::triangular)): another order would be another, worse M. A new ω costs a
//! pass over the entries, [`Ssor::set_omega`].
//!
//! | setup | 2·nnz(A) flops | apply | 2·nnz(A) flops | memory | A twice, 2 vectors and 4n |
//!
//! - D. M. Young, Iterative Solution of Large Linear Systems, Academic Press, 1971, ch. 15.
//! - O. Axelsson, A generalized SSOR method, BIT 12:443–467, 1972, doi:10.1007/BF01932955.

use super::triangular::{Factors, Form, TriangularPair, Upper};
use super::{Linearity, PrecondError, Preconditioner, pattern};
use crate::LinearOperator;
use resolvent_matrices::{Csr, CsrRef, MatrixError, Scalar};

const NAME: &str = "ssor";

/// Configuration of [`Ssor`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SsorConfig {
    /// Relaxation ω, in (0, 2).
    pub omega: f64,
    /// Store the entries with half the bits (`f64` → `f32`): half the memory traffic, still
    /// exactly linear.
    pub low_precision: bool,
}

impl Default for SsorConfig {
    /// ω = 1, symmetric Gauss–Seidel, in full precision.
    fn default() -> Self {
        Self {
            omega: 1.0,
            low_precision: false,
        }
    }
}

/// The sweeps of a square matrix whose diagonal has no zero.
#[derive(Debug, Clone)]
pub struct Ssor<T: Scalar> {
    config: SsorConfig,
    /// Strict triangles of A.
    lower: Csr<T>,
    upper: Csr<T>,
    /// 1/aᵢᵢ.
    inverse: Vec<T>,
    definite: bool,
    /// For each row of the upper triangle, the first entry not seen yet.
    next: Vec<u32>,
    solves: TriangularPair<T>,
}

impl<T: Scalar> Ssor<T> {
    /// Takes the entries of A.
    ///
    /// # Errors
    /// [`PrecondError::Diagonal`] where the diagonal is zero, missing or not finite, or of a
    /// Hermitian matrix not of one sign; [`PrecondError::Config`] for an ω outside of (0, 2),
    /// [`PrecondError::NeedsEntries`], [`PrecondError::Matrix`] if A is not square.
    pub fn new(a: &dyn LinearOperator<T>, config: SsorConfig) -> Result<Self, PrecondError> {
        check_omega(config.omega)?;
        let csr = a
            .as_csr()
            .ok_or(PrecondError::NeedsEntries { precond: NAME })?;
        let csr = csr.to_u32()?;
        let n = csr.view().square()?;
        let lower = csr.view().filter(|i, j| j < i);
        let upper = csr.view().filter(|i, j| j > i);
        let mut ssor = Self {
            config,
            solves: TriangularPair::new(pattern(&lower), pattern(&upper), config.low_precision),
            lower,
            upper,
            inverse: vec![T::ZERO; n],
            definite: false,
            next: vec![0; n],
        };
        ssor.take(csr.view())?;
        Ok(ssor)
    }

    /// ω.
    pub fn omega(&self) -> f64 {
        self.config.omega
    }

    /// Takes another ω. O(nnz); allocates nothing.
    ///
    /// # Errors
    /// [`PrecondError::Config`] outside of (0, 2).
    pub fn set_omega(&mut self, omega: f64) -> Result<(), PrecondError> {
        check_omega(omega)?;
        self.config.omega = omega;
        self.fill();
        Ok(())
    }

    /// Copies the values of a matrix of the prepared pattern.
    fn take(&mut self, a: CsrRef<'_, T, u32>) -> Result<(), PrecondError> {
        for i in 0..a.nrows() {
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
            let d = if stored { values[below] } else { T::ZERO };
            if d == T::ZERO || !d.is_finite() {
                return Err(diagonal(i, d, "a finite number other than zero"));
            }
            self.inverse[i] = T::ONE / d;
            self.lower.values_mut()[left].copy_from_slice(&values[..below]);
            self.upper.values_mut()[right].copy_from_slice(&values[above..]);
        }
        self.definite = self.judge(a)?;
        self.fill();
        Ok(())
    }

    /// Whether M is Hermitian positive definite.
    fn judge(&mut self, a: CsrRef<'_, T, u32>) -> Result<bool, PrecondError> {
        let real = self.inverse.iter().all(|d| d.im() == T::Real::ZERO);
        self.next
            .copy_from_slice(&self.upper.row_ptr()[..self.inverse.len()]);
        if !real || !hermitian(self.lower.view(), self.upper.view(), &mut self.next) {
            return Ok(false);
        }
        let positive = |i: &usize| self.inverse[*i].re() > T::Real::ZERO;
        let n = self.inverse.len();
        match (0..n).find(positive) {
            None => Ok(n == 0), // all negative: −M is definite, which is no use to CG
            Some(_) => match (0..n).find(|i| !positive(i)) {
                None => Ok(true),
                Some(i) => Err(diagonal(
                    i,
                    a.get(i, i),
                    "the sign of the others: SSOR of a Hermitian matrix",
                )),
            },
        }
    }

    fn fill(&mut self) {
        self.solves.fill(Factors {
            lower: (pattern(&self.lower), self.lower.values()),
            upper: (pattern(&self.upper), Upper::Values(self.upper.values())),
            inverse: &self.inverse,
            form: Form::Relaxed(T::from_f64(self.config.omega)),
        });
    }
}

fn check_omega(omega: f64) -> Result<(), PrecondError> {
    if omega > 0.0 && omega < 2.0 {
        return Ok(());
    }
    Err(PrecondError::Config {
        precond: NAME,
        problem: format!("omega is {omega}, a number between 0 and 2 is needed"),
    })
}

fn diagonal<T: Scalar>(row: usize, found: T, needed: &'static str) -> PrecondError {
    PrecondError::Diagonal {
        precond: NAME,
        row,
        found: found.to_string(),
        needed,
    }
}

/// Whether U = Lᴴ, bit for bit: rows of L are read in order, so that the image of the next entry
/// (i, j) is the first of row j of U not seen yet.
fn hermitian<T: Scalar>(
    lower: CsrRef<'_, T, u32>,
    upper: CsrRef<'_, T, u32>,
    next: &mut [u32],
) -> bool {
    if lower.nnz() != upper.nnz() {
        return false;
    }
    (0..lower.nrows()).all(|i| {
        let mut row = lower.row_iter(i);
        row.all(|(j, v)| {
            let at = next[j] as usize;
            next[j] += 1;
            at < upper.row_ptr()[j + 1] as usize
                && upper.col_idx()[at] as usize == i
                && upper.values()[at] == v.conj()
        })
    })
}

impl<T: Scalar> Preconditioner<T> for Ssor<T> {
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
        match self.take(csr.view()) {
            Err(PrecondError::Matrix(_)) => {
                *self = Self::new(&csr.view(), self.config)?; // another pattern: from the start
                Ok(())
            }
            other => other,
        }
    }

    fn apply(&mut self, r: &[T], z: &mut [T]) -> Result<(), PrecondError> {
        self.solves.solve(r, z); // z = ω(2 − ω) (D + ωU)⁻¹ D (D + ωL)⁻¹ r
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
        if self.definite {
            Linearity::FixedHpd
        } else {
            Linearity::Fixed
        }
    }

    fn bytes(&self) -> usize {
        self.solves.bytes()
            + (self.lower.nnz() + self.upper.nnz()) * (size_of::<T>() + 4)
            + self.inverse.len() * (size_of::<T>() + 4)
    }
}

#[cfg(test)]
mod tests;
