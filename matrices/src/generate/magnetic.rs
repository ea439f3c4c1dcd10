//! A charged particle in a magnetic field: (−i∇ − A)²u = f, A = (0, Bx), u = 0 on the boundary.
//!
//! Complex Hermitian positive definite. Peierls' phases on the five-point stencil keep the gauge
//! covariance of the equation: the neighbour above weighs −e^{−iθ}, the one below −e^{iθ}, with
//! θ = B x h_y.
//! - D. Hofstadter, Phys. Rev. B 14:2239–2249, 1976, doi:10.1103/PhysRevB.14.2239.

use super::domain::{Domain, Rows, Sides};
use super::manufactured::Jet;
use super::{Problem, Properties, wrong};
use crate::{Complex, Grid, MatrixError, Scalar};

/// Parameters of (−i∇ − A)²u = f.
#[derive(Debug, Clone, PartialEq)]
pub struct MagneticLaplacian {
    /// Cells along x and y. Default 32×32.
    pub grid: Grid,
    /// B, the flux through the unit square. Default 20.
    pub field: f64,
}

impl Default for MagneticLaplacian {
    fn default() -> Self {
        Self {
            grid: Grid::new(32, 32, 1),
            field: 20.0,
        }
    }
}

impl MagneticLaplacian {
    /// The problem, with a manufactured solution.
    ///
    /// # Errors
    /// [`MatrixError::Parameter`] for a real scalar type, an empty or too large grid, one with
    /// more than one layer, or a field that is not finite.
    pub fn generate<T: Scalar>(&self) -> Result<Problem<T>, MatrixError> {
        let name = "magnetic";
        let domain = Domain::new(name, self.grid)?;
        if !T::IS_COMPLEX {
            return wrong(
                name,
                format!("needs a complex scalar type, not {}", T::NAME),
            );
        }
        if domain.dimension > 2 || !self.field.is_finite() {
            let got = self.field;
            return wrong(
                name,
                format!("needs one layer and a finite field, got {got}"),
            );
        }
        let scale = domain.h[0].powi(2);
        let mut rows = Rows::with_capacity(domain.n, 5);
        let (mut rhs, mut continuous) = (Vec::new(), Vec::new());
        for row in 0..domain.n {
            let at = domain.grid.at(row);
            let x = domain.centre(at);
            let potential = self.field * x[0];
            let mut diagonal = 0.0;
            for d in 0..domain.dimension {
                let theta = if d == 1 { potential * domain.h[1] } else { 0.0 };
                for up in [false, true] {
                    let weight = domain.weight(d);
                    match domain.across(at, d, up) {
                        Some(to) => {
                            let phase = Complex::new(theta.cos(), theta.sin());
                            let phase = if up { phase.conj() } else { phase };
                            rows.add(domain.grid.row(to), T::from_c64(-phase * weight));
                            diagonal += weight;
                        }
                        None => diagonal += 2.0 * weight,
                    }
                }
            }
            rows.add(row, T::from_f64(diagonal));
            rows.end_row();
            // (−i∇ − A)² u = −Δu + 2i A·∇u + |A|² u, for ∇·A = 0; no field on a line
            let a = if domain.dimension == 2 {
                potential
            } else {
                0.0
            };
            let jet = Jet::at(&domain, &Sides::default(), x);
            let f = Complex::new(a * a * jet.u - jet.laplacian(), 2.0 * a * jet.first[1]);
            rhs.push(T::from_c64(f * scale));
            continuous.push(T::from_f64(jet.u));
        }
        Ok(Problem {
            name: format!("{name}-{}", domain.label()),
            matrix: rows.finish(domain.n)?,
            rhs,
            exact: None,
            continuous: Some(continuous),
            grid: Some(self.grid),
            properties: Properties {
                symmetric: false,
                ..Properties::positive()
            },
            notes: format!(
                "(-i grad - A)^2 u = f, A = (0, {} x), five points with Peierls phases, u = 0 on the sides",
                self.field
            ),
        })
    }
}
