//! Plane strain of an elastic plate with a random modulus: −∇·σ(u) = (0, −1) on the unit square, clamped
//! at x = 0, free elsewhere.
//!
//! σ = λ tr(ε) I + 2μ ε,  ε = ½(∇u + ∇uᵀ),  λ = Eν/((1 + ν)(1 − 2ν)),  μ = E/(2(1 + ν))
//! nx × ny bilinear elements (Q1), E constant in each, integrated exactly by 2 × 2 Gauss points; two
//! components at each of the nodes that are not clamped. E = exp(σ g), g Gaussian of variance 1. The rows
//! of unclamped nodes add up to zero (rigid translation), and A is symmetric positive definite.
//! - T. J. R. Hughes, The Finite Element Method, Prentice-Hall, 1987, chapters 3 and 4.

use super::describe::shape;
use super::points::{self, Points};
use super::{
    Assembled, Description, FieldSpec, Parameter, SampleFamily, Site, Step, fitting, length,
    positive, refuse,
};
use crate::fields::{Gaussian, Place, Scratch, Sides, Stream};
use crate::sequences::Novelty;
use crate::{Csr, Grid, MatrixError};

/// Parameters of the family.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Elasticity {
    /// Poisson's ratio ν. Default 0.3.
    pub poisson_ratio: f64,
    /// Standard deviation of ln E. Default 1.
    pub sigma: f64,
    /// Exponent of the covariance. Default 2.
    pub alpha: f64,
    /// Inverse length of the covariance. Default 3.
    pub tau: f64,
    /// Correlation of the fields of consecutive samples. Default 0.
    pub rho: f64,
}

impl Default for Elasticity {
    fn default() -> Self {
        Self {
            poisson_ratio: 0.3,
            sigma: 1.0,
            alpha: 2.0,
            tau: 3.0,
            rho: 0.0,
        }
    }
}

const NAME: &str = "elasticity";

impl Elasticity {
    /// The family on this many elements.
    ///
    /// # Errors
    /// [`MatrixError::Parameter`] for ν outside of 0 to 0.49 (beyond, these elements lock), σ outside of 0
    /// to 10, an α that is not above 1, ρ outside of 0 to 1, and grids that are not of 2 dimensions with
    /// at least 3 elements along each.
    pub fn on(self, grid: Grid) -> Result<ElasticityFamily, MatrixError> {
        points::gaussian(NAME, grid, [self.alpha, self.tau, self.rho])?;
        points::deviation(NAME, self.sigma)?;
        if !(0.0..=0.49).contains(&self.poisson_ratio) {
            let problem = format!(
                "poisson-ratio = {} must be from 0 to 0.49",
                self.poisson_ratio
            );
            return refuse(NAME, problem);
        }
        let points = Points::new(NAME, grid, Place::Cells)?;
        if grid.nz > 1 {
            return refuse(NAME, "a plate is plane: give the grid NXxNY".into());
        }
        let field = Gaussian::new(Sides::Insulated, grid, Place::Cells, self.alpha, self.tau);
        let (pattern, places) = pattern(grid)?;
        Ok(ElasticityFamily {
            parameters: self,
            points,
            field: field.with_deviation(self.sigma),
            stiffness: stiffness(self.poisson_ratio, points.h[0], points.h[1]),
            pattern,
            places,
        })
    }
}

/// [`Elasticity`] on a grid.
pub struct ElasticityFamily {
    parameters: Elasticity,
    points: Points,
    field: Gaussian,
    /// That of an element with E = 1.
    stiffness: [[f64; 8]; 8],
    pattern: Csr<f64>,
    /// Where the 64 entries of each element go; no place for those of clamped nodes.
    places: Vec<u32>,
}

/// Of what has no place.
const NOWHERE: u32 = u32::MAX;

/// The corners of an element, in order.
const CORNERS: [[usize; 2]; 4] = [[0, 0], [1, 0], [0, 1], [1, 1]];

/// The unknown of a component at node (x, y); `None` where it is clamped.
fn unknown(grid: Grid, [x, y]: [usize; 2], component: usize) -> Option<usize> {
    (x > 0).then(|| 2 * (x - 1 + grid.nx * y) + component)
}

/// The unknowns of an element, corner by corner.
fn of_element(grid: Grid, element: usize) -> [Option<usize>; 8] {
    let (x, y) = (element % grid.nx, element / grid.nx);
    std::array::from_fn(|i| {
        let [dx, dy] = CORNERS[i / 2];
        unknown(grid, [x + dx, y + dy], i % 2)
    })
}

/// The pattern, zeros for values, and where the entries of each element are in it.
fn pattern(grid: Grid) -> Result<(Csr<f64>, Vec<u32>), MatrixError> {
    let (nx, ny) = (grid.nx, grid.ny);
    let n = 2 * nx * (ny + 1);
    let mut row_ptr = vec![0u32];
    let mut columns: Vec<u32> = Vec::new();
    for row in 0..n {
        let (x, y) = (row / 2 % nx + 1, row / 2 / nx);
        for yy in y.saturating_sub(1)..=(y + 1).min(ny) {
            for xx in (x - 1).max(1)..=(x + 1).min(nx) {
                let first = 2 * (xx - 1 + nx * yy) as u32;
                columns.extend([first, first + 1]);
            }
        }
        row_ptr.push(columns.len() as u32);
    }
    let values = vec![0.0; columns.len()];
    let pattern = Csr::new(n, n, row_ptr, columns, values)?;
    let mut places = Vec::with_capacity(64 * nx * ny);
    for element in 0..nx * ny {
        let unknowns = of_element(grid, element);
        for row in unknowns {
            for column in unknowns {
                places.push(match (row, column) {
                    (Some(i), Some(j)) => {
                        let (columns, _) = pattern.view().row(i);
                        let before = columns.partition_point(|&c| (c as usize) < j);
                        (pattern.row_range(i).start + before) as u32
                    }
                    _ => NOWHERE,
                });
            }
        }
    }
    Ok((pattern, places))
}

