//! Convection–diffusion −εΔu + v·∇u = f, u = 0 on the boundary, ∇·v = 0.
//!
//! Cell-centred finite volumes on the conservative form ∇·(vu): the value carried through a face
//! is that of the cell upstream (first order, an M-matrix whatever the cell Péclet number) or the
//! mean of both (second order, oscillating once the cell Péclet number passes 2).
//! - S. Patankar, Numerical Heat Transfer and Fluid Flow, Hemisphere, 1980, chapter 5.

use super::domain::{Boundary, Domain, Rows, Sides};
use super::manufactured::Jet;
use super::{Problem, Properties, wrong};
use crate::{Grid, MatrixError, Scalar};
use std::f64::consts::PI;

/// The velocity v.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Velocity {
    /// The same everywhere.
    Constant([f64; 3]),
    /// One vortex in the plane of x and y: v = (sin πx cos πy, −cos πx sin πy, 0), the curl of
    /// sin πx sin πy / π, from whose differences face values are taken: without divergence in
    /// every cell.
    Vortex,
}

/// How ε is given.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Diffusivity {
    /// ε itself.
    Value(f64),
    /// The largest cell Péclet number |v_d| h_d / ε of the grid.
    CellPeclet(f64),
}

/// The value that a face carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Scheme {
    /// That of the cell upstream.
    #[default]
    Upwind,
    /// The mean of the two cells.
    Central,
}

/// Parameters of −εΔu + v·∇u = f.
#[derive(Debug, Clone, PartialEq)]
pub struct ConvectionDiffusion {
    /// Cells along each dimension. Default 32×32.
    pub grid: Grid,
    /// v. Default (1, ½, ¼).
    pub velocity: Velocity,
    /// ε. Default a cell Péclet number of 10.
    pub diffusivity: Diffusivity,
    /// Default [`Scheme::Upwind`].
    pub scheme: Scheme,
}

impl Default for ConvectionDiffusion {
    fn default() -> Self {
        Self {
            grid: Grid::new(32, 32, 1),
            velocity: Velocity::Constant([1.0, 0.5, 0.25]),
            diffusivity: Diffusivity::CellPeclet(10.0),
            scheme: Scheme::Upwind,
        }
    }
}

impl ConvectionDiffusion {
    /// The problem, with a manufactured solution.
    ///
    /// # Errors
    /// [`MatrixError::Parameter`] for an empty or too large grid, a velocity that is not finite, a
    /// vortex on a line, a diffusivity or Péclet number that is not positive and finite, or a
    /// Péclet number without a velocity.
    pub fn generate<T: Scalar>(&self) -> Result<Problem<T>, MatrixError> {
        let name = "convection-diffusion";
        let domain = Domain::new(name, self.grid)?;
        let epsilon = self.epsilon(name, &domain)?;
        let scale = domain.h[0].powi(2);
        let mut rows = Rows::with_capacity(domain.n, 2 * domain.dimension + 1);
        for row in 0..domain.n {
            let at = domain.grid.at(row);
            let mut diagonal = 0.0;
            for d in 0..domain.dimension {
                let diffusion = epsilon * domain.weight(d);
                for up in [false, true] {
                    // outflow through the face per width of the cell
                    let sign = if up { 1.0 } else { -1.0 };
                    let out = sign * self.face(&domain, at, d, up) * scale / domain.h[d];
                    let to = domain.across(at, d, up);
                    let (own, other) = match self.scheme {
                        Scheme::Upwind => (out.max(0.0), out.min(0.0)),
                        // the side itself carries u = 0
                        Scheme::Central if to.is_none() => (0.0, 0.0),
                        Scheme::Central => (0.5 * out, 0.5 * out),
                    };
                    match to {
                        Some(to) => {
                            rows.add(domain.grid.row(to), T::from_f64(other - diffusion));
                            diagonal += own + diffusion;
                        }
                        None => diagonal += own + 2.0 * diffusion,
                    }
                }
            }
            rows.add(row, T::from_f64(diagonal));
            rows.end_row();
        }
        let solution = (0..domain.n).map(|row| {
            let x = domain.centre(domain.grid.at(row));
            let jet = Jet::at(&domain, &Sides::default(), x);
            let v = self.velocity.at(x);
            let convection: f64 = (0..domain.dimension).map(|d| v[d] * jet.first[d]).sum();
            let f = scale * (convection - epsilon * jet.laplacian());
            (T::from_f64(f), T::from_f64(jet.u))
        });
        let (rhs, continuous): (Vec<T>, Vec<T>) = solution.unzip();
        Ok(Problem {
            name: format!("{name}-{}", domain.label()),
            matrix: rows.finish(domain.n)?,
            rhs,
            exact: None,
            continuous: Some(continuous),
            grid: Some(self.grid),
            properties: Properties::general(),
            notes: format!(
                "-{epsilon:e} Laplacian(u) + v.grad u = f, v = {:?}, {:?} finite volumes, sides {:?}",
                self.velocity,
                self.scheme,
                Boundary::Dirichlet,
            ),
        })
    }

