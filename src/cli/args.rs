//! What can be typed, and the help that teaches it.

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::fmt::Write;
use std::path::{Path, PathBuf};

use std::time::Duration;

use resolvent::registry::{Entry, PRECONDS, SOLVERS};
use resolvent::solvers::orderings::Order;
use resolvent::{Nullspace, Scalar};

pub use super::dataset::args::DatasetArgs;
pub use super::model::args::{ModelCommand, RuntimeCommand};
pub use super::sequence::args::SequenceArgs;
use super::tune::args::TuneCommand;

/// Solve sparse linear systems A x = b from Matrix Market files.
#[derive(Debug, Parser)]
#[command(name = "resolvent", version, max_term_width = 100, after_help = EXAMPLES)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

const EXAMPLES: &str = "\
Examples:
  resolvent solve A.mtx                        solve with a random exact solution, choose how
  resolvent solve A.mtx --rhs b.mtx --out x.mtx
  resolvent solve A.mtx --solver gmres:restart=30 --precond jacobi --plot curve.svg
  resolvent compare A.mtx                      every sensible way, the fastest first
  resolvent sequence systems/                  A_1.mtx b_1.mtx, A_2.mtx b_2.mtx, ... in order
  resolvent dataset darcy --samples 1000 --grid 128 --out darcy
                                               coefficients and solutions as NumPy arrays
  resolvent tune report run.jsonl              regret of a tuner, from the log of a sequence
  resolvent info A.mtx --plot spy.svg          what is known of the matrix
  resolvent solve A.mtx --precond onnx:M.onnx --solver fcg --grid 64x64
                                               with a network as preconditioner
  resolvent model check M.onnx                 whether a network keeps what its file promises
  resolvent model referee M.onnx --family darcy:grid=128
                                               and whether it beats what needs no training

Exit status: 0 done and converged, 1 ran but did not converge, 2 error.
`resolvent <command> --help` explains every option of a command.";

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Solve A x = b
    Solve(SolveArgs),
    /// Try every sensible solver and preconditioner on A and name the fastest
    Compare(CompareArgs),
    /// Solve systems in order, each with what was learnt from those before it
    Sequence(SequenceArgs),
    /// Judge the tuner of a sequence
    #[command(subcommand)]
    Tune(TuneCommand),
    /// Make a data set for operator learning: samples drawn, solved, verified and written
    Dataset(Box<DatasetArgs>),
    /// Describe A: size, symmetry, definiteness, dominance, grid
    Info(InfoArgs),
    /// Look at a network, and hold it to what it promises
    #[command(subcommand)]
    Model(ModelCommand),
    /// Say where ONNX Runtime, which runs networks, is found, or fetch it
    #[command(subcommand)]
    Runtime(RuntimeCommand),
}

/// Options of every command.
#[derive(Debug, Args)]
#[command(next_help_heading = "Everywhere")]
pub struct Common {
    /// Threads [default: the physical cores]
    #[arg(long, value_name = "N", value_parser = threads, allow_negative_numbers = true)]
    pub threads: Option<usize>,
    /// Seed of everything random: the same seed gives the same numbers on any machine
    #[arg(long, value_name = "SEED", default_value_t = 0)]
    pub seed: u64,
    /// Print nothing but errors (and the JSON, if asked for)
    #[arg(long, short)]
    pub quiet: bool,
    /// Write the result as JSON, to stdout (then nothing else goes there) or to FILE
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true, default_missing_value = "-")]
    pub json: Option<PathBuf>,
}

impl Common {
    /// The file for JSON, if it goes to one.
    pub fn json_file(&self) -> Option<&Path> {
        self.json.as_deref().filter(|_| !self.json_on_stdout())
    }

    /// Whether stdout is for JSON alone.
    pub fn json_on_stdout(&self) -> bool {
        self.json
            .as_ref()
            .is_some_and(|path| path.as_os_str() == "-")
    }
}

/// The tolerance, and the bound on iterations.
#[derive(Debug, Args)]
#[command(next_help_heading = "When to stop")]
pub struct Tolerance {
    /// Converged when ‖b − Ax‖₂ ≤ max(RTOL·‖b‖₂, ATOL), recomputed from x
    #[arg(long, value_name = "RTOL", default_value = "1e-8", value_parser = not_negative, allow_negative_numbers = true)]
    pub rtol: f64,
    /// The absolute tolerance
    #[arg(long, value_name = "ATOL", default_value = "0", value_parser = not_negative, allow_negative_numbers = true)]
    pub atol: f64,
    /// Most iterations, of each attempt where one is followed by another [default: 10 per row, at least
    /// 1000]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub max_iters: Option<usize>,
}

