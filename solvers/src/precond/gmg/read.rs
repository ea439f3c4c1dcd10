//! From a matrix to the finest level: finds the grid, checks every row, splits off faces and links.

use super::level::GmgLevel;
use super::{NAME, PrecondError};
use resolvent_matrices::{CsrRef, Grid, Real, Scalar};

/// Rows of A against cells of the grid.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Cells {
    pub nx: usize,
    pub ny: usize,
    /// Where cells have no row: the columns of those that do, line by line, and where lines begin.
    pub active: Option<Active>,
}

/// The cells that have a row.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Active {
    pub columns: Vec<u32>,
    pub starts: Vec<usize>,
    /// The cell of each row.
    cells: Vec<u32>,
    /// The row of each cell, or [`NONE`].
    rows: Vec<u32>,
}

impl Active {
    /// The rows of line j whose columns are from `low` to before `high`.
    #[inline(always)]
    pub fn within(&self, j: usize, low: usize, high: usize) -> std::ops::Range<usize> {
        let (start, end) = (self.starts[j], self.starts[j + 1]);
        let line = &self.columns[start..end];
        let before = |column: usize| start + line.partition_point(|&c| (c as usize) < column);
        before(low)..before(high)
    }
}

const NONE: u32 = u32::MAX;
/// Relative differences that files with few digits have; more is another kind of matrix.
const TOLERANCE: f64 = 1e-6;

impl Cells {
    /// Every cell of a plane has a row.
    pub fn all(grid: Grid, rows: usize) -> Result<Self, PrecondError> {
        let [nx, ny] = plane(grid)?;
        if nx * ny != rows {
            return not(format!(
                "a grid of {nx}x{ny} has {} cells, the matrix {rows} rows",
                nx * ny
            ));
        }
        Ok(Self {
            nx,
            ny,
            active: None,
        })
    }

    /// Those cells have a row that `mask` says.
    pub fn masked(grid: Grid, mask: &[bool], rows: usize) -> Result<Self, PrecondError> {
        let [nx, ny] = plane(grid)?;
        let count = mask.iter().filter(|&&m| m).count();
        if mask.len() != nx * ny || count != rows {
            return not(format!(
                "a mask of {} cells with {count} active ones was given for a grid of {nx}x{ny} and {rows} rows",
                mask.len()
            ));
        }
        let mut active = Active {
            columns: Vec::with_capacity(rows),
            starts: vec![0],
            cells: Vec::with_capacity(rows),
            rows: vec![NONE; nx * ny],
        };
        for j in 0..ny {
            for i in (0..nx).filter(|i| mask[i + nx * j]) {
                active.rows[i + nx * j] = active.columns.len() as u32;
                active.columns.push(i as u32);
                active.cells.push((i + nx * j) as u32);
            }
            active.starts.push(active.columns.len());
        }
        let active = Some(active);
        Ok(Self { nx, ny, active })
    }

    /// The grid that the pattern speaks of: entries next to the diagonal, and one other distance.
    pub fn find<T: Scalar>(a: CsrRef<'_, T, u32>) -> Result<Self, PrecondError> {
        let n = a.square()?;
        let far = (0..n)
            .flat_map(|i| a.row(i).0.iter().map(move |&j| i.abs_diff(j as usize)))
            .find(|&offset| offset > 1);
        let nx = far.unwrap_or(n);
        if nx == 0 {
            return Self::all(Grid::new(0, 0, 1), 0);
        }
        if let Some([nx, ny, nz]) = solid(a) {
            return failed(format!(
                "A stands on {nx}x{ny}x{nz} cells, and it is made for planes and lines; use ic0"
            ));
        }
        if !n.is_multiple_of(nx) {
            return not(format!(
                "it has {n} rows and an entry {nx} away from the diagonal, which would be the length of its lines"
            ));
        }
        Self::all(Grid::new(nx, n / nx, 1), n)
    }

    pub fn rows(&self) -> usize {
        match &self.active {
            Some(active) => active.columns.len(),
            None => self.nx * self.ny,
        }
    }

    /// Where the rows of line j begin; of line NY, how many there are.
    pub fn start(&self, j: usize) -> usize {
        match &self.active {
            Some(active) => active.starts[j],
            None => self.nx * j,
        }
    }

    pub fn bytes(&self) -> usize {
        self.active
            .as_ref()
            .map_or(0, |s| 8 * (s.columns.len() + s.starts.len() + s.rows.len()))
    }
}

/// A power of two near the largest entry, so that all numbers divided by it fit single precision.
pub(super) fn unit<T: Scalar>(a: CsrRef<'_, T, u32>) -> Result<f64, PrecondError> {
    let size = |v: &T| v.re().to_f64().abs();
    let some = a.values().iter().step_by(61).map(size).fold(0.0, f64::max);
    let largest = match some > 0.0 {
        true => some,
        false => a.values().iter().map(size).fold(0.0, f64::max),
    };
    if !largest.is_finite() {
        return failed("A has entries that are not finite".into());
    }
    let exponent = if largest > 0.0 { largest.log2() } else { 0.0 };
    Ok(exponent.round().clamp(-1000.0, 1000.0).exp2())
}

