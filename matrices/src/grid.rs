//! Structured grids: what a matrix on one looks like, and finding it from the pattern alone.

use crate::{CsrRef, Index, MatrixError, Scalar};

/// A grid of NX × NY × NZ unknowns: unknown (i, j, k) is row i + NX·(j + NY·k), x fastest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Grid {
    /// unknowns along x
    pub nx: usize,
    /// unknowns along y; 1 on a line
    pub ny: usize,
    /// unknowns along z; 1 in the plane
    pub nz: usize,
}

impl Grid {
    /// A grid with these numbers of unknowns along x, y and z.
    pub fn new(nx: usize, ny: usize, nz: usize) -> Self {
        Self { nx, ny, nz }
    }

    /// Unknowns in all; `None` if the product does not fit a `usize`.
    pub fn unknowns(&self) -> Option<usize> {
        self.nx.checked_mul(self.ny)?.checked_mul(self.nz)
    }

    /// Unknowns along each dimension.
    pub fn dims(&self) -> [usize; 3] {
        [self.nx, self.ny, self.nz]
    }

    /// 3 if there is more than one layer, else 2 if there is more than one line, else 1.
    pub fn dimension(&self) -> usize {
        match (self.ny, self.nz) {
            (1, 1) => 1,
            (_, 1) => 2,
            _ => 3,
        }
    }

    /// The row of unknown (i, j, k).
    pub fn row(&self, [i, j, k]: [usize; 3]) -> usize {
        i + self.nx * (j + self.ny * k)
    }

    /// The unknown (i, j, k) of a row.
    pub fn at(&self, row: usize) -> [usize; 3] {
        let line = row / self.nx;
        [row % self.nx, line % self.ny, line / self.ny]
    }

    /// Reads `NX`, `NXxNY` or `NXxNYxNZ`, as in `64x64`; `X` does as well.
    ///
    /// # Errors
    /// [`MatrixError::Parameter`] if it is anything else, or a number is 0.
    pub fn parse(text: &str) -> Result<Self, MatrixError> {
        let wrong = || MatrixError::Parameter {
            generator: "grid",
            problem: format!("{text:?} is not NX, NXxNY or NXxNYxNZ with positive numbers"),
        };
        let mut dims = [1; 3];
        for (d, part) in text.split(['x', 'X']).enumerate() {
            let digits = part.bytes().all(|b| b.is_ascii_digit()); // no signs, no spaces
            let n = part.parse().ok().filter(|&n| n > 0 && digits);
            *dims.get_mut(d).ok_or_else(wrong)? = n.ok_or_else(wrong)?;
        }
        let grid = Self::new(dims[0], dims[1], dims[2]);
        grid.unknowns().map(|_| grid).ok_or_else(wrong)
    }

    /// The grid whose neighbourhoods the pattern of `a` is made of, if there is one.
    ///
    /// A grid is reported only if *all* of the pattern follows from it: every row couples with
    /// the same neighbours (a symmetric subset of the 3×3×3 box that holds at least the face
    /// neighbours: 3, 5, 7, 9, 19 and 27 points and the 7-point triangle stencil among them) as
    /// far as they are inside of the grid, and with nothing else. Rows with no entry beside the
    /// diagonal are masked cells: their neighbours may couple with them or not. More masked cells
    /// than others, and grids of 2 unknowns in every dimension, are not taken for grids: any
    /// small matrix would be one. Boundary conditions do not matter; periodic ones are not found.
    ///
    /// O(nnz) for each of a few candidate sizes; a pattern with more than 13 different
    /// superdiagonals is given up at once.
    pub fn detect<T: Scalar, I: Index>(a: CsrRef<'_, T, I>) -> Option<Self> {
        let n = a.square().ok()?;
        let offsets = offsets(a)?;
        let masked: Vec<bool> = (0..n)
            .map(|i| a.row(i).0.iter().all(|j| j.at() == i))
            .collect();
        let free = masked.iter().filter(|&&m| !m).count();
        if free == 0 || 2 * free < n {
            return None;
        }
        candidates(n, &offsets)
            .into_iter()
            .find(|grid| grid.explains(a, &masked))
    }

