//! From a matrix to the finest level: checks every row, splits off faces and links.

use super::bands::{bands, threads};
use super::cells::{Active, Cells, name};
use super::field::Layers;
use super::level::GmgLevel;
use super::{NAME, PrecondError};
use resolvent_matrices::{CsrRef, Real, Scalar};
use std::ops::Range;

/// Relative differences that files with few digits have; more is another kind of matrix.
const TOLERANCE: f64 = 1e-6;

/// Reads A/unit into a level of the same grid, and returns the unit. O(nnz), allocates nothing.
pub(super) fn read<T: Scalar>(
    a: CsrRef<'_, T, u32>,
    cells: &Cells,
    level: &mut GmgLevel,
) -> Result<f64, PrecondError> {
    let mut unit_of_some = unit(a, 61)?;
    if unit_of_some == 0.0 {
        unit_of_some = unit(a, 1)?.max(f64::MIN_POSITIVE);
    }
    let error = match read_over(a, cells, unit_of_some, level) {
        Ok(()) => return Ok(unit_of_some),
        Err(error) => error,
    };
    // the largest entries may not be among those that were looked at
    let unit = unit(a, 1)?;
    if unit <= unit_of_some {
        return Err(error);
    }
    read_over(a, cells, unit, level)?;
    Ok(unit)
}

/// A power of two near the largest of every `step`-th entry, so that all numbers divided by it fit single precision;
/// 0 if they are all 0.
fn unit<T: Scalar>(a: CsrRef<'_, T, u32>, step: usize) -> Result<f64, PrecondError> {
    let size = |v: &T| v.re().to_f64().abs();
    let some = a.values().iter().step_by(step);
    let largest = some.map(size).fold(0.0, f64::max);
    if !largest.is_finite() {
        return failed("A has entries that are not finite".into());
    }
    Ok(match largest > 0.0 {
        true => largest.log2().round().clamp(-1000.0, 1000.0).exp2(),
        false => 0.0,
    })
}

/// Reads A/unit.
fn read_over<T: Scalar>(
    a: CsrRef<'_, T, u32>,
    cells: &Cells,
    unit: f64,
    level: &mut GmgLevel,
) -> Result<(), PrecondError> {
    let shape = cells.shape;
    let solid = cells.dims[2] > 1;
    let reader = Reader {
        a,
        cells,
        unit,
        inverse: 1.0 / unit,
        strides: level.strides(),
    };
    let [east, north, up] = level.faces.each_mut();
    let up = match solid {
        true => Layers::of(shape, up),
        false => Layers::none(),
    };
    let [east, north, link] = [east, north, &mut level.link].map(|part| Layers::of(shape, part));
    let parts = [east, north, up, link];
    bands(0..shape.layers, parts, threads(shape), &|layers, parts| {
        let parts = parts.map(Layers::cells);
        match solid {
            true => reader.band::<true>(layers, parts),
            false => reader.band::<false>(layers, parts),
        }
    })
}

/// What reading a row needs.
struct Reader<'a, T> {
    a: CsrRef<'a, T, u32>,
    cells: &'a Cells,
    unit: f64,
    /// 1/unit.
    inverse: f64,
    strides: [usize; 3],
}

/// The numbers of a row, over the unit.
struct Entries {
    diagonal: f64,
    /// Sum of the off-diagonal entries.
    others: f64,
    /// Their negatives: west, east, south, north, down, up.
    faces: [f64; 6],
}

