//! The pressure of a projection step of variable density: −∇·(∇p/ρ(x,t)) = −∇·u/τ on the unit square,
//! walls all round (∂p/∂n = 0).
//!
//! nx × nx cells, h = 1/nx, the coefficient of a face 2/(ρ + ρ′) of the densities beside it:
//!   Σ 2/(ρ + ρ′) (p − p′) = −(h/τ) Σ u·n   for each cell, the sums over its inner faces
//! and p added to the equation of the first cell, which makes that p zero and A positive definite: the
//! right-hand sides of the others add up to what is missing there. ρ is `ratio` in a drop of radius
//! 0.15, 1 outside, smoothed over two cells; the drop goes round the centre at a distance of ¼ once in
//! a unit of time. u is given: the drop is pushed along its way, sin πx and sin πy keep the walls
//! tight. With `ratio` = 1, A is the same for all. The context is the centre of the drop. Each solve is
//! meant to begin at the solution before.
//!
//! - A. J. Chorin, Numerical solution of the Navier–Stokes equations, Math. Comp. 22 (1968); J. B. Bell,
//!   D. L. Marcus, A second-order projection method for variable-density flows, J. Comput. Phys. 101 (1992).

use super::{Family, Instance, Novelty, five_point, write_fluxes};
use crate::{Csr, MatrixError};
use std::f64::consts::{PI, TAU};

/// Parameters of the sequence.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Projection {
    /// Cells a side; nx² unknowns. Default 64.
    pub nx: usize,
    /// Time steps. Default 1000.
    pub systems: usize,
    /// Density of the drop over that around it. Default 1000.
    pub ratio: f64,
    /// τ. Default 5·10⁻³.
    pub dt: f64,
}

impl Default for Projection {
    fn default() -> Self {
        Self {
            nx: 64,
            systems: 1000,
            ratio: 1e3,
            dt: 5e-3,
        }
    }
}

const NAME: &str = "projection";
const RADIUS: f64 = 0.15;

impl Projection {
    /// The sequence; nothing is random about it.
    ///
    /// # Errors
    /// [`MatrixError::Parameter`] for nx outside of 2 to 4096, and a ratio or time step that is not
    /// positive and finite.
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
        for (key, value) in [("ratio", self.ratio), ("dt", self.dt)] {
            if !(value > 0.0 && value.is_finite()) {
                return wrong(format!("{key} = {value} must be positive"));
            }
        }
        let (pattern, _) = five_point(self.nx)?;
        Ok(Box::new(Running {
            parameters: self,
            pattern,
            density: vec![1.0; self.nx * self.nx],
        }))
    }
}

struct Running {
    parameters: Projection,
    pattern: Csr<f64>,
    density: Vec<f64>,
}

/// Where the drop is.
fn centre(t: f64) -> [f64; 2] {
    let angle = TAU * t;
    [0.5 + 0.25 * angle.cos(), 0.5 + 0.25 * angle.sin()]
}

/// u at (x, y).
fn velocity(x: f64, y: f64, t: f64) -> [f64; 2] {
    let ([cx, cy], angle) = (centre(t), TAU * t);
    let push = (-((x - cx).powi(2) + (y - cy).powi(2)) / 0.02).exp();
    [
        -(PI * x).sin() * push * angle.sin(),
        (PI * y).sin() * push * angle.cos(),
    ]
}

impl Family for Running {
    fn name(&self) -> String {
        let Projection {
            nx,
            systems,
            ratio,
            dt,
        } = self.parameters;
        format!("{NAME}:nx={nx},systems={systems},ratio={ratio:e},dt={dt:e}")
    }

    fn len(&self) -> usize {
        self.parameters.systems
    }

    fn continues(&self) -> bool {
        true
    }

    fn next(&mut self, index: usize, _: &[f64], out: &mut Instance) -> Result<(), MatrixError> {
        let Projection { nx, ratio, dt, .. } = self.parameters;
        let (n, h) = (nx * nx, 1.0 / nx as f64);
        let uniform = ratio == 1.0;
        out.novelty = if uniform {
            Novelty::Rhs
        } else {
            Novelty::Values
        };
        let first = out.a.nrows() != n;
        if first {
            out.a = self.pattern.clone();
            out.b = vec![0.0; n];
            out.context = vec![0.0; 2];
            out.novelty = Novelty::Pattern;
        }
        let t = index as f64 * dt;
        let c = centre(t);
        out.context.copy_from_slice(&c);
        if first || !uniform {
            for (i, density) in self.density.iter_mut().enumerate() {
                let (x, y) = (
                    ((i % nx) as f64 + 0.5) * h - c[0],
                    ((i / nx) as f64 + 0.5) * h - c[1],
                );
                let inside = (0.5 + (RADIUS - x.hypot(y)) / (2.0 * h)).clamp(0.0, 1.0);
                *density = 1.0 + (ratio - 1.0) * inside;
            }
            let density = &self.density;
            let link = |i: usize, j: usize| 2.0 / (density[i] + density[j]);
            write_fluxes(&mut out.a, link, |i| if i == 0 { 1.0 } else { 0.0 });
        }
        for (i, b) in out.b.iter_mut().enumerate() {
            let (column, row) = (i % nx, i / nx);
            let (x, y) = (column as f64 * h, row as f64 * h);
            let (mx, my) = (x + 0.5 * h, y + 0.5 * h);
            let across = |k: usize, at: f64, inner: bool| match inner {
                true if k == 0 => velocity(at, my, t)[0],
                true => velocity(mx, at, t)[1],
                false => 0.0,
            };
            let out_of_it = across(0, x + h, column + 1 < nx) - across(0, x, column > 0)
                + across(1, y + h, row + 1 < nx)
                - across(1, y, row > 0);
            *b = -h / dt * out_of_it;
        }
        Ok(())
    }
}
