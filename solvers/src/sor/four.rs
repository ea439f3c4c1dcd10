//! Four numbers at a time, and what stands one and two rows back in a sweep; and eight.
//!
//! Kernels are written once over [`Four`] and [`Eight`], and compiled for arrays and for registers of
//! AVX2 and AVX-512: the same operations in the same order, so the same bits.

use resolvent_matrices::Scalar;

/// Numbers in a [`Four`].
pub(super) const LANES: usize = 4;

/// Four numbers of consecutive rows.
///
/// # Safety
/// Of every function: the processor has the instructions of the type. `load` and `store`: there are
/// four numbers at `at`.
pub(super) trait Four<T>: Copy {
    unsafe fn load(at: *const T) -> Self;
    unsafe fn store(self, at: *mut T);
    unsafe fn splat(value: T) -> Self;
    unsafe fn zero() -> Self;
    unsafe fn add(self, other: Self) -> Self;
    unsafe fn sub(self, other: Self) -> Self;
    unsafe fn mul(self, other: Self) -> Self;
    unsafe fn div(self, other: Self) -> Self;
    /// |v|² of each.
    unsafe fn square(self) -> Self;
    /// One row back: from the four before and these. Going backward, "back" is above.
    unsafe fn back1<const FORWARD: bool>(before: Self, now: Self) -> Self;
    /// Two rows back.
    unsafe fn back2<const FORWARD: bool>(before: Self, now: Self) -> Self;
    /// As numbers.
    unsafe fn all(self) -> [T; LANES];
}

/// Eight numbers of consecutive rows.
///
/// # Safety
/// As [`Four`]; `load`: there are eight numbers at `at`.
pub(super) trait Eight<T>: Copy {
    type Half: Four<T>;
    unsafe fn load(at: *const T) -> Self;
    unsafe fn splat(value: T) -> Self;
    unsafe fn add(self, other: Self) -> Self;
    unsafe fn sub(self, other: Self) -> Self;
    unsafe fn mul(self, other: Self) -> Self;
    unsafe fn div(self, other: Self) -> Self;
    unsafe fn square(self) -> Self;
    unsafe fn halves(self) -> [Self::Half; 2];
}

/// Two times four.
#[derive(Clone, Copy)]
pub(super) struct Two<V>(V, V);

impl<T: Scalar, V: Four<T>> Eight<T> for Two<V> {
    type Half = V;
    #[inline(always)]
    unsafe fn load(at: *const T) -> Self {
        // SAFETY: the caller's.
        unsafe { Self(V::load(at), V::load(at.add(LANES))) }
    }
    #[inline(always)]
    unsafe fn splat(value: T) -> Self {
        // SAFETY: the caller's.
        unsafe { Self(V::splat(value), V::splat(value)) }
    }
    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        // SAFETY: the caller's.
        unsafe { Self(self.0.add(other.0), self.1.add(other.1)) }
    }
    #[inline(always)]
    unsafe fn sub(self, other: Self) -> Self {
        // SAFETY: the caller's.
        unsafe { Self(self.0.sub(other.0), self.1.sub(other.1)) }
    }
    #[inline(always)]
    unsafe fn mul(self, other: Self) -> Self {
        // SAFETY: the caller's.
        unsafe { Self(self.0.mul(other.0), self.1.mul(other.1)) }
    }
    #[inline(always)]
    unsafe fn div(self, other: Self) -> Self {
        // SAFETY: the caller's.
        unsafe { Self(self.0.div(other.0), self.1.div(other.1)) }
    }
    #[inline(always)]
    unsafe fn square(self) -> Self {
        // SAFETY: the caller's.
        unsafe { Self(self.0.square(), self.1.square()) }
    }
    #[inline(always)]
    unsafe fn halves(self) -> [V; 2] {
        [self.0, self.1]
    }
}

impl<T: Scalar> Four<T> for [T; LANES] {
    #[inline(always)]
    unsafe fn load(at: *const T) -> Self {
        // SAFETY: the caller's.
        unsafe { at.cast::<Self>().read_unaligned() }
    }
    #[inline(always)]
    unsafe fn store(self, at: *mut T) {
        // SAFETY: the caller's.
        unsafe { at.cast::<Self>().write_unaligned(self) }
    }
    #[inline(always)]
    unsafe fn splat(value: T) -> Self {
        [value; LANES]
    }
    #[inline(always)]
    unsafe fn zero() -> Self {
        [T::ZERO; LANES]
    }
    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        std::array::from_fn(|k| self[k] + other[k])
    }
    #[inline(always)]
    unsafe fn sub(self, other: Self) -> Self {
        std::array::from_fn(|k| self[k] - other[k])
    }
    #[inline(always)]
    unsafe fn mul(self, other: Self) -> Self {
        std::array::from_fn(|k| self[k] * other[k])
    }
    #[inline(always)]
    unsafe fn div(self, other: Self) -> Self {
        std::array::from_fn(|k| self[k] / other[k])
    }
    #[inline(always)]
    unsafe fn square(self) -> Self {
        self.map(|v| T::from_real(v.abs2()))
    }
    #[inline(always)]
    unsafe fn back1<const FORWARD: bool>(before: Self, now: Self) -> Self {
        let [[b0, _, _, b3], [n0, n1, n2, n3]] = [before, now];
        if FORWARD {
            [b3, n0, n1, n2]
        } else {
            [n1, n2, n3, b0]
        }
    }
    #[inline(always)]
    unsafe fn back2<const FORWARD: bool>(before: Self, now: Self) -> Self {
        let [[b0, b1, b2, b3], [n0, n1, n2, n3]] = [before, now];
        if FORWARD {
            [b2, b3, n0, n1]
        } else {
            [n2, n3, b0, b1]
        }
    }
    #[inline(always)]
    unsafe fn all(self) -> [T; LANES] {
        self
    }
}

