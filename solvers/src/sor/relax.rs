//! One line of a sweep: product with the old values, break of the chain, new values, in one pass.
//!
//! Going forward, for the rows i of a block, with fᵢ = ω/aᵢᵢ:
//!
//!   cᵢ = bᵢ − Σ_{j>i} aᵢⱼ xⱼ                                  old values
//!   tᵢ = (cᵢ − Σ_{j<i−1} aᵢⱼ x⁺ⱼ) fᵢ + (1−ω) xᵢ               and new ones that are known
//!   x⁺ᵢ = tᵢ − lᵢ x⁺ᵢ₋₁, lᵢ = fᵢ aᵢ,ᵢ₋₁                        the chain
//!   rᵢ = cᵢ − aᵢᵢ xᵢ − Σ_{j<i} aᵢⱼ xⱼ                         the residual of x, on request
//!
//! The chain is put into itself twice (cyclic reduction), so that only the last step waits for rows
//! before: sᵢ = tᵢ − lᵢtᵢ₋₁, mᵢ = lᵢlᵢ₋₁, x⁺ᵢ = (sᵢ + mᵢsᵢ₋₂) + mᵢmᵢ₋₂x⁺ᵢ₋₄.
//! Backward is the same from the last row on.
//! - R. W. Hockney, J. ACM 12:95–113, 1965, doi:10.1145/321250.321259.

use super::four::{Eight, Four, LANES, Two};
use super::stencil::{BLOCK, Line, Near};
use resolvent_matrices::{Real, Scalar};
use std::any::TypeId;
#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::{__m256d, __m512d};

/// Vectors of a sweep, n numbers each; `old` and `new` may be the same.
#[derive(Debug, Clone, Copy)]
pub(super) struct Vectors<T> {
    pub b: *const T,
    pub old: *const T,
    pub new: *mut T,
    pub n: usize,
    pub omega: T,
}

/// How far ahead values are asked for, and numbers of vectors, in bytes.
const FAR_AHEAD: isize = 8192;
const NEXT: isize = 2048;

/// x → x⁺.
pub(super) const PLAIN: u8 = 0;
/// x → x⁺, and ‖b − Ax‖₂²; x and x⁺ are not the same vector.
pub(super) const RESIDUAL: u8 = 1;
/// 0 → x⁺, whatever stands in x.
pub(super) const FROM_ZERO: u8 = 2;

/// Sweeps a line; returns its share of ‖b − Ax‖₂², or 0.
///
/// # Safety
/// The line is one of a matrix of `v.n` rows and `val` its values; the vectors have that many
/// numbers, nobody writes to what is read, and x⁺ is known where the line needs it.
#[inline(always)]
pub(super) unsafe fn line<T: Scalar, const FORWARD: bool, const WHAT: u8>(
    line: &Line,
    val: &[T],
    v: Vectors<T>,
) -> T::Real {
    debug_assert!(line.first + line.rows <= v.n && val.len() == line.len());
    #[cfg(target_arch = "x86_64")]
    if TypeId::of::<T>() == TypeId::of::<f64>() && is_x86_feature_detected!("avx2") {
        // SAFETY: the caller's; T is f64 and the processor has AVX2.
        return unsafe {
            let val = std::slice::from_raw_parts(val.as_ptr().cast::<f64>(), val.len());
            let v = Vectors {
                b: v.b.cast::<f64>(),
                old: v.old.cast::<f64>(),
                new: v.new.cast::<f64>(),
                n: v.n,
                omega: v.omega.re().to_f64(),
            };
            let sum = if is_x86_feature_detected!("avx512f") {
                avx512::<FORWARD, WHAT>(line, val, v)
            } else {
                avx2::<FORWARD, WHAT>(line, val, v)
            };
            T::from_f64(sum).re()
        };
    }
    // SAFETY: the caller's.
    unsafe { any::<T, Two<[T; LANES]>, FORWARD, WHAT>(line, val, v) }
}

/// # Safety
/// As [`line`]; the processor has AVX2.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
unsafe fn avx2<const FORWARD: bool, const WHAT: u8>(
    line: &Line,
    val: &[f64],
    v: Vectors<f64>,
) -> f64 {
    // SAFETY: the caller's.
    unsafe { any::<f64, Two<__m256d>, FORWARD, WHAT>(line, val, v) }
}

