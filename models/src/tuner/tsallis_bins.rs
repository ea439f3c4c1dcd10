//! Tsallis-INF in bins: one learner for each part of the range of the first context.
//!
//! With m bins and a comparator that is L-Lipschitz in the context, regret O(T^(3/4)) against the
//! best ω for each context. The bins share nothing. Where the range is not given, it is that of the
//! contexts seen so far: a bin then means another part of it whenever the range grows.
//!
//! - M. Khodak et al., Learning to Relax, ICLR 2024, arXiv:2310.02246, theorem 2.3.

use super::{Estimator, Outcome, StateError, Tsallis, Tuner, read, saved};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Independent [`Tsallis`] learners in equal bins of the context.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TsallisBins {
    /// Of the context; grows with what is seen.
    range: Option<[f64; 2]>,
    bins: Vec<Tsallis>,
}

const NAME: &str = "tsallis-inf-cb";

impl TsallisBins {
    /// `bins` bins (at least one) over a range, if it is known.
    pub fn new(arms: usize, bins: usize, range: Option<[f64; 2]>, estimator: Estimator) -> Self {
        Self {
            range,
            bins: vec![Tsallis::with_estimator(arms, estimator); bins.max(1)],
        }
    }

    fn bin(&mut self, context: &[f64]) -> &mut Tsallis {
        let Some(c) = context.first().copied().filter(|c| c.is_finite()) else {
            return &mut self.bins[0];
        };
        let [low, high] = self.range.get_or_insert([c, c]);
        (*low, *high) = (low.min(c), high.max(c));
        let part = (c - *low) / (*high - *low);
        let part = if part.is_finite() { part } else { 0.0 };
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

    fn save(&self) -> Value {
        saved(self)
    }

    fn restore(&mut self, value: &Value) -> Result<(), StateError> {
        let state: Self = read(NAME, value)?;
        let same = state.bins.len() == self.bins.len()
            && state.bins.iter().all(|bin| bin.arms() == self.arms());
        if !same {
            let problem = "its bins or arms are others".into();
            return Err(StateError {
                tuner: NAME.into(),
                problem,
            });
        }
        *self = state;
        Ok(())
    }
}
