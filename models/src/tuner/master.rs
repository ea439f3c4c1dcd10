//! A master over experts: exponential weights on the experts' distributions (EXP4).
//!
//! Every expert answers with a distribution qₑ over the same arms; an arm is drawn from the mixture
//!   p = Σ ((1 − γ) wₑ + γ w⁰ₑ) qₑ,   γ = max(1/(2√t), 0.005), w⁰ the weights before anything is known
//! and its cost updates every expert: the learning ones learn from it with the probability p it was
//! drawn with, and the weights are moved by a doubly robust estimate of what each expert would have
//! paid,
//!   ℓₑ = [Σᵢ qₑ(i) mᵢ + qₑ(a)/(p(a) + γ) (cost − mₐ)]/min m
//! with mᵢ a cost predicted before the outcome was known. But for the γ that keeps rare draws from
//! shouting, the estimate has the right mean whatever mᵢ is; where the prediction is good it hardly
//! scatters, and a handful of solves tells the experts apart. Costs count relative to what the best
//! arm is predicted to cost on the system at hand, so that a few hard systems do not decide alone.
//! Weights: w ∝ w⁰ exp(−η Σℓ), η = ln n/Δ with Δ the sum of mixability gaps (AdaHedge), which
//! needs no scale of the costs; both sums forget, a factor of e in 150 decisions, since what is best
//! for a sequence changes along it.
//!
//! What is guaranteed: for costs fixed beforehand, the expected total of relative costs is that of the best *expert's
//! distributions as they were played*, plus a term that grows with the root of the sum of squared
//! estimates, plus the share γ. What is not: that an expert does as well in company as it would
//! have done alone, since it learns from draws that are mostly not its own.
//!
//! - P. Auer, N. Cesa-Bianchi, Y. Freund, R. E. Schapire, SIAM J. Comput. 32(1):48–77, 2002 (EXP4),
//!   doi:10.1137/S0097539701398375.
//! - M. Dudík, J. Langford, L. Li, Doubly robust policy evaluation and learning, ICML 2011,
//!   arXiv:1103.4601.
//! - S. de Rooij, T. van Erven, P. D. Grünwald, W. M. Koolen, Follow the leader if you can, hedge if
//!   you must, JMLR 15:1281–1316, 2014, arXiv:1301.0534.

use super::check::Check;
use super::{Outcome, Smooth, SmoothConfig, StateError, Tuner, normalize, read, saved, usable};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One adviser of a [`Master`].
pub struct Expert {
    /// What it is called in logs.
    pub label: String,
    /// The tuner, over arms `first..first + tuner.arms()` of the master.
    pub tuner: Box<dyn Tuner>,
    /// Its first arm.
    pub first: usize,
    /// Its weight before anything is known.
    pub prior: f64,
}

/// A master over experts: exponential weights on their distributions (EXP4), doubly robust estimates
/// of what each would have paid, AdaHedge's rate, and sums that forget.
pub struct Master {
    arms: usize,
    experts: Vec<Expert>,
    /// Predict the cost of the arms that no expert has a model of, from the context.
    models: Vec<(usize, Smooth)>,
    state: State,
    /// Each expert's distribution, and what it was asked for: decision and context.
    advice: Vec<Vec<f64>>,
    asked: Option<(u64, Vec<f64>)>,
    /// Predicted costs.
    m: Vec<f64>,
    /// Scratch: a weight and a loss for each expert.
    weights: Vec<f64>,
    losses: Vec<f64>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct State {
    t: u64,
    /// Estimated total of each expert, less that of the best.
    totals: Vec<f64>,
    /// Sum of mixability gaps.
    gaps: f64,
    /// How often each arm was played.
    plays: Vec<u64>,
}

/// What is saved.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Saved {
    state: State,
    experts: Vec<Value>,
    models: Vec<Value>,
}

const NAME: &str = "auto";
/// Share of the decisions that goes to the experts by their prior weight, over √t.
const EXPLORE: f64 = 0.5;
/// Of that share.
const LEAST: f64 = 0.005;
/// Decisions over which what was paid is forgotten: what is best may change.
const MEMORY: f64 = 150.0;
/// What the sum of gaps begins with: in the first solves, an expert that costs twice as much as the
/// best loses a factor of n for each.
const GAPS: f64 = 1.0;