impl<T: Scalar> Reader<'_, T> {
    /// Reads some layers.
    fn band<const SOLID: bool>(
        &self,
        layers: Range<usize>,
        [east, north, up, link]: [&mut [f32]; 4],
    ) -> Result<(), PrecondError> {
        let (shape, [nx, ny, _]) = (self.cells.shape, self.cells.dims);
        let base = shape.start(layers.start, 0);
        let (rows, active) = match &self.cells.active {
            Some(active) => {
                for part in [&mut *east, &mut *north, &mut *up, &mut *link] {
                    part.fill(0.0);
                }
                let rows = self.cells.start(layers.start)..self.cells.start(layers.end);
                (rows, Some(active))
            }
            None => (base..shape.start(layers.end, 0), None),
        };
        // whose neighbours in the layer after are read by another thread
        let edge = match layers.end < shape.layers {
            true => shape.start(layers.end - 1, 0),
            false => shape.cells(),
        };
        let sheet = if SOLID { self.strides[2] } else { nx };
        let mut place = [0, 0]; // along x and y, of rows that are all there
        if !SOLID {
            place[1] = layers.start;
        }
        for row in rows {
            let p = active.map_or(row, |active| active.cells[row] as usize);
            let [i, j] = match active {
                Some(_) => [p % nx, p / nx % ny],
                None => place,
            };
            place[0] += 1;
            if place[0] == nx {
                place[0] = 0;
                place[1] = if place[1] + 1 == ny { 0 } else { place[1] + 1 };
            }
            let inside = i > 0 && i + 1 < nx && active.is_none();
            let inside = inside && (!SOLID || (j > 0 && j + 1 < ny));
            let quick = match inside {
                true => self.quick::<SOLID>(row),
                false => None,
            };
            let Entries {
                diagonal,
                others,
                faces,
            } = match quick {
                Some(entries) => entries,
                None => self.entries(row, p, [i, j])?,
            };
            let excess = self.check(row, diagonal, others, faces)?;
            let at = p - base;
            let faces = faces.map(|f| f.max(0.0) as f32);
            let rounding = 16.0 * T::Real::EPSILON.to_f64() * diagonal;
            link[at] = if excess > rounding {
                excess as f32
            } else {
                0.0
            };
            east[at] = faces[1];
            north[at] = faces[3];
            let west = if i > 0 { east[at - 1] } else { 0.0 };
            let mut differs = differ(west, faces[0]);
            if SOLID {
                up[at] = faces[5];
                let south = if j > 0 { north[at - nx] } else { 0.0 };
                differs |= differ(south, faces[2]);
                if at >= sheet || base == 0 {
                    let down = if at >= sheet { up[at - sheet] } else { 0.0 };
                    differs |= differ(down, faces[4]);
                }
            } else if at >= sheet || base == 0 {
                let south = if at >= sheet { north[at - sheet] } else { 0.0 };
                differs |= differ(south, faces[2]);
            }
            if p >= edge {
                let onward = if SOLID { faces[5] } else { faces[3] };
                differs |= differ(onward, self.backward(row, p + sheet));
            }
            if differs {
                return not(format!(
                    "row {row} differs from its column: it is not symmetric"
                ));
            }
        }
        Ok(())
    }

    /// Most rows of most matrices: all neighbours, in order, and no other.
    #[inline(always)]
    fn quick<const SOLID: bool>(&self, row: usize) -> Option<Entries> {
        let (columns, values) = self.a.row(row);
        let [_, nx, sheet] = self.strides;
        // no `map` of arrays: it is not always inlined
        if SOLID {
            let columns: &[u32; 7] = columns.try_into().ok()?;
            let values: &[T; 7] = values.try_into().ok()?;
            let at = |k: usize| columns[k] as usize;
            let (b, s, w, d) = (at(0), at(1), at(2), at(3));
            let (e, n, u) = (at(4), at(5), at(6));
            let ends = ((b + sheet) ^ row) | ((s + nx) ^ row) | ((w + 1) ^ row) | (d ^ row);
            let ends = ends | (e ^ (row + 1)) | (n ^ (row + nx)) | (u ^ (row + sheet));
            let at = |k: usize| values[k].re().to_f64() * self.inverse;
            let (b, s, w, d) = (at(0), at(1), at(2), at(3));
            let (e, n, u) = (at(4), at(5), at(6));
            (ends == 0).then_some(Entries {
                diagonal: d,
                others: (s + w) + (e + n) + (b + u),
                faces: [-w, -e, -s, -n, -b, -u],
            })
        } else {
            let columns: &[u32; 5] = columns.try_into().ok()?;
            let values: &[T; 5] = values.try_into().ok()?;
            let at = |k: usize| columns[k] as usize;
            let (s, w, d, e, n) = (at(0), at(1), at(2), at(3), at(4));
            let ends = ((s + nx) ^ row) | ((w + 1) ^ row) | (d ^ row);
            let ends = ends | (e ^ (row + 1)) | (n ^ (row + nx));
            let at = |k: usize| values[k].re().to_f64() * self.inverse;
            let (s, w, d, e, n) = (at(0), at(1), at(2), at(3), at(4));
            (ends == 0).then_some(Entries {
                diagonal: d,
                others: (s + w) + (e + n),
                faces: [-w, -e, -s, -n, 0.0, 0.0],
            })
        }
    }

    /// Those of any row: of cell p in column i and line j of its layer.
    fn entries(&self, row: usize, p: usize, [i, j]: [usize; 2]) -> Result<Entries, PrecondError> {
        let [nx, ny, nz] = self.cells.dims;
        let sheet = self.strides[2];
        let (columns, values) = self.a.row(row);
        let (mut diagonal, mut others, mut faces) = (0.0, 0.0, [0.0f64; 6]);
        for (&q, v) in columns.iter().zip(values) {
            let (v, row_q) = (v.re().to_f64() * self.inverse, q as usize);
            let q = match &self.cells.active {
                Some(Active { cells, .. }) => cells[row_q] as usize,
                None => row_q,
            };
            if q == p {
                diagonal = v;
                continue;
            }
            let face = match () {
                () if q + 1 == p && i > 0 => 0,
                () if q == p + 1 && i + 1 < nx => 1,
                () if q + nx == p && j > 0 => 2,
                () if q == p + nx && j + 1 < ny => 3,
                () if q + sheet == p && nz > 1 => 4,
                () if q == p + sheet && nz > 1 => 5,
                () if v == 0.0 => continue,
                () => {
                    return not(format!(
                        "row {row} has an entry in column {row_q}, which is no neighbour of it on a grid of {}",
                        name(resolvent_matrices::Grid::new(nx, ny, nz))
                    ));
                }
            };
            others += v;
            faces[face] = -v;
        }
        Ok(Entries {
            diagonal,
            others,
            faces,
        })
    }

    /// What the diagonal has beside the faces; an error where the row is none of such a matrix.
    #[inline(always)]
    fn check(
        &self,
        row: usize,
        diagonal: f64,
        others: f64,
        faces: [f64; 6],
    ) -> Result<f64, PrecondError> {
        let negative = faces.iter().fold(0.0, |a, &b| if b < a { b } else { a });
        let excess = diagonal + others;
        let range = f64::from(f32::MIN_POSITIVE)..f64::from(f32::MAX).sqrt();
        if range.contains(&diagonal)
            && negative >= -TOLERANCE * diagonal
            && excess >= -TOLERANCE * diagonal
        {
            return Ok(excess);
        }
        let unit = self.unit;
        if !diagonal.is_finite() || !others.is_finite() {
            return failed(format!("row {row} of A is not finite"));
        }
        if diagonal <= 0.0 {
            return Err(PrecondError::Diagonal {
                precond: NAME,
                row,
                found: (diagonal * unit).to_string(),
                needed: "a positive number",
            });
        }
        if negative < -TOLERANCE * diagonal {
            return not(format!(
                "row {row} has the positive off-diagonal entry {}",
                -negative * unit
            ));
        }
        if excess < -TOLERANCE * diagonal {
            return not(format!(
                "row {row} has the diagonal {} and off-diagonal entries that sum to {}, which it does not outweigh",
                diagonal * unit,
                others * unit
            ));
        }
        failed(format!(
            "the diagonal of row {row} is {:e}, which single precision cannot hold beside entries of size {unit:e}; scale the matrix, or use ic0",
            diagonal * unit
        ))
    }

    /// The negative of the entry of cell q in column `row`, over the unit; 0 if there is none.
    fn backward(&self, row: usize, q: usize) -> f32 {
        let row_q = match &self.cells.active {
            Some(active) => active.cells.binary_search(&(q as u32)).ok(),
            None => Some(q),
        };
        let (columns, values) = row_q.map_or((&[][..], &[][..]), |q| self.a.row(q));
        let entry = columns.iter().position(|&c| c as usize == row);
        let v = entry.map_or(0.0, |k| values[k].re().to_f64() * self.inverse);
        (-v).max(0.0) as f32
    }
}

#[inline(always)]
fn differ(a: f32, b: f32) -> bool {
    f64::from((a - b).abs()) > TOLERANCE * f64::from(a.max(b))
}

pub(super) fn not<A>(found: String) -> Result<A, PrecondError> {
    Err(PrecondError::Grid {
        precond: NAME,
        found,
    })
}

fn failed<A>(problem: String) -> Result<A, PrecondError> {
    Err(PrecondError::Failed {
        precond: NAME,
        problem,
    })
}
