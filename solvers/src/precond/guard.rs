//! What passes between a method and a preconditioner that may have to be given up.
//!
//! A method tells the guard what each iteration gained, and asks it to fall back where it cannot go on
//! with what M⁻¹ said. The guard never tells a method that it has converged: that is judged by the
//! residual alone.

use resolvent_matrices::Real;
use std::fmt;
use std::time::Duration;

/// Why a preconditioner is not trusted any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Distrust {
    /// It returned an error.
    Failed,
    /// Its answer had a NaN or an infinity in it, or led to one.
    NonFinite,
    /// It answered zero to a residual that is not.
    Zero,
    /// (r, M⁻¹r) ≤ 0 under a method that needs M positive definite.
    Indefinite,
    /// Its directions do not reduce the error any more.
    NoProgress,
    /// The fallback reduces the error faster, by the clock.
    Slow,
}

impl Distrust {
    /// The name used in JSON, e.g. `non_finite`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::NonFinite => "non_finite",
            Self::Zero => "zero",
            Self::Indefinite => "indefinite",
            Self::NoProgress => "no_progress",
            Self::Slow => "slow",
        }
    }
}

impl fmt::Display for Distrust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Failed => "it failed",
            Self::NonFinite => "it answered with NaN or infinity",
            Self::Zero => "it answered zero",
            Self::Indefinite => "it is not positive definite, which the method needs",
            Self::NoProgress => "it did not reduce the error",
            Self::Slow => "the fallback reduces the error faster",
        })
    }
}

/// Which preconditioner took over from which, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Takeover {
    /// The one that is not trusted any more.
    pub from: &'static str,
    /// The one that is applied since.
    pub to: &'static str,
    /// Why.
    pub why: Distrust,
}

/// A [`Takeover`] within a solve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fallback {
    /// Which, and why.
    pub takeover: Takeover,
    /// Iterations done before; 0 where it had happened before the solve.
    pub iteration: usize,
    /// Time of the solve before.
    pub time: Duration,
}

/// What one iteration gained.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Gain<R> {
    /// By how much ‖x − x*‖²_A fell: (p,r)²/(p,Ap). `None` of methods that minimise the residual.
    pub energy: Option<R>,
    /// ‖b − Ax‖₂ after it, as the recurrence knows it.
    pub residual: R,
    /// The residual norm at which the solve ends.
    pub target: R,
}

/// A preconditioner with another one to fall back on; see [`Guarded`](super::Guarded).
pub trait Guard<R: Real> {
    /// A solve begins.
    fn begin(&mut self);

    /// An iteration is done. The guard may change what it applies from the next one on.
    fn gained(&mut self, gain: Gain<R>);

    /// The method cannot go on with what M⁻¹ said. True if that has been replaced by the fallback, and
    /// the method should start again from the iterate it has; false if there is nothing else to try.
    fn fall_back(&mut self, why: Distrust) -> bool;

    /// A solve ends: what is on trial is settled, if it has converged.
    fn end(&mut self, converged: bool);

    /// Which of the two what is declared of both is due to.
    fn weaker(&self) -> &'static str;

    /// What took over from what, if something did.
    fn takeover(&self) -> Option<Takeover>;

    /// How often what is applied has changed: within a cycle of a method that needs M fixed, it must
    /// not.
    fn changes(&self) -> usize;
}
