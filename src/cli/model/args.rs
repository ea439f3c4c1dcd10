//! What `resolvent model` and `resolvent runtime` take.

use crate::cli::args::{Common, Tolerance, positive};
use clap::{Args, Subcommand};
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub enum ModelCommand {
    /// Print what a model expects and promises
    Inspect(InspectArgs),
    /// Probe whether it keeps that, and say which solvers it may serve
    Check(CheckArgs),
    /// Judge it beside what it has to beat: classical preconditioners, itself untrained, other packages
    Referee(Box<RefereeArgs>),
}

impl ModelCommand {
    pub fn common(&self) -> &Common {
        match self {
            Self::Inspect(args) => &args.common,
            Self::Check(args) => &args.common,
            Self::Referee(args) => &args.common,
        }
    }
}

#[derive(Debug, Subcommand)]
pub enum RuntimeCommand {
    /// Say which library of ONNX Runtime is used, and where it was looked for
    Status(StatusArgs),
    /// Fetch ONNX Runtime with pip, by checksum, into the cache or another folder
    Install(InstallArgs),
}

impl RuntimeCommand {
    pub fn common(&self) -> &Common {
        match self {
            Self::Status(args) => &args.common,
            Self::Install(args) => &args.common,
        }
    }
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  resolvent model inspect M.onnx
  resolvent model inspect M.onnx --json | jq .contract

Exit status: 0 done, 2 error.")]
pub struct InspectArgs {
    /// Model, with what its file does not say: M.onnx[,layout=NCHW,multiple=4]
    #[arg(value_name = "M.onnx", help_heading = "Arguments")]
    pub model: String,
    #[command(flatten)]
    pub library: LibraryArgs,
    #[command(flatten)]
    pub common: Common,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  resolvent model check M.onnx
  resolvent model check M.onnx --grid 100x60
  resolvent model check M.onnx --matrix A.mtx --grid 64x64
  resolvent model check bare.onnx,layout=NCHW,multiple=8

Exit status: 0 nothing speaks against what it promises, 1 something does, 2 error.")]
pub struct CheckArgs {
    /// Model, with what its file does not say: M.onnx[,layout=NCHW,multiple=4]
    #[arg(value_name = "M.onnx", help_heading = "Arguments")]
    pub model: String,
    /// Matrix to probe it on [default: -Laplace u, u = 0 around the grid]
    #[arg(long, value_name = "A.mtx")]
    pub matrix: Option<PathBuf>,
    /// Grid, x fastest [default: found in the matrix; else 32 in each dimension, 16 in three]
    #[arg(long, value_name = "NX[xNY[xNZ]]")]
    pub grid: Option<String>,
    #[command(flatten)]
    pub library: LibraryArgs,
    #[command(flatten)]
    pub common: Common,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  resolvent model referee mgnet --family darcy:grid=256,low=1,high=1000,tau=10
  resolvent model referee M.onnx --family obstacles:grid=128 --family darcy:grid=128 --plot r.svg
  resolvent model referee M.onnx --matrices systems/ --untrained M0.onnx --training-seconds 3600
  resolvent model referee M.onnx --family obstacles --control ic0 --control ict:drop=1e-3

Everybody solves the same systems, in turns; the fastest of --rounds counts. Networks run alone:
what fails is not mended by a fallback, and counts as not solved. Setup is counted, training is
not: it pays after as many systems as its seconds hold of what the model saves on each.

Families are those of `resolvent sequence --help`.

Exit status: 0 if the model solved every system, 1 if not, 2 error.")]
pub struct RefereeArgs {
    /// Model: M.onnx[,layout=NCHW,multiple=4], mgnet:M.onnx, or mgnet for the one that is shipped
    #[arg(value_name = "M.onnx", help_heading = "Arguments")]
    pub model: String,
    /// Systems to generate, as in darcy:grid=256,high=1000; may be given several times
    #[arg(long, value_name = "FAMILY", required_unless_present = "matrices")]
    pub family: Vec<String>,
    /// Folder or list of systems, as of `resolvent sequence`; may be given several times
    #[arg(long, value_name = "DIR")]
    pub matrices: Vec<PathBuf>,
    /// How many systems of each
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = count)]
    pub systems: usize,
    /// The right-hand sides of the family or folder, instead of random ones
    #[arg(long)]
    pub given_rhs: bool,
    /// Grid of the unknowns of what is read from files, x fastest [default: found in the matrix]
    #[arg(long, value_name = "NX[xNY[xNZ]]")]
    pub grid: Option<String>,
    /// Solver that the networks serve [default: cg for levels of multigrid, fcg, or fgmres where A is
    /// not definite]
    #[arg(
        long,
        value_name = "S",
        default_value = "auto",
        hide_default_value = true
    )]
    pub solver: String,
    #[command(flatten)]
    pub library: LibraryArgs,
    #[command(flatten)]
    pub tolerance: Tolerance,
    /// Most seconds of one solve
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = positive, help_heading = "When to stop")]
    pub max_time: f64,
    /// The same model before its training
    #[arg(long, value_name = "M0.onnx", help_heading = "Who else takes part")]
    pub untrained: Option<String>,
    /// Copies of the model with its weights shuffled and their signs drawn, 100 at most
    #[arg(
        long,
        value_name = "N",
        default_value_t = 1,
        value_parser = copies,
        help_heading = "Who else takes part"
    )]
    pub shuffled: usize,
    /// Classical preconditioner with its options, or `direct`; may be given several times [default:
    /// none, jacobi, ic0, fsai, gmg, direct]
    #[arg(long, value_name = "P", help_heading = "Who else takes part")]
    pub control: Vec<String>,
    /// Folder of the workers that run pyamg, AMGCL and PETSc with hypre, or `none` [default:
    /// benches/peers, if it is there]
    #[arg(long, value_name = "DIR", help_heading = "Who else takes part")]
    pub peers: Option<PathBuf>,
    /// What training took [default: what the file says]
    #[arg(long, value_name = "SECONDS", value_parser = positive, help_heading = "How it is judged")]
    pub training_seconds: Option<f64>,
    /// Runs of each on each system
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = count, help_heading = "How it is judged")]
    pub rounds: usize,
    /// Iterations and seconds of everybody, as SVG
    #[arg(long, value_name = "R.svg", help_heading = "Files to write")]
    pub plot: Option<PathBuf>,
    #[command(flatten)]
    pub common: Common,
}

