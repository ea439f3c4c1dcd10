//! A learner that shares what it sees between neighbouring arms and contexts.
//!
//! Arms lie on a line (v, e.g. −log(2−ω), scaled to [−1, 1]), and so do contexts (u). The mean cost is
//!   μ = exp η,   η(v, u) = Σ θᵢⱼ Tᵢ(v) Tⱼ(u),   i + j ≤ 6, j ≤ 4
//! with a Gaussian prior on θ that falls with the degree, and costs as of a gamma distribution of mean
//! μ and relative variance φ. That makes it the arithmetic mean that is learned: a fit of log cost
//! would learn the geometric one, and prefer arms that are mostly good and sometimes terrible. The
//! level, Σ θ₀ⱼ Tⱼ(u), walks at random from one outcome to the next: systems get harder and easier in
//! ways that no context tells, and an arm that was played in easy times is not a good arm for that. Without a
//! context, a thousandth of the prior's variance comes back to the rest of θ with each outcome, too: which arm
//! is best changes along a sequence, and it is looked for again.
//! The posterior is kept as Gaussian, θ ~ N(θ̂, C): an outcome moves θ̂ along Cf, f the features, to
//! the maximum of prior times likelihood on that line,
//!   min over η of (η − η̂)²/(2s) + (y e^{−η} + η)/φ,   s = fᵀCf
//! by Newton, and C takes the information 1/φ. φ is the running mean of (y/μ − 1)².
//!
//! An arm is drawn with the probability that it is the best of the posterior, its standard deviations
//! cut to three tenths (Thompson, less curious), counted over draws; but only among arms whose expected
//! cost, E exp η over the posterior, is at most 1.35 times the least, and the neighbours of the least:
//! what lies further out is reached step by step, and no solve is wasted on an ω that nothing speaks for.
//!
//! The last outcomes are kept; where the range of the contexts grows, and at powers of two, the fit is
//! made anew from them. Without a width of the range to begin with, a context in another unit makes no
//! difference.
//!
//! | decision | O(p² + draws·d) | update | O(p²) | memory | p² + 512 outcomes, p ≤ 25 |
//!
//! No guarantee against an adversary; [`Master`](super::Master) gives it one.
//!
//! - W. R. Thompson, Biometrika 25:285–294, 1933, doi:10.1093/biomet/25.3-4.285.
//! - P. McCullagh, J. A. Nelder, Generalized Linear Models, 2nd ed. 1989, ch. 8 (gamma costs).
//! - R. E. Kalman, J. Basic Eng. 82(1):35–45, 1960, doi:10.1115/1.3662552 (the walk and the update).

mod posterior;

use super::check::Check;
use super::range::Range;
use super::{Outcome, StateError, Tuner, first, read_arms, saved, usable};
use posterior::{K, Polynomials, Posterior, Slice, polynomials};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::VecDeque;

/// Configuration of [`Smooth`].
#[derive(Debug, Clone, PartialEq)]
pub struct SmoothConfig {
    /// Where each arm lies on the line of arms, in any unit.
    pub positions: Vec<f64>,
    /// Whether the first context is used; the others never are.
    pub context: bool,
    /// The context rises with what an arm further up the line is good for.
    pub rising: bool,
    /// Whether it learns from arms that are not its own but lie on its line.
    pub overhears: bool,
    /// A width of the context over which the best arm may well change; ranges below it are taken
    /// as narrow. In units of the context; for logarithms 1. 0 where the unit is not known: the range is
    /// then that of the contexts seen.
    pub width: f64,
    /// Draws from the posterior for a decision.
    pub draws: usize,
    /// Of the draws.
    pub seed: u64,
}

/// Outcomes kept.
const KEPT: usize = 512;
/// Of the range of contexts, what it grows by more than it must.
const MARGIN: f64 = 0.15;
/// Relative variance of a cost, before any is seen, and for how many outcomes that counts.
const DISPERSION: (f64, f64) = (0.1, 6.0);
const LEAST_DISPERSION: f64 = 1e-3;
/// Standard deviations of the posterior are drawn from as this much of themselves: with all of
/// them, a hundred solves go by in looking around.
const BOLDNESS: f64 = 0.3;
/// Arms are drawn among those whose expected cost, doubt included, is at most e^this times the least, and
/// its neighbours, however far they are on a coarse line.
const PRUDENCE: f64 = 0.3;

