//! Tsallis-INF in bins: one learner for each part of the range of the first context.
//!
//! With m bins and a comparator that is L-Lipschitz in the context, regret O(T^(3/4)) against the
//! best ω for each context. The bins share nothing. Where the range is not given, it is that of the
//! contexts seen so far: a bin then means another part of it whenever the range grows. The other contexts
//! are not looked at.
//!
//! - M. Khodak et al., Learning to Relax, ICLR 2024, arXiv:2310.02246, theorem 2.3.

use super::check::Check;
use super::range::Range;
use super::{Estimator, Outcome, StateError, Tsallis, Tuner, first, read, saved};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Independent [`Tsallis`] learners in equal bins of the context.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TsallisBins {
    /// Of the context; grows with what is seen.
    range: Range,
    bins: Vec<Tsallis>,
}

const NAME: &str = "tsallis-inf-cb";

impl TsallisBins {
    /// `bins` bins (at least one) over a range, if it is known.
    pub fn new(arms: usize, bins: usize, range: Option<[f64; 2]>, estimator: Estimator) -> Self {
        Self {
            range: Range::new(range, 0.0),
            bins: vec![Tsallis::with_estimator(arms, estimator); bins.max(1)],
        }
    }

    fn bin(&mut self, context: &[f64]) -> &mut Tsallis {
        let Some(c) = first(context) else {
            return &mut self.bins[0];
        };
        self.range.hold(c, 0.0);
        let part = self.range.part(c).unwrap_or(0.0);
        let last = self.bins.len() - 1;
        let bin = (part * self.bins.len() as f64) as usize;
        &mut self.bins[bin.min(last)]
    }
}

impl Tuner for TsallisBins {
    fn name(&self) -> &'static str {
        NAME
    }

    fn arms(&self) -> usize {
        self.bins[0].arms()
    }

    fn distribution(&mut self, context: &[f64], p: &mut [f64]) {
        self.bin(context).distribution(context, p);
    }

    fn observe(&mut self, outcome: &Outcome<'_>) {
        self.bin(outcome.context).observe(outcome);
    }

    fn overhear(&mut self, outcome: &Outcome<'_>) {
        self.bin(outcome.context).overhear(outcome);
    }

    fn save(&self) -> Value {
        saved(self)
    }

    fn restore(&mut self, value: &Value) -> Result<(), StateError> {
        let state: Self = read(NAME, value)?;
        Check(NAME).count("bins", state.bins.len(), self.bins.len())?;
        self.range.check(&state.range, Check(NAME))?;
        let mut bins = self.bins.iter().zip(&state.bins);
        bins.try_for_each(|(bin, saved)| bin.check(saved))?;
        // without a range, all goes to the first
        let used = state.bins[1..].iter().any(|bin| bin.rounds() > 0);
        let known = !used || state.range.ends().is_some();
        Check(NAME).that(known, "its range of contexts is missing")?;
        *self = state;
        Ok(())
    }
}
