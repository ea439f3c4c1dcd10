//! What a sweep does to one row of a tile. Plain loops over slices of one length, to be inlined into
//! functions that are compiled for the processor at hand.

use super::layers::{Layer, Ring};

/// Coefficients of a row of a tile.
#[derive(Debug, Clone, Copy)]
pub(super) struct Couplings<'a> {
    pub west: &'a [f32],
    pub east: &'a [f32],
    /// Towards the layers before and after.
    pub below: &'a [f32],
    pub above: &'a [f32],
    /// Towards the lines before and after in the layer; empty where layers are lines.
    pub south: &'a [f32],
    pub north: &'a [f32],
    /// The diagonal; empty where it is 1.
    pub diagonal: &'a [f32],
}

/// out = p·v − b·S v + g·r, or that added to out. S v = diagonal·v − Σ coupling·neighbour.
#[inline(always)]
pub(super) fn stage<
    B: Layer,
    const DIAGONAL: bool,
    const RHS: bool,
    const ADD: bool,
    const N: usize,
>(
    [p, b, g]: [f32; 3],
    c: Couplings<'_>,
    v: &Ring<B, N>,
    [j, line]: [isize; 2],
    r: &[f32],
    out: &mut [f32],
) {
    let w = out.len();
    let layer = v.at(j);
    let (here, left, right) = (
        layer.row(line, 0, w),
        layer.row(line, -1, w),
        layer.row(line, 1, w),
    );
    let (below, above) = (v.at(j - 1).row(line, 0, w), v.at(j + 1).row(line, 0, w));
    let (cw, ce, cb, ca) = (&c.west[..w], &c.east[..w], &c.below[..w], &c.above[..w]);
    let (south, north, cs, cn) = match B::SOLID {
        true => (
            layer.row(line - 1, 0, w),
            layer.row(line + 1, 0, w),
            &c.south[..w],
            &c.north[..w],
        ),
        false => (here, here, here, here),
    };
    let diagonal = if DIAGONAL { &c.diagonal[..w] } else { here };
    let r = if RHS { &r[..w] } else { here };
    let flat = p - b;
    for k in 0..w {
        let mut sum = (cw[k] * left[k] + ce[k] * right[k]) + (cb[k] * below[k] + ca[k] * above[k]);
        if B::SOLID {
            sum += cs[k] * south[k] + cn[k] * north[k];
        }
        sum *= b;
        sum += if DIAGONAL {
            (p - b * diagonal[k]) * here[k]
        } else {
            flat * here[k]
        };
        if RHS {
            sum += g * r[k];
        }
        if ADD {
            sum += out[k];
        }
        out[k] = sum;
    }
}

/// out = w·(each of e twice).
#[inline(always)]
pub(super) fn spread(w: &[f32], e: &[f32], out: &mut [f32]) {
    let half = out.len() / 2;
    let (pairs, _) = out.as_chunks_mut::<2>();
    let (weights, _) = w.as_chunks::<2>();
    let (pairs, weights, e) = (&mut pairs[..half], &weights[..half], &e[..half]);
    for k in 0..half {
        pairs[k] = [weights[k][0] * e[k], weights[k][1] * e[k]];
    }
}

/// out = sums of two, of w·v.
#[inline(always)]
pub(super) fn gather<const ADD: bool>(w: &[f32], v: &[f32], out: &mut [f32]) {
    let half = out.len();
    let (weights, _) = w.as_chunks::<2>();
    let (values, _) = v.as_chunks::<2>();
    let (weights, values) = (&weights[..half], &values[..half]);
    for k in 0..half {
        let sum = weights[k][0] * values[k][0] + weights[k][1] * values[k][1];
        out[k] = if ADD { out[k] + sum } else { sum };
    }
}
