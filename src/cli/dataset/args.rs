//! What `resolvent dataset` takes.

use crate::cli::args::OrderArg;
use crate::cli::args::{Common, list};
use clap::{Args, Subcommand, ValueEnum};
use resolvent::dataset::Dtype;
use resolvent::dataset::order::Kind;
use resolvent::registry::SAMPLES;
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  resolvent dataset darcy --samples 1000 --grid 128 --out darcy        (killed? type it again)
  resolvent dataset darcy:high=100 --samples 1000 --grid 64 --out hard --dtype f32
  resolvent dataset darcy --coefficients a.npy --out mine              (NumPy, N x NY x NX)
  resolvent dataset darcy --samples 1000 --solve-grid 512 --grid 128 --out fine
  resolvent dataset darcy --samples 1000 --grid 128 --rtol auto --error-bars --out bars
  resolvent dataset plan darcy --samples 100000 --grid 128 --out big   (then, anywhere:)
  resolvent dataset run big --shard 3/16
  resolvent dataset merge big && resolvent dataset verify big

Exit status: 0 every sample converged, 1 some did not or it was stopped, 2 error.";

fn help() -> String {
    let mut text = String::from("Families (name:key=value,key=value):\n");
    SAMPLES.iter().for_each(|entry| list(&mut text, entry));
    format!("{text}\n{EXAMPLES}")
}

#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = EXAMPLES,
    after_long_help = help()
)]
pub struct DatasetArgs {
    #[command(subcommand)]
    pub command: Option<DatasetCommand>,
    #[command(flatten)]
    pub make: MakeArgs,
}

#[derive(Debug, Subcommand)]
pub enum DatasetCommand {
    /// Write down what is to be made and how, and make nothing yet
    Plan(MakeArgs),
    /// Make what is missing of a planned data set, or a part of it
    Run(RunArgs),
    /// Write the manifest, once every shard is there
    Merge(FolderArgs),
    /// Check every file and every sample
    Verify(FolderArgs),
    /// Write a finished data set in the layout of another package
    Export(ExportArgs),
    /// Make a data set of systems of your own: a folder of Matrix Market files
    Solve(SolveDirArgs),
}

impl DatasetArgs {
    pub fn common(&self) -> &Common {
        match &self.command {
            None => &self.make.common,
            Some(DatasetCommand::Plan(args)) => &args.common,
            Some(DatasetCommand::Run(args)) => &args.common,
            Some(DatasetCommand::Merge(args) | DatasetCommand::Verify(args)) => &args.common,
            Some(DatasetCommand::Export(args)) => &args.common,
            Some(DatasetCommand::Solve(args)) => &args.common,
        }
    }
}

/// What is made.
#[derive(Debug, Args)]
pub struct MakeArgs {
    /// Family of samples, with options as name:key=value,key=value (listed by --help)
    #[arg(value_name = "FAMILY", help_heading = "Arguments")]
    pub family: Option<String>,
    /// How many samples [default: as many as the files given have rows]
    #[arg(long, value_name = "N")]
    pub samples: Option<u64>,
    /// Points of the grid: N means NxN [default: that of the coefficients given]
    #[arg(long, value_name = "NX[xNY[xNZ]]")]
    pub grid: Option<String>,
    /// The folder to write to
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Solve on this grid, and store on the other
    #[arg(long, value_name = "NX[xNY[xNZ]]")]
    pub solve_grid: Option<String>,
    /// The first input of the family, read instead of drawn: a row a sample; custom takes --input
    #[arg(long, value_name = "A.npy")]
    pub coefficients: Option<PathBuf>,
    /// Any input of the family, likewise; may be given several times
    #[arg(long, value_name = "NAME=F.npy")]
    pub input: Vec<String>,
    /// Parts that train, validate and test, by index; and sets of other parameters to test on:
    /// ood:tau=7,contrast=100
    #[arg(long, value_name = "train=0.8,valid=0.1,test=0.1 | ood:KEY=VALUE,...")]
    pub split: Vec<String>,
    #[command(flatten)]
    pub how: SolveWith,
    #[command(flatten)]
    pub files: FileArgs,
    #[command(flatten)]
    pub common: Common,
}

/// How samples are solved.
#[derive(Debug, Args)]
#[command(next_help_heading = "How to solve it")]
pub struct SolveWith {
    /// Solver, with options as name:key=value (listed by resolvent solve --help); auto measures
    /// several on the first samples
    #[arg(long, value_name = "S", default_value = "auto")]
    pub solver: String,
    /// Preconditioner, with options likewise
    #[arg(long, value_name = "P", default_value = "auto")]
    pub precond: String,
    /// Converged when ‖b − Ax‖₂ ≤ RTOL·‖b‖₂, recomputed from the stored x; auto: as small as the error
    /// of the grid makes it worth while, measured on the first samples
    #[arg(long, value_name = "RTOL|auto", default_value = "1e-8", value_parser = rtol, allow_negative_numbers = true)]
    pub rtol: RtolArg,
    /// Most iterations [default: 10 per row, at least 1000]
    #[arg(long, value_name = "N")]
    pub max_iters: Option<usize>,
    /// Order in which the samples of a shard are solved, for solvers that recycle: by index, each time
    /// the nearest, along a Hilbert curve, or along a minimum spanning tree
    #[arg(long, value_enum, default_value_t = OrderArg::Given)]
    pub order: OrderArg,
    /// Estimate the errors of the labels, in errors-NNNN.npy: that of the solve, in the energy norm, for
    /// every sample that CG solves, and that of the grid, against the doubled grid, for some
    #[arg(long)]
    pub error_bars: bool,
    /// Part of the samples that are solved on the doubled grid as well, by index, 1 over a whole number;
    /// 0: none. Implies --error-bars [default: 0.0625, one in 16]
    #[arg(long, value_name = "F", allow_negative_numbers = true)]
    pub error_bars_fraction: Option<f64>,
}

