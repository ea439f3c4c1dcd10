//! Random Hermitian positive definite matrices with given eigenvalues.
//!
//! Random plane rotations applied from both sides to a diagonal matrix until it is dense enough:
//! the eigenvalues, spaced evenly on a logarithmic scale from 1/κ to 1, stay what they were. In a
//! complex type a random diagonal unitary similarity follows.
//! - The idea is that of MATLAB's `sprandsym` with given eigenvalues.

use super::{Problem, Properties, random_vector, wrong};
use crate::{Complex, Csr, MatrixError, Scalar};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::BTreeMap;
use std::f64::consts::TAU;

/// Parameters of a random Hermitian positive definite matrix.
#[derive(Debug, Clone, PartialEq)]
pub struct RandomHpd {
    /// Order. Default 200.
    pub n: usize,
    /// Entries per row to be reached, on average. Default 8.
    pub per_row: f64,
    /// κ₂, the ratio of the extreme eigenvalues. Default 1000.
    pub condition: f64,
    /// Seed of the random numbers. Default 0.
    pub seed: u64,
}

impl Default for RandomHpd {
    fn default() -> Self {
        Self {
            n: 200,
            per_row: 8.0,
            condition: 1e3,
            seed: 0,
        }
    }
}

/// A symmetric matrix that is being rotated: one sorted map per row.
type Sparse = Vec<BTreeMap<u32, f64>>;

impl RandomHpd {
    /// The problem, with a random solution. O(entries · log(row)).
    ///
    /// # Errors
    /// [`MatrixError::Parameter`] for n = 0 or above 2³¹ − 1, fewer than one or more than n
    /// entries per row, and a condition number below 1 or not finite.
    pub fn generate<T: Scalar>(&self) -> Result<Problem<T>, MatrixError> {
        let name = "random-hpd";
        let n = self.n;
        if n == 0 || n > i32::MAX as usize {
            return wrong(name, format!("n = {n} must be from 1 to 2^31 - 1"));
        }
        if !(self.per_row >= 1.0 && self.per_row <= n as f64) {
            let got = self.per_row;
            return wrong(
                name,
                format!("{got} entries per row must be from 1 to n = {n}"),
            );
        }
        if !(self.condition >= 1.0 && self.condition.is_finite()) {
            let got = self.condition;
            return wrong(
                name,
                format!("condition number {got} must be finite and at least 1"),
            );
        }
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        let a = self.rotated(&mut rng);
        let phases: Vec<Complex<f64>> = (0..n)
            .map(|_| match T::IS_COMPLEX {
                true => Complex::from_polar(1.0, rng.random_range(0.0..TAU)),
                false => Complex::new(1.0, 0.0),
            })
            .collect();
        let entries = a.iter().enumerate().flat_map(|(i, row)| {
            let phases = &phases;
            row.iter().map(move |(&j, &v)| {
                let j = j as usize;
                let turned = phases[i] * phases[j].conj() * v;
                (
                    i,
                    j,
                    if i == j {
                        T::from_f64(v)
                    } else {
                        T::from_c64(turned)
                    },
                )
            })
        });
        let problem = Problem {
            name: format!("{name}-{n}"),
            matrix: Csr::from_triplets(n, n, entries)?,
            rhs: Vec::new(),
            exact: None,
            continuous: None,
            grid: None,
            properties: Properties {
                symmetric: !T::IS_COMPLEX || a.iter().all(|row| row.len() == 1),
                ..Properties::positive()
            },
            notes: format!(
                "eigenvalues from 1/{:e} to 1, evenly spaced on a logarithmic scale, mixed by random rotations (seed {})",
                self.condition, self.seed
            ),
        };
        problem.with_solution(random_vector(n, self.seed.wrapping_add(1)))
    }

