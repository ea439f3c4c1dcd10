//! The best ω: from the spectral radius of the Jacobi iteration, and found during a solve.
//!
//! For a consistently ordered A whose Jacobi iteration I − D⁻¹A has real eigenvalues, eigenvalues λ
//! of SOR and μ of Jacobi are tied by (λ + ω − 1)² = λ ω² μ² (Young). So
//! - ω* = 2/(1 + √(1−β²)) with β = ρ(I − D⁻¹A) < 1 makes ρ(SOR) least, ω* − 1;
//! - as long as ω < ω*, the residual falls by λ(β) in the end, and from the λ that is seen follow β
//!   and ω*. ω comes up from below, and is taken back where the residual then grows.
//!
//! - D. M. Young, Iterative Solution of Large Linear Systems, Academic Press, 1971, ch. 6.
//! - L. A. Hageman, D. M. Young, Applied Iterative Methods, Academic Press, 1981, ch. 9.

/// ω* = 2/(1 + √(1−β²)) = 1 + (β/(1 + √(1−β²)))² from β = ρ(I − D⁻¹A). For β ≥ 1, where SOR need
/// not converge, that of β just below 1. It is steep: where β is 1 % low, SOR may take twice the
/// iterations; where it is as much high, hardly more.
pub fn young_omega(beta: f64) -> f64 {
    let beta = beta.abs().min(1.0 - 1e-12);
    2.0 / (1.0 + (1.0 - beta * beta).sqrt())
}

/// Iterations with one ω before it is judged.
const PATIENCE: usize = 4;
/// Residuals that fall faster than (ω−1) to this power are not waiting for a larger ω.
const FAST: f64 = 0.5;
/// The rate has settled when it changes by less than this part of 1 − rate.
const SETTLED: f64 = 0.06;
/// A gain too small to begin anew for.
const STEP: f64 = 1e-3;
/// Iterations for which the residual may grow before a raised ω is taken back.
const GROWING: usize = 20;

/// Watches the residuals of a solve and raises ω.
#[derive(Debug, Clone, Copy)]
pub(super) struct Adaptive {
    omega: f64,
    /// What to go back to, and never from again.
    safe: f64,
    frozen: bool,
    /// Iterations with this ω, and for how many in a row the residual grew.
    age: usize,
    growing: usize,
    rate: f64,
}

impl Adaptive {
    pub fn new(omega: f64) -> Self {
        Self {
            omega,
            safe: omega.min(1.0),
            frozen: false,
            age: 0,
            growing: 0,
            rate: f64::NAN,
        }
    }

    pub fn omega(&self) -> f64 {
        self.omega
    }

    /// Takes the factor by which an iteration changed ‖r‖; answers with another ω, if it is time.
    pub fn next(&mut self, rate: f64) -> Option<f64> {
        let before = std::mem::replace(&mut self.rate, rate);
        self.age += 1;
        self.growing = if rate >= 1.0 { self.growing + 1 } else { 0 };
        if self.growing >= GROWING && self.omega > self.safe {
            self.frozen = true; // Young's theory does not hold for this matrix
            return self.change(self.safe);
        }
        let settled = (rate - before).abs() <= SETTLED * (1.0 - rate); // false for NaN
        let slow = rate < 1.0 && rate > (self.omega - 1.0).max(1e-6).powf(FAST);
        if self.frozen || self.age < PATIENCE || !settled || !slow {
            return None;
        }
        let (omega, lambda) = (self.omega, rate);
        let beta = (lambda + omega - 1.0) / (omega * lambda.sqrt()); // (λ + ω − 1)² = λω²β²
        let best = young_omega(beta.min(1.0 - 1e-6));
        (best > omega + STEP).then(|| self.change(best)).flatten()
    }

    fn change(&mut self, omega: f64) -> Option<f64> {
        (self.age, self.growing, self.rate) = (0, 0, f64::NAN);
        self.omega = omega;
        Some(omega)
    }
}
