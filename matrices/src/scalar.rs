//! The numbers everything here is generic over: `f32`, `f64`, `Complex<f32>`, `Complex<f64>`.
//!
//! [`Scalar`] is the only bound a generic function of this project needs. It is sealed: the
//! kernels rely on these four types being plain old data.

use faer::traits::ComplexField;
use num_complex::Complex;
use std::fmt::{Debug, Display};
use std::iter::Sum;
use std::ops::{Add, AddAssign, Div, DivAssign, Mul, MulAssign, Neg, Sub, SubAssign};

mod sealed {
    pub trait Sealed {}
    impl Sealed for f32 {}
    impl Sealed for f64 {}
    impl Sealed for num_complex::Complex<f32> {}
    impl Sealed for num_complex::Complex<f64> {}
}

/// An entry of a matrix or a vector: `f32`, `f64`, `Complex<f32>` or `Complex<f64>`.
///
/// A generic function of this project needs no other bound.
pub trait Scalar:
    sealed::Sealed
    + Copy
    + Default
    + Send
    + Sync
    + 'static
    + Debug
    + Display
    + PartialEq
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
    + AddAssign
    + SubAssign
    + MulAssign
    + DivAssign
    + Sum
{
    /// `f32` or `f64`.
    type Real: Real;
    /// This very type, as faer's traits know it; the three functions below are the identity.
    type Faer: ComplexField + Copy;
    /// The same kind of number with half the bits, for stored factors (`f64 → f32`); of a
    /// 32-bit type, itself.
    type Low: Scalar;
    /// 0.
    const ZERO: Self;
    /// 1.
    const ONE: Self;
    /// Whether this is `Complex<_>`.
    const IS_COMPLEX: bool;
    /// `"f32"`, `"f64"`, `"c32"` or `"c64"`.
    const NAME: &'static str;

    /// Complex conjugate; of a real number, itself.
    fn conj(self) -> Self;
    /// Real part.
    fn re(self) -> Self::Real;
    /// Imaginary part; of a real number, 0.
    fn im(self) -> Self::Real;
    /// Modulus |a|.
    fn abs(self) -> Self::Real;
    /// |a|², without the square root.
    fn abs2(self) -> Self::Real;
    /// The real number `r` as this type.
    fn from_real(r: Self::Real) -> Self;
    /// `r` rounded to this type.
    fn from_f64(r: f64) -> Self;
    /// This number as a double-precision complex one (exact).
    fn to_c64(self) -> Complex<f64>;
    /// `c` rounded to this type; the imaginary part is dropped by a real type.
    fn from_c64(c: Complex<f64>) -> Self;
    /// Multiplied by the real number `r`.
    fn scale(self, r: Self::Real) -> Self;
    /// Neither NaN nor infinite, in both parts.
    fn is_finite(self) -> bool;
    /// Rounded to [`Scalar::Low`].
    fn to_low(self) -> Self::Low;
    /// Widened from [`Scalar::Low`] (exact).
    fn from_low(low: Self::Low) -> Self;
    /// The same slice, to be handed to faer.
    fn as_faer(slice: &[Self]) -> &[Self::Faer];
    /// The same slice, to be handed to faer.
    fn as_faer_mut(slice: &mut [Self]) -> &mut [Self::Faer];
    /// The same number, from faer.
    fn from_faer(value: Self::Faer) -> Self;
}

/// A real [`Scalar`]: `f32` or `f64`.
pub trait Real: Scalar<Real = Self, Low = f32> + PartialOrd {
    /// Distance from 1 to the next larger number.
    const EPSILON: Self;
    /// Largest finite number.
    const MAX: Self;
    /// +∞.
    const INFINITY: Self;
    /// Not a number.
    const NAN: Self;

    /// √a.
    fn sqrt(self) -> Self;
    /// This number in double precision (exact).
    fn to_f64(self) -> f64;
    /// The larger of two numbers; of a number and NaN, the number.
    fn max(self, other: Self) -> Self;
    /// The smaller of two numbers; of a number and NaN, the number.
    fn min(self, other: Self) -> Self;
}

