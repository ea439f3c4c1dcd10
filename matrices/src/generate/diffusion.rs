//! Diffusion −∇·(K ∇u) = f with K = k(x) diag(a): variable, jumping, anisotropic.
//!
//! Cell-centred finite volumes: the flux between cells p and q across dimension d is
//! a_d · 2 k_p k_q/(k_p + k_q) · (u_q − u_p)/h_d, the harmonic mean being exact for a jump at the
//! face; towards a Dirichlet side it is a_d k_p u_p/(h_d/2). Symmetric, an M-matrix; second order
//! where k is smooth or jumps at faces only.
//! - S. Patankar, Numerical Heat Transfer and Fluid Flow, Hemisphere, 1980, section 4.2-3.

use super::domain::{Boundary, Domain, Rows, Sides};
use super::manufactured::{Jet, profile, remove_mean};
use super::{Problem, Properties, Spectrum, wrong};
use crate::{Grid, MatrixError, Scalar};
use std::f64::consts::PI;

/// The scalar coefficient k(x) > 0.
#[derive(Debug, Clone, PartialEq)]
pub enum Coefficient {
    /// The same everywhere.
    Constant(f64),
    /// 1 + ½ Π_d sin 2πx_d.
    Smooth,
    /// 1 where x < ½, else this.
    Halves(f64),
    /// 1 and `contrast` in turn on `blocks` equal blocks along each dimension.
    Checkerboard {
        /// blocks along each dimension
        blocks: usize,
        /// coefficient of every other block
        contrast: f64,
    },
    /// One value per cell, in the order of the unknowns.
    Cells(Vec<f64>),
}

/// Parameters of −∇·(k diag(a) ∇u) = f.
#[derive(Debug, Clone, PartialEq)]
pub struct Diffusion {
    /// Cells along each dimension. Default 32×32.
    pub grid: Grid,
    /// k. Default [`Coefficient::Smooth`].
    pub coefficient: Coefficient,
    /// a, one factor for each dimension. Default 1.
    pub anisotropy: [f64; 3],
    /// Conditions at the lower and upper side along x, y and z. Default [`Boundary::Dirichlet`].
    pub sides: [[Boundary; 2]; 3],
}

impl Default for Diffusion {
    fn default() -> Self {
        Self {
            grid: Grid::new(32, 32, 1),
            coefficient: Coefficient::Smooth,
            anisotropy: [1.0; 3],
            sides: Sides::default(),
        }
    }
}

impl Diffusion {
    /// The problem.
    ///
    /// A solution is manufactured for constant and smooth k, and for the two halves between
    /// Dirichlet sides along x; else f = 1. With Neumann conditions all around the matrix is
    /// singular and b is made consistent.
    ///
    /// # Errors
    /// [`MatrixError::Parameter`] for an empty or too large grid, coefficients or factors that are
    /// not positive and finite, no blocks, and a number of cell values other than that of cells.
    pub fn generate<T: Scalar>(&self) -> Result<Problem<T>, MatrixError> {
        let name = "diffusion";
        let domain = Domain::new(name, self.grid)?;
        let k = self.cells(name, &domain)?;
        let mut rows = Rows::with_capacity(domain.n, 2 * domain.dimension + 1);
        for row in 0..domain.n {
            let at = domain.grid.at(row);
            let mut diagonal = 0.0;
            for d in 0..domain.dimension {
                let weight = self.anisotropy[d] * domain.weight(d);
                for up in [false, true] {
                    let conductance = match domain.across(at, d, up) {
                        Some(to) => {
                            let to = domain.grid.row(to);
                            let face = weight * harmonic(k[row], k[to]);
                            rows.add(to, T::from_f64(-face));
                            face
                        }
                        None => match self.sides[d][usize::from(up)] {
                            Boundary::Dirichlet => weight * 2.0 * k[row],
                            Boundary::Neumann => 0.0,
                        },
                    };
                    diagonal += conductance;
                }
            }
            rows.add(row, T::from_f64(diagonal));
            rows.end_row();
        }
        let singular = domain.insulated(&self.sides);
        let (rhs, continuous) = self.right_hand_side(&domain, singular);
        let spectrum = if singular {
            Spectrum::Semidefinite
        } else {
            Spectrum::Positive
        };
        Ok(Problem {
            name: format!("{name}-{}", domain.label()),
            matrix: rows.finish(domain.n)?,
            rhs: rhs.into_iter().map(T::from_f64).collect(),
            exact: None,
            continuous: continuous.map(|u| u.into_iter().map(T::from_f64).collect()),
            grid: Some(self.grid),
            properties: Properties {
                spectrum,
                constant_nullspace: singular,
                ..Properties::positive()
            },
            notes: format!(
                "-div(k diag(a) grad u) = f, cell-centred finite volumes with harmonic faces, k = {}, a = {:?}, sides {:?}",
                self.coefficient.label(),
                &self.anisotropy[..domain.dimension],
                &self.sides[..domain.dimension],
            ),
        })
    }

