//! Singular systems: Poisson's equation with insulated sides, A·1 = 0.
//!
//! A x = b has solutions exactly if Σb = 0: otherwise the least-squares residual is the mean of b
//! in every row.

use super::{Boundary, Poisson, Problem, wrong};
use crate::{MatrixError, Real, Scalar};

/// Parameters of −Δu = f with ∂u/∂n = 0 all around.
#[derive(Debug, Clone, PartialEq)]
pub struct PureNeumann {
    /// Grid and stencil; its sides are taken to be Neumann. Default [`Poisson`]'s.
    pub laplacian: Poisson,
    /// The constant that is added to the consistent right-hand side, relative to its root mean
    /// square: 0 (the default) leaves it consistent.
    pub inconsistency: f64,
}

impl Default for PureNeumann {
    fn default() -> Self {
        Self {
            laplacian: Poisson {
                sides: [[Boundary::Neumann; 2]; 3],
                ..Poisson::default()
            },
            inconsistency: 0.0,
        }
    }
}

impl PureNeumann {
    /// The problem.
    ///
    /// # Errors
    /// [`MatrixError::Parameter`] if cells are masked (the matrix would not be singular), the
    /// inconsistency is not finite, and whatever [`Poisson::generate`] refuses.
    pub fn generate<T: Scalar>(&self) -> Result<Problem<T>, MatrixError> {
        let name = "pure-neumann";
        if !self.laplacian.masked.is_empty() {
            return wrong(name, "masked cells hold u = 0: none allowed".into());
        }
        if !self.inconsistency.is_finite() {
            let got = self.inconsistency;
            return wrong(name, format!("inconsistency = {got} must be finite"));
        }
        let laplacian = Poisson {
            sides: [[Boundary::Neumann; 2]; 3],
            ..self.laplacian.clone()
        };
        let mut problem = laplacian.shifted::<T>(name, Default::default())?;
        if self.inconsistency != 0.0 {
            let squares = problem.rhs.iter().map(|b| b.abs2().to_f64()).sum::<f64>();
            let size = (squares / problem.rhs.len() as f64).sqrt();
            let constant = T::from_f64(self.inconsistency * size);
            problem.rhs.iter_mut().for_each(|b| *b += constant);
            problem.properties.consistent = false;
            problem.continuous = None;
        }
        Ok(problem)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Grid;

    #[test]
    fn the_right_hand_side_is_in_the_range_or_not() {
        let sum = |inconsistency| {
            let neumann = PureNeumann {
                inconsistency,
                ..Default::default()
            };
            let p = neumann.generate::<f64>().unwrap();
            assert_eq!(p.properties.consistent, inconsistency == 0.0);
            p.rhs.iter().sum::<f64>()
        };
        assert!(sum(0.0).abs() < 1e-14);
        assert!(sum(0.5) > 1e-3);
    }

    #[test]
    fn a_single_cell_is_the_zero_matrix() {
        let mut one = PureNeumann::default();
        one.laplacian.grid = Grid::new(1, 1, 1);
        let p = one.generate::<f64>().unwrap();
        assert_eq!((p.matrix.values(), &p.rhs[..]), (&[0.0][..], &[0.0][..]));
        one.laplacian.masked = vec![0];
        assert!(one.generate::<f64>().is_err());
    }
}
