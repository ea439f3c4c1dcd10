//! One method with one preconditioner on the columns that are still open.

use super::norm;
use super::plan::Candidate;
use crate::{
    LinearOperator, Nullspace, Observer, Preconditioner, Reduce, SolveError, SolveReport, Step,
    StopReason, Stopping, System, Tagged, Tags, kernels,
};
use resolvent_matrices::{Real, Scalar};
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// It ran; of several columns, the first reason that is not convergence.
    Ended(StopReason),
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
}

impl Attempt {
    /// How it ended in a word, as [`StopReason::name`]; `failed` if a part failed.
    pub fn reason(&self) -> &'static str {
        match &self.outcome {
            Outcome::Ended(reason) => reason.name(),
            Outcome::Failed(_) => "failed",
        }
    }
}

/// The columns of a system and the best that is known of each.
pub(super) struct Columns<R> {
    n: usize,
    /// Norm of the residual of what stands in x.
    residuals: Vec<R>,
    reports: Vec<Option<SolveReport<R>>>,
    open: Vec<usize>,
}

impl<R: Real> Columns<R> {
    pub fn new<T: Scalar<Real = R>>(
        a: &dyn LinearOperator<T>,
        b: &[T],
        x: &[T],
        comm: &dyn Reduce<T>,
    ) -> Self {
        let n = a.nrows();
        let mut r = vec![T::ZERO; n];
        let size = n.max(1);
        let pairs = b.chunks_exact(size).zip(x.chunks_exact(size));
        let residuals: Vec<R> = pairs
            .map(|(b, x)| {
                a.residual(b, x, &mut r); // r = b − Ax
                norm(comm, &r)
            })
            .collect();
        Self {
            n,
            reports: vec![None; residuals.len()],
            open: (0..residuals.len()).collect(),
            residuals,
        }
    }

    /// Whether every column has converged.
    pub fn done(&self) -> bool {
        self.open.is_empty()
    }

    /// Keeps x of a column if it is better than what was known.
    fn settle<T: Scalar<Real = R>>(
        &mut self,
        column: usize,
        report: SolveReport<R>,
        found: &[T],
        x: &mut [T],
    ) {
        let better = report.residual_norm <= self.residuals[column];
        if report.converged() || better {
            let range = column * self.n..(column + 1) * self.n;
            x[range].copy_from_slice(found);
            self.residuals[column] = report.residual_norm;
        }
        let known = &mut self.reports[column];
        // of several failures, inconsistency is the one that says something of the system
        let keep = known.is_some_and(|old| old.reason == StopReason::Inconsistent);
        if report.converged() || !keep {
            *known = Some(report);
        }
    }

    /// The reports, with what is true of the x that is handed back. `cause` is what the whole
    /// failed of, where that is known better than from the last attempt.
    pub fn finish<T: Scalar<Real = R>>(
        self,
        failure: Option<SolveError>,
        cause: Option<StopReason>,
        b: &[T],
        time: Duration,
    ) -> Result<Vec<SolveReport<R>>, SolveError> {
        let mut reports = Vec::with_capacity(self.reports.len());
        for (column, report) in self.reports.into_iter().enumerate() {
            let mut report = match (report, &failure, cause) {
                (Some(report), ..) => report,
                (None, Some(failure), None) => return Err(failure.clone()),
                (None, ..) => {
                    let b = &b[column * self.n..(column + 1) * self.n];
                    SolveReport {
                        reason: cause.unwrap_or(StopReason::MaxIterations),
                        iterations: 0,
                        matvecs: 0,
                        precond_applies: 0,
                        corrections: 0,
                        residual_norm: self.residuals[column],
                        rhs_norm: kernels::norm_squared(b).sqrt(),
                        backward_error: None,
                        time,
                    }
                }
            };
            report.residual_norm = self.residuals[column];
            let says_more = [
                StopReason::Converged,
                StopReason::Inconsistent,
                StopReason::Interrupted,
            ];
            if !says_more.contains(&report.reason) {
                report.reason = cause.unwrap_or(report.reason);
            }
            reports.push(report);
        }
        Ok(reports)
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

impl<T: Scalar> Trial<'_, T> {
    /// Runs on the open columns; those that converge are closed. Whatever fails is in the attempt,
    /// and handed back for the case that nothing else works.
    pub fn run(
        &self,
        given: &mut dyn Preconditioner<T>,
        columns: &mut Columns<T::Real>,
        b: &[T],
        x: &mut [T],
        observer: &mut dyn Observer<T>,
    ) -> (Attempt, Option<SolveError>) {
        let mut attempt = Attempt {
            solver: self.candidate.method.name(),
            precond: self.candidate.precond_name(given.name()),
            outcome: Outcome::Ended(StopReason::Converged),
            iterations: 0,
            matvecs: 0,
            precond_applies: 0,
            setup: Duration::ZERO,
            solve: Duration::ZERO,
        };
        match self.solve(given, columns, b, x, observer, &mut attempt) {
            Ok(()) => (attempt, None),
            Err(error) => {
                attempt.outcome = Outcome::Failed(error.clone());
                (attempt, Some(error))
            }
        }
    }

    fn solve(
        &self,
        given: &mut dyn Preconditioner<T>,
        columns: &mut Columns<T::Real>,
        b: &[T],
        x: &mut [T],
        observer: &mut dyn Observer<T>,
        attempt: &mut Attempt,
    ) -> Result<(), SolveError> {
        let started = Instant::now();
        let a = Tagged {
            operator: self.a,
            tags: self.tags,
        };
        let mut built = match &self.candidate.precond {
            Some(precond) => Some(precond.build(&a)?),
            None => None,
        };
        let m = built.as_deref_mut().unwrap_or(given);
        let mut solver = self.candidate.method.build::<T>(columns.n, self.stopping);
        attempt.setup = started.elapsed();

        let mut watch = Watch {
            observer,
            columns: Vec::new(),
            hurried: self.hurried,
            free: self.free,
            stopping: self.stopping,
            paces: Vec::new(),
            current: 0,
            began: None,
        };
        // the first column alone: what fails on it need not be tried on the others
        let mut groups = std::mem::take(&mut columns.open);
        let rest = groups.split_off(groups.len().min(1));
        for group in [groups, rest] {
            if group.is_empty() {
                continue;
            }
            let ended = attempt.outcome != Outcome::Ended(StopReason::Converged);
            if ended && self.hurried {
                columns.open.extend(group);
                continue;
            }
            let n = columns.n;
            let gather = |v: &[T]| -> Vec<T> {
                let parts = group.iter().map(|&c| &v[c * n..(c + 1) * n]);
                parts.flatten().copied().collect()
            };
            let (rhs, mut found) = (gather(b), gather(x));
            if self.candidate.negate {
                found.iter_mut().for_each(|v| *v = -*v); // −A·(−x) = b
            }
            let target = |b: &[T]| {
                let relative = self.stopping.rtol * norm(self.comm, b);
                Pace::towards(relative.max(self.stopping.atol))
            };
            watch.paces = rhs.chunks_exact(n).map(target).collect();
            watch.current = 0;
            watch.columns.clone_from(&group);
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
                if report.reason == StopReason::Interrupted
                    && let Some(reason) = pace.gave_up
                {
                    report.reason = reason;
                }
                attempt.iterations += report.iterations;
                attempt.matvecs += report.matvecs;
                attempt.precond_applies += report.precond_applies;
                columns.settle(column, report, found, x);
                if !report.converged() {
                    columns.open.push(column);
                    if attempt.outcome == Outcome::Ended(StopReason::Converged) {
                        attempt.outcome = Outcome::Ended(report.reason);
                    }
                }
            }
        }
        attempt.solve = started.elapsed().saturating_sub(attempt.setup);
        Ok(())
    }
}

