//! Steady reaction and diffusion: −∇·(d∇u) + r u = f on the unit square or cube, no flux through the
//! boundary, r > 0 and f random.
//!
//! n_d cells along each dimension, values at their centres, multiplied by h_x²:
//!   Σ_d w_d Σ_faces d (u − u′) + h_x² r u = h_x² f,   w_d = (h_x/h_d)²
//! r = `reaction` exp(σ g) and f = g′, g and g′ Gaussian of variance 1 and of one covariance. The rows
//! add up to h_x² r: what is produced is consumed, Σ r u = Σ f.

use super::describe::shape;
use super::points::{self, Points};
use super::{Assembled, Description, Parameter, SampleFamily, Step, fitting, fluxes};
use crate::fields::{Gaussian, Place, Scratch, Sides, Stream};
use crate::sequences::Novelty;
use crate::{Csr, Grid, MatrixError};

/// Parameters of the family.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ReactionDiffusion {
    /// d. Default 0.01.
    pub diffusion: f64,
    /// Median of r. Default 1.
    pub reaction: f64,
    /// Standard deviation of ln r. Default 1.
    pub sigma: f64,
    /// Exponent of the covariances. Default 2.
    pub alpha: f64,
    /// Inverse length of the covariances. Default 3.
    pub tau: f64,
    /// Correlation of the fields of consecutive samples. Default 0.
    pub rho: f64,
}

impl Default for ReactionDiffusion {
    fn default() -> Self {
        Self {
            diffusion: 0.01,
            reaction: 1.0,
            sigma: 1.0,
            alpha: 2.0,
            tau: 3.0,
            rho: 0.0,
        }
    }
}

const NAME: &str = "reaction-diffusion";

impl ReactionDiffusion {
    /// The family on this many cells.
    ///
    /// # Errors
    /// [`MatrixError::Parameter`] for d and r that are not positive, σ outside of 0 to 10, an α that is
    /// not above half the dimension, ρ outside of 0 to 1, and grids that are not of 2 or 3 dimensions
    /// with at least 3 cells along each.
    pub fn on(self, grid: Grid) -> Result<ReactionDiffusionFamily, MatrixError> {
        points::gaussian(NAME, grid, [self.alpha, self.tau, self.rho])?;
        points::positive(
            NAME,
            &[("diffusion", self.diffusion), ("reaction", self.reaction)],
        )?;
        points::deviation(NAME, self.sigma)?;
        let points = Points::new(NAME, grid, Place::Cells)?;
        let field = Gaussian::new(Sides::Insulated, grid, Place::Cells, self.alpha, self.tau);
        Ok(ReactionDiffusionFamily {
            parameters: self,
            points,
            field: field.with_deviation(1.0),
            pattern: fluxes::pattern(points.inner)?,
        })
    }
}

/// [`ReactionDiffusion`] on a grid.
pub struct ReactionDiffusionFamily {
    parameters: ReactionDiffusion,
    points: Points,
    field: Gaussian,
    pattern: Csr<f64>,
}

impl SampleFamily<f64> for ReactionDiffusionFamily {
    fn describe(&self) -> Description {
        let p = self.parameters;
        Description {
            name: NAME,
            equation: "-div(d grad u) + r u = f, steady; r = reaction exp(sigma g), f = g', g and g' \
                       independent Gaussian fields of the covariance (-Laplacian + tau^2)^(-alpha), scaled \
                       to variance 1"
                .into(),
            boundary: "du/dn = 0".into(),
            source: super::OURS,
            grid: shape(self.points.grid),
            unknowns: self.points.inner,
            components: 1,
            inputs: vec![self.points.field("r"), self.points.field("f")],
            outputs: vec![self.points.field("u")],
            parameters: vec![
                ("diffusion", Parameter::Number(p.diffusion)),
                ("reaction", Parameter::Number(p.reaction)),
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
        fitting("r and f", inputs, [self.points.len(); 2])?;
        let p = self.parameters;
        for (field, values) in inputs.iter_mut().enumerate() {
            let stream = Stream::new(seed, field as u64).correlated(p.rho);
            self.field.draw(&stream, index, scratch, values);
        }
        let r = &mut inputs[0];
        r.iter_mut()
            .for_each(|g| *g = p.reaction * (p.sigma * *g).exp());
        Ok(())
    }

    fn assemble(
        &self,
        inputs: &[Vec<f64>],
        _: Step<'_, f64>,
        out: &mut Assembled<f64>,
    ) -> Result<(), MatrixError> {
        fitting("r and f", inputs, [self.points.len(); 2])?;
        out.ready(&self.pattern, Novelty::Values);
        let area = self.points.h[0].powi(2); // h_x²
        let d = [0, 1, 2].map(|d| self.parameters.diffusion * self.points.weight(d));
        let (r, f) = (&inputs[0], &inputs[1]);
        let values = out.a.values_mut();
        let inner = |face: fluxes::Face, _| (d[face.d], -d[face.d]);
        fluxes::write(self.points.inner, values, inner, |_| 0.0, |p| area * r[p]);
        out.b.iter_mut().zip(f).for_each(|(b, f)| *b = area * f);
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
