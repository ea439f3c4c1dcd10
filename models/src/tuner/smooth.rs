//! A learner that shares what it sees between neighbouring arms and contexts.
//!
//! Arms lie on a line (v, e.g. −log(2−ω), scaled to [−1, 1]), and so do contexts (u). The mean cost is
//!   μ = exp η,   η(v, u) = Σ θᵢⱼ Tᵢ(v) Tⱼ(u),   i + j ≤ 6, j ≤ 4
//! with a Gaussian prior on θ that falls with the degree, and costs as of a gamma distribution of mean
//! μ and relative variance φ. That makes it the arithmetic mean that is learned: a fit of log cost
//! would learn the geometric one, and prefer arms that are mostly good and sometimes terrible. The
//! posterior is kept as Gaussian, θ ~ N(θ̂, SSᵀ): an outcome moves θ̂ along SSᵀf, f the features, to
//! the maximum of prior times likelihood on that line,
//!   min over η of (η − η̂)²/(2s) + (y e^{−η} + η)/φ,   s = |Sᵀf|²
//! by Newton, and S takes the information 1/φ by Potter's update. φ is the running mean of
//! (y/μ − 1)². An arm is drawn with the probability that it is the best of the posterior, its
//! standard deviations halved (Thompson, less curious), counted over draws.
//!
//! The last outcomes are kept; where the range of the contexts grows, and at powers of two, the fit is
//! made anew from them.
//!
//! | decision | O(p² + draws·d) | update | O(p²) | memory | p² + 512 outcomes, p ≤ 25 |
//!
//! No guarantee against an adversary; [`Master`](super::Master) gives it one.
//!
//! - W. R. Thompson, Biometrika 25:285–294, 1933, doi:10.1093/biomet/25.3-4.285.
//! - P. McCullagh, J. A. Nelder, Generalized Linear Models, 2nd ed. 1989, ch. 8 (gamma costs).
//! - G. J. Bierman, Factorization Methods for Discrete Sequential Estimation, 1977 (Potter's update).

use super::{Outcome, StateError, Tuner, read_arms, saved, usable};
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
    /// Whether the first context is used.
    pub context: bool,
    /// The context rises with what an arm further up the line is good for.
    pub rising: bool,
    /// Whether it learns from arms that are not its own but lie on its line.
    pub overhears: bool,
    /// A width of the context over which the best arm may well change; ranges below it are taken
    /// as narrow. In units of the context; for logarithms 1.
    pub width: f64,
    /// Draws from the posterior for a decision.
    pub draws: usize,
    /// Of the draws.
    pub seed: u64,
}

/// Degrees of the polynomials: in v, in u, and together.
const DEGREE: (usize, usize, usize) = (6, 4, 6);
/// Outcomes kept.
const KEPT: usize = 512;
/// Of the range of contexts, what it grows by more than it must.
const MARGIN: f64 = 0.15;
/// Standard deviations of the prior: of the constant, of first degree, and the factor per degree.
const PRIOR: (f64, f64, f64) = (2.0, 0.9, 0.6);
/// The prior is a bowl in v, lowest a third of the way up: coefficients of T₁(v) and T₂(v), …
const BOWL: (f64, f64) = (0.9, 0.8);
/// … whose lowest point moves up with the context: that of T₁(v)T₁(u).
const TILT: f64 = -0.4;
/// Relative variance of a cost, before any is seen, and for how many outcomes that counts.
const DISPERSION: (f64, f64) = (0.1, 6.0);
const LEAST_DISPERSION: f64 = 1e-3;
/// Standard deviations of the posterior are drawn from as this much of themselves: with all of
/// them, a hundred solves go by in looking around.
const BOLDNESS: f64 = 0.5;

