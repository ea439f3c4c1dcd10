//! What `resolvent dataset` says: the closing object and the lines for people.

use crate::cli::report::seconds;
use resolvent::dataset::arms::Arm;
use resolvent::dataset::bars::Summary;
use resolvent::dataset::{Folder, Ran, Seconds, Tolerance, Totals};
use resolvent::registry;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write;

/// Indices of samples that did not converge, in the closing object.
const LISTED: usize = 100;

/// `dataset --json`.
#[derive(Debug, Serialize)]
pub struct DatasetJson {
    pub out: String,
    pub family: String,
    pub grid: String,
    pub samples: u64,
    pub failed: usize,
    /// The first of them.
    pub failed_samples: Vec<u64>,
    /// Shards that were there already.
    pub resumed_shards: usize,
    pub complete: bool,
    /// Summed over threads.
    pub seconds: Seconds,
    /// From beginning to end.
    pub wall_seconds: f64,
    pub samples_per_second: f64,
    /// Of the samples that have converged; null where there is none.
    pub max_relative_residual: Option<f64>,
    pub rtol: f64,
    /// Where rtol is from; null where it was given.
    pub tolerance: Option<Tolerance>,
    pub solver: String,
    pub precond: String,
    pub solver_counts: BTreeMap<String, u64>,
    /// Right-hand sides that were solved for the samples to be combined from; 0 where they are not.
    pub basis: usize,
    /// A summary of each column of the error bars; null where there are none.
    pub error_bars: Option<Vec<Summary>>,
    pub iterations_total: u64,
    pub matvecs_total: u64,
    pub arms: Vec<Arm>,
    pub bytes: u64,
    pub threads: usize,
    pub seed: u64,
    pub peak_rss_bytes: Option<u64>,
    pub version: &'static str,
}

impl DatasetJson {
    pub fn new(folder: &Folder, totals: &Totals, ran: &Ran, arms: Vec<Arm>) -> Self {
        let plan = &folder.plan;
        Self {
            out: folder.path.display().to_string(),
            family: plan.request.family.clone(),
            grid: plan.request.grid.clone(),
            samples: totals.samples,
            failed: totals.failed.len(),
            failed_samples: totals.failed.iter().take(LISTED).copied().collect(),
            resumed_shards: plan.request.shards() - ran.shards.min(plan.request.shards()),
            complete: totals.samples == plan.request.samples,
            seconds: ran.seconds,
            wall_seconds: 0.0,
            samples_per_second: 0.0,
            max_relative_residual: (totals.samples > totals.failed.len() as u64)
                .then_some(totals.max_relative_residual),
            rtol: plan.request.rtol,
            tolerance: plan.choice.tolerance.clone(),
            solver: plan.choice.solver.clone(),
            precond: plan.choice.precond.clone(),
            solver_counts: totals.solver_counts.clone(),
            basis: plan.choice.basis.len(),
            error_bars: None,
            iterations_total: totals.iterations,
            matvecs_total: totals.matvecs,
            arms,
            bytes: totals.bytes,
            threads: 1,
            seed: plan.request.seed,
            peak_rss_bytes: crate::cli::machine::peak_rss_bytes(),
            version: env!("CARGO_PKG_VERSION"),
        }
    }