/// # Safety
/// As [`line`]; the processor has AVX2 and AVX-512.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,avx512f")]
unsafe fn avx512<const FORWARD: bool, const WHAT: u8>(
    line: &Line,
    val: &[f64],
    v: Vectors<f64>,
) -> f64 {
    // SAFETY: the caller's.
    unsafe { any::<f64, __m512d, FORWARD, WHAT>(line, val, v) }
}

/// # Safety
/// As [`line`].
#[inline(always)]
pub(super) unsafe fn any<T: Scalar, W: Eight<T>, const FORWARD: bool, const WHAT: u8>(
    line: &Line,
    val: &[T],
    v: Vectors<T>,
) -> T::Real {
    let near = if FORWARD { line.below } else { line.above };
    let chained = match near {
        Near::None => false,
        Near::Chain => true,
        // SAFETY: the caller's.
        Near::Mixed => return unsafe { one_by_one::<T, FORWARD, WHAT>(line, val, v) },
    };
    let (lower, upper) = (line.lower, line.offsets.len() - line.lower - 1);
    let whole = line.rows / BLOCK * BLOCK;
    // SAFETY: the caller's; the rows left over stand behind the blocks.
    unsafe {
        let mut sum = T::Real::ZERO;
        if !FORWARD {
            sum += rest::<T, FORWARD, WHAT>(line, val, v);
        }
        let last = match (FORWARD, whole < line.rows) {
            (true, _) if line.from_below => *v.new.add(line.first - 1),
            (false, true) => *v.new.add(line.first + whole),
            (false, false) if line.from_above => *v.new.add(line.first + whole),
            _ => T::ZERO,
        };
        sum += match (lower, upper, chained) {
            (2, 2, true) => blocks::<T, W, FORWARD, WHAT>(line, val, v, last, 2, 2, true),
            (3, 3, true) => blocks::<T, W, FORWARD, WHAT>(line, val, v, last, 3, 3, true),
            _ => blocks::<T, W, FORWARD, WHAT>(line, val, v, last, lower, upper, chained),
        };
        if FORWARD {
            sum += rest::<T, FORWARD, WHAT>(line, val, v);
        }
        sum
    }
}

