//! Families of samples for data sets, one a file: what is drawn, and the system it makes.
//!
//! A family is a plain struct of parameters with a `Default`; `on` makes a [`SampleFamily`] of it on a
//! grid, with all that is the same for every sample worked out. Sample `i` depends on the seed and on i
//! alone. Fields of inputs and outputs are flat, x fastest, as their [`FieldSpec`] says.
//!
//! ```
//! use resolvent_matrices::Grid;
//! use resolvent_matrices::families::{Assembled, Darcy, SampleFamily, Step};
//! use resolvent_matrices::fields::Scratch;
//!
//! let family = Darcy::default().on(Grid::new(16, 16, 1))?;
//! let description = SampleFamily::<f64>::describe(&family);
//! let (mut inputs, mut scratch) = (description.new_inputs(), Scratch::default());
//! let mut system = Assembled::default();
//! for index in 0..10 {
//!     family.draw(7, index, &mut scratch, &mut inputs)?; // 3 or 12 in each cell
//!     family.assemble(&inputs, Step::default(), &mut system)?; // A, b on the same pattern
//!     assert_eq!(system.a.nrows(), 256);
//! }
//! # Ok::<(), resolvent_matrices::MatrixError>(())
//! ```
//!
//! A sample of a family with several [`steps`](SampleFamily::steps) is a trajectory: its systems are
//! assembled and solved in order into the same [`Assembled`], each with the solution of the one before.

mod advection_diffusion;
mod custom;
mod darcy;
mod darcy_lognormal;
mod describe;
mod diffusion;
mod elasticity;
mod fluxes;
mod heat;
mod helmholtz;
mod points;
mod poisson;
mod reaction_diffusion;
mod skr_released;
#[cfg(test)]
mod tests;
mod transport;

pub use advection_diffusion::{AdvectionDiffusion, AdvectionDiffusionFamily};
pub use custom::{Custom, CustomFamily};
pub use darcy::{Darcy, DarcyFamily};
pub use darcy_lognormal::{DarcyLognormal, DarcyLognormalFamily};
pub use describe::{Description, FieldSpec, Parameter, Site};
pub use diffusion::Mean;
pub use elasticity::{Elasticity, ElasticityFamily};
pub use heat::{Heat, HeatFamily, Scheme};
pub use helmholtz::{Helmholtz, HelmholtzFamily};
pub use poisson::{Poisson, PoissonFamily};
pub use reaction_diffusion::{ReactionDiffusion, ReactionDiffusionFamily};
pub use skr_released::{SkrReleased, SkrReleasedFamily};
pub use transport::Convection;

use crate::fields::Scratch;
use crate::sequences::Novelty;
use crate::{Csr, MatrixError, Scalar};
use num_complex::Complex;

/// One family of samples: what is drawn, and the system it makes.
pub trait SampleFamily<T: Scalar>: Send + Sync {
    /// All there is to know about it.
    fn describe(&self) -> Description;

    /// Systems a sample takes one after the other: time steps. 1 unless the family is one in time.
    fn steps(&self) -> usize {
        1
    }

    /// Writes the inputs of sample `index`, each of its length; they depend on seed and index alone.
    ///
    /// # Errors
    /// [`MatrixError::Length`] where `inputs` are not those of [`Description::new_inputs`].
    fn draw(
        &self,
        seed: u64,
        index: u64,
        scratch: &mut Scratch,
        inputs: &mut [Vec<f64>],
    ) -> Result<(), MatrixError>;

    /// Writes A and b of a step of the sample with these inputs into `out`, which holds a system of this
    /// family or nothing; a step other than the first follows on the one before it in the same place.
    /// Allocates nothing where `out` holds a system.
    ///
    /// # Errors
    /// [`MatrixError::Length`] where inputs or the solution before have another length, and
    /// [`MatrixError::Parameter`] where values cannot be used.
    fn assemble(
        &self,
        inputs: &[Vec<f64>],
        step: Step<'_, T>,
        out: &mut Assembled<T>,
    ) -> Result<(), MatrixError>;

