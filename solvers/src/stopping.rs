//! When to stop.

use resolvent_matrices::Real;
use std::time::Duration;

/// A solve has converged when ‖b − Ax‖₂ ≤ max(`rtol`·‖b‖₂, `atol`), and is given up beyond the
/// other bounds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stopping<R> {
    /// Relative to ‖b‖₂ (never to the initial residual: a warm start is not asked for more).
    pub rtol: R,
    /// Absolute.
    pub atol: R,
    /// Given up as diverged when ‖r‖₂ > `dtol`·‖r₀‖₂.
    pub dtol: R,
    /// Largest number of iterations (matrix–vector products inside all restarts, for GMRES).
    pub max_iters: usize,
    /// Largest wall time, looked at once an iteration.
    pub max_time: Option<Duration>,
}

impl<R: Real> Default for Stopping<R> {
    /// `rtol` 10⁻⁸ (10⁻⁵ in single precision), `atol` 0, `dtol` 10⁸, 10 000 iterations, no time
    /// limit.
    fn default() -> Self {
        let single = R::EPSILON.to_f64() > 1e-10;
        Self {
            rtol: R::from_f64(if single { 1e-5 } else { 1e-8 }),
            atol: R::ZERO,
            dtol: R::from_f64(1e8),
            max_iters: 10_000,
            max_time: None,
        }
    }
}
