//! No preconditioner: M = I.

use super::{Linearity, PrecondError, Preconditioner};
use crate::LinearOperator;
use resolvent_matrices::Scalar;

/// M = I.
#[derive(Debug, Clone, Copy, Default)]
pub struct Identity;

impl<T: Scalar> Preconditioner<T> for Identity {
    fn name(&self) -> &'static str {
        "none"
    }
    fn update(&mut self, _: &dyn LinearOperator<T>) -> Result<(), PrecondError> {
        Ok(())
    }
    fn apply(&mut self, r: &[T], z: &mut [T]) -> Result<(), PrecondError> {
        z.copy_from_slice(r); // z = r
        Ok(())
    }
    fn linearity(&self) -> Linearity {
        Linearity::FixedHpd
    }
    fn bytes(&self) -> usize {
        0
    }
}
