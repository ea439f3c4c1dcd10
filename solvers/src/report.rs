//! How a solve ended. Not converging is a value with a reason and advice; an `Err` is misuse or a
//! part that failed.

use crate::NullspaceError;
use crate::precond::{Fallback, Linearity, PrecondError};
use crate::recycling::Recycling;
use resolvent_matrices::{MatrixError, Real};
use std::fmt;
use std::time::Duration;

/// Why a solve ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StopReason {
    /// The recomputed residual ‖b − Ax‖₂ meets the tolerance.
    Converged,
    /// `max_iters` iterations were done.
    MaxIterations,
    /// `max_time` has passed.
    TimeLimit,
    /// The residual grew beyond `dtol` times the initial one.
    Diverged,
    /// The residual recomputed from x stays above the tolerance although the recurrence has met
    /// it, or no progress is made any more.
    Stagnated,
    /// pᴴAp ≤ 0 was met: A is not positive definite (or not Hermitian).
    IndefiniteOperator,
    /// rᴴM⁻¹r ≤ 0 was met: M is not positive definite (or not Hermitian).
    IndefinitePreconditioner,
    /// A denominator of the method vanished, or its search space cannot grow.
    Breakdown,
    /// The method needs A = Aᴴ, which this matrix is not, and did not arrive. Told by
    /// [`Auto`](crate::Auto), which reads the matrix.
    NotHermitian,
    /// A factorisation met a pivot that is zero: A is singular, to working precision at least.
    Singular,
    /// NaN or infinity came out of A, M or the right-hand side.
    NonFinite,
    /// The observer asked to stop.
    Interrupted,
    /// b has a part outside of the range of A that no x (of moderate size) can reach: the system as
    /// projected on the declared null space is solved, or MINRES has found a least-squares
    /// solution.
    Inconsistent,
}

impl StopReason {
    /// One line on what to do about it.
    pub fn advice(self) -> &'static str {
        match self {
            Self::Converged => "nothing to do",
            Self::MaxIterations => "use a stronger preconditioner, raise max_iters, or loosen rtol",
            Self::TimeLimit => "raise max_time, or use a stronger preconditioner",
            Self::Diverged => {
                "the preconditioner may be unstable (ilu0 on an indefinite matrix is): try another, or a direct solve"
            }
            Self::Stagnated => {
                "if the backward error is near rounding, the residual cannot be made smaller: loosen rtol or scale the system; else no progress is made: use a stronger preconditioner, a longer restart, or a direct solve"
            }
            Self::IndefiniteOperator => {
                "the matrix is not positive definite: use minres (symmetric), gmres, or a direct solve"
            }
            Self::IndefinitePreconditioner => {
                "the preconditioner is not positive definite: use ic0 or fsai, or gmres, which does not need it"
            }
            Self::Breakdown => {
                "declare the null space of a singular matrix; else start from another x0, or use gmres, which cannot break down on a nonsingular one"
            }
            Self::NotHermitian => {
                "the matrix is not Hermitian, and the method is made for those: use gmres, bicgstab or a direct solve"
            }
            Self::Singular => {
                "the matrix is singular: declare its null space, or use minres or gmres, which find a solution if there is one"
            }
            Self::NonFinite => {
                "look for NaN, infinity or overflow in A, b, x0 or the preconditioner; scale the system"
            }
            Self::Interrupted => "stopped by the observer; x holds the iterate reached",
            Self::Inconsistent => {
                "b has a component that A cannot produce: x solves the system without it or comes closest; check the boundary conditions or b"
            }
        }
    }

    /// The name used in JSON, e.g. `max_iterations`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Converged => "converged",
            Self::MaxIterations => "max_iterations",
            Self::TimeLimit => "time_limit",
            Self::Diverged => "diverged",
            Self::Stagnated => "stagnated",
            Self::IndefiniteOperator => "indefinite_operator",
            Self::IndefinitePreconditioner => "indefinite_preconditioner",
            Self::Breakdown => "breakdown",
            Self::NotHermitian => "not_hermitian",
            Self::Singular => "singular",
            Self::NonFinite => "non_finite",
            Self::Interrupted => "interrupted",
            Self::Inconsistent => "inconsistent",
        }
    }
}

