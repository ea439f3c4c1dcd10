//! Test problems, one family per file, and [`zoo`]: small ones of every kind, named.
//!
//! Every family is a plain struct of parameters with a `Default` and a function `generate` that
//! returns a [`Problem`]. Partial differential equations are posed on the unit interval, square
//! or cube, cut into equal cells (a [`Grid`] with one line or one layer has fewer dimensions);
//! unknowns are values at cell centres, unknown (i, j, k) is row i + NX·(j + NY·k). All equations
//! are multiplied by h_x², so that a Laplacian on square cells has the familiar entries 4 and −1.
//!
//! Matrices are computed in double precision and rounded to the scalar type. The same parameters
//! give the same problem, random ones included: they are drawn from ChaCha with the given seed.
//!
//! ```
//! use resolvent_matrices::{Grid, generate::{Boundary, Poisson}};
//!
//! let poisson = Poisson {
//!     grid: Grid::new(64, 32, 1),
//!     sides: [[Boundary::Dirichlet, Boundary::Neumann]; 3],
//!     ..Default::default()
//! };
//! let problem = poisson.generate::<f64>()?;
//! assert_eq!(problem.matrix.nrows(), 64 * 32);
//! # Ok::<(), resolvent_matrices::MatrixError>(())
//! ```

mod convection;
mod diffusion;
mod domain;
mod magnetic;
mod manufactured;
mod poisson;
mod random;
mod scaling;
mod shifted;
mod singular;
mod zoo;

pub use convection::{ConvectionDiffusion, Diffusivity, Scheme, Velocity};
pub use diffusion::{Coefficient, Diffusion};
pub use domain::{Boundary, disk};
pub use magnetic::MagneticLaplacian;
pub use poisson::{Poisson, Stencil};
pub use random::RandomHpd;
pub use scaling::BadlyScaled;
pub use shifted::ShiftedLaplacian;
pub use singular::PureNeumann;
pub use zoo::zoo;

use crate::{Csr, Grid, MatrixError, Scalar};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// What is known of the eigenvalues of a Hermitian matrix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spectrum {
    /// All positive.
    Positive,
    /// Positive, and zero.
    Semidefinite,
    /// Of both signs.
    Indefinite,
    /// Not Hermitian, or not known.
    Unknown,
}

/// What a generator promises of its matrix and right-hand side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Properties {
    /// A = Aᵀ, bit for bit.
    pub symmetric: bool,
    /// A = Aᴴ, bit for bit.
    pub hermitian: bool,
    /// Signs of the eigenvalues.
    pub spectrum: Spectrum,
    /// A has a null space: the constant vectors.
    pub constant_nullspace: bool,
    /// A x = b has a solution.
    pub consistent: bool,
}

impl Properties {
    /// Real symmetric, or Hermitian, and positive definite.
    fn positive() -> Self {
        Self {
            symmetric: true,
            hermitian: true,
            spectrum: Spectrum::Positive,
            constant_nullspace: false,
            consistent: true,
        }
    }

    /// Nonsingular, without symmetry.
    fn general() -> Self {
        Self {
            symmetric: false,
            hermitian: false,
            spectrum: Spectrum::Unknown,
            constant_nullspace: false,
            consistent: true,
        }
    }
}

/// A linear system A x = b and what is known of it.
#[derive(Debug, Clone)]
pub struct Problem<T> {
    /// Family and size, as in `poisson-32x32`.
    pub name: String,
    /// A.
    pub matrix: Csr<T>,
    /// b.
    pub rhs: Vec<T>,
    /// An x with A x = b up to the rounding of one product, where one is known.
    pub exact: Option<Vec<T>>,
    /// The solution of the differential equation at the unknowns, where one is known: it differs
    /// from x by the discretisation error (and by a constant, if A has constants in its null
    /// space).
    pub continuous: Option<Vec<T>>,
    /// Where the unknowns are, if on a grid.
    pub grid: Option<Grid>,
    /// What the generator promises.
    pub properties: Properties,
    /// Equation, discretisation and boundary conditions, in a sentence.
    pub notes: String,
}

impl<T: Scalar> Problem<T> {
    /// The same matrix with the right-hand side A x.
    ///
    /// # Errors
    /// [`MatrixError::Length`].
    pub fn with_solution(mut self, x: Vec<T>) -> Result<Self, MatrixError> {
        self.rhs.resize(self.matrix.nrows(), T::ZERO);
        self.matrix.view().mul_vec(&x, &mut self.rhs)?;
        self.exact = Some(x);
        self.continuous = None;
        self.properties.consistent = true;
        Ok(self)
    }

    /// The same matrix with the right-hand side A x, x uniform in (−1, 1) in each part.
    ///
    /// # Errors
    /// None that the problem itself does not cause.
    pub fn with_random_solution(self, seed: u64) -> Result<Self, MatrixError> {
        let x = random_vector(self.matrix.ncols(), seed);
        self.with_solution(x)
    }
}

/// `n` numbers, uniform in (−1, 1) in each part; the same for the same seed.
pub fn random_vector<T: Scalar>(n: usize, seed: u64) -> Vec<T> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut draw = || rng.random_range(-1.0..1.0);
    (0..n)
        .map(|_| {
            let (re, im) = (draw(), if T::IS_COMPLEX { draw() } else { 0.0 });
            T::from_c64(crate::Complex::new(re, im))
        })
        .collect()
}

/// A [`MatrixError::Parameter`] of `generator`.
fn wrong<R>(generator: &'static str, problem: String) -> Result<R, MatrixError> {
    Err(MatrixError::Parameter { generator, problem })
}
