//! One level: conductances between the cells of a grid, as a setup or a network gives them.

use super::{NAME, PrecondError};
use resolvent_matrices::Grid;

/// A 5-point operator on a plane of NX × NY cells, cell (i, j) at i + NX·j, and how it is smoothed
/// and coarsened. It takes u to
///   (A u)ₚ = linkₚ uₚ + Σ over neighbours q of p: faceₚ_q (uₚ − u_q).
/// Units are those of A divided by one power of two common to all levels.
#[derive(Debug, Clone, PartialEq)]
pub struct GmgLevel {
    pub(super) nx: usize,
    pub(super) ny: usize,
    pub(super) east: Vec<f32>,
    pub(super) north: Vec<f32>,
    pub(super) link: Vec<f32>,
    pub(super) scaling: Option<Vec<f32>>,
    pub(super) weight: Option<Vec<f32>>,
}

impl GmgLevel {
    /// A level of NX·NY cells: `east` and `north` hold the conductance of the face between a cell and
    /// the next along x and y (0 at the side of the grid), `link` that to a Dirichlet value, or a
    /// reaction. O(n).
    ///
    /// # Errors
    /// [`PrecondError::Config`] unless the grid is a line or plane, all are of its size, finite and not
    /// negative, and no face leads out of the grid.
    pub fn new(
        grid: Grid,
        east: Vec<f32>,
        north: Vec<f32>,
        link: Vec<f32>,
    ) -> Result<Self, PrecondError> {
        let [nx, ny, nz] = grid.dims();
        let n = grid.unknowns().filter(|_| nz == 1);
        for (name, values) in [("east", &east), ("north", &north), ("link", &link)] {
            if n != Some(values.len()) {
                return wrong(format!(
                    "{name} has {} values for a grid of {nx}x{ny}x{nz} cells; a plane with one for each is needed",
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
        let out = (0..ny).any(|j| east[nx * j + nx - 1] != 0.0)
            || (0..nx).any(|i| north[i + nx * (ny - 1)] != 0.0);
        if out {
            return wrong(
                "a face leads out of the grid: links stand for sides with a value".into(),
            );
        }
        Ok(Self {
            nx,
            ny,
            east,
            north,
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
        let inside = scaling.iter().all(|&s| s > 0.0 && s <= 1.0);
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
        if weight.len() != self.link.len() || weight.iter().any(|w| !w.is_finite()) {
            return wrong("weights must be finite, one for each cell".into());
        }
        self.weight = Some(weight);
        Ok(self)
    }

    /// Of no coupling at all: a place for [`GmgLevel`]s to come.
    pub(super) fn empty(nx: usize, ny: usize) -> Self {
        let zero = || vec![0.0; nx * ny];
        Self {
            nx,
            ny,
            east: zero(),
            north: zero(),
            link: zero(),
            scaling: None,
            weight: None,
        }
    }

    /// Its cells.
    pub fn grid(&self) -> Grid {
        Grid::new(self.nx, self.ny, 1)
    }

    /// Conductances towards the next cell along x.
    pub fn east(&self) -> &[f32] {
        &self.east
    }

    /// Conductances towards the next cell along y.
    pub fn north(&self) -> &[f32] {
        &self.north
    }

    /// Conductances towards Dirichlet values, and reactions.
    pub fn link(&self) -> &[f32] {
        &self.link
    }

    /// Conductances of a cell's faces: west, east, south, north. 0 at the sides of the grid.
    #[inline(always)]
    pub(super) fn faces(&self, i: usize, j: usize) -> [f32; 4] {
        let p = i + self.nx * j;
        [
            if i > 0 { self.east[p - 1] } else { 0.0 },
            self.east[p],
            if j > 0 { self.north[p - self.nx] } else { 0.0 },
            self.north[p],
        ]
    }

    /// What the smoother divides by: diag(A)/σ, in double precision; 0 in cells without anything.
    #[inline(always)]
    pub(super) fn divisor(&self, i: usize, j: usize) -> f64 {
        let [w, e, s, n] = self.faces(i, j).map(f64::from);
        let p = i + self.nx * j;
        let diagonal = w + e + s + n + f64::from(self.link[p]);
        diagonal / self.scaling.as_ref().map_or(1.0, |s| f64::from(s[p]))
    }

    /// The part of the coarse correction that a cell receives; 0 where nothing holds it to others.
    #[cfg(test)]
    pub(super) fn share(&self, i: usize, j: usize) -> f32 {
        let [w, e, s, n] = self.faces(i, j);
        if w + e + s + n > 0.0 {
            self.weight.as_ref().map_or(1.0, |w| w[i + self.nx * j])
        } else {
            0.0
        }
    }

    pub(super) fn bytes(&self) -> usize {
        let more = [&self.scaling, &self.weight];
        let more = more.into_iter().flatten().map(Vec::len).sum::<usize>();
        4 * (3 * self.link.len() + more)
    }
}

fn wrong<A>(problem: String) -> Result<A, PrecondError> {
    Err(PrecondError::Config {
        precond: NAME,
        problem,
    })
}