    /// diag(λ), rotated until there are enough entries.
    fn rotated(&self, rng: &mut ChaCha8Rng) -> Sparse {
        let n = self.n;
        let spacing = 1.0 / (n.max(2) - 1) as f64;
        let mut eigenvalues: Vec<f64> = (0..n)
            .map(|i| self.condition.powf(-(i as f64) * spacing))
            .collect();
        for i in (1..n).rev() {
            eigenvalues.swap(i, rng.random_range(0..=i));
        }
        let mut a: Sparse = (0u32..)
            .zip(eigenvalues)
            .map(|(i, lambda)| BTreeMap::from([(i, lambda)]))
            .collect();
        let target = (self.per_row * n as f64) as usize;
        let mut nnz = n;
        // each rotation of two coupled rows adds little: a bound, for the densest
        for _ in 0..20 * n {
            if nnz >= target || n < 2 {
                break;
            }
            let p = rng.random_range(0..n);
            let q = (p + rng.random_range(1..n)) % n;
            nnz += rotate(&mut a, p, q, rng.random_range(0.0..TAU));
        }
        a
    }
}

/// A ← G A Gᵀ with the rotation by `angle` in the plane of p ≠ q; how many entries it added.
fn rotate(a: &mut Sparse, p: usize, q: usize, angle: f64) -> usize {
    let (s, c) = angle.sin_cos();
    let (row_p, row_q) = (std::mem::take(&mut a[p]), std::mem::take(&mut a[q]));
    let before = row_p.len() + row_q.len();
    let (kp, kq) = (p as u32, q as u32);
    let get = |row: &BTreeMap<u32, f64>, k| row.get(&k).copied().unwrap_or(0.0);
    let (app, apq, aqq) = (get(&row_p, kp), get(&row_p, kq), get(&row_q, kq));
    let (mut new_p, mut new_q) = (BTreeMap::new(), BTreeMap::new());
    let mut mirrored = 0; // entries added in the other rows
    for &k in row_p.keys().chain(row_q.keys()) {
        if k == kp || k == kq || new_p.contains_key(&k) {
            continue;
        }
        let (x, y) = (get(&row_p, k), get(&row_q, k));
        for (at, row, v) in [
            (kp, &mut new_p, c * x - s * y),
            (kq, &mut new_q, s * x + c * y),
        ] {
            row.insert(k, v);
            mirrored += usize::from(a[k as usize].insert(at, v).is_none());
        }
    }
    let off = (c * c - s * s) * apq + c * s * (app - aqq);
    new_p.extend([
        (kp, c * c * app - 2.0 * c * s * apq + s * s * aqq),
        (kq, off),
    ]);
    new_q.extend([
        (kq, s * s * app + 2.0 * c * s * apq + c * c * aqq),
        (kp, off),
    ]);
    let after = new_p.len() + new_q.len();
    (a[p], a[q]) = (new_p, new_q);
    after - before + mirrored
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_density_is_reached_and_the_seed_decides() {
        let random = RandomHpd::default();
        let a = random.generate::<f64>().unwrap();
        let per_row = a.matrix.nnz() as f64 / 200.0;
        assert!((8.0..12.0).contains(&per_row), "{per_row}");
        assert_eq!(a.matrix, random.generate::<f64>().unwrap().matrix);
        let other = RandomHpd { seed: 1, ..random };
        assert_ne!(a.matrix, other.generate::<f64>().unwrap().matrix);
    }

    #[test]
    fn wrong_parameters_are_refused() {
        let base = RandomHpd::default();
        for wrong in [
            RandomHpd { n: 0, ..base },
            RandomHpd {
                per_row: 0.5,
                ..base
            },
            RandomHpd {
                per_row: 1e9,
                ..base
            },
            RandomHpd {
                condition: 0.5,
                ..base
            },
            RandomHpd {
                condition: f64::NAN,
                ..base
            },
        ] {
            assert!(wrong.generate::<f32>().is_err(), "{wrong:?}");
        }
        let one = RandomHpd {
            n: 1,
            per_row: 1.0,
            ..base
        };
        assert_eq!(one.generate::<f64>().unwrap().matrix.values(), [1.0]);
    }
}
