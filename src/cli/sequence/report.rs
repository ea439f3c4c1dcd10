//! What `sequence` says: a line of JSON for each system, and the closing words.

use super::carrier::Carried;
use super::hindsight::{Again, BestFixed, Oracle};
use crate::cli::judge::worst;
use crate::cli::report::{Column, Seconds, SolveJson, seconds};
use serde::{Deserialize, Serialize};

/// One line of the log.
#[derive(Debug, Serialize)]
pub struct Line<'a> {
    /// From 0.
    pub index: usize,
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
    /// The arm did not finish the solve; the safe one did.
    pub capped: bool,
    /// Work in products with A.
    pub work: f64,
    /// Products with A that describing the matrix took; they are in the work, and in a cost in iterations.
    pub extra_matvecs: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hindsight: Option<Again>,
}

/// The sums over a run; part of what is saved.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Totals {
    pub systems: usize,
    pub converged: usize,
    pub capped: usize,
    pub iterations: usize,
    pub matvecs: usize,
    pub precond_applies: usize,
    pub work: f64,
    /// As the tuner counts it.
    pub cost: f64,
    pub extra_matvecs: usize,
    pub max_relative_residual: f64,
    pub seconds: RunSeconds,
}

impl Totals {
    pub fn add(&mut self, carried: &Carried, column: &Column, seconds: &Seconds) {
        let solved = &carried.solved;
        self.systems += 1;
        self.converged += usize::from(column.converged);
        self.capped += usize::from(solved.capped);
        self.iterations += solved.report.iterations;
        self.matvecs += solved.report.matvecs;
        self.precond_applies += solved.report.precond_applies;
        self.work += solved.work + carried.extra_matvecs as f64;
        self.cost += carried.cost;
        self.extra_matvecs += carried.extra_matvecs;
        self.seconds.tuner += carried.overhead.as_secs_f64();
        let residuals = [self.max_relative_residual, column.relative_residual];
        self.max_relative_residual = worst(residuals.into_iter());
        self.seconds.read += seconds.read;
        self.seconds.setup += seconds.setup;
        self.seconds.solve += seconds.solve;
        self.seconds.total += seconds.total - seconds.read;
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct RunSeconds {
    /// Reading or generating.
    pub read: f64,
    /// Preconditioners and factorisations.
    pub setup: f64,
    pub solve: f64,
    /// Choosing, and learning from the outcome.
    pub tuner: f64,
    /// All but reading and what `--hindsight` costs.
    pub total: f64,
}

/// `sequence --json`.
#[derive(Debug, Serialize)]
pub struct SequenceJson {
    pub source: String,
    pub systems: usize,
    /// How many of them converged.
    pub converged: usize,
    pub iterations_total: usize,
    pub iterations_mean: f64,
    pub matvecs_total: usize,
    pub precond_applies_total: usize,
    /// In products with A.
    pub work_total: f64,
    /// As the tuner counts it.
    pub cost_total: f64,
    /// Products with A that describing the matrices took.
    pub extra_matvecs_total: usize,
    /// Systems that another way had to finish.
    pub capped: usize,
    pub max_relative_residual: f64,
    /// Who solved the last system.
    pub solver: &'static str,
    pub precond: &'static str,
    pub tuner: Option<&'static str>,
    /// The experts of the tuner, and their weights at the end.
    pub experts: std::collections::BTreeMap<String, f64>,
    /// With --hindsight: the ω of 1:0.05:1.95 with the fewest iterations over all systems.
    pub best_fixed: Option<BestFixed>,
    /// The best of these for each system.
    pub oracle: Option<Oracle>,
    /// The best that golden section finds for each system.
    pub golden: Option<Oracle>,
    pub x0: &'static str,
    pub rtol: f64,
    pub seed: u64,
    pub threads: usize,
    pub seconds: RunSeconds,
    /// Index of the first system of this run; greater than 0 if it went on with another.
    pub resumed_at: usize,
    /// Systems still to be solved, where the run was stopped.
    pub remaining: usize,
    pub version: &'static str,
}

impl SequenceJson {
    /// The lines for people.
    pub fn text(&self) -> String {
        let way = match self.precond {
            "none" => self.solver.to_owned(),
            precond => format!("{} + {precond}", self.solver),
        };
        let tuner = self.tuner.as_ref();
        let tuner = tuner.map_or(String::new(), |t| format!(", tuner {t}"));
        let mut lines = vec![format!(
            "{}: {} systems, x0 {}{}",
            self.source,
            self.systems,
            self.x0,
            match self.resumed_at {
                0 => String::new(),
                at => format!(", gone on with at number {}", at + 1),
            }
        )];
        let outcome = match self.systems - self.converged {
            0 => "all converged".into(),
            bad => format!("{bad} NOT converged"),
        };
        lines.push(format!(
            "{way}{tuner}: {outcome}, {} iterations, {:.2} a system; {} products with A",
            self.iterations_total, self.iterations_mean, self.matvecs_total,
        ));
        let s = &self.seconds;
        lines.push(format!(
            "{} s (setup {}, solve {}, tuner {}) and {} s to read or generate; largest relative residual {:.2e}",
            seconds(s.total),
            seconds(s.setup),
            seconds(s.solve),
            seconds(s.tuner),
            seconds(s.read),
            self.max_relative_residual,
        ));
        if let (Some(fixed), Some(oracle), Some(golden)) =
            (&self.best_fixed, &self.oracle, &self.golden)
        {
            let part = |of: usize| self.cost_total / of.max(1) as f64;
            lines.push(format!(
                "in hindsight: omega {} throughout {} iterations, the best for each system {} (of the grid) and {} (golden section); this run {:.3}, {:.3} and {:.3} of them",
                fixed.omega,
                fixed.iterations_total,
                oracle.iterations_total,
                golden.iterations_total,
                part(fixed.iterations_total),
                part(oracle.iterations_total),
                part(golden.iterations_total),
            ));
        }
        if !self.experts.is_empty() {
            let mut experts: Vec<_> = self.experts.iter().collect();
            experts.sort_by(|a, b| b.1.total_cmp(a.1));
            let shares = experts
                .iter()
                .map(|(name, weight)| format!("{name} {:.0} %", 100.0 * **weight));
            lines.push(format!(
                "experts: {}",
                shares.collect::<Vec<_>>().join(", ")
            ));
        }
        if self.capped > 0 {
            lines.push(format!(
                "{} systems were finished by another arm than the one chosen",
                self.capped
            ));
        }
        if self.remaining > 0 {
            lines.push(format!(
                "stopped: {} systems remain; with --state, the same command goes on",
                self.remaining
            ));
        }
        lines.join("\n") + "\n"
    }
}
