//! What a sweep does to one row of a tile. Plain loops over slices of one length, to be inlined into
//! functions that are compiled for the processor at hand.

use super::plane::{LANE, WIDTH};

/// A row of a tile with a number on either side of it that is zero.
#[derive(Debug, Clone)]
#[repr(C, align(64))]
pub(super) struct Row([f32; WIDTH + 2 * LANE]);

impl Row {
    pub const ZERO: Self = Self([0.0; WIDTH + 2 * LANE]);

    #[inline(always)]
    pub fn get(&self, width: usize) -> &[f32] {
        &self.0[LANE..LANE + width]
    }

    /// To be overwritten; what is right of it becomes zero.
    #[inline(always)]
    pub fn open(&mut self, width: usize) -> &mut [f32] {
        self.0[LANE + width..2 * LANE + width].fill(0.0);
        &mut self.0[LANE..LANE + width]
    }

    #[inline(always)]
    fn west(&self, width: usize) -> &[f32] {
        &self.0[LANE - 1..LANE - 1 + width]
    }

    #[inline(always)]
    fn east(&self, width: usize) -> &[f32] {
        &self.0[LANE + 1..LANE + 1 + width]
    }
}

/// The latest rows of a vector that moves through a sweep.
#[derive(Debug, Clone)]
pub(super) struct Ring<const N: usize>([Row; N]);

impl<const N: usize> Ring<N> {
    pub const ZERO: Self = Self([const { Row::ZERO }; N]);

    /// Row j; N is a power of two.
    #[inline(always)]
    pub fn at(&self, j: isize) -> &Row {
        &self.0[j as usize & (N - 1)]
    }

    #[inline(always)]
    pub fn at_mut(&mut self, j: isize) -> &mut Row {
        &mut self.0[j as usize & (N - 1)]
    }
}

/// Coefficients of a row of a tile.
#[derive(Debug, Clone, Copy)]
pub(super) struct Couplings<'a> {
    pub west: &'a [f32],
    pub east: &'a [f32],
    pub south: &'a [f32],
    pub north: &'a [f32],
    /// The diagonal; empty where it is 1.
    pub diagonal: &'a [f32],
}

/// out = p·v − b·S v + g·r, or that added to out. S v = diagonal·v − Σ coupling·neighbour.
#[inline(always)]
pub(super) fn stage<const DIAGONAL: bool, const RHS: bool, const ADD: bool, const N: usize>(
    [p, b, g]: [f32; 3],
    c: Couplings<'_>,
    v: &Ring<N>,
    j: isize,
    r: &[f32],
    out: &mut [f32],
) {
    let w = out.len();
    let (here, left, right) = (v.at(j).get(w), v.at(j).west(w), v.at(j).east(w));
    let (below, above) = (v.at(j - 1).get(w), v.at(j + 1).get(w));
    let (cw, ce, cs, cn) = (&c.west[..w], &c.east[..w], &c.south[..w], &c.north[..w]);
    let diagonal = if DIAGONAL { &c.diagonal[..w] } else { here };
    let r = if RHS { &r[..w] } else { here };
    let flat = p - b;
    for k in 0..w {
        let mut sum = (cw[k] * left[k] + ce[k] * right[k]) + (cs[k] * below[k] + cn[k] * above[k]);
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
