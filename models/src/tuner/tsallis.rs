//! Tsallis-INF (α = ½): no context, no assumption on how costs come about.
//!
//! With L̂ the sums of estimated losses and η = 2/√t (4/√t for the second estimator),
//!   pᵢ = 4/(η(L̂ᵢ − x))²,   x < min L̂ such that Σp = 1
//! x by Newton from min L̂ − 2/η, where Σp ≥ 1: Σp is convex and increasing there, so that x falls
//! to the root and never leaves the domain.
//! - importance-weighted: L̂ᵢ += 1[i drawn] ℓ/pᵢ
//! - reduced variance: L̂ᵢ += 1[i drawn] (ℓ − Bᵢ)/pᵢ + Bᵢ, Bᵢ = ½ where pᵢ ≥ η², else 0
//!
//! ℓ is the cost over its running mean, whose changes act back on all losses seen; the sums are
//! therefore kept apart, of costs and of shifts.
//!
//! Among others, pᵢ in the estimates is the probability that i was drawn with, whoever drew it, and every
//! round counts: where the arm drawn is not one of these, nothing is drawn of them, so that
//!   L̂ᵢ += 0 (importance-weighted), Bᵢ (reduced variance),   t ← t + 1
//! and 𝔼 L̂ᵢ is the sum of the losses of all rounds, as if it had drawn alone. Where Bᵢ is ½ is
//! decided by its own pᵢ, since that of the mixture is known for the arm drawn alone: the estimate is
//! right in the mean all the same, and scatters more than it would alone.
//!
//! Regret against the best arm in hindsight: at most 4K√(dt) + 1 for losses of at most K and d arms.
//!
//! | decision | O(d), 3–8 Newton steps | memory | 2d |
//!
//! - J. Zimmert, Y. Seldin, Tsallis-INF: An optimal algorithm for stochastic and adversarial bandits,
//!   JMLR 22(28):1–49, 2021, arXiv:1807.07623.
//! - M. Khodak et al., Learning to Relax, ICLR 2024, arXiv:2310.02246, algorithm 1 with a varying η.

use super::check::Check;
use super::{Outcome, StateError, Tuner, normalize, read_arms, saved, usable};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// How a loss is estimated from the arm that was drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Estimator {
    /// ℓ/p of the arm drawn: that of the paper.
    ImportanceWeighted,
    /// The same around ½: less variance.
    #[default]
    ReducedVariance,
}

/// Tsallis-INF over `arms` arms.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tsallis {
    estimator: Estimator,
    /// Rounds, those in which others drew an arm of their own included.
    t: u64,
    /// Outcomes of its arms, …
    seen: u64,
    /// … and their mean cost.
    mean: f64,
    /// Sums of cost/p, and of the shifts.
    costs: Vec<f64>,
    shifts: Vec<f64>,
    /// Scratch: a distribution.
    #[serde(skip)]
    all: Vec<f64>,
}

const NAME: &str = "tsallis-inf";

impl Tsallis {
    /// With the estimator of least variance.
    pub fn new(arms: usize) -> Self {
        Self::with_estimator(arms, Estimator::default())
    }

    /// With another estimator.
    pub fn with_estimator(arms: usize, estimator: Estimator) -> Self {
        Self {
            estimator,
            t: 0,
            seen: 0,
            mean: 1.0,
            costs: vec![0.0; arms],
            shifts: vec![0.0; arms],
            all: Vec::with_capacity(arms),
        }
    }

    /// Rounds so far.
    pub(super) fn rounds(&self) -> u64 {
        self.t
    }

    /// η for the decision at hand.
    fn eta(&self) -> f64 {
        let factor = match self.estimator {
            Estimator::ImportanceWeighted => 2.0,
            Estimator::ReducedVariance => 4.0,
        };
        factor / ((self.t + 1) as f64).sqrt()
    }

