//! EXP3: exponential weights on importance-weighted losses, for comparison.
//!
//!   pᵢ ∝ exp(−η L̂ᵢ),   L̂ᵢ += 1[i drawn] ℓ/pᵢ,   η = √(ln d/(d t))
//! ℓ is the cost over its running mean. Regret O(√(dt ln d)) against the best arm in hindsight.
//!
//! - P. Auer, N. Cesa-Bianchi, Y. Freund, R. E. Schapire, The nonstochastic multiarmed bandit
//!   problem, SIAM J. Comput. 32(1):48–77, 2002, doi:10.1137/S0097539701398375.

use super::check::Check;
use super::{Outcome, StateError, Tuner, normalize, read_arms, saved, usable};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// EXP3 over a number of arms.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exp3 {
    t: u64,
    mean: f64,
    costs: Vec<f64>,
}

const NAME: &str = "exp3";

impl Exp3 {
    /// Over `arms` arms.
    pub fn new(arms: usize) -> Self {
        Self {
            t: 0,
            mean: 1.0,
            costs: vec![0.0; arms],
        }
    }
}

impl Tuner for Exp3 {
    fn name(&self) -> &'static str {
        NAME
    }

    fn arms(&self) -> usize {
        self.costs.len()
    }

    fn distribution(&mut self, _: &[f64], p: &mut [f64]) {
        let d = self.arms() as f64;
        let eta = (d.ln() / (d * (self.t + 1) as f64)).sqrt();
        let least = self.costs.iter().copied().fold(f64::INFINITY, f64::min);
        for (p, cost) in p.iter_mut().zip(&self.costs) {
            *p = (-eta * (cost - least) / self.mean).exp();
        }
        normalize(p);
    }

    fn observe(&mut self, outcome: &Outcome<'_>) {
        if !usable(outcome.cost) {
            return;
        }
        self.costs[outcome.arm] += outcome.cost / outcome.probability;
        self.t += 1;
        let before = if self.t == 1 { 0.0 } else { self.mean };
        self.mean = before + (outcome.cost - before) / self.t as f64;
    }

    fn save(&self) -> Value {
        saved(self)
    }

    fn restore(&mut self, value: &Value) -> Result<(), StateError> {
        let state = read_arms(NAME, value, self.arms(), |s: &Self| s.costs.len())?;
        let check = Check(NAME);
        check.decisions(&[state.t])?;
        check.at_least("costs", &state.costs, 0.0)?;
        check.at_least("mean", &[state.mean], f64::MIN_POSITIVE)?;
        *self = state;
        Ok(())
    }
}
