//! The slow and obviously right twin of each kernel, kept as its oracle.

use resolvent_matrices::{CsrRef, Index, Run, Scalar};

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

/// y ← A x; the runs are of no use to it.
pub fn spmv<T: Scalar, I: Index>(a: CsrRef<'_, T, I>, _: &[Run], x: &[T], y: &mut [T]) {
    for i in 0..a.nrows() {
        y[i] = a.row_iter(i).map(|(j, v)| v * x[j]).sum();
    }
}

/// y ← A x; returns xᴴ y.
pub fn spmv_dot<T: Scalar, I: Index>(a: CsrRef<'_, T, I>, _: &[Run], x: &[T], y: &mut [T]) -> T {
    spmv(a, &[], x, y);
    dot(x, y)
}

/// r ← b − A x.
pub fn residual<T: Scalar, I: Index>(
    a: CsrRef<'_, T, I>,
    _: &[Run],
    b: &[T],
    x: &[T],
    r: &mut [T],
) {
    spmv(a, &[], x, r);
    sub_from(b, r);
}

/// Σ xᵢ.
pub fn sum<T: Scalar>(x: &[T]) -> T {
    x.iter().copied().sum()
}

/// y ← y + αx; returns ‖y‖₂² of the new y.
pub fn axpy_norm_squared<T: Scalar>(alpha: T, x: &[T], y: &mut [T]) -> T::Real {
    axpy(alpha, x, y);
    norm_squared(y)
}

/// y ← x + βy.
pub fn xpby<T: Scalar>(x: &[T], beta: T, y: &mut [T]) {
    for i in 0..y.len() {
        y[i] = x[i] + beta * y[i];
    }
}

/// x ← αx.
pub fn scale<T: Scalar>(alpha: T, x: &mut [T]) {
    for xi in x {
        *xi = alpha * *xi;
    }
}

/// x ← x + α·1.
pub fn shift<T: Scalar>(alpha: T, x: &mut [T]) {
    for xi in x {
        *xi += alpha;
    }
}

/// r ← b − r.
pub fn sub_from<T: Scalar>(b: &[T], r: &mut [T]) {
    for i in 0..r.len() {
        r[i] = b[i] - r[i];
    }
}

/// y ← diag(d) x.
pub fn multiply<T: Scalar>(d: &[T], x: &[T], y: &mut [T]) {
    for i in 0..y.len() {
        y[i] = d[i] * x[i];
    }
}

/// z ← diag(d) r; returns (r, z).
pub fn multiply_dot<T: Scalar>(d: &[T], r: &[T], z: &mut [T]) -> T {
    multiply(d, r, z);
    dot(r, z)
}

/// h ← Vᴴ w, one column after the other.
pub fn block_dot<T: Scalar>(v: &[T], w: &[T], h: &mut [T]) {
    for (j, h) in h.iter_mut().enumerate() {
        *h = dot(&v[j * w.len()..(j + 1) * w.len()], w);
    }
}

/// w ← w + V h, one column after the other.
pub fn block_axpy<T: Scalar>(v: &[T], h: &[T], w: &mut [T]) {
    let n = w.len();
    for (j, &h) in h.iter().enumerate() {
        axpy(h, &v[j * n..(j + 1) * n], w);
    }
}
