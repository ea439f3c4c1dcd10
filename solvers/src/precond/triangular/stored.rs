//! Values of a factor: full numbers, or numbers of half the bits.

use resolvent_matrices::Scalar;

/// A stored value of a factor: the full number, or one of half the bits.
pub(crate) trait Stored<T>: Copy + Send + Sync + 'static {
    /// As it is used in arithmetic.
    fn wide(self) -> T;
    /// As it is stored.
    fn store(value: T) -> Self;
}

impl<T: Scalar> Stored<T> for T {
    #[inline(always)]
    fn wide(self) -> T {
        self
    }
    #[inline(always)]
    fn store(value: T) -> T {
        value
    }
}

/// A number of half the bits, widened when used: exactly linear.
#[derive(Debug, Clone, Copy)]
#[repr(transparent)]
pub(crate) struct Half<T: Scalar>(T::Low);

impl<T: Scalar> Stored<T> for Half<T> {
    #[inline(always)]
    fn wide(self) -> T {
        T::from_low(self.0)
    }
    #[inline(always)]
    fn store(value: T) -> Self {
        Self(value.to_low())
    }
}

/// The values of a triangle.
#[derive(Debug, Clone)]
pub(super) enum Values<T: Scalar> {
    Full(Vec<T>),
    Half(Vec<Half<T>>),
}

impl<T: Scalar> Values<T> {
    /// `len` zeros.
    pub fn zeros(len: usize, half: bool) -> Self {
        if half {
            Self::Half(vec![Half::store(T::ZERO); len])
        } else {
            Self::Full(vec![T::ZERO; len])
        }
    }

    /// Memory held, in bytes.
    pub fn bytes(&self) -> usize {
        match self {
            Self::Full(v) => size_of_val(v.as_slice()),
            Self::Half(v) => size_of_val(v.as_slice()),
        }
    }
}
