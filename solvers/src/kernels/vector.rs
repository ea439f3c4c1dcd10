//! Vectors: inner products and updates.

use super::par::{for_parts, sum_over, sum_over_mut};
use super::simd::simd;
use resolvent_matrices::Scalar;

/// Independent partial sums of a leaf: enough to fill the vector registers and hide the latency
/// of an addition.
const LANES: usize = 16;

simd! {
    pub(super) fn dot_leaf<T: Scalar>(x: &[T], y: &[T]) -> T {
        let mut sums = [T::ZERO; LANES];
        let (xs, ys) = (x.chunks_exact(LANES), y.chunks_exact(LANES));
        let mut tail = T::ZERO;
        for (&a, &b) in xs.remainder().iter().zip(ys.remainder()) {
            tail += a.conj() * b;
        }
        for (a, b) in xs.zip(ys) {
            for k in 0..LANES {
                sums[k] += a[k].conj() * b[k];
            }
        }
        fold(sums) + tail
    }
}

simd! {
    fn norm_leaf<T: Scalar>(x: &[T]) -> T::Real {
        let mut sums = [T::Real::ZERO; LANES];
        let xs = x.chunks_exact(LANES);
        let mut tail = T::Real::ZERO;
        for &a in xs.remainder() {
            tail += a.abs2();
        }
        for a in xs {
            for k in 0..LANES {
                sums[k] += a[k].abs2();
            }
        }
        fold(sums) + tail
    }
}

simd! {
    fn distance_leaf<T: Scalar>(w: &[T], x: &[T], y: &[T]) -> T::Real {
        let mut sums = [T::Real::ZERO; LANES];
        let mut tail = T::Real::ZERO;
        let (ws, xs, ys) = (
            w.chunks_exact(LANES),
            x.chunks_exact(LANES),
            y.chunks_exact(LANES),
        );
        let rest = ws.remainder().iter().zip(xs.remainder());
        for ((&w, &a), &b) in rest.zip(ys.remainder()) {
            tail += (w * (a - b)).abs2();
        }
        for ((w, a), b) in ws.zip(xs).zip(ys) {
            for k in 0..LANES {
                sums[k] += (w[k] * (a[k] - b[k])).abs2();
            }
        }
        fold(sums) + tail
    }
}

simd! {
    fn axpy_norm_leaf<T: Scalar>(alpha: T, x: &[T], y: &mut [T]) -> T::Real {
        let mut sums = [T::Real::ZERO; LANES];
        let mut tail = T::Real::ZERO;
        let (xs, mut ys) = (x.chunks_exact(LANES), y.chunks_exact_mut(LANES));
        for (a, b) in xs.clone().zip(&mut ys) {
            for k in 0..LANES {
                let v = b[k] + alpha * a[k];
                b[k] = v;
                sums[k] += v.abs2();
            }
        }
        for (&a, b) in xs.remainder().iter().zip(ys.into_remainder()) {
            *b += alpha * a;
            tail += b.abs2();
        }
        fold(sums) + tail
    }
}

simd! {
    fn axpy_leaf<T: Scalar>(alpha: T, x: &[T], y: &mut [T]) {
        for (a, b) in x.iter().zip(y) {
            *b += alpha * *a;
        }
    }
}

simd! {
    fn xpby_leaf<T: Scalar>(x: &[T], beta: T, y: &mut [T]) {
        for (a, b) in x.iter().zip(y) {
            *b = *a + beta * *b;
        }
    }
}

simd! {
    fn combine_leaf<T: Scalar>(x: &[T], beta: T, y: &[T], z: &mut [T]) {
        for ((a, b), c) in x.iter().zip(y).zip(z) {
            *c = *a + beta * *b;
        }
    }
}

simd! {
    fn multiply_leaf<T: Scalar>(d: &[T], x: &[T], y: &mut [T]) {
        for ((a, b), c) in d.iter().zip(x).zip(y) {
            *c = *a * *b;
        }
    }
}

/// Adds the lanes up pairwise.
#[inline(always)]
fn fold<S: Scalar>(mut sums: [S; LANES]) -> S {
    let mut width = LANES / 2;
    while width > 0 {
        for k in 0..width {
            let high = sums[k + width];
            sums[k] += high;
        }
        width /= 2;
    }
    sums[0]
}

/// (x, y) = xᴴ y.
pub fn dot<T: Scalar>(x: &[T], y: &[T]) -> T {
    assert_eq!(x.len(), y.len(), "dot: lengths");
    sum_over(x.len(), &|part| dot_leaf(&x[part.clone()], &y[part]))
}

/// ‖x‖₂².
pub fn norm_squared<T: Scalar>(x: &[T]) -> T::Real {
    sum_over(x.len(), &|part| norm_leaf(&x[part]))
}

