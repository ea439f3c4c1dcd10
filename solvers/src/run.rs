//! The bookkeeping of one solve, shared by all methods: counts, norms, the stopping test, and the
//! rule that convergence is claimed on the recomputed residual alone.

mod ending;

use crate::cg::CgCoefficients;
use crate::precond::{Distrust, Fallback, Gain, Linearity};
use crate::recycling::{Meter, fingerprint};
use crate::reduce::{any, dot, norm, norm_from};
use crate::{
    LinearOperator, Nullspace, Observer, Preconditioner, Reduce, SolveError, Stopping, System,
    kernels,
};
use resolvent_matrices::{Real, Scalar};
use std::time::Instant;

pub(crate) use ending::Verdict;

/// One solve in progress.
pub(crate) struct Run<'s, 'o, T: Scalar> {
    a: &'s dyn LinearOperator<T>,
    b: &'s [T],
    m: &'s mut dyn Preconditioner<T>,
    nullspace: &'s Nullspace<T>,
    /// Sums over processes.
    comm: &'s dyn Reduce<T>,
    observer: &'o mut dyn Observer<T>,
    stopping: Stopping<T::Real>,
    started: Instant,
    hermitian: bool,
    rhs_norm: T::Real,
    target: T::Real,
    initial: Option<T::Real>,
    /// Norm of the part of the residual that no x can change.
    unreachable: T::Real,
    /// The residual last seen was recomputed from x.
    exact: bool,
    /// Iterations done.
    pub iterations: usize,
    matvecs: usize,
    precond_applies: usize,
    corrections: usize,
    /// M is not what it was at first any more.
    fallback: Option<Fallback>,
}

impl<'s, 'o, T: Scalar> Run<'s, 'o, T> {
    /// Checks shapes and the preconditioner's declaration; answers b = 0 with x = 0.
    pub fn start(
        solver: &'static str,
        needed: Linearity,
        n: usize,
        stopping: Stopping<T::Real>,
        system: System<'s, T>,
        x: &mut [T],
        observer: &'o mut dyn Observer<T>,
    ) -> Result<Self, SolveError> {
        let started = Instant::now();
        let System {
            a,
            b,
            m,
            nullspace,
            comm,
        } = system;
        if a.nrows() != a.ncols() {
            return Err(SolveError::NotSquare {
                solver,
                nrows: a.nrows(),
                ncols: a.ncols(),
            });
        }
        let length = |what, got, expected| {
            if got == expected {
                Ok(())
            } else {
                Err(SolveError::Shape {
                    what,
                    expected,
                    got,
                })
            }
        };
        length("the matrix (against the solver's workspace)", a.nrows(), n)?;
        length("b", b.len(), n)?;
        length("x", x.len(), n)?;
        if let Some(got) = nullspace.len() {
            length("the null-space vector", got, n)?;
        }
        let declared = m.linearity();
        if declared > needed {
            let precond = m.name();
            return Err(SolveError::NeedsLinearity {
                solver,
                precond: m.as_guard().map_or(precond, |guard| guard.weaker()),
                needed,
                declared,
            });
        }
        let rhs_norm = norm(comm, b);
        if rhs_norm == T::Real::ZERO {
            x.fill(T::ZERO); // b = 0 has the answer x = 0
        }
        if let Some(guard) = m.as_guard() {
            guard.begin();
        }
        let mut run = Self {
            a,
            b,
            m,
            nullspace,
            comm,
            observer,
            target: (stopping.rtol * rhs_norm).max(stopping.atol),
            stopping,
            started,
            hermitian: a.tags().hermitian,
            rhs_norm,
            initial: None,
            unreachable: T::Real::ZERO,
            exact: false,
            iterations: 0,
            matvecs: 0,
            precond_applies: 0,
            corrections: 0,
            fallback: None,
        };
        run.watch_m();
        Ok(run)
    }

    /// How M⁻¹ is declared.
    pub fn linearity(&self) -> Linearity {
        self.m.linearity()
    }

