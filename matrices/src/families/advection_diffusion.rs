//! −εΔu + v·∇u = 1 on the unit square, u = 0 on the boundary, v the curl of a random stream function.
//!
//! nx × ny cells, u at their centres, the stream function ψ at their corners:
//!   vₙ = (ψ_end − ψ_begin)/h along each face, without divergence in every cell
//! upwind or central ([`Convection`]). ψ is Gaussian with insulated sides, scaled so that the mean of |v|²
//! over the square is 1 in the mean over samples; ε = 1/Péclet number. Nonsymmetric; with `rho` near 1 the
//! fields of consecutive samples differ by little.

use super::describe::shape;
use super::diffusion::Conductance;
use super::fluxes::Face;
use super::points::{self, Points};
use super::transport::{self, Convection};
use super::{
    Assembled, Description, FieldSpec, Mean, Parameter, SampleFamily, Site, Step, fitting, fluxes,
    refuse,
};
use crate::fields::{Neumann, Place, Scratch, Stream};
use crate::sequences::Novelty;
use crate::{Csr, Grid, MatrixError};

/// Parameters of the family.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AdvectionDiffusion {
    /// 1/ε: the Péclet number of the square. Default 100.
    pub peclet: f64,
    /// Exponent of the covariance of ψ. Default 3.
    pub alpha: f64,
    /// Inverse length of the covariance of ψ. Default 5.
    pub tau: f64,
    /// Correlation of ψ in consecutive samples. Default 0.
    pub rho: f64,
    /// Default upwind.
    pub scheme: Convection,
}

impl Default for AdvectionDiffusion {
    fn default() -> Self {
        Self {
            peclet: 100.0,
            alpha: 3.0,
            tau: 5.0,
            rho: 0.0,
            scheme: Convection::Upwind,
        }
    }
}

const NAME: &str = "advection-diffusion";

impl AdvectionDiffusion {
    /// The family on this many cells.
    ///
    /// # Errors
    /// [`MatrixError::Parameter`] for a Péclet number that is not positive, an α that is not above 2 (the
    /// velocity would have no values at points), ρ outside of 0 to 1, and grids that are not of 2
    /// dimensions with at least 3 cells along each.
    pub fn on(self, grid: Grid) -> Result<AdvectionDiffusionFamily, MatrixError> {
        points::positive(NAME, &[("peclet", self.peclet)])?;
        points::gaussian(NAME, grid, [self.alpha, self.tau, self.rho])?;
        if self.alpha <= 2.0 {
            return refuse(NAME, format!("alpha = {} must be above 2", self.alpha));
        }
        let points = Points::new(NAME, grid, Place::Cells)?;
        if grid.nz > 1 {
            return refuse(
                NAME,
                "a stream function is of the plane: give the grid NXxNY".into(),
            );
        }
        let corners = Grid::new(grid.nx + 1, grid.ny + 1, 1);
        let field = Neumann::new(corners, Place::Nodes, self.alpha, self.tau);
        let speed = field.slope_variance().sqrt();
        Ok(AdvectionDiffusionFamily {
            parameters: self,
            points,
            field: field.scaled(1.0 / speed),
            epsilon: vec![1.0 / self.peclet; points.len()],
            pattern: fluxes::pattern(points.inner)?,
        })
    }
}

/// [`AdvectionDiffusion`] on a grid.
pub struct AdvectionDiffusionFamily {
    parameters: AdvectionDiffusion,
    points: Points,
    field: Neumann,
    epsilon: Vec<f64>,
    pattern: Csr<f64>,
}

impl AdvectionDiffusionFamily {
    fn corners(&self) -> usize {
        (self.points.grid.nx + 1) * (self.points.grid.ny + 1)
    }

    /// vₙ of a face.
    fn outflow(&self, psi: &[f64], face: Face) -> f64 {
        let up = usize::from(face.up);
        let corner = |x, y| psi[x + (self.points.grid.nx + 1) * y];
        let [x, y, _] = face.at;
        let along = match face.d {
            // v_x = ∂ψ/∂y, v_y = −∂ψ/∂x
            0 => (corner(x + up, y + 1) - corner(x + up, y)) / self.points.h[1],
            _ => (corner(x, y + up) - corner(x + 1, y + up)) / self.points.h[0],
        };
        if face.up { along } else { -along }
    }
}

impl SampleFamily<f64> for AdvectionDiffusionFamily {
    fn describe(&self) -> Description {
        let p = self.parameters;
        let grid = self.points.grid;
        Description {
            name: NAME,
            equation: "-eps Laplacian(u) + v.grad u = 1, eps = 1/peclet; v = (d psi/dy, -d psi/dx), psi a \
                       Gaussian field of the covariance (-Laplacian + tau^2)^(-alpha) at the corners of the \
                       cells, scaled so that |v|^2 is 1 in the mean"
                .into(),
            boundary: "u = 0".into(),
            source: super::OURS,
            grid: shape(grid),
            unknowns: grid,
            components: 1,
            inputs: vec![FieldSpec {
                name: "psi",
                shape: vec![grid.ny + 1, grid.nx + 1],
                site: Site::Nodes,
            }],
            outputs: vec![self.points.field("u")],
            parameters: vec![
                ("peclet", Parameter::Number(p.peclet)),
                ("alpha", Parameter::Number(p.alpha)),
                ("tau", Parameter::Number(p.tau)),
                ("rho", Parameter::Number(p.rho)),
                ("scheme", Parameter::Word(p.scheme.name())),
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
        fitting("psi", inputs, [self.corners()])?;
        let stream = Stream::new(seed, 0).correlated(self.parameters.rho);
        self.field.draw(&stream, index, scratch, &mut inputs[0]);
        Ok(())
    }

    fn assemble(
        &self,
        inputs: &[Vec<f64>],
        _: Step<'_, f64>,
        out: &mut Assembled<f64>,
    ) -> Result<(), MatrixError> {
        fitting("psi", inputs, [self.corners()])?;
        if !out.ready(&self.pattern, Novelty::Values) {
            out.b.fill(self.points.h[0].powi(2)); // h_x²
        }
        let points = &self.points;
        let conductance = Conductance::new(points, Mean::Arithmetic, &self.epsilon);
        let outflow = |face: Face, _| self.outflow(&inputs[0], face);
        let (scheme, values) = (self.parameters.scheme, out.a.values_mut());
        transport::write(
            points,
            conductance,
            scheme,
            outflow,
            |_| 0.0,
            |_| false,
            values,
        );
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
