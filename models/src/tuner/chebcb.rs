//! ChebCB: regression on Chebyshev polynomials of the context, inverse-gap weighting over the arms.
//!
//! For each arm i the cost is fitted by ŷᵢ(c) = Σⱼ θᵢⱼ Tⱼ(z), j < m = 6, z the context on [−1, 1], by
//! least squares within |θᵢ₀| ≤ 1/N, |θᵢⱼ| ≤ 2wL/(KNj); w is the width of the context range, K the
//! largest cost, L = (largest − least)/w, N = 2 + 4wL/K (1 + ln m), targets (cost − 1)/(KN). Then
//!   pᵢ = 1/(d + η(ŷᵢ − ŷ_min)),  the rest to the arm of ŷ_min,  η = 2t √(dt/(R + 2α²t))
//! with R the sum of squared errors of prediction and α the error of approximation.
//!
//! Departures: θⱼ is drawn to zero by a weight of 0.03 j² outcomes; the fit is from the normal
//! equations of each arm, so that memory and work do not grow with t; R is summed in units of cost and
//! scaled when used; a range that is not given begins at the first context and grows with what is seen,
//! and the normal equations are carried over to the new polynomials exactly: a context in another unit
//! makes no difference.
//!
//! | decision | O(dm) | update | O(m³) | memory | d(m² + 2m) |
//!
//! - M. Khodak et al., Learning to Relax, ICLR 2024, arXiv:2310.02246, algorithm 2 and theorem B.4.

use super::check::Check;
use super::range::{Range, at};
use super::{Outcome, StateError, Tuner, first, read_arms, saved, usable};
use nalgebra::{SMatrix, SVector};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::f64::consts::PI;

const M: usize = 6;
type Square = SMatrix<f64, M, M>;
type Coefficients = SVector<f64, M>;

/// ChebCB on the first context; the others are not looked at.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChebCb {
    range: Range,
    t: u64,
    largest: f64,
    /// 0 before there is any: a state is written as JSON, which has no infinity.
    least: f64,
    /// Sum of squared errors of prediction.
    errors: f64,
    arms: Vec<Arm>,
}

/// Normal equations of an arm, in units of cost − 1, and their solution.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Arm {
    gram: Square,
    rhs: Coefficients,
    theta: Coefficients,
    plays: u64,
}

const NAME: &str = "chebcb";
/// A range that is not given grows by this part of itself more than it must.
const MARGIN: f64 = 0.1;
/// Weight of θⱼ = 0 in the fit of an arm, in outcomes, over j²: where contexts have come from a narrow
/// part of their range, polynomials would otherwise run wild in the rest.
const RIDGE: f64 = 0.03;
/// Of a bounded fit, at most.
const STEPS: usize = 40;

impl ChebCb {
    /// Over a range of the context, if it is known; else over that of the contexts seen, whatever their
    /// unit.
    pub fn new(arms: usize, range: Option<[f64; 2]>) -> Self {
        Self::over(arms, Range::new(range, 0.0))
    }

    /// Over a range that begins so wide around the first context: where the unit of contexts is known,
    /// their range is not, and smaller differences than this mean nothing.
    pub fn around(arms: usize, width: f64) -> Self {
        Self::over(arms, Range::new(None, width))
    }

    fn over(arms: usize, range: Range) -> Self {
        let arm = Arm {
            gram: Square::zeros(),
            rhs: Coefficients::zeros(),
            theta: Coefficients::zeros(),
            plays: 0,
        };
        Self {
            range,
            t: 0,
            largest: 0.0,
            least: 0.0,
            errors: 0.0,
            arms: vec![arm; arms],
        }
    }

    /// Polynomials at a context, whose range is widened to hold it.
    fn features(&mut self, context: &[f64]) -> Coefficients {
        let c = first(context).unwrap_or(0.0);
        let (before, wider) = (self.range.ends(), self.range.hold(c, MARGIN));
        if let (Some(before), true) = (before, wider) {
            self.carry(before);
        }
        polynomials(self.z(c))
    }

