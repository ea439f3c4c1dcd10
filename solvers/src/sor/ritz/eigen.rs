//! Eigenpairs of a small symmetric tridiagonal matrix.

use super::MAX_STEPS;

pub(super) type Square = [[f64; MAX_STEPS]; MAX_STEPS];

/// Eigenvalues and eigenvectors (in columns) of the symmetric tridiagonal matrix with diagonal α and
/// off-diagonal β, by Jacobi's rotations.
pub(super) fn eigen(alpha: &[f64], beta: &[f64]) -> ([f64; MAX_STEPS], Square) {
    let k = alpha.len();
    let (mut t, mut s) = ([[0.0; MAX_STEPS]; MAX_STEPS], [[0.0; MAX_STEPS]; MAX_STEPS]);
    for j in 0..k {
        (t[j][j], s[j][j]) = (alpha[j], 1.0);
        if j + 1 < k {
            (t[j][j + 1], t[j + 1][j]) = (beta[j], beta[j]);
        }
    }
    for _ in 0..40 {
        let off = |t: &Square| {
            (0..k)
                .map(|i| t[i][..i].iter().map(|x| x * x).sum::<f64>())
                .sum()
        };
        let left: f64 = off(&t);
        if left <= 1e-32 {
            break;
        }
        for p in 0..k {
            for q in p + 1..k {
                if t[p][q] == 0.0 {
                    continue;
                }
                let theta = (t[q][q] - t[p][p]) / (2.0 * t[p][q]);
                let tan = theta.signum() / (theta.abs() + theta.hypot(1.0));
                let cos = 1.0 / tan.hypot(1.0);
                let sin = tan * cos;
                for row in t[..k].iter_mut().chain(&mut s[..k]) {
                    let (x, y) = (row[p], row[q]);
                    (row[p], row[q]) = (cos * x - sin * y, sin * x + cos * y);
                }
                for j in 0..k {
                    let (x, y) = (t[p][j], t[q][j]);
                    (t[p][j], t[q][j]) = (cos * x - sin * y, sin * x + cos * y);
                }
            }
        }
    }
    (std::array::from_fn(|j| t[j][j]), s)
}
