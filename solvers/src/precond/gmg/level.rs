//! One level: conductances between the cells of a grid, as a setup or a network gives them.

use super::{NAME, PrecondError};
use resolvent_matrices::Grid;

/// An operator of faces on a line, a plane or a box of cells, cell (i, j, k) at i + NX·(j + NY·k), and
/// how it is smoothed and coarsened. It takes u to
///   (A u)ₚ = linkₚ uₚ + Σ over neighbours q of p: faceₚ_q (uₚ − u_q):
/// 5 points a row in the plane, 7 in the box. Units are those of A divided by one power of two common
/// to all levels.
#[derive(Debug, Clone, PartialEq)]
pub struct GmgLevel {
    /// Cells along x, y, z.
    pub(super) dims: [usize; 3],
    /// Towards the next cell along x, y and z; the last is empty where there is one layer alone.
    pub(super) faces: [Vec<f32>; 3],
    pub(super) link: Vec<f32>,
    pub(super) scaling: Option<Vec<f32>>,
    pub(super) weight: Option<Vec<f32>>,
}

impl GmgLevel {
    /// A level of NX·NY·NZ cells: `faces` (east, north, up) hold the conductance of the face between a
    /// cell and the next along x, y and z (0 at the side of the grid), `link` that to a Dirichlet value,
    /// or a reaction. On a line or a plane, `up` is empty. O(n).
    ///
    /// # Errors
    /// [`PrecondError::Config`] unless all are of the size of the grid, finite and not negative, and no
    /// face leads out of it.
    pub fn new(grid: Grid, faces: [Vec<f32>; 3], link: Vec<f32>) -> Result<Self, PrecondError> {
        let dims = grid.dims();
        let [nx, ny, nz] = dims;
        let n = grid.unknowns();
        let names = ["east", "north", "up", "link"];
        for (name, values) in names.iter().zip(faces.iter().chain([&link])) {
            let needed = if *name == "up" && nz == 1 { Some(0) } else { n };
            if needed != Some(values.len()) {
                return wrong(format!(
                    "{name} has {} values for a grid of {nx}x{ny}x{nz} cells; one for each is needed, and none upwards on a plane",
                    values.len()
                ));
            }
            if let Some(p) = values.iter().position(|v| !(0.0..f32::MAX).contains(v)) {
                return wrong(format!(
                    "{name} is {} at cell {p}; a finite number that is not negative is needed",
                    values[p]
                ));
            }
        }
        let out = |p: usize| {
            let at = grid.at(p);
            (0..3).any(|d| at[d] + 1 == dims[d] && faces[d].get(p).is_some_and(|&f| f != 0.0))
        };
        if (0..link.len()).any(out) {
            return wrong(
                "a face leads out of the grid: links stand for sides with a value".into(),
            );
        }
        Ok(Self {
            dims,
            faces,
            link,
            scaling: None,
            weight: None,
        })
    }

    /// The smoother divides by diag/σ instead of the diagonal: σ for each cell, in (0, 1]. Without it,
    /// σ = 1.
    ///
    /// # Errors
    /// [`PrecondError::Config`] for another number of values, or values outside of (0, 1].
    pub fn with_scaling(mut self, scaling: Vec<f32>) -> Result<Self, PrecondError> {
        let inside = every(&scaling, |s| (s > 0.0) & (s <= 1.0));
        if scaling.len() != self.link.len() || !inside {
            return wrong("scalings must be one for each cell, above 0 and at most 1".into());
        }
        self.scaling = Some(scaling);
        Ok(self)
    }

    /// A cell receives this part of the correction of the coarse cell it is in, before it is
    /// smoothed; and gives as much. Without it, 1.
    ///
    /// # Errors
    /// [`PrecondError::Config`] for another number of values, or values that are not finite.
    pub fn with_weights(mut self, weight: Vec<f32>) -> Result<Self, PrecondError> {
        if weight.len() != self.link.len() || !every(&weight, f32::is_finite) {
            return wrong("weights must be finite, one for each cell".into());
        }
        self.weight = Some(weight);
        Ok(self)
    }