    /// A context on [−1, 1]; in the middle of a range that is one point.
    fn z(&self, c: f64) -> f64 {
        self.range.part(c).map_or(0.0, |part| 2.0 * part - 1.0)
    }

    /// Carries everything over to the polynomials of the range as it is now.
    fn carry(&mut self, old: [f64; 2]) {
        if old[0] == old[1] {
            // all was seen at one place, which is another one now
            let f = polynomials(self.z(old[0]));
            for arm in &mut self.arms {
                arm.gram = f * f.transpose() * arm.gram[(0, 0)]; // Σ ffᵀ, T₀ = 1
                arm.rhs = f * arm.rhs[0]; // Σ f (cost − 1)
            }
        } else if let Some(s) = self.change_of_basis(old) {
            for arm in &mut self.arms {
                arm.gram = s * arm.gram * s.transpose(); // G ← S G Sᵀ
                arm.rhs = s * arm.rhs; // g ← S g
            }
        }
        let (scale, bounds) = (self.scale(), self.bounds());
        for arm in &mut self.arms {
            arm.fit(scale, &bounds);
        }
    }

    /// S of T(new z) = S T(old z), from m points.
    fn change_of_basis(&self, old: [f64; 2]) -> Option<Square> {
        let node = |k: usize| (PI * (k as f64 + 0.5) / M as f64).cos();
        let mut at_old = Square::zeros();
        let mut at_new = Square::zeros();
        for k in 0..M {
            let c = at(old, 0.5 * (node(k) + 1.0));
            at_old.set_column(k, &polynomials(node(k)));
            at_new.set_column(k, &polynomials(self.z(c)));
        }
        at_old.try_inverse().map(|inverse| at_new * inverse)
    }

    /// KN.
    fn scale(&self) -> f64 {
        let spread = (self.largest - self.least).max(0.0); // wL
        let n = 2.0 + 4.0 * spread / self.largest.max(1e-300) * (1.0 + (M as f64).ln());
        (self.largest * n).max(1e-300)
    }

    /// Of |θⱼ|, in units of KN.
    fn bounds(&self) -> Coefficients {
        let (scale, spread) = (self.scale(), (self.largest - self.least).max(0.0));
        Coefficients::from_fn(|j, _| match j {
            0 => self.largest / scale,
            _ => 2.0 * spread / (scale * j as f64),
        })
    }

    fn eta(&self) -> f64 {
        let (t, d, m) = (self.t as f64, self.arms.len() as f64, M as f64);
        if self.t == 0 {
            return 0.0;
        }
        let (scale, spread) = (self.scale(), (self.largest - self.least).max(0.0));
        let alpha = (PI + 2.0 / PI * (2.0 * m + 1.0).ln()) / (2.0 * scale * (m + 1.0)) * spread;
        let r = self.errors / (scale * scale);
        2.0 * t * (d * t / (r + 2.0 * alpha * alpha * t).max(1e-300)).sqrt()
    }
}

/// T₀ … T₅ at z.
fn polynomials(z: f64) -> Coefficients {
    let mut t = Coefficients::zeros();
    (t[0], t[1]) = (1.0, z);
    for j in 2..M {
        t[j] = 2.0 * z * t[j - 1] - t[j - 2];
    }
    t
}

impl Arm {
    /// Least squares, within the bounds where they are met.
    fn fit(&mut self, scale: f64, bounds: &Coefficients) {
        if self.plays == 0 {
            return;
        }
        let target = self.rhs / scale;
        let pull = Coefficients::from_fn(|j, _| RIDGE * (j * j) as f64);
        let gram = self.gram + Square::from_diagonal(&pull);
        let theta = least_norm(&gram, &target);
        let within = theta.iter().zip(bounds.iter()).all(|(t, b)| t.abs() <= *b);
        self.theta = match within {
            true => theta,
            false => bounded(&gram, &target, bounds, self.theta),
        };
    }
}

