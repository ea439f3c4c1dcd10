//! Sums over all processes that share a system: the one place, besides an operator's own halo
//! exchange, that communicates.

use crate::kernels;
use resolvent_matrices::{Real, Scalar};

/// Adds up partial sums over every process that holds a part of the vectors.
pub trait Reduce<T: Scalar>: Sync {
    /// Replaces each number by its sum over all processes: several inner products, one message.
    fn all_sum(&self, partial: &mut [T]);
}

/// One process holds everything: nothing to do.
#[derive(Debug, Clone, Copy, Default)]
pub struct Local;

impl<T: Scalar> Reduce<T> for Local {
    fn all_sum(&self, _: &mut [T]) {}
}

/// (x, y) = xᴴ y.
pub(crate) fn dot<T: Scalar>(comm: &dyn Reduce<T>, x: &[T], y: &[T]) -> T {
    let mut sum = [kernels::dot(x, y)];
    comm.all_sum(&mut sum);
    sum[0]
}

/// ‖x‖₂.
pub(crate) fn norm<T: Scalar>(comm: &dyn Reduce<T>, x: &[T]) -> T::Real {
    norm_from(comm, kernels::norm_squared(x))
}

/// ‖x‖₂ from this process's share of ‖x‖₂².
pub(crate) fn norm_from<T: Scalar>(comm: &dyn Reduce<T>, partial: T::Real) -> T::Real {
    let mut sum = [T::from_real(partial)];
    comm.all_sum(&mut sum);
    sum[0].re().sqrt()
}

/// Whether `flag` is set in any process.
pub(crate) fn any<T: Scalar>(comm: &dyn Reduce<T>, flag: bool) -> bool {
    let mut sum = [if flag { T::ONE } else { T::ZERO }];
    comm.all_sum(&mut sum);
    sum[0].re() > T::Real::ZERO
}
