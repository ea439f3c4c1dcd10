//! One line of the log.

use super::carrier::Carried;
use super::hindsight::Again;
use super::source::Current;
use super::tuning::Tuning;
use crate::cli::input::Double;
use crate::cli::machine;
use crate::cli::report::{self as words, AttemptJson, Column, Seconds, SolveJson, attempt_json};
use resolvent::solvers::{Recycling, Solved};
use serde::Serialize;

/// One line of the log.
#[derive(Debug, Serialize)]
pub struct Line<'a> {
    /// From 0.
    pub index: usize,
    /// The equation; null where there is but one.
    pub stream: Option<&'a str>,
    #[serde(flatten)]
    pub solve: &'a SolveJson,
    /// Who chose; null where there was no choice.
    pub tuner: Option<&'static str>,
    /// What was chosen, e.g. `omega=1.75`; null where there was no choice.
    pub arm: Option<&'a str>,
    /// Relaxation used.
    pub omega: Option<f64>,
    pub probability: Option<f64>,
    /// What the choice was made on.
    pub context: &'a [f64],
    pub cost: f64,
    /// What the tuner is to make small: iterations, work or time; null where there was no choice.
    pub cost_of: Option<&'static str>,
    /// The arm did not finish the solve; the safe one did.
    pub capped: bool,
    /// Work in products with A, what describing the matrix took included.
    pub work: f64,
    /// Products with A that describing the matrix took; they are in the work, and in a cost in iterations.
    pub extra_matvecs: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hindsight: Option<Again>,
    /// Of a method that recycles.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recycling: Option<RecyclingJson>,
}

/// What recycling did in a solve.
#[derive(Debug, Serialize)]
pub struct RecyclingJson {
    /// Dimension of the space the solve began with.
    pub dimension: usize,
    /// Dimension of the one it left.
    pub kept: usize,
    /// Products with A to bring the space up to date; they are in the products.
    pub setup_matvecs: usize,
    /// Whether the space was used, and why.
    pub verdict: &'static str,
    /// Cost of a solve with the space against one without; null before it is known.
    pub ratio: Option<f64>,
}

impl From<Recycling> for RecyclingJson {
    fn from(recycling: Recycling) -> Self {
        Self {
            dimension: recycling.dimension,
            kept: recycling.kept,
            setup_matvecs: recycling.setup_matvecs,
            verdict: recycling.verdict.name(),
            ratio: recycling.ratio,
        }
    }
}

impl<'a> Line<'a> {
    /// `omega` and `context` are those without a choice.
    pub fn new(
        index: usize,
        carried: &'a Carried,
        omega: Option<f64>,
        context: &'a [f64],
        solve: &'a SolveJson,
        tuning: &Tuning,
    ) -> Self {
        let choice = carried.choice.as_ref();
        Self {
            index,
            stream: None,
            solve,
            tuner: choice.map(|_| tuning.tuner.unwrap_or_default().name()),
            arm: carried.label.as_deref(),
            omega: choice.map_or(omega, |choice| choice.omega),
            probability: choice.map(|choice| choice.probability),
            context: choice.map_or(context, |choice| choice.context.as_slice()),
            cost: carried.cost,
            cost_of: choice.map(|_| tuning.cost().name()),
            capped: carried.solved.capped,
            work: carried.solved.work + carried.extra_work,
            extra_matvecs: carried.extra_matvecs,
            hindsight: None,
            recycling: carried.solved.report.recycling.map(Into::into),
        }
    }
}

/// What did not finish it, a preconditioner that was replaced within the last attempt among them.
fn attempts(solved: &Solved<f64>) -> Vec<AttemptJson> {
    let within = solved.report.fallback;
    let within = within.map(|fallback| words::replaced(solved.solver, fallback, None));
    let before = solved.attempts.iter().map(attempt_json);
    before.chain(within).collect()
}

/// What the log says of one system.
pub fn solve_json<T: Double>(
    current: &Current<'_, T>,
    solved: &Solved<f64>,
    column: &Column,
    seconds: Seconds,
    rtol: f64,
    threads: usize,
) -> SolveJson {
    SolveJson {
        matrix: current.matrix.clone(),
        solver: solved.solver,
        precond: solved.precond,
        converged: column.converged,
        reason: column.reason,
        iterations: solved.report.iterations,
        matvecs: solved.report.matvecs,
        precond_applies: solved.report.precond_applies,
        relative_residual: column.relative_residual,
        backward_error: column.backward_error,
        forward_error: column.forward_error,
        rhs_norm: column.rhs_norm,
        rtol,
        threads,
        seconds,
        peak_rss_bytes: machine::peak_rss_bytes(),
        attempts: attempts(solved),
        columns: None,
        advice: (!column.converged).then(|| words::advice(column, solved.solver)),
        version: env!("CARGO_PKG_VERSION"),
    }
}