fn copies(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(n) if n <= 100 => Ok(n),
        _ => Err("expected a whole number from 0 to 100".into()),
    }
}

fn count(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(n) if (1..=100_000).contains(&n) => Ok(n),
        _ => Err("expected a whole number from 1 to 100000".into()),
    }
}

#[derive(Debug, Args)]
#[command(after_help = "\
Looked for in this order: --ort-lib; RESOLVENT_ORT_LIB or ORT_DYLIB_PATH; beside the program, or in
onnxruntime/ there or up to two folders above; what `runtime install` has fetched; the Python package
onnxruntime; the system. What is named by an option or a variable is the only one that is tried.

Exit status: 0 if a library loads, 2 if none does.")]
pub struct StatusArgs {
    #[command(flatten)]
    pub library: LibraryArgs,
    #[command(flatten)]
    pub common: Common,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  resolvent runtime install
  resolvent runtime install --into target/onnxruntime

Takes Python 3 with pip. Nothing is installed into Python. Exit status: 0 done, 2 error.")]
pub struct InstallArgs {
    /// Folder to put the library into [default: the cache folder of the user]
    #[arg(long, value_name = "DIR")]
    pub into: Option<PathBuf>,
    #[command(flatten)]
    pub common: Common,
}

#[derive(Debug, Args)]
pub struct LibraryArgs {
    /// Library of ONNX Runtime, or its folder [default: found; see `resolvent runtime status --help`]
    #[arg(long, value_name = "PATH")]
    pub ort_lib: Option<PathBuf>,
}
