//! What [`Smooth`](super::Smooth) believes of the logarithm of the mean cost: η = θᵀf, f the products
//! Tᵢ(v)Tⱼ(u) with i + j ≤ 6, j ≤ 4, θ ~ N(θ̂, C). From one cost to the next, the coefficients of the
//! Tⱼ(u) alone walk at random, since how hard systems are drifts in ways that no context tells: what
//! was cheap in easy times is not taken for a good arm.

use crate::tuner::{Check, StateError};
use serde::{Deserialize, Serialize};

/// Degrees of the polynomials: in v, in u, and together.
const DEGREE: (usize, usize, usize) = (6, 4, 6);
/// Polynomials in v.
pub(super) const K: usize = DEGREE.0 + 1;
/// Products of polynomials, at most.
const P: usize = 25;
/// Standard deviations of the prior: of the constant, of first degree, and the factor per degree.
const PRIOR: (f64, f64, f64) = (2.0, 0.9, 0.7);
/// The prior is a bowl in v, lowest below the middle: coefficients of T₁(v) and T₂(v), …
const BOWL: (f64, f64) = (0.9, 0.5);
/// … whose lowest point moves up with the context: that of T₁(v)T₁(u).
const TILT: f64 = -0.4;

/// Standard deviation of a step of the level; half of it for each degree of the context.
const DRIFT: f64 = 0.05;
/// Variance that comes back to the other coefficients with each outcome, as a part of the prior's, where there is
/// no context: which arm is best may change along a sequence, and nothing else would tell. A context is trusted
/// to tell.
const CHANGE: f64 = 1e-3;

/// A coefficient of a logarithm of a cost is far below this.
const FARTHEST: f64 = 1e6;

/// T₀ … T₆ at a place.
pub(super) type Polynomials = [f64; K];

/// Belief about θ.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Posterior {
    /// Whether there are polynomials of the context.
    context: bool,
    /// θ̂.
    theta: Vec<f64>,
    /// C, by rows.
    covariance: Vec<f64>,
}

impl Posterior {
    pub fn new(context: bool) -> Self {
        let p = degrees(context).count();
        Self {
            context,
            theta: vec![0.0; p],
            covariance: vec![0.0; p * p],
        }
    }

    /// The prior, around a cost of e^level; `rising`: the best v rises with the context.
    pub fn reset(&mut self, level: f64, rising: bool) {
        let p = self.theta.len();
        self.covariance.fill(0.0);
        for (k, (i, j)) in degrees(self.context).enumerate() {
            self.theta[k] = match (i, j) {
                (0, 0) => level,
                (1, 0) => BOWL.0,
                (2, 0) => BOWL.1,
                (1, 1) if rising => TILT,
                _ => 0.0,
            };
            self.covariance[k * p + k] = deviation(i + j).powi(2);
        }
    }

    /// θ̂ᵀf.
    pub fn mean(&self, v: f64, u: f64) -> f64 {
        let f = self.features(v, u);
        self.theta.iter().zip(f).map(|(t, f)| t * f).sum()
    }

    fn features(&self, v: f64, u: f64) -> [f64; P] {
        let (tv, tu) = (polynomials(v), polynomials(u));
        let mut f = [0.0; P];
        let products = degrees(self.context).map(|(i, j)| tv[i] * tu[j]);
        f.iter_mut().zip(products).for_each(|(f, new)| *f = new);
        f
    }

    /// Takes in one cost of relative variance φ.
    pub fn update(&mut self, v: f64, u: f64, cost: f64, phi: f64) {
        let p = self.theta.len();
        let f = &self.features(v, u)[..p];
        for (k, pair) in degrees(self.context).enumerate() {
            self.covariance[k * p + k] += walk(self.context, pair);
        }
        // g = C f, s = fᵀC f
        let mut g = [0.0; P];
        for (g, row) in g.iter_mut().zip(self.covariance.chunks_exact(p)) {
            *g = row.iter().zip(f).map(|(c, f)| c * f).sum();
        }
        let s: f64 = g.iter().zip(f).map(|(g, f)| g * f).sum();
        let predicted: f64 = self.theta.iter().zip(f).map(|(t, f)| t * f).sum();
        let eta = most_likely(predicted, s, phi, cost.ln());
        for (theta, g) in self.theta.iter_mut().zip(&g) {
            *theta += g * (eta - predicted) / s;
        }
        // C ← C − g gᵀ/(s + φ), with 1/φ for the information
        for (row, left) in self.covariance.chunks_exact_mut(p).zip(g) {
            row.iter_mut()
                .zip(g)
                .for_each(|(c, right)| *c -= left * right / (s + phi));
        }
    }