    /// k in every cell.
    fn cells(&self, name: &'static str, domain: &Domain) -> Result<Vec<f64>, MatrixError> {
        let positive = |v: f64| v.is_finite() && v > 0.0;
        if let Some(a) = self.anisotropy.iter().find(|&&a| !positive(a)) {
            return wrong(name, format!("anisotropy {a} must be positive and finite"));
        }
        let k: Vec<f64> = match &self.coefficient {
            Coefficient::Cells(k) if k.len() != domain.n => {
                let (got, n) = (k.len(), domain.n);
                return wrong(name, format!("{got} coefficients for {n} cells"));
            }
            Coefficient::Checkerboard { blocks: 0, .. } => {
                return wrong(name, "a checkerboard needs at least 1 block".into());
            }
            Coefficient::Cells(k) => k.clone(),
            k => (0..domain.n)
                .map(|row| k.at(domain, domain.centre(domain.grid.at(row))))
                .collect(),
        };
        match k.iter().position(|&k| !positive(k)) {
            Some(row) => wrong(
                name,
                format!(
                    "coefficient {} of cell {row} must be positive and finite",
                    k[row]
                ),
            ),
            None => Ok(k),
        }
    }

    /// f and u, multiplied by h_x².
    fn right_hand_side(&self, domain: &Domain, singular: bool) -> (Vec<f64>, Option<Vec<f64>>) {
        let scale = domain.h[0].powi(2);
        let points = (0..domain.n).map(|row| domain.centre(domain.grid.at(row)));
        let known: Option<Vec<(f64, f64)>> = points.map(|x| self.manufactured(domain, x)).collect();
        let (mut f, u) = match known {
            Some(known) => {
                let (f, u): (Vec<f64>, Vec<f64>) = known.into_iter().unzip();
                (f, Some(u))
            }
            None => (vec![1.0; domain.n], None),
        };
        f.iter_mut().for_each(|f| *f *= scale);
        if singular {
            remove_mean(&mut f);
        }
        (f, u)
    }

    /// f and u at a point, if a solution is known.
    fn manufactured(&self, domain: &Domain, x: [f64; 3]) -> Option<(f64, f64)> {
        let a = self.anisotropy;
        let (k, slope, jet) = match self.coefficient {
            Coefficient::Constant(k) => (k, [0.0; 3], Jet::at(domain, &self.sides, x)),
            Coefficient::Smooth => {
                let waves = [0, 1, 2].map(|d| {
                    let (sin, cos) = (2.0 * PI * x[d]).sin_cos();
                    if d < domain.dimension {
                        [sin, 2.0 * PI * cos, 0.0]
                    } else {
                        [1.0, 0.0, 0.0]
                    }
                });
                let wave = Jet::product(waves);
                let slope = wave.first.map(|s| 0.5 * s);
                (1.0 + 0.5 * wave.u, slope, Jet::at(domain, &self.sides, x))
            }
            Coefficient::Halves(right) if self.sides[0] == [Boundary::Dirichlet; 2] => {
                // 1 + g/k, continuous with its flux g′: g(0) = −1, g(½) = 0, g(1) = −right
                let k = if x[0] < 0.5 { 1.0 } else { right };
                let (c2, c1) = (-2.0 * (1.0 + right), 3.0 + right);
                let g = [
                    c2 * x[0] * x[0] + c1 * x[0] - 1.0,
                    2.0 * c2 * x[0] + c1,
                    2.0 * c2,
                ];
                let mut profiles = [[1.0, 0.0, 0.0]; 3];
                for d in 1..domain.dimension {
                    profiles[d] = profile(self.sides[d], x[d]);
                }
                profiles[0] = [1.0 + g[0] / k, g[1] / k, g[2] / k];
                (k, [0.0; 3], Jet::product(profiles))
            }
            _ => return None,
        };
        let flux = |d: usize| a[d] * (k * jet.second[d] + slope[d] * jet.first[d]);
        Some((-(0..domain.dimension).map(flux).sum::<f64>(), jet.u))
    }
}

