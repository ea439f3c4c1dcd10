//! Rows of a matrix against cells of a grid, and finding the grid in the matrix.

use super::PrecondError;
use super::field::Shape;
use super::read::not;
use resolvent_matrices::{CsrRef, Grid, Scalar};

/// Rows of A against cells of the grid.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Cells {
    /// Cells along x, y, z; directions of one cell come last.
    pub dims: [usize; 3],
    pub shape: Shape,
    /// Where cells have no row: the columns of those that do, line by line, and where lines begin.
    pub active: Option<Active>,
}

/// The cells that have a row.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Active {
    pub columns: Vec<u32>,
    pub starts: Vec<usize>,
    /// The cell of each row.
    pub cells: Vec<u32>,
}

impl Active {
    /// The rows of a line whose columns are from `low` to before `high`.
    #[inline(always)]
    pub fn within(&self, line: usize, low: usize, high: usize) -> std::ops::Range<usize> {
        let (start, end) = (self.starts[line], self.starts[line + 1]);
        let columns = &self.columns[start..end];
        let before = |column: usize| start + columns.partition_point(|&c| (c as usize) < column);
        before(low)..before(high)
    }
}

impl Cells {
    /// Every cell of a grid has a row.
    pub fn all(grid: Grid, rows: usize) -> Result<Self, PrecondError> {
        let (dims, cells) = sizes(grid)?;
        if cells != rows {
            return not(format!(
                "a grid of {} has {cells} cells, the matrix {rows} rows",
                name(grid)
            ));
        }
        Ok(Self::of(dims))
    }

    /// Every cell of a level has a row.
    pub fn of(dims: [usize; 3]) -> Self {
        Self {
            dims,
            shape: Shape::new(dims, dims[2] > 1),
            active: None,
        }
    }

    /// Those cells have a row that `mask` says.
    pub fn masked(grid: Grid, mask: &[bool], rows: usize) -> Result<Self, PrecondError> {
        let (dims, cells) = sizes(grid)?;
        let count = mask.iter().filter(|&&m| m).count();
        if mask.len() != cells || count != rows {
            return not(format!(
                "a mask of {} cells with {count} active ones was given for a grid of {} and {rows} rows",
                mask.len(),
                name(grid)
            ));
        }
        let mut active = Active {
            columns: Vec::with_capacity(rows),
            starts: vec![0],
            cells: Vec::with_capacity(rows),
        };
        for (line, mask) in mask.chunks(dims[0]).enumerate() {
            for i in (0..dims[0]).filter(|&i| mask[i]) {
                active.columns.push(i as u32);
                active.cells.push((i + dims[0] * line) as u32);
            }
            active.starts.push(active.columns.len());
        }
        Ok(Self {
            active: Some(active),
            ..Self::of(dims)
        })
    }

    /// The grid that the pattern speaks of: entries next to the diagonal, and one or two other
    /// distances. `thorough`: also where few rows have neighbours in three dimensions, in O(nnz).
    pub fn find<T: Scalar>(a: CsrRef<'_, T, u32>, thorough: bool) -> Result<Self, PrecondError> {
        let n = a.square()?;
        let far = (0..n).flat_map(|i| a.row(i).0.iter().map(move |&j| i.abs_diff(j as usize)));
        let mut far = far.filter(|&offset| offset > 1);
        let nx = far.next().unwrap_or(n);
        if nx == 0 {
            return Self::all(Grid::new(0, 0, 1), 0);
        }
        let solid = thorough || a.nnz() > 5 * n;
        if let Some(other) = far.find(|&offset| solid && offset != nx) {
            let (line, layer) = (nx.min(other), nx.max(other));
            if !layer.is_multiple_of(line) || !n.is_multiple_of(layer) {
                return not(format!(
                    "it has {n} rows and entries {line} and {layer} away from the diagonal, which would be the sizes of its lines and layers"
                ));
            }
            return Self::all(Grid::new(line, layer / line, n / layer), n);
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
            None => self.shape.cells(),
        }
    }

    /// A line of a layer among all lines.
    #[inline(always)]
    pub fn line(&self, layer: usize, line: usize) -> usize {
        line + self.shape.lines * layer
    }

    /// Where the rows of a layer begin; behind the last layer, how many there are.
    pub fn start(&self, layer: usize) -> usize {
        match &self.active {
            Some(active) => active.starts[self.line(layer, 0)],
            None => self.shape.start(layer, 0),
        }
    }

    pub fn bytes(&self) -> usize {
        self.active
            .as_ref()
            .map_or(0, |s| 8 * (s.columns.len() + s.starts.len()))
    }
}

/// NXxNY, or NXxNYxNZ.
pub(super) fn name(grid: Grid) -> String {
    match grid.dims() {
        [nx, ny, 1] => format!("{nx}x{ny}"),
        [nx, ny, nz] => format!("{nx}x{ny}x{nz}"),
    }
}

/// Cells along the directions that have more than one, then ones; and how many cells there are.
fn sizes(grid: Grid) -> Result<([usize; 3], usize), PrecondError> {
    let Some(cells) = grid.unknowns().filter(|&n| n < u32::MAX as usize) else {
        return not(format!(
            "the grid given is {}, and only grids of less than 2^32 cells are taken",
            name(grid)
        ));
    };
    // a column is stored as a line is, an upright plane as a flat one
    let mut dims = [1; 3];
    let more = grid.dims().into_iter().filter(|&n| n != 1);
    dims.iter_mut().zip(more).for_each(|(d, n)| *d = n);
    Ok((dims, cells))
}