/// The shortest solution of Gθ = g: directions that nothing was seen of stay out.
fn least_norm(gram: &Square, target: &Coefficients) -> Coefficients {
    let eigen = gram.symmetric_eigen();
    let tiny = eigen.eigenvalues.amax() * 1e-12;
    let mut theta = Coefficients::zeros();
    for k in 0..M {
        if eigen.eigenvalues[k] > tiny {
            let v = eigen.eigenvectors.column(k);
            theta += v * (v.dot(target) / eigen.eigenvalues[k]);
        }
    }
    theta
}

/// Least squares within bounds by active sets, from the last fit: solve for the free coefficients,
/// go there as far as the bounds allow, and let go of a bound that pulls the wrong way.
fn bounded(
    gram: &Square,
    target: &Coefficients,
    bounds: &Coefficients,
    from: Coefficients,
) -> Coefficients {
    let mut theta = from.zip_map(bounds, |t, b| t.clamp(-b, b));
    let mut free = [true; M];
    for _ in 0..STEPS {
        // the equations of the free ones; the others keep their value
        let mut equations = *gram;
        let mut rhs = *target;
        for j in (0..M).filter(|&j| !free[j]) {
            rhs -= gram.column(j) * theta[j];
        }
        for j in (0..M).filter(|&j| !free[j]) {
            equations.row_mut(j).fill(0.0);
            equations.column_mut(j).fill(0.0);
            rhs[j] = 0.0;
        }
        let aim = least_norm(&equations, &rhs);
        let aim = Coefficients::from_fn(|j, _| if free[j] { aim[j] } else { theta[j] });
        let mut far = (1.0, None);
        for j in (0..M).filter(|&j| free[j] && aim[j].abs() > bounds[j]) {
            let part = (bounds[j].copysign(aim[j]) - theta[j]) / (aim[j] - theta[j]);
            if part < far.0 || far.1.is_none() {
                far = (part.clamp(0.0, 1.0), Some(j));
            }
        }
        theta += (aim - theta) * far.0;
        if let Some(j) = far.1 {
            theta[j] = bounds[j].copysign(aim[j]);
            free[j] = false;
            continue;
        }
        let gradient = gram * theta - target;
        let tiny = 1e-9 * target.amax();
        let pull = |j: usize| gradient[j] * theta[j].signum();
        let wrong = (0..M).filter(|&j| !free[j] && pull(j) > tiny);
        match wrong.max_by(|&i, &j| pull(i).total_cmp(&pull(j))) {
            Some(j) => free[j] = true,
            None => break,
        }
    }
    theta
}

