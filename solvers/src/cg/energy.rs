//! How far CG is from the solution in the energy norm, from its own coefficients.
//!
//! With Δ_j = α_j ρ_j and ε_k = ‖x* − x_k‖_A²:
//!   ε_k = ε_{k+d} + Δ_k + … + Δ_{k+d−1} ≥ Δ_k + … + Δ_{k+d−1}                 (Hestenes–Stiefel; Gauss)
//!   ε_{k+1} ≤ (γ_k − α_k) ρ_k,   γ_0 = 1/μ,   γ_{k+1} = (γ_k − α_k)/(μ(γ_k − α_k) + β_{k+1})   (Gauss–Radau)
//! for any 0 < μ ≤ λ_min(M⁻¹A). No product and no inner product beside those of CG.
//!
//! The delay d is the smallest for which what is left out is seen to be a small part τ:
//!   S Δ_k ≤ τ (Δ_ℓ + … + Δ_{k−1}),   S = max_{m ≤ j < k} (Δ_j + … + Δ_k)/Δ_j
//! where ε has fallen by four orders of magnitude since m: S says how much more is to come for each Δ,
//! judged by what came before.
//!
//! | an iteration | as many additions as numbers are kept | memory | 4 numbers an iteration kept |
//!
//! - M. R. Hestenes, E. Stiefel, J. Res. NBS 49(6):409–436, 1952, doi:10.6028/jres.049.044.
//! - G. Meurant, P. Tichý, On computing quadrature-based bounds for the A-norm of the error in conjugate
//!   gradients, Numer. Algorithms 62:163–191, 2013, doi:10.1007/s11075-012-9591-9.
//! - G. Meurant, J. Papež, P. Tichý, Accurate error estimation in CG, Numer. Algorithms 88:1337–1359,
//!   2021, doi:10.1007/s11075-021-01078-w.

use super::CgCoefficients;
use super::ritz::Tridiagonal;
use crate::{Observer, Step};
use resolvent_matrices::{Real, Scalar};
use std::ops::ControlFlow;

/// ε has fallen by so much since the iterations that S is taken from.
const PAST: f64 = 1e-4;

/// A number not above the smallest eigenvalue of M⁻¹A, or a way to one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Mu {
    /// Known to be one: the estimate from above is then a bound, up to rounding.
    Known(f64),
    /// This part of the smallest Ritz value of the iterations so far. A Ritz value is not below the
    /// eigenvalue, so that nothing is certain; it is near to it once CG has converged well.
    Ritz(f64),
}

/// Configuration of [`EnergyEstimator`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EnergyConfig {
    /// Where μ is from. Default 0.9 of the smallest Ritz value.
    pub mu: Mu,
    /// Part of ε that the estimate from below may lack when its delay ends. Default 0.25.
    pub tau: f64,
    /// Iterations that are kept. Of a longer solve there is no estimate from above, and a delay cannot
    /// be longer than half of this. Default 2048.
    pub capacity: usize,
}

impl Default for EnergyConfig {
    fn default() -> Self {
        Self {
            mu: Mu::Ritz(0.9),
            tau: 0.25,
            capacity: 2048,
        }
    }
}

/// ‖x* − x_k‖_A from below.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EnergyBelow {
    /// Which iterate: iterations done.
    pub k: usize,
    /// Iterations after it that were needed to tell.
    pub delay: usize,
    /// The estimate. It is not above ‖x* − x_k‖_A, up to rounding; how near it is is judged by what
    /// came before.
    pub energy: f64,
}

/// ‖x* − x_k‖_A from above.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EnergyAbove {
    /// Which iterate: iterations done.
    pub k: usize,
    /// The estimate.
    pub energy: f64,
    /// The μ it was made with.
    pub mu: f64,
    /// It is a bound, up to rounding: μ was given as not above the smallest eigenvalue.
    pub guaranteed: bool,
}

/// Estimates of ‖x* − x_k‖_A from below and from above while CG runs, from its coefficients alone. An
/// observer, or fed by one: [`push`](Self::push) the coefficients. A, and so the norm, is that of the
/// solve, x* its exact solution.
///
/// ```
/// use resolvent_matrices::Csr;
/// use resolvent_solvers::{Cg, CgConfig, EnergyConfig, EnergyEstimator, Solver, System, precond::Jacobi};
///
/// let line = |i: usize| {
///     let next = (i + 1) % 50;
///     [(i, i, 2.1 + 0.1 * (i % 7) as f64), (i, next, -1.0), (next, i, -1.0)]
/// };
/// let a = Csr::from_triplets(50, 50, (0..50).flat_map(line))?;
/// let b: Vec<f64> = (0..50).map(|i| (i as f64).sin()).collect();
/// let (mut x, mut m) = (vec![0.0; 50], Jacobi::new(&a)?);
/// let mut estimator = EnergyEstimator::new(EnergyConfig::default());
/// Cg::new(50, CgConfig::default()).solve(System::new(&a, &b, &mut m), &mut x, &mut estimator)?;
/// let left = estimator.above().expect("there were iterations");
/// assert!(left.energy < 1e-5 * estimator.gained());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct EnergyEstimator {
    config: EnergyConfig,
    /// Of the iterations kept.
    alpha: Vec<f64>,
    beta: Vec<f64>,
    delta: Vec<f64>,
    /// Δ_j + … + Δ_k for each j.
    curve: Vec<f64>,
    /// ρ of the last iteration.
    rho: f64,
    /// Iterations before the first that is kept.
    first: usize,
    /// The first that is kept is the first since directions began.
    whole: bool,
    /// The iterate, counted from the first kept, that the delay is of.
    at: usize,
    below: Option<EnergyBelow>,
    gained: f64,
}

