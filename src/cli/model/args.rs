//! What `resolvent model` and `resolvent runtime` take.

use crate::cli::args::Common;
use clap::{Args, Subcommand};
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub enum ModelCommand {
    /// Print what a model expects and promises
    Inspect(InspectArgs),
    /// Probe whether it keeps that, and say which solvers it may serve
    Check(CheckArgs),
}

impl ModelCommand {
    pub fn common(&self) -> &Common {
        match self {
            Self::Inspect(args) => &args.common,
            Self::Check(args) => &args.common,
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