    /// Whether the pattern is that of one stencil on this grid, masked cells aside.
    fn explains<T: Scalar, I: Index>(&self, a: CsrRef<'_, T, I>, masked: &[bool]) -> bool {
        let Some(stencil) = self.stencil(a, masked) else {
            return false;
        };
        let has = |step| stencil.contains(&step);
        let dims = self.dims();
        let faces = (0..3).all(|d| dims[d] == 1 || has(unit(d)));
        let symmetric = stencil.iter().all(|s| has(s.map(|c| -c)));
        // a line of 2 cannot tell a step along it from a wrap into the next line
        let mirrored = (0..3).filter(|&d| dims[d] == 2).all(|d| {
            stencil.iter().all(|&s| {
                let mut mirror = s;
                mirror[d] = -mirror[d];
                has(mirror)
            })
        });
        faces && symmetric && mirrored && self.complete(a, masked, &stencil)
    }

    /// The steps that rows take to the columns they couple with; `None` if one is too long.
    fn stencil<T: Scalar, I: Index>(
        &self,
        a: CsrRef<'_, T, I>,
        masked: &[bool],
    ) -> Option<Vec<[isize; 3]>> {
        let mut seen = Vec::new();
        for i in (0..masked.len()).filter(|&i| !masked[i]) {
            let from = self.at(i);
            for j in a.row(i).0.iter().map(|j| j.at()).filter(|&j| j != i) {
                let to = self.at(j);
                let step = [0, 1, 2].map(|d| to[d] as isize - from[d] as isize);
                if step.iter().any(|c| c.abs() > 1) {
                    return None;
                }
                if !seen.contains(&step) {
                    seen.push(step);
                }
            }
        }
        Some(seen)
    }

    /// Whether every row couples with all the neighbours the stencil gives it inside of the grid.
    fn complete<T: Scalar, I: Index>(
        &self,
        a: CsrRef<'_, T, I>,
        masked: &[bool],
        stencil: &[[isize; 3]],
    ) -> bool {
        (0..masked.len()).filter(|&i| !masked[i]).all(|i| {
            let from = self.at(i);
            let expected = stencil
                .iter()
                .filter(|step| {
                    self.neighbour(from, **step)
                        .is_some_and(|to| !masked[self.row(to)])
                })
                .count();
            let there = |j: &&I| j.at() != i && !masked[j.at()];
            a.row(i).0.iter().filter(there).count() == expected
        })
    }

    /// The unknown one step away, if it is inside of the grid.
    pub(crate) fn neighbour(&self, at: [usize; 3], step: [isize; 3]) -> Option<[usize; 3]> {
        let dims = self.dims();
        let mut to = at;
        for d in 0..3 {
            to[d] = at[d].checked_add_signed(step[d]).filter(|&c| c < dims[d])?;
        }
        Some(to)
    }
}

/// One step along dimension `d`.
fn unit(d: usize) -> [isize; 3] {
    let mut step = [0; 3];
    step[d] = 1;
    step
}

/// The distances |j − i| of the off-diagonal entries, increasing; `None` beyond a 27-point
/// stencil's 13, or without any.
fn offsets<T: Scalar, I: Index>(a: CsrRef<'_, T, I>) -> Option<Vec<usize>> {
    const MOST: usize = 13;
    let mut offsets: Vec<usize> = Vec::with_capacity(MOST + 1);
    for i in 0..a.nrows() {
        for j in a.row(i).0 {
            let offset = j.at().abs_diff(i);
            if offset != 0 && !offsets.contains(&offset) {
                offsets.push(offset);
                if offsets.len() > MOST {
                    return None;
                }
            }
        }
    }
    offsets.sort_unstable();
    (offsets.first() == Some(&1)).then_some(offsets)
}

