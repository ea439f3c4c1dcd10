//! What is read off a matrix, for a tuner to choose by: off an eighth of its rows, always the same ones,
//! at least 64.
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
/// One row in so many is looked at, …
const PART: usize = 8;
/// … but at least so many rows.
const ROWS: usize = 64;

impl MatrixContext {
    /// Of A; `before` holds the diagonal of the matrix before, of the rows that are looked at, and
    /// takes that of this one. Also returns the part of the entries that was read.
    pub fn of<T: Scalar>(a: &Csr<T>, before: &mut Vec<f64>) -> (Self, f64) {
        let n = a.nrows();
        let count = (n / PART).max(ROWS).min(n);
        let fits = before.len() == count;
        before.resize(count, 0.0);
        let mut read = 0;
        let (mut all, mut diagonal, mut radius) = (0.0, 0.0, 0.0f64);
        let (mut large, mut small) = (0.0f64, f64::INFINITY);
        let (mut moved, mut size) = (0.0, 0.0);
        for (k, before) in before.iter_mut().enumerate() {
            let i = row(k, count, n);
            let (columns, values) = a.view().row(i);
            read += columns.len();
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
            moved += (own - *before).powi(2);
            size += own * own;
            *before = own;
        }
        let part = read as f64 / a.nnz().max(1) as f64;
        let log = |x: f64| {
            if x > 0.0 {
                -x.ln().clamp(-MOST, MOST)
            } else {
                MOST
            }
        };
        let context = Self {
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
        };
        (context, part)
    }
}

/// The k-th of the rows that are looked at: one in each of `count` equal parts.
fn row(k: usize, count: usize, n: usize) -> usize {
    let (first, next) = (k * n / count, (k + 1) * n / count);
    first + (k.wrapping_mul(0x9e37_79b9) >> 7) % (next - first).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use resolvent_matrices::generate::Poisson;

    #[test]
    fn numbers_of_a_grid() {
        let a: Csr<f64> = Poisson::default().generate().unwrap().matrix;
        let (mut diagonal, n) = (Vec::new(), a.nrows());
        let (context, part) = MatrixContext::of(&a, &mut diagonal);
        let rows = diagonal.len();
        assert!(
            (part * n as f64 / rows as f64 - 1.0).abs() < 0.1,
            "{part} for {rows} of {n}"
        );
        let looked = || (0..rows).map(|k| row(k, rows, n));
        assert!(looked().zip(looked().skip(1)).all(|(i, j)| i < j && j < n));
        let sum: f64 = looked().flat_map(|i| a.view().row(i).1.to_vec()).sum();
        let trace = diagonal.iter().sum::<f64>();
        assert!((context.difficulty + (sum / trace).ln()).abs() < 1e-12);
        assert_eq!(context.gershgorin, MOST); // ρ = 1 inside
        assert_eq!(context.change, 0.0);
        let mut doubled = a.clone();
        doubled.values_mut().iter_mut().for_each(|v| *v *= 2.0);
        let (again, _) = MatrixContext::of(&doubled, &mut diagonal);
        assert!((again.change - 0.5).abs() < 1e-12);
        assert!((again.difficulty - context.difficulty).abs() < 1e-12);
    }

    #[test]
    fn nothing_is_infinite() {
        let all = [
            vec![(0, 0, 0.0)],
            vec![(0, 0, -1.0), (1, 1, 2.0)],
            vec![(0, 1, 3.0)],
        ];
        for entries in all {
            let a = Csr::<f64>::from_triplets(2, 2, entries).unwrap();
            let (c, _) = MatrixContext::of(&a, &mut Vec::new());
            let numbers = [c.difficulty, c.gershgorin, c.contrast, c.change];
            assert!(numbers.iter().all(|v| v.is_finite()), "{c:?}");
        }
        MatrixContext::of(&Csr::<f64>::default(), &mut Vec::new());
    }
}