impl Coefficient {
    /// k(x); of [`Coefficient::Cells`], which has no formula, NaN.
    fn at(&self, domain: &Domain, x: [f64; 3]) -> f64 {
        match *self {
            Self::Constant(k) => k,
            Self::Smooth => {
                let wave = |d: usize| (2.0 * PI * x[d]).sin();
                1.0 + 0.5 * (0..domain.dimension).map(wave).product::<f64>()
            }
            Self::Halves(right) => {
                if x[0] < 0.5 {
                    1.0
                } else {
                    right
                }
            }
            Self::Checkerboard { blocks, contrast } => {
                let block = |d: usize| (x[d] * blocks as f64) as usize;
                match (0..domain.dimension).map(block).sum::<usize>() % 2 {
                    0 => 1.0,
                    _ => contrast,
                }
            }
            Self::Cells(_) => f64::NAN,
        }
    }

    fn label(&self) -> String {
        match self {
            Self::Cells(_) => "given per cell".into(),
            other => format!("{other:?}"),
        }
    }
}

/// 2pq/(p + q), without overflow.
fn harmonic(p: f64, q: f64) -> f64 {
    let (small, large) = (p.min(q), p.max(q));
    2.0 * small / (1.0 + small / large)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generate::Poisson;

    #[test]
    fn a_constant_coefficient_is_poissons_equation() {
        let sides = [[Boundary::Dirichlet, Boundary::Neumann]; 3];
        let grid = Grid::new(4, 4, 4);
        let diffusion = Diffusion {
            grid,
            sides,
            coefficient: Coefficient::Constant(1.0),
            ..Default::default()
        };
        let poisson = Poisson {
            grid,
            sides,
            ..Default::default()
        };
        assert_eq!(
            diffusion.generate::<f64>().unwrap().matrix,
            poisson.generate().unwrap().matrix
        );
    }

    #[test]
    fn faces_are_harmonic_and_rows_conserve() {
        let diffusion = Diffusion {
            grid: Grid::new(2, 1, 1),
            coefficient: Coefficient::Cells(vec![1.0, 3.0]),
            anisotropy: [2.0, 1.0, 1.0],
            sides: [[Boundary::Neumann, Boundary::Dirichlet]; 3],
        };
        let p = diffusion.generate::<f64>().unwrap();
        assert_eq!(p.matrix.values(), [3.0, -3.0, -3.0, 15.0]);
        assert_eq!(p.rhs, [0.25; 2]);
        assert_eq!(harmonic(1e-300, 1e300), 2e-300);
    }

    #[test]
    fn wrong_parameters_are_refused() {
        use Coefficient::{Cells, Checkerboard, Constant, Halves};
        let board = Checkerboard {
            blocks: 0,
            contrast: 1.0,
        };
        for coefficient in [
            board,
            Cells(vec![1.0]),
            Constant(0.0),
            Halves(-1.0),
            Constant(f64::NAN),
        ] {
            let d = Diffusion {
                coefficient,
                ..Default::default()
            };
            assert!(d.generate::<f64>().is_err(), "{d:?}");
        }
        let flat = Diffusion {
            anisotropy: [1.0, 0.0, 1.0],
            ..Default::default()
        };
        assert!(flat.generate::<f64>().is_err());
    }
}
