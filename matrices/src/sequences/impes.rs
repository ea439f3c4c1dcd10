//! Water drives oil from one corner to the other (the quarter of a five-spot): −∇·(K λ(S)∇p) = q,
//! Sₜ + ∇·(f(S) v) = q, v = −K λ(S)∇p, on the unit square, closed all round; IMPES.
//!
//! nx × nx cells, h = 1/nx, unit porosity, λ(S) = S² + (1 − S)²/`ratio`, f = S²/λ, the transmissibility T of
//! a face the harmonic mean of Kλ of its cells. System t is that of the pressure at S = Sₜ:
//!   Σ T (p − p′) = 1 at the injector, 0 elsewhere;  Kλ p added at the producer
//! Its solution carries the saturation on by `dt`, explicitly and upwind, in as many steps as are
//! stable: S ← S + δ/h² (1 at the injector − Σ f(S of where it comes from) T (p − p′)). ln K is Gaussian
//! with standard deviation `sigma`, correlated over 0.1, drawn with the seed. The
//! time is in pore volumes. The context is the mean of S. Each solve is meant to begin at the solution before.
//!
//! - K. Aziz, A. Settari, Petroleum Reservoir Simulation, Applied Science Publishers, 1979, ch. 5.

use super::{Family, Instance, Novelty, carried, five_point, noise, turn, write_fluxes};
use crate::{Csr, MatrixError};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// Parameters of the sequence.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Impes {
    /// Cells a side; nx² unknowns. Default 64.
    pub nx: usize,
    /// Time steps. Default 500.
    pub systems: usize,
    /// Viscosity of the oil over that of the water. Default 10.
    pub ratio: f64,
    /// Standard deviation of ln K; 0 for a uniform K. Default 1.
    pub sigma: f64,
    /// Pore volumes injected between two systems. Default 2·10⁻³.
    pub dt: f64,
}

impl Default for Impes {
    fn default() -> Self {
        Self {
            nx: 64,
            systems: 500,
            ratio: 10.0,
            sigma: 1.0,
            dt: 2e-3,
        }
    }
}

const NAME: &str = "impes";
/// Most steps of the saturation between two systems.
const MOST_STEPS: f64 = 1e5;

impl Impes {
    /// The sequence that belongs to a seed.
    ///
    /// # Errors
    /// [`MatrixError::Parameter`] for nx outside of 2 to 4096, σ outside of 0 to 10, a ratio or time
    /// step that is not positive and finite.
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
        for (key, value) in [("ratio", self.ratio), ("dt", self.dt)] {
            if !(value > 0.0 && value.is_finite()) {
                return wrong(format!("{key} = {value} must be positive"));
            }
        }
        if !(0.0..=10.0).contains(&self.sigma) {
            return wrong(format!("sigma = {} must be from 0 to 10", self.sigma));
        }
        let (pattern, _) = five_point(self.nx)?;
        let n = self.nx * self.nx;
        let mut running = Running {
            parameters: self,
            pattern,
            permeability: vec![0.0; n],
            saturation: vec![0.0; n],
            conductivity: vec![0.0; n],
            change: vec![0.0; n],
            steepest: 0.0,
            made: 0,
        };
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let kernel = noise::kernel(self.nx, 0.1);
        let (k, scratch) = (&mut running.permeability, &mut running.change);
        noise::draw(self.nx, &kernel, &mut rng, k, scratch);
        k.iter_mut().for_each(|k| *k = (self.sigma * *k).exp());
        let grid = (0..=1000).map(|i| running.fraction(f64::from(i) * 1e-3));
        let grid: Vec<f64> = grid.collect();
        let slopes = grid.windows(2).map(|pair| (pair[1] - pair[0]) * 1e3);
        running.steepest = slopes.fold(1.0, f64::max);
        Ok(Box::new(running))
    }
}

struct Running {
    parameters: Impes,
    pattern: Csr<f64>,
    /// K.
    permeability: Vec<f64>,
    /// S at the last system made.
    saturation: Vec<f64>,
    /// Kλ(S) there.
    conductivity: Vec<f64>,
    change: Vec<f64>,
    /// The largest slope of f.
    steepest: f64,
    /// Systems made.
    made: usize,
}

impl Running {
    /// λ(S).
    fn mobility(&self, s: f64) -> f64 {
        s * s + (1.0 - s) * (1.0 - s) / self.parameters.ratio
    }

