//! What is read off a matrix in one pass, for a tuner to choose by.
//!
//! - `difficulty` = −ln q, q = 1ᵀA1/1ᵀD1: the Rayleigh quotient of D⁻¹A at the constant vector. For a
//!   positive definite A it is positive and bounds the least eigenvalue λ of D^{-1/2}AD^{-1/2} from
//!   above; it rises as systems get harder, and the best ω with it.
//! - `gershgorin` = −ln(1 − ρ), ρ = maxᵢ Σ_{j≠i} |aᵢⱼ|/|aᵢᵢ|: a bound on the Jacobi radius; capped where
//!   ρ ≥ 1 says nothing.
//! - `contrast` = ln(max |aᵢᵢ|/min |aᵢᵢ|).
//! - `change` = ‖Aₜ − Aₜ₋₁‖/‖Aₜ‖, Frobenius, estimated from the diagonals.

use resolvent_matrices::{Csr, Real, Scalar};
use serde::{Deserialize, Serialize};

/// Numbers that describe a matrix.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct MatrixContext {
    /// −ln of the Rayleigh quotient at the constant vector.
    pub difficulty: f64,
    /// −ln(1 − Gershgorin's bound on the Jacobi radius), at most 16.
    pub gershgorin: f64,
    /// ln of the ratio of the largest to the smallest diagonal entry.
    pub contrast: f64,
    /// Relative change of the diagonal since the matrix before.
    pub change: f64,
}

/// Where a logarithm of something that is not positive is cut off.
const MOST: f64 = 16.0;

impl MatrixContext {
    /// One pass over A; `before` is the diagonal of the matrix before and takes that of this one.
    pub fn of<T: Scalar>(a: &Csr<T>, before: &mut Vec<f64>) -> Self {
        let n = a.nrows();
        let fits = before.len() == n;
        before.resize(n, 0.0);
        let (mut all, mut diagonal, mut radius) = (0.0, 0.0, 0.0f64);
        let (mut large, mut small) = (0.0f64, f64::INFINITY);
        let (mut moved, mut size) = (0.0, 0.0);
        for i in 0..n {
            let (columns, values) = a.view().row(i);
            let (mut sum, mut off, mut own) = (0.0, 0.0, 0.0);
            for (&j, v) in columns.iter().zip(values) {
                let re = v.re().to_f64();
                sum += re;
                if j as usize == i {
                    own += re;
                } else {
                    off += v.abs().to_f64();
                }
            }
            all += sum;
            diagonal += own;
            radius = radius.max(off / own.abs());
            large = large.max(own.abs());
            small = small.min(own.abs());
            moved += (own - before[i]).powi(2);
            size += own * own;
            before[i] = own;
        }
        let log = |x: f64| {
            if x > 0.0 {
                -x.ln().clamp(-MOST, MOST)
            } else {
                MOST
            }
        };
        Self {
            difficulty: log(all / diagonal),
            gershgorin: log(1.0 - radius),
            contrast: if small > 0.0 {
                (large / small).ln().min(2.0 * MOST)
            } else {
                2.0 * MOST
            },
            change: if fits && size > 0.0 {
                (moved / size).sqrt()
            } else {
                0.0
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use resolvent_matrices::generate::Poisson;

    #[test]
    fn numbers_of_a_grid() {
        let a: Csr<f64> = Poisson::default().generate().unwrap().matrix;
        let mut diagonal = Vec::new();
        let context = MatrixContext::of(&a, &mut diagonal);
        let (sum, trace) = (a.values().iter().sum::<f64>(), diagonal.iter().sum::<f64>());
        assert!((context.difficulty + (sum / trace).ln()).abs() < 1e-12);
        assert_eq!(context.gershgorin, MOST); // ρ = 1 inside
        assert_eq!(context.change, 0.0);
        let mut shifted = a.clone();
        shifted.values_mut().iter_mut().for_each(|v| *v *= 2.0);
        let again = MatrixContext::of(&shifted, &mut diagonal);
        assert!((again.change - 0.5).abs() < 1e-12);
        assert!((again.difficulty - context.difficulty).abs() < 1e-12);
    }

    #[test]
    fn nothing_is_infinite() {
        for entries in [
            vec![(0, 0, 0.0)],
            vec![(0, 0, -1.0), (1, 1, 2.0)],
            vec![(0, 1, 3.0)],
        ] {
            let a = Csr::<f64>::from_triplets(2, 2, entries).unwrap();
            let c = MatrixContext::of(&a, &mut Vec::new());
            assert!(
                [c.difficulty, c.contrast].iter().all(|v| v.is_finite()),
                "{c:?}"
            );
        }
    }
}