    /// r ← b − A x (projected, where null(Aᴴ) is known); returns ‖r‖₂.
    pub fn residual(&mut self, x: &[T], r: &mut [T]) -> T::Real {
        self.a.residual(self.b, x, r); // r = b − Ax
        self.matvecs += 1;
        self.unreachable = self.nullspace.project_left(self.comm, self.hermitian, r);
        self.exact = true;
        let rnorm = norm(self.comm, r);
        self.initial.get_or_insert(rnorm);
        rnorm
    }

    /// What the solve costs, in products with A.
    pub fn meter(&self) -> Meter {
        let number = size_of::<T>();
        let matrix = match self.a.as_csr() {
            Some(a) => a.nnz() * (number + 4) + a.nrows() * 4,
            None => 8 * self.b.len() * number,
        };
        let bytes = [matrix, self.m.traffic(), size_of_val(self.b)];
        // of all processes, so that all decide alike
        let [matrix, precond, vector] = self.sums(bytes.map(|b| T::from_f64(b as f64)));
        let bytes = |sum: T| sum.re().to_f64();
        Meter::new(bytes(matrix), bytes(precond), bytes(vector))
    }

    /// Whether A is the one with this fingerprint, in all processes; and its fingerprint.
    pub fn same_matrix(&self, before: Option<u64>) -> (bool, Option<u64>) {
        let now = fingerprint(self.a);
        let differs = now.is_none() || now != before;
        (!any(self.comm, differs), now)
    }

    /// The work done so far.
    pub fn work(&self, meter: &Meter) -> f64 {
        meter.work(self.matvecs, self.precond_applies)
    }

    /// By how many orders of magnitude the residual was to fall, or has fallen to `rnorm` where
    /// that is less.
    pub fn digits(&self, rnorm: T::Real) -> f64 {
        let initial = self.initial.unwrap_or(T::Real::ZERO).to_f64();
        let end = rnorm.max(self.target).to_f64();
        match initial > end && end > 0.0 {
            true => (initial / end).log10(),
            false => 0.0,
        }
    }

    /// yⱼ ← A xⱼ (out of the range, where null(Aᴴ) is known) for the listed columns.
    pub fn apply_columns(&mut self, columns: &[usize], x: &[T], y: &mut [T]) {
        let n = self.b.len();
        self.a.apply_many(columns, x, y); // Y = AX
        self.matvecs += columns.len();
        for &j in columns {
            self.project_left(&mut y[j * n..(j + 1) * n]);
        }
    }

    /// y ← A x.
    pub fn apply(&mut self, x: &[T], y: &mut [T]) {
        self.a.apply(x, y);
        self.matvecs += 1;
    }

    /// z ← M⁻¹ r, out of the null space.
    pub fn precondition(&mut self, r: &[T], z: &mut [T]) -> Result<(), SolveError> {
        self.m.apply(r, z)?;
        self.precond_applies += 1;
        self.nullspace.project(self.comm, z);
        self.watch_m();
        Ok(())
    }

    /// Takes note of M having been replaced.
    fn watch_m(&mut self) {
        if self.fallback.is_some() {
            return;
        }
        let takeover = self.m.as_guard().and_then(|guard| guard.takeover());
        self.fallback = takeover.map(|takeover| Fallback {
            takeover,
            iteration: self.iterations,
            time: self.started.elapsed(),
        });
    }

    /// Tells M what an iteration gained: by how much the energy fell, in a method that minimises it,
    /// and the residual norm after it.
    pub fn gained(&mut self, energy: Option<T::Real>, residual: T::Real) {
        let target = self.target;
        if let Some(guard) = self.m.as_guard() {
            guard.gained(Gain {
                energy,
                residual,
                target,
            });
            self.watch_m();
        }
    }

    /// The method cannot go on with what M said. True if something else has taken its place in any
    /// process: start again from x.
    pub fn fall_back(&mut self, why: Distrust) -> bool {
        let took = self.m.as_guard().is_some_and(|guard| guard.fall_back(why));
        self.watch_m();
        any(self.comm, took)
    }