/// Shares what it sees between neighbouring arms and contexts: gamma regression on polynomials, arms
/// by draws from its posterior.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Smooth {
    /// Arms on [−1, 1], …
    arms: Vec<f64>,
    /// … and the polynomials there.
    #[serde(skip)]
    tables: Vec<Polynomials>,
    /// Middle and half width of the line of arms.
    line: (f64, f64),
    context: bool,
    rising: bool,
    overhears: bool,
    draws: usize,
    seed: u64,
    t: u64,
    range: Range,
    posterior: Posterior,
    /// Sum and weight of (y/μ − 1)².
    dispersion: (f64, f64),
    /// Context, arm on [−1, 1], cost.
    kept: VecDeque<(f64, f64, f64)>,
}

const NAME: &str = "smooth";

impl Smooth {
    /// Nothing seen.
    pub fn new(config: SmoothConfig) -> Self {
        let low = config
            .positions
            .iter()
            .copied()
            .fold(f64::INFINITY, f64::min);
        let high = config
            .positions
            .iter()
            .copied()
            .fold(f64::NEG_INFINITY, f64::max);
        let half = 0.5 * (high - low);
        let line = (low + half, if half > 0.0 { half } else { 1.0 });
        let place = |v: &f64| (v - line.0) / line.1;
        let arms: Vec<f64> = config.positions.iter().map(place).collect();
        let mut smooth = Self {
            tables: arms.iter().map(|&v| polynomials(v)).collect(),
            arms,
            line,
            context: config.context,
            rising: config.rising,
            overhears: config.overhears,
            draws: config.draws.max(1),
            seed: config.seed,
            t: 0,
            range: Range::new(None, config.width),
            posterior: Posterior::new(config.context),
            dispersion: (DISPERSION.0 * DISPERSION.1, DISPERSION.1),
            kept: VecDeque::with_capacity(KEPT),
        };
        smooth.posterior.reset(0.0, smooth.rising);
        smooth
    }

    /// The context used.
    fn place(&self, context: &[f64]) -> f64 {
        first(context).filter(|_| self.context).unwrap_or(0.0)
    }

    /// The context on [−1, 1]; in the middle of a range that is one point.
    fn u(&self, c: f64) -> f64 {
        self.range.part(c).map_or(0.0, |part| 2.0 * part - 1.0)
    }

    /// Takes one outcome into the posterior.
    fn update(&mut self, u: f64, v: f64, cost: f64) {
        let phi = (self.dispersion.0 / self.dispersion.1).max(LEAST_DISPERSION);
        self.posterior.update(v, u, cost, phi);
    }

    /// Fits everything that is kept anew.
    fn rebuild(&mut self) {
        let logs = self.kept.iter().map(|k| k.2.ln());
        let level = logs.sum::<f64>() / self.kept.len().max(1) as f64;
        self.posterior.reset(level, self.rising);
        for k in 0..self.kept.len() {
            let (c, v, cost) = self.kept[k];
            self.update(self.u(c), v, cost);
        }
    }

    /// Learns what an arm at v has cost.
    fn learn(&mut self, outcome: &Outcome<'_>, v: f64) {
        if !usable(outcome.cost) {
            return;
        }
        let c = self.place(outcome.context);
        let wider = self.range.hold(c, MARGIN);
        let u = self.u(c);
        if self.t > 0 {
            let mean = self.posterior.mean(v, u).exp();
            let error = (outcome.cost / mean - 1.0).powi(2).min(25.0);
            let forget = 1.0 - 1.0 / KEPT as f64;
            self.dispersion.0 = forget * self.dispersion.0 + error;
            self.dispersion.1 = forget * self.dispersion.1 + 1.0;
        }
        if self.kept.len() == KEPT {
            self.kept.pop_front();
        }
        self.kept.push_back((c, v, outcome.cost));
        self.t += 1;
        let anew = self.t.is_power_of_two() && self.t <= KEPT as u64;
        if wider || anew {
            self.rebuild();
        } else {
            self.update(u, v, outcome.cost);
        }
    }

