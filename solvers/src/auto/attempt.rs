//! One method with one preconditioner on the columns that are still open.

use super::columns::Columns;
use super::norm;
use super::plan::Candidate;
use super::watch::{GaveUp, Watch};
use crate::precond::Fallback;
use crate::{
    LinearOperator, Nullspace, Observer, Preconditioner, Reduce, SolveError, StopReason, Stopping,
    System, Tagged, Tags,
};
use resolvent_matrices::Scalar;
use std::time::{Duration, Instant};

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// It ran; of several columns, the first reason that is not convergence.
    Ended(StopReason),
    /// It was ended because others could follow: its iterations, or its rate of convergence, did
    /// not lead to the tolerance within the share of the work that an attempt has.
    TooSlow,
    /// A part of it failed, e.g. a factorisation.
    Failed(SolveError),
}

/// What was tried, and how it went.
#[derive(Debug, Clone, PartialEq)]
pub struct Attempt {
    /// Method.
    pub solver: &'static str,
    /// Preconditioner.
    pub precond: &'static str,
    /// How it ended.
    pub outcome: Outcome,
    /// Iterations, over all columns, as the counts below.
    pub iterations: usize,
    /// Products with A.
    pub matvecs: usize,
    /// Applications of M⁻¹.
    pub precond_applies: usize,
    /// Time before the first iteration: preconditioner, factorisation, workspace.
    pub setup: Duration,
    /// Time of the iterations.
    pub solve: Duration,
    /// Where its preconditioner was replaced by a fallback; of several columns, the first time.
    pub fallback: Option<Fallback>,
}

impl Attempt {
    /// How it ended in a word, as [`StopReason::name`]; `too_slow` or `failed` if it did not run to
    /// its end.
    pub fn reason(&self) -> &'static str {
        match &self.outcome {
            Outcome::Ended(reason) => reason.name(),
            Outcome::TooSlow => "too_slow",
            Outcome::Failed(_) => "failed",
        }
    }
}

/// What an attempt works with.
pub(super) struct Trial<'a, T: Scalar> {
    pub candidate: &'a Candidate<T::Real>,
    pub a: &'a dyn LinearOperator<T>,
    pub tags: Tags,
    pub nullspace: &'a Nullspace<T>,
    pub comm: &'a dyn Reduce<T>,
    pub stopping: Stopping<T::Real>,
    /// Another attempt would follow: give up when the tolerance is out of reach.
    pub hurried: bool,
    /// The choice was not the caller's: give up when there is no progress.
    pub free: bool,
}

/// What an attempt leaves behind.
pub(super) struct Tried {
    pub attempt: Attempt,
    /// What failed, for the case that nothing else works.
    pub error: Option<SolveError>,
    /// Where it was too slow: the iterations that its rate promises, ∞ without progress.
    pub promise: Option<f64>,
}

impl<T: Scalar> Trial<'_, T> {
    /// Runs on the open columns; those that converge are closed.
    pub fn run(
        &self,
        given: &mut dyn Preconditioner<T>,
        columns: &mut Columns<T>,
        b: &[T],
        x: &mut [T],
        observer: &mut dyn Observer<T>,
    ) -> Tried {
        let attempt = Attempt {
            solver: self.candidate.method.name(),
            precond: self.candidate.precond_name(given.name()),
            outcome: Outcome::Ended(StopReason::Converged),
            iterations: 0,
            matvecs: 0,
            precond_applies: 0,
            setup: Duration::ZERO,
            solve: Duration::ZERO,
            fallback: None,
        };
        let mut tried = Tried {
            attempt,
            error: None,
            promise: None,
        };
        if let Err(error) = self.solve(given, columns, b, x, observer, &mut tried) {
            tried.attempt.outcome = Outcome::Failed(error.clone());
            tried.error = Some(error);
        }
        tried
    }

    fn solve(
        &self,
        given: &mut dyn Preconditioner<T>,
        columns: &mut Columns<T>,
        b: &[T],
        x: &mut [T],
        observer: &mut dyn Observer<T>,
        tried: &mut Tried,
    ) -> Result<(), SolveError> {
        let started = Instant::now();
        let attempt = &mut tried.attempt;
        let a = Tagged {
            operator: self.a,
            tags: self.tags,
        };
        let mut built = match &self.candidate.precond {
            Some(precond) => Some(precond.build(&a)?),
            None => None,
        };
        let m = built.as_deref_mut().unwrap_or(given);
        // what the setup took is not there any more
        let mut stopping = self.stopping;
        let rest = |limit: Duration| limit.saturating_sub(started.elapsed());
        stopping.max_time = stopping.max_time.map(rest);
        self.candidate.method.fits::<T>(columns.n)?;
        let mut solver = self.candidate.method.build::<T>(columns.n, stopping);
        attempt.setup = started.elapsed();

        let mut watch = Watch::new(observer, stopping, self.hurried, self.free);
        // the first column alone: what fails on it need not be tried on the others, unless it is
        // the fault of the column
        let mut groups = std::mem::take(&mut columns.open);
        let rest = groups.split_off(groups.len().min(1));
        for group in [groups, rest] {
            if group.is_empty() {
                continue;
            }
            let ends = [StopReason::Converged, StopReason::Inconsistent].map(Outcome::Ended);
            if self.hurried && !ends.contains(&attempt.outcome) {
                columns.open.extend(group);
                continue;
            }
            let n = columns.n;
            let gather = |v: &[T]| -> Vec<T> {
                let parts = group.iter().map(|&c| &v[c * n..(c + 1) * n]);
                parts.flatten().copied().collect()
            };
            let (rhs, mut found) = (gather(b), gather(&columns.guess));
            if self.candidate.negate {
                found.iter_mut().for_each(|v| *v = -*v); // −A·(−x) = b
            }
            watch.expect(&group, rhs.chunks_exact(n).map(|b| norm(self.comm, b)));
            let system = System {
                a: &a,
                b: &rhs,
                m: &mut *m,
                nullspace: self.nullspace,
                comm: self.comm,
            };
            let solved = solver.solve_many(system, &mut found, &mut watch);
            if let Some(began) = watch.began {
                attempt.setup = began - started;
            }
            let reports = match solved {
                Ok(reports) => reports,
                Err(error) => {
                    columns.open.extend(group);
                    return Err(error);
                }
            };
            if self.candidate.negate {
                found.iter_mut().for_each(|v| *v = -*v);
            }
            let ends = group.iter().zip(reports).zip(&watch.paces);
            for (((&column, mut report), pace), found) in ends.zip(found.chunks_exact(n)) {
                let gave_up = pace.gave_up;
                if let (StopReason::Interrupted, Some(why)) = (report.reason, gave_up) {
                    report.reason = why.reason();
                }
                attempt.iterations += report.iterations;
                attempt.matvecs += report.matvecs;
                attempt.precond_applies += report.precond_applies;
                attempt.fallback = attempt.fallback.or(report.fallback);
                columns.settle(column, report, found, x);
                if report.converged() {
                    continue;
                }
                columns.open.push(column);
                let cut = self.hurried && report.reason == StopReason::MaxIterations
                    || gave_up == Some(GaveUp::TooSlow);
                if cut {
                    let promise = tried.promise.unwrap_or(0.0);
                    tried.promise = Some(promise.max(pace.promise()));
                }
                if attempt.outcome == Outcome::Ended(StopReason::Converged) {
                    attempt.outcome = match cut {
                        true => Outcome::TooSlow,
                        false => Outcome::Ended(report.reason),
                    };
                }
            }
        }
        attempt.solve = started.elapsed().saturating_sub(attempt.setup);
        Ok(())
    }
}
