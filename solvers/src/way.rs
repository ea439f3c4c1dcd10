//! A method together with a preconditioner.

use crate::{Method, Precond};
use resolvent_matrices::Real;
use std::fmt;

/// A method with a preconditioner, both with their configuration.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Way<R> {
    /// Method.
    pub method: Method<R>,
    /// Preconditioner.
    pub precond: Precond,
}

impl<R: Real> Way<R> {
    /// Relaxation ω, if there is one.
    pub fn omega(&self) -> Option<f64> {
        match (&self.method, &self.precond) {
            (Method::Sor(config), _) => Some(config.omega),
            (_, Precond::Ssor(config)) => Some(config.omega),
            _ => None,
        }
    }

    /// The same with another relaxation; unchanged if it has none.
    #[must_use]
    pub fn with_omega(mut self, omega: f64) -> Self {
        match (&mut self.method, &mut self.precond) {
            (Method::Sor(config), _) => config.omega = omega,
            (_, Precond::Ssor(config)) => config.omega = omega,
            _ => {}
        }
        self
    }
}

impl<R: Real> fmt::Display for Way<R> {
    /// `cg + ssor`, or `direct`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.method.name())?;
        if self.precond != Precond::None {
            write!(f, " + {}", self.precond.name())?;
        }
        Ok(())
    }
}
