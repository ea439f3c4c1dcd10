//! The coarsest level: its inverse, dense.
//!
//! Parts of the level that nothing holds to a value (links all zero: a pure-Neumann problem) are
//! singular, with D^½·1 in scaled variables. q qᵀ is added for the unit vector q of each, which makes
//! the inverse positive definite, right for consistent right-hand sides, and 1 along q.
//!
//! The inverse is held in double precision: of a part that is held weakly its norm is large, and rounding it to
//! single precision would outweigh its smaller eigenvalues. No pivot is less than 1e-13.

use super::ends::{Sink, Source};
use super::field::{LANE, Shape};
use super::level::GmgLevel;
use super::tile::{Strip, strips};
use super::{NAME, PrecondError};
use resolvent_matrices::Scalar;

/// Cells at most.
pub(super) const MOST: usize = 16;

/// Least pivot: what is held by less, of a diagonal of 1, cannot be told from what nothing holds.
const LEAST: f64 = 1e-13;

/// (D⁻½ A D⁻½)⁻¹ of up to [`MOST`] cells.
#[derive(Debug, Clone)]
pub(super) struct Coarsest {
    shape: Shape,
    inverse: Vec<f64>,
    /// A in scaled variables, then its factor.
    dense: Vec<f64>,
    column: Vec<f64>,
    r: Vec<f32>,
    x: Vec<f64>,
}

impl Coarsest {
    pub fn zeros(shape: Shape) -> Self {
        let n = shape.cells();
        Self {
            shape,
            inverse: vec![0.0; n * n],
            dense: vec![0.0; n * n],
            column: vec![0.0; n],
            r: vec![0.0; n],
            x: vec![0.0; n],
        }
    }

    /// Inverts. O(n³), 16³ at most.
    pub fn fill(&mut self, level: &GmgLevel) -> Result<(), PrecondError> {
        let n = self.shape.cells();
        scaled(level, &mut self.dense);
        let dense = &mut self.dense;
        let mut done = [false; MOST];
        for p in 0..n {
            if !done[p] {
                ground(level, p, &mut done, dense);
            }
        }
        // A = L Lᵀ
        for k in 0..n {
            for q in 0..k {
                let factor = dense[k * n + q];
                for i in k..n {
                    dense[i * n + k] -= dense[i * n + q] * factor;
                }
            }
            let pivot = dense[k * n + k];
            if !pivot.is_finite() {
                return Err(PrecondError::Pivot {
                    precond: NAME,
                    row: k,
                    found: pivot.to_string(),
                    hint: " on the coarsest level; use minres, or gmres with ilut",
                });
            }
            let root = pivot.max(LEAST).sqrt();
            (k..n).for_each(|i| dense[i * n + k] /= root);
        }
        // columns of the inverse
        for p in 0..n {
            let x = &mut self.column;
            x.fill(0.0);
            x[p] = 1.0;
            for i in p..n {
                let sum: f64 = (p..i).map(|k| dense[i * n + k] * x[k]).sum();
                x[i] = (x[i] - sum) / dense[i * n + i]; // x = L⁻¹ e
            }
            for i in (0..n).rev() {
                let sum: f64 = (i + 1..n).map(|k| dense[k * n + i] * x[k]).sum();
                x[i] = (x[i] - sum) / dense[i * n + i]; // x = L⁻ᵀ x
            }
            for i in 0..=p {
                // both from one number: symmetric to the bit
                self.inverse[i * n + p] = x[i];
                self.inverse[p * n + i] = x[i];
            }
        }
        Ok(())
    }

    /// sink ← A⁻¹ source; returns the largest number read.
    pub fn apply<R: Scalar, T: Scalar>(
        &mut self,
        source: Source<'_, R>,
        mut sink: Sink<'_, T>,
    ) -> f32 {
        let n = self.shape.cells();
        let mut row = [0.0; MOST + LANE];
        let mut most = 0.0f32;
        let Shape { nx, lines, layers } = self.shape;
        let strip: Option<Strip> = strips(nx).next();
        let Some(strip) = strip else { return 0.0 };
        let all = (0..layers).flat_map(|layer| (0..lines).map(move |line| (layer, line)));
        for (layer, line) in all.clone() {
            let found = source.load(layer, line, strip, &mut row[..strip.width]);
            most = if found > most { found } else { most };
            self.r[self.shape.start(layer, line)..][..nx].copy_from_slice(&row[..nx]);
        }
        self.x.fill(0.0);
        for (p, &r) in self.r.iter().enumerate() {
            let column = &self.inverse[p * n..][..n];
            self.x
                .iter_mut()
                .zip(column)
                .for_each(|(x, &a)| *x += a * f64::from(r)); // x = Σ rₚ A⁻¹ eₚ
        }
        for (layer, line) in all {
            let x = &self.x[self.shape.start(layer, line)..][..nx];
            row.iter_mut().zip(x).for_each(|(row, &x)| *row = x as f32);
            sink.store(0, layer, line, strip, &row[..strip.width]);
        }
        most
    }

    pub fn bytes(&self) -> usize {
        let n = self.shape.cells();
        n * (16 * n + 20)
    }
}

/// D⁻½ A D⁻½; of cells without anything the diagonal is 1.
fn scaled(level: &GmgLevel, dense: &mut [f64]) {
    let n = level.link.len();
    dense.fill(0.0);
    let root = |p: usize| {
        let d = level.divisor(p);
        if d > 0.0 { 1.0 / d.sqrt() } else { 0.0 }
    };
    for p in 0..n {
        let sigma = level.scaling.as_ref().map_or(1.0, |s| f64::from(s[p]));
        dense[p * n + p] = if root(p) > 0.0 { sigma } else { 1.0 };
    }
    for (p, q, face) in level.pairs() {
        let a = -f64::from(face) * root(p) * root(q);
        dense[p * n + q] = a;
        dense[q * n + p] = a;
    }
}

/// Adds q qᵀ if the part of the level that holds cell p has no links.
fn ground(level: &GmgLevel, p: usize, done: &mut [bool; MOST], dense: &mut [f64]) {
    let (n, strides) = (level.link.len(), level.strides());
    let (mut part, mut count, mut next) = ([0usize; MOST], 1, 0);
    part[0] = p;
    done[p] = true;
    while next < count {
        let p = part[next];
        next += 1;
        let faces = level.around(p, level.at(p));
        for (side, _) in faces.iter().enumerate().filter(|(_, f)| **f > 0.0) {
            let stride = strides[side / 2];
            let q = if side % 2 == 0 {
                p - stride
            } else {
                p + stride
            };
            if !std::mem::replace(&mut done[q], true) {
                part[count] = q;
                count += 1;
            }
        }
    }
    let part = &part[..count];
    if count == 1 || part.iter().any(|&p| level.link[p] > 0.0) {
        return;
    }
    let d = |p: usize| level.divisor(p);
    let sum: f64 = part.iter().map(|&p| d(p)).sum();
    for &p in part {
        for &q in part {
            dense[p * n + q] += (d(p) * d(q)).sqrt() / sum;
        }
    }
}
