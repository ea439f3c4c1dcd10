//! `auto`: reads the matrix, starts with the likeliest winner, and falls back on evidence.
//!
//! Every attempt is judged by the residual recomputed from x, as of every solver, so that a wrong
//! guess costs time and never correctness. An attempt that is not the last has a budget: it is
//! ended once it has used it up, or once its rate of convergence cannot reach the tolerance within
//! it. Every attempt starts from the initial guess of the caller, and so does what it would have
//! done alone; the best iterate of all is what is handed back. If nothing arrives, the attempts that
//! were too slow are made again without a budget, the one that promised the fewest iterations
//! first.

mod attempt;
mod columns;
mod knowledge;
mod plan;
mod scale;
#[cfg(test)]
mod tests;
mod watch;

pub use attempt::{Attempt, Outcome};
pub use plan::{fallback, ways};

use crate::reduce::norm;
use crate::solver::check_columns;
use crate::{
    Method, Nullspace, Observer, Precond, SolveError, SolveReport, Solver, StopReason, Stopping,
    System, Way,
};
use attempt::{Trial, Tried};
use columns::Columns;
use knowledge::Knowledge;
use plan::Candidate;
use resolvent_matrices::{Csr, Real, Scalar};
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Configuration of [`Auto`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AutoConfig<R> {
    /// When to stop. `max_iters` bounds each attempt, `max_time` all of them with their setup.
    pub stopping: Stopping<R>,
    /// The method, if it is not to be chosen.
    pub method: Option<Method<R>>,
    /// The preconditioner, if it is not to be chosen.
    pub precond: Option<Precond>,
    /// Take the preconditioner that comes with the system, whatever `precond` says; with the method
    /// left open, others are tried after it.
    pub given: bool,
    /// Largest size of the factors of a factorisation; `None`: no limit.
    pub max_bytes: Option<usize>,
    /// Take the constant vector as null space where every row of A sums to zero and the system
    /// declares none.
    pub detect_nullspace: bool,
}

impl<R: Real> Default for AutoConfig<R> {
    fn default() -> Self {
        Self {
            stopping: Stopping::default(),
            method: None,
            precond: None,
            given: false,
            max_bytes: None,
            detect_nullspace: true,
        }
    }
}

/// The solver that chooses. The preconditioner of the [`System`] it is given is used only where A
/// shows no entries, or with [`AutoConfig::given`].
#[derive(Debug, Clone)]
pub struct Auto<T: Scalar> {
    config: AutoConfig<T::Real>,
    attempts: Vec<Attempt>,
    reading: Duration,
    winner: Option<Way<T::Real>>,
}

impl<T: Scalar> Auto<T> {
    /// Allocates nothing: what is needed is known only when the matrix is.
    pub fn new(config: AutoConfig<T::Real>) -> Self {
        Self {
            config,
            attempts: Vec::new(),
            reading: Duration::ZERO,
            winner: None,
        }
    }

    /// What the last solve tried, in order; the last is what its reports are of.
    pub fn attempts(&self) -> &[Attempt] {
        &self.attempts
    }

    /// What solved the last system in the end, so that it can be tried first on the next. `None` if
    /// nothing did, or if it needed −A or the preconditioner that came with the system.
    pub fn winner(&self) -> Option<Way<T::Real>> {
        self.winner
    }

    /// Time the last solve spent before it iterated: reading the matrix, preconditioners,
    /// factorisations.
    pub fn setup_time(&self) -> Duration {
        self.reading + self.attempts.iter().map(|a| a.setup).sum::<Duration>()
    }

    /// Time of that which went into reading the matrix: looking for evidence, the residual of the
    /// initial guess.
    pub fn reading_time(&self) -> Duration {
        self.reading
    }

    /// Time the last solve spent iterating.
    pub fn solve_time(&self) -> Duration {
        self.attempts.iter().map(|a| a.solve).sum()
    }

    fn run(
        &mut self,
        system: System<'_, T>,
        x: &mut [T],
        observer: &mut dyn Observer<T>,
    ) -> Result<Vec<SolveReport<T::Real>>, SolveError> {
        let started = Instant::now();
        let n = system.a.nrows();
        if n != system.a.ncols() {
            return Err(SolveError::NotSquare {
                solver: "auto",
                nrows: n,
                ncols: system.a.ncols(),
            });
        }
        let chosen = self.config.precond.is_some() || self.config.given;
        let free = self.config.method.is_none() && !chosen;
        let knowledge = Knowledge::of(system.a, free)?;
        let plan = plan::plan(&self.config, &knowledge);
        let detected = self.config.detect_nullspace && system.nullspace.is_none();
        let found = if detected {
            knowledge.nullspace(n)
        } else {
            Nullspace::none()
        };
        let nullspace = if detected { &found } else { system.nullspace };
        if !detected {
            nullspace.check(system.a, system.comm)?;
        }
        let mut columns = Columns::new(system.a, system.b, x, system.comm);
        let mut negated = None;
        self.reading = started.elapsed();

        let mut failure = None;
        let mut slow: Vec<(f64, &Candidate<T::Real>)> = Vec::new();
        let mut whole = false;
        let mut queue: VecDeque<_> = plan.iter().collect();
        while let Some(candidate) = queue.pop_front() {
            let last = whole || queue.is_empty();
            let ran = |a: &Attempt| a.solver == "direct" && matches!(a.outcome, Outcome::Ended(_));
            if matches!(candidate.method, Method::Direct(_)) && self.attempts.iter().any(ran) {
                continue; // it would end as it did
            }
            let Some(stopping) = budget(&self.config.stopping, started, candidate, last) else {
                break; // no time left
            };
            observer.begin(
                candidate.method.name(),
                candidate.precond_name(system.m.name()),
            );
            if candidate.negate && negated.is_none() {
                negated = Some(negative(system.a)?);
            }
            let trial = Trial {
                candidate,
                a: match &negated {
                    Some(negated) if candidate.negate => negated,
                    _ => system.a,
                },
                tags: knowledge.tags(candidate.negate),
                nullspace,
                comm: system.comm,
                stopping,
                hurried: !last,
                free: self.config.method.is_none() || !chosen,
            };
            let tried = trial.run(&mut *system.m, &mut columns, system.b, x, observer);
            let Tried {
                attempt,
                error,
                promise,
            } = tried;
            let interrupted = attempt.outcome == Outcome::Ended(StopReason::Interrupted);
            self.attempts.push(attempt);
            failure = error;
            self.winner = candidate.way().filter(|_| columns.done());
            if columns.done() || interrupted {
                break;
            }
            slow.extend(promise.filter(|p| p.is_finite()).map(|p| (p, candidate)));
            if last {
                // nothing arrived: those that were too slow again, without a budget
                slow.sort_by(|a, b| a.0.total_cmp(&b.0));
                queue.extend(slow.drain(..).map(|(_, candidate)| candidate));
                whole = true;
            }
        }
        let limit = match self.config.stopping.max_time {
            Some(limit) if started.elapsed() >= limit => Some(StopReason::TimeLimit),
            _ => None,
        };
        let singular = |a: &Attempt| a.outcome == Outcome::Ended(StopReason::Singular);
        let hermitian = self.config.method.is_some_and(|m| m.needs_hermitian());
        let cause = match limit {
            None if self.attempts.iter().any(singular) => Some(StopReason::Singular),
            None if hermitian
                && failure.is_none()
                && knowledge.has_entries()
                && !knowledge.hermitian() =>
            {
                Some(StopReason::NotHermitian)
            }
            limit => limit,
        };
        columns.finish(failure, cause, system.b, system.comm, started.elapsed())
    }
}

impl<T: Scalar> Solver<T> for Auto<T> {
    fn name(&self) -> &'static str {
        "auto"
    }

    fn solve(
        &mut self,
        system: System<'_, T>,
        x: &mut [T],
        observer: &mut dyn Observer<T>,
    ) -> Result<SolveReport<T::Real>, SolveError> {
        for (what, got) in [("b", system.b.len()), ("x", x.len())] {
            if got != system.a.nrows() {
                let expected = system.a.nrows();
                return Err(SolveError::Shape {
                    what,
                    expected,
                    got,
                });
            }
        }
        let empty = Err(SolveError::Config {
            solver: "auto",
            problem: "the system has no unknowns".into(),
        });
        let reports = self.solve_many(system, x, observer)?;
        reports.first().copied().map_or(empty, Ok)
    }

    fn solve_many(
        &mut self,
        system: System<'_, T>,
        x: &mut [T],
        observer: &mut dyn Observer<T>,
    ) -> Result<Vec<SolveReport<T::Real>>, SolveError> {
        self.attempts.clear();
        self.winner = None;
        check_columns(system.a.nrows(), system.b, x)?;
        match scale::Scaled::of(system.b) {
            None => self.run(system, x, observer),
            Some(scaled) => scaled.solve(self, system, x, observer),
        }
    }

    fn workspace_bytes(&self) -> usize {
        0
    }
}

/// The bounds of one attempt; `None` if no time is left.
fn budget<R: Real>(
    stopping: &Stopping<R>,
    started: Instant,
    candidate: &Candidate<R>,
    last: bool,
) -> Option<Stopping<R>> {
    let mut bounds = *stopping;
    if let Some(limit) = stopping.max_time {
        let rest = limit.checked_sub(started.elapsed())?;
        bounds.max_time = Some(if last { rest } else { rest / 2 });
    }
    if !last {
        bounds.max_iters = bounds.max_iters.min(candidate.max_iters);
    }
    Some(bounds)
}

/// −A.
fn negative<T: Scalar>(a: &dyn crate::LinearOperator<T>) -> Result<Csr<T>, SolveError> {
    let csr = a
        .as_csr()
        .ok_or(SolveError::NeedsEntries { method: "auto" })?;
    let mut negated = csr.to_u32()?.view().to_owned()?;
    for value in negated.values_mut() {
        *value = -*value;
    }
    Ok(negated)
}