/// The stiffness of an element of hx × hy with E = 1: ∫ BᵀDB.
fn stiffness(nu: f64, hx: f64, hy: f64) -> [[f64; 8]; 8] {
    let (lambda, mu) = (nu / ((1.0 + nu) * (1.0 - 2.0 * nu)), 0.5 / (1.0 + nu));
    let d = [
        [lambda + 2.0 * mu, lambda, 0.0],
        [lambda, lambda + 2.0 * mu, 0.0],
        [0.0, 0.0, mu],
    ];
    let mut k = [[0.0; 8]; 8];
    let gauss = [0.5 - 0.5 / 3f64.sqrt(), 0.5 + 0.5 / 3f64.sqrt()];
    for (s, t) in gauss.into_iter().flat_map(|s| gauss.map(|t| (s, t))) {
        // ε = B u: rows ε_x, ε_y, 2ε_xy
        let mut b = [[0.0; 8]; 3];
        for (corner, [x, y]) in CORNERS.into_iter().enumerate() {
            let one = |at: usize, s: f64| if at == 1 { s } else { 1.0 - s };
            let slope = |at: usize| if at == 1 { 1.0 } else { -1.0 };
            let (dx, dy) = (slope(x) * one(y, t) / hx, one(x, s) * slope(y) / hy);
            b[0][2 * corner] = dx;
            b[1][2 * corner + 1] = dy;
            b[2][2 * corner] = dy;
            b[2][2 * corner + 1] = dx;
        }
        for i in 0..8 {
            for j in 0..8 {
                for (p, q) in (0..3).flat_map(|p| (0..3).map(move |q| (p, q))) {
                    k[i][j] += 0.25 * hx * hy * b[p][i] * d[p][q] * b[q][j];
                }
            }
        }
    }
    // the same numbers on both sides of the diagonal, to the last bit
    for i in 0..8 {
        for j in 0..i {
            k[i][j] = k[j][i];
        }
    }
    k
}

impl ElasticityFamily {
    fn nodes(&self) -> usize {
        (self.points.grid.nx + 1) * (self.points.grid.ny + 1)
    }

    /// Where the components of the nodes that are not clamped are stored.
    fn stored(&self) -> impl Iterator<Item = usize> + use<> {
        let nx = self.points.grid.nx;
        (0..self.pattern.nrows()).map(move |row| {
            let (x, y) = (row / 2 % nx + 1, row / 2 / nx);
            2 * (x + (nx + 1) * y) + row % 2
        })
    }
}

impl SampleFamily<f64> for ElasticityFamily {
    fn describe(&self) -> Description {
        let p = self.parameters;
        let grid = self.points.grid;
        Description {
            name: NAME,
            equation: "-div(lambda tr(eps) I + 2 mu eps) = (0, -1), eps = (grad u + grad u^T)/2, plane \
                       strain; E = exp(sigma g), g a Gaussian field of the covariance (-Laplacian + \
                       tau^2)^(-alpha), scaled to variance 1; Q1 elements, E constant in each"
                .into(),
            boundary: "u = 0 at x = 0, no traction elsewhere".into(),
            source: super::OURS,
            grid: shape(grid),
            unknowns: Grid::new(grid.nx, grid.ny + 1, 1),
            components: 2,
            inputs: vec![self.points.field("e")],
            outputs: vec![FieldSpec {
                name: "u",
                shape: vec![grid.ny + 1, grid.nx + 1, 2],
                site: Site::Nodes,
            }],
            parameters: vec![
                ("poisson-ratio", Parameter::Number(p.poisson_ratio)),
                ("sigma", Parameter::Number(p.sigma)),
                ("alpha", Parameter::Number(p.alpha)),
                ("tau", Parameter::Number(p.tau)),
                ("rho", Parameter::Number(p.rho)),
            ],
            symmetric: true,
            definite: true,
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
        fitting("e", inputs, [self.points.len()])?;
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
        fitting("e", inputs, [self.points.len()])?;
        positive(NAME, "e", &inputs[0])?;
        if !out.ready(&self.pattern, Novelty::Values) {
            let weight = -0.25 * self.points.h[0] * self.points.h[1]; // ∫ of a corner's function
            for element in 0..self.points.len() {
                let vertical = of_element(self.points.grid, element);
                let vertical = vertical.into_iter().skip(1).step_by(2).flatten();
                vertical.for_each(|row| out.b[row] += weight);
            }
        }
        let values = out.a.values_mut();
        values.fill(0.0);
        let stiffness = self.stiffness.as_flattened();
        for (e, places) in inputs[0].iter().zip(self.places.chunks_exact(64)) {
            for (k, &place) in stiffness.iter().zip(places) {
                if place != NOWHERE {
                    values[place as usize] += e * k;
                }
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
        fitting("u", out, [2 * self.nodes()])?;
        length("x", self.pattern.nrows(), x.len())?;
        out[0].fill(0.0); // where it is clamped
        x.iter()
            .zip(self.stored())
            .for_each(|(x, at)| out[0][at] = *x);
        Ok(())
    }

    fn unknowns(&self, outputs: &[Vec<f64>], _: usize, x: &mut [f64]) -> Result<(), MatrixError> {
        fitting("u", outputs, [2 * self.nodes()])?;
        length("x", self.pattern.nrows(), x.len())?;
        x.iter_mut()
            .zip(self.stored())
            .for_each(|(x, at)| *x = outputs[0][at]);
        Ok(())
    }
}