/// A tolerance, or that one is to be found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum RtolArg {
    Auto,
    Number(f64),
}

impl RtolArg {
    /// The number, until one is found.
    pub fn number(self) -> f64 {
        match self {
            Self::Auto => 1e-8,
            Self::Number(rtol) => rtol,
        }
    }
}

fn rtol(text: &str) -> Result<RtolArg, String> {
    match text {
        "auto" => Ok(RtolArg::Auto),
        number => crate::cli::args::positive(number).map(RtolArg::Number),
    }
}

/// Part of the samples that are solved on the doubled grid, where none is given.
pub const FRACTION: f64 = 0.0625;

impl From<OrderArg> for Kind {
    fn from(arg: OrderArg) -> Self {
        match arg {
            OrderArg::Given => Self::Given,
            OrderArg::Greedy => Self::Greedy,
            OrderArg::Hilbert => Self::Hilbert,
            OrderArg::Mst => Self::Mst,
        }
    }
}

/// What is written.
#[derive(Debug, Args)]
#[command(next_help_heading = "Files to write")]
pub struct FileArgs {
    /// Numbers as they were computed, or rounded to single precision
    #[arg(long, value_enum, default_value_t = DtypeArg::F64)]
    pub dtype: DtypeArg,
    /// Arrays of NumPy, or besides them HDF5 in the layout of The Well, in the folder hdf5
    #[arg(long, value_enum, default_value_t = FormatArg::Npy)]
    pub format: FormatArg,
    /// A contact sheet of the first samples, as SVG; a folder that is not there is made
    #[arg(long, value_name = "P.svg")]
    pub preview: Option<PathBuf>,
    /// Samples in a file [default: about 48 MB of them, 512 at most]
    #[arg(long, value_name = "N")]
    pub shard_samples: Option<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FormatArg {
    Npy,
    Hdf5,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DtypeArg {
    F64,
    F32,
}

impl From<DtypeArg> for Dtype {
    fn from(dtype: DtypeArg) -> Self {
        match dtype {
            DtypeArg::F64 => Self::F64,
            DtypeArg::F32 => Self::F32,
        }
    }
}

#[derive(Debug, Args)]
pub struct RunArgs {
    /// The folder of the data set
    #[arg(value_name = "DIR", help_heading = "Arguments")]
    pub folder: PathBuf,
    /// Only part I of K, counted from 0: the shards whose number leaves I when divided by K
    #[arg(long, value_name = "I/K", value_parser = part)]
    pub shard: Option<(usize, usize)>,
    #[command(flatten)]
    pub common: Common,
}

#[derive(Debug, Args)]
pub struct FolderArgs {
    /// The folder of the data set
    #[arg(value_name = "DIR", help_heading = "Arguments")]
    pub folder: PathBuf,
    #[command(flatten)]
    pub common: Common,
}

#[derive(Debug, Args)]
pub struct ExportArgs {
    /// The folder of the data set
    #[arg(value_name = "DIR", help_heading = "Arguments")]
    pub folder: PathBuf,
    /// Whose layout
    #[arg(long, value_enum)]
    pub to: LayoutArg,
    /// The folder to write to
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    #[command(flatten)]
    pub common: Common,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LayoutArg {
    /// NAME_train_RES.pt with tensors x and y
    Neuraloperator,
    /// NAME_train.npz with branch, trunk and y: DeepXDE
    Deeponet,
    /// data/train/NAME.hdf5, ... and stats.yaml: The Well
    TheWell,
    /// 2D_NAME_Train.hdf5 with nu and tensor
    Pdebench,
}

#[derive(Debug, Args)]
pub struct SolveDirArgs {
    /// The systems: a folder with NAME.mtx and NAME_b.mtx or A_1.mtx and b_1.mtx, or a CSV file with the
    /// columns matrix,rhs; all of the same size
    #[arg(value_name = "DIR|LIST.csv", help_heading = "Arguments")]
    pub systems: PathBuf,
    /// The folder to write to
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    #[command(flatten)]
    pub how: SolveWith,
    #[command(flatten)]
    pub files: FileArgs,
    #[command(flatten)]
    pub common: Common,
}

fn part(text: &str) -> Result<(usize, usize), String> {
    let parsed = text
        .split_once('/')
        .and_then(|(i, k)| Some((i.parse().ok()?, k.parse().ok()?)));
    match parsed {
        Some((i, k)) if i < k => Ok((i, k)),
        _ => Err("expected I/K with I from 0 to K - 1, such as 0/4".into()),
    }
}
