//! What is true of an x, whatever the solver says: residuals recomputed in double precision.

use super::args::Tolerance;
use super::history::relative;
use super::input::Double;
use super::report::Column;
use resolvent::{Csr, LinearOperator, Method, SolveReport, StopReason, Stopping, solvers};
use std::time::Duration;

/// A system and its tolerance.
pub struct Judge<'a, T> {
    pub a: &'a Csr<T>,
    /// All columns of b.
    pub b: &'a [T],
    /// x* of the first column, where it is known.
    exact: Option<&'a [T]>,
    tolerance: &'a Tolerance,
    /// ‖b‖₂ of each column.
    pub norms: Vec<f64>,
    /// ‖A‖_F.
    scale: f64,
}

impl<'a, T: Double> Judge<'a, T> {
    pub fn new(
        a: &'a Csr<T>,
        b: &'a [T],
        exact: Option<&'a [T]>,
        tolerance: &'a Tolerance,
    ) -> Self {
        Self {
            a,
            b,
            exact,
            tolerance,
            norms: b.chunks_exact(a.nrows()).map(norm).collect(),
            scale: a.view().norm_fro(),
        }
    }

    /// The bounds of a solve by this method, or any, that has this much time.
    pub fn stopping(
        &self,
        method: Option<&Method<f64>>,
        max_time: Option<Duration>,
    ) -> Stopping<f64> {
        let default = match method {
            Some(Method::Sor(_)) => 10_000,
            _ => (10 * self.a.nrows()).max(1000),
        };
        Stopping {
            rtol: self.tolerance.rtol,
            atol: self.tolerance.atol,
            max_iters: self.tolerance.max_iters.unwrap_or(default),
            max_time,
            ..Stopping::default()
        }
    }

    fn target(&self, rhs_norm: f64) -> f64 {
        (self.tolerance.rtol * rhs_norm).max(self.tolerance.atol)
    }

    /// max(rtol·‖b‖, atol) of each column.
    pub fn targets(&self) -> Vec<f64> {
        self.norms.iter().map(|&b| self.target(b)).collect()
    }

    /// ‖b − Ax‖/‖b‖ of an x for the first column, and whether that is the tolerance.
    pub fn arrived(&self, x: &[T]) -> (f64, bool) {
        let n = self.a.nrows();
        let mut r = vec![T::ZERO; n];
        self.a.residual(&self.b[..n], x, &mut r); // r = b − Ax
        let (residual, rhs_norm) = (norm(&r), self.norms[0]);
        (relative(residual, rhs_norm), self.met(residual, rhs_norm))
    }

    /// The same arithmetic as in the solver, up to the order of its sums.
    fn met(&self, residual: f64, rhs_norm: f64) -> bool {
        residual <= self.target(rhs_norm) * (1.0 + 1e-9)
    }

    /// Each column of x, with what its solver reports.
    pub fn columns(&self, x: &[T], reports: &[SolveReport<f64>]) -> Vec<Column> {
        let n = self.a.nrows();
        let mut r = vec![T::ZERO; n];
        let parts = x.chunks_exact(n).zip(self.b.chunks_exact(n));
        let known = reports.iter().zip(&self.norms);
        type Known<'a> = (&'a SolveReport<f64>, &'a f64);
        let judge = |((x, b), (report, &rhs_norm)): ((&[T], &[T]), Known<'_>)| {
            self.a.residual(b, x, &mut r); // r = b − Ax
            let residual = norm(&r);
            let met = self.met(residual, rhs_norm);
            let reason = match report.reason {
                StopReason::Converged if !met => StopReason::Stagnated,
                reason => reason,
            };
            Column {
                converged: reason == StopReason::Converged,
                reason: reason.name(),
                iterations: report.iterations,
                relative_residual: relative(residual, rhs_norm),
                backward_error: relative(residual, self.scale * norm(x) + rhs_norm),
                forward_error: self.exact.map(|exact| distance(x, exact)),
                rhs_norm,
                advice: reason.advice(),
            }
        };
        parts.zip(known).map(judge).collect()
    }
}

/// ‖x − x*‖₂/‖x*‖₂.
fn distance<T: Double>(x: &[T], exact: &[T]) -> f64 {
    let error: f64 = x.iter().zip(exact).map(|(&x, &e)| (x - e).abs2()).sum();
    relative(error.sqrt(), norm(exact))
}

/// ‖v‖₂.
fn norm<T: Double>(v: &[T]) -> f64 {
    let plain = solvers::kernels::norm_squared(v).sqrt();
    if plain > 1e-140 && plain < 1e150 {
        return plain;
    }
    // squares have under- or overflowed, unless v is zero or not finite: relative to the largest
    let largest = v.iter().map(|v| v.to_c64().norm()).fold(0.0, f64::max);
    if largest == 0.0 || !largest.is_finite() {
        return plain;
    }
    let squares = v.iter().map(|v| (v.to_c64() / largest).norm_sqr());
    largest * squares.sum::<f64>().sqrt()
}

/// The largest, or NaN if one is.
pub fn worst(values: impl Iterator<Item = f64>) -> f64 {
    values.fold(0.0, |a, b| if a.is_nan() || b <= a { a } else { b })
}