macro_rules! real {
    ($t:ident, $name:literal) => {
        impl Scalar for $t {
            const ZERO: Self = 0.0;
            const ONE: Self = 1.0;
            const IS_COMPLEX: bool = false;
            const NAME: &'static str = $name;
            type Real = $t;
            type Faer = $t;
            type Low = f32;

            #[inline(always)]
            fn conj(self) -> Self {
                self
            }
            #[inline(always)]
            fn re(self) -> Self {
                self
            }
            #[inline(always)]
            fn im(self) -> Self {
                0.0
            }
            #[inline(always)]
            fn abs(self) -> Self {
                $t::abs(self)
            }
            #[inline(always)]
            fn abs2(self) -> Self {
                self * self
            }
            #[inline(always)]
            fn from_real(r: Self) -> Self {
                r
            }
            #[inline(always)]
            fn from_f64(r: f64) -> Self {
                r as $t
            }
            #[inline(always)]
            fn to_c64(self) -> Complex<f64> {
                Complex::new(f64::from(self), 0.0)
            }
            #[inline(always)]
            fn from_c64(c: Complex<f64>) -> Self {
                c.re as $t
            }
            #[inline(always)]
            fn scale(self, r: Self) -> Self {
                self * r
            }
            #[inline(always)]
            fn is_finite(self) -> bool {
                $t::is_finite(self)
            }
            #[inline(always)]
            fn to_low(self) -> f32 {
                self as f32
            }
            #[inline(always)]
            fn from_low(low: f32) -> Self {
                $t::from(low)
            }
            #[inline(always)]
            fn as_faer(slice: &[Self]) -> &[Self] {
                slice
            }
            #[inline(always)]
            fn as_faer_mut(slice: &mut [Self]) -> &mut [Self] {
                slice
            }
            #[inline(always)]
            fn from_faer(value: Self) -> Self {
                value
            }
        }

        impl Real for $t {
            const EPSILON: Self = $t::EPSILON;
            const MAX: Self = $t::MAX;
            const INFINITY: Self = $t::INFINITY;
            const NAN: Self = $t::NAN;

            #[inline(always)]
            fn sqrt(self) -> Self {
                $t::sqrt(self)
            }
            #[inline(always)]
            fn to_f64(self) -> f64 {
                f64::from(self)
            }
            #[inline(always)]
            fn max(self, other: Self) -> Self {
                $t::max(self, other)
            }
            #[inline(always)]
            fn min(self, other: Self) -> Self {
                $t::min(self, other)
            }
        }
    };
}

macro_rules! complex {
    ($r:ident, $name:literal) => {
        impl Scalar for Complex<$r> {
            const ZERO: Self = Complex::new(0.0, 0.0);
            const ONE: Self = Complex::new(1.0, 0.0);
            const IS_COMPLEX: bool = true;
            const NAME: &'static str = $name;
            type Real = $r;
            type Faer = Complex<$r>;
            type Low = Complex<f32>;

            #[inline(always)]
            fn conj(self) -> Self {
                Complex::new(self.re, -self.im)
            }
            #[inline(always)]
            fn re(self) -> $r {
                self.re
            }
            #[inline(always)]
            fn im(self) -> $r {
                self.im
            }
            #[inline(always)]
            fn abs(self) -> $r {
                self.re.hypot(self.im)
            }
            #[inline(always)]
            fn abs2(self) -> $r {
                self.re * self.re + self.im * self.im
            }
            #[inline(always)]
            fn from_real(r: $r) -> Self {
                Complex::new(r, 0.0)
            }
            #[inline(always)]
            fn from_f64(r: f64) -> Self {
                Complex::new(r as $r, 0.0)
            }
            #[inline(always)]
            fn to_c64(self) -> Complex<f64> {
                Complex::new(f64::from(self.re), f64::from(self.im))
            }
            #[inline(always)]
            fn from_c64(c: Complex<f64>) -> Self {
                Complex::new(c.re as $r, c.im as $r)
            }
            #[inline(always)]
            fn scale(self, r: $r) -> Self {
                Complex::new(self.re * r, self.im * r)
            }
            #[inline(always)]
            fn is_finite(self) -> bool {
                self.re.is_finite() && self.im.is_finite()
            }
            #[inline(always)]
            fn to_low(self) -> Complex<f32> {
                Complex::new(self.re as f32, self.im as f32)
            }
            #[inline(always)]
            fn from_low(low: Complex<f32>) -> Self {
                Complex::new($r::from(low.re), $r::from(low.im))
            }
            #[inline(always)]
            fn as_faer(slice: &[Self]) -> &[Self] {
                slice
            }
            #[inline(always)]
            fn as_faer_mut(slice: &mut [Self]) -> &mut [Self] {
                slice
            }
            #[inline(always)]
            fn from_faer(value: Self) -> Self {
                value
            }
        }
    };
}

real!(f32, "f32");
real!(f64, "f64");
complex!(f32, "c32");
complex!(f64, "c64");

#[cfg(test)]
mod tests {
    use super::*;

    fn field_axioms<T: Scalar>() {
        let a = T::from_c64(Complex::new(3.0, -4.0));
        assert_eq!((a * a.conj()).re().to_f64(), a.abs2().to_f64());
        assert_eq!((a.abs() * a.abs()).to_f64(), a.abs2().to_f64());
        assert_eq!(a + T::ZERO, a);
        assert_eq!(a * T::ONE, a);
        assert_eq!(T::from_low(a.to_low()), a);
        assert_eq!(T::from_c64(a.to_c64()), a);
        assert_eq!(a.scale(a.re()), a * T::from_real(a.re()));
        assert!(a.is_finite() && !(a / T::ZERO).is_finite());
        assert_eq!(T::IS_COMPLEX, a.im().to_f64() != 0.0);
    }

    #[test]
    fn all_four_types_are_fields() {
        field_axioms::<f32>();
        field_axioms::<f64>();
        field_axioms::<Complex<f32>>();
        field_axioms::<Complex<f64>>();
    }
}
