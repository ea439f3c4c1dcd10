//! Preconditioners: z ← M⁻¹ r with M close to A and cheap to undo.

mod chebyshev;
mod check;
mod factor;
mod fsai;
mod gmg;
mod guard;
mod guarded;
mod ic0;
mod ict;
mod identity;
mod ilu0;
mod ilut;
mod jacobi;
mod noise;
mod pivot;
pub(crate) mod split;
mod ssor;
#[cfg(test)]
mod testing;
pub(crate) mod triangular;

pub use chebyshev::{Chebyshev, ChebyshevConfig};
pub use check::{Check, Finding, check};
pub use fsai::{Fsai, FsaiConfig};
pub use gmg::{Gmg, GmgConfig, GmgLevel, GmgRule};
pub use guard::{Distrust, Fallback, Gain, Guard, Takeover};
pub use guarded::{Guarded, GuardedConfig};
pub use ic0::{Ic0, Ic0Config};
pub use ict::{Ict, IctConfig};
pub use identity::Identity;
pub use ilu0::{Ilu0, Ilu0Config};
pub use ilut::{Ilut, IlutConfig};
pub use jacobi::{Jacobi, JacobiConfig};
pub(crate) use ssor::Eisenstat;
pub use ssor::{Ssor, SsorConfig};

use crate::{LinearOperator, kernels};
use resolvent_matrices::{Csr, MatrixError, Scalar};
use std::fmt;
use triangular::Pattern;

/// What a preconditioner declares M⁻¹ to be, from the strictest to the loosest: a solver that
/// takes one takes all before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Linearity {
    /// The same Hermitian positive definite matrix at every application.
    FixedHpd,
    /// Hermitian positive definite by construction, but computed in arithmetic of lower precision
    /// than the solver's: CG then uses the Polak–Ribière β.
    NearlyHpd,
    /// The same matrix at every application.
    Fixed,
    /// Whatever: an inner iteration, a network.
    Variable,
}

impl fmt::Display for Linearity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::FixedHpd => "fixed and Hermitian positive definite",
            Self::NearlyHpd => "Hermitian positive definite up to rounding",
            Self::Fixed => "fixed",
            Self::Variable => "variable",
        })
    }
}

/// z ← M⁻¹ r.
pub trait Preconditioner<T: Scalar>: Send {
    /// Its name on the command line, e.g. `ic0`.
    fn name(&self) -> &'static str;

    /// Makes ready for the next matrix of a sequence. With the pattern of the one before,
    /// symbolic work is reused and nothing is allocated.
    ///
    /// # Errors
    /// [`PrecondError`]; the preconditioner must then not be applied before a successful `update`.
    fn update(&mut self, a: &dyn LinearOperator<T>) -> Result<(), PrecondError>;

    /// z ← M⁻¹ r. Overwrites all of `z`; allocates nothing.
    ///
    /// # Errors
    /// [`PrecondError`] if it cannot be computed.
    fn apply(&mut self, r: &[T], z: &mut [T]) -> Result<(), PrecondError>;

    /// z ← M⁻¹ r; returns this process's share of (r, z), computed on the way where the
    /// preconditioner can.
    ///
    /// # Errors
    /// As [`Preconditioner::apply`].
    fn apply_dot(&mut self, r: &[T], z: &mut [T]) -> Result<T, PrecondError> {
        self.apply(r, z)?; // z = M⁻¹r
        Ok(kernels::dot(r, z))
    }

    /// zⱼ ← M⁻¹ rⱼ for the listed columns j; r and z hold columns of `n` numbers one after the
    /// other. A factorisation reads its factors once for all of them.
    ///
    /// # Errors
    /// As [`Preconditioner::apply`].
    fn apply_many(
        &mut self,
        n: usize,
        columns: &[usize],
        r: &[T],
        z: &mut [T],
    ) -> Result<(), PrecondError> {
        for &j in columns {
            self.apply(&r[j * n..(j + 1) * n], &mut z[j * n..(j + 1) * n])?; // zⱼ = M⁻¹rⱼ
        }
        Ok(())
    }