impl EnergyEstimator {
    /// Allocates all it needs.
    pub fn new(config: EnergyConfig) -> Self {
        let capacity = config.capacity.max(4);
        let room = || Vec::with_capacity(capacity);
        Self {
            config: EnergyConfig { capacity, ..config },
            alpha: room(),
            beta: room(),
            delta: room(),
            curve: room(),
            rho: 0.0,
            first: 0,
            whole: true,
            at: 0,
            below: None,
            gained: 0.0,
        }
    }

    /// Ready for another solve. An observer sees by itself where one begins, unless it takes no
    /// iteration.
    pub fn reset(&mut self) {
        self.begin(0);
        self.below = None;
        self.gained = 0.0;
    }

    fn begin(&mut self, k: usize) {
        for kept in [
            &mut self.alpha,
            &mut self.beta,
            &mut self.delta,
            &mut self.curve,
        ] {
            kept.clear();
        }
        (self.first, self.at, self.whole) = (k, 0, true);
    }

    /// Takes the numbers of an iteration in; allocates nothing.
    pub fn push<R: Real>(&mut self, of: &CgCoefficients<R>) {
        if of.k == 0 {
            self.reset();
        } else if of.begins() {
            self.begin(of.k); // the recurrence has lost x: what was summed up of it is worth nothing
            self.below = None;
        }
        if self.delta.len() == self.config.capacity {
            self.forget(self.config.capacity / 2);
        }
        let delta = of.decrease().to_f64();
        self.curve.iter_mut().for_each(|sum| *sum += delta);
        self.curve.push(delta);
        self.delta.push(delta);
        self.alpha.push(of.alpha.to_f64());
        self.beta.push(of.beta.to_f64());
        self.rho = of.rho.to_f64();
        self.gained += delta;
        self.delay(delta);
    }

    /// Drops the oldest.
    fn forget(&mut self, count: usize) {
        for kept in [
            &mut self.alpha,
            &mut self.beta,
            &mut self.delta,
            &mut self.curve,
        ] {
            kept.drain(..count);
        }
        self.first += count;
        self.at = self.at.saturating_sub(count);
        self.whole = false;
    }

    /// Ends the delay of the iterates of which enough is known.
    fn delay(&mut self, delta: f64) {
        let k = self.delta.len() - 1;
        if k == 0 {
            return;
        }
        let long_ago = |sum: &f64| delta <= PAST * sum;
        let m = self
            .curve
            .iter()
            .rposition(long_ago)
            .unwrap_or(0)
            .min(k - 1);
        let pairs = self.curve[m..k].iter().zip(&self.delta[m..k]);
        let s = pairs.map(|(sum, delta)| sum / delta).fold(1.0, f64::max);
        while self.at < k && s * delta <= self.config.tau * (self.curve[self.at] - delta) {
            self.below = Some(EnergyBelow {
                k: self.first + self.at,
                delay: k + 1 - self.at,
                energy: self.curve[self.at].sqrt(),
            });
            self.at += 1;
        }
    }

    /// The latest iterate of which an estimate from below is seen to be near; `None` before there is
    /// one.
    pub fn below(&self) -> Option<EnergyBelow> {
        self.below
    }

    /// √(Δ_k + … + Δ_{k+d−1}) for an iterate k that is kept and a delay d of one's own; `None` where
    /// k + d iterations are not done.
    pub fn below_after(&self, k: usize, delay: usize) -> Option<f64> {
        let at = k.checked_sub(self.first)?;
        let sum: f64 = self.delta.get(at..at.checked_add(delay)?)?.iter().sum();
        Some(sum.sqrt())
    }

    /// An estimate from above for the last iterate; `None` before the first iteration, where μ is seen
    /// to be above the smallest eigenvalue, and of a solve longer than `capacity`. Takes time in
    /// proportion to the iterations done.
    pub fn above(&self) -> Option<EnergyAbove> {
        let (mu, guaranteed) = match self.config.mu {
            Mu::Known(mu) => (mu, true),
            Mu::Ritz(part) => (part * self.smallest_ritz()?, false),
        };
        if !self.whole || self.alpha.is_empty() || !(mu > 0.0 && mu.is_finite()) {
            return None;
        }
        let mut gamma = 1.0 / mu; // γ_0
        let mut left = 0.0; // γ_j − α_j
        for (j, alpha) in self.alpha.iter().enumerate() {
            if j > 0 {
                gamma = left / (mu * left + self.beta[j]);
            }
            left = gamma - alpha;
            if !(left > 0.0 && left.is_finite()) {
                return None;
            }
        }
        Some(EnergyAbove {
            k: self.first + self.alpha.len(),
            energy: (left * self.rho).sqrt(),
            mu,
            guaranteed,
        })
    }

    /// The smallest Ritz value of M⁻¹A so far, to four digits.
    pub fn smallest_ritz(&self) -> Option<f64> {
        let entries = |j: usize| match j {
            0 => [1.0 / self.alpha[0], 0.0],
            _ => {
                let before = self.alpha[j - 1];
                let diagonal = 1.0 / self.alpha[j] + self.beta[j] / before;
                [diagonal, self.beta[j].sqrt() / before]
            }
        };
        let len = self.alpha.len();
        let t = self.whole.then_some(Tridiagonal { len, entries })?;
        t.eigenvalue(0, 1e-4)
    }

    /// √(Δ_0 + … + Δ_k): ‖x* − x_0‖_A but for what is left, and from x_0 = 0, ‖x*‖_A.
    pub fn gained(&self) -> f64 {
        self.gained.sqrt()
    }
}

impl<T: Scalar> Observer<T> for EnergyEstimator {
    fn step(&mut self, _: &Step<'_, T>) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    fn coefficients(&mut self, of: &CgCoefficients<T::Real>) {
        self.push(of);
    }
}

#[cfg(test)]
mod tests;