/// The whole blocks of a line with as many entries below and above the diagonal; `last` is the new
/// value before the first of them.
///
/// # Safety
/// As [`line`].
#[inline(always)]
unsafe fn blocks<T: Scalar, W: Eight<T>, const FORWARD: bool, const WHAT: u8>(
    line: &Line,
    val: &[T],
    v: Vectors<T>,
    last: T,
    lower: usize,
    upper: usize,
    chained: bool,
) -> T::Real {
    let width = lower + 1 + upper;
    let link = if FORWARD {
        lower.wrapping_sub(1)
    } else {
        lower + 1
    };
    let offset = line.offsets.as_ptr();
    // entries ahead are multiplied with old values, entries behind with new ones
    let (ahead, behind) = if FORWARD {
        (lower + 1..width, 0..lower - usize::from(chained))
    } else {
        (0..lower, lower + 1 + usize::from(chained)..width)
    };
    let farthest = line.offsets[if FORWARD { width - 1 } else { 0 }];
    let mut before = [T::ZERO; LANES];
    before[if FORWARD { LANES - 1 } else { 0 }] = last;
    let count = line.rows / BLOCK;
    // SAFETY: values of a block are `width`·BLOCK; rows of a line and those they are tied to exist
    // (`Open::take` looks whether there is room), and the vectors have as many numbers as the
    // matrix has rows; four numbers are read from four.
    unsafe {
        let (omega, keep) = (W::splat(v.omega), W::splat(T::ONE - v.omega));
        let zero = <W::Half as Four<T>>::zero();
        let mut y = <W::Half as Four<T>>::load(before.as_ptr());
        let (mut t, mut s, mut l, mut m) = (y, y, zero, zero);
        let mut sum = W::splat(T::ZERO);
        for block in 0..count {
            let block = if FORWARD { block } else { count - 1 - block };
            let i = line.first + block * BLOCK;
            let a = val.as_ptr().add(block * BLOCK * width);
            fetch::<T, FORWARD>(a, BLOCK * width, FAR_AHEAD);
            fetch::<T, FORWARD>(v.b.add(i), BLOCK, NEXT);
            fetch::<T, FORWARD>(v.old.add(i).offset(farthest), BLOCK, NEXT);
            let entry = |k: usize| W::load(a.add(k * BLOCK));
            let old = |k: usize| W::load(v.old.add(i).offset(*offset.add(k)));
            let new = |k: usize| W::load(v.new.cast_const().add(i).offset(*offset.add(k)));
            let mut c = W::load(v.b.add(i));
            if WHAT != FROM_ZERO {
                for k in ahead.clone() {
                    c = c.sub(entry(k).mul(old(k))); // cᵢ = bᵢ − Σ aᵢⱼ xⱼ
                }
            }
            let (x, d) = (W::load(v.old.add(i)), entry(lower));
            let f = omega.div(d);
            let mut now = c;
            for k in behind.clone() {
                now = now.sub(entry(k).mul(new(k))); // cᵢ − Σ aᵢⱼ x⁺ⱼ
            }
            if WHAT == RESIDUAL {
                let mut r = c.sub(d.mul(x));
                for k in behind.clone() {
                    r = r.sub(entry(k).mul(old(k))); // rᵢ = cᵢ − aᵢᵢ xᵢ − Σ aᵢⱼ xⱼ
                }
                if chained {
                    r = r.sub(entry(link).mul(old(link)));
                }
                sum = sum.add(r.square());
            }
            now = now.mul(f);
            if WHAT != FROM_ZERO {
                now = now.add(keep.mul(x)); // tᵢ = fᵢ (…) + (1−ω) xᵢ
            }
            let now = now.halves();
            let links = if chained {
                entry(link).mul(f).halves()
            } else {
                now
            };
            for part in 0..2 {
                let half = if FORWARD { part } else { 1 - part };
                let (t_now, l_now) = (now[half], links[half]);
                if chained {
                    let back = <W::Half as Four<T>>::back1::<FORWARD>;
                    let back2 = <W::Half as Four<T>>::back2::<FORWARD>;
                    let s_now = t_now.sub(l_now.mul(back(t, t_now))); // sᵢ = tᵢ − lᵢ tᵢ₋₁
                    let m_now = l_now.mul(back(l, l_now)); // mᵢ = lᵢ lᵢ₋₁
                    let four = m_now.mul(back2(m, m_now));
                    let u = s_now.add(m_now.mul(back2(s, s_now)));
                    y = u.add(four.mul(y)); // x⁺ᵢ = (sᵢ + mᵢ sᵢ₋₂) + mᵢ mᵢ₋₂ x⁺ᵢ₋₄
                    (t, s, l, m) = (t_now, s_now, l_now, m_now);
                } else {
                    y = t_now;
                }
                y.store(v.new.add(i + half * LANES));
            }
        }
        let [low, high] = sum.halves();
        let [a, b, c, d] = low.add(high).all();
        ((a + c) + (b + d)).re()
    }
}

/// Asks for what comes `ahead` bytes after `count` numbers, once a cache line: the processor's own
/// prefetcher stops at every page.
#[inline(always)]
fn fetch<T, const FORWARD: bool>(at: *const T, count: usize, ahead: isize) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        let at = at.cast::<i8>();
        let at = at.wrapping_offset(if FORWARD { ahead } else { -ahead });
        for line in (0..count * size_of::<T>()).step_by(64) {
            // SAFETY: a prefetch may name any address; it cannot fault.
            unsafe { _mm_prefetch::<_MM_HINT_T0>(at.wrapping_add(line)) };
        }
    }
}

/// The rows of a line behind its whole blocks.
///
/// # Safety
/// As [`line`].
#[inline(always)]
unsafe fn rest<T: Scalar, const FORWARD: bool, const WHAT: u8>(
    line: &Line,
    val: &[T],
    v: Vectors<T>,
) -> T::Real {
    let whole = line.rows / BLOCK * BLOCK;
    // SAFETY: the caller's.
    unsafe { rows::<T, FORWARD, WHAT>(line, val, whole, line.rows - whole, v) }
}

