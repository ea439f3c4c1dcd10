//! Learners that choose among a finite list of arms, from the cost of the chosen arm alone.
//!
//! A [`Tuner`] answers a context with a distribution over its arms; whoever runs it draws an arm,
//! solves, and hands back the [`Outcome`] with the probability the arm was drawn with. A tuner may
//! be taught by draws that others made: the probability is that of whoever drew. Of a context of several
//! numbers, the tuners here look at the first alone; where it is missing or not finite they take it for 0,
//! and [`TsallisBins`] the first of its bins.
//!
//! ```
//! use resolvent_models::tuner::{Outcome, Tsallis, Tuner};
//!
//! let mut tuner = Tsallis::new(3);
//! let mut p = [0.0; 3];
//! for t in 0..300 {
//!     tuner.distribution(&[], &mut p);
//!     let arm = (0..3).find(|&i| p[..=i].iter().sum::<f64>() > (t as f64 * 0.618) % 1.0).unwrap_or(2);
//!     let cost = [30.0, 20.0, 40.0][arm]; // iterations of a solve
//!     tuner.observe(&Outcome { context: &[], arm, probability: p[arm], place: None, cost });
//! }
//! assert!(p[1] > 0.6);
//! ```

mod chebcb;
mod check;
mod exp3;
mod fixed;
mod master;
mod range;
mod smooth;
#[cfg(test)]
mod tests;
mod tsallis;
mod tsallis_bins;

pub use chebcb::ChebCb;
pub(crate) use check::Check;
pub use exp3::Exp3;
pub use fixed::Fixed;
pub use master::{Expert, Master};
pub use smooth::{Smooth, SmoothConfig};
pub use tsallis::{Estimator, Tsallis};
pub use tsallis_bins::TsallisBins;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// What came of an arm.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Outcome<'a> {
    /// The context it was chosen in, as handed to [`Tuner::distribution`].
    pub context: &'a [f64],
    /// Index of the arm.
    pub arm: usize,
    /// The probability it was drawn with, in (0, 1].
    pub probability: f64,
    /// Where the arm lies on the line of arms, e.g. −ln(2 − ω), in the unit of
    /// [`SmoothConfig::positions`]; what shares along that line learns from arms that are not its own.
    pub place: Option<f64>,
    /// What it cost, greater than 0: iterations, work or seconds. Everything that followed from it
    /// is in this, also what had to be done by another arm.
    pub cost: f64,
}

/// Chooses among arms, and learns from what they cost.
pub trait Tuner: Send {
    /// The name used on the command line.
    fn name(&self) -> &'static str;

    /// Number of arms.
    fn arms(&self) -> usize;

    /// Writes the distribution over the arms for a context. The same state gives the same one.
    ///
    /// # Panics
    /// If `p` has not one place for each arm.
    fn distribution(&mut self, context: &[f64], p: &mut [f64]);

    /// Learns from an outcome. One whose cost is not finite and positive is passed over.
    fn observe(&mut self, outcome: &Outcome<'_>);

    /// Learns from a round in which an arm was drawn that is not one of its own; `outcome.arm` means nothing
    /// to it. Nothing, for most.
    fn overhear(&mut self, _outcome: &Outcome<'_>) {}

    /// Whether it has a model of the cost of each arm: [`Tuner::predict`].
    fn models(&self) -> bool {
        false
    }

    /// Writes the cost it expects of each arm; NaN where it knows nothing.
    fn predict(&self, _context: &[f64], costs: &mut [f64]) {
        costs.fill(f64::NAN);
    }

    /// What it is made of and how much each part counts at the moment; nothing for most.
    fn weights(&self) -> Vec<(String, f64)> {
        Vec::new()
    }

    /// All that it has learned.
    fn save(&self) -> Value;

    /// Goes on from what was saved, bit for bit.
    ///
    /// # Errors
    /// [`StateError`] where it is the state of another tuner, of one made otherwise (arms, seed, range of
    /// the context), or one that no tuner comes to: a list too short, a number out of its range. The tuner
    /// is then as it was.
    fn restore(&mut self, saved: &Value) -> Result<(), StateError>;
}

/// Why a saved state cannot be gone on from.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("this is not a state of the tuner {tuner}: {problem}")]
pub struct StateError {
    /// Whose state was expected.
    pub tuner: String,
    /// What is wrong with it.
    pub problem: String,
}

/// Writes a state.
fn saved<S: Serialize>(state: &S) -> Value {
    serde_json::to_value(state).unwrap_or(Value::Null)
}

/// Reads a state.
fn read<S: DeserializeOwned>(tuner: &str, value: &Value) -> Result<S, StateError> {
    S::deserialize(value).map_err(|error| StateError {
        tuner: tuner.into(),
        problem: error.to_string(),
    })
}

/// Reads a state whose number of arms must be this one.
fn read_arms<S: DeserializeOwned>(
    tuner: &str,
    value: &Value,
    arms: usize,
    count: impl Fn(&S) -> usize,
) -> Result<S, StateError> {
    let state = read(tuner, value)?;
    match count(&state) == arms {
        true => Ok(state),
        false => Err(StateError {
            tuner: tuner.into(),
            problem: format!("it has {} arms, there are {arms}", count(&state)),
        }),
    }
}

/// The context that is looked at: the first, where it is finite.
fn first(context: &[f64]) -> Option<f64> {
    context.first().copied().filter(|c| c.is_finite())
}

/// A cost one can learn from.
fn usable(cost: f64) -> bool {
    cost.is_finite() && cost > 0.0
}

/// Makes a distribution of weights that are not negative; even where they are all zero.
fn normalize(p: &mut [f64]) {
    let sum: f64 = p.iter().sum();
    if sum > 0.0 && sum.is_finite() {
        p.iter_mut().for_each(|p| *p /= sum);
    } else {
        p.fill(1.0 / p.len().max(1) as f64);
    }
}
