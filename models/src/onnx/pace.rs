//! Masked cells beside a network: at which size their equations are to be solved.
//!
//! A row with no entry beside its diagonal says xᵢ = bᵢ/aᵢᵢ, and no network is needed for it. Methods that are free in the
//! length of a direction (`fcg`, `dcdm`, `fgmres`) take networks whose answers have any size and either sign; one step
//! length α then serves both parts of z, and the masked part arrives only if it has the size of the
//! other: zᵢ = (rᵢ/aᵢᵢ)/α. α is that of the exact step along the network's answer to noise in the other
//! cells,
//!
//!   α = (z, r)/(z, Az)    r noise, z = N(r)
//!
//! found once a matrix.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use resolvent_solvers::LinearOperator;

/// Noise in the cells that are not masked, 0 in the others.
pub(super) fn probe(rows: usize, masked: &[(usize, f64)]) -> Vec<f64> {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut r: Vec<f64> = (0..rows).map(|_| rng.random_range(-1.0..1.0)).collect();
    for &(row, _) in masked {
        r[row] = 0.0;
    }
    r
}

/// 1/α; 1 where there is no such step.
pub(super) fn of(a: &dyn LinearOperator<f64>, r: &[f64], z: &[f64]) -> f64 {
    let mut az = vec![0.0; r.len()];
    a.apply(z, &mut az);
    let dot = |u: &[f64], v: &[f64]| u.iter().zip(v).map(|(u, v)| u * v).sum::<f64>();
    let pace = dot(z, &az) / dot(z, r);
    if pace.is_finite() && pace != 0.0 {
        pace
    } else {
        1.0
    }
}