/// All rows of a line, one after the other.
///
/// # Safety
/// As [`line`].
#[inline(always)]
unsafe fn one_by_one<T: Scalar, const FORWARD: bool, const WHAT: u8>(
    line: &Line,
    val: &[T],
    v: Vectors<T>,
) -> T::Real {
    let blocks = line.rows / BLOCK;
    let mut sum = T::Real::ZERO;
    // SAFETY: the caller's.
    unsafe {
        if !FORWARD {
            sum += rest::<T, FORWARD, WHAT>(line, val, v);
        }
        for block in 0..blocks {
            let block = if FORWARD { block } else { blocks - 1 - block };
            sum += rows::<T, FORWARD, WHAT>(line, val, block * BLOCK, BLOCK, v);
        }
        if FORWARD {
            sum += rest::<T, FORWARD, WHAT>(line, val, v);
        }
    }
    sum
}

/// `count` rows that are stored together, `at` rows into the line.
///
/// # Safety
/// As [`line`].
#[inline(always)]
unsafe fn rows<T: Scalar, const FORWARD: bool, const WHAT: u8>(
    line: &Line,
    val: &[T],
    at: usize,
    count: usize,
    v: Vectors<T>,
) -> T::Real {
    let val = &val[at * line.offsets.len()..(at + count) * line.offsets.len()];
    let mut squared = T::Real::ZERO;
    for q in 0..count {
        let q = if FORWARD { q } else { count - 1 - q };
        let i = line.first + at + q;
        let entries = || {
            let offsets = line.offsets.iter().enumerate();
            offsets.map(|(k, &o)| (k, o, val[k * count + q]))
        };
        // what a row of the line lacks may be written by somebody else meanwhile
        let lacks = |o: isize| {
            (o == -1 && i == line.first && !line.from_below)
                || (o == 1 && i + 1 == line.first + line.rows && !line.from_above)
        };
        // SAFETY: the caller's; see `blocks`.
        unsafe {
            let old = |o: isize| *v.old.add(i).offset(o);
            let mut c = *v.b.add(i);
            if WHAT != FROM_ZERO {
                for (_, o, a) in entries().filter(|e| (e.1 > 0) == FORWARD && e.1 != 0) {
                    c -= a * old(o);
                }
            }
            let (mut now, mut r) = (c, c);
            let (x, d) = (old(0), val[line.lower * count + q]);
            r -= d * x;
            for (_, o, a) in entries().filter(|e| (e.1 < 0) == FORWARD && e.1 != 0) {
                if !lacks(o) {
                    now -= a * *v.new.add(i).offset(o);
                }
                if WHAT == RESIDUAL {
                    r -= a * old(o);
                }
            }
            if WHAT == RESIDUAL {
                squared += r.abs2();
            }
            now *= v.omega / d;
            if WHAT != FROM_ZERO {
                now += (T::ONE - v.omega) * x;
            }
            *v.new.add(i) = now;
        }
    }
    squared
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sor::stencil::Stencil;
    use crate::testing::{hpd, vector};

    fn sweep<const FORWARD: bool, const PLAINLY: bool>() -> (Vec<f64>, f64) {
        let a = hpd::<f64>(37);
        let mut stencil = Stencil::new(a.view()).unwrap();
        stencil.fill(a.values());
        let n = a.nrows();
        let (b, x, mut y) = (vector::<f64>(n, 1), vector::<f64>(n, 2), vec![0.0; n]);
        let v = Vectors {
            b: b.as_ptr(),
            old: x.as_ptr(),
            new: y.as_mut_ptr(),
            n,
            omega: 1.3,
        };
        let mut squared = 0.0;
        let mut one = |l: &Line| {
            let val = stencil.values(l);
            // SAFETY: lines of this matrix in order, vectors of its length.
            squared += unsafe {
                if PLAINLY {
                    any::<f64, Two<[f64; LANES]>, FORWARD, RESIDUAL>(l, val, v)
                } else {
                    line::<f64, FORWARD, RESIDUAL>(l, val, v)
                }
            };
        };
        if FORWARD {
            stencil.lines.iter().for_each(&mut one);
        } else {
            stencil.lines.iter().rev().for_each(&mut one);
        }
        (y, squared)
    }

    #[test]
    fn the_same_bits_with_any_instructions() {
        assert!(sweep::<true, false>() == sweep::<true, true>());
        assert!(sweep::<false, false>() == sweep::<false, true>());
    }
}
