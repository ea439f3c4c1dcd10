//! When a solve ends, and what is said of it then.

use super::Run;
use crate::precond::Distrust;
use crate::reduce::{any, norm};
use crate::{SolveReport, Step, StopReason};
use resolvent_matrices::{Real, Scalar};

/// How often a solve whose recurrence claims what x does not hold is started again from x.
const MAX_CORRECTIONS: usize = 3;

/// What to do before the next iteration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Go on.
    Go,
    /// r and its norm were recomputed and differ from the recurrence: start again from x.
    Restart,
    /// End.
    Stop(StopReason),
}

impl<T: Scalar> Run<'_, '_, T> {
    /// Whether a residual of this norm meets the tolerance.
    pub fn met(&self, rnorm: T::Real) -> bool {
        let whole = if self.unreachable > self.target {
            rnorm // the rest cannot be met: solve the projected system, then say so
        } else {
            hypot(rnorm, self.unreachable)
        };
        whole <= self.target
    }

    /// Shows the observer where the solve stands, and looks at every bound but the tolerance.
    pub fn limits(
        &mut self,
        rnorm: T::Real,
        x: Option<&[T]>,
        r: Option<&[T]>,
    ) -> Option<StopReason> {
        let step = Step {
            k: self.iterations,
            residual_norm: rnorm,
            x,
            r,
        };
        let stop = self.observer.step(&step).is_break();
        if !rnorm.is_finite() {
            return Some(StopReason::NonFinite);
        }
        if any(self.comm, stop) {
            return Some(StopReason::Interrupted);
        }
        if self.met(rnorm) {
            return None;
        }
        if self.iterations >= self.stopping.max_iters {
            return Some(StopReason::MaxIterations);
        }
        if let Some(initial) = self.initial
            && rnorm > self.stopping.dtol * initial
        {
            return Some(StopReason::Diverged);
        }
        if let Some(limit) = self.stopping.max_time
            && any(self.comm, self.started.elapsed() > limit)
        {
            return Some(StopReason::TimeLimit);
        }
        None
    }

    /// Whether this end is that of M alone: what diverges goes on from x with what takes its place.
    pub fn mended(&mut self, reason: StopReason, rnorm: T::Real) -> bool {
        let mended = reason == StopReason::Diverged && self.fall_back(Distrust::NoProgress);
        if mended {
            self.initial = Some(rnorm); // from here on, with another M
        }
        mended
    }

    /// The test before each iteration of a method that has x and r at hand. When the recurrence
    /// meets the tolerance, r and `rnorm` are recomputed from x, and only that is believed.
    pub fn check(&mut self, rnorm: &mut T::Real, x: &[T], r: &mut [T]) -> Verdict {
        if let Some(reason) = self.limits(*rnorm, Some(x), Some(r)) {
            return match self.mended(reason, *rnorm) {
                true => Verdict::Restart,
                false => Verdict::Stop(reason),
            };
        }
        if !self.met(*rnorm) {
            return Verdict::Go;
        }
        self.refresh(rnorm, x, r);
        self.judge(*rnorm)
    }

    /// r ← b − A x and its norm, unless that is what they are.
    pub fn refresh(&mut self, rnorm: &mut T::Real, x: &[T], r: &mut [T]) {
        if !self.exact {
            *rnorm = self.residual(x, r);
        }
    }

    /// What follows from a residual that was just recomputed after a claim of convergence.
    pub fn judge(&mut self, rnorm: T::Real) -> Verdict {
        if self.met(rnorm) {
            Verdict::Stop(StopReason::Converged)
        } else if self.corrections < MAX_CORRECTIONS {
            self.corrections += 1;
            Verdict::Restart
        } else {
            Verdict::Stop(StopReason::Stagnated)
        }
    }

    /// Recomputes the residual from x (unless it just was) and writes the report.
    pub fn finish(
        mut self,
        mut reason: StopReason,
        mut rnorm: T::Real,
        x: &[T],
        r: &mut [T],
    ) -> SolveReport<T::Real> {
        self.refresh(&mut rnorm, x, r);
        let converged = rnorm.is_finite() && self.met(rnorm);
        if let Some(guard) = self.m.as_guard() {
            guard.end(converged);
        }
        self.watch_m();
        if !rnorm.is_finite() {
            reason = StopReason::NonFinite; // also where an infinite b makes the target infinite
        } else if self.met(rnorm) {
            // also a method that broke down or ran out of iterations may have arrived
            reason = match reason {
                StopReason::Interrupted => StopReason::Interrupted,
                _ if self.unreachable > self.target => StopReason::Inconsistent,
                _ => StopReason::Converged,
            };
        }
        let residual_norm = hypot(rnorm, self.unreachable);
        let backward_error = if reason == StopReason::Stagnated {
            self.a.as_csr().map(|a| {
                let scale = norm(self.comm, a.values()); // ‖A‖_F
                let scale = scale * norm(self.comm, x) + self.rhs_norm;
                residual_norm / scale
            })
        } else {
            None
        };
        SolveReport {
            reason,
            iterations: self.iterations,
            matvecs: self.matvecs,
            precond_applies: self.precond_applies,
            corrections: self.corrections,
            residual_norm,
            rhs_norm: self.rhs_norm,
            backward_error,
            recycling: None,
            fallback: self.fallback,
            time: self.started.elapsed(),
        }
    }
}

/// √(a² + b²).
fn hypot<R: Real>(a: R, b: R) -> R {
    if b == R::ZERO {
        a // exactly
    } else {
        (a * a + b * b).sqrt()
    }
}
