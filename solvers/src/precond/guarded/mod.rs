//! A preconditioner that nothing is known of, with one that can be relied on to fall back on.
//!
//! Within one solve, from the iterate reached, the fallback takes over when the first one returns an
//! error, a NaN, an infinity or zero; when the method finds it not to be positive definite where it has
//! to be; when it does not reduce the error; or when the fallback does so faster. The last two are
//! found by trial: see [`GuardedConfig`]. What happened is in
//! [`SolveReport::fallback`](crate::SolveReport::fallback).
//!
//! A trial compares what both gain. Under methods that minimise the energy, iteration k reduces
//! ‖x − x*‖²_A by δ_k = (p,r)²/(p,Ap), so that all later δ add up to the error that was left. With the sums
//! D of the last window under the first preconditioner and F₁, F₂ of the two windows under the fallback,
//! its contraction is c_F = F₂/F₁, the error at the beginning of the trial E = F₁ + F₂/(1 − c_F), and
//! the contraction of the first preconditioner c_D = E/(E + D). Under methods that minimise the
//! residual, contractions are ratios of residual norms. Rates are −ln c divided by the time of a window.
//! A wrong sign or scale is no fault: exact line searches and minimisation over a span undo it.
//!
//! | per application | M⁻¹ and one norm | memory | both preconditioners |
//!
//! Trials go by the clock, so that what is applied may differ from run to run; with
//! [`GuardedConfig::relative_cost`] they do not.

#[cfg(test)]
mod tests;
mod watch;

use super::guard::{Distrust, Gain, Guard, Takeover};
use super::{Linearity, PrecondError, Preconditioner};
use crate::{LinearOperator, kernels};
use resolvent_matrices::{Real, Scalar};
use watch::{Verdict, Watch};

/// Configuration of [`Guarded`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GuardedConfig {
    /// Iterations that are judged together, at least 1.
    pub window: usize,
    /// How many times faster the fallback has to be to be preferred.
    pub margin: f64,
    /// What an iteration costs against one with the fallback; `None`: measured.
    pub relative_cost: Option<f64>,
    /// Make trials. Without, the fallback takes over from what fails, and not from what is slow.
    pub trials: bool,
}

impl Default for GuardedConfig {
    fn default() -> Self {
        Self {
            window: 5,
            margin: 2.0,
            relative_cost: None,
            trials: true,
        }
    }
}

/// A preconditioner and its fallback.
///
/// [`Preconditioner::update`] gives the first one another chance; a new right-hand side does not.
pub struct Guarded<T: Scalar> {
    inner: Box<dyn Preconditioner<T>>,
    fallback: Box<dyn Preconditioner<T>>,
    config: GuardedConfig,
    watch: Watch,
    /// Why the fallback is all there is.
    why: Option<Distrust>,
    /// The fallback is on trial.
    trial: bool,
    /// It has failed in one: there are no more.
    barred: bool,
    error: Option<PrecondError>,
    changes: usize,
}

impl<T: Scalar> Guarded<T> {
    /// `inner`, and what to fall back on; both made for the same matrix.
    pub fn new(
        inner: Box<dyn Preconditioner<T>>,
        fallback: Box<dyn Preconditioner<T>>,
        config: GuardedConfig,
    ) -> Self {
        Self {
            inner,
            fallback,
            config,
            watch: Watch::new(config),
            why: None,
            trial: false,
            barred: false,
            error: None,
            changes: 0,
        }
    }

    /// What the first preconditioner failed of, where that is [`Distrust::Failed`].
    pub fn error(&self) -> Option<&PrecondError> {
        self.error.as_ref()
    }

    /// The fallback failed on trial: the first one goes on, and is not put to the test again.
    fn return_for_good(&mut self) {
        self.trial = false;
        self.barred = true;
        self.changes += 1;
    }

    fn distrust(&mut self, why: Distrust) {
        if self.why.is_none() {
            self.why = Some(why);
            self.changes += usize::from(!self.trial);
            self.trial = false;
        }
    }
}

