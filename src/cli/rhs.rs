//! Right-hand sides: from a file, from a known solution, or the row sums.

use super::error::CliError;
use super::input::Double;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use resolvent::mtx::{self, AnyVectors};
use resolvent::{Csr, LinearOperator, Scalar, petsc};
use std::path::Path;

/// What `--rhs` asks for, files read.
pub enum Source {
    /// b = A·x* with x* uniform in (−1, 1), both parts where A is complex.
    Random,
    /// b = A·1.
    RowSums,
    /// The columns of a file.
    File(AnyVectors),
}

/// Right-hand sides, and the solution where it is known.
pub struct Rhs<T> {
    pub columns: usize,
    /// All columns one after the other.
    pub b: Vec<T>,
    /// x* of `random`.
    pub exact: Option<Vec<T>>,
}

impl Source {
    pub fn read(text: &str, rows: usize) -> Result<Self, CliError> {
        match text {
            "random" => return Ok(Self::Random),
            "row-sums" => return Ok(Self::RowSums),
            _ => {}
        }
        let path = Path::new(text);
        if !path.exists() {
            return Err(CliError::MissingRhs(path.into()));
        }
        if path.is_dir() {
            return Err(CliError::Folder(path.into()));
        }
        Self::file(path, rows)
    }

    /// The columns of a file, which must be of this length.
    pub fn file(path: &Path, rows: usize) -> Result<Self, CliError> {
        let file = if petsc::recognised(path) {
            petsc::first_vector(path)?
        } else {
            mtx::read_vectors(path)?
        };
        let (got, columns) = match &file {
            AnyVectors::Real(v) => (v.nrows, v.ncols),
            AnyVectors::Complex(v) => (v.nrows, v.ncols),
        };
        let path = path.to_path_buf();
        if got != rows {
            return Err(CliError::RhsLength {
                path,
                got,
                expected: rows,
            });
        }
        if columns == 0 {
            return Err(CliError::RhsEmpty { path });
        }
        Ok(Self::File(file))
    }

    /// Whether it needs complex arithmetic even where A is real.
    pub fn is_complex(&self) -> bool {
        matches!(self, Self::File(AnyVectors::Complex(_)))
    }

    pub fn build<T: Double>(self, a: &Csr<T>, seed: u64) -> Rhs<T> {
        let n = a.nrows();
        let product = |x: &[T]| {
            let mut b = vec![T::ZERO; n];
            LinearOperator::apply(a, x, &mut b); // b = Ax*
            b
        };
        match self {
            Self::Random => {
                let exact = random(n, seed);
                Rhs {
                    columns: 1,
                    b: product(&exact),
                    exact: Some(exact),
                }
            }
            Self::RowSums => Rhs {
                columns: 1,
                b: product(&vec![T::ONE; n]),
                exact: None,
            },
            Self::File(file) => {
                let columns = T::columns(file);
                Rhs {
                    columns: columns.ncols,
                    b: columns.data,
                    exact: None,
                }
            }
        }
    }
}

/// n numbers uniform in (−1, 1), in both parts where they are complex.
fn random<T: Scalar>(n: usize, seed: u64) -> Vec<T> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut uniform = || rng.random_range(-1.0..1.0);
    let draw = |_| {
        let re = uniform();
        let im = if T::IS_COMPLEX { uniform() } else { 0.0 };
        T::from_c64(resolvent::Complex::new(re, im))
    };
    (0..n).map(draw).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use resolvent::Complex;

    #[test]
    fn the_seed_decides() {
        let a: Vec<f64> = random(100, 7);
        assert_eq!(a, random::<f64>(100, 7));
        assert_ne!(a, random::<f64>(100, 8));
        assert!(a.iter().all(|v| v.abs() < 1.0));
        assert!(a.iter().any(|&v| v < 0.0) && a.iter().any(|&v| v > 0.0));
    }

    #[test]
    fn complex_numbers_have_both_parts() {
        let a: Vec<Complex<f64>> = random(10, 0);
        assert!(a.iter().all(|v| v.re != 0.0 && v.im != 0.0));
    }
}
