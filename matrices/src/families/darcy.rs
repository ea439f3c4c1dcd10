//! Flow through a medium of two kinds of rock: −∇·(a∇u) = 1 on the unit square or cube, u = 0 on the
//! boundary.
//!
//! a is `high` where a Gaussian field is not negative and `low` elsewhere, the field being that of
//! [`Neumann`] with α and τ. Of the Darcy data of the Fourier neural operator, whose paper has 3 and 12
//! (the released script 4 and 12).
//!
//! Cells: nx × ny of them, a and u at their centres, the flux between two with the mean ā of theirs,
//! half a cell to the boundary:
//!   Σ_d w_d Σ_faces ā (u − u′) = h_x²,   w_d = (h_x/h_d)²,   h_d = 1/n_d
//! Nodes: a and u at nx × ny nodes, those on the boundary included, where u = 0; h_d = 1/(n_d − 1), the
//! same equation at each node inside. With the arithmetic mean that is the scheme of the released script
//! (which draws the field at cells and interpolates a; here it is drawn at the nodes, so that a has two
//! values there).
//! - Z. Li et al., Fourier neural operator for parametric partial differential equations, ICLR 2021,
//!   arXiv:2010.08895.

use super::describe::shape;
use super::points::{self, Points};
use super::{
    Assembled, Description, Mean, Parameter, SampleFamily, Step, diffusion, fitting, fluxes,
    positive,
};
use crate::fields::{Neumann, Place, Scratch, Stream};
use crate::sequences::Novelty;
use crate::{Csr, Grid, MatrixError};

/// Parameters of the family.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Darcy {
    /// a where the field is negative. Default 3.
    pub low: f64,
    /// a elsewhere. Default 12.
    pub high: f64,
    /// Exponent of the covariance. Default 2.
    pub alpha: f64,
    /// Inverse length of the covariance. Default 3.
    pub tau: f64,
    /// Correlation of the fields of consecutive samples. Default 0.
    pub rho: f64,
    /// Where values sit. Default cells.
    pub place: Place,
    /// Mean of a at a face. Default harmonic.
    pub mean: Mean,
}

impl Default for Darcy {
    fn default() -> Self {
        Self {
            low: 3.0,
            high: 12.0,
            alpha: 2.0,
            tau: 3.0,
            rho: 0.0,
            place: Place::Cells,
            mean: Mean::Harmonic,
        }
    }
}

const NAME: &str = "darcy";

impl Darcy {
    /// The family on this many cells or nodes.
    ///
    /// # Errors
    /// [`MatrixError::Parameter`] for values that are not positive, an α that is not above half the
    /// dimension (the field would have no values at points), ρ outside of 0 to 1, and grids that are not
    /// of 2 or 3 dimensions with at least 3 points along each.
    pub fn on(self, grid: Grid) -> Result<DarcyFamily, MatrixError> {
        points::positive(NAME, &[("low", self.low), ("high", self.high)])?;
        points::gaussian(NAME, grid, [self.alpha, self.tau, self.rho])?;
        let points = Points::new(NAME, grid, self.place)?;
        Ok(DarcyFamily {
            parameters: self,
            points,
            field: Neumann::new(grid, self.place, self.alpha, self.tau),
            pattern: fluxes::pattern(points.inner)?,
        })
    }
}

/// [`Darcy`] on a grid.
pub struct DarcyFamily {
    parameters: Darcy,
    points: Points,
    field: Neumann,
    pattern: Csr<f64>,
}

impl SampleFamily<f64> for DarcyFamily {
    fn describe(&self) -> Description {
        let Darcy {
            low,
            high,
            alpha,
            tau,
            rho,
            place,
            mean,
        } = self.parameters;
        Description {
            name: NAME,
            equation: "-div(a grad u) = 1; a = high where a Gaussian field N(0, tau^(2 alpha - d) \
                       (-Laplacian + tau^2)^(-alpha)) with insulated sides is not negative, low elsewhere"
                .into(),
            boundary: "u = 0".into(),
            source: "Li et al., ICLR 2021 (arXiv:2010.08895)",
            grid: shape(self.points.grid),
            unknowns: self.points.inner,
            components: 1,
            inputs: vec![self.points.field("a")],
            outputs: vec![self.points.field("u")],
            parameters: vec![
                ("low", Parameter::Number(low)),
                ("high", Parameter::Number(high)),
                ("alpha", Parameter::Number(alpha)),
                ("tau", Parameter::Number(tau)),
                ("rho", Parameter::Number(rho)),
                ("values", Parameter::Word(place.name())),
                ("mean", Parameter::Word(mean.name())),
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
        let Darcy { low, high, rho, .. } = self.parameters;
        let a = &mut inputs[0];
        let stream = Stream::new(seed, 0).correlated(rho);
        self.field.draw(&stream, index, scratch, a);
        a.iter_mut()
            .for_each(|g| *g = if *g >= 0.0 { high } else { low });
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