#[cfg(target_arch = "x86_64")]
mod avx2 {
    use super::{Four, LANES};
    use std::arch::x86_64::{
        __m256d, _mm256_add_pd, _mm256_div_pd, _mm256_loadu_pd, _mm256_mul_pd,
        _mm256_permute2f128_pd, _mm256_set1_pd, _mm256_setzero_pd, _mm256_shuffle_pd,
        _mm256_storeu_pd, _mm256_sub_pd,
    };

    impl Four<f64> for __m256d {
        #[inline(always)]
        unsafe fn load(at: *const f64) -> Self {
            // SAFETY: the caller's.
            unsafe { _mm256_loadu_pd(at) }
        }
        #[inline(always)]
        unsafe fn store(self, at: *mut f64) {
            // SAFETY: the caller's.
            unsafe { _mm256_storeu_pd(at, self) }
        }
        #[inline(always)]
        unsafe fn splat(value: f64) -> Self {
            // SAFETY: the caller's.
            unsafe { _mm256_set1_pd(value) }
        }
        #[inline(always)]
        unsafe fn zero() -> Self {
            // SAFETY: the caller's.
            unsafe { _mm256_setzero_pd() }
        }
        #[inline(always)]
        unsafe fn add(self, other: Self) -> Self {
            // SAFETY: the caller's.
            unsafe { _mm256_add_pd(self, other) }
        }
        #[inline(always)]
        unsafe fn sub(self, other: Self) -> Self {
            // SAFETY: the caller's.
            unsafe { _mm256_sub_pd(self, other) }
        }
        #[inline(always)]
        unsafe fn mul(self, other: Self) -> Self {
            // SAFETY: the caller's.
            unsafe { _mm256_mul_pd(self, other) }
        }
        #[inline(always)]
        unsafe fn div(self, other: Self) -> Self {
            // SAFETY: the caller's.
            unsafe { _mm256_div_pd(self, other) }
        }
        #[inline(always)]
        unsafe fn square(self) -> Self {
            // SAFETY: the caller's.
            unsafe { _mm256_mul_pd(self, self) }
        }
        #[inline(always)]
        unsafe fn back1<const FORWARD: bool>(before: Self, now: Self) -> Self {
            // SAFETY: the caller's.
            unsafe {
                let two = Self::back2::<FORWARD>(before, now);
                if FORWARD {
                    _mm256_shuffle_pd::<0b0101>(two, now) // b₃ n₀ n₁ n₂
                } else {
                    _mm256_shuffle_pd::<0b0101>(now, two) // n₁ n₂ n₃ b₀
                }
            }
        }
        #[inline(always)]
        unsafe fn back2<const FORWARD: bool>(before: Self, now: Self) -> Self {
            // SAFETY: the caller's.
            unsafe {
                if FORWARD {
                    _mm256_permute2f128_pd::<0x21>(before, now) // b₂ b₃ n₀ n₁
                } else {
                    _mm256_permute2f128_pd::<0x21>(now, before) // n₂ n₃ b₀ b₁
                }
            }
        }
        #[inline(always)]
        unsafe fn all(self) -> [f64; LANES] {
            let mut out = [0.0; LANES];
            // SAFETY: the caller's; `out` is four numbers.
            unsafe { _mm256_storeu_pd(out.as_mut_ptr(), self) };
            out
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod avx512 {
    use super::Eight;
    use std::arch::x86_64::{
        __m256d, __m512d, _mm512_add_pd, _mm512_castpd512_pd256, _mm512_div_pd,
        _mm512_extractf64x4_pd, _mm512_loadu_pd, _mm512_mul_pd, _mm512_set1_pd, _mm512_sub_pd,
    };

    impl Eight<f64> for __m512d {
        type Half = __m256d;
        #[inline(always)]
        unsafe fn load(at: *const f64) -> Self {
            // SAFETY: the caller's.
            unsafe { _mm512_loadu_pd(at) }
        }
        #[inline(always)]
        unsafe fn splat(value: f64) -> Self {
            // SAFETY: the caller's.
            unsafe { _mm512_set1_pd(value) }
        }
        #[inline(always)]
        unsafe fn add(self, other: Self) -> Self {
            // SAFETY: the caller's.
            unsafe { _mm512_add_pd(self, other) }
        }
        #[inline(always)]
        unsafe fn sub(self, other: Self) -> Self {
            // SAFETY: the caller's.
            unsafe { _mm512_sub_pd(self, other) }
        }
        #[inline(always)]
        unsafe fn mul(self, other: Self) -> Self {
            // SAFETY: the caller's.
            unsafe { _mm512_mul_pd(self, other) }
        }
        #[inline(always)]
        unsafe fn div(self, other: Self) -> Self {
            // SAFETY: the caller's.
            unsafe { _mm512_div_pd(self, other) }
        }
        #[inline(always)]
        unsafe fn square(self) -> Self {
            // SAFETY: the caller's.
            unsafe { _mm512_mul_pd(self, self) }
        }
        #[inline(always)]
        unsafe fn halves(self) -> [__m256d; 2] {
            // SAFETY: the caller's.
            unsafe {
                [
                    _mm512_castpd512_pd256(self),
                    _mm512_extractf64x4_pd::<1>(self),
                ]
            }
        }
    }
}
