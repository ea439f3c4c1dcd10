//! A system to solve, and what solves it.

use crate::{
    LinearOperator, Local, Nullspace, Observer, Preconditioner, RecycledState, Reduce, SolveError,
    SolveReport,
};
use resolvent_matrices::Scalar;

/// A x = b, with the preconditioner M ≈ A, the null space of A and the processes that share it.
pub struct System<'a, T: Scalar> {
    /// A, square.
    pub a: &'a dyn LinearOperator<T>,
    /// b; for [`Solver::solve_many`], all columns one after the other.
    pub b: &'a [T],
    /// M⁻¹.
    pub m: &'a mut dyn Preconditioner<T>,
    /// Null space of A, if it has one.
    pub nullspace: &'a Nullspace<T>,
    /// Sums over processes.
    pub comm: &'a dyn Reduce<T>,
}

impl<'a, T: Scalar> System<'a, T> {
    /// A nonsingular system held by this process alone.
    pub fn new(a: &'a dyn LinearOperator<T>, b: &'a [T], m: &'a mut dyn Preconditioner<T>) -> Self {
        Self {
            a,
            b,
            m,
            nullspace: const { &Nullspace::none() },
            comm: &Local,
        }
    }

    /// The same, lent.
    pub fn reborrow(&mut self) -> System<'_, T> {
        System {
            a: self.a,
            b: self.b,
            m: &mut *self.m,
            nullspace: self.nullspace,
            comm: self.comm,
        }
    }

    /// The same with a null space.
    pub fn with_nullspace(self, nullspace: &'a Nullspace<T>) -> Self {
        Self { nullspace, ..self }
    }
}

/// A method with its configuration, its workspace, and whatever it carries from one solve to the
/// next.
pub trait Solver<T: Scalar>: Send {
    /// Its name on the command line, e.g. `cg`.
    fn name(&self) -> &'static str;

    /// Solves A x = b. `x` holds the initial guess and receives the iterate reached, whatever the
    /// outcome. O(1) allocations at most, none in the loop.
    ///
    /// # Errors
    /// [`SolveError`] on misuse or a failed part; not converging is `Ok` with a
    /// [`StopReason`](crate::StopReason).
    fn solve(
        &mut self,
        system: System<'_, T>,
        x: &mut [T],
        observer: &mut dyn Observer<T>,
    ) -> Result<SolveReport<T::Real>, SolveError>;

    /// Solves for several right-hand sides: `system.b` and `x` hold columns of `a.nrows()` numbers
    /// one after the other. A, M, the workspace and any factorisation are shared; one report a
    /// column.
    ///
    /// # Errors
    /// As [`Solver::solve`].
    fn solve_many(
        &mut self,
        system: System<'_, T>,
        x: &mut [T],
        observer: &mut dyn Observer<T>,
    ) -> Result<Vec<SolveReport<T::Real>>, SolveError> {
        one_by_one(self, system, x, observer)
    }

    /// Drops what was learnt from earlier systems; the configuration stays.
    fn forget(&mut self) {}

    /// What was learnt from earlier systems and shapes the solves to come, to be saved; none where
    /// a method learns nothing.
    fn recycled(&self) -> Option<RecycledState> {
        None
    }

    /// Goes on from what [`Solver::recycled`] gave: with the same systems, to the same bits. False,
    /// and nothing taken, where it is not of this method and size.
    fn restore(&mut self, state: &RecycledState) -> bool {
        let _ = state;
        false
    }

    /// Memory held between solves, in bytes.
    fn workspace_bytes(&self) -> usize;
}

/// Solves for the columns of b, one after the other.
pub(crate) fn one_by_one<T: Scalar, S: Solver<T> + ?Sized>(
    solver: &mut S,
    system: System<'_, T>,
    x: &mut [T],
    observer: &mut dyn Observer<T>,
) -> Result<Vec<SolveReport<T::Real>>, SolveError> {
    let n = system.a.nrows();
    let columns = check_columns(n, system.b, x)?;
    let System {
        a,
        b,
        m,
        nullspace,
        comm,
    } = system;
    let mut reports = Vec::with_capacity(columns);
    let pairs = b.chunks_exact(n.max(1)).zip(x.chunks_exact_mut(n.max(1)));
    for (index, (b, x)) in pairs.enumerate() {
        observer.column(index);
        let column = System {
            a,
            b,
            m: &mut *m,
            nullspace,
            comm,
        };
        reports.push(solver.solve(column, x, observer)?);
    }
    Ok(reports)
}

/// How many columns of length n `b` holds; `x` must hold as many.
pub(crate) fn check_columns<T>(n: usize, b: &[T], x: &[T]) -> Result<usize, SolveError> {
    let columns = b.len().checked_div(n).unwrap_or(0);
    if columns * n != b.len() {
        return Err(SolveError::Shape {
            what: "b",
            expected: (columns + 1) * n,
            got: b.len(),
        });
    }
    if x.len() != b.len() {
        return Err(SolveError::Shape {
            what: "x",
            expected: b.len(),
            got: x.len(),
        });
    }
    Ok(columns)
}
