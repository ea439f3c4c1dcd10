//! The shifted Laplacian −Δu − σu = f: Helmholtz's equation and implicit time steps.
//!
//! σ = k² is Helmholtz's equation, indefinite once k² passes the least eigenvalue (about 2π² on
//! the square with Dirichlet sides); σ = (1 + iβ)k² damps it and makes the matrix complex
//! symmetric; σ < 0 is a diffusion step and positive definite. Discretised as [`Poisson`].
//! - Y. Erlangga, C. Vuik, C. Oosterlee, On a class of preconditioners for solving the Helmholtz
//!   equation, Appl. Numer. Math. 50:409–425, 2004, doi:10.1016/j.apnum.2004.01.009.

use super::{Poisson, Problem, wrong};
use crate::{Complex, MatrixError, Scalar};

/// Parameters of −Δu − σu = f.
#[derive(Debug, Clone, PartialEq)]
pub struct ShiftedLaplacian {
    /// The Laplacian: grid, stencil, sides, masked cells.
    pub laplacian: Poisson,
    /// σ, in units of 1/length² on the unit box. Default 200: indefinite.
    pub shift: Complex<f64>,
}

impl Default for ShiftedLaplacian {
    fn default() -> Self {
        Self {
            laplacian: Poisson::default(),
            shift: Complex::new(200.0, 0.0),
        }
    }
}

impl ShiftedLaplacian {
    /// Helmholtz's equation with wave number `k` and damping `beta`: σ = (1 + iβ)k².
    pub fn helmholtz(laplacian: Poisson, k: f64, beta: f64) -> Self {
        Self {
            laplacian,
            shift: Complex::new(1.0, beta) * (k * k),
        }
    }

    /// The problem, with a manufactured solution unless cells are masked.
    ///
    /// # Errors
    /// [`MatrixError::Parameter`] for a complex shift of a real matrix, a shift that is not
    /// finite, and whatever [`Poisson::generate`] refuses.
    pub fn generate<T: Scalar>(&self) -> Result<Problem<T>, MatrixError> {
        let name = "shifted-laplacian";
        if !(self.shift.re.is_finite() && self.shift.im.is_finite()) {
            return wrong(name, format!("shift {} is not finite", self.shift));
        }
        if self.shift.im != 0.0 && !T::IS_COMPLEX {
            return wrong(
                name,
                format!(
                    "shift {} needs a complex scalar type, not {}",
                    self.shift,
                    T::NAME
                ),
            );
        }
        self.laplacian.shifted(name, self.shift)
    }
}
