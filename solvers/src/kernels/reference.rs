//! The slow and obviously right twin of each kernel, kept as its oracle.

use resolvent_matrices::{CsrRef, Index, Scalar};

/// xᴴ y, one term after the other.
pub fn dot<T: Scalar>(x: &[T], y: &[T]) -> T {
    x.iter().zip(y).map(|(&a, &b)| a.conj() * b).sum()
}

/// ‖x‖₂².
pub fn norm_squared<T: Scalar>(x: &[T]) -> T::Real {
    x.iter().fold(T::Real::ZERO, |s, &a| s + a.abs2())
}

/// y ← y + αx.
pub fn axpy<T: Scalar>(alpha: T, x: &[T], y: &mut [T]) {
    for i in 0..y.len() {
        y[i] += alpha * x[i];
    }
}

/// y ← A x.
pub fn spmv<T: Scalar, I: Index>(a: CsrRef<'_, T, I>, x: &[T], y: &mut [T]) {
    for i in 0..a.nrows() {
        y[i] = a.row_iter(i).map(|(j, v)| v * x[j]).sum();
    }
}