impl fmt::Display for StopReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name().replace('_', " "))
    }
}

/// What a solve did and where it ended.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SolveReport<R> {
    /// Why it ended.
    pub reason: StopReason,
    /// Iterations.
    pub iterations: usize,
    /// Products with A, those that recompute residuals included.
    pub matvecs: usize,
    /// Applications of M⁻¹.
    pub precond_applies: usize,
    /// Times the method was restarted because the recomputed residual disagreed with the
    /// recurrence (not the restarts of GMRES).
    pub corrections: usize,
    /// ‖b − Ax‖₂, recomputed from the x that is handed back.
    pub residual_norm: R,
    /// ‖b‖₂.
    pub rhs_norm: R,
    /// Normwise backward error ‖r‖₂/(‖A‖ ‖x‖₂ + ‖b‖₂), where the method computed it: on
    /// [`StopReason::Stagnated`], with the Frobenius norm of an A whose entries are known.
    pub backward_error: Option<R>,
    /// What recycling did, of a method that recycles.
    pub recycling: Option<Recycling>,
    /// Where the preconditioner was replaced by its fallback: see
    /// [`Guarded`](crate::precond::Guarded).
    pub fallback: Option<Fallback>,
    /// Wall time.
    pub time: Duration,
}

impl<R: Real> SolveReport<R> {
    /// Whether the tolerance was met.
    pub fn converged(&self) -> bool {
        self.reason == StopReason::Converged
    }

    /// ‖b − Ax‖₂/‖b‖₂; for b = 0, 0 if x is exact and +∞ if not.
    pub fn relative_residual(&self) -> R {
        if self.residual_norm == R::ZERO {
            R::ZERO
        } else {
            self.residual_norm / self.rhs_norm
        }
    }
}

/// Misuse, or a part that failed: the solve did not run or could not go on.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SolveError {
    /// A vector has the wrong length.
    #[error("{what} has {got} entries, {expected} are needed")]
    Shape {
        /// which one
        what: &'static str,
        /// length needed
        expected: usize,
        /// length given
        got: usize,
    },
    /// The solver needs a square A.
    #[error("{solver} needs a square matrix, this one has {nrows} rows and {ncols} columns")]
    NotSquare {
        /// solver
        solver: &'static str,
        /// rows
        nrows: usize,
        /// columns
        ncols: usize,
    },
    /// The method needs the entries of A, and A is matrix-free.
    #[error(
        "{method} needs the entries of A, and this operator has none to show; assemble it, or choose a method that only multiplies"
    )]
    NeedsEntries {
        /// solver or preconditioner
        method: &'static str,
    },
    /// The preconditioner varies more than the solver allows.
    #[error(
        "{solver} needs a preconditioner that is {needed}, and {precond} is declared {declared}; use gmres or bicgstab with one that is fixed, fgmres or fcg with any"
    )]
    NeedsLinearity {
        /// solver
        solver: &'static str,
        /// preconditioner
        precond: &'static str,
        /// what it takes
        needed: Linearity,
        /// what the preconditioner declares
        declared: Linearity,
    },
    /// A configuration value makes no sense.
    #[error("{solver}: {problem}")]
    Config {
        /// solver
        solver: &'static str,
        /// what is wrong, and what is allowed
        problem: String,
    },
    /// What it keeps does not fit the memory.
    #[error(
        "{solver} as configured keeps {gigabytes:.0} GB, more than there is: choose a smaller restart, k, lag, window or number of directions"
    )]
    Memory {
        /// solver
        solver: &'static str,
        /// of its vectors and small matrices
        gigabytes: f64,
    },
    /// A factorisation failed.
    #[error("{solver}: {problem}")]
    Factorization {
        /// solver
        solver: &'static str,
        /// what happened
        problem: String,
    },
    /// The declared null space cannot be used.
    #[error(transparent)]
    Nullspace(#[from] NullspaceError),
    /// The preconditioner failed.
    #[error(transparent)]
    Precond(#[from] PrecondError),
    /// The matrix cannot be used.
    #[error(transparent)]
    Matrix(#[from] MatrixError),
}
