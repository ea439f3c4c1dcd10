//! −Δu = f on the unit square or cube, u = g on the boundary, f and g random; one matrix for all samples.
//!
//! At the nodes of a grid, five or seven points, h_d = 1/(n_d − 1), multiplied by h_x²:
//!   Σ_d w_d (2u − u₋ − u₊) = h_x² f,   w_d = (h_x/h_d)²,   g going to the right-hand side.
//! f is σ times a Gaussian field of mean 0 and variance 1 with insulated sides, g a random polynomial of
//! bounded degree, `boundary` Σ c_i T_i with c_i uniform in (−1, 1) ([`Chebyshev`]).

use super::describe::shape;
use super::fluxes;
use super::points::{self, Points};
use super::{Assembled, Description, Parameter, SampleFamily, Step, fitting, refuse};
use crate::fields::{Chebyshev, Gaussian, Place, Scratch, Sides, Stream};
use crate::sequences::Novelty;
use crate::{Csr, Grid, MatrixError};

/// Parameters of the family.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Poisson {
    /// Exponent of the covariance of f. Default 2.
    pub alpha: f64,
    /// Inverse length of the covariance of f. Default 3.
    pub tau: f64,
    /// Standard deviation of f. Default 10.
    pub sigma: f64,
    /// Correlation of f in consecutive samples. Default 0.
    pub rho: f64,
    /// Largest coefficient of g; 0 for g = 0. Default 1.
    pub boundary: f64,
    /// Degree of g. Default 5.
    pub degree: usize,
}

impl Default for Poisson {
    fn default() -> Self {
        Self {
            alpha: 2.0,
            tau: 3.0,
            sigma: 10.0,
            rho: 0.0,
            boundary: 1.0,
            degree: 5,
        }
    }
}

const NAME: &str = "poisson";

impl Poisson {
    /// The family at this many nodes, the boundary included.
    ///
    /// # Errors
    /// [`MatrixError::Parameter`] for σ that is not positive, a negative `boundary`, a degree above 20,
    /// an α that is not above half the dimension, ρ outside of 0 to 1, and grids that are not of 2 or 3
    /// dimensions with at least 3 nodes along each.
    pub fn on(self, grid: Grid) -> Result<PoissonFamily, MatrixError> {
        points::gaussian(NAME, grid, [self.alpha, self.tau, self.rho])?;
        points::positive(NAME, &[("sigma", self.sigma)])?;
        if !(self.boundary >= 0.0 && self.boundary.is_finite()) {
            return refuse(
                NAME,
                format!("boundary = {} must not be negative", self.boundary),
            );
        }
        if self.degree > 20 {
            return refuse(NAME, format!("degree = {} must be at most 20", self.degree));
        }
        let points = Points::new(NAME, grid, Place::Nodes)?;
        let mut a = fluxes::pattern(points.inner)?;
        let weights = [0, 1, 2].map(|d| points.weight(d));
        let inner = |face: fluxes::Face, _| (weights[face.d], -weights[face.d]);
        fluxes::write(
            points.inner,
            a.values_mut(),
            inner,
            |face| weights[face.d],
            |_| 0.0,
        );
        let field = Gaussian::new(Sides::Insulated, grid, Place::Nodes, self.alpha, self.tau);
        let (dims, dimension) = (grid.dims(), grid.dimension());
        let on_side = |row: &usize| {
            let at = grid.at(*row);
            (0..dimension).any(|d| at[d] == 0 || at[d] + 1 == dims[d])
        };
        Ok(PoissonFamily {
            parameters: self,
            points,
            field: field.with_deviation(self.sigma),
            series: Chebyshev {
                dimension,
                degree: self.degree,
            },
            side: (0..points.len()).filter(on_side).collect(),
            a,
        })
    }
}

/// [`Poisson`] on a grid.
pub struct PoissonFamily {
    parameters: Poisson,
    points: Points,
    field: Gaussian,
    series: Chebyshev,
    /// Nodes on the boundary.
    side: Vec<usize>,
    a: Csr<f64>,
}

impl SampleFamily<f64> for PoissonFamily {
    fn describe(&self) -> Description {
        let p = self.parameters;
        Description {
            name: NAME,
            equation:
                "-Laplacian(u) = f; f sigma times a Gaussian field of the covariance (-Laplacian + \
                       tau^2)^(-alpha), scaled to variance 1"
                    .into(),
            boundary:
                "u = g, g a random polynomial (Chebyshev series of the coordinates, coefficients \
                       uniform within +-boundary), stored on the boundary, 0 inside"
                    .into(),
            source: super::OURS,
            grid: shape(self.points.grid),
            unknowns: self.points.inner,
            components: 1,
            inputs: vec![self.points.field("f"), self.points.field("g")],
            outputs: vec![self.points.field("u")],
            parameters: vec![
                ("alpha", Parameter::Number(p.alpha)),
                ("tau", Parameter::Number(p.tau)),
                ("sigma", Parameter::Number(p.sigma)),
                ("rho", Parameter::Number(p.rho)),
                ("boundary", Parameter::Number(p.boundary)),
                ("degree", Parameter::Count(p.degree)),
            ],
            symmetric: true,
            definite: true,
            constant_matrix: true,
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
        fitting("f and g", inputs, [self.points.len(); 2])?;
        let p = self.parameters;
        let stream = Stream::new(seed, 0).correlated(p.rho);
        self.field.draw(&stream, index, scratch, &mut inputs[0]);
        let mut c = [0.0; 1771]; // of degree 20 in 3 dimensions
        let c = &mut c[..self.series.len()];
        self.series.draw(&Stream::new(seed, 1), index, c);
        inputs[1].fill(0.0);
        for &at in &self.side {
            let x = self.points.coordinates(at);
            inputs[1][at] = p.boundary * self.series.value(c, x, scratch);
        }
        Ok(())
    }

    fn assemble(
        &self,
        inputs: &[Vec<f64>],
        _: Step<'_, f64>,
        out: &mut Assembled<f64>,
    ) -> Result<(), MatrixError> {
        fitting("f and g", inputs, [self.points.len(); 2])?;
        out.ready(&self.a, Novelty::Rhs);
        let points = &self.points;
        let (dims, strides) = (points.inner.dims(), points.strides());
        let (f, g) = (&inputs[0], &inputs[1]);
        for (row, b) in out.b.iter_mut().enumerate() {
            let at = points.inner.at(row);
            let here = points.stored(at);
            *b = points.h[0].powi(2) * f[here]; // h_x² f
            for d in 0..points.grid.dimension() {
                if at[d] == 0 {
                    *b += points.weight(d) * g[here - strides[d]];
                }
                if at[d] + 1 == dims[d] {
                    *b += points.weight(d) * g[here + strides[d]];
                }
            }
        }
        Ok(())
    }

    fn outputs(
        &self,
        x: &[f64],
        _: usize,
        inputs: &[Vec<f64>],
        out: &mut [Vec<f64>],
    ) -> Result<(), MatrixError> {
        fitting("u", out, [self.points.len()])?;
        fitting("f and g", inputs, [self.points.len(); 2])?;
        out[0].copy_from_slice(&inputs[1]); // on the boundary
        self.points.put(x, &mut out[0])
    }

    fn unknowns(&self, outputs: &[Vec<f64>], _: usize, x: &mut [f64]) -> Result<(), MatrixError> {
        fitting("u", outputs, [self.points.len()])?;
        self.points.take(&outputs[0], x)
    }
}
