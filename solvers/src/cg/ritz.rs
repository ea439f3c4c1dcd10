//! The smallest Ritz value, from the coefficients of CG.

/// The smallest eigenvalue of the Lanczos matrix that these α and β make
/// ([`CgCoefficients::lanczos`](super::CgCoefficients::lanczos)), from below to four digits; `None` of
/// no coefficients, and where they are not those of a positive definite matrix.
///
/// θ lies below σ where a pivot of T − σI is not positive:
///   q_0 = T_00 − σ,   q_j = T_jj − σ − T_{j−1,j}²/q_{j−1}                      (Sturm)
pub(super) fn smallest(alpha: &[f64], beta: &[f64]) -> Option<f64> {
    let diagonal = |j: usize| match j {
        0 => 1.0 / alpha[0],
        j => 1.0 / alpha[j] + beta[j] / alpha[j - 1],
    };
    let all = alpha.len().min(beta.len());
    let above = |sigma: f64| {
        let mut q = 1.0;
        (0..all).all(|j| {
            let beside = if j == 0 {
                0.0
            } else {
                beta[j] / (alpha[j - 1] * alpha[j - 1])
            };
            q = diagonal(j) - sigma - beside / q;
            q > 0.0
        })
    };
    let mut high = (0..all).map(diagonal).reduce(f64::min)?; // not below θ
    if !high.is_finite() {
        return None;
    }
    let mut low = high;
    for _ in 0..200 {
        low *= 0.5;
        if above(low) {
            break;
        }
        high = low;
    }
    while high - low > 1e-4 * low {
        let middle = 0.5 * (low + high);
        match above(middle) {
            true => low = middle,
            false => high = middle,
        }
    }
    (low > 0.0 && above(low)).then_some(low)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_laplacian() {
        // T = tridiag(−1, 2, −1) of order n: 1/α_0 = 2, and so on
        let n = 50;
        let (mut alpha, mut beta) = (vec![0.5], vec![0.0]);
        for j in 1..n {
            let b: f64 = alpha[j - 1] * alpha[j - 1]; // √β/α = 1
            beta.push(b);
            alpha.push(1.0 / (2.0 - b / alpha[j - 1]));
        }
        let exact = 2.0 - 2.0 * (std::f64::consts::PI / (n + 1) as f64).cos();
        let found = smallest(&alpha, &beta).unwrap();
        assert!((found / exact - 1.0).abs() < 2e-4, "{found} {exact}");
        assert_eq!(smallest(&[], &[]), None);
        assert_eq!(smallest(&[f64::NAN], &[0.0]), None);
        let one = smallest(&[0.25], &[0.0]).unwrap();
        assert!(one <= 4.0 && one > 3.999);
    }
}
