//! Givens rotations.
//!
//! - D. Bindel, J. Demmel, W. Kahan, O. Marques, On computing Givens rotations reliably and
//!   efficiently, ACM TOMS 28(2):206–238, 2002, doi:10.1145/567806.567809.

use resolvent_matrices::{Real, Scalar};

/// The unitary matrix [c s; −s̄ c], with c real.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Givens<T: Scalar> {
    c: T::Real,
    s: T,
}

impl<T: Scalar> Givens<T> {
    /// The rotation that takes (f, g) to (ρ, 0), and ρ.
    pub fn new(f: T, g: T) -> (Self, T) {
        let (size_f, size_g) = (f.abs(), g.abs());
        if size_g == T::Real::ZERO {
            let c = T::Real::ONE;
            return (Self { c, s: T::ZERO }, f);
        }
        // both are divided by the larger, so that no square over- or underflows
        let scale = size_f.max(size_g);
        let (f1, g1) = (size_f / scale, size_g / scale);
        let norm = scale * (f1 * f1 + g1 * g1).sqrt();
        let phase = if size_f == T::Real::ZERO {
            T::ONE
        } else {
            f.scale(T::Real::ONE / size_f)
        };
        let rotation = Self {
            c: size_f / norm,
            s: phase * g.conj().scale(T::Real::ONE / norm),
        };
        (rotation, phase.scale(norm))
    }

    /// (a, b) ← (c a + s b, −s̄ a + c b).
    pub fn apply(self, a: T, b: T) -> (T, T) {
        let Self { c, s } = self;
        (a.scale(c) + s * b, b.scale(c) - s.conj() * a)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use resolvent_matrices::Complex;

    fn annihilates<T: Scalar>() {
        let number = |re, im| T::from_c64(Complex::new(re, im));
        let tiny = T::Real::EPSILON;
        let large = T::Real::MAX.to_f64() / 8.0;
        let samples = [
            (number(3.0, 1.0), number(-4.0, 2.0)),
            (number(0.0, 0.0), number(0.5, -2.0)),
            (number(-2.0, 0.25), number(0.0, 0.0)),
            (number(0.0, 0.0), number(0.0, 0.0)),
            (number(large, 0.0), number(0.0, large)),
            (number(1.0 / large, 0.0), number(2.0 / large, 0.0)),
        ];
        for (f, g) in samples {
            let (rotation, rho) = Givens::new(f, g);
            let (a, b) = rotation.apply(f, g);
            let size = rho.abs().max(T::Real::ONE / T::Real::MAX);
            assert!(
                (a - rho).abs() / size <= tiny * T::Real::from_f64(4.0),
                "{f} {g}"
            );
            assert!(
                b.abs() / size <= tiny * T::Real::from_f64(4.0),
                "{f} {g}: {b}"
            );
            let unit = rotation.c * rotation.c + rotation.s.abs2();
            assert!((unit - T::Real::ONE).abs() <= tiny * T::Real::from_f64(8.0));
        }
    }

    #[test]
    fn a_rotation_is_unitary_and_annihilates() {
        annihilates::<f32>();
        annihilates::<f64>();
        annihilates::<Complex<f32>>();
        annihilates::<Complex<f64>>();
    }
}