    /// Of no coupling at all: a place for [`GmgLevel`]s to come.
    pub(super) fn empty(dims: [usize; 3]) -> Self {
        let zero = || vec![0.0; dims.iter().product()];
        let up = if dims[2] > 1 { zero() } else { Vec::new() };
        Self {
            dims,
            faces: [zero(), zero(), up],
            link: zero(),
            scaling: None,
            weight: None,
        }
    }

    /// Its cells.
    pub fn grid(&self) -> Grid {
        let [nx, ny, nz] = self.dims;
        Grid::new(nx, ny, nz)
    }

    /// Layers of cells along z: 1 on a line or a plane.
    pub fn depth(&self) -> usize {
        self.dims[2]
    }

    /// Conductances towards the next cell along x.
    pub fn east(&self) -> &[f32] {
        &self.faces[0]
    }

    /// Conductances towards the next cell along y.
    pub fn north(&self) -> &[f32] {
        &self.faces[1]
    }

    /// Conductances towards the next cell along z; empty if there is none.
    pub fn up(&self) -> &[f32] {
        &self.faces[2]
    }

    /// Conductances towards Dirichlet values, and reactions.
    pub fn link(&self) -> &[f32] {
        &self.link
    }

    /// Cells along x, y and z of the next coarser level.
    pub(super) fn halves(&self) -> [usize; 3] {
        self.dims.map(|n| n.div_ceil(2))
    }

    /// Cells from one to the next along x, y and z.
    #[inline(always)]
    pub(super) fn strides(&self) -> [usize; 3] {
        [1, self.dims[0], self.dims[0] * self.dims[1]]
    }

    /// Cell p.
    #[inline(always)]
    pub(super) fn at(&self, p: usize) -> [usize; 3] {
        let [nx, ny, _] = self.dims;
        [p % nx, p / nx % ny, p / (nx * ny)]
    }

    /// Conductances of the faces of cell p: west, east, south, north, down, up. 0 at the sides of the grid.
    #[inline(always)]
    pub(super) fn around(&self, p: usize, at: [usize; 3]) -> [f32; 6] {
        let (strides, mut faces) = (self.strides(), [0.0; 6]);
        for d in 0..3 {
            if d == 2 && self.dims[2] == 1 {
                continue;
            }
            if at[d] > 0 {
                faces[2 * d] = self.faces[d][p - strides[d]];
            }
            faces[2 * d + 1] = self.faces[d][p];
        }
        faces
    }

    /// Pairs of neighbours and the conductance between them, where there is one.
    pub(super) fn pairs(&self) -> impl Iterator<Item = (usize, usize, f32)> {
        let strides = self.strides();
        (0..3).flat_map(move |d| {
            let faces = self.faces[d].iter().enumerate();
            let conducting = faces.filter(|(_, f)| **f > 0.0);
            conducting.map(move |(p, &f)| (p, p + strides[d], f))
        })
    }

    /// What the smoother divides by: diag(A)/σ, in double precision; 0 in cells without anything.
    #[inline(always)]
    pub(super) fn divisor(&self, p: usize) -> f64 {
        let faces = self.around(p, self.at(p)).map(f64::from);
        let diagonal = faces.iter().sum::<f64>() + f64::from(self.link[p]);
        diagonal / self.scaling.as_ref().map_or(1.0, |s| f64::from(s[p]))
    }

    /// The part of the coarse correction that a cell receives; 0 where nothing holds it to others.
    #[cfg(test)]
    pub(super) fn share(&self, p: usize) -> f32 {
        if self.around(p, self.at(p)).iter().any(|&f| f > 0.0) {
            self.weight.as_ref().map_or(1.0, |w| w[p])
        } else {
            0.0
        }
    }

    pub(super) fn bytes(&self) -> usize {
        let more = [&self.scaling, &self.weight];
        let more = more.into_iter().flatten().map(Vec::len).sum::<usize>();
        let faces = self.faces.iter().map(Vec::len).sum::<usize>();
        4 * (faces + self.link.len() + more)
    }
}

/// Whether all numbers are such; without a way out in between, so that it is vectorised.
#[inline(always)]
pub(super) fn every(values: &[f32], such: impl Fn(f32) -> bool) -> bool {
    values.iter().fold(true, |all, &v| all & such(v))
}

fn wrong<A>(problem: String) -> Result<A, PrecondError> {
    Err(PrecondError::Config {
        precond: NAME,
        problem,
    })
}