/// Shares what it sees between neighbouring arms and contexts: gamma regression on polynomials, arms
/// by draws from its posterior.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Smooth {
    /// Arms on [−1, 1].
    arms: Vec<f64>,
    /// Middle and half width of the line of arms.
    line: (f64, f64),
    context: bool,
    rising: bool,
    overhears: bool,
    width: f64,
    draws: usize,
    seed: u64,
    t: u64,
    range: Option<[f64; 2]>,
    theta: Vec<f64>,
    /// S, by rows.
    root: Vec<f64>,
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
        let mut smooth = Self {
            arms: config.positions.iter().map(place).collect(),
            line,
            context: config.context,
            rising: config.rising,
            overhears: config.overhears,
            width: config.width,
            draws: config.draws.max(1),
            seed: config.seed,
            t: 0,
            range: None,
            theta: Vec::new(),
            root: Vec::new(),
            dispersion: (DISPERSION.0 * DISPERSION.1, DISPERSION.1),
            kept: VecDeque::new(),
        };
        smooth.reset(0.0);
        smooth
    }

    /// Degrees (i, j) of the features, in their order.
    fn degrees(&self) -> impl Iterator<Item = (usize, usize)> + use<> {
        let most = if self.context { DEGREE.1 } else { 0 };
        (0..=DEGREE.0).flat_map(move |i| (0..=most.min(DEGREE.2 - i)).map(move |j| (i, j)))
    }

    /// The prior, around a cost of e^level.
    fn reset(&mut self, level: f64) {
        let p = self.degrees().count();
        self.theta = vec![0.0; p];
        self.root = vec![0.0; p * p];
        for (k, (i, j)) in self.degrees().enumerate() {
            self.theta[k] = match (i, j) {
                (0, 0) => level,
                (1, 0) => BOWL.0,
                (2, 0) => BOWL.1,
                (1, 1) if self.rising => TILT,
                _ => 0.0,
            };
            self.root[k * p + k] = match i + j {
                0 => PRIOR.0,
                degree => PRIOR.1 * PRIOR.2.powi(degree as i32 - 1),
            };
        }
    }

    /// The context used.
    fn place(&self, context: &[f64]) -> f64 {
        let c = context
            .first()
            .copied()
            .filter(|c| c.is_finite() && self.context);
        c.unwrap_or(0.0)
    }

    /// The context on [−1, 1].
    fn u(&self, c: f64) -> f64 {
        match self.range {
            Some([low, high]) => (2.0 * (c - low) / (high - low) - 1.0).clamp(-1.0, 1.0),
            None => 0.0,
        }
    }

    /// Widens the range to hold a context; whether it had to.
    fn widen(&mut self, c: f64) -> bool {
        let half = 0.5 * self.width;
        let [low, high] = self.range.unwrap_or([c - half, c + half]);
        let (from, to) = (low.min(c), high.max(c));
        if self.range.is_some() && from == low && to == high {
            return false;
        }
        let margin = MARGIN * (to - from);
        self.range = Some([
            if from < low { from - margin } else { low },
            if to > high { to + margin } else { high },
        ]);
        true
    }

    fn features(&self, v: f64, u: f64) -> Vec<f64> {
        let (tv, tu) = (polynomials(v), polynomials(u));
        self.degrees().map(|(i, j)| tv[i] * tu[j]).collect()
    }

    /// Takes one outcome into the posterior.
    fn update(&mut self, u: f64, v: f64, cost: f64) {
        let f = self.features(v, u);
        let p = f.len();
        let phi = (self.dispersion.0 / self.dispersion.1).max(LEAST_DISPERSION);
        let predicted: f64 = self.theta.iter().zip(&f).map(|(t, f)| t * f).sum();
        // w = Sᵀf, s = |w|², g = S w
        let mut w = vec![0.0; p];
        for (row, f) in self.root.chunks_exact(p).zip(&f) {
            w.iter_mut().zip(row).for_each(|(w, s)| *w += s * f);
        }
        let s: f64 = w.iter().map(|w| w * w).sum();
        let g: Vec<f64> = self
            .root
            .chunks_exact(p)
            .map(|row| row.iter().zip(&w).map(|(s, w)| s * w).sum())
            .collect();
        let eta = most_likely(predicted, s, phi, cost.ln());
        for (theta, g) in self.theta.iter_mut().zip(&g) {
            *theta += g * (eta - predicted) / s;
        }
        // S ← S − γ g wᵀ with 1/φ for the information
        let total = 1.0 + s / phi;
        let gamma = (1.0 / phi) / (total + total.sqrt());
        for (row, g) in self.root.chunks_exact_mut(p).zip(&g) {
            row.iter_mut()
                .zip(&w)
                .for_each(|(s, w)| *s -= gamma * g * w);
        }
    }

    /// Fits everything that is kept anew.
    fn rebuild(&mut self) {
        let logs = self.kept.iter().map(|k| k.2.ln());
        let level = logs.sum::<f64>() / self.kept.len().max(1) as f64;
        self.reset(level);
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
        let wider = self.widen(c);
        let u = self.u(c);
        if self.t > 0 {
            let mean = self.eta(v, u).exp();
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

    /// η at an arm.
    fn eta(&self, v: f64, u: f64) -> f64 {
        let f = self.features(v, u);
        self.theta.iter().zip(f).map(|(t, f)| t * f).sum()
    }
}

/// T₀ … T₆.
fn polynomials(z: f64) -> [f64; DEGREE.0 + 1] {
    let mut t = [1.0; DEGREE.0 + 1];
    t[1] = z;
    for k in 2..t.len() {
        t[k] = 2.0 * z * t[k - 1] - t[k - 2];
    }
    t
}

/// The η of the most likely mean, from a prior N(predicted, s) and a cost of e^log.
fn most_likely(predicted: f64, s: f64, phi: f64, log: f64) -> f64 {
    // convex; the root lies between the two
    let (mut low, mut high) = (predicted.min(log), predicted.max(log));
    let mut eta = 0.5 * (low + high);
    for _ in 0..60 {
        let ratio = (log - eta).exp();
        let slope = (eta - predicted) / s + (1.0 - ratio) / phi;
        if slope > 0.0 {
            high = eta;
        } else {
            low = eta;
        }
        let newton = eta - slope / (1.0 / s + ratio / phi);
        let next = if newton > low && newton < high {
            newton
        } else {
            0.5 * (low + high)
        };
        if (next - eta).abs() < 1e-10 {
            break;
        }
        eta = next;
    }
    eta
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
        if self.widen(c) {
            self.rebuild();
        }
        let u = self.u(c);
        let tu = polynomials(u);
        // what is left of θ and S at this context: polynomials in v
        const K: usize = DEGREE.0 + 1;
        let columns = self.theta.len();
        let mut mean = [0.0; K];
        let mut root = vec![0.0; K * columns];
        for (k, (i, j)) in self.degrees().enumerate() {
            mean[i] += self.theta[k] * tu[j];
            let from = &self.root[k * columns..(k + 1) * columns];
            let to = &mut root[i * columns..(i + 1) * columns];
            to.iter_mut().zip(from).for_each(|(t, s)| *t += s * tu[j]);
        }
        let mut covariance = nalgebra::SMatrix::<f64, K, K>::zeros();
        for i in 0..K {
            for j in 0..=i {
                let (a, b) = (&root[i * columns..], &root[j * columns..]);
                let sum: f64 = a[..columns]
                    .iter()
                    .zip(&b[..columns])
                    .map(|(a, b)| a * b)
                    .sum();
                covariance[(i, j)] = sum;
                covariance[(j, i)] = sum;
            }
            covariance[(i, i)] += 1e-12;
        }
        let factor = covariance.cholesky().map(|c| c.l());
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        rng.set_stream(self.t);
        p.fill(0.0);
        let tv: Vec<_> = self.arms.iter().map(|&v| polynomials(v)).collect();
        for _ in 0..self.draws {
            let mut theta = mean;
            if let Some(l) = &factor {
                let mut normal = || -> f64 { StandardNormal.sample(&mut rng) };
                let z: [f64; K] = std::array::from_fn(|_| BOLDNESS * normal());
                for i in 0..K {
                    theta[i] += (0..=i).map(|j| l[(i, j)] * z[j]).sum::<f64>();
                }
            }
            let at = |t: &[f64; K]| -> f64 { t.iter().zip(&theta).map(|(a, b)| a * b).sum() };
            let best = tv
                .iter()
                .map(at)
                .enumerate()
                .min_by(|a, b| a.1.total_cmp(&b.1));
            p[best.map_or(0, |b| b.0)] += 1.0 / self.draws as f64;
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
        let tu = polynomials(self.u(self.place(context)));
        let mut mean = [0.0; DEGREE.0 + 1];
        for (theta, (i, j)) in self.theta.iter().zip(self.degrees()) {
            mean[i] += theta * tu[j];
        }
        for (cost, &v) in costs.iter_mut().zip(&self.arms) {
            *cost = polynomials(v)
                .iter()
                .zip(&mean)
                .map(|(a, b)| a * b)
                .sum::<f64>()
                .exp();
        }
    }

    fn save(&self) -> Value {
        saved(self)
    }

    fn restore(&mut self, value: &Value) -> Result<(), StateError> {
        *self = read_arms(NAME, value, self.arms(), |s: &Self| s.arms.len())?;
        Ok(())
    }
}