    /// That what was saved is a state of this one, further on.
    fn check(&self, saved: &Self) -> Result<(), StateError> {
        let check = Check(NAME);
        // logarithms may differ in the last place from one machine to another
        let close = |a: f64, b: f64| (a - b).abs() <= 1e-9 * (1.0 + b.abs());
        let mut arms = saved.arms.iter().zip(&self.arms);
        let same = arms.all(|(saved, own)| close(*saved, *own))
            && close(saved.line.0, self.line.0)
            && close(saved.line.1, self.line.1);
        check.that(same, "its arms lie elsewhere")?;
        let flags = |s: &Self| (s.context, s.rising, s.overhears);
        let same = flags(saved) == flags(self);
        check.that(same, "it learns from other things")?;
        let (found, own) = (saved.draws, self.draws);
        check.that(found == own, format!("draws = {found}, not {own}"))?;
        let (found, own) = (saved.seed, self.seed);
        check.that(found == own, format!("seed = {found}, not {own}"))?;
        check.decisions(&[saved.t])?;
        self.range.check(&saved.range, check)?;
        saved.posterior.check(check, self.context, saved.t)?;
        let (sum, weight) = saved.dispersion;
        check.at_least("dispersion", &[sum, weight], 0.0)?;
        let mean = sum / weight; // of what is at most 25 each
        check.that(mean <= 26.0, format!("dispersion: {sum}/{weight}"))?;
        check.count("kept", saved.kept.len(), saved.t.min(KEPT as u64) as usize)?;
        saved.kept.iter().try_for_each(|&(c, v, cost)| {
            let can_be = saved.range.holds(c) && v.abs() <= 1.0 + 1e-9 && usable(cost);
            let problem = format!("kept: context {c}, arm at {v}, cost {cost}");
            check.that(can_be, problem)
        })
    }

    /// Which arms to draw among.
    fn prudent(&self, belief: &Slice, allowed: &mut [f64]) {
        let tables = self.tables.iter();
        for (allowed, t) in allowed.iter_mut().zip(tables) {
            *allowed = belief.eta(t) + 0.5 * belief.variance(t);
        }
        let least = allowed.iter().copied().fold(f64::INFINITY, f64::min);
        let best = allowed.iter().position(|cost| *cost == least);
        for (arm, allowed) in allowed.iter_mut().enumerate() {
            let near = best.is_some_and(|best| arm.abs_diff(best) <= 1);
            *allowed = f64::from(near || *allowed <= least + PRUDENCE);
        }
    }
}

impl Tuner for Smooth {
    fn name(&self) -> &'static str {
        NAME
    }

    fn arms(&self) -> usize {
        self.arms.len()
    }

    fn distribution(&mut self, context: &[f64], p: &mut [f64]) {
        let c = self.place(context);
        if self.range.hold(c, MARGIN) {
            self.rebuild();
        }
        let belief = self.posterior.slice(self.u(c));
        self.prudent(&belief, p);
        let factor = belief.covariance.cholesky().map(|c| c.l());
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        rng.set_stream(self.t);
        for _ in 0..self.draws {
            let mut theta = belief.mean;
            if let Some(l) = &factor {
                let mut normal = || -> f64 { StandardNormal.sample(&mut rng) };
                let z: [f64; K] = std::array::from_fn(|_| BOLDNESS * normal());
                for i in 0..K {
                    theta[i] += (0..=i).map(|j| l[(i, j)] * z[j]).sum::<f64>();
                }
            }
            let mut best = (0, f64::INFINITY);
            for (arm, t) in self.tables.iter().enumerate() {
                let eta: f64 = t.iter().zip(&theta).map(|(a, b)| a * b).sum();
                if p[arm] > 0.0 && eta < best.1 {
                    best = (arm, eta);
                }
            }
            p[best.0] += 1.0; // a draw; the 1 of those allowed is taken off below
        }
        for p in p.iter_mut().filter(|p| **p > 0.0) {
            *p = (*p - 1.0) / self.draws as f64;
        }
    }

    fn observe(&mut self, outcome: &Outcome<'_>) {
        self.learn(outcome, self.arms[outcome.arm]);
    }

    fn overhear(&mut self, outcome: &Outcome<'_>) {
        let v = outcome
            .place
            .map(|place| (place - self.line.0) / self.line.1);
        if let Some(v) = v.filter(|v| self.overhears && v.abs() <= 1.0) {
            self.learn(outcome, v);
        }
    }

    fn models(&self) -> bool {
        true
    }

    fn predict(&self, context: &[f64], costs: &mut [f64]) {
        if self.t == 0 {
            costs.fill(f64::NAN);
            return;
        }
        let belief = self.posterior.slice(self.u(self.place(context)));
        for (cost, t) in costs.iter_mut().zip(&self.tables) {
            *cost = belief.eta(t).exp();
        }
    }

    fn save(&self) -> Value {
        saved(self)
    }

    fn restore(&mut self, value: &Value) -> Result<(), StateError> {
        let mut state = read_arms(NAME, value, self.arms(), |s: &Self| s.arms.len())?;
        self.check(&state)?;
        // what it is made of stays
        (state.arms, state.tables) = (self.arms.clone(), self.tables.clone());
        state.line = self.line;
        *self = state;
        Ok(())
    }
}
