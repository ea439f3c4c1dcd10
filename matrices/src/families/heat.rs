//! Heat in a random medium: u_t = ∇·(κ∇u) on the unit square or cube, u = 0 on the boundary, by implicit
//! steps; a sample is a trajectory.
//!
//! κ = exp(σ g) and u₀ are random, u₀ Gaussian of variance 1. One sample makes `steps` systems, one a
//! step of length τ, of one matrix: the first step brings new values, the others a right-hand side. With
//! L the matrix of −∇·(κ∇·) as in [`Darcy`](super::Darcy) at cells,
//!   backward Euler    (I + τL) u⁺ = u
//!   Crank–Nicolson    (I + ½τL) u⁺ = (I − ½τL) u = 2u − (I + ½τL) u
//! Stored are κ, u₀, and u after each step.

use super::describe::shape;
use super::points::{self, Points};
use super::{
    Assembled, Description, FieldSpec, Mean, Parameter, SampleFamily, Site, Step, diffusion,
    fitting, fluxes, length, positive, refuse,
};
use crate::fields::{Gaussian, Place, Scratch, Sides, Stream};
use crate::sequences::Novelty;
use crate::{Csr, Grid, MatrixError};

/// How a step in time is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Scheme {
    /// Backward Euler, of first order; no step is too long for it.
    #[default]
    Euler,
    /// Crank–Nicolson, of second order; long steps let fast modes ring.
    CrankNicolson,
}

impl Scheme {
    /// As they are typed and written.
    pub const NAMES: [&str; 2] = ["euler", "crank-nicolson"];
    /// In the order of the names.
    pub const ALL: [Self; 2] = [Self::Euler, Self::CrankNicolson];

    /// `"euler"` or `"crank-nicolson"`.
    pub fn name(self) -> &'static str {
        Self::NAMES[self as usize]
    }
}

/// Parameters of the family.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Heat {
    /// Steps of a trajectory. Default 20.
    pub steps: usize,
    /// Length of a step. Default 1e-3.
    pub dt: f64,
    /// Default backward Euler.
    pub scheme: Scheme,
    /// Standard deviation of ln κ; 0 for κ = 1. Default 1.
    pub sigma: f64,
    /// Exponent of the covariances. Default 2.
    pub alpha: f64,
    /// Inverse length of the covariances. Default 3.
    pub tau: f64,
    /// Correlation of κ and u₀ in consecutive samples. Default 0.
    pub rho: f64,
}

impl Default for Heat {
    fn default() -> Self {
        Self {
            steps: 20,
            dt: 1e-3,
            scheme: Scheme::Euler,
            sigma: 1.0,
            alpha: 2.0,
            tau: 3.0,
            rho: 0.0,
        }
    }
}

const NAME: &str = "heat";

impl Heat {
    /// The family on this many cells.
    ///
    /// # Errors
    /// [`MatrixError::Parameter`] for no steps or more than 100 000, a step that is not positive, σ
    /// outside of 0 to 10, an α that is not above half the dimension, ρ outside of 0 to 1, and grids that
    /// are not of 2 or 3 dimensions with at least 3 cells along each.
    pub fn on(self, grid: Grid) -> Result<HeatFamily, MatrixError> {
        points::gaussian(NAME, grid, [self.alpha, self.tau, self.rho])?;
        points::positive(NAME, &[("dt", self.dt)])?;
        if self.sigma != 0.0 {
            points::deviation(NAME, self.sigma)?;
        }
        if !(1..=100_000).contains(&self.steps) {
            return refuse(
                NAME,
                format!("steps = {} must be from 1 to 100000", self.steps),
            );
        }
        let points = Points::new(NAME, grid, Place::Cells)?;
        let field = Gaussian::new(Sides::Insulated, grid, Place::Cells, self.alpha, self.tau);
        Ok(HeatFamily {
            parameters: self,
            points,
            field: field.with_deviation(1.0),
            pattern: fluxes::pattern(points.inner)?,
        })
    }
}

/// [`Heat`] on a grid.
pub struct HeatFamily {
    parameters: Heat,
    points: Points,
    field: Gaussian,
    pattern: Csr<f64>,
}

impl HeatFamily {
    /// Where the values of a step are stored.
    fn slab(&self, step: usize) -> std::ops::Range<usize> {
        let n = self.points.len();
        let step = step.min(self.parameters.steps - 1);
        step * n..(step + 1) * n
    }
}