    /// Adds the shifts of a round: Bᵢ − 1[i drawn] Bᵢ/p.
    fn shift(&mut self, context: &[f64], drawn: Option<(usize, f64)>) {
        if self.estimator == Estimator::ImportanceWeighted {
            return;
        }
        let eta = self.eta();
        let mut all = std::mem::take(&mut self.all);
        all.resize(self.arms(), 0.0);
        self.distribution(context, &mut all);
        for (i, (shift, q)) in self.shifts.iter_mut().zip(&all).enumerate() {
            let around = if *q >= eta * eta { 0.5 } else { 0.0 }; // Bᵢ
            *shift += match drawn {
                Some((arm, p)) if arm == i => around - around / p,
                _ => around,
            };
        }
        all.clear();
        self.all = all;
    }

    /// That what was saved is a state of this one, further on.
    pub(super) fn check(&self, saved: &Self) -> Result<(), StateError> {
        let check = Check(NAME);
        let same = saved.estimator == self.estimator;
        check.that(same, "it estimates losses in another way")?;
        check.count("costs", saved.costs.len(), self.arms())?;
        check.count("shifts", saved.shifts.len(), self.arms())?;
        check.decisions(&[saved.t, saved.seen])?;
        check.that(saved.seen <= saved.t, "more outcomes than rounds")?;
        check.at_least("costs", &saved.costs, 0.0)?;
        check.finite("shifts", &saved.shifts)?;
        let most = (1.0 + 1e-9) * 0.5 * saved.t as f64; // of a shift, by ½ in each round
        let within = saved.shifts.iter().all(|shift| *shift <= most);
        check.that(within, "shifts: more than its rounds can make them")?;
        check.at_least("mean", &[saved.mean], f64::MIN_POSITIVE)?;
        let losses: Vec<f64> = saved.costs.iter().map(|cost| cost / saved.mean).collect();
        check.finite("costs over their mean", &losses)
    }
}

impl Tuner for Tsallis {
    fn name(&self) -> &'static str {
        NAME
    }

    fn arms(&self) -> usize {
        self.costs.len()
    }

    fn distribution(&mut self, _: &[f64], p: &mut [f64]) {
        let sums = self.costs.iter().zip(&self.shifts);
        let losses = p.iter_mut().zip(sums);
        losses.for_each(|(p, (cost, shift))| *p = cost / self.mean + shift);
        tsallis(self.eta(), p);
    }

    fn observe(&mut self, outcome: &Outcome<'_>) {
        if !usable(outcome.cost) {
            return;
        }
        let (arm, p) = (outcome.arm, outcome.probability);
        self.shift(outcome.context, Some((arm, p)));
        self.costs[arm] += outcome.cost / p;
        self.t += 1;
        self.seen += 1;
        let before = if self.seen == 1 { 0.0 } else { self.mean };
        self.mean = before + (outcome.cost - before) / self.seen as f64;
    }

    fn overhear(&mut self, outcome: &Outcome<'_>) {
        if !usable(outcome.cost) {
            return;
        }
        self.shift(outcome.context, None);
        self.t += 1;
    }

    fn save(&self) -> Value {
        saved(self)
    }

    fn restore(&mut self, value: &Value) -> Result<(), StateError> {
        let state = read_arms(NAME, value, self.arms(), |s: &Self| s.costs.len())?;
        self.check(&state)?;
        *self = state;
        Ok(())
    }
}

/// Turns losses into the distribution: pᵢ = 4/(η(Lᵢ − x))².
pub(super) fn tsallis(eta: f64, p: &mut [f64]) {
    let least = p.iter().copied().fold(f64::INFINITY, f64::min);
    let mut x = -2.0 / eta; // seen from the least loss
    for _ in 0..50 {
        let (mut sum, mut slope) = (-1.0, 0.0);
        for &loss in p.iter() {
            let q = 2.0 / (eta * (loss - least - x));
            sum += q * q;
            slope += eta * q * q * q;
        }
        let step = sum / slope;
        x -= step;
        if step <= 1e-12 * x.abs() {
            break;
        }
    }
    for p in p.iter_mut() {
        let q = 2.0 / (eta * (*p - least - x));
        *p = q * q;
    }
    normalize(p);
}
