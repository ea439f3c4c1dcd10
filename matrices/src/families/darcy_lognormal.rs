//! Flow through a lognormal medium: −∇·(a∇u) = 1 on the unit square or cube, u = 0 on the boundary.
//!
//! a = exp(σ g), g Gaussian of mean 0 and variance 1 (averaged over the domain), with insulated sides
//! ([`crate::fields::Neumann`]) or periodic ([`crate::fields::Periodic`]). Discretised as
//! [`Darcy`](super::Darcy).

use super::describe::shape;
use super::points::{self, Points};
use super::{
    Assembled, Description, Mean, Parameter, SampleFamily, Step, diffusion, fitting, fluxes,
    positive, refuse,
};
use crate::fields::{Gaussian, Place, Scratch, Sides, Stream};
use crate::sequences::Novelty;
use crate::{Csr, Grid, MatrixError};

/// Parameters of the family.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DarcyLognormal {
    /// Exponent of the covariance. Default 2.
    pub alpha: f64,
    /// Inverse length of the covariance. Default 3.
    pub tau: f64,
    /// Standard deviation of ln a. Default 1.
    pub sigma: f64,
    /// Correlation of the fields of consecutive samples. Default 0.
    pub rho: f64,
    /// Of the field. Default insulated.
    pub sides: Sides,
    /// Where values sit. Default cells.
    pub place: Place,
    /// Mean of a at a face. Default harmonic.
    pub mean: Mean,
}

impl Default for DarcyLognormal {
    fn default() -> Self {
        Self {
            alpha: 2.0,
            tau: 3.0,
            sigma: 1.0,
            rho: 0.0,
            sides: Sides::Insulated,
            place: Place::Cells,
            mean: Mean::Harmonic,
        }
    }
}

const NAME: &str = "darcy-lognormal";

impl DarcyLognormal {
    /// The family on this many cells or nodes.
    ///
    /// # Errors
    /// [`MatrixError::Parameter`] for σ outside of 0 to 10, 0 left out, an α that is not above half the
    /// dimension, ρ outside of 0 to 1, a periodic field at nodes, and grids that are not of 2 or 3
    /// dimensions with at least 3 points along each.
    pub fn on(self, grid: Grid) -> Result<DarcyLognormalFamily, MatrixError> {
        points::gaussian(NAME, grid, [self.alpha, self.tau, self.rho])?;
        points::deviation(NAME, self.sigma)?;
        if (self.sides, self.place) == (Sides::Periodic, Place::Nodes) {
            return refuse(NAME, "a periodic field needs values=cells".into());
        }
        let points = Points::new(NAME, grid, self.place)?;
        let field = Gaussian::new(self.sides, grid, self.place, self.alpha, self.tau);
        Ok(DarcyLognormalFamily {
            parameters: self,
            points,
            field: field.with_deviation(self.sigma),
            pattern: fluxes::pattern(points.inner)?,
        })
    }
}

/// [`DarcyLognormal`] on a grid.
pub struct DarcyLognormalFamily {
    parameters: DarcyLognormal,
    points: Points,
    field: Gaussian,
    pattern: Csr<f64>,
}

impl SampleFamily<f64> for DarcyLognormalFamily {
    fn describe(&self) -> Description {
        let p = self.parameters;
        Description {
            name: NAME,
            equation: "-div(a grad u) = 1; a = exp(sigma g), g a Gaussian field of the covariance \
                       (-Laplacian + tau^2)^(-alpha), scaled to variance 1"
                .into(),
            boundary: "u = 0".into(),
            source: super::OURS,
            grid: shape(self.points.grid),
            unknowns: self.points.inner,
            components: 1,
            inputs: vec![self.points.field("a")],
            outputs: vec![self.points.field("u")],
            parameters: vec![
                ("alpha", Parameter::Number(p.alpha)),
                ("tau", Parameter::Number(p.tau)),
                ("sigma", Parameter::Number(p.sigma)),
                ("rho", Parameter::Number(p.rho)),
                ("sides", Parameter::Word(p.sides.name())),
                ("values", Parameter::Word(p.place.name())),
                ("mean", Parameter::Word(p.mean.name())),
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
        fitting("a", inputs, [self.points.len()])?;
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
        fitting("a", inputs, [self.points.len()])?;
        positive(NAME, "a", &inputs[0])?;
        if !out.ready(&self.pattern, Novelty::Values) {
            out.b.fill(self.points.h[0].powi(2)); // h_x²
        }
        let values = out.a.values_mut();
        diffusion::write(
            &self.points,
            self.parameters.mean,
            &inputs[0],
            |_| 0.0,
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
        out[0].fill(0.0); // on the boundary
        self.points.put(x, &mut out[0])
    }

    fn unknowns(&self, outputs: &[Vec<f64>], _: usize, x: &mut [f64]) -> Result<(), MatrixError> {
        fitting("u", outputs, [self.points.len()])?;
        self.points.take(&outputs[0], x)
    }
}
