//! Jacobi: M = diag(A).
//!
//! | setup | one pass over A | apply | 3n scalars of traffic | memory | n scalars |
//!
//! Rows whose diagonal is zero or missing get M = 1 where that is allowed
//! ([`JacobiConfig::zero_diagonal_as_one`]), else they are refused.

use super::{Linearity, PrecondError, Preconditioner};
use crate::{LinearOperator, kernels};
use resolvent_matrices::{AnyCsr, CsrRef, Index, Scalar};

/// Configuration of [`Jacobi`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct JacobiConfig {
    /// Take a zero or missing diagonal entry as 1 instead of refusing the matrix.
    pub zero_diagonal_as_one: bool,
}

/// The inverse of the diagonal.
#[derive(Debug, Clone)]
pub struct Jacobi<T> {
    config: JacobiConfig,
    inverse: Vec<T>,
    hpd: bool,
}

impl<T: Scalar> Jacobi<T> {
    /// Reads the diagonal of A.
    ///
    /// # Errors
    /// [`PrecondError::Diagonal`] on a zero, missing or non-finite diagonal entry,
    /// [`PrecondError::NeedsEntries`] if A is matrix-free.
    pub fn new(a: &dyn LinearOperator<T>) -> Result<Self, PrecondError> {
        Self::with_config(a, JacobiConfig::default())
    }

    /// The same, configured.
    ///
    /// # Errors
    /// As [`Jacobi::new`].
    pub fn with_config(
        a: &dyn LinearOperator<T>,
        config: JacobiConfig,
    ) -> Result<Self, PrecondError> {
        let mut jacobi = Self {
            config,
            inverse: vec![T::ZERO; a.nrows()],
            hpd: false,
        };
        jacobi.update(a)?;
        Ok(jacobi)
    }

    fn read<I: Index>(&mut self, a: CsrRef<'_, T, I>) -> Result<(), PrecondError> {
        self.hpd = true;
        for (row, inverse) in self.inverse.iter_mut().enumerate() {
            let mut d = a.get(row, row);
            if d == T::ZERO && self.config.zero_diagonal_as_one {
                d = T::ONE;
            }
            if d == T::ZERO || !d.is_finite() {
                return Err(PrecondError::Diagonal {
                    precond: "jacobi",
                    row,
                    found: d.to_string(),
                    needed: "a finite nonzero number",
                });
            }
            self.hpd &= d.re() > T::Real::ZERO && d.im() == T::Real::ZERO;
            *inverse = T::ONE / d;
        }
        Ok(())
    }
}

impl<T: Scalar> Preconditioner<T> for Jacobi<T> {
    fn name(&self) -> &'static str {
        "jacobi"
    }

    fn update(&mut self, a: &dyn LinearOperator<T>) -> Result<(), PrecondError> {
        if a.nrows() != self.inverse.len() {
            return Err(PrecondError::Shape {
                precond: "jacobi",
                expected: self.inverse.len(),
                got: a.nrows(),
            });
        }
        match a.as_csr() {
            Some(AnyCsr::U32(a)) => self.read(a),
            Some(AnyCsr::Usize(a)) => self.read(a),
            None => Err(PrecondError::NeedsEntries { precond: "jacobi" }),
        }
    }

    fn apply(&mut self, r: &[T], z: &mut [T]) -> Result<(), PrecondError> {
        kernels::multiply(&self.inverse, r, z); // zᵢ = rᵢ/aᵢᵢ
        Ok(())
    }

    fn apply_dot(&mut self, r: &[T], z: &mut [T]) -> Result<T, PrecondError> {
        Ok(kernels::multiply_dot(&self.inverse, r, z)) // zᵢ = rᵢ/aᵢᵢ, (r,z)
    }

    fn linearity(&self) -> Linearity {
        if self.hpd {
            Linearity::FixedHpd
        } else {
            Linearity::Fixed
        }
    }

    fn bytes(&self) -> usize {
        size_of_val(self.inverse.as_slice())
    }
}
