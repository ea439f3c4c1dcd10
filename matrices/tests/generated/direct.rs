//! Answers from faer's sparse LU and dense eigenvalues.

use faer::linalg::solvers::Solve;
use faer::{Mat, Side};
use resolvent_matrices::{Csr, Scalar};

/// x with A x = b. A constant null space is made regular by A + e₀e₀ᵀ, which then gives the
/// solution with x₀ = 0.
pub fn solve<T: Scalar<Faer = T> + faer::traits::ComplexField>(
    a: &Csr<T>,
    b: &[T],
    constant_nullspace: bool,
) -> Vec<T> {
    let mut columns = a.view().transpose();
    if constant_nullspace {
        columns.values_mut()[0] += T::ONE;
    }
    let lu = columns.as_faer().transpose().sp_lu().unwrap();
    let b = Mat::from_fn(b.len(), 1, |i, _| b[i]);
    let x = lu.solve(&b);
    (0..x.nrows()).map(|i| x[(i, 0)]).collect()
}

/// The eigenvalues of a Hermitian matrix, increasing.
pub fn eigenvalues<T: Scalar<Faer = T, Real = f64> + faer::traits::ComplexField<Real = f64>>(
    a: &Csr<T>,
) -> Vec<f64> {
    let n = a.nrows();
    let dense = a.view().to_dense();
    let a = Mat::from_fn(n, n, |i, j| dense[i + j * n]);
    a.self_adjoint_eigenvalues(Side::Lower).unwrap()
}
