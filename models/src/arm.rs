//! What a tuner chooses among.

use resolvent_solvers::{Direction, Method, Real, Way, young_omega};
use serde::{Deserialize, Serialize};
use std::fmt;

/// One choice.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Arm {
    /// This relaxation.
    Omega(f64),
    /// SOR that raises ω on the way, from this one.
    Adaptive(f64),
    /// The relaxation that the theory gives for β = ρ(I − D⁻¹A), estimated for the matrix at hand.
    Young,
    /// A whole configuration, by its number in the list that is tuned over.
    Config(usize),
}

impl Arm {
    /// The way to solve that it stands for, from the way that is tuned. `beta` serves
    /// [`Arm::Young`]; a number of a configuration stands for the way that is handed in.
    #[must_use]
    pub fn way<R: Real>(self, tuned: &Way<R>, beta: f64) -> Way<R> {
        let mut way = *tuned;
        if let Method::Sor(config) = &mut way.method {
            config.adaptive = matches!(self, Self::Adaptive(_));
        }
        match self {
            Self::Omega(omega) | Self::Adaptive(omega) => way.with_omega(omega),
            Self::Young => {
                let omega = match way.method {
                    Method::Sor(config) if config.direction != Direction::Symmetric => {
                        young_omega(beta)
                    }
                    _ => ssor_omega(beta),
                };
                way.with_omega(omega)
            }
            Self::Config(_) => way,
        }
    }
}

impl fmt::Display for Arm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // as many digits as tell the arms of a grid apart
            Self::Omega(omega) => write!(f, "omega={}", (omega * 1e6).round() / 1e6),
            Self::Adaptive(start) => write!(f, "adaptive:{}", (start * 1e6).round() / 1e6),
            Self::Young => f.write_str("young"),
            Self::Config(index) => write!(f, "config={index}"),
        }
    }
}

/// ω = 2/(1 + √(2(1 − β))): a good ω of SSOR, by itself and as a preconditioner, where ρ(LU) is at most
/// ¼ after scaling.
///
/// - D. M. Young, Iterative Solution of Large Linear Systems, 1971, ch. 15.
pub fn ssor_omega(beta: f64) -> f64 {
    let beta = beta.abs().min(1.0 - 1e-12);
    2.0 / (1.0 + (2.0 * (1.0 - beta)).sqrt())
}

/// β = 1 − 1/μ, μ = max xᵀDx/xᵀAx, from the least eigenvalue θ of M⁻¹A, M that of SSOR with ω: the bound
///   1/θ ≤ (1 + μ (2 − ω)²/(4ω) + δω)/(2 − ω)
/// with equality and δ = 0, as where ρ(LU) is at most ¼. What a solve by CG with SSOR has to say of the
/// best ω, [`ssor_omega`], for no product at all. 0 where M bounds more than A does.
///
/// - O. Axelsson, Iterative Solution Methods, 1994, ch. 7, doi:10.1017/CBO9780511624100.
pub fn ssor_beta(theta: f64, omega: f64) -> f64 {
    let left = 2.0 - omega;
    let mu = 4.0 * omega * (left / theta - 1.0) / (left * left);
    match mu > 1.0 {
        true => (1.0 - 1.0 / mu).min(1.0 - 1e-12),
        false => 0.0, // of NaN as well
    }
}

/// ω = 1, 1.05, …, 1.95: the grid of the paper.
pub fn paper_grid() -> Vec<f64> {
    (0..20).map(|k| f64::from(100 + 5 * k) / 100.0).collect()
}

/// A grid that is finer towards 2, for systems whose best ω lies there: 2 − ω falls by a factor of
/// 0.85 from arm to arm, from 1 to 1/100.
pub fn fine_grid() -> Vec<f64> {
    (0..29).map(|k| 2.0 - 0.85f64.powi(k)).collect()
}

/// Where a relaxation lies on the line that learners share along: −ln(2 − ω).
pub fn position(omega: f64) -> f64 {
    -(2.0 - omega).max(1e-3).ln()
}
