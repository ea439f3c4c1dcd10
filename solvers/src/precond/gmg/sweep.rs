//! The two sweeps over a level: down from a residual to that of the coarser level, and up again.
//!
//! With S the scaled operator, ω the factors of the smoother and P₀ the weights,
//!   down:  r₀ = r,  r_k = r_{k−1} − ω_k S r_{k−1},  t = r_m − S r_m,  r_coarse = P₀ᵀ t,
//!   up:    x₁ = ω₁ r,  x_k = x_{k−1} + ω_k (r − S x_{k−1}),  x ← x_m + (I − S) P₀ e_coarse,
//!          x ← x + ω_k (r − S x) for k = m, …, 1.
//! x_m is what the steps down would have left; computing it again costs less than writing and reading
//! it. The layers of all these vectors (lines of a plane, planes of a box) follow each other at a
//! distance of one, so that each sweep reads the level once, and only the latest layers of each are kept,
//! in the nearest caches. Threads take bands of layers, and bands are done in tiles; what neighbours have
//! in common both compute, with the same operations: the bits do not depend on how the level is divided.

use super::ends::{Sink, Source};
use super::field::{Field, Layers, Shape};
use super::layers::{Layer, Ring};
use super::polynomial::{self, MOST};
use super::rows::{gather, spread, stage};
use super::stencil::Stencil;
use super::tile::{Tile, tiles};
use crate::kernels::simd::simd;
use resolvent_matrices::Scalar;
use std::ops::Range;

/// The smoother.
#[derive(Debug, Clone, Copy)]
pub(super) struct Smoother {
    pub omega: [f32; MOST],
    pub degree: usize,
}

impl Smoother {
    pub fn new(degree: usize) -> Self {
        Self {
            omega: polynomial::factors(degree).map(|w| w as f32),
            degree,
        }
    }

    /// Layers and lines by which the end of the sweep down lags behind its beginning.
    fn down_lag(self) -> usize {
        self.degree + 1
    }

    /// x_m is so many layers behind r on the way up.
    fn behind(self) -> usize {
        (self.degree - 1).max(1)
    }

    /// As [`down_lag`](Smoother::down_lag), of the sweep up.
    fn up_lag(self) -> usize {
        self.behind() + self.degree
    }

    /// Lines around those of a tile that sweeps compute at most.
    fn margin(self) -> usize {
        self.down_lag().max(self.up_lag())
    }
}

/// Layers that a thread works with.
#[derive(Debug, Clone)]
pub(super) struct Scratch<B> {
    residual: Ring<B, 8>,
    other: Ring<B, 4>,
    rings: [Ring<B, 4>; 2 * MOST],
    last: B,
}

impl<B: Layer> Scratch<B> {
    /// For levels of this shape and all smaller ones.
    pub fn new(shape: Shape, smoother: Smoother) -> Self {
        let margin = smoother.margin();
        let used = |ring: usize| {
            if ring < 2 * smoother.degree {
                shape
            } else {
                Shape::NONE
            }
        };
        Self {
            residual: Ring::new(shape, margin),
            other: Ring::new(shape, margin),
            rings: std::array::from_fn(|k| Ring::new(used(k), margin)),
            last: B::new(shape, margin),
        }
    }

    fn fit(&mut self, tile: &Tile, margin: usize) {
        if !B::SOLID {
            return;
        }
        self.residual.fit(tile, margin);
        self.other.fit(tile, margin);
        self.rings
            .iter_mut()
            .for_each(|ring| ring.fit(tile, margin));
        self.last.fit(tile, margin);
    }

    pub fn bytes(&self) -> usize {
        let rings = self.rings.iter().map(Ring::bytes).sum::<usize>();
        self.residual.bytes() + self.other.bytes() + rings + self.last.bytes()
    }
}

/// A layer of zeros.
#[inline(always)]
fn zeros<B: Layer>(layer: &mut B, lines: Range<isize>, width: usize) {
    for line in lines {
        layer.open(line, width).fill(0.0);
    }
}

simd! {
    /// Layers `layers` of the coarse residual, into `out`; returns the largest number of the residual
    /// read.
    pub(super) fn down<T: Scalar, B: Layer>(
        level: &Stencil,
        smoother: Smoother,
        source: Source<'_, T>,
        layers: Range<usize>,
        out: &mut Layers<'_>,
        scratch: &mut Scratch<B>,
    ) -> f32 {
        let mut most = 0.0f32;
        for tile in tiles(level.shape) {
            let found = if level.has_diagonal() {
                down_tile::<T, B, true>(level, smoother, &source, layers.clone(), tile, out, scratch)
            } else {
                down_tile::<T, B, false>(level, smoother, &source, layers.clone(), tile, out, scratch)
            };
            most = if found > most { found } else { most };
        }
        most
    }
}