/// Reads A/unit into a level of the same grid. O(nnz), allocates nothing.
pub(super) fn read<T: Scalar>(
    a: CsrRef<'_, T, u32>,
    cells: &Cells,
    unit: f64,
    level: &mut GmgLevel,
) -> Result<(), PrecondError> {
    let nx = cells.nx;
    if cells.active.is_some() {
        level.east.fill(0.0);
        level.north.fill(0.0);
        level.link.fill(0.0);
    }
    let inverse = 1.0 / unit;
    let mut column = 0; // of the grid
    for row in 0..a.nrows() {
        let p = match &cells.active {
            Some(active) => active.cells[row] as usize,
            None => row,
        };
        let i = match cells.active.is_some() {
            true => p % nx,
            false => column,
        };
        column = if column + 1 == nx { 0 } else { column + 1 };
        let (columns, values) = a.row(row);
        let inside = i > 0 && i + 1 < nx && cells.active.is_none();
        let Entries {
            diagonal,
            others,
            faces,
        } = match (columns, values) {
            // most rows of most matrices
            (&[south, west, here, east, north], &[s, w, d, e, n])
                if inside && {
                    let [s, w, d, e, n] = [south, west, here, east, north].map(|q| q as usize);
                    let ends = ((s + nx) ^ p) | ((w + 1) ^ p) | (d ^ p);
                    ends | (e ^ (p + 1)) | (n ^ (p + nx)) == 0
                } =>
            {
                let number = |v: T| v.re().to_f64() * inverse;
                let [s, w, d, e, n] = [s, w, d, e, n].map(number);
                Entries {
                    diagonal: d,
                    others: (s + w) + (e + n),
                    faces: [-w, -e, -s, -n],
                }
            }
            _ => entries(columns, values, cells, [row, p, i], inverse)?,
        };
        let negative = faces.iter().copied().fold(0.0, f64::min);
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
        let excess = diagonal + others;
        if excess < -TOLERANCE * diagonal {
            return not(format!(
                "row {row} has the diagonal {} and off-diagonal entries that sum to {}, which it does not outweigh",
                diagonal * unit,
                others * unit
            ));
        }
        let range = f64::from(f32::MIN_POSITIVE)..f64::from(f32::MAX).sqrt();
        if !range.contains(&diagonal) {
            return failed(format!(
                "the diagonal of row {row} is {:e}, which single precision cannot hold beside entries of size {unit:e}; scale the matrix, or use ic0",
                diagonal * unit
            ));
        }
        let faces = faces.map(|f| f.max(0.0) as f32);
        let rounding = 16.0 * T::Real::EPSILON.to_f64() * diagonal;
        level.link[p] = if excess > rounding {
            excess as f32
        } else {
            0.0
        };
        level.east[p] = faces[1];
        level.north[p] = faces[3];
        let west = if i > 0 { level.east[p - 1] } else { 0.0 };
        let south = if p >= nx { level.north[p - nx] } else { 0.0 };
        let differ = |a: f32, b: f32| f64::from((a - b).abs()) > TOLERANCE * f64::from(a.max(b));
        if differ(west, faces[0]) || differ(south, faces[2]) {
            return not(format!(
                "row {row} differs from its column: it is not symmetric"
            ));
        }
    }
    Ok(())
}

/// The numbers of a row, over the unit.
struct Entries {
    diagonal: f64,
    /// Sum of the off-diagonal entries.
    others: f64,
    /// Their negatives: west, east, south, north.
    faces: [f64; 4],
}

/// Those of any row: of cell p in column i of the grid.
fn entries<T: Scalar>(
    columns: &[u32],
    values: &[T],
    cells: &Cells,
    [row, p, i]: [usize; 3],
    inverse: f64,
) -> Result<Entries, PrecondError> {
    let nx = cells.nx;
    let (mut diagonal, mut others, mut faces) = (0.0, 0.0, [0.0f64; 4]);
    for (&q, v) in columns.iter().zip(values) {
        let (v, row_q) = (v.re().to_f64() * inverse, q as usize);
        let q = match &cells.active {
            Some(active) => active.cells[row_q] as usize,
            None => row_q,
        };
        if q == p {
            diagonal = v;
            continue;
        }
        let face = match () {
            () if q + 1 == p && i > 0 => 0,
            () if q == p + 1 && i + 1 < nx => 1,
            () if q + nx == p => 2,
            () if q == p + nx => 3,
            () if v == 0.0 => continue,
            () => {
                return not(format!(
                    "row {row} has an entry in column {row_q}, which is no neighbour of it on a grid of {nx}x{}",
                    cells.ny
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

fn plane(grid: Grid) -> Result<[usize; 2], PrecondError> {
    let [nx, ny, nz] = grid.dims();
    if nz > 1 || grid.unknowns().is_none_or(|n| n >= NONE as usize) {
        return not(format!(
            "the grid given is {nx}x{ny}x{nz}, and only lines and planes of less than 2^32 cells are taken"
        ));
    }
    // a column is stored as a line is
    Ok(if nx == 1 { [ny, 1] } else { [nx, ny] })
}

/// The grid of three dimensions that a matrix of more than five entries a row stands on.
fn solid<T: Scalar>(a: CsrRef<'_, T, u32>) -> Option<[usize; 3]> {
    let many = a.nnz() > 5 * a.nrows();
    let grid = many.then(|| Grid::detect(a)).flatten()?;
    (grid.dimension() == 3).then(|| grid.dims())
}

fn not<A>(found: String) -> Result<A, PrecondError> {
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
