//! The best ω: from the spectral radius of the Jacobi iteration, and found during a solve.
//!
//! For a consistently ordered A whose Jacobi iteration I − D⁻¹A has real eigenvalues, eigenvalues λ
//! of SOR and μ of Jacobi are tied by (λ + ω − 1)² = λ ω² μ² (Young). So
//! - ω* = 2/(1 + √(1−β²)) with β = ρ(I − D⁻¹A) < 1 makes ρ(SOR) least, ω* − 1;
//! - as long as ω < ω*, the residual falls by λ(β) in the end, and from the λ that is seen follow β
//!   and ω*. ω comes up from below, and is taken back where the residual then grows;
//! - above ω*, all |λ| are ω − 1, and the residual falls by that, whatever β is; at ω* itself the
//!   double eigenvalue makes it (1 + 1/k)(ω − 1) in iteration k. An ω to begin with whose rate is
//!   nearer to the first than to the second has its distance from 2 doubled, until one is too low.
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
/// Iterations at least that an ω to begin with has before it is watched for as long again.
const WATCH: f64 = 10.0;
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
    /// ω is what the solve began with or lower, and may be too high; Σ ln(rate) while it is watched.
    descending: bool,
    log: f64,
    beta: Option<f64>,
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
            descending: omega > 1.0,
            log: 0.0,
            beta: None,
        }
    }

    /// The last β that followed from a rate, if one did.
    pub fn beta(&self) -> Option<f64> {
        self.beta
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
        if self.descending
            && let Some(high) = self.too_high(rate)
        {
            self.descending = high;
            if high {
                return self.change((2.0 * self.omega - 2.0).max(1.0)); // 2 − ω ← 2 (2 − ω)
            }
        }
        let settled = (rate - before).abs() <= SETTLED * (1.0 - rate); // false for NaN
        let slow = rate < 1.0 && rate > (self.omega - 1.0).max(1e-6).powf(FAST);
        if self.frozen || self.age < PATIENCE || !settled || !slow {
            return None;
        }
        let (omega, lambda) = (self.omega, rate);
        let beta = (lambda + omega - 1.0) / (omega * lambda.sqrt()); // (λ + ω − 1)² = λω²β²
        let beta = beta.min(1.0 - 1e-6);
        self.beta = Some(beta);
        let best = young_omega(beta);
        if best <= omega + STEP {
            return None;
        }
        self.descending = false;
        self.change(best)
    }

    /// After two times as many iterations as are watched, whether the rate of the second half is
    /// that of an ω above ω*.
    fn too_high(&mut self, rate: f64) -> Option<bool> {
        let watched = WATCH.max(1.0 / (2.0 - self.omega));
        let age = self.age as f64;
        if age > watched {
            self.log += rate.ln();
        }
        if age < 2.0 * watched {
            return None;
        }
        let mean = self.log / (age - watched.floor());
        let halfway = 0.5 * std::f64::consts::LN_2 / watched; // (ω−1)ᵏ to k(ω−1)ᵏ, k to 2k
        Some(self.omega > 1.0 && mean <= (self.omega - 1.0).ln() + halfway)
    }

    fn change(&mut self, omega: f64) -> Option<f64> {
        (self.age, self.growing, self.rate, self.log) = (0, 0, f64::NAN, 0.0);
        self.omega = omega;
        Some(omega)
    }
}