/// The tolerance and all bounds.
#[derive(Debug, Args)]
#[command(next_help_heading = "When to stop")]
pub struct Bounds {
    #[command(flatten)]
    pub tolerance: Tolerance,
    /// Most seconds for everything after reading, looked at after each setup and each iteration; a
    /// setup or factorisation that has begun runs to its end
    #[arg(long, value_name = "SECONDS", value_parser = positive, allow_negative_numbers = true)]
    pub max_time: Option<f64>,
}

impl Bounds {
    pub fn max_time(&self) -> Option<Duration> {
        let limit = self.max_time?;
        Some(Duration::try_from_secs_f64(limit).unwrap_or(Duration::MAX))
    }
}

/// The system.
#[derive(Debug, Args)]
#[command(next_help_heading = "The system")]
pub struct Problem {
    /// Matrix Market file with A (also .mtx.gz): coordinate or array; real, integer, complex or
    /// pattern (every entry 1)
    #[arg(value_name = "A.mtx", help_heading = "Arguments")]
    pub matrix: PathBuf,
    /// Right-hand side: a Matrix Market file with one or more columns, `random` (b = A·x* with x*
    /// uniform in (-1, 1) from the seed, so that the error of x is known), or `row-sums` (b = A·1)
    #[arg(long, value_name = "B.mtx|random|row-sums", default_value = "random")]
    pub rhs: String,
    /// Grid of the unknowns, x fastest: NX, NXxNY or NXxNYxNZ, for `--precond gmg`, `mgnet` and `onnx:…`
    /// [default: found in the matrix]
    #[arg(long, value_name = "NX[xNY[xNZ]]")]
    pub grid: Option<String>,
    /// Null space of A: `auto` takes the constants where every row sums to zero, as in a pressure
    /// known up to a constant
    #[arg(long, value_enum, default_value_t = NullspaceArg::Auto)]
    pub nullspace: NullspaceArg,
}

