//! Sums over all processes that share a system: the one place, besides an operator's own halo
//! exchange, that communicates.

use crate::kernels;
use resolvent_matrices::{Real, Scalar};

/// Adds up partial sums over every process that holds a part of the vectors.
pub trait Reduce<T: Scalar>: Sync {
    /// Replaces each number by its sum over all processes: several inner products, one message.
    fn all_sum(&self, partial: &mut [T]);
}

/// One process holds everything: nothing to do.
#[derive(Debug, Clone, Copy, Default)]
pub struct Local;

impl<T: Scalar> Reduce<T> for Local {
    fn all_sum(&self, _: &mut [T]) {}
}

/// (x, y) = xᴴ y.
pub(crate) fn dot<T: Scalar>(comm: &dyn Reduce<T>, x: &[T], y: &[T]) -> T {
    let mut sum = [kernels::dot(x, y)];
    comm.all_sum(&mut sum);
    sum[0]
}

/// ‖x‖₂.
pub(crate) fn norm<T: Scalar>(comm: &dyn Reduce<T>, x: &[T]) -> T::Real {
    let plain = norm_from(comm, kernels::norm_squared(x));
    let large = T::Real::MAX.sqrt();
    let small = T::Real::ONE / large;
    if plain > small * T::Real::from_f64(1e9) && plain < large {
        return plain;
    }
    // squares have under- or overflowed, unless x is zero or not finite: the same of x scaled
    let scale = if plain < T::Real::ONE { large } else { small };
    let partial = x.iter().map(|v| v.scale(scale).abs2());
    norm_from::<T>(comm, partial.fold(T::Real::ZERO, |sum, v| sum + v)) / scale
}

/// ‖x‖₂ from this process's share of ‖x‖₂².
pub(crate) fn norm_from<T: Scalar>(comm: &dyn Reduce<T>, partial: T::Real) -> T::Real {
    let mut sum = [T::from_real(partial)];
    comm.all_sum(&mut sum);
    sum[0].re().sqrt()
}

/// Whether `flag` is set in any process.
pub(crate) fn any<T: Scalar>(comm: &dyn Reduce<T>, flag: bool) -> bool {
    let mut sum = [if flag { T::ONE } else { T::ZERO }];
    comm.all_sum(&mut sum);
    sum[0].re() > T::Real::ZERO
}

#[cfg(test)]
mod tests {
    use super::*;
    use resolvent_matrices::Complex;

    fn of_any_size<T: Scalar>(sizes: &[f64], eps: f64) {
        for &size in sizes {
            let x = vec![
                T::from_f64(3.0 * size),
                T::from_c64(Complex::new(4.0 * size, 0.0)),
            ];
            let ratio = norm(&Local, &x).to_f64() / (5.0 * size);
            assert!((ratio - 1.0).abs() < eps, "{size:e}: {ratio}");
        }
        assert!(norm(&Local, &[T::ZERO; 3]) == T::Real::ZERO);
        assert!(norm(&Local, &[T::from_f64(f64::NAN)]).to_f64().is_nan());
        assert!(!norm(&Local, &[T::from_f64(f64::INFINITY)]).is_finite());
    }

    #[test]
    fn squares_may_under_and_overflow() {
        of_any_size::<f64>(
            &[1e-300, 1e-200, 1e-162, 1e-100, 1.0, 1e100, 1e160, 1e300],
            1e-14,
        );
        of_any_size::<Complex<f64>>(&[1e-200, 1.0, 1e200], 1e-14);
        of_any_size::<f32>(&[1e-35, 1e-25, 1e-12, 1.0, 1e12, 1e25, 1e37], 1e-5);
        of_any_size::<Complex<f32>>(&[1e-30, 1.0, 1e30], 1e-5);
    }
}
