//! A chained line of `f64` with the instructions of AVX2: the operations of
//! [`blocks`](super::sweep) and [`Chain::step`](super::chain::Chain::step) in the same order, so
//! the same bits. The compiler does not find these registers by itself.

use super::chain::{BACK, LANES};
use super::lines::{BLOCK, Line, lowest};
use super::stored::{Half, Stored};
use crate::kernels::prefetch;
use resolvent_matrices::Scalar;
use std::any::TypeId;
use std::arch::x86_64::{
    __m256d, _mm_loadu_ps, _mm256_add_pd, _mm256_cvtps_pd, _mm256_loadu_pd, _mm256_mul_pd,
    _mm256_permute2f128_pd, _mm256_shuffle_pd, _mm256_storeu_pd, _mm256_sub_pd,
};

/// The blocks of a chained line, if these are numbers and this is a processor for it.
#[inline(always)]
pub(super) fn line<T: Scalar, S: Stored<T>, const FORWARD: bool, const SCALED: bool>(
    line: &Line,
    links: &[S],
    val: &[S],
    z: &mut [T],
    rhs: &[T],
) -> bool {
    if TypeId::of::<T>() != TypeId::of::<f64>() || !is_x86_feature_detected!("avx2") {
        return false;
    }
    // SAFETY: T is f64.
    let (z, rhs) = unsafe {
        (
            std::slice::from_raw_parts_mut(z.as_mut_ptr().cast::<f64>(), z.len()),
            same::<T, f64>(rhs),
        )
    };
    // SAFETY: S is what it is looked for to be (`Half<f64>` is an `f32` by its representation);
    // the rest is asked of the caller, who has cut `links` and `val` for this line.
    unsafe {
        if TypeId::of::<S>() == TypeId::of::<f64>() {
            any_far::<f64, FORWARD, SCALED>(line, same(links), same(val), z, rhs)
        } else if TypeId::of::<S>() == TypeId::of::<Half<f64>>() {
            any_far::<f32, FORWARD, SCALED>(line, same(links), same(val), z, rhs)
        } else {
            false
        }
    }
}

/// # Safety
/// A and B are the same in memory.
unsafe fn same<A, B>(x: &[A]) -> &[B] {
    // SAFETY: the caller's.
    unsafe { std::slice::from_raw_parts(x.as_ptr().cast(), x.len()) }
}

/// # Safety
/// As [`blocks`].
#[inline(always)]
unsafe fn any_far<S: Four, const FORWARD: bool, const SCALED: bool>(
    line: &Line,
    links: &[S],
    val: &[S],
    z: &mut [f64],
    rhs: &[f64],
) -> bool {
    // SAFETY: the caller's.
    unsafe {
        match line.far {
            0 => blocks::<S, FORWARD, SCALED, 0>(line, links, val, z, rhs),
            1 => blocks::<S, FORWARD, SCALED, 1>(line, links, val, z, rhs),
            2 => blocks::<S, FORWARD, SCALED, 2>(line, links, val, z, rhs),
            3 => blocks::<S, FORWARD, SCALED, 3>(line, links, val, z, rhs),
            4 => blocks::<S, FORWARD, SCALED, 4>(line, links, val, z, rhs),
            _ => return false,
        }
    }
    true
}

/// Four stored values.
trait Four: Copy {
    /// # Safety
    /// There are four at `at`.
    unsafe fn four(at: *const Self) -> __m256d;
}

impl Four for f64 {
    #[inline]
    #[target_feature(enable = "avx2")]
    unsafe fn four(at: *const f64) -> __m256d {
        // SAFETY: the caller's.
        unsafe { _mm256_loadu_pd(at) }
    }
}

impl Four for f32 {
    #[inline]
    #[target_feature(enable = "avx2")]
    unsafe fn four(at: *const f32) -> __m256d {
        // SAFETY: the caller's.
        _mm256_cvtps_pd(unsafe { _mm_loadu_ps(at) })
    }
}