/// Passes every step on, and ends an attempt that cannot arrive within its budget.
struct Watch<'a, T: Scalar> {
    observer: &'a mut dyn Observer<T>,
    /// Which of all columns are being solved for.
    columns: Vec<usize>,
    /// How each of them gets on; the next step is of the current one.
    paces: Vec<Pace<T::Real>>,
    current: usize,
    hurried: bool,
    free: bool,
    stopping: Stopping<T::Real>,
    /// When the first iteration did: what a solver does before is setup (a factorisation).
    began: Option<Instant>,
}

/// How one column gets on.
struct Pace<R> {
    target: R,
    first: Option<R>,
    least: R,
    /// When the residual was last seen to have halved, and what it was then.
    halved: (usize, R),
    /// Why the solve was ended, if it was ended here.
    gave_up: Option<StopReason>,
}

/// Iterations before a rate of convergence is judged.
const PATIENCE: usize = 150;

/// How many times the budget a rate may promise: convergence often speeds up.
const HOPE: f64 = 4.0;

/// Iterations within which a residual that makes progress has halved.
const STANDSTILL: usize = 5000;

impl<R: Real> Pace<R> {
    fn towards(target: R) -> Self {
        Self {
            target,
            first: None,
            least: R::INFINITY,
            halved: (0, R::INFINITY),
            gave_up: None,
        }
    }

    /// Takes a residual in; whether it has not halved for long.
    fn stands_still(&mut self, k: usize, residual_norm: R) -> bool {
        if k == 0 {
            self.first = Some(residual_norm);
            self.least = R::INFINITY;
            self.halved = (0, residual_norm);
        }
        self.least = self.least.min(residual_norm);
        if self.least + self.least <= self.halved.1 {
            self.halved = (k, self.least);
        }
        k - self.halved.0.min(k) > STANDSTILL
    }

    /// Whether the rate so far does not lead there in so many iterations.
    fn hopeless(&self, k: usize, max_iters: usize) -> bool {
        let Some(first) = self.first.filter(|_| k >= PATIENCE && k.is_multiple_of(50)) else {
            return false;
        };
        let [first, least, target] = [first, self.least, self.target].map(|r| r.to_f64().ln());
        let whole = (first - target) * k as f64 / (first - least);
        whole.is_nan() || whole > HOPE * max_iters as f64
    }
}

impl<T: Scalar> Observer<T> for Watch<'_, T> {
    fn step(&mut self, step: &Step<'_, T>) -> ControlFlow<()> {
        self.began.get_or_insert_with(Instant::now);
        if let Some(pace) = self.paces.get_mut(self.current) {
            let still = pace.stands_still(step.k, step.residual_norm);
            pace.gave_up = if self.hurried && pace.hopeless(step.k, self.stopping.max_iters) {
                Some(StopReason::MaxIterations)
            } else {
                (self.free && still).then_some(StopReason::Stagnated)
            };
            if pace.gave_up.is_some() {
                return ControlFlow::Break(());
            }
        }
        self.observer.step(step)
    }

    fn column(&mut self, index: usize) {
        self.current = index;
        self.observer.column(self.columns[index]);
    }
}