#[inline(always)]
fn down_tile<T: Scalar, B: Layer, const D: bool>(
    level: &Stencil,
    smoother: Smoother,
    source: &Source<'_, T>,
    layers: Range<usize>,
    tile: Tile,
    out: &mut Layers<'_>,
    scratch: &mut Scratch<B>,
) -> f32 {
    let Smoother { omega, degree } = smoother;
    let (strip, w, all) = (tile.strip, tile.strip.width, level.shape.layers as isize);
    let (begin, end) = (2 * layers.start as isize, 2 * layers.end as isize);
    let reach = smoother.down_lag();
    let lag = reach as isize;
    let inside = |j: isize| (0..all).contains(&j);
    let mut most = 0.0f32;
    scratch.fit(&tile, reach);
    let Scratch {
        residual,
        rings,
        last,
        ..
    } = scratch;
    for j in begin - lag..end + lag {
        let layer = residual.at_mut(j);
        if inside(j) {
            for line in B::lines(&tile, reach) {
                let row = layer.open(line, w);
                let found = source.load(j as usize, line as usize, strip, row);
                most = if found > most { found } else { most };
            }
        } else {
            zeros(layer, B::lines(&tile, reach), w);
        }
        for k in 0..degree {
            // r_{k+1} = r_k − ω S r_k
            let i = j - 1 - k as isize;
            if i < begin - lag + 1 + k as isize {
                break;
            }
            let margin = reach - 1 - k;
            let (before, after) = rings.split_at_mut(k);
            let layer = after[0].at_mut(i);
            if !inside(i) {
                zeros(layer, B::lines(&tile, margin), w);
                continue;
            }
            let numbers = [1.0, omega[k], 0.0];
            for (line, w) in B::rows(&tile, margin) {
                let (row, at) = (layer.open(line, w), [i, line]);
                let c = level.couplings(at, strip, w);
                match before.last() {
                    None => stage::<B, D, false, false, _>(numbers, c, residual, at, &[], row),
                    Some(v) => stage::<B, D, false, false, _>(numbers, c, v, at, &[], row),
                }
            }
        }
        let i = j - lag;
        if i < begin || i >= end || i >= all {
            continue;
        }
        // t = r_m − S r_m, and its weighted sums over the cells of a coarse one
        let first = (strip.first - strip.low) & !1;
        let cells = strip.first / 2..strip.last.div_ceil(2);
        for (line, w) in B::rows(&tile, 0) {
            let (row, at) = (last.open(line, w), [i, line]);
            let c = level.couplings(at, strip, w);
            stage::<B, D, false, false, _>([1.0, 1.0, 0.0], c, &rings[degree - 1], at, &[], row);
        }
        for line in B::lines(&tile, 0) {
            let (row, at) = (last.row(line, 0, w), [i, line]);
            let (weights, row) = (&level.weights(at, strip)[first..], &row[first..]);
            let (layer, line) = (i as usize / 2 - layers.start, line as usize / 2);
            let sums = out.row(layer, line, cells.start, cells.len());
            if (at[0] | at[1]) & 1 == 0 {
                gather::<false>(weights, row, sums);
            } else {
                gather::<true>(weights, row, sums);
            }
        }
    }
    most
}

simd! {
    /// Layers `layers` of the correction, into `sink`, given that of the coarser level.
    pub(super) fn up<R: Scalar, T: Scalar, B: Layer>(
        level: &Stencil,
        smoother: Smoother,
        source: Source<'_, R>,
        coarse: &Field,
        layers: Range<usize>,
        sink: &mut Sink<'_, T>,
        scratch: &mut Scratch<B>,
    ) {
        for tile in tiles(level.shape) {
            if level.has_diagonal() {
                up_tile::<R, T, B, true>(level, smoother, &source, coarse, layers.clone(), tile, sink, scratch);
            } else {
                up_tile::<R, T, B, false>(level, smoother, &source, coarse, layers.clone(), tile, sink, scratch);
            }
        }
    }
}

