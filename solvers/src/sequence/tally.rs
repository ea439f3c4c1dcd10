//! The counts of all attempts on one system.

use super::Solved;
use crate::{Attempt, Auto, Outcome, SolveError, SolveReport, StopReason, Way};
use resolvent_matrices::{Real, Scalar};
use std::time::Duration;

#[derive(Debug)]
pub(super) struct Tally<R> {
    iterations: usize,
    matvecs: usize,
    precond_applies: usize,
    pub work: f64,
    pub setup: Duration,
    pub solve: Duration,
    /// The caller's observer has asked to stop.
    pub interrupted: bool,
    /// ‖r‖₂ where the last attempt began.
    pub first_residual: R,
    attempts: Vec<Attempt>,
    /// Who finished it.
    names: (&'static str, &'static str),
}

impl<R: Real> Default for Tally<R> {
    fn default() -> Self {
        Self {
            iterations: 0,
            matvecs: 0,
            precond_applies: 0,
            work: 0.0,
            setup: Duration::ZERO,
            solve: Duration::ZERO,
            interrupted: false,
            first_residual: R::ZERO,
            attempts: Vec::new(),
            names: ("auto", "none"),
        }
    }
}

impl<R: Real> Tally<R> {
    /// With the products that the initial guess took.
    pub fn of_guess(matvecs: usize) -> Self {
        Self {
            matvecs,
            work: matvecs as f64,
            ..Self::default()
        }
    }

    /// Takes an attempt into account; an application of M⁻¹ is so much work at first and at the end, of
    /// what took over within.
    pub fn add(&mut self, report: &SolveReport<R>, [first, last]: [f64; 2]) {
        self.iterations += report.iterations;
        self.matvecs += report.matvecs;
        self.precond_applies += report.precond_applies;
        let until = report.fallback.map_or(usize::MAX, |f| f.iteration);
        let early = report.precond_applies.min(until);
        let late = report.precond_applies - early;
        self.work += report.matvecs as f64 + early as f64 * first + late as f64 * last;
    }

    /// An attempt did not finish it.
    pub fn close(&mut self, way: &Way<R>, ended: &Result<SolveReport<R>, SolveError>) {
        let counts = |count: fn(&SolveReport<R>) -> usize| ended.as_ref().map_or(0, count);
        self.attempts.push(Attempt {
            solver: way.method.name(),
            precond: way.precond.name(),
            outcome: match ended {
                // not asked for by the caller: its budget is used up
                Ok(report) if report.reason == StopReason::Interrupted => Outcome::TooSlow,
                Ok(report) => Outcome::Ended(report.reason),
                Err(error) => Outcome::Failed(error.clone()),
            },
            iterations: counts(|r| r.iterations),
            matvecs: counts(|r| r.matvecs),
            precond_applies: counts(|r| r.precond_applies),
            setup: self.setup,
            solve: self.solve,
            fallback: ended.as_ref().ok().and_then(|r| r.fallback),
        });
    }

    /// Takes what `auto` did.
    pub fn take<T: Scalar<Real = R>>(&mut self, auto: &Auto<T>) {
        for attempt in auto.attempts() {
            self.iterations += attempt.iterations;
            self.matvecs += attempt.matvecs;
            self.precond_applies += attempt.precond_applies;
            self.work += (attempt.matvecs + attempt.precond_applies) as f64;
        }
        self.setup += auto.setup_time();
        self.solve += auto.solve_time();
        if let Some((last, before)) = auto.attempts().split_last() {
            self.attempts.extend_from_slice(before);
            self.names = (last.solver, last.precond);
        }
    }

    /// The system is solved, by this way.
    pub fn solved(mut self, report: SolveReport<R>, way: &Way<R>) -> Solved<R> {
        self.names = (way.method.name(), way.precond.name());
        self.ended(report)
    }

    pub fn ended(self, report: SolveReport<R>) -> Solved<R> {
        // a fallback within the solve
        let precond = report.fallback.map_or(self.names.1, |f| f.takeover.to);
        Solved {
            report: SolveReport {
                iterations: self.iterations,
                matvecs: self.matvecs,
                precond_applies: self.precond_applies,
                ..report
            },
            solver: self.names.0,
            precond,
            capped: !self.attempts.is_empty(),
            work: self.work,
            setup: self.setup,
            solve: self.solve,
            attempts: self.attempts,
        }
    }
}