    /// f(S).
    fn fraction(&self, s: f64) -> f64 {
        s * s / self.mobility(s)
    }

    /// Kλ(S) in all cells.
    fn conduct(&mut self) {
        for i in 0..self.saturation.len() {
            self.conductivity[i] = self.permeability[i] * self.mobility(self.saturation[i]);
        }
    }

    /// T of the face between two cells.
    fn link(&self, i: usize, j: usize) -> f64 {
        let (a, b) = (self.conductivity[i], self.conductivity[j]);
        2.0 * a * b / (a + b)
    }

    /// Carries S on by dt with the pressure p.
    fn advance(&mut self, p: &[f64]) {
        let Impes { nx, dt, .. } = self.parameters;
        let (n, volume) = (nx * nx, 1.0 / (nx * nx) as f64);
        let mut faces = Vec::with_capacity(2 * n);
        let mut leaving = vec![0.0; n];
        for i in 0..n {
            let neighbours = [(i % nx + 1 < nx, i + 1), (i / nx + 1 < nx, i + nx)];
            for (_, j) in neighbours.into_iter().filter(|(inside, _)| *inside) {
                let flux = self.link(i, j) * (p[i] - p[j]);
                let (from, to, flux) = if flux < 0.0 {
                    (j, i, -flux)
                } else {
                    (i, j, flux)
                };
                leaving[from] += flux;
                faces.push((from, to, flux));
            }
        }
        let produced = (self.conductivity[n - 1] * p[n - 1]).max(0.0);
        leaving[n - 1] += produced;
        let most = leaving.iter().fold(0.0, |a: f64, &b| a.max(b)).max(1.0);
        let steps = (dt * most * self.steepest / volume)
            .ceil()
            .clamp(1.0, MOST_STEPS);
        let rate = dt / steps / volume;
        for _ in 0..steps as usize {
            self.change.fill(0.0);
            self.change[0] = 1.0;
            self.change[n - 1] = -self.fraction(self.saturation[n - 1]) * produced;
            for &(from, to, flux) in &faces {
                let water = self.fraction(self.saturation[from]) * flux;
                self.change[from] -= water;
                self.change[to] += water;
            }
            for (s, change) in self.saturation.iter_mut().zip(&self.change) {
                *s = (*s + rate * change).clamp(0.0, 1.0);
            }
        }
    }
}

impl Family for Running {
    fn name(&self) -> String {
        let Impes {
            nx,
            systems,
            ratio,
            sigma,
            dt,
        } = self.parameters;
        format!("{NAME}:nx={nx},systems={systems},ratio={ratio:e},sigma={sigma},dt={dt:e}")
    }

    fn len(&self) -> usize {
        self.parameters.systems
    }

    fn continues(&self) -> bool {
        true
    }

    fn next(&mut self, index: usize, p: &[f64], out: &mut Instance) -> Result<(), MatrixError> {
        let nx = self.parameters.nx;
        let n = nx * nx;
        if index == 0 {
            self.saturation.fill(0.0);
        } else if turn(NAME, self.made, index)? {
            carried("the solution before", n, p.len())?;
            self.conduct();
            self.advance(p);
        }
        self.made = index + 1;
        out.novelty = Novelty::Values;
        if out.a.nrows() != n {
            out.a = self.pattern.clone();
            out.b = vec![0.0; n];
            out.b[0] = 1.0;
            out.context = vec![0.0];
            out.novelty = Novelty::Pattern;
        }
        out.context[0] = self.saturation.iter().sum::<f64>() / n as f64;
        self.conduct();
        write_fluxes(
            &mut out.a,
            |i, j| self.link(i, j),
            |i| {
                if i + 1 == n {
                    self.conductivity[i]
                } else {
                    0.0
                }
            },
        );
        Ok(())
    }

    fn save(&self) -> Vec<f64> {
        let made = [self.made as f64];
        made.iter().chain(&self.saturation).copied().collect()
    }

    fn restore(&mut self, _: usize, state: &[f64]) -> Result<(), MatrixError> {
        carried("what was saved", self.saturation.len() + 1, state.len())?;
        self.made = state[0] as usize;
        self.saturation.copy_from_slice(&state[1..]);
        Ok(())
    }
}
