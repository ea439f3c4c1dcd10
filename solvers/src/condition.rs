//! The condition number in the 2-norm, estimated.
//!
//! κ₂ = σmax/σmin, each by power iteration: σmax² on AᴴA, 1/σmin² on its inverse, through
//! factorisations of A and Aᴴ:
//!   y = Ax/‖x‖, x ← Aᴴy, σmax ≥ ‖y‖        z = A⁻ᴴx/‖x‖, x ← A⁻¹z, 1/σmin ≥ ‖z‖
//! Both come from below, so the estimate is a lower bound up to the rounding of the solves, as a
//! rule within a factor of two: a singular value need not be well separated for its size to be
//! right. Beyond 1/ε it says no more than that A is singular to working precision.
//!
//! | 2 factorisations, 50 solves and products | memory | the factors of A and of Aᴴ |
//!
//! - N. J. Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., SIAM 2002, ch. 15,
//!   doi:10.1137/1.9780898718027.

use crate::precond::Identity;
use crate::{Direct, DirectConfig, SolveError, Solver, StopReason, System, kernels};
use resolvent_matrices::{CsrRef, Real, Scalar};

/// Steps of each power iteration.
const STEPS: usize = 25;

/// An estimate of κ₂(A) from below; infinite where a factorisation finds A singular. `config` says
/// what the factorisations may cost.
///
/// # Errors
/// [`SolveError::Factorization`] where that is not enough, [`SolveError::NotSquare`],
/// [`SolveError::Matrix`].
pub fn condition<T: Scalar>(
    a: CsrRef<'_, T, u32>,
    config: DirectConfig<T::Real>,
) -> Result<f64, SolveError> {
    let n = a.nrows();
    if n != a.ncols() {
        return Err(SolveError::NotSquare {
            solver: "condition",
            nrows: n,
            ncols: a.ncols(),
        });
    }
    let adjoint = a.adjoint();
    let adjoint = adjoint.view();
    // no entry is zero, and the signs have no pattern that a grid could share
    let start = (0..n).map(|i| T::from_f64(1.0 + (i as f64 * 1.7).sin() / 2.0));
    let (mut x, mut y): (Vec<T>, _) = (start.clone().collect(), vec![T::ZERO; n]);
    let mut largest = 0.0f64;
    for _ in 0..STEPS {
        normalize(&mut x);
        kernels::spmv(a, &[], &x, &mut y); // y = Ax
        largest = largest.max(kernels::norm_squared(&y).sqrt().to_f64());
        normalize(&mut y);
        kernels::spmv(adjoint, &[], &y, &mut x); // x ← Aᴴy
    }
    let (mut forward, mut backward) = (Direct::new(config), Direct::new(config));
    let mut inverse = 0.0f64;
    x = start.collect();
    for _ in 0..STEPS {
        normalize(&mut x);
        if !solve(&mut backward, adjoint, &x, &mut y)? {
            return Ok(f64::INFINITY); // z = A⁻ᴴx
        }
        inverse = inverse.max(kernels::norm_squared(&y).sqrt().to_f64());
        normalize(&mut y);
        if !solve(&mut forward, a, &y, &mut x)? {
            return Ok(f64::INFINITY); // x ← A⁻¹z
        }
    }
    let condition = largest * inverse;
    Ok(if condition.is_finite() {
        condition
    } else {
        f64::INFINITY
    })
}

/// x ← A⁻¹ b as well as the factors can; false if they cannot.
fn solve<T: Scalar>(
    direct: &mut Direct<T>,
    a: CsrRef<'_, T, u32>,
    b: &[T],
    x: &mut [T],
) -> Result<bool, SolveError> {
    x.fill(T::ZERO);
    let report = direct.solve(System::new(&a, b, &mut Identity), x, &mut ())?;
    let size = kernels::norm_squared(x);
    Ok(report.reason != StopReason::Singular && size.is_finite() && size > T::Real::ZERO)
}

/// x ← x/‖x‖₂; leaves 0.
fn normalize<T: Scalar>(x: &mut [T]) {
    let norm = kernels::norm_squared(x).sqrt();
    if norm > T::Real::ZERO && norm.is_finite() {
        kernels::scale(T::from_real(T::Real::ONE / norm), x);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use resolvent_matrices::{Complex, Csr};

    fn of<T: Scalar>(a: &Csr<T>) -> f64 {
        condition(a.view(), DirectConfig::default()).unwrap()
    }

    #[test]
    fn of_a_diagonal_matrix_is_the_ratio_of_its_ends() {
        let diagonal =
            |i: usize| 10f64.powi((i % 7) as i32) * if i.is_multiple_of(2) { 1.0 } else { -1.0 };
        let a = Csr::from_triplets(70, 70, (0..70).map(|i| (i, i, diagonal(i)))).unwrap();
        assert!((of(&a) / 1e6 - 1.0).abs() < 1e-6, "{}", of(&a));
    }

    #[test]
    fn of_a_laplacian_is_what_its_eigenvalues_say() {
        let n = 40;
        let t = (0..n).flat_map(|i| {
            [
                (i, i, 2.0),
                (i, (i + 1).min(n - 1), -1.0),
                ((i + 1).min(n - 1), i, -1.0),
            ]
        });
        let a = Csr::<f64>::from_triplets(
            n,
            n,
            t.filter(|e| e.0 != n - 1 || e.1 != n - 1 || e.2 > 0.0),
        )
        .unwrap();
        let s = (std::f64::consts::PI / (2.0 * (n + 1) as f64)).tan();
        let exact = 1.0 / (s * s);
        let got = of(&a);
        assert!(got <= exact * 1.0001 && got > exact / 2.0, "{got} {exact}");
    }

    #[test]
    fn of_triangular_and_of_complex_matrices() {
        // [1 t; 0 1]: σmax/σmin = ((t + √(t² + 4))/2)²
        let t = 1000.0f64;
        let a = Csr::from_triplets(2, 2, [(0, 0, 1.0), (0, 1, t), (1, 1, 1.0)]).unwrap();
        let exact = ((t + (t * t + 4.0).sqrt()) / 2.0).powi(2);
        assert!((of(&a) / exact - 1.0).abs() < 1e-6);
        let c = |re, im| Complex::new(re, im);
        let a = Csr::from_triplets(2, 2, [(0, 0, c(0.0, 3.0)), (1, 1, c(2.0, 0.0))]).unwrap();
        assert!((of(&a) - 1.5).abs() < 1e-3, "{}", of(&a));
    }

    #[test]
    fn singular_matrices_have_none() {
        let a =
            Csr::from_triplets(2, 2, [(0, 0, 1.0), (0, 1, 1.0), (1, 0, 1.0), (1, 1, 1.0)]).unwrap();
        assert!(of(&a) > 1e15);
        let rectangular = Csr::from_triplets(1, 2, [(0, 0, 1.0)]).unwrap();
        let refused = condition(rectangular.view(), DirectConfig::default());
        assert!(matches!(refused, Err(SolveError::NotSquare { .. })));
    }
}
