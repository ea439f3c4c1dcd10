//! The columns of a system while attempts are made on them.

use super::norm;
use crate::{LinearOperator, Reduce, SolveError, SolveReport, StopReason};
use resolvent_matrices::Scalar;
use std::time::Duration;

/// The columns of a system and the best that is known of each.
pub(super) struct Columns<T: Scalar> {
    pub n: usize,
    /// The initial guess of the caller: where every attempt starts, so that it does what it would
    /// have done alone.
    pub guess: Vec<T>,
    /// Norm of the residual of what stands in x.
    residuals: Vec<T::Real>,
    reports: Vec<Option<SolveReport<T::Real>>>,
    /// Not converged yet.
    pub open: Vec<usize>,
}

impl<T: Scalar> Columns<T> {
    /// Nothing is known of them but the initial guess in x.
    pub fn new(a: &dyn LinearOperator<T>, b: &[T], x: &[T], comm: &dyn Reduce<T>) -> Self {
        let n = a.nrows();
        let mut r = vec![T::ZERO; n];
        let size = n.max(1);
        let pairs = b.chunks_exact(size).zip(x.chunks_exact(size));
        let residuals: Vec<T::Real> = pairs
            .map(|(b, x)| {
                a.residual(b, x, &mut r); // r = b − Ax
                norm(comm, &r)
            })
            .collect();
        Self {
            n,
            guess: x.to_vec(),
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
    pub fn settle(
        &mut self,
        column: usize,
        report: SolveReport<T::Real>,
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
    pub fn finish(
        self,
        failure: Option<SolveError>,
        cause: Option<StopReason>,
        b: &[T],
        comm: &dyn Reduce<T>,
        time: Duration,
    ) -> Result<Vec<SolveReport<T::Real>>, SolveError> {
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
                        rhs_norm: norm(comm, b),
                        backward_error: None,
                        recycling: None,
                        fallback: None,
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