#[inline(always)]
#[allow(clippy::too_many_arguments)]
fn up_tile<R: Scalar, T: Scalar, B: Layer, const D: bool>(
    level: &Stencil,
    smoother: Smoother,
    source: &Source<'_, R>,
    coarse: &Field,
    layers: Range<usize>,
    tile: Tile,
    sink: &mut Sink<'_, T>,
    scratch: &mut Scratch<B>,
) {
    let Smoother { omega, degree } = smoother;
    let (strip, w, all) = (tile.strip, tile.strip.width, level.shape.layers as isize);
    let (begin, end) = (layers.start as isize, layers.end as isize);
    let (behind, reach) = (smoother.behind() as isize, smoother.up_lag());
    let lag = reach as isize;
    scratch.fit(&tile, reach);
    let Scratch {
        residual,
        other: coarse_layers,
        rings,
        last,
    } = scratch;
    let inside = |i: isize| (0..all).contains(&i);
    let start = begin - lag;
    for j in start..end + lag {
        let layer = residual.at_mut(j);
        let lines = B::lines(&tile, reach);
        if inside(j) {
            for line in lines {
                source.load(j as usize, line as usize, strip, layer.open(line, w));
            }
        } else {
            zeros(layer, lines, w);
        }
        // P₀ e, one layer ahead of where it is needed
        let i = j - behind + 1;
        let layer = coarse_layers.at_mut(i);
        let lines = B::lines(&tile, degree + 1);
        if inside(i) {
            for line in lines {
                let e = coarse.row(i / 2, line / 2, strip.low as isize / 2, w / 2);
                spread(level.weights([i, line], strip), e, layer.open(line, w));
            }
        } else {
            zeros(layer, lines, w);
        }
        // x_2, …, x_m
        for k in 1..degree {
            let i = j - k as isize;
            if i < start + k as isize {
                break;
            }
            let (before, after) = rings.split_at_mut(k - 1);
            let layer = after[0].at_mut(i);
            if !inside(i) {
                zeros(layer, B::lines(&tile, reach - k), w);
                continue;
            }
            for (line, w) in B::rows(&tile, reach - k) {
                let (row, at) = (layer.open(line, w), [i, line]);
                let (c, r) = (
                    level.couplings(at, strip, w),
                    residual.at(i).row(line, 0, w),
                );
                match before.last() {
                    None => {
                        // x_2 = (ω₁ + ω₂) r − ω₁ω₂ S r
                        let numbers = [omega[0] + omega[1], omega[0] * omega[1], 0.0];
                        stage::<B, D, false, false, _>(numbers, c, residual, at, &[], row);
                    }
                    Some(v) => {
                        let numbers = [1.0, omega[k], omega[k]];
                        stage::<B, D, true, false, _>(numbers, c, v, at, r, row);
                    }
                }
            }
        }
        // x ← x_m + (I − S) P₀ e
        let i = j - behind;
        let ring = degree.max(2) - 2;
        if i >= start + behind {
            let layer = rings[ring].at_mut(i);
            if inside(i) {
                for (line, w) in B::rows(&tile, degree) {
                    let (row, at) = (layer.open(line, w), [i, line]);
                    if degree == 1 {
                        let r = residual.at(i).row(line, 0, w);
                        row.iter_mut().zip(r).for_each(|(x, r)| *x = omega[0] * r);
                    }
                    let c = level.couplings(at, strip, w);
                    stage::<B, D, false, true, _>([1.0, 1.0, 0.0], c, coarse_layers, at, &[], row);
                }
            } else {
                zeros(layer, B::lines(&tile, degree), w);
            }
        }
        // x ← x + ω (r − S x)
        for k in 0..degree {
            let i = j - behind - 1 - k as isize;
            if i < start + behind + 1 + k as isize {
                break;
            }
            let done = k + 1 == degree;
            let margin = degree - 1 - k;
            let (before, after) = rings.split_at_mut(ring + 1 + k);
            if !inside(i) {
                if !done {
                    zeros(after[0].at_mut(i), B::lines(&tile, margin), w);
                }
                continue;
            }
            if done && !(begin..end).contains(&i) {
                continue;
            }
            let omega = omega[degree - 1 - k];
            let layer = if done { &mut *last } else { after[0].at_mut(i) };
            for (line, w) in B::rows(&tile, margin) {
                let (row, at) = (layer.open(line, w), [i, line]);
                let (c, r) = (
                    level.couplings(at, strip, w),
                    residual.at(i).row(line, 0, w),
                );
                stage::<B, D, true, false, _>(
                    [1.0, omega, omega],
                    c,
                    &before[ring + k],
                    at,
                    r,
                    row,
                );
            }
            if done {
                for line in B::lines(&tile, 0) {
                    let row = layer.row(line, 0, w);
                    sink.store(layers.start, i as usize, line as usize, strip, row);
                }
            }
        }
    }
}
