//! Heat in a medium whose conductivity jumps in space and in time: uₜ = ∇·(κ(x,t)∇u) + f on the unit
//! square, zero on the boundary, backward Euler.
//!
//! nx × nx cells, h = 1/nx, the flux between two cells with the harmonic mean κ̄ of theirs, half a
//! cell to the boundary:
//!   (I + τ/h² L_κ) u⁺ = u + τ f,   κ and f at t + τ
//! κ = κ₀(t)·contrast within eight discs of radius 0.09 that circle round the centre, each at its own
//! distance and speed, and κ₀(t) elsewhere; κ₀ is 1, 0.1 or 0.01 and jumps every `hold` steps to another
//! of the three, which one depending on the seed. f is a bump of height 100 and radius ⅛ that circles
//! the other way. The context is log₁₀ κ₀. u begins at zero; each solve is meant to begin at the
//! solution before.

use super::{Family, Instance, Novelty, carried, five_point, write_fluxes};
use crate::{Csr, MatrixError};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::f64::consts::TAU;

/// Parameters of the sequence.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Heat2dJump {
    /// Cells a side. Default 100.
    pub nx: usize,
    /// Time steps. Default 1000.
    pub systems: usize,
    /// Conductivity of the discs over that of the rest. Default 10⁴.
    pub contrast: f64,
    /// τ. Default 10⁻³.
    pub dt: f64,
    /// Steps between the jumps in time. Default 20.
    pub hold: usize,
}

impl Default for Heat2dJump {
    fn default() -> Self {
        Self {
            nx: 100,
            systems: 1000,
            contrast: 1e4,
            dt: 1e-3,
            hold: 20,
        }
    }
}

const NAME: &str = "heat2d-jump";
const DISCS: usize = 8;
const LEVELS: [f64; 3] = [1.0, 0.1, 0.01];

impl Heat2dJump {
    /// The sequence that belongs to a seed.
    ///
    /// # Errors
    /// [`MatrixError::Parameter`] for nx outside of 2 to 4096, a contrast or time step that is not
    /// positive and finite, and `hold` = 0.
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
        for (key, value) in [("dt", self.dt), ("contrast", self.contrast)] {
            if !(value > 0.0 && value.is_finite()) {
                return wrong(format!("{key} = {value} must be positive"));
            }
        }
        if self.hold == 0 {
            return wrong("hold = 0 must be at least 1".into());
        }
        let (pattern, _) = five_point(self.nx)?;
        let kappa = vec![0.0; self.nx * self.nx];
        Ok(Box::new(Running {
            parameters: self,
            seed,
            pattern,
            kappa,
        }))
    }
}

struct Running {
    parameters: Heat2dJump,
    seed: u64,
    pattern: Csr<f64>,
    kappa: Vec<f64>,
}

impl Running {
    /// κ₀ of a step: never that of the steps before a jump.
    fn level(&self, index: usize) -> f64 {
        let block = (index / self.parameters.hold) as u64;
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        let mut at = 0;
        for _ in 0..=block {
            at += rng.random_range(1..LEVELS.len());
        }
        LEVELS[at % LEVELS.len()]
    }

    fn centre(&self, disc: usize, t: f64) -> [f64; 2] {
        let k = disc as f64;
        let (distance, speed) = (
            0.12 + 0.035 * k,
            if disc.is_multiple_of(2) { 1.0 } else { -0.6 },
        );
        let angle = TAU * (speed * t + k * 0.381_966);
        [0.5 + distance * angle.cos(), 0.5 + distance * angle.sin()]
    }

    /// κ in all cells.
    fn fill(&mut self, index: usize, t: f64) -> f64 {
        let Heat2dJump { nx, contrast, .. } = self.parameters;
        let level = self.level(index);
        let centres: [[f64; 2]; DISCS] = std::array::from_fn(|disc| self.centre(disc, t));
        for (i, kappa) in self.kappa.iter_mut().enumerate() {
            let x = ((i % nx) as f64 + 0.5) / nx as f64;
            let y = ((i / nx) as f64 + 0.5) / nx as f64;
            let within = |c: &[f64; 2]| (x - c[0]).powi(2) + (y - c[1]).powi(2) < 0.09 * 0.09;
            *kappa = if centres.iter().any(within) {
                level * contrast
            } else {
                level
            };
        }
        level
    }
}

impl Family for Running {
    fn name(&self) -> String {
        let Heat2dJump {
            nx,
            systems,
            contrast,
            dt,
            hold,
        } = self.parameters;
        format!("{NAME}:nx={nx},systems={systems},contrast={contrast:e},dt={dt:e},hold={hold}")
    }

    fn len(&self) -> usize {
        self.parameters.systems
    }

    fn continues(&self) -> bool {
        true
    }

    fn next(&mut self, index: usize, u: &[f64], out: &mut Instance) -> Result<(), MatrixError> {
        let Heat2dJump { nx, dt, .. } = self.parameters;
        let n = nx * nx;
        out.novelty = Novelty::Values;
        if out.a.nrows() != n {
            out.a = self.pattern.clone();
            out.b = vec![0.0; n];
            out.context = vec![0.0];
            out.novelty = Novelty::Pattern;
        }
        if index > 0 {
            carried("the solution before", n, u.len())?;
        }
        let t = (index + 1) as f64 * dt;
        let level = self.fill(index, t);
        out.context[0] = level.log10();
        let scale = dt * (nx * nx) as f64; // τ/h²
        let kappa = &self.kappa;
        // the harmonic mean, the same from both sides
        let link =
            |i: usize, j: usize| scale * (2.0 * (kappa[i] * kappa[j]) / (kappa[i] + kappa[j]));
        write_fluxes(&mut out.a, link, |i| {
            let (x, y) = (i % nx, i / nx);
            let walls = [x == 0, x + 1 == nx, y == 0, y + 1 == nx];
            let walls = walls.into_iter().filter(|wall| *wall).count();
            1.0 + walls as f64 * 2.0 * scale * kappa[i] // half a cell
        });
        let angle = -4.0 * TAU * t;
        let (cx, cy) = (0.5 + 0.3 * angle.cos(), 0.5 + 0.3 * angle.sin());
        for (i, b) in out.b.iter_mut().enumerate() {
            let x = ((i % nx) as f64 + 0.5) / nx as f64 - cx;
            let y = ((i / nx) as f64 + 0.5) / nx as f64 - cy;
            let squared = 64.0 * (x * x + y * y);
            let f = if squared < 1.0 {
                100.0 * (1.0 - 1.0 / (1.0 - squared)).exp()
            } else {
                0.0
            };
            *b = u.get(i).copied().unwrap_or(0.0) + dt * f; // u + τf
        }
        Ok(())
    }
}