/// Σ |wᵢ(xᵢ − yᵢ)|².
pub fn weighted_distance_squared<T: Scalar>(w: &[T], x: &[T], y: &[T]) -> T::Real {
    assert_eq!(x.len(), y.len(), "distance: lengths");
    assert_eq!(x.len(), w.len(), "distance: lengths");
    sum_over(x.len(), &|part| {
        distance_leaf(&w[part.clone()], &x[part.clone()], &y[part])
    })
}

/// Σ xᵢ.
pub fn sum<T: Scalar>(x: &[T]) -> T {
    sum_over(x.len(), &|part| x[part].iter().copied().sum::<T>())
}

/// y ← y + αx.
pub fn axpy<T: Scalar>(alpha: T, x: &[T], y: &mut [T]) {
    assert_eq!(x.len(), y.len(), "axpy: lengths");
    for_parts(y, &|at, y| axpy_leaf(alpha, &x[at..at + y.len()], y));
}

/// y ← y + αx; returns ‖y‖₂² of the new y. One pass instead of two.
pub fn axpy_norm_squared<T: Scalar>(alpha: T, x: &[T], y: &mut [T]) -> T::Real {
    assert_eq!(x.len(), y.len(), "axpy: lengths");
    sum_over_mut(y, &|at, y| axpy_norm_leaf(alpha, &x[at..at + y.len()], y))
}

/// y ← x + βy.
pub fn xpby<T: Scalar>(x: &[T], beta: T, y: &mut [T]) {
    assert_eq!(x.len(), y.len(), "xpby: lengths");
    for_parts(y, &|at, y| xpby_leaf(&x[at..at + y.len()], beta, y));
}

/// y ← x + βy; returns (u, y), with the bits of [`xpby`] and then [`dot`].
pub fn xpby_dot<T: Scalar>(x: &[T], beta: T, y: &mut [T], u: &[T]) -> T {
    assert_eq!(x.len(), y.len(), "xpby: lengths");
    assert_eq!(u.len(), y.len(), "dot: lengths");
    sum_over_mut(y, &|at, y| {
        let part = at..at + y.len();
        xpby_leaf(&x[part.clone()], beta, y);
        dot_leaf(&u[part], y)
    })
}

/// z ← x + βy.
pub fn combine<T: Scalar>(x: &[T], beta: T, y: &[T], z: &mut [T]) {
    assert_eq!(x.len(), z.len(), "combine: lengths");
    assert_eq!(y.len(), z.len(), "combine: lengths");
    for_parts(z, &|at, z| {
        let part = at..at + z.len();
        combine_leaf(&x[part.clone()], beta, &y[part], z);
    });
}

/// x ← αx.
pub fn scale<T: Scalar>(alpha: T, x: &mut [T]) {
    for_parts(x, &|_, x| x.iter_mut().for_each(|a| *a *= alpha));
}

/// x ← x + α·1.
pub fn shift<T: Scalar>(alpha: T, x: &mut [T]) {
    for_parts(x, &|_, x| x.iter_mut().for_each(|a| *a += alpha));
}

/// r ← b − r.
pub fn sub_from<T: Scalar>(b: &[T], r: &mut [T]) {
    assert_eq!(b.len(), r.len(), "sub_from: lengths");
    for_parts(r, &|at, r| {
        let b = &b[at..at + r.len()];
        r.iter_mut().zip(b).for_each(|(r, &b)| *r = b - *r);
    });
}

/// y ← diag(d) x.
pub fn multiply<T: Scalar>(d: &[T], x: &[T], y: &mut [T]) {
    assert_eq!(d.len(), y.len(), "multiply: lengths");
    assert_eq!(x.len(), y.len(), "multiply: lengths");
    for_parts(y, &|at, y| {
        let part = at..at + y.len();
        multiply_leaf(&d[part.clone()], &x[part], y);
    });
}

/// z ← diag(d) r; returns (r, z), with the bits of [`multiply`] and then [`dot`].
pub fn multiply_dot<T: Scalar>(d: &[T], r: &[T], z: &mut [T]) -> T {
    assert_eq!(d.len(), z.len(), "multiply: lengths");
    assert_eq!(r.len(), z.len(), "multiply: lengths");
    sum_over_mut(z, &|at, z| {
        let part = at..at + z.len();
        multiply_leaf(&d[part.clone()], &r[part.clone()], z);
        dot_leaf(&r[part], z)
    })
}

/// y ← x.
pub fn copy<T: Scalar>(x: &[T], y: &mut [T]) {
    assert_eq!(x.len(), y.len(), "copy: lengths");
    for_parts(y, &|at, y| y.copy_from_slice(&x[at..at + y.len()]));
}
