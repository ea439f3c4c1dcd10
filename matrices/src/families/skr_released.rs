//! The matrices that the released code of *Accelerating Data Generation for Neural Operators via Krylov
//! Subspace Recycling* calls Darcy flow, entry by entry: for comparison only.
//!
//! w = exp(g) at S × S points, g the periodic field with α = 2.5 and τ = 7, s = S − 2 unknowns a side, p
//! the number of an unknown row by row, w_p the value at its point, h = 1/(s − 1):
//!   4 w_p u_p − w_{p−1} u_{p−1} − w_{p+1} u_{p+1} − w_{p+s} u_{p+s} − w↑_{p−2} u_{p−s} = h²
//! within the square, w↑_q the value at the point above unknown q. Two things are not those of
//! −∇·(w∇u) = 1: entries carry the coefficient of their column, which discretises −Δ(wu) = 1, and those
//! of the upper neighbour are shifted by two unknowns. The matrix is neither symmetric nor definite, and
//! its solutions are those of no boundary-value problem. The code does this by a slice that begins at
//! s − 2 where a diagonal at distance s begins at s.
//! - H. Wang, Z. Hao, J. Wang, Z. Geng, Z. Wang, B. Li, F. Wu, ICLR 2024; code at
//!   github.com/wanghong1700/NO-DataGen-SKR, commit 05e10cc, `code_dracy`.

use super::points::{self, Points};
use super::{
    Assembled, Description, FieldSpec, Parameter, SampleFamily, Site, Step, fitting, fluxes, refuse,
};
use crate::fields::{Periodic, Place, Scratch, Stream};
use crate::sequences::Novelty;
use crate::{Csr, Grid, MatrixError};

/// Parameters of the family.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SkrReleased {
    /// Exponent of the covariance. Default 2.5.
    pub alpha: f64,
    /// Inverse length of the covariance. Default 7.
    pub tau: f64,
    /// Correlation of the fields of consecutive samples. Default 0.
    pub rho: f64,
}

impl Default for SkrReleased {
    fn default() -> Self {
        Self {
            alpha: 2.5,
            tau: 7.0,
            rho: 0.0,
        }
    }
}

const NAME: &str = "skr-released";

impl SkrReleased {
    /// The family with s × s unknowns, `grid` being s × s.
    ///
    /// # Errors
    /// [`MatrixError::Parameter`] for an α that is not above 1, ρ outside of 0 to 1, and grids that are
    /// not square with at least 4 points a side.
    pub fn on(self, grid: Grid) -> Result<SkrReleasedFamily, MatrixError> {
        points::gaussian(NAME, grid, [self.alpha, self.tau, self.rho])?;
        let points = Points::new(NAME, grid, Place::Cells)?;
        if grid.nz > 1 || grid.nx != grid.ny || grid.nx < 4 {
            let problem = format!(
                "{} x {} points must be a square, 4 a side",
                grid.nx, grid.ny
            );
            return refuse(NAME, problem);
        }
        let around = Grid::new(grid.nx + 2, grid.ny + 2, 1);
        Ok(SkrReleasedFamily {
            parameters: self,
            points,
            around,
            field: Periodic::new(around, self.alpha, self.tau),
            pattern: fluxes::pattern(grid)?,
        })
    }
}

/// [`SkrReleased`] on a grid.
pub struct SkrReleasedFamily {
    parameters: SkrReleased,
    points: Points,
    /// S × S.
    around: Grid,
    field: Periodic,
    pattern: Csr<f64>,
}

impl SampleFamily<f64> for SkrReleasedFamily {
    fn describe(&self) -> Description {
        let SkrReleased { alpha, tau, rho } = self.parameters;
        let s = self.points.grid.nx;
        let field = |name, side| FieldSpec {
            name,
            shape: vec![side, side],
            site: Site::Nodes,
        };
        Description {
            name: NAME,
            equation: "4 w_p u_p - w_(p-1) u_(p-1) - w_(p+1) u_(p+1) - w_(p+s) u_(p+s) \
                       - w_(p-s-2) u_(p-s) = h^2, w = exp(g), g a periodic Gaussian field: rebuilt from \
                       released code with its mistakes, FOR COMPARISON ONLY; this is not Darcy flow"
                .into(),
            boundary: "u = 0".into(),
            source: "Wang et al., ICLR 2024, released code (commit 05e10cc)",
            grid: vec![s, s],
            unknowns: self.points.grid,
            components: 1,
            inputs: vec![field("w", s + 2)],
            outputs: vec![field("u", s)],
            parameters: vec![
                ("alpha", Parameter::Number(alpha)),
                ("tau", Parameter::Number(tau)),
                ("rho", Parameter::Number(rho)),
            ],
            symmetric: false,
            definite: false,
            constant_matrix: false,
            steps: 1,
        }
    }