    /// Writes the unknowns of a step to their place in the stored fields, and beside them what is not
    /// unknown (values on the boundary). Of complex numbers, real and imaginary part on a last axis.
    ///
    /// # Errors
    /// [`MatrixError::Length`].
    fn outputs(
        &self,
        x: &[T],
        step: usize,
        inputs: &[Vec<f64>],
        out: &mut [Vec<f64>],
    ) -> Result<(), MatrixError>;

    /// Reads the unknowns of a step from the stored fields: [`outputs`](Self::outputs) the other way
    /// round.
    ///
    /// # Errors
    /// [`MatrixError::Length`].
    fn unknowns(&self, outputs: &[Vec<f64>], step: usize, x: &mut [T]) -> Result<(), MatrixError>;
}

/// A step of a sample.
#[derive(Debug, Clone, Copy)]
pub struct Step<'a, T> {
    /// Its number, from 0.
    pub index: usize,
    /// The solution of the step before; empty for the first.
    pub before: &'a [T],
}

impl<T> Default for Step<'_, T> {
    /// The first, and of most families the only one.
    fn default() -> Self {
        Self {
            index: 0,
            before: &[],
        }
    }
}

/// The system of a sample.
#[derive(Debug, Clone)]
pub struct Assembled<T> {
    /// A.
    pub a: Csr<T>,
    /// b.
    pub b: Vec<T>,
    /// What is new over what was in its place before.
    pub novelty: Novelty,
}

impl<T> Default for Assembled<T> {
    /// Nothing yet.
    fn default() -> Self {
        Self {
            a: Csr::default(),
            b: Vec::new(),
            novelty: Novelty::Pattern,
        }
    }
}

impl<T: Scalar> Assembled<T> {
    /// Makes room: the pattern with zeros for values and b = 0, unless there is a system already, which
    /// is left as it is. Says whether there was.
    fn ready(&mut self, pattern: &Csr<T>, novelty: Novelty) -> bool {
        let there = self.a.nrows() == pattern.nrows() && self.a.nnz() == pattern.nnz();
        self.novelty = if there { novelty } else { Novelty::Pattern };
        if !there {
            self.a = pattern.clone();
            self.b = vec![T::ZERO; pattern.nrows()];
        }
        there
    }
}

/// A family of either field.
pub enum AnyFamily {
    /// Of real systems.
    Real(Box<dyn SampleFamily<f64>>),
    /// Of complex ones.
    Complex(Box<dyn SampleFamily<Complex<f64>>>),
}

impl AnyFamily {
    /// All there is to know about it.
    pub fn describe(&self) -> Description {
        match self {
            Self::Real(family) => family.describe(),
            Self::Complex(family) => family.describe(),
        }
    }
}

/// Where the parameters of a family are from that nobody has fixed before.
const OURS: &str = "parameters are ours";

/// Refuses fields that are not as many and as long as they should be.
fn fitting(
    what: &'static str,
    fields: &[Vec<f64>],
    lengths: impl IntoIterator<Item = usize>,
) -> Result<(), MatrixError> {
    let mut lengths = lengths.into_iter();
    for field in fields {
        length(what, lengths.next().unwrap_or(0), field.len())?;
    }
    match lengths.count() {
        0 => Ok(()),
        missing => length("fields of a sample", fields.len() + missing, fields.len()),
    }
}

/// Refuses a coefficient that is not positive everywhere.
fn positive(family: &'static str, name: &str, field: &[f64]) -> Result<(), MatrixError> {
    match field.iter().position(|&a| !(a > 0.0 && a.is_finite())) {
        None => Ok(()),
        Some(at) => refuse(
            family,
            format!(
                "{name} is {} at point {at} of the grid: it must be positive",
                field[at]
            ),
        ),
    }
}

/// Refuses what has the wrong length.
fn length(what: &'static str, expected: usize, got: usize) -> Result<(), MatrixError> {
    if expected == got {
        return Ok(());
    }
    Err(MatrixError::Length {
        what,
        expected,
        got,
    })
}

/// Refuses a parameter.
fn refuse<V>(generator: &'static str, problem: String) -> Result<V, MatrixError> {
    Err(MatrixError::Parameter { generator, problem })
}
