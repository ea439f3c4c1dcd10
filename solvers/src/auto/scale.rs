//! Right-hand sides whose squares would under- or overflow, brought to the size of one.

use super::Auto;
use crate::{CgCoefficients, Observer, SolveError, SolveReport, Step, System};
use resolvent_matrices::{Real, Scalar};
use std::ops::ControlFlow;

/// A system for σb in place of b, σ a power of two: x is σ times as large, and every digit of every
/// number stays what it was.
pub(super) struct Scaled<T: Scalar> {
    sigma: T::Real,
    b: Vec<T>,
}

impl<T: Scalar> Scaled<T> {
    /// `None` where b is of an ordinary size, between MAX^−¼ and MAX^¼, or zero, or not finite.
    pub fn of(b: &[T]) -> Option<Self> {
        let largest = b.iter().map(|v| v.abs()).fold(T::Real::ZERO, Real::max);
        let bound = T::Real::MAX.sqrt().sqrt();
        let small = T::Real::ONE / bound;
        if !largest.is_finite() || largest == T::Real::ZERO {
            return None;
        }
        if largest > small && largest < bound {
            return None;
        }
        let range = T::Real::MAX.to_f64().log2() - 4.0;
        let exponent = -largest.to_f64().log2().floor().clamp(-range, range);
        let sigma = T::Real::from_f64(exponent.exp2());
        let b = b.iter().map(|v| v.scale(sigma)).collect();
        Some(Self { sigma, b })
    }

    /// Solves for σb, and takes σ out of x and the reports.
    pub fn solve(
        &self,
        auto: &mut Auto<T>,
        system: System<'_, T>,
        x: &mut [T],
        observer: &mut dyn Observer<T>,
    ) -> Result<Vec<SolveReport<T::Real>>, SolveError> {
        let back = T::Real::ONE / self.sigma;
        x.iter_mut().for_each(|x| *x = x.scale(self.sigma));
        let atol = auto.config.stopping.atol;
        auto.config.stopping.atol = atol * self.sigma;
        let System {
            a,
            m,
            nullspace,
            comm,
            ..
        } = system;
        let system = System {
            a,
            b: &self.b,
            m,
            nullspace,
            comm,
        };
        let solved = auto.run(system, x, &mut Shown { observer, back });
        auto.config.stopping.atol = atol;
        x.iter_mut().for_each(|x| *x = x.scale(back));
        let mut reports = solved?;
        for report in &mut reports {
            report.residual_norm *= back;
            report.rhs_norm *= back;
        }
        Ok(reports)
    }
}

/// Shows the norms of the system as it was given.
struct Shown<'a, T: Scalar> {
    observer: &'a mut dyn Observer<T>,
    back: T::Real,
}

impl<T: Scalar> Observer<T> for Shown<'_, T> {
    fn step(&mut self, step: &Step<'_, T>) -> ControlFlow<()> {
        self.observer.step(&Step {
            k: step.k,
            residual_norm: step.residual_norm * self.back,
            x: None,
            r: None,
        })
    }

    fn coefficients(&mut self, of: &CgCoefficients<T::Real>) {
        let rho = of.rho * self.back * self.back;
        self.observer.coefficients(&CgCoefficients { rho, ..*of });
    }

    fn begin(&mut self, solver: &'static str, precond: &'static str) {
        self.observer.begin(solver, precond);
    }

    fn column(&mut self, index: usize) {
        self.observer.column(index);
    }
}
