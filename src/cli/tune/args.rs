//! What `resolvent tune` takes.

use crate::cli::args::Common;
use clap::{Args, Subcommand, ValueEnum};
use serde::Serialize;
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub enum TuneCommand {
    /// Say from logs what a tuner has cost: regret against the best fixed ω and the oracle
    Report(ReportArgs),
}

const EXAMPLES: &str = "\
Examples:
  resolvent sequence systems/ --log run.jsonl ...    with --hindsight, regret can be told
  resolvent tune report run.jsonl --plot regret.svg
  resolvent tune report seed-1.jsonl seed-2.jsonl seed-3.jsonl --json=report.json

Exit status: 0 done, 2 error (a line that is no line of a log is named).";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct ReportArgs {
    /// Logs of `resolvent sequence --log`; several are compared
    #[arg(value_name = "L.jsonl", required = true, help_heading = "Arguments")]
    pub logs: Vec<PathBuf>,
    /// What a solve costs; work is in products with A, seconds are setup and solve. Hindsight is
    /// known in iterations only [default: what the tuner was to make small]
    #[arg(long, value_enum, value_name = "WHAT")]
    pub cost: Option<Cost>,
    /// Regret, cost and choices as SVG
    #[arg(long, value_name = "R.svg", help_heading = "Files to write")]
    pub plot: Option<PathBuf>,
    /// What each omega would have cost throughout, as SVG; needs hindsight
    #[arg(long, value_name = "W.svg", help_heading = "Files to write")]
    pub plot_omega: Option<PathBuf>,
    #[command(flatten)]
    pub common: Common,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Cost {
    Iterations,
    Work,
    Seconds,
}

impl Cost {
    pub fn name(self) -> &'static str {
        match self {
            Self::Iterations => "iterations",
            Self::Work => "work",
            Self::Seconds => "seconds",
        }
    }
}