/// The blocks of a chained line with FAR far entries. The right-hand side is `rhs`; if SCALED, it is
/// z, and `rhs` what it is multiplied by.
///
/// # Safety
/// The processor has AVX2; the line is one of a triangle with as many rows as `z` and `rhs` have
/// elements, `links` and `val` are its values.
#[target_feature(enable = "avx2")]
unsafe fn blocks<S: Four, const FORWARD: bool, const SCALED: bool, const FAR: usize>(
    line: &Line,
    links: &[S],
    val: &[S],
    z: &mut [f64],
    rhs: &[f64],
) {
    let n = z.len();
    let far: [usize; FAR] = std::array::from_fn(|k| line.shape[k] as usize);
    let last = match line.first.checked_sub(1) {
        Some(s) => z[lowest::<FORWARD>(s, 1, n)],
        None => 0.0,
    };
    let mut rows = [0.0; LANES];
    rows[if FORWARD { LANES - 1 } else { 0 }] = last;
    let z = z.as_mut_ptr();
    // SAFETY: four numbers are read from four; the rows of a line and those they wait for exist
    // (`Open::take` looks whether there is room) and z and rhs have as many as the triangle;
    // values of a block are FAR·BLOCK, links one for a row and BACK more.
    unsafe {
        let (mut t, mut s, mut y) = {
            let rows = _mm256_loadu_pd(rows.as_ptr());
            (rows, rows, rows)
        };
        for block in 0..line.blocks() {
            let i = lowest::<FORWARD>(line.first + block * BLOCK, BLOCK, n);
            let v = val.as_ptr().add(block * BLOCK * FAR);
            let a = links
                .as_ptr()
                .add(lowest::<FORWARD>(block * BLOCK, BLOCK, line.rows));
            prefetch(std::slice::from_raw_parts(v, BLOCK * FAR));
            prefetch(std::slice::from_raw_parts(a, BLOCK));
            for part in 0..BLOCK / LANES {
                let q = lowest::<FORWARD>(part * LANES, LANES, BLOCK);
                let b = _mm256_loadu_pd(rhs.as_ptr().add(i + q));
                let mut now = if SCALED {
                    _mm256_mul_pd(_mm256_loadu_pd(z.add(i + q)), b)
                } else {
                    b
                };
                for k in 0..FAR {
                    let at = if FORWARD {
                        i + q - far[k]
                    } else {
                        i + q + far[k]
                    };
                    let x = _mm256_loadu_pd(z.add(at));
                    let v = S::four(v.add(k * BLOCK + q));
                    now = _mm256_sub_pd(now, _mm256_mul_pd(v, x));
                }
                let link = |back: usize| {
                    let from = if FORWARD { BACK - back } else { back };
                    S::four(a.add(q + from))
                };
                let s_now = _mm256_sub_pd(now, _mm256_mul_pd(link(0), back1::<FORWARD>(t, now)));
                let b = _mm256_mul_pd(link(0), link(1));
                let c = _mm256_mul_pd(b, _mm256_mul_pd(link(2), link(3)));
                let u = _mm256_add_pd(s_now, _mm256_mul_pd(b, back2::<FORWARD>(s, s_now)));
                y = _mm256_add_pd(u, _mm256_mul_pd(c, y));
                _mm256_storeu_pd(z.add(i + q), y);
                (t, s) = (now, s_now);
            }
        }
    }
}

/// What stands two rows back.
#[inline]
#[target_feature(enable = "avx2")]
fn back2<const FORWARD: bool>(before: __m256d, now: __m256d) -> __m256d {
    if FORWARD {
        _mm256_permute2f128_pd::<0x21>(before, now) // b₂ b₃ n₀ n₁
    } else {
        _mm256_permute2f128_pd::<0x21>(now, before) // n₂ n₃ b₀ b₁
    }
}

/// What stands one row back.
#[inline]
#[target_feature(enable = "avx2")]
fn back1<const FORWARD: bool>(before: __m256d, now: __m256d) -> __m256d {
    let two = back2::<FORWARD>(before, now);
    if FORWARD {
        _mm256_shuffle_pd::<0b0101>(two, now) // b₃ n₀ n₁ n₂
    } else {
        _mm256_shuffle_pd::<0b0101>(now, two) // n₁ n₂ n₃ b₀
    }
}
