//! The two sweeps over a level: down from a residual to that of the coarser level, and up again.
//!
//! With S the scaled operator, ω the factors of the smoother and P₀ the weights,
//!   down:  r₀ = r,  r_k = r_{k−1} − ω_k S r_{k−1},  t = r_m − S r_m,  r_coarse = P₀ᵀ t,
//!   up:    x₁ = ω₁ r,  x_k = x_{k−1} + ω_k (r − S x_{k−1}),  x ← x_m + (I − S) P₀ e_coarse,
//!          x ← x + ω_k (r − S x) for k = m, …, 1.
//! x_m is what the steps down would have left; computing it again costs less than writing and reading
//! it. The rows of all these vectors follow each other at a distance of one row, so that each sweep
//! reads the level once, and only the latest rows of each are kept, in the nearest cache. Threads take
//! bands of rows, and bands are done in strips of columns; what neighbours have in common both compute,
//! with the same operations: the bits do not depend on how the level is divided.

use super::ends::{Sink, Source};
use super::plane::{Plane, Strip, strips};
use super::polynomial::MOST;
use super::rows::{Ring, Row, gather, spread, stage};
use super::stencil::Stencil;
use crate::kernels::simd::simd;
use resolvent_matrices::Scalar;
use std::ops::Range;

/// The smoother.
#[derive(Debug, Clone, Copy)]
pub(super) struct Smoother {
    pub omega: [f32; MOST],
    pub degree: usize,
}

/// Rows that a thread works with.
#[derive(Debug, Clone)]
pub(super) struct Scratch {
    residual: Ring<8>,
    spread: Ring<4>,
    rings: [Ring<4>; 2 * MOST],
    last: [Row; 2],
}

impl Scratch {
    pub const ZERO: Self = Self {
        residual: Ring::ZERO,
        spread: Ring::ZERO,
        rings: [const { Ring::ZERO }; 2 * MOST],
        last: [const { Row::ZERO }; 2],
    };
}

simd! {
    /// Lines `rows` of the coarse residual, into `out` with lines of `stride`; returns the largest
    /// number of the residual read.
    pub(super) fn down<T: Scalar>(
        level: &Stencil,
        smoother: Smoother,
        source: Source<'_, T>,
        rows: Range<usize>,
        out: &mut [f32],
        stride: usize,
        scratch: &mut Scratch,
    ) -> f32 {
        let mut most = 0.0f32;
        for strip in strips(level.nx) {
            let found = if level.has_diagonal() {
                down_strip::<T, true>(level, smoother, &source, rows.clone(), strip, out, stride, scratch)
            } else {
                down_strip::<T, false>(level, smoother, &source, rows.clone(), strip, out, stride, scratch)
            };
            most = if found > most { found } else { most };
        }
        most
    }
}

#[inline(always)]
#[allow(clippy::too_many_arguments)]
fn down_strip<T: Scalar, const D: bool>(
    level: &Stencil,
    Smoother { omega, degree }: Smoother,
    source: &Source<'_, T>,
    rows: Range<usize>,
    strip: Strip,
    out: &mut [f32],
    stride: usize,
    scratch: &mut Scratch,
) -> f32 {
    let (w, ny) = (strip.width, level.ny as isize);
    let (begin, end) = (2 * rows.start as isize, 2 * rows.end as isize);
    let lag = degree as isize + 1;
    let mut most = 0.0f32;
    let Scratch {
        residual,
        rings,
        last,
        ..
    } = scratch;
    for j in begin - lag..end + lag {
        let row = residual.at_mut(j).open(w);
        if (0..ny).contains(&j) {
            let found = source.load(j as usize, strip, row);
            most = if found > most { found } else { most };
        } else {
            row.fill(0.0);
        }
        for k in 0..degree {
            // r_{k+1} = r_k − ω S r_k
            let i = j - 1 - k as isize;
            if i < begin - lag + 1 + k as isize {
                break;
            }
            let (before, after) = rings.split_at_mut(k);
            let row = after[0].at_mut(i).open(w);
            if !(0..ny).contains(&i) {
                row.fill(0.0);
                continue;
            }
            let (c, numbers) = (level.couplings(i, strip), [1.0, omega[k], 0.0]);
            match before.last() {
                None => stage::<D, false, false, _>(numbers, c, residual, i, &[], row),
                Some(v) => stage::<D, false, false, _>(numbers, c, v, i, &[], row),
            }
        }
        let i = j - lag;
        if i < begin || i >= end {
            continue;
        }
        // t = r_m − S r_m, and its weighted sums over 2 by 2 cells
        let first = (strip.first - strip.low) & !1;
        let cells = strip.first / 2..strip.last.div_ceil(2);
        let at = (i as usize / 2 - rows.start) * stride;
        let sums = &mut out[at + cells.start..at + cells.end];
        if i < ny {
            let row = last[0].open(w);
            let c = level.couplings(i, strip);
            stage::<D, false, false, _>([1.0, 1.0, 0.0], c, &rings[degree - 1], i, &[], row);
            let (weights, row) = (&level.weights(i, strip)[first..], &row[first..]);
            if i & 1 == 0 {
                gather::<false>(weights, row, sums);
            } else {
                gather::<true>(weights, row, sums);
            }
        }
    }
    most
}