    /// ε.
    fn epsilon(&self, name: &'static str, domain: &Domain) -> Result<f64, MatrixError> {
        let largest = match self.velocity {
            Velocity::Constant(v) if v.iter().any(|v| !v.is_finite()) => {
                return wrong(name, format!("velocity {v:?} must be finite"));
            }
            Velocity::Constant(v) => v,
            Velocity::Vortex if domain.dimension < 2 => {
                return wrong(name, "a vortex needs a plane: give the grid NY > 1".into());
            }
            Velocity::Vortex => [1.0, 1.0, 0.0],
        };
        let courant = |d: usize| largest[d].abs() * domain.h[d];
        let carried = (0..domain.dimension).map(courant).fold(0.0, f64::max);
        let (epsilon, given) = match self.diffusivity {
            Diffusivity::Value(epsilon) => (epsilon, epsilon),
            Diffusivity::CellPeclet(peclet) => (carried / peclet, peclet),
        };
        if !(given.is_finite() && given > 0.0 && epsilon.is_finite() && epsilon > 0.0) {
            let how = self.diffusivity;
            return wrong(
                name,
                format!(
                    "{how:?} must be positive and finite, and a Péclet number needs a velocity"
                ),
            );
        }
        Ok(epsilon)
    }

    /// The velocity along `d` at a face of cell `at`.
    fn face(&self, domain: &Domain, at: [usize; 3], d: usize, up: bool) -> f64 {
        match self.velocity {
            Velocity::Constant(v) => v[d],
            Velocity::Vortex if d == 2 => 0.0,
            Velocity::Vortex => {
                // along the face, from corner to corner
                let stream = |x: f64, y: f64| (PI * x).sin() * (PI * y).sin() / PI;
                let here = (at[d] + usize::from(up)) as f64 * domain.h[d];
                let across = 1 - d;
                let [low, high] = [at[across], at[across] + 1].map(|c| c as f64 * domain.h[across]);
                match d {
                    0 => (stream(here, high) - stream(here, low)) / domain.h[1],
                    _ => (stream(low, here) - stream(high, here)) / domain.h[0],
                }
            }
        }
    }
}

impl Velocity {
    /// v(x).
    fn at(&self, x: [f64; 3]) -> [f64; 3] {
        match *self {
            Self::Constant(v) => v,
            Self::Vortex => {
                let ([sx, cx], [sy, cy]) = (sin_cos(x[0]), sin_cos(x[1]));
                [sx * cy, -cx * sy, 0.0]
            }
        }
    }
}

/// [sin πx, cos πx].
fn sin_cos(x: f64) -> [f64; 2] {
    let (sin, cos) = (PI * x).sin_cos();
    [sin, cos]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Evidence;

    #[test]
    fn upwind_is_an_m_matrix_at_any_peclet_number_and_central_is_not() {
        for velocity in [Velocity::Constant([1.0, -2.0, 0.0]), Velocity::Vortex] {
            for peclet in [0.1, 1e6] {
                let of = |scheme| {
                    let c = ConvectionDiffusion {
                        grid: Grid::new(8, 8, 1),
                        velocity,
                        diffusivity: Diffusivity::CellPeclet(peclet),
                        scheme,
                    };
                    Evidence::gather(c.generate::<f64>().unwrap().matrix.view())
                };
                let e = of(Scheme::Upwind);
                assert!(e.m_matrix && !e.symmetric && e.structurally_symmetric);
                assert_eq!(of(Scheme::Central).nonpositive_off_diagonals, peclet < 2.0);
            }
        }
    }

    #[test]
    fn wrong_parameters_are_refused() {
        let base = ConvectionDiffusion::default();
        for wrong in [
            ConvectionDiffusion {
                diffusivity: Diffusivity::Value(0.0),
                ..base.clone()
            },
            ConvectionDiffusion {
                velocity: Velocity::Constant([0.0; 3]),
                ..base.clone()
            },
            ConvectionDiffusion {
                velocity: Velocity::Constant([f64::NAN, 0.0, 0.0]),
                ..base.clone()
            },
            ConvectionDiffusion {
                velocity: Velocity::Vortex,
                grid: Grid::new(9, 1, 1),
                ..base
            },
        ] {
            assert!(wrong.generate::<f64>().is_err(), "{wrong:?}");
        }
    }
}