/// Grids of `n` unknowns whose face neighbours are at these distances: lines, then planes, then
/// boxes.
fn candidates(n: usize, offsets: &[usize]) -> Vec<Grid> {
    if offsets == [1] {
        return vec![Grid::new(n, 1, 1)];
    }
    let lines = || {
        let fit = |&nx: &usize| nx >= 2 && n.is_multiple_of(nx) && n / nx >= 2;
        offsets.iter().copied().filter(fit)
    };
    let planes = lines().map(|nx| Grid::new(nx, n / nx, 1));
    let boxes = lines().flat_map(|nx| {
        lines()
            .filter(move |&layer| layer > nx && layer.is_multiple_of(nx))
            .map(move |layer| Grid::new(nx, layer / nx, n / layer))
    });
    planes
        .chain(boxes)
        .filter(|g| g.dims().iter().any(|&d| d > 2))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Csr;

    /// The pattern of a stencil on a grid, without the cells that `hole` says.
    fn pattern(grid: Grid, steps: &[[isize; 3]], hole: impl Fn(usize) -> bool) -> Csr<f64> {
        let n = grid.unknowns().unwrap();
        let mut t = Vec::new();
        for i in 0..n {
            t.push((i, i, 1.0));
            for &s in steps.iter().filter(|_| !hole(i)) {
                let to = grid.neighbour(grid.at(i), s).map(|to| grid.row(to));
                t.extend(to.filter(|&j| !hole(j)).map(|j| (i, j, -1.0)));
            }
        }
        Csr::from_triplets(n, n, t).unwrap()
    }

    /// All steps of the 3×3×3 box with 1 to `most` non-zero parts.
    fn steps(dimension: usize, most: usize) -> Vec<[isize; 3]> {
        let span = |d: usize| if d < dimension { -1..=1 } else { 0..=0 };
        let mut all = Vec::new();
        for z in span(2) {
            for y in span(1) {
                for x in span(0) {
                    let parts = [x, y, z].iter().filter(|&&c| c != 0).count();
                    if (1..=most).contains(&parts) {
                        all.push([x, y, z]);
                    }
                }
            }
        }
        all
    }

    #[test]
    fn every_stencil_is_found_on_every_shape() {
        let shapes = [
            (7, 1, 1),
            (2, 1, 1),
            (2, 3, 1),
            (3, 2, 1),
            (5, 4, 1),
            (2, 2, 3),
            (3, 2, 2),
            (3, 4, 5),
            (2, 5, 2),
        ];
        for (nx, ny, nz) in shapes {
            let grid = Grid::new(nx, ny, nz);
            for most in 1..=grid.dimension() {
                let a = pattern(grid, &steps(grid.dimension(), most), |_| false);
                assert_eq!(Grid::detect(a.view()), Some(grid), "{grid:?} {most}");
            }
        }
        let mut triangle = steps(2, 1);
        triangle.extend([[1, 1, 0], [-1, -1, 0]]);
        let grid = Grid::new(4, 3, 1);
        let a = pattern(grid, &triangle, |_| false);
        assert_eq!(Grid::detect(a.view()), Some(grid));
    }

    #[test]
    fn masked_cells_are_seen_through() {
        let grid = Grid::new(6, 5, 1);
        for most in [1, 2] {
            let hole = |i: usize| [0, 1, 7, 14, 15, 29].contains(&i);
            let a = pattern(grid, &steps(2, most), hole);
            assert_eq!(Grid::detect(a.view()), Some(grid));
        }
        let mostly_holes = pattern(grid, &steps(2, 1), |i| i > 10);
        assert_eq!(Grid::detect(mostly_holes.view()), None);
    }

    #[test]
    fn bands_and_small_dense_matrices_are_no_grids() {
        let band = |n: usize, width: usize| {
            let near = (0..n).flat_map(|i| (0..n).map(move |j| (i, j)));
            let near: Vec<_> = near.filter(|(i, j)| i.abs_diff(*j) <= width).collect();
            Csr::from_triplets(n, n, near.into_iter().map(|(i, j)| (i, j, 1.0))).unwrap()
        };
        for (n, width) in [(4, 3), (8, 7), (10, 2), (12, 2), (12, 3), (30, 4), (27, 13)] {
            assert_eq!(Grid::detect(band(n, width).view()), None, "{n} {width}");
        }
        let grid = Grid::new(5, 4, 1);
        let a = pattern(grid, &steps(2, 1), |_| false);
        let extra = a.view().triplets().chain([(4, 5, 1.0), (5, 4, 1.0)]);
        let wrapped = Csr::from_triplets(20, 20, extra).unwrap();
        assert_eq!(Grid::detect(wrapped.view()), None);
        let missing = a.view().filter(|i, j| (i, j) != (6, 7));
        assert_eq!(Grid::detect(missing.view()), None);
        assert_eq!(Grid::detect(Csr::<f64>::identity(9).unwrap().view()), None);
    }

    #[test]
    fn sizes_are_read() {
        assert_eq!(Grid::parse("64").unwrap(), Grid::new(64, 1, 1));
        assert_eq!(Grid::parse("64x32").unwrap(), Grid::new(64, 32, 1));
        assert_eq!(Grid::parse("4X3x2").unwrap(), Grid::new(4, 3, 2));
        let huge = format!("{0}x{0}", u64::MAX);
        for wrong in [
            "", "x", "4x", "0x3", "-1", "+4", "4x4x4x4", "4 x4", "a", &huge,
        ] {
            assert!(Grid::parse(wrong).is_err(), "{wrong:?}");
        }
    }
}