    /// That it is one that so many outcomes lead to, of a learner with a context or without.
    pub fn check(&self, check: Check, context: bool, outcomes: u64) -> Result<(), StateError> {
        let p = degrees(context).count();
        check.that(self.context == context, "posterior: of other polynomials")?;
        check.count("theta", self.theta.len(), p)?;
        check.count("covariance", self.covariance.len(), p * p)?;
        check.finite("theta", &self.theta)?;
        check.finite("covariance", &self.covariance)?;
        let far = self.theta.iter().any(|theta| theta.abs() > FARTHEST);
        check.that(!far, "theta: no cost has such a logarithm")?;
        // a variance is at most that of the prior and of all steps; outcomes only take of it
        let most: Vec<f64> = degrees(context)
            .map(|(i, j)| {
                let walked = outcomes as f64 * walk(context, (i, j));
                (1.0 + 1e-6) * (deviation(i + j).powi(2) + walked)
            })
            .collect();
        let c = |k: usize, l: usize| self.covariance[k * p + l];
        let can_be = (0..p).all(|k| {
            c(k, k) <= most[k]
                && (0..k).all(|l| {
                    (c(k, l) - c(l, k)).abs() <= 1e-9 && c(k, l).powi(2) <= most[k] * most[l]
                })
        });
        // positive, but for rounding
        let lifted = Belief::from_fn(p, p, |k, l| c(k, l) + if k == l { 1e-6 } else { 0.0 });
        let positive = lifted.cholesky().is_some();
        let problem = "covariance: these are not variances of a belief";
        check.that(can_be && positive, problem)
    }

    /// What is left of it at one context: mean and covariance of the coefficients of T₀(v) … T₆(v).
    pub fn slice(&self, u: f64) -> Slice {
        let tu = polynomials(u);
        let p = self.theta.len();
        let mut mean = [0.0; K];
        let mut covariance = Covariance::from_diagonal_element(1e-12);
        let rows = self.theta.iter().zip(self.covariance.chunks_exact(p));
        for ((i, j), (theta, row)) in degrees(self.context).zip(rows) {
            mean[i] += theta * tu[j];
            for ((k, l), c) in degrees(self.context).zip(row) {
                covariance[(i, k)] += c * tu[j] * tu[l];
            }
        }
        Slice { mean, covariance }
    }
}

/// Of all coefficients.
type Belief = nalgebra::DMatrix<f64>;

/// Of the coefficients of polynomials in v.
pub(super) type Covariance = nalgebra::SMatrix<f64, K, K>;

/// The belief at one context.
pub(super) struct Slice {
    pub mean: Polynomials,
    pub covariance: Covariance,
}

impl Slice {
    /// Mean of η at an arm.
    pub fn eta(&self, t: &Polynomials) -> f64 {
        t.iter().zip(&self.mean).map(|(t, m)| t * m).sum()
    }

    /// Variance of η at an arm.
    pub fn variance(&self, t: &Polynomials) -> f64 {
        let t = nalgebra::SVector::<f64, K>::from_column_slice(t);
        (self.covariance * t).dot(&t)
    }
}

/// Standard deviation of the prior of a coefficient of a degree.
fn deviation(degree: usize) -> f64 {
    match degree {
        0 => PRIOR.0,
        degree => PRIOR.1 * PRIOR.2.powi(degree as i32 - 1),
    }
}

/// Variance that comes to a coefficient with each outcome.
fn walk(context: bool, (i, j): (usize, usize)) -> f64 {
    match i {
        0 => DRIFT.powi(2) / (1 << (2 * j)) as f64,
        _ if context => 0.0,
        _ => CHANGE * deviation(i).powi(2),
    }
}

/// Degrees (i, j) of the products, in their order.
fn degrees(context: bool) -> impl Iterator<Item = (usize, usize)> {
    let most = if context { DEGREE.1 } else { 0 };
    (0..=DEGREE.0).flat_map(move |i| (0..=most.min(DEGREE.2 - i)).map(move |j| (i, j)))
}

/// T₀ … T₆.
pub(super) fn polynomials(z: f64) -> Polynomials {
    let mut t = [1.0; K];
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
