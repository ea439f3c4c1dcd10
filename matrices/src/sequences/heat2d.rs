//! The heat equation uₜ = c(t)Δu + f on the unit square, Crank–Nicolson, zero on the boundary.
//!
//! With τ = 10⁻³, h = 1/nx, (nx−1)² unknowns and the 5-point matrix L (4 and −1):
//!   (I + τc/(2h²) L) u⁺ = (I − τc/(2h²) L) u + τ f,   c and f at t + τ/2
//! c(t) = max(0.1 sin 2πt, −10 sin 2πt): slow for half of a period, fast for the other. With the bump
//! φ(ρ) = exp(1 − 1/(1 − ρ²)) for ρ < 1: u begins as φ(|x − m|/¼), m the centre of the square, and f is
//! 32 φ(|x − y(t)|/⅛), y going round the centre 8 times in a unit of time at a distance of ¼.
//! The context is c(t). Each solve is meant to begin at the solution before.
//!
//! - M. Khodak, E. Chow, M.-F. Balcan, A. Talwalkar, Learning to Relax: Setting Solver Parameters
//!   Across a Sequence of Linear System Instances, ICLR 2024, arXiv:2310.02246, section on the heat
//!   equation; the bump is that of the authors.

use super::{Family, Instance, Novelty, five_point};
use crate::{Csr, MatrixError};
use std::f64::consts::TAU;

/// Parameters of the sequence.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Heat2d {
    /// Cells a side; (nx − 1)² unknowns. Default 50.
    pub nx: usize,
    /// Time steps. Default 5000.
    pub systems: usize,
    /// τ. Default 10⁻³.
    pub dt: f64,
}

impl Default for Heat2d {
    fn default() -> Self {
        Self {
            nx: 50,
            systems: 5000,
            dt: 1e-3,
        }
    }
}

const NAME: &str = "heat2d";

impl Heat2d {
    /// The sequence; nothing is random about it.
    ///
    /// # Errors
    /// [`MatrixError::Parameter`] for nx outside of 2 to 4096 and a time step that is not positive
    /// and finite.
    pub fn start(self) -> Result<Box<dyn Family>, MatrixError> {
        let wrong = |problem| {
            Err(MatrixError::Parameter {
                generator: NAME,
                problem,
            })
        };
        if !(2..=4096).contains(&self.nx) {
            return wrong(format!("nx = {} must be from 2 to 4096", self.nx));
        }
        if !(self.dt > 0.0 && self.dt.is_finite()) {
            return wrong(format!("dt = {} must be positive", self.dt));
        }
        let (laplacian, diagonal) = five_point(self.nx - 1)?;
        let mut running = Running {
            parameters: self,
            laplacian,
            diagonal,
            first: Vec::new(),
        };
        running.first = running.bump([0.5, 0.5], 0.25).collect();
        Ok(Box::new(running))
    }
}

struct Running {
    parameters: Heat2d,
    laplacian: Csr<f64>,
    diagonal: Vec<usize>,
    /// u at the beginning.
    first: Vec<f64>,
}

impl Running {
    /// φ(|x − m|/radius) at all points.
    fn bump(&self, m: [f64; 2], radius: f64) -> impl Iterator<Item = f64> + use<> {
        let (side, h) = (self.parameters.nx - 1, 1.0 / self.parameters.nx as f64);
        (0..side * side).map(move |i| {
            let (x, y) = ((i % side + 1) as f64 * h, (i / side + 1) as f64 * h);
            let squared = ((x - m[0]).powi(2) + (y - m[1]).powi(2)) / (radius * radius);
            if squared < 1.0 {
                (1.0 - 1.0 / (1.0 - squared)).exp()
            } else {
                0.0
            }
        })
    }
}

/// c(t).
fn diffusivity(t: f64) -> f64 {
    let s = (TAU * t).sin();
    (0.1 * s).max(-10.0 * s)
}

impl Family for Running {
    fn name(&self) -> String {
        let Heat2d { nx, systems, dt } = self.parameters;
        format!("{NAME}:nx={nx},systems={systems},dt={dt:e}")
    }

    fn len(&self) -> usize {
        self.parameters.systems
    }

    fn continues(&self) -> bool {
        true
    }

    fn next(&mut self, index: usize, u: &[f64], out: &mut Instance) -> Result<(), MatrixError> {
        let Heat2d { nx, dt, .. } = self.parameters;
        let n = self.first.len();
        let u = if index == 0 { &self.first } else { u };
        if u.len() != n {
            let what = "the solution before";
            return Err(MatrixError::Length {
                what,
                expected: n,
                got: u.len(),
            });
        }
        out.novelty = Novelty::Values;
        if out.a.nrows() != n {
            out.a = self.laplacian.clone();
            out.b = vec![0.0; n];
            out.context = vec![0.0];
            out.novelty = Novelty::Pattern;
        }
        let t = index as f64 * dt;
        let middle = t + 0.5 * dt;
        out.context[0] = diffusivity(t);
        let k = 0.5 * dt * diffusivity(middle) * (nx * nx) as f64; // τc/(2h²)
        let values = out.a.values_mut();
        values.fill(-k);
        self.diagonal
            .iter()
            .for_each(|&at| values[at] = 1.0 + 4.0 * k);
        self.laplacian.view().mul_vec(u, &mut out.b)?; // Lu
        let angle = 8.0 * TAU * middle;
        let y = [0.5 + 0.25 * angle.cos(), 0.5 + 0.25 * angle.sin()];
        let sources = self.bump(y, 0.125);
        for ((b, &u), f) in out.b.iter_mut().zip(u).zip(sources) {
            *b = u - k * *b + dt * 32.0 * f; // (I − kL)u + τf
        }
        Ok(())
    }
}
