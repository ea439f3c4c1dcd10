//! Watching a solve, and stopping it.

use crate::CgCoefficients;
use resolvent_matrices::Scalar;
use std::ops::ControlFlow;

/// The state of a solve before iteration `k + 1`.
#[derive(Debug)]
pub struct Step<'a, T: Scalar> {
    /// Iterations done.
    pub k: usize,
    /// ‖b − Ax‖₂ as the recurrence knows it.
    pub residual_norm: T::Real,
    /// The iterate; `None` where the method does not form it at every step (inside a GMRES cycle).
    pub x: Option<&'a [T]>,
    /// The residual; `None` where the method does not form it.
    pub r: Option<&'a [T]>,
}

/// Progress, history, a stopping rule of one's own. `()` observes nothing; any
/// `FnMut(&Step<T>) -> ControlFlow<()>` is an observer.
pub trait Observer<T: Scalar>: Send {
    /// Called before every iteration and once after the last. `Break` ends the solve with
    /// [`StopReason::Interrupted`](crate::StopReason::Interrupted).
    fn step(&mut self, step: &Step<'_, T>) -> ControlFlow<()>;

    /// CG and recycled CG show the numbers of an iteration, once x has been moved and before the
    /// [`step`](Self::step) that follows. Costs nothing: they are known. Other methods show none.
    fn coefficients(&mut self, of: &CgCoefficients<T::Real>) {
        let _ = of;
    }

    /// A solve by this method with this preconditioner is about to begin. Called by
    /// [`Auto`](crate::Auto), which may try several.
    fn begin(&mut self, solver: &'static str, precond: &'static str) {
        let _ = (solver, precond);
    }

    /// The steps that follow are of this right-hand side. Called by
    /// [`Solver::solve_many`](crate::Solver::solve_many).
    fn column(&mut self, index: usize) {
        let _ = index;
    }
}

impl<T: Scalar> Observer<T> for () {
    fn step(&mut self, _: &Step<'_, T>) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

impl<T: Scalar, F: FnMut(&Step<'_, T>) -> ControlFlow<()> + Send> Observer<T> for F {
    fn step(&mut self, step: &Step<'_, T>) -> ControlFlow<()> {
        self(step)
    }
}