simd! {
    /// Lines `rows` of the correction, into `sink`, given that of the coarser level.
    pub(super) fn up<T: Scalar>(
        level: &Stencil,
        smoother: Smoother,
        source: Source<'_, T>,
        coarse: &Plane,
        rows: Range<usize>,
        sink: &mut Sink<'_, T>,
        scratch: &mut Scratch,
    ) {
        for strip in strips(level.nx) {
            if level.has_diagonal() {
                up_strip::<T, true>(level, smoother, &source, coarse, rows.clone(), strip, sink, scratch);
            } else {
                up_strip::<T, false>(level, smoother, &source, coarse, rows.clone(), strip, sink, scratch);
            }
        }
    }
}

#[inline(always)]
#[allow(clippy::too_many_arguments)]
fn up_strip<T: Scalar, const D: bool>(
    level: &Stencil,
    Smoother { omega, degree }: Smoother,
    source: &Source<'_, T>,
    coarse: &Plane,
    rows: Range<usize>,
    strip: Strip,
    sink: &mut Sink<'_, T>,
    scratch: &mut Scratch,
) {
    let (w, ny) = (strip.width, level.ny as isize);
    let (begin, end) = (rows.start as isize, rows.end as isize);
    // x_m is this many rows behind r, and the last step `degree` behind x_m
    let behind = (degree as isize - 1).max(1);
    let lag = behind + degree as isize;
    let Scratch {
        residual,
        spread: coarse_rows,
        rings,
        last,
    } = scratch;
    let inside = |i: isize| (0..ny).contains(&i);
    let start = begin - lag;
    for j in start..end + lag {
        let row = residual.at_mut(j).open(w);
        if inside(j) {
            source.load(j as usize, strip, row);
        } else {
            row.fill(0.0);
        }
        // P₀ e, one row ahead of where it is needed
        let i = j - behind + 1;
        let row = coarse_rows.at_mut(i).open(w);
        if inside(i) {
            let e = coarse.row(i / 2, strip.low as isize / 2, w / 2);
            spread(level.weights(i, strip), e, row);
        } else {
            row.fill(0.0);
        }
        // x_2, …, x_m
        for k in 1..degree {
            let i = j - k as isize;
            if i < start + k as isize {
                break;
            }
            let (before, after) = rings.split_at_mut(k - 1);
            let row = after[0].at_mut(i).open(w);
            if !inside(i) {
                row.fill(0.0);
                continue;
            }
            let (c, r) = (level.couplings(i, strip), residual.at(i).get(w));
            match before.last() {
                None => {
                    // x_2 = (ω₁ + ω₂) r − ω₁ω₂ S r
                    let numbers = [omega[0] + omega[1], omega[0] * omega[1], 0.0];
                    stage::<D, false, false, _>(numbers, c, residual, i, &[], row);
                }
                Some(v) => {
                    let numbers = [1.0, omega[k], omega[k]];
                    stage::<D, true, false, _>(numbers, c, v, i, r, row);
                }
            }
        }
        // x ← x_m + (I − S) P₀ e
        let i = j - behind;
        let ring = degree.max(2) - 2;
        if i >= start + behind {
            let row = rings[ring].at_mut(i).open(w);
            if inside(i) {
                if degree == 1 {
                    let r = residual.at(i).get(w);
                    row.iter_mut().zip(r).for_each(|(x, r)| *x = omega[0] * r);
                }
                let c = level.couplings(i, strip);
                stage::<D, false, true, _>([1.0, 1.0, 0.0], c, coarse_rows, i, &[], row);
            } else {
                row.fill(0.0);
            }
        }
        // x ← x + ω (r − S x)
        for k in 0..degree {
            let i = j - behind - 1 - k as isize;
            if i < start + behind + 1 + k as isize {
                break;
            }
            let (before, after) = rings.split_at_mut(ring + 1 + k);
            let done = k + 1 == degree;
            let row = if done {
                &mut last[0]
            } else {
                after[0].at_mut(i)
            };
            let row = row.open(w);
            if inside(i) {
                let (c, r) = (level.couplings(i, strip), residual.at(i).get(w));
                let omega = omega[degree - 1 - k];
                stage::<D, true, false, _>([1.0, omega, omega], c, &before[ring + k], i, r, row);
                if done && i >= begin && i < end {
                    sink.store(rows.start, i as usize, strip, row);
                }
            } else {
                row.fill(0.0);
            }
        }
    }
}
