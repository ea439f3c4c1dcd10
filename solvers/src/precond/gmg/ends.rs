//! Where the sweeps of a level read residuals and write corrections: planes of single precision, or
//! the vectors of the solver, scaled on the way.

use super::plane::{Plane, Strip};
use super::read::Cells;
use resolvent_matrices::{Real, Scalar};

/// A vector of the solver against scaled cells.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scaled<'a> {
    pub cells: &'a Cells,
    /// D⁻½.
    pub roots: &'a Plane,
    /// Multiplies the vector besides.
    pub factor: f64,
}

/// Residuals, row by row.
#[derive(Debug, Clone, Copy)]
pub(super) enum Source<'a, T> {
    Plane(&'a Plane),
    Vector(&'a [T], Scaled<'a>),
}

impl<T: Scalar> Source<'_, T> {
    /// row ← line j in the columns of a strip; returns the largest number in it, 0 for those of planes.
    #[inline(always)]
    pub fn load(&self, j: usize, s: Strip, row: &mut [f32]) -> f32 {
        match self {
            Self::Plane(plane) => {
                row.copy_from_slice(plane.row(j as isize, s.low as isize, s.width));
                0.0
            }
            Self::Vector(r, to) => {
                let roots = to.roots.row(j as isize, s.low as isize, s.width);
                match &to.cells.active {
                    None => {
                        let nx = to.cells.nx;
                        let r = &r[nx * j + s.low..nx * j + nx.min(s.low + s.width)];
                        let (some, rest) = row.split_at_mut(r.len());
                        rest.fill(0.0);
                        let roots = &roots[..r.len()];
                        for k in 0..r.len() {
                            some[k] = (r[k].re().to_f64() * to.factor) as f32 * roots[k];
                        }
                    }
                    Some(active) => {
                        row.fill(0.0);
                        for at in active.within(j, s.low, s.low + s.width) {
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

/// Corrections, line by line from a first one on.
#[derive(Debug)]
pub(super) enum Sink<'a, T> {
    /// Lines of a plane with their stride.
    Lines(&'a mut [f32], usize),
    /// Numbers of a vector: row − `start`, the first row of the first line.
    Vector(&'a mut [T], Scaled<'a>),
}

impl<'a, T: Scalar> Sink<'a, T> {
    /// Cuts before line `at`, where the first line here is line `first`.
    pub fn split(self, first: usize, at: usize) -> (Self, Self) {
        match self {
            Self::Lines(lines, stride) => {
                let (a, b) = lines.split_at_mut((at - first) * stride);
                (Self::Lines(a, stride), Self::Lines(b, stride))
            }
            Self::Vector(z, to) => {
                let (a, b) = z.split_at_mut(to.cells.start(at) - to.cells.start(first));
                (Self::Vector(a, to), Self::Vector(b, to))
            }
        }
    }

    /// Line j, in the columns that the strip owns, of a row of all its columns.
    #[inline(always)]
    pub fn store(&mut self, first: usize, j: usize, s: Strip, row: &[f32]) {
        let count = s.last - s.first;
        match self {
            Self::Lines(lines, stride) => {
                let at = (j - first) * *stride + s.first;
                lines[at..at + count].copy_from_slice(&row[s.first - s.low..][..count]);
            }
            Self::Vector(z, to) => {
                let roots = to.roots.row(j as isize, s.low as isize, s.width);
                let start = to.cells.start(first);
                match &to.cells.active {
                    None => {
                        let z = &mut z[to.cells.nx * j - start + s.first..][..count];
                        let (row, roots) = (
                            &row[s.first - s.low..][..count],
                            &roots[s.first - s.low..][..count],
                        );
                        for k in 0..count {
                            z[k] = T::from_f64(f64::from(row[k] * roots[k]) * to.factor);
                        }
                    }
                    Some(active) => {
                        for at in active.within(j, s.first, s.last) {
                            let k = active.columns[at] as usize - s.low;
                            z[at - start] = T::from_f64(f64::from(row[k] * roots[k]) * to.factor);
                        }
                    }
                }
            }
        }
    }
}
