//! The coarsest level: its inverse, dense.
//!
//! Parts of the level that nothing holds to a value (links all zero: a pure-Neumann problem) are
//! singular, with D^½·1 in scaled variables. q qᵀ is added for the unit vector q of each, which makes
//! the inverse positive definite, right for consistent right-hand sides, and 1 along q.

use super::ends::{Sink, Source};
use super::level::GmgLevel;
use super::plane::{LANE, Strip, strips};
use super::{NAME, PrecondError};
use resolvent_matrices::Scalar;

/// Cells at most.
pub(super) const MOST: usize = 16;

/// (D⁻½ A D⁻½)⁻¹ of up to [`MOST`] cells.
#[derive(Debug, Clone)]
pub(super) struct Coarsest {
    nx: usize,
    ny: usize,
    inverse: Vec<f32>,
    /// A in scaled variables, then its factor.
    dense: Vec<f64>,
    column: Vec<f64>,
    r: Vec<f32>,
    x: Vec<f32>,
}

impl Coarsest {
    pub fn zeros(nx: usize, ny: usize) -> Self {
        let n = nx * ny;
        Self {
            nx,
            ny,
            inverse: vec![0.0; n * n],
            dense: vec![0.0; n * n],
            column: vec![0.0; n],
            r: vec![0.0; n],
            x: vec![0.0; n],
        }
    }

    /// Inverts. O(n³), 16³ at most.
    pub fn fill(&mut self, level: &GmgLevel) -> Result<(), PrecondError> {
        let (nx, n) = (self.nx, self.nx * self.ny);
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
            if !(pivot > 0.0 && pivot.is_finite()) {
                return Err(PrecondError::Pivot {
                    precond: NAME,
                    row: k,
                    found: pivot.to_string(),
                    hint: " on the coarsest level; the matrix is not positive definite: use minres, or gmres with ilut",
                });
            }
            let root = pivot.sqrt();
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
                self.inverse[i * n + p] = x[i] as f32;
                self.inverse[p * n + i] = x[i] as f32;
            }
        }
        debug_assert_eq!(nx * self.ny, n);
        Ok(())
    }

    /// sink ← A⁻¹ source; returns the largest number read.
    pub fn apply<T: Scalar>(&mut self, source: Source<'_, T>, mut sink: Sink<'_, T>) -> f32 {
        let n = self.nx * self.ny;
        let mut row = [0.0; MOST + LANE];
        let mut most = 0.0f32;
        let strip: Option<Strip> = strips(self.nx).next();
        let Some(strip) = strip else { return 0.0 };
        for j in 0..self.ny {
            let found = source.load(j, strip, &mut row[..strip.width]);
            most = if found > most { found } else { most };
            self.r[self.nx * j..][..self.nx].copy_from_slice(&row[..self.nx]);
        }
        self.x.fill(0.0);
        for (p, &r) in self.r.iter().enumerate() {
            let column = &self.inverse[p * n..][..n];
            self.x
                .iter_mut()
                .zip(column)
                .for_each(|(x, &a)| *x += a * r); // x = Σ rₚ A⁻¹ eₚ
        }
        for j in 0..self.ny {
            row[..self.nx].copy_from_slice(&self.x[self.nx * j..][..self.nx]);
            sink.store(0, j, strip, &row[..strip.width]);
        }
        most
    }

    pub fn bytes(&self) -> usize {
        let n = self.nx * self.ny;
        n * (12 * n + 16)
    }
}

/// D⁻½ A D⁻½; of cells without anything the diagonal is 1.
fn scaled(level: &GmgLevel, dense: &mut [f64]) {
    let (nx, n) = (level.nx, level.nx * level.ny);
    dense.fill(0.0);
    let root = |p: usize| {
        let d = level.divisor(p % nx, p / nx);
        if d > 0.0 { 1.0 / d.sqrt() } else { 0.0 }
    };
    for p in 0..n {
        let sigma = level.scaling.as_ref().map_or(1.0, |s| f64::from(s[p]));
        dense[p * n + p] = if root(p) > 0.0 { sigma } else { 1.0 };
        for (q, face) in [(p + 1, level.east[p]), (p + nx, level.north[p])] {
            if face > 0.0 {
                let a = -f64::from(face) * root(p) * root(q);
                dense[p * n + q] = a;
                dense[q * n + p] = a;
            }
        }
    }
}

/// Adds q qᵀ if the part of the level that holds cell p has no links.
fn ground(level: &GmgLevel, p: usize, done: &mut [bool; MOST], dense: &mut [f64]) {
    let (nx, n) = (level.nx, level.nx * level.ny);
    let (mut part, mut count, mut next) = ([0usize; MOST], 1, 0);
    part[0] = p;
    done[p] = true;
    while next < count {
        let p = part[next];
        next += 1;
        let [w, e, s, n] = level.faces(p % nx, p / nx);
        let near = [
            (w, p.wrapping_sub(1)),
            (e, p + 1),
            (s, p.wrapping_sub(nx)),
            (n, p + nx),
        ];
        for (_, q) in near.into_iter().filter(|near| near.0 > 0.0) {
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
    let d = |p: usize| level.divisor(p % nx, p / nx);
    let sum: f64 = part.iter().map(|&p| d(p)).sum();
    for &p in part {
        for &q in part {
            dense[p * n + q] += (d(p) * d(q)).sqrt() / sum;
        }
    }
}
