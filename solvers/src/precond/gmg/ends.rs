//! Where the sweeps of a level read residuals and write corrections: fields of single precision, or
//! the vectors of the solver, scaled on the way.

use super::cells::Cells;
use super::field::{Field, Layers};
use super::tile::Strip;
use resolvent_matrices::{Real, Scalar};

/// A vector of the solver against scaled cells.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scaled<'a> {
    pub cells: &'a Cells,
    /// D⁻½.
    pub roots: &'a Field,
    /// Multiplies the vector besides.
    pub factor: f64,
}

/// Residuals, row by row.
#[derive(Debug, Clone, Copy)]
pub(super) enum Source<'a, T> {
    Field(&'a Field),
    Vector(&'a [T], Scaled<'a>),
}

impl<T: Scalar> Source<'_, T> {
    /// row ← a line of layer j in the columns of a strip; returns the largest number in it, 0 for those
    /// of fields.
    #[inline(always)]
    pub fn load(&self, j: usize, line: usize, s: Strip, row: &mut [f32]) -> f32 {
        let [layer, place, low] = [j, line, s.low].map(|k| k as isize);
        match self {
            Self::Field(field) => {
                row.copy_from_slice(field.row(layer, place, low, s.width));
                0.0
            }
            Self::Vector(r, to) => {
                let roots = to.roots.row(layer, place, low, s.width);
                match &to.cells.active {
                    None => {
                        let (nx, start) = (to.cells.shape.nx, to.cells.shape.start(j, line));
                        let r = &r[start + s.low..start + nx.min(s.low + s.width)];
                        let (some, rest) = row.split_at_mut(r.len());
                        rest.fill(0.0);
                        let roots = &roots[..r.len()];
                        for k in 0..r.len() {
                            some[k] = (r[k].re().to_f64() * to.factor) as f32 * roots[k];
                        }
                    }
                    Some(active) => {
                        row.fill(0.0);
                        for at in active.within(to.cells.line(j, line), s.low, s.low + s.width) {
                            let k = active.columns[at] as usize - s.low;
                            row[k] = (r[at].re().to_f64() * to.factor) as f32 * roots[k];
                        }
                    }
                }
                largest(row)
            }
        }
    }
}

/// max |v|; NaN is passed over.
#[inline(always)]
fn largest(v: &[f32]) -> f32 {
    let mut most = [0.0f32; 16];
    let (chunks, _) = v.as_chunks::<16>(); // tiles are multiples of 16 wide
    for chunk in chunks {
        for k in 0..16 {
            let size = chunk[k].abs();
            most[k] = if size > most[k] { size } else { most[k] };
        }
    }
    most.iter().fold(0.0, |a, &b| if b > a { b } else { a })
}

/// Corrections, from a first layer on.
#[derive(Debug)]
pub(super) enum Sink<'a, T> {
    Layers(Layers<'a>),
    /// Numbers of a vector: row − `start`, the first row of the first layer.
    Vector(&'a mut [T], Scaled<'a>),
}

impl<'a, T: Scalar> Sink<'a, T> {
    /// Cuts before layer `at`, where the first layer here is `first`.
    pub fn split(self, first: usize, at: usize) -> (Self, Self) {
        match self {
            Self::Layers(layers) => {
                let (a, b) = layers.split(at - first);
                (Self::Layers(a), Self::Layers(b))
            }
            Self::Vector(z, to) => {
                let (a, b) = z.split_at_mut(to.cells.start(at) - to.cells.start(first));
                (Self::Vector(a, to), Self::Vector(b, to))
            }
        }
    }

    /// A line of layer j, in the columns that the strip owns, of a row of all its columns.
    #[inline(always)]
    pub fn store(&mut self, first: usize, j: usize, line: usize, s: Strip, row: &[f32]) {
        let count = s.last - s.first;
        match self {
            Self::Layers(layers) => {
                let out = layers.row(j - first, line, s.first, count);
                out.copy_from_slice(&row[s.first - s.low..][..count]);
            }
            Self::Vector(z, to) => {
                let [layer, place, low] = [j, line, s.low].map(|k| k as isize);
                let roots = to.roots.row(layer, place, low, s.width);
                let start = to.cells.start(first);
                match &to.cells.active {
                    None => {
                        let z = &mut z[to.cells.shape.start(j, line) - start + s.first..][..count];
                        let (row, roots) = (
                            &row[s.first - s.low..][..count],
                            &roots[s.first - s.low..][..count],
                        );
                        for k in 0..count {
                            z[k] = T::from_f64(f64::from(row[k] * roots[k]) * to.factor);
                        }
                    }
                    Some(active) => {
                        for at in active.within(to.cells.line(j, line), s.first, s.last) {
                            let k = active.columns[at] as usize - s.low;
                            z[at - start] = T::from_f64(f64::from(row[k] * roots[k]) * to.factor);
                        }
                    }
                }
            }
        }
    }
}
