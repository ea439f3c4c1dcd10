//! β read off the solves themselves, for the classical estimate of ω where the method is CG.

use super::{Choice, Tuned};
use crate::arm::ssor_beta;
use resolvent_matrices::Scalar;
use resolvent_solvers::{CgCoefficients, CgRitz, Observer, Solved, Step};
use std::ops::ControlFlow;

impl<T: Scalar> Tuned<T> {
    /// β, from the least Ritz value of a solve by CG with SSOR.
    pub(super) fn read_off(&mut self, choice: &Choice, solved: &Solved<T::Real>) {
        let theta = self.ritz.as_ref().filter(|_| !solved.capped);
        if let (Some(theta), Some(omega)) = (theta.and_then(CgRitz::least), choice.omega) {
            self.beta = ssor_beta(theta, omega);
        }
    }
}

/// Shows a solve to both.
pub(super) struct Both<'a, T: Scalar> {
    pub ritz: &'a mut CgRitz,
    pub observer: &'a mut dyn Observer<T>,
}

impl<T: Scalar> Observer<T> for Both<'_, T> {
    fn step(&mut self, step: &Step<'_, T>) -> ControlFlow<()> {
        self.observer.step(step)
    }

    fn coefficients(&mut self, of: &CgCoefficients<T::Real>) {
        Observer::<T>::coefficients(self.ritz, of);
        self.observer.coefficients(of);
    }

    fn begin(&mut self, solver: &'static str, precond: &'static str) {
        self.observer.begin(solver, precond);
    }

    fn column(&mut self, index: usize) {
        self.observer.column(index);
    }
}