    pub fn text(&self) -> String {
        let mut text = String::new();
        // writing to a string cannot fail
        let _ = writeln!(text, "{}", arms(&self.arms, &self.solver, &self.precond));
        let share = |s: f64| 100.0 * s / self.seconds.total().max(1e-12);
        let _ = write!(text, "{}: {} samples", self.out, self.samples);
        let _ = match self.samples_per_second > 0.0 {
            true => write!(
                text,
                " in {} s ({:.1} a second)",
                seconds(self.wall_seconds),
                self.samples_per_second
            ),
            false if self.complete && self.wall_seconds > 0.0 => {
                write!(text, ", all there already")
            }
            false => Ok(()),
        };
        let _ = writeln!(text, ", {} MB", self.bytes / 1_000_000);
        if self.seconds.total() > 0.0 {
            let s = &self.seconds;
            let _ = writeln!(
                text,
                "  generate {:.0} %, set up {:.0} %, solve {:.0} %, verify {:.0} %, write {:.0} %",
                share(s.generate + s.order),
                share(s.setup),
                share(s.solve),
                share(s.verify),
                share(s.write)
            );
        }
        if let Ok(Some(_)) = registry::network(&self.precond) {
            // something may have taken over from it
            let ways = self.solver_counts.iter();
            let ways: Vec<_> = ways.map(|(way, count)| format!("{way} {count}")).collect();
            let _ = writeln!(text, "  samples by who finished them: {}", ways.join(", "));
        }
        if let Some(of) = &self.tolerance {
            let _ = writeln!(text, "  {}", tolerance(of));
        }
        if self.basis > 0 {
            let _ = writeln!(text, "  {}", basis(self.basis));
        }
        let _ = match self.max_relative_residual {
            Some(r) => writeln!(
                text,
                "  largest relative residual {r:.2e} (asked for {})",
                asked(self.rtol)
            ),
            None => writeln!(text, "  no sample has converged"),
        };
        for of in self.error_bars.iter().flatten() {
            let _ = writeln!(text, "  {}", errors(of));
        }
        if self.failed > 0 {
            let _ = writeln!(
                text,
                "  {} samples did not converge; their solutions are NaN, and the manifest lists them under `failed`",
                self.failed
            );
        }
        if !self.complete {
            let _ = writeln!(text, "  not complete: type the same command to go on");
        }
        text.trim_start().to_owned()
    }
}

/// A tolerance as one types it.
fn asked(rtol: f64) -> String {
    match rtol >= 1e-3 {
        true => rtol.to_string(),
        false => format!("{rtol:e}"),
    }
}

/// Where rtol is from.
pub fn tolerance(of: &Tolerance) -> String {
    let most = |all: &[f64]| all.iter().copied().fold(0.0, f64::max);
    let mean = of.discretisation.iter().sum::<f64>() / of.discretisation.len().max(1) as f64;
    let met = match of.met {
        true => "",
        false => "; no rtol down to 1e-8 makes that small",
    };
    format!(
        "rtol {:e}: on the first {} samples the solve is off by at most {:.2} % of what the grid is off by ({mean:.1e}){met}",
        of.rtol,
        of.ratios.len(),
        100.0 * most(&of.ratios)
    )
}

/// What the samples are combined from.
pub fn basis(rank: usize) -> String {
    format!(
        "one matrix, and right-hand sides that are combinations of {rank}: these are solved, a sample is combined from them"
    )
}

/// A column of the error bars.
fn errors(of: &Summary) -> String {
    match (of.mean, of.max) {
        (Some(mean), Some(max)) => format!(
            "{}: {mean:.2e} on average, {max:.2e} at most ({} samples)",
            of.column, of.count
        ),
        _ => format!(
            "{}: of no sample (the manifest says when there is none)",
            of.column
        ),
    }
}

/// The ways that were measured, a line each.
pub fn arms(arms: &[Arm], solver: &str, precond: &str) -> String {
    let mut text = String::new();
    let way = |solver: &str, precond: &str| match precond {
        "none" => solver.to_owned(),
        precond => format!("{solver} + {precond}"),
    };
    for arm in arms {
        let time = match arm.seconds {
            Some(s) => format!("{:9.3} ms", 1e3 * s),
            None => format!("{:>12}", "-"),
        };
        let chosen = (arm.solver.as_str(), arm.precond.as_str()) == (solver, precond);
        let remark = match (&arm.remark, chosen) {
            (_, true) => "   <- chosen".to_owned(),
            (Some(remark), _) => format!("   {remark}"),
            (None, _) => String::new(),
        };
        // writing to a string cannot fail
        let _ = writeln!(
            text,
            "  {:<28}{time} a sample, {:6.1} iterations{remark}",
            way(&arm.solver, &arm.precond),
            arm.iterations
        );
    }
    text.trim_end().to_owned()
}