impl SampleFamily<f64> for HeatFamily {
    fn describe(&self) -> Description {
        let p = self.parameters;
        let mut times = vec![p.steps];
        times.extend(shape(self.points.grid));
        Description {
            name: NAME,
            equation: "u_t = div(kappa grad u), one implicit system a step; kappa = exp(sigma g), u_0 = g', \
                       g and g' independent Gaussian fields of the covariance (-Laplacian + \
                       tau^2)^(-alpha), scaled to variance 1"
                .into(),
            boundary: "u = 0".into(),
            source: super::OURS,
            grid: shape(self.points.grid),
            unknowns: self.points.inner,
            components: 1,
            inputs: vec![self.points.field("kappa"), self.points.field("u0")],
            outputs: vec![FieldSpec {
                name: "u",
                shape: times,
                site: Site::Cells,
            }],
            parameters: vec![
                ("steps", Parameter::Count(p.steps)),
                ("dt", Parameter::Number(p.dt)),
                ("scheme", Parameter::Word(p.scheme.name())),
                ("sigma", Parameter::Number(p.sigma)),
                ("alpha", Parameter::Number(p.alpha)),
                ("tau", Parameter::Number(p.tau)),
                ("rho", Parameter::Number(p.rho)),
            ],
            symmetric: true,
            definite: true,
            constant_matrix: p.sigma == 0.0,
            steps: p.steps,
        }
    }

    fn steps(&self) -> usize {
        self.parameters.steps
    }

    fn draw(
        &self,
        seed: u64,
        index: u64,
        scratch: &mut Scratch,
        inputs: &mut [Vec<f64>],
    ) -> Result<(), MatrixError> {
        fitting("kappa and u0", inputs, [self.points.len(); 2])?;
        let p = self.parameters;
        for (field, values) in inputs.iter_mut().enumerate() {
            let stream = Stream::new(seed, field as u64).correlated(p.rho);
            self.field.draw(&stream, index, scratch, values);
        }
        let kappa = &mut inputs[0];
        kappa.iter_mut().for_each(|g| *g = (p.sigma * *g).exp());
        Ok(())
    }

    fn assemble(
        &self,
        inputs: &[Vec<f64>],
        step: Step<'_, f64>,
        out: &mut Assembled<f64>,
    ) -> Result<(), MatrixError> {
        fitting("kappa and u0", inputs, [self.points.len(); 2])?;
        positive(NAME, "kappa", &inputs[0])?;
        let p = self.parameters;
        let u = match step.index {
            0 => &inputs[1],
            _ => step.before,
        };
        length("the solution before", self.points.len(), u.len())?;
        let there = out.ready(&self.pattern, Novelty::Values);
        let same = there && (step.index > 0 || p.sigma == 0.0);
        if same {
            out.novelty = Novelty::Rhs;
        } else {
            let values = out.a.values_mut();
            diffusion::write(&self.points, Mean::Harmonic, &inputs[0], |_| 0.0, values);
            let part = match p.scheme {
                Scheme::Euler => p.dt,
                Scheme::CrankNicolson => 0.5 * p.dt,
            };
            let factor = part / self.points.h[0].powi(2);
            values.iter_mut().for_each(|v| *v *= factor);
            let (row_ptr, columns, values) = out.a.pattern_and_values_mut();
            for row in 0..row_ptr.len() - 1 {
                for at in row_ptr[row] as usize..row_ptr[row + 1] as usize {
                    values[at] += f64::from(u8::from(columns[at] as usize == row)); // I + τL
                }
            }
        }
        match p.scheme {
            Scheme::Euler => out.b.copy_from_slice(u),
            Scheme::CrankNicolson => {
                out.a.view().mul_vec(u, &mut out.b)?;
                out.b.iter_mut().zip(u).for_each(|(b, u)| *b = 2.0 * u - *b); // 2u − Au
            }
        }
        Ok(())
    }

    fn outputs(
        &self,
        x: &[f64],
        step: usize,
        _: &[Vec<f64>],
        out: &mut [Vec<f64>],
    ) -> Result<(), MatrixError> {
        fitting("u", out, [self.parameters.steps * self.points.len()])?;
        self.points.put(x, &mut out[0][self.slab(step)])
    }

    fn unknowns(
        &self,
        outputs: &[Vec<f64>],
        step: usize,
        x: &mut [f64],
    ) -> Result<(), MatrixError> {
        fitting("u", outputs, [self.parameters.steps * self.points.len()])?;
        self.points.take(&outputs[0][self.slab(step)], x)
    }
}