    /// What M⁻¹ is. No default: the author must say.
    fn linearity(&self) -> Linearity;

    /// Memory held, in bytes.
    fn bytes(&self) -> usize;

    /// Bytes that one application moves, by which its work is counted: the memory held, unless a
    /// preconditioner knows better. One that computes more than it reads counts a byte for each of its
    /// operations.
    fn traffic(&self) -> usize {
        self.bytes()
    }

    /// Itself, if it is SSOR: CG can then work from both sides of A at once.
    fn as_ssor(&mut self) -> Option<&mut Ssor<T>> {
        None
    }

    /// Itself, if it has another preconditioner to fall back on: methods then tell it what they gain.
    fn as_guard(&mut self) -> Option<&mut dyn Guard<T::Real>> {
        None
    }
}

/// Why a preconditioner could not be built or applied.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PrecondError {
    /// It needs the entries of A, and A is matrix-free.
    #[error("{precond} needs the entries of A, and this operator has none to show")]
    NeedsEntries {
        /// preconditioner
        precond: &'static str,
    },
    /// The diagonal has an entry it cannot use.
    #[error(
        "{precond}: the diagonal entry of row {row} ({number} counted from 1) is {found}, {needed} is needed", number = row + 1
    )]
    Diagonal {
        /// preconditioner
        precond: &'static str,
        /// row, 0-based
        row: usize,
        /// what stands there
        found: String,
        /// what is needed
        needed: &'static str,
    },
    /// A pivot failed.
    #[error("{precond}: the pivot of row {row} ({number} counted from 1) is {found}{hint}", number = row + 1)]
    Pivot {
        /// preconditioner
        precond: &'static str,
        /// row, 0-based
        row: usize,
        /// the pivot
        found: String,
        /// what to try, beginning with `; `
        hint: &'static str,
    },
    /// It is made for matrices on grids, and this is none that it knows.
    #[error(
        "{precond} needs a real symmetric matrix of neighbours on a grid of cells, 5 points a row on NX x NY, 7 on NX x NY x NZ, without positive off-diagonal entries; here {found}. Give the grid with --grid NXxNY or NXxNYxNZ (in code: the grid of its configuration) if it was not recognised, or use ic0"
    )]
    Grid {
        /// preconditioner
        precond: &'static str,
        /// what was found instead
        found: String,
    },
    /// The next matrix does not fit what was prepared.
    #[error("{precond} was prepared for {expected} rows, this matrix has {got}")]
    Shape {
        /// preconditioner
        precond: &'static str,
        /// rows it was built for
        expected: usize,
        /// rows given
        got: usize,
    },
    /// A parameter makes no sense.
    #[error("{precond}: {problem}")]
    Config {
        /// preconditioner
        precond: &'static str,
        /// what is wrong, and what is allowed
        problem: String,
    },
    /// The matrix cannot be used.
    #[error(transparent)]
    Matrix(#[from] MatrixError),
    /// A plugged-in preconditioner failed in its own way.
    #[error("{precond}: {problem}")]
    Failed {
        /// preconditioner
        precond: &'static str,
        /// what happened
        problem: String,
    },
}

impl PrecondError {
    /// A preconditioner of the caller's where nobody was told how to make it.
    pub(crate) fn unplugged(precond: &'static str) -> Self {
        let problem = "it is made by a sequence that was told how: Sequence::plug".into();
        Self::Config { precond, problem }
    }
}

impl PrecondError {
    /// Who it is about, where that is known.
    pub fn precond(&self) -> Option<&'static str> {
        match self {
            Self::NeedsEntries { precond }
            | Self::Diagonal { precond, .. }
            | Self::Pivot { precond, .. }
            | Self::Grid { precond, .. }
            | Self::Shape { precond, .. }
            | Self::Config { precond, .. }
            | Self::Failed { precond, .. } => Some(precond),
            Self::Matrix(_) => None,
        }
    }
}

/// The pattern of a triangle, for the triangular solves.
fn pattern<T: Scalar>(triangle: &Csr<T>) -> Pattern<'_> {
    Pattern {
        ptr: triangle.row_ptr(),
        col: triangle.col_idx(),
    }
}