impl Tuner for ChebCb {
    fn name(&self) -> &'static str {
        NAME
    }

    fn arms(&self) -> usize {
        self.arms.len()
    }

    fn distribution(&mut self, context: &[f64], p: &mut [f64]) {
        let features = self.features(context);
        let eta = self.eta();
        let mut best = (0, f64::INFINITY);
        for (i, (p, arm)) in p.iter_mut().zip(&self.arms).enumerate() {
            *p = arm.theta.dot(&features);
            if *p < best.1 {
                best = (i, *p);
            }
        }
        let d = self.arms.len() as f64;
        let mut rest = 1.0;
        for (i, p) in p.iter_mut().enumerate() {
            if i != best.0 {
                *p = 1.0 / (d + eta * (*p - best.1));
                rest -= *p;
            }
        }
        p[best.0] = rest;
    }

    fn observe(&mut self, outcome: &Outcome<'_>) {
        if !usable(outcome.cost) {
            return;
        }
        let features = self.features(outcome.context);
        let loss = outcome.cost - 1.0;
        let predicted = self.arms[outcome.arm].theta.dot(&features) * self.scale();
        let predicted = if self.t == 0 { 0.0 } else { predicted };
        self.errors += (predicted - loss).powi(2);
        self.t += 1;
        let news = outcome.cost > self.largest || outcome.cost < self.least;
        self.largest = self.largest.max(outcome.cost);
        self.least = match self.t {
            1 => outcome.cost,
            _ => self.least.min(outcome.cost),
        };
        let arm = &mut self.arms[outcome.arm];
        arm.gram += features * features.transpose();
        arm.rhs += features * loss;
        arm.plays += 1;
        let (scale, bounds) = (self.scale(), self.bounds());
        match news {
            true => self.arms.iter_mut().for_each(|arm| arm.fit(scale, &bounds)),
            false => self.arms[outcome.arm].fit(scale, &bounds),
        }
    }

    fn models(&self) -> bool {
        true
    }

    fn predict(&self, context: &[f64], costs: &mut [f64]) {
        let features = self.within(context);
        let scale = self.scale();
        for (cost, arm) in costs.iter_mut().zip(&self.arms) {
            *cost = match features {
                Some(f) if arm.plays > 0 => 1.0 + arm.theta.dot(&f) * scale,
                _ => f64::NAN,
            };
        }
    }

    fn save(&self) -> Value {
        saved(self)
    }

    fn restore(&mut self, value: &Value) -> Result<(), StateError> {
        let state = read_arms(NAME, value, self.arms(), |s: &Self| s.arms.len())?;
        self.range.check(&state.range, Check(NAME))?;
        state.check(Check(NAME))?;
        *self = state;
        Ok(())
    }
}

impl ChebCb {
    /// Polynomials at a context, at an end of the range where it lies outside.
    fn within(&self, context: &[f64]) -> Option<Coefficients> {
        self.range.ends()?;
        first(context).map(|c| polynomials(self.z(c)))
    }

    /// That it is one that outcomes lead to.
    fn check(&self, check: Check) -> Result<(), StateError> {
        check.decisions(&[self.t])?;
        check.sum("plays", self.arms.iter().map(|arm| arm.plays), self.t)?;
        let ended = self.t == 0 || self.range.ends().is_some();
        check.that(ended, "it has outcomes, and no range of contexts")?;
        let sums = [self.largest, self.least, self.errors];
        check.at_least("largest, least, errors", &sums, 0.0)?;
        let costs = self.least <= self.largest && (self.t == 0 || self.least > 0.0);
        check.that(
            costs && self.scale().powi(2).is_finite(),
            format!("costs from {} to {}", self.least, self.largest),
        )?;
        let bounds = self.bounds();
        self.arms
            .iter()
            .try_for_each(|arm| arm.check(check, self.largest, &bounds))
    }
}

impl Arm {
    /// That it is one that outcomes lead to, of costs up to the largest.
    fn check(&self, check: Check, largest: f64, bounds: &Coefficients) -> Result<(), StateError> {
        check.finite("gram", self.gram.as_slice())?;
        check.finite("rhs", self.rhs.as_slice())?;
        check.finite("theta", self.theta.as_slice())?;
        // |Tⱼ| ≤ 1 and T₀ = 1, but for rounding
        let plays = self.plays as f64;
        let slack = 1e-6 * (1.0 + plays);
        let products = (self.gram[(0, 0)] - plays).abs() <= slack
            && self.gram.amax() <= plays + slack
            && (self.gram - self.gram.transpose()).amax() <= slack
            && self.gram.symmetric_eigen().eigenvalues.min() >= -slack;
        check.that(products, "gram: these are not sums of products")?;
        let within = self.rhs.amax() <= (plays + slack) * (1.0 + largest);
        check.that(within, "rhs: more than the costs can make it")?;
        let mut fit = self.theta.iter().zip(bounds.iter());
        let within = fit.all(|(theta, bound)| theta.abs() <= bound + 1e-9);
        check.that(within, "theta: beyond its bounds")
    }
}