impl Master {
    /// Over `arms` arms; arms that no expert plays are never played. `width`: as in
    /// [`SmoothConfig`].
    pub fn new(arms: usize, mut experts: Vec<Expert>, context: bool, width: f64) -> Self {
        let modelled = |arm: &usize| {
            experts
                .iter()
                .any(|e| e.tuner.models() && e.own().contains(arm))
        };
        let model = |arm| {
            let config = SmoothConfig {
                positions: vec![0.0],
                context,
                rising: false,
                width,
                overhears: false,
                draws: 1,
                seed: 0,
            };
            (arm, Smooth::new(config))
        };
        let models = (0..arms).filter(|arm| !modelled(arm)).map(model).collect();
        let sum: f64 = experts.iter().map(|expert| expert.prior).sum();
        experts.iter_mut().for_each(|expert| expert.prior /= sum);
        Self {
            arms,
            models,
            state: State {
                t: 0,
                totals: vec![0.0; experts.len()],
                gaps: GAPS,
                plays: vec![0; arms],
            },
            advice: experts.iter().map(|_| vec![0.0; arms]).collect(),
            asked: None,
            m: vec![f64::NAN; arms],
            weights: Vec::with_capacity(experts.len()),
            losses: Vec::with_capacity(experts.len()),
            experts,
        }
    }

    fn weigh(&self, weights: &mut Vec<f64>) {
        let n = self.experts.len().max(2) as f64;
        let eta = n.ln() / self.state.gaps;
        let least = self.least();
        let weigh =
            |(expert, total): (&Expert, &f64)| expert.prior * (-eta * (total - least)).exp();
        weights.clear();
        weights.extend(self.experts.iter().zip(&self.state.totals).map(weigh));
        normalize(weights);
    }

    fn least(&self) -> f64 {
        self.state
            .totals
            .iter()
            .copied()
            .fold(f64::INFINITY, f64::min)
    }

    /// γ.
    fn share(&self) -> f64 {
        (EXPLORE / ((self.state.t + 1) as f64).sqrt()).max(LEAST)
    }

    fn consult(&mut self, context: &[f64]) {
        let known = |(t, c): &(u64, Vec<f64>)| *t == self.state.t && c == context;
        if self.asked.as_ref().is_some_and(known) {
            return;
        }
        let (_, mut kept) = self.asked.take().unwrap_or_default();
        kept.clear();
        kept.extend_from_slice(context);
        self.asked = Some((self.state.t, kept));
        for (expert, advice) in self.experts.iter_mut().zip(&mut self.advice) {
            advice.fill(0.0);
            let own = expert.own();
            expert.tuner.distribution(context, &mut advice[own]);
        }
    }

    fn mix(&mut self, p: &mut [f64]) {
        let mut weights = std::mem::take(&mut self.weights);
        self.weigh(&mut weights);
        let gamma = self.share();
        p.fill(0.0);
        let shares = self.experts.iter().zip(&weights).zip(&self.advice);
        for ((expert, w), advice) in shares {
            let share = (1.0 - gamma) * w + gamma * expert.prior;
            p.iter_mut().zip(advice).for_each(|(p, q)| *p += share * q);
        }
        normalize(p);
        self.weights = weights;
    }

    /// Takes what was saved; only a part of it where it fails.
    fn take(&mut self, value: &Value) -> Result<(), StateError> {
        let Saved {
            state,
            experts,
            models,
        } = read(NAME, value)?;
        let check = Check(NAME);
        check.count("experts", experts.len(), self.experts.len())?;
        check.count("models", models.len(), self.models.len())?;
        check.count("totals", state.totals.len(), self.experts.len())?;
        check.count("plays", state.plays.len(), self.arms)?;
        check.decisions(&[state.t])?;
        check.sum("plays", state.plays.iter().copied(), state.t)?;
        check.at_least("totals", &state.totals, 0.0)?;
        check.at_least("gaps", &[state.gaps], GAPS)?;
        for (expert, value) in self.experts.iter_mut().zip(&experts) {
            expert.tuner.restore(value)?;
        }
        for (model, value) in self.models.iter_mut().zip(&models) {
            model.1.restore(value)?;
        }
        self.asked = None;
        self.state = state;
        Ok(())
    }