    /// How often M has changed.
    pub fn changes(&mut self) -> usize {
        self.m.as_guard().map_or(0, |guard| guard.changes())
    }

    /// Whether M has changed in any process since it had changed so often here.
    pub fn changed_since(&mut self, changes: usize) -> bool {
        self.m.as_guard().is_some() && {
            let here = self.changes() != changes;
            any(self.comm, here)
        }
    }

    /// y ← A x; returns (x, y).
    pub fn apply_dot(&mut self, x: &[T], y: &mut [T]) -> T {
        let mut sum = [self.a.apply_dot(x, y)];
        self.matvecs += 1;
        self.comm.all_sum(&mut sum);
        sum[0]
    }

    /// z ← M⁻¹ r, out of the null space; returns (r, z).
    pub fn precondition_dot(&mut self, r: &[T], z: &mut [T]) -> Result<T, SolveError> {
        if !self.nullspace.is_none() {
            self.precondition(r, z)?;
            return Ok(self.dot(r, z));
        }
        let mut sum = [self.m.apply_dot(r, z)?];
        self.precond_applies += 1;
        self.watch_m();
        self.comm.all_sum(&mut sum);
        Ok(sum[0])
    }

    /// A product and a preconditioning were done for this solve together with others: takes them
    /// into account.
    pub fn count(&mut self, matvecs: usize, precond_applies: usize) {
        self.matvecs += matvecs;
        self.precond_applies += precond_applies;
    }

    /// z, out of the null space.
    pub fn project(&self, z: &mut [T]) {
        self.nullspace.project(self.comm, z);
    }

    /// v ← v − Q Qᴴ v with Q spanning null(Aᴴ), where that is known: keeps a residual consistent.
    pub fn project_left(&self, v: &mut [T]) {
        self.nullspace.project_left(self.comm, self.hermitian, v);
    }

    /// (x, y) = xᴴ y over all processes.
    pub fn dot(&self, x: &[T], y: &[T]) -> T {
        dot(self.comm, x, y)
    }

    /// h ← Vᴴ w over all processes, in one message; V holds `h.len()` columns.
    pub fn dots(&self, v: &[T], w: &[T], h: &mut [T]) {
        kernels::block_dot(v, w, h);
        self.comm.all_sum(h);
    }

    /// Each number ← its sum over all processes, in one message.
    pub fn all_sum(&self, partial: &mut [T]) {
        self.comm.all_sum(partial);
    }

    /// Sums over all processes, in one message.
    pub fn sums<const K: usize>(&self, mut partial: [T; K]) -> [T; K] {
        self.comm.all_sum(&mut partial);
        partial
    }

    /// ‖b‖₂.
    pub fn rhs_norm(&self) -> T::Real {
        self.rhs_norm
    }

    /// ‖x‖₂ over all processes.
    pub fn norm(&self, x: &[T]) -> T::Real {
        norm(self.comm, x)
    }

    /// ‖x‖₂ from this process's share of ‖x‖₂².
    pub fn norm_from(&self, partial: T::Real) -> T::Real {
        norm_from(self.comm, partial)
    }

    /// Shows the observer the numbers of the iteration at hand: ρ = (r,z), α, and the β that p was
    /// made with, 0 where the directions begin anew.
    pub fn coefficients(&mut self, rho: T::Real, beta: T::Real, alpha: T::Real) {
        let k = self.iterations;
        self.observer.coefficients(&CgCoefficients {
            k,
            rho,
            beta,
            alpha,
        });
    }

    /// An iteration is done; the residual is now that of a recurrence.
    pub fn advance(&mut self) {
        self.iterations += 1;
        self.exact = false;
    }

    /// x was moved outside of an iteration: the residual is now that of a recurrence.
    pub fn moved(&mut self) {
        self.exact = false;
    }
}
