//! What keeps a bad choice from costing the solve.

use crate::{CgCoefficients, Observer, Step, Way};
use resolvent_matrices::Scalar;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

/// A bound on what is tried first, and what finishes the solve when that is used up or fails.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Backstop<R> {
    /// Iterations of the first way.
    pub iterations: usize,
    /// Time of the first way, looked at after each iteration; `None`: no limit.
    pub time: Option<Duration>,
    /// The way that then goes on from the iterate reached, or from the start where the residual
    /// has grown.
    pub safe: Way<R>,
}

/// Ends a solve after so many iterations, and remembers who asked for it.
pub(super) struct Budget<'o, T: Scalar> {
    iterations: Option<usize>,
    deadline: Option<Instant>,
    observer: &'o mut dyn Observer<T>,
    interrupted: bool,
    first: Option<T::Real>,
}

impl<'o, T: Scalar> Budget<'o, T> {
    /// With the bounds of a backstop, if there is one.
    pub fn new<R>(bounds: Option<&Backstop<R>>, observer: &'o mut dyn Observer<T>) -> Self {
        let time = bounds.and_then(|bounds| bounds.time);
        Self {
            iterations: bounds.map(|bounds| bounds.iterations),
            deadline: time.and_then(|time| Instant::now().checked_add(time)),
            observer,
            interrupted: false,
            first: None,
        }
    }

    /// Whether the caller's observer has asked to stop.
    pub fn interrupted(&self) -> bool {
        self.interrupted
    }

    /// ‖r‖₂ where the solve began.
    pub fn first(&self) -> T::Real {
        self.first.unwrap_or(T::Real::ZERO)
    }
}

impl<T: Scalar> Observer<T> for Budget<'_, T> {
    fn step(&mut self, step: &Step<'_, T>) -> ControlFlow<()> {
        self.first.get_or_insert(step.residual_norm);
        if self.observer.step(step).is_break() {
            self.interrupted = true;
            return ControlFlow::Break(());
        }
        let used_up = self.iterations.is_some_and(|most| step.k >= most)
            || self.deadline.is_some_and(|end| Instant::now() >= end);
        match used_up {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    }

    fn coefficients(&mut self, of: &CgCoefficients<T::Real>) {
        self.observer.coefficients(of);
    }

    fn begin(&mut self, solver: &'static str, precond: &'static str) {
        self.observer.begin(solver, precond);
    }

    fn column(&mut self, index: usize) {
        self.observer.column(index);
    }
}
