//! SSOR: a forward and a backward sweep of successive over-relaxation, without a factorisation.
//!
//! With A = D + L + U (diagonal, strict triangles) and 0 < ω < 2:
//!   M = (D + ωL) D⁻¹ (D + ωU) / (ω(2 − ω))
//! For a Hermitian A with a positive diagonal M is Hermitian positive definite. ω = 1 is symmetric
//! Gauss–Seidel. The sweeps run in the natural order of the rows, whatever order they are done in
//! (see [`triangular`](super::triangular)): another order would be another, worse M. A new ω costs a
//! pass over the entries, [`Ssor::set_omega`]. Under [`Cg`](crate::Cg) it runs by [`eisenstat`], at half
//! the price.
//!
//! | setup | 2·nnz(A) flops | apply | 2·nnz(A) flops | memory | A twice, 2 vectors and 4n |
//!
//! - D. M. Young, Iterative Solution of Large Linear Systems, Academic Press, 1971, ch. 15.
//! - O. Axelsson, A generalized SSOR method, BIT 12:443–467, 1972, doi:10.1007/BF01932955.

mod eisenstat;

pub(crate) use eisenstat::Eisenstat;

use super::split::{Split, check_omega};
use super::triangular::{Factors, Form, TriangularPair, Upper};
use super::{Linearity, PrecondError, Preconditioner};
use crate::LinearOperator;
use eisenstat::Halves;
use resolvent_matrices::Scalar;

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
    split: Split<T>,
    solves: TriangularPair<T>,
    halves: Halves<T>,
    /// What the triangular solves hold the values for.
    filled: Filled,
}

/// What the triangular solves are ready for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Filled {
    Nothing,
    /// M⁻¹.
    Inverse,
    /// K and Kᴴ of [`Eisenstat`].
    Halves,
}

impl<T: Scalar> Ssor<T> {
    /// Takes the entries of A.
    ///
    /// # Errors
    /// [`PrecondError::Diagonal`] where the diagonal is zero, missing or not finite, or of a
    /// Hermitian matrix not of one sign; [`PrecondError::Config`] for an ω outside of (0, 2),
    /// [`PrecondError::NeedsEntries`], [`PrecondError::Matrix`] if A is not square.
    pub fn new(a: &dyn LinearOperator<T>, config: SsorConfig) -> Result<Self, PrecondError> {
        check_omega(NAME, config.omega)?;
        let split = Split::new(NAME, a)?;
        let (lower, upper) = (split.lower_pattern(), split.upper_pattern());
        let solves = TriangularPair::new(lower, upper, config.low_precision);
        Ok(Self {
            config,
            split,
            solves,
            halves: Halves::default(),
            filled: Filled::Nothing,
        })
    }

    /// ω.
    pub fn omega(&self) -> f64 {
        self.config.omega
    }

    /// Takes another ω, which costs a pass over the entries when it is next applied; allocates
    /// nothing.
    ///
    /// # Errors
    /// [`PrecondError::Config`] outside of (0, 2).
    pub fn set_omega(&mut self, omega: f64) -> Result<(), PrecondError> {
        check_omega(NAME, omega)?;
        self.config.omega = omega;
        self.filled = Filled::Nothing;
        Ok(())
    }

    /// Makes the triangular solves ready for M⁻¹ or for its halves.
    fn fill(&mut self, needed: Filled) {
        if self.filled == needed {
            return;
        }
        let (split, omega) = (&self.split, T::from_f64(self.config.omega));
        let (inverse, form) = match needed {
            Filled::Halves => {
                self.halves.fill(&split.inverse);
                (&self.halves.scale, Form::Scaled(omega))
            }
            _ => (&split.inverse, Form::Relaxed(omega)),
        };
        self.solves.fill(Factors {
            lower: (split.lower_pattern(), split.lower.values()),
            upper: (split.upper_pattern(), Upper::Values(split.upper.values())),
            inverse,
            form,
        });
        self.filled = needed;
    }

    /// M⁻¹A from both sides, where M is Hermitian positive definite and holds A to the last bit.
    pub(crate) fn eisenstat(&mut self) -> Option<Eisenstat<'_, T>> {
        if !self.split.positive || self.config.low_precision {
            return None;
        }
        self.fill(Filled::Halves);
        let omega = self.config.omega;
        Some(Eisenstat::new(&mut self.solves, &mut self.halves, omega))
    }

    /// Rows of A.
    pub(crate) fn rows(&self) -> usize {
        self.split.inverse.len()
    }

    /// What one application reads, in bytes.
    pub(crate) fn read(&self) -> usize {
        self.solves.bytes()
    }
}

impl<T: Scalar> Preconditioner<T> for Ssor<T> {
    fn name(&self) -> &'static str {
        NAME
    }

    fn update(&mut self, a: &dyn LinearOperator<T>) -> Result<(), PrecondError> {
        if self.split.update(a)? {
            self.filled = Filled::Nothing;
        } else {
            *self = Self::new(a, self.config)?; // another pattern: from the start
        }
        Ok(())
    }

    fn apply(&mut self, r: &[T], z: &mut [T]) -> Result<(), PrecondError> {
        self.fill(Filled::Inverse);
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
        self.fill(Filled::Inverse);
        self.solves.solve_many(columns, r, z);
        Ok(())
    }

    fn linearity(&self) -> Linearity {
        if self.split.positive {
            Linearity::FixedHpd
        } else {
            Linearity::Fixed
        }
    }

    fn bytes(&self) -> usize {
        self.solves.bytes() + self.split.bytes() + self.halves.bytes()
    }

    fn as_ssor(&mut self) -> Option<&mut Self> {
        Some(self)
    }
}

#[cfg(test)]
mod tests;