    /// Predicts the cost of each arm. One never played is taken to be as good as the best.
    fn foresee(&mut self, context: &[f64]) {
        self.m.fill(f64::NAN);
        for (arm, model) in &self.models {
            model.predict(context, &mut self.m[*arm..=*arm]);
        }
        for expert in self
            .experts
            .iter()
            .rev()
            .filter(|expert| expert.tuner.models())
        {
            expert.tuner.predict(context, &mut self.m[expert.own()]);
        }
        let finite = self.m.iter().copied().filter(|m| m.is_finite());
        let least = finite.fold(f64::INFINITY, f64::min);
        self.m
            .iter_mut()
            .filter(|m| !m.is_finite())
            .for_each(|m| *m = least);
    }
}

impl Expert {
    /// Its arms among those of the master.
    fn own(&self) -> std::ops::Range<usize> {
        self.first..self.first + self.tuner.arms()
    }
}

impl Tuner for Master {
    fn name(&self) -> &'static str {
        NAME
    }

    fn arms(&self) -> usize {
        self.arms
    }

    fn distribution(&mut self, context: &[f64], p: &mut [f64]) {
        self.consult(context);
        self.mix(p);
    }

    fn observe(&mut self, outcome: &Outcome<'_>) {
        if !usable(outcome.cost) {
            return;
        }
        let Outcome {
            context,
            arm,
            probability,
            cost,
            ..
        } = *outcome;
        self.consult(context);
        self.foresee(context);
        let m = &self.m;
        let least = m.iter().copied().fold(f64::INFINITY, f64::min);
        let unit = if least.is_finite() { least } else { cost };
        let model = |m: f64| if m.is_finite() { m / unit } else { 1.0 };
        let surprise = cost / unit - model(m[arm]);
        let bias = self.share();
        let loss = |q: &Vec<f64>| {
            let expected: f64 = q.iter().zip(m).map(|(q, &m)| q * model(m)).sum();
            expected + q[arm] / (probability + bias) * surprise
        };
        let mut losses = std::mem::take(&mut self.losses);
        losses.clear();
        losses.extend(self.advice.iter().map(loss));
        // AdaHedge: the gap between what the mixture paid and its mix loss
        let mut weights = std::mem::take(&mut self.weights);
        self.weigh(&mut weights);
        let paid: f64 = weights.iter().zip(&losses).map(|(w, l)| w * l).sum();
        let n = self.experts.len().max(2) as f64;
        let eta = n.ln() / self.state.gaps;
        let best = losses.iter().copied().fold(f64::INFINITY, f64::min);
        let relative = weights
            .iter()
            .zip(&losses)
            .map(|(w, l)| w * (-eta * (l - best)).exp());
        let mixed = best - relative.sum::<f64>().max(1e-300).ln() / eta;
        let forget = 1.0 - 1.0 / MEMORY;
        self.state.gaps = (forget * self.state.gaps).max(GAPS) + (paid - mixed).max(0.0);
        for (total, loss) in self.state.totals.iter_mut().zip(&losses) {
            *total = forget * *total + loss;
        }
        let least = self.least();
        self.state
            .totals
            .iter_mut()
            .for_each(|total| *total -= least);
        (self.weights, self.losses) = (weights, losses);
        self.state.t += 1;
        self.state.plays[arm] += 1;
        let own = self.models.iter_mut().find(|model| model.0 == arm);
        if let Some((_, model)) = own {
            model.observe(&Outcome {
                arm: 0,
                probability: 1.0,
                ..*outcome
            });
        }
        for expert in &mut self.experts {
            match expert.own().contains(&arm) {
                true => expert.tuner.observe(&Outcome {
                    arm: arm - expert.first,
                    ..*outcome
                }),
                false => expert.tuner.overhear(outcome),
            }
        }
    }

    fn weights(&self) -> Vec<(String, f64)> {
        let labels = self.experts.iter().map(|expert| expert.label.clone());
        let mut weights = Vec::new();
        self.weigh(&mut weights);
        labels.zip(weights).collect()
    }

    fn save(&self) -> Value {
        saved(&Saved {
            state: self.state.clone(),
            experts: self
                .experts
                .iter()
                .map(|expert| expert.tuner.save())
                .collect(),
            models: self.models.iter().map(|model| model.1.save()).collect(),
        })
    }

    fn restore(&mut self, value: &Value) -> Result<(), StateError> {
        let before = self.save();
        self.take(value).inspect_err(|_| {
            let _ = self.take(&before); // the experts that had taken theirs go back
        })
    }
}
