//! The ends of the spectrum of the Lanczos matrix T that CG makes
//! ([`CgCoefficients::lanczos`](super::CgCoefficients::lanczos)), without its eigenvectors.
//!
//! As many eigenvalues of T lie below σ as pivots of T − σI are negative (Sturm):
//!   q_0 = T_00 − σ,   q_j = T_jj − σ − T_{j−1,j}²/q_{j−1}
//!
//! - B. N. Parlett, The Symmetric Eigenvalue Problem, SIAM 1998, ch. 3, doi:10.1137/1.9781611971163.

/// A symmetric tridiagonal matrix of order `len`; `entries(j)` are T_jj and T_{j−1,j}, which is positive, and not
/// looked at for j = 0.
pub(crate) struct Tridiagonal<F> {
    pub len: usize,
    pub entries: F,
}

impl<F: Fn(usize) -> [f64; 2]> Tridiagonal<F> {
    fn diagonal(&self, j: usize) -> f64 {
        (self.entries)(j)[0]
    }

    /// T_{j−1,j}; 0 at both ends.
    fn off(&self, j: usize) -> f64 {
        match (1..self.len).contains(&j) {
            true => (self.entries)(j)[1],
            false => 0.0,
        }
    }

    /// Eigenvalues below σ.
    fn below(&self, sigma: f64) -> usize {
        let (mut q, mut count) = (1.0, 0);
        for j in 0..self.len {
            q = self.diagonal(j) - sigma - self.off(j).powi(2) / q;
            if q == 0.0 {
                q = f64::MIN_POSITIVE;
            }
            count += usize::from(q < 0.0);
        }
        count
    }

    /// The positive eigenvalue with `index` others below it, from below, to `relative` of itself; `None` where it is
    /// not positive, or the matrix not finite.
    pub fn eigenvalue(&self, index: usize, relative: f64) -> Option<f64> {
        // Gershgorin
        let ends = (0..self.len).map(|j| self.diagonal(j) + self.off(j) + self.off(j + 1));
        let mut high = ends.fold(0.0, |most: f64, end| match end.is_finite() {
            true => most.max(end),
            false => f64::INFINITY,
        });
        if index >= self.len || !high.is_finite() || self.below(0.0) > index {
            return None;
        }
        let mut low = 0.0;
        for _ in 0..1100 {
            let middle = 0.5 * (low + high);
            if high - low <= relative * low || middle <= low || middle >= high {
                break;
            }
            match self.below(middle) > index {
                true => high = middle,
                false => low = middle,
            }
        }
        (low > 0.0).then_some(low)
    }

    /// |s_k| of the unit eigenvector s of the least eigenvalue θ: inverse iteration, from signs that
    /// alternate as those of s do. T − θI is semidefinite, and its factorisation needs no pivots.
    pub fn last_component(&self, theta: f64) -> f64 {
        let k = self.len;
        let size = (0..k).fold(0.0f64, |most, j| most.max(self.diagonal(j).abs()));
        let least = f64::EPSILON * size;
        let mut s: Vec<f64> = (0..k).map(|j| [1.0, -1.0][j % 2]).collect();
        let mut q = vec![0.0; k];
        for j in 0..k {
            let taken = match j {
                0 => 0.0,
                _ => self.off(j).powi(2) / q[j - 1],
            };
            q[j] = (self.diagonal(j) - theta - taken).max(least);
        }
        for _ in 0..3 {
            for j in 1..k {
                s[j] -= self.off(j) / q[j - 1] * s[j - 1];
            }
            for j in (0..k).rev() {
                let right = if j + 1 < k {
                    self.off(j + 1) * s[j + 1]
                } else {
                    0.0
                };
                s[j] = (s[j] - right) / q[j];
            }
            let norm = s.iter().map(|s| s * s).sum::<f64>().sqrt();
            s.iter_mut().for_each(|s| *s /= norm);
        }
        s.last().map_or(0.0, |s| s.abs())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::PI;

    #[test]
    fn of_a_laplacian() {
        // λ_k = 2 − 2 cos(kπ/(n+1)), the last component of its vector √(2/(n+1)) sin(nkπ/(n+1))
        let n = 50;
        let t = Tridiagonal {
            len: n,
            entries: |_| [2.0, 1.0],
        };
        let angle = PI / (n + 1) as f64;
        for k in [0, 1, 7, n - 1] {
            let exact = 2.0 - 2.0 * ((k + 1) as f64 * angle).cos();
            let rough = t.eigenvalue(k, 1e-4).unwrap();
            assert!(rough <= exact * (1.0 + 1e-14) && rough > exact * (1.0 - 2e-4));
            assert!((t.eigenvalue(k, 0.0).unwrap() / exact - 1.0).abs() < 1e-12);
        }
        let theta = t.eigenvalue(0, 0.0).unwrap();
        let exact = (2.0 / (n + 1) as f64).sqrt() * angle.sin();
        assert!((t.last_component(theta) / exact - 1.0).abs() < 1e-6);
    }

    #[test]
    fn of_nothing_and_of_what_is_not_definite() {
        let of = |len, entries: fn(usize) -> [f64; 2]| {
            let t = Tridiagonal { len, entries };
            t.eigenvalue(0, 1e-4)
        };
        assert_eq!(of(0, |_| [1.0, 1.0]), None);
        assert_eq!(of(1, |_| [f64::NAN, 0.0]), None);
        assert_eq!(of(2, |j| [[1.0, 0.0], [1.0, f64::INFINITY]][j]), None);
        assert_eq!(of(3, |_| [-1.0, 0.5]), None);
        assert_eq!(of(2, |_| [1.0, 2.0]), None); // −1 and 3
        let one = of(1, |_| [4.0, 0.0]).unwrap();
        assert!(one <= 4.0 && one > 3.999);
    }
}
