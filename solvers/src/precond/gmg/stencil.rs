//! A level as the sweeps read it: S = D⁻½ A D⁻½ in single precision, D what the smoother divides by.
//!
//! Every coupling a/√(dₚ d_q) is at most 1 whatever the units of A, and without scalings the diagonal
//! of S is 1 and need not be read: 8 bytes a cell hold the operator.

use super::level::GmgLevel;
use super::plane::{Plane, Strip};
use super::rows::Couplings;

/// The scaled operator of a level, and its transfer to the next coarser one.
#[derive(Debug, Clone)]
pub(super) struct Stencil {
    pub nx: usize,
    pub ny: usize,
    east: Plane,
    north: Plane,
    /// Cells' shares of the coarse correction, in scaled variables.
    weight: Plane,
    diagonal: Option<Plane>,
}

impl Stencil {
    pub fn zeros(level: &GmgLevel) -> Self {
        let plane = || Plane::zeros(level.nx, level.ny);
        Self {
            nx: level.nx,
            ny: level.ny,
            east: plane(),
            north: plane(),
            weight: plane(),
            diagonal: level.scaling.is_some().then(plane),
        }
    }

    /// Takes the numbers of a level, given its D⁻½ and that of the next coarser one.
    pub fn fill(&mut self, level: &GmgLevel, roots: &Plane, coarse: &Plane) {
        let (nx, ny) = (self.nx, self.ny);
        if level.scaling.is_none() {
            self.diagonal = None; // of levels that were given and are made anew
        }
        for j in 0..ny {
            let here = roots.row(j as isize, 0, nx + 1);
            let above = roots.row((j + 1).min(ny - 1) as isize, 0, nx);
            let (east, north) = (&level.east[nx * j..][..nx], &level.north[nx * j..][..nx]);
            let out = self.east.row_mut(j, nx);
            for i in 0..nx {
                out[i] = east[i] * here[i] * here[i + 1]; // a/√(dₚ d_q)
            }
            let out = self.north.row_mut(j, nx);
            for i in 0..nx {
                out[i] = north[i] * here[i] * above[i];
            }
            if let (Some(diagonal), Some(scaling)) = (&mut self.diagonal, &level.scaling) {
                // of cells without anything the diagonal is 0, and so is all else
                diagonal
                    .row_mut(j, nx)
                    .copy_from_slice(&scaling[nx * j..][..nx]);
            }
            let coarse = coarse.row(j as isize / 2, 0, nx.div_ceil(2));
            let couplings = [
                self.east.row(j as isize, -1, nx),
                self.east.row(j as isize, 0, nx),
                self.north.row(j as isize - 1, 0, nx),
                self.north.row(j as isize, 0, nx),
            ];
            let out = self.weight.row_mut(j, nx);
            weights(couplings, here, coarse, out);
            if let Some(weight) = &level.weight {
                let weight = &weight[nx * j..][..nx];
                out.iter_mut().zip(weight).for_each(|(out, w)| *out *= w);
            }
        }
    }

    /// Coefficients of the cells of a strip in line j.
    #[inline(always)]
    pub fn couplings(&self, j: isize, s: Strip) -> Couplings<'_> {
        let (i, w) = (s.low as isize, s.width);
        Couplings {
            west: self.east.row(j, i - 1, w),
            east: self.east.row(j, i, w),
            south: self.north.row(j - 1, i, w),
            north: self.north.row(j, i, w),
            diagonal: self.diagonal.as_ref().map_or(&[], |d| d.row(j, i, w)),
        }
    }

    #[inline(always)]
    pub fn weights(&self, j: isize, s: Strip) -> &[f32] {
        self.weight.row(j, s.low as isize, s.width)
    }

    /// Whether the diagonal is not 1.
    #[inline(always)]
    pub fn has_diagonal(&self) -> bool {
        self.diagonal.is_some()
    }

    pub fn bytes(&self) -> usize {
        let planes = [Some(&self.east), Some(&self.north), Some(&self.weight)];
        let planes = planes.into_iter().chain([self.diagonal.as_ref()]);
        planes.flatten().map(Plane::bytes).sum()
    }
}

/// out ← D⁻½ of the cells of a level.
pub(super) fn roots(level: &GmgLevel, out: &mut Plane) {
    let nx = level.nx;
    for j in 0..level.ny {
        let at = nx * j..nx * (j + 1);
        let (east, north, link) = (
            &level.east[at.clone()],
            &level.north[at.clone()],
            &level.link[at.clone()],
        );
        let row = out.row_mut(j, nx);
        for i in 0..nx {
            row[i] = link[i] + east[i] + north[i];
        }
        for i in 1..nx {
            row[i] += east[i - 1];
        }
        if j > 0 {
            let south = &level.north[nx * (j - 1)..nx * j];
            row.iter_mut().zip(south).for_each(|(row, s)| *row += s);
        }
        if let Some(scaling) = &level.scaling {
            let scaling = &scaling[at];
            row.iter_mut().zip(scaling).for_each(|(row, s)| *row /= s);
        }
        for d in row {
            let root = 1.0 / d.sqrt();
            *d = if *d > 0.0 { root } else { 0.0 };
        }
    }
}

/// √(d/d_coarse) of cells that anything holds to others, 0 of the rest.
#[inline(always)]
fn weights(couplings: [&[f32]; 4], roots: &[f32], coarse: &[f32], out: &mut [f32]) {
    let n = out.len();
    let [w, e, s, north] = couplings.map(|c| &c[..n]);
    let roots = &roots[..n];
    for i in 0..n {
        let held = (w[i] + e[i]) + (s[i] + north[i]);
        out[i] = if held > 0.0 { 1.0 / roots[i] } else { 0.0 };
    }
    let (pairs, last) = out.as_chunks_mut::<2>();
    let whole = pairs.len();
    for (pair, c) in pairs.iter_mut().zip(coarse) {
        *pair = [pair[0] * c, pair[1] * c];
    }
    last.iter_mut().for_each(|last| *last *= coarse[whole]);
}
