//! What `resolvent sequence` takes.

use super::tuning::Tuning;
use crate::cli::args::{Common, How, OrderArg, Tolerance, list};
use clap::{Args, ValueEnum};
use resolvent::models::TunerKind;
use resolvent::petsc::PetscOptions;
use resolvent::registry::{FAMILIES, SAMPLE_OPTIONS, SAMPLES};
use resolvent::solvers::Guess;
use std::fmt::Write;
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  resolvent sequence systems/ --solver cg --precond ic0 --x0 previous
  resolvent sequence list.csv --log solves.jsonl --state run.json   (killed? type it again)
  resolvent sequence systems/ --tune omega --x0 previous            (cg with ssor, omega learned)
  resolvent sequence dump.bin --x0 previous       (of PETSc: docs/methods/sequence.md)
  resolvent sequence A.bin --rhs b.bin
  resolvent sequence systems/ --solver gcrodr --precond onnx:M.onnx   (a network, and a space that is recycled)
  resolvent sequence systems/ --tune config --log solves.jsonl
  resolvent sequence heat2d-jump:nx=100,systems=300 --tune omega --hindsight --log heat.jsonl
  resolvent tune report heat.jsonl --plot heat.svg
  resolvent sequence shifted-laplacian --solver sor --tuner chebcb --omegas paper --context given

Exit status: 0 every system converged, 1 some did not, 2 error.
Generators, tuners, solvers and preconditioners: resolvent sequence --help, resolvent solve --help";

fn help() -> String {
    let mut text = String::from("Generators (name:key=value,key=value):\n");
    FAMILIES.iter().for_each(|entry| list(&mut text, entry));
    text += "\nFamilies of samples as generators; besides their own options they take\n";
    for (key, about) in SAMPLE_OPTIONS {
        let _ = writeln!(text, "  {key:<15}{about}"); // writing to a string cannot fail
    }
    let drawn = SAMPLES.iter().filter(|entry| entry.name != "custom");
    drawn.for_each(|entry| list(&mut text, entry));
    text += "\nTuners (--tuner):\n";
    for (name, _, about) in TunerKind::ALL {
        // writing to a string cannot fail
        let _ = writeln!(text, "  {name:<15}{about}");
    }
    let examples = EXAMPLES
        .rsplit_once('\n')
        .map_or(EXAMPLES, |(examples, _)| examples);
    format!("{text}\n{examples}\nSolvers and preconditioners: resolvent solve --help")
}

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, after_long_help = help())]
pub struct SequenceArgs {
    /// The systems, in order: a folder with NAME.mtx and NAME_b.mtx or A_1.mtx and b_1.mtx (or
    /// .bin of PETSc); a CSV file with the columns matrix,rhs[,stream][,context…]; a binary file of
    /// PETSc (.bin, .petsc or .dat); or a generator (listed by --help)
    #[arg(
        value_name = "DIR|LIST.csv|DUMP.bin|GENERATOR",
        help_heading = "Arguments"
    )]
    pub source: String,
    /// The right-hand sides, in the order of the matrices, where the source is a binary file of PETSc
    /// without them
    #[arg(long, value_name = "DUMP.bin", help_heading = "Binary files of PETSc")]
    pub rhs: Option<PathBuf>,
    /// What the numbers of binary files of PETSc are, if it is not to be seen from the files: int32 or
    /// int64 (the indices), real or complex
    #[arg(long, value_name = "int64,complex", value_parser = super::petsc::options, help_heading = "Binary files of PETSc")]
    pub petsc: Option<PetscOptions>,
    #[command(flatten)]
    pub how: How,
    /// Library of ONNX Runtime, for `--precond onnx:…` and `mgnet` [default: found; see `resolvent runtime status`]
    #[arg(long, value_name = "PATH", help_heading = "How to solve it")]
    pub ort_lib: Option<PathBuf>,
    #[command(flatten)]
    pub tuning: Tuning,
    #[command(flatten)]
    pub tolerance: Tolerance,
    /// Most seconds for the whole run; with --state it can be gone on with
    #[arg(long, value_name = "SECONDS", value_parser = crate::cli::args::positive, allow_negative_numbers = true, help_heading = "When to stop")]
    pub max_time: Option<f64>,
    /// Where each solve begins: zero, the solution before, 2x(t-1) - x(t-2), or the best combination of
    /// the last ten solutions (pod) [default: zero; of some generators, previous]
    #[arg(
        long,
        value_enum,
        value_name = "RULE",
        help_heading = "How to solve it"
    )]
    pub x0: Option<First>,
    /// Order in which the systems are solved, for solvers that recycle: as they come, each time the
    /// nearest, along a Hilbert curve, or each from its parent in a minimum spanning tree. All systems
    /// are read or generated once before
    #[arg(
        long,
        value_enum,
        value_name = "ORDER",
        default_value_t = OrderArg::Given,
        help_heading = "How to solve it"
    )]
    pub order: OrderArg,
    /// One line of JSON for each system
    #[arg(long, value_name = "L.jsonl", help_heading = "Files to write")]
    pub log: Option<PathBuf>,
    /// Where the run stands, so that it can be stopped and gone on with: read if it is there,
    /// written again and again
    #[arg(long, value_name = "FILE", help_heading = "Files to write")]
    pub state: Option<PathBuf>,
    /// The solutions, one Matrix Market array for each system
    #[arg(long, value_name = "DIR", help_heading = "Files to write")]
    pub out: Option<PathBuf>,
    #[command(flatten)]
    pub common: Common,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum First {
    Zero,
    Previous,
    Extrapolate,
    Pod,
}

impl From<First> for Guess {
    fn from(first: First) -> Self {
        match first {
            First::Zero => Self::Zero,
            First::Previous => Self::Previous,
            First::Extrapolate => Self::Extrapolate,
            First::Pod => Self::POD,
        }
    }
}
