//! Flow through a random medium: −∇·(κₜ∇p) = 1 on the unit square, zero on the boundary, another κₜ for
//! each system.
//!
//! nx × nx cells, h = 1/nx, the flux between two cells with the harmonic mean κ̄ of theirs, half a cell
//! to the boundary:
//!   Σ κ̄ (p − p′) = h²   for each cell
//! κₜ = exp(σ gₜ), gₜ Gaussian of mean 0 and variance 1, periodic, nearly of the covariance
//! exp(−|x − y|²/`length`²), drawn anew for each t. The context is mean and standard deviation of ln κₜ
//! over the cells. Solves begin at zero.

use super::{Family, Instance, Novelty, five_point, noise, write_fluxes};
use crate::{Csr, MatrixError};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// Parameters of the sequence.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DarcyGauss {
    /// Cells a side; nx² unknowns. Default 64.
    pub nx: usize,
    /// Fields. Default 1000.
    pub systems: usize,
    /// Standard deviation of ln κ. Default 1.5.
    pub sigma: f64,
    /// How far κ is correlated. Default 0.1.
    pub length: f64,
}

impl Default for DarcyGauss {
    fn default() -> Self {
        Self {
            nx: 64,
            systems: 1000,
            sigma: 1.5,
            length: 0.1,
        }
    }
}

const NAME: &str = "darcy-gauss";

impl DarcyGauss {
    /// The sequence that belongs to a seed.
    ///
    /// # Errors
    /// [`MatrixError::Parameter`] for nx outside of 2 to 4096, σ outside of 0 to 10 and a length
    /// outside of 0 to ¼, 0 left out.
    pub fn start(self, seed: u64) -> Result<Box<dyn Family>, MatrixError> {
        let wrong = |problem| {
            Err(MatrixError::Parameter {
                generator: NAME,
                problem,
            })
        };
        if !(2..=4096).contains(&self.nx) {
            return wrong(format!("nx = {} must be from 2 to 4096", self.nx));
        }
        for (key, value, most) in [("sigma", self.sigma, 10.0), ("length", self.length, 0.25)] {
            if !(value > 0.0 && value <= most) {
                return wrong(format!("{key} = {value} must be positive, at most {most}"));
            }
        }
        let (pattern, _) = five_point(self.nx)?;
        let n = self.nx * self.nx;
        Ok(Box::new(Running {
            kernel: noise::kernel(self.nx, self.length),
            parameters: self,
            seed,
            pattern,
            kappa: vec![0.0; n],
            scratch: vec![0.0; n],
        }))
    }
}

struct Running {
    parameters: DarcyGauss,
    seed: u64,
    pattern: Csr<f64>,
    kernel: Vec<f64>,
    kappa: Vec<f64>,
    scratch: Vec<f64>,
}

impl Family for Running {
    fn name(&self) -> String {
        let DarcyGauss {
            nx,
            systems,
            sigma,
            length,
        } = self.parameters;
        format!("{NAME}:nx={nx},systems={systems},sigma={sigma},length={length}")
    }

    fn len(&self) -> usize {
        self.parameters.systems
    }

    fn continues(&self) -> bool {
        false
    }

    fn next(&mut self, index: usize, _: &[f64], out: &mut Instance) -> Result<(), MatrixError> {
        let DarcyGauss { nx, sigma, .. } = self.parameters;
        let n = nx * nx;
        out.novelty = Novelty::Values;
        if out.a.nrows() != n {
            out.a = self.pattern.clone();
            out.b = vec![1.0 / n as f64; n]; // h²
            out.context = vec![0.0; 2];
            out.novelty = Novelty::Pattern;
        }
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        rng.set_stream(index as u64);
        let (kappa, scratch) = (&mut self.kappa, &mut self.scratch);
        noise::draw(nx, &self.kernel, &mut rng, kappa, scratch);
        kappa.iter_mut().for_each(|g| *g *= sigma);
        let mean = kappa.iter().sum::<f64>() / n as f64;
        let spread = kappa.iter().map(|g| (g - mean).powi(2)).sum::<f64>() / n as f64;
        out.context.copy_from_slice(&[mean, spread.sqrt()]);
        kappa.iter_mut().for_each(|g| *g = g.exp());
        let kappa = &self.kappa;
        let link = |i: usize, j: usize| 2.0 * kappa[i] * kappa[j] / (kappa[i] + kappa[j]);
        write_fluxes(&mut out.a, link, |i| {
            let (x, y) = (i % nx, i / nx);
            let walls = [x == 0, x + 1 == nx, y == 0, y + 1 == nx];
            let walls = walls.into_iter().filter(|wall| *wall).count();
            2.0 * kappa[i] * walls as f64 // half a cell
        });
        Ok(())
    }
}