impl Problem {
    /// What is read, if it is there.
    pub fn files(&self) -> [(&'static str, &Path); 2] {
        [
            ("the matrix", &self.matrix),
            ("the right-hand side", Path::new(&self.rhs)),
        ]
    }

    /// The null space that is given; `auto` is left to the solver.
    pub fn nullspace<T: Scalar>(&self) -> Nullspace<T> {
        match self.nullspace {
            NullspaceArg::Constant => Nullspace::constant(),
            NullspaceArg::None | NullspaceArg::Auto => Nullspace::none(),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum NullspaceArg {
    None,
    Constant,
    Auto,
}

#[derive(Debug, Args)]
#[command(after_help = SOLVE_EXAMPLES, after_long_help = solve_help())]
pub struct SolveArgs {
    #[command(flatten)]
    pub problem: Problem,
    #[command(flatten)]
    pub how: How,
    /// Library of ONNX Runtime, for `--precond onnx:…` and `mgnet` [default: found; see `resolvent runtime status`]
    #[arg(long, value_name = "PATH", help_heading = "How to solve it")]
    pub ort_lib: Option<PathBuf>,
    #[command(flatten)]
    pub bounds: Bounds,
    #[command(flatten)]
    pub files: Files,
    #[command(flatten)]
    pub common: Common,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  resolvent info A.mtx
  resolvent info A.mtx --plot spy.svg
  resolvent info A.mtx --json | jq .definiteness")]
pub struct InfoArgs {
    /// Matrix Market file with A (also .mtx.gz), square or not
    #[arg(value_name = "A.mtx", help_heading = "Arguments")]
    pub matrix: PathBuf,
    /// Grid of the unknowns, x fastest, instead of the one found
    #[arg(long, value_name = "NX[xNY[xNZ]]")]
    pub grid: Option<String>,
    /// The pattern of A as SVG; the densities of a large one
    #[arg(long, value_name = "SPY.svg")]
    pub plot: Option<PathBuf>,
    #[command(flatten)]
    pub common: Common,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  resolvent compare A.mtx
  resolvent compare A.mtx --max-time 120 --plot compare.svg
  resolvent compare A.mtx --rhs b.mtx --rtol 1e-6 --json=compare.json

Exit status: 0 if something converged, 1 if nothing did, 2 error.")]
pub struct CompareArgs {
    #[command(flatten)]
    pub problem: Problem,
    #[command(flatten)]
    pub bounds: Bounds,
    /// The convergence curves of all that ran, as SVG
    #[arg(long, value_name = "C.svg", help_heading = "Files to write")]
    pub plot: Option<PathBuf>,
    #[command(flatten)]
    pub common: Common,
}

/// Method and preconditioner.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "How to solve it")]
pub struct How {
    /// Solver, with options as name:key=value,key=value (listed by `resolvent solve --help`)
    #[arg(long, value_name = "S", default_value = "auto")]
    pub solver: String,
    /// Preconditioner, with options likewise
    #[arg(long, value_name = "P", default_value = "auto")]
    pub precond: String,
    /// Steps between restarts of gmres and fgmres: same as gmres:restart=M
    #[arg(long, value_name = "M", value_parser = at_least_one, allow_negative_numbers = true)]
    pub restart: Option<usize>,

    /// Relaxation of sor and ssor, between 0 and 2: same as sor:omega=W, ssor:omega=W
    #[arg(long, value_name = "W", allow_negative_numbers = true)]
    pub omega: Option<f64>,
}

/// What is written.
#[derive(Debug, Args)]
#[command(next_help_heading = "Files to write")]
pub struct Files {
    /// The solution as a Matrix Market array with 17 digits, a column per right-hand side; also
    /// when not converged
    #[arg(long, value_name = "X.mtx")]
    pub out: Option<PathBuf>,
    /// Every iteration as CSV: iteration, seconds, relative residual
    #[arg(long, value_name = "H.csv")]
    pub history: Option<PathBuf>,
    /// The convergence curve as SVG, against iterations and against seconds
    #[arg(long, value_name = "H.svg")]
    pub plot: Option<PathBuf>,
}

const SOLVE_EXAMPLES: &str = "\
Examples:
  resolvent solve A.mtx
  resolvent solve A.mtx --rhs b.mtx --out x.mtx --rtol 1e-10
  resolvent solve A.mtx --solver cg --precond ic0 --history h.csv --plot h.svg
  resolvent solve A.mtx --json | jq .relative_residual
Solvers, preconditioners and their options: resolvent solve --help";

fn solve_help() -> String {
    let mut text = String::new();
    for (title, table) in [
        ("Solvers (--solver)", SOLVERS),
        ("Preconditioners (--precond)", PRECONDS),
    ] {
        // writing to a string cannot fail
        let _ = writeln!(text, "{title}:");
        for entry in table {
            list(&mut text, entry);
        }
        text.push('\n');
    }
    text + SOLVE_EXAMPLES
        .rsplit_once('\n')
        .map_or(SOLVE_EXAMPLES, |(examples, _)| examples)
        + "\n\nExit status: 0 converged, 1 not converged (the reason is printed), 2 error."
}

/// A line for a name, and one for each of its options.
pub fn list(text: &mut String, entry: &Entry) {
    let width = entry.name.len().max(9) + 1;
    let _ = writeln!(text, "  {:<width$}{}", entry.name, entry.about);
    for (key, about) in entry.options {
        let _ = writeln!(text, "  {:<10}  {key}=  {about}", "");
    }
}

fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(n) if n >= 1 => Ok(n),
        _ => Err("expected a whole number, at least 1".into()),
    }
}

/// More threads than any machine has cores would only wait for each other.
fn threads(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(n) if (1..=1024).contains(&n) => Ok(n),
        _ => Err("expected a whole number from 1 to 1024".into()),
    }
}

fn not_negative(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(v) if v >= 0.0 && v.is_finite() => Ok(v),
        _ => Err("expected a number, 0 or greater".into()),
    }
}

pub fn positive(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(v) if v > 0.0 && v.is_finite() => Ok(v),
        _ => Err("expected a number greater than 0".into()),
    }
}

/// Which of related systems comes after which.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum OrderArg {
    Given,
    Greedy,
    Hilbert,
    Mst,
}

impl From<OrderArg> for Order {
    fn from(arg: OrderArg) -> Self {
        match arg {
            OrderArg::Given => Self::Given,
            OrderArg::Greedy => Self::Greedy,
            OrderArg::Hilbert => Self::Hilbert,
            OrderArg::Mst => Self::Mst,
        }
    }
}