impl<T: Scalar> Preconditioner<T> for Guarded<T> {
    fn name(&self) -> &'static str {
        self.inner.name()
    }

    fn update(&mut self, a: &dyn LinearOperator<T>) -> Result<(), PrecondError> {
        self.fallback.update(a)?;
        self.why = None;
        self.trial = false;
        self.barred = false;
        self.error = None;
        self.watch = Watch::new(self.config);
        if let Err(error) = self.inner.update(a) {
            self.distrust(Distrust::Failed);
            self.error = Some(error);
        }
        Ok(())
    }

    fn apply(&mut self, r: &[T], z: &mut [T]) -> Result<(), PrecondError> {
        if self.trial {
            let applied = self.fallback.apply(r, z).is_ok();
            if applied && size(z).is_finite() {
                return Ok(());
            }
            self.return_for_good();
        }
        if self.why.is_none() {
            let why = match self.inner.apply(r, z) {
                Ok(()) => {
                    let size = size(z);
                    if !size.is_finite() {
                        Distrust::NonFinite
                    } else if size > T::Real::ZERO || r.iter().all(|v| *v == T::ZERO) {
                        return Ok(());
                    } else {
                        Distrust::Zero
                    }
                }
                Err(error) => {
                    self.error = Some(error);
                    Distrust::Failed
                }
            };
            self.distrust(why);
        }
        self.fallback.apply(r, z)
    }

    /// As of the first preconditioner, if that and the fallback are positive definite; what changes
    /// from one matrix to another within a solve is otherwise for flexible methods alone.
    fn linearity(&self) -> Linearity {
        let both = self.inner.linearity().max(self.fallback.linearity());
        if both <= Linearity::NearlyHpd {
            Linearity::NearlyHpd
        } else {
            Linearity::Variable
        }
    }

    fn bytes(&self) -> usize {
        self.inner.bytes() + self.fallback.bytes()
    }

    /// Of the one that is in use.
    fn traffic(&self) -> usize {
        match self.trial || self.why.is_some() {
            true => self.fallback.traffic(),
            false => self.inner.traffic(),
        }
    }

    fn as_guard(&mut self) -> Option<&mut dyn Guard<T::Real>> {
        Some(self)
    }
}

impl<T: Scalar> Guard<T::Real> for Guarded<T> {
    fn begin(&mut self) {
        self.changes += usize::from(self.trial);
        self.trial = false;
        self.watch = Watch::new(self.config);
    }

    fn gained(&mut self, gain: Gain<T::Real>) {
        if self.why.is_some() || self.barred || !self.config.trials {
            return;
        }
        let energy = gain.energy.map(T::Real::to_f64);
        let verdict = self
            .watch
            .gained(energy, gain.residual.to_f64(), gain.target.to_f64());
        match verdict {
            Verdict::Stay => {}
            Verdict::Try | Verdict::Return => {
                self.trial = verdict == Verdict::Try;
                self.changes += 1;
            }
            Verdict::Leave(why) => self.distrust(why),
        }
    }

    fn fall_back(&mut self, why: Distrust) -> bool {
        if self.why.is_some() {
            return false;
        }
        match self.trial {
            true => self.return_for_good(), // of what the fallback said
            false => self.distrust(why),
        }
        true
    }

    fn end(&mut self, converged: bool) {
        if self.trial && converged {
            self.distrust(self.watch.unfinished()); // it got there before the other one had promised to
        } else if self.trial {
            self.trial = false;
            self.changes += 1;
        }
    }

    fn weaker(&self) -> &'static str {
        match self.fallback.linearity() > self.inner.linearity() {
            true => self.fallback.name(),
            false => self.inner.name(),
        }
    }

    fn takeover(&self) -> Option<Takeover> {
        self.why.map(|why| Takeover {
            from: self.inner.name(),
            to: self.fallback.name(),
            why,
        })
    }

    fn changes(&self) -> usize {
        self.changes
    }
}

/// ‖z‖₂², or the largest |zᵢ| where that under- or overflows: finite, and 0, if z is.
fn size<T: Scalar>(z: &[T]) -> T::Real {
    let squared = kernels::norm_squared(z);
    if squared.is_finite() && squared > T::Real::ZERO {
        return squared;
    }
    let size = |v: &T| v.abs();
    let worst = z.iter().map(size).find(|v| !v.is_finite());
    let largest = |a: T::Real, b: T::Real| if b > a { b } else { a };
    worst.unwrap_or_else(|| z.iter().map(size).fold(T::Real::ZERO, largest))
}
