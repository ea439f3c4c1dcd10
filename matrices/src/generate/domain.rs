//! The unit box cut into cells, its boundary, and rows put together entry by entry.

use super::wrong;
use crate::{Csr, Grid, MatrixError, Scalar};

/// The condition on one side of the unit box.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Boundary {
    /// u = 0.
    #[default]
    Dirichlet,
    /// No flux: ∂u/∂n = 0.
    Neumann,
}

/// Conditions at the lower and the upper side of each dimension.
pub(super) type Sides = [[Boundary; 2]; 3];

/// A grid over the unit box.
#[derive(Debug, Clone, Copy)]
pub(super) struct Domain {
    pub grid: Grid,
    /// number of unknowns
    pub n: usize,
    /// number of dimensions: the first ones
    pub dimension: usize,
    /// width of a cell along each dimension
    pub h: [f64; 3],
}

impl Domain {
    /// # Errors
    /// [`MatrixError::Parameter`] unless there are 1 to 2³¹ − 1 cells.
    pub fn new(generator: &'static str, grid: Grid) -> Result<Self, MatrixError> {
        let Some(n) = grid.unknowns().filter(|n| (1..1 << 31).contains(n)) else {
            return wrong(
                generator,
                format!("{grid:?} must have at least one and at most 2^31 - 1 cells"),
            );
        };
        Ok(Self {
            grid,
            n,
            dimension: grid.dimension(),
            h: grid.dims().map(|n| 1.0 / n as f64),
        })
    }

    /// The centre of cell `at`.
    pub fn centre(&self, at: [usize; 3]) -> [f64; 3] {
        [0, 1, 2].map(|d| (at[d] as f64 + 0.5) * self.h[d])
    }

    /// (h_x / h_d)²: the weight of dimension `d` in an equation multiplied by h_x².
    pub fn weight(&self, d: usize) -> f64 {
        (self.h[0] / self.h[d]).powi(2)
    }

    /// The neighbour across the face towards `up` of dimension `d`; `None` at the side.
    pub fn across(&self, at: [usize; 3], d: usize, up: bool) -> Option<[usize; 3]> {
        let mut step = [0; 3];
        step[d] = if up { 1 } else { -1 };
        self.grid.neighbour(at, step)
    }

    /// All sides of this many dimensions are insulated.
    pub fn insulated(&self, sides: &Sides) -> bool {
        let mut all = sides[..self.dimension].iter().flatten();
        all.all(|&side| side == Boundary::Neumann)
    }

    /// As in `32x16`.
    pub fn label(&self) -> String {
        let dims = self.grid.dims().map(|n| n.to_string());
        dims[..self.dimension].join("x")
    }
}

/// The cells of `grid` whose centres are within `radius` of `centre`: an obstacle to be masked.
pub fn disk(grid: Grid, centre: [f64; 3], radius: f64) -> Result<Vec<usize>, MatrixError> {
    let domain = Domain::new("disk", grid)?;
    let inside = |row: &usize| {
        let x = domain.centre(grid.at(*row));
        let far = |d: usize| (x[d] - centre[d]).powi(2);
        (0..domain.dimension).map(far).sum::<f64>() <= radius * radius
    };
    Ok((0..domain.n).filter(inside).collect())
}

/// Rows of a matrix as they are put together, in order.
pub(super) struct Rows<T> {
    row_ptr: Vec<u32>,
    entries: Vec<(u32, T)>,
    start: usize,
}

impl<T: Scalar> Rows<T> {
    /// For `n` rows of about `per_row` entries.
    pub fn with_capacity(n: usize, per_row: usize) -> Self {
        let mut row_ptr = Vec::with_capacity(n + 1);
        row_ptr.push(0);
        Self {
            row_ptr,
            entries: Vec::with_capacity(n * per_row),
            start: 0,
        }
    }

    /// a_ij ← a_ij + v in the current row.
    pub fn add(&mut self, j: usize, v: T) {
        let j = j as u32;
        match self.entries[self.start..].iter_mut().find(|e| e.0 == j) {
            Some(entry) => entry.1 += v,
            None => self.entries.push((j, v)),
        }
    }

    /// Ends the current row.
    pub fn end_row(&mut self) {
        self.entries[self.start..].sort_unstable_by_key(|e| e.0);
        self.start = self.entries.len();
        self.row_ptr.push(self.start as u32); // `Csr::new` refuses what has wrapped
    }

    /// The matrix, with `ncols` columns.
    ///
    /// # Errors
    /// [`MatrixError::TooLarge`].
    pub fn finish(self, ncols: usize) -> Result<Csr<T>, MatrixError> {
        let (col_idx, values) = self.entries.into_iter().unzip();
        Csr::new(self.row_ptr.len() - 1, ncols, self.row_ptr, col_idx, values)
    }
}