    fn draw(
        &self,
        seed: u64,
        index: u64,
        scratch: &mut Scratch,
        inputs: &mut [Vec<f64>],
    ) -> Result<(), MatrixError> {
        fitting("w", inputs, [self.around.nx * self.around.ny])?;
        let stream = Stream::new(seed, 0).correlated(self.parameters.rho);
        self.field.draw(&stream, index, scratch, &mut inputs[0]);
        inputs[0].iter_mut().for_each(|g| *g = g.exp());
        Ok(())
    }

    fn assemble(
        &self,
        inputs: &[Vec<f64>],
        _: Step<'_, f64>,
        out: &mut Assembled<f64>,
    ) -> Result<(), MatrixError> {
        fitting("w", inputs, [self.around.nx * self.around.ny])?;
        let (s, w) = (self.points.grid.nx, &inputs[0]);
        if !out.ready(&self.pattern, Novelty::Values) {
            let h = 1.0 / (s - 1) as f64;
            out.b.fill(h * h);
        }
        // of unknown p, and of the point above it
        let own = |p: usize| w[(p / s + 1) * (s + 2) + p % s + 1];
        let above = |p: usize| w[p / s * (s + 2) + p % s + 1];
        let (row_ptr, columns, values) = out.a.pattern_and_values_mut();
        for p in 0..s * s {
            for at in row_ptr[p] as usize..row_ptr[p + 1] as usize {
                let q = columns[at] as usize;
                values[at] = match q {
                    _ if q == p => 4.0 * own(p),
                    _ if q + s == p => -above(p - 2),
                    _ => -own(q),
                };
            }
        }
        Ok(())
    }

    fn outputs(
        &self,
        x: &[f64],
        _: usize,
        _: &[Vec<f64>],
        out: &mut [Vec<f64>],
    ) -> Result<(), MatrixError> {
        fitting("u", out, [self.points.len()])?;
        self.points.put(x, &mut out[0])
    }

    fn unknowns(&self, outputs: &[Vec<f64>], _: usize, x: &mut [f64]) -> Result<(), MatrixError> {
        fitting("u", outputs, [self.points.len()])?;
        self.points.take(&outputs[0], x)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Built as the code builds it: five arrays cut to the length of their diagonals.
    fn diagonals(coef: &[Vec<f64>]) -> Vec<Vec<f64>> {
        let s = coef.len() - 2;
        let n = s * s;
        let inner = |di: usize, dj: usize| -> Vec<f64> {
            let rows = (0..s).flat_map(|i| (0..s).map(move |j| (i, j)));
            rows.map(|(i, j)| coef[i + di][j + dj]).collect()
        };
        let mut right = inner(1, 2);
        let mut left = inner(1, 0);
        (0..s).for_each(|i| right[i * s + s - 1] = 0.0);
        (0..s).for_each(|i| left[i * s] = 0.0);
        let mut a = vec![vec![0.0; n]; n];
        for k in 0..n {
            a[k][k] = 4.0 * inner(1, 1)[k];
        }
        for k in 0..n - 1 {
            a[k + 1][k] = -left[1..][k];
            a[k][k + 1] = -right[k];
        }
        for k in 0..n - s {
            a[k + s][k] = -inner(0, 1)[s - 2..][k];
            a[k][k + s] = -inner(2, 1)[k];
        }
        a
    }

    #[test]
    fn entries_are_those_of_the_released_code_and_not_those_of_darcy_flow() {
        let family = SkrReleased::default().on(Grid::new(6, 6, 1)).unwrap();
        let (mut inputs, mut out) = (family.describe().new_inputs(), Assembled::default());
        family
            .draw(5, 0, &mut Scratch::default(), &mut inputs)
            .unwrap();
        family.assemble(&inputs, Step::default(), &mut out).unwrap();
        let rows: Vec<Vec<f64>> = inputs[0].chunks(8).map(<[f64]>::to_vec).collect();
        let dense = diagonals(&rows);
        for (i, row) in dense.iter().enumerate() {
            for (j, &entry) in row.iter().enumerate() {
                assert_eq!(out.a.view().get(i, j), entry, "{i} {j}");
            }
        }
        assert_eq!(out.b[0], 0.2 * 0.2);
        // what a check of symmetry and one of conservation would have said
        let asymmetric = (0..36).flat_map(|i| (0..36).map(move |j| (i, j)));
        let asymmetric = asymmetric
            .filter(|&(i, j)| dense[i][j] != dense[j][i])
            .count();
        assert!(asymmetric > 36);
        let inside = 2 * 6 + 2;
        assert!(dense[inside].iter().sum::<f64>().abs() > 1e-3);
    }
}
