//! Errors of the command: what, where, how to fix it. All of them end with status 2.

use resolvent::matrices::MatrixError;
use resolvent::mtx::MtxError;
use resolvent::petsc::PetscError;
use resolvent::registry::RegistryError;
use resolvent::{SolveError, mtx};
use std::path::PathBuf;

#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// A Matrix Market file.
    #[error(transparent)]
    Mtx(#[from] MtxError),
    /// A data set.
    #[error(transparent)]
    Dataset(#[from] resolvent::dataset::DatasetError),
    /// A binary file of PETSc.
    #[error(transparent)]
    Petsc(#[from] PetscError),
    /// The objects of such a file are no sequence.
    #[error("{}: {problem}", path.display())]
    Objects { path: PathBuf, problem: String },
    /// The log of a sequence.
    #[error(transparent)]
    Log(#[from] super::tune::LogError),
    /// A file is not there; said apart from other failures to read, because it is the commonest.
    #[error("{}: no such file; give the path of a Matrix Market file (.mtx or .mtx.gz)", .0.display())]
    Missing(PathBuf),
    #[error("--context {}: no such file; give auto, gershgorin, contrast, change, given, none, or a CSV file with a line for each system", .0.display())]
    NoContext(PathBuf),
    #[error("--rhs {}: no such file; give a Matrix Market file, `random` or `row-sums`", .0.display())]
    MissingRhs(PathBuf),
    #[error("--rhs {}: no such file; give a binary file of PETSc with the right-hand sides", .0.display())]
    MissingDump(PathBuf),
    #[error(
        "--rhs does not apply to {0}: it is for a binary file of PETSc with matrices alone. A folder has the right-hand sides beside the matrices, a list has a column for them"
    )]
    RhsOfPetsc(String),
    /// Two files of a folder are called the same but for what ends their names.
    #[error("{}: {} and {} would be the same system; leave one of them there, or list the files in a CSV file", folder.display(), names[0], names[1])]
    Twice { folder: PathBuf, names: [String; 2] },
    #[error("{}: this is a folder; give the path of a Matrix Market file in it (.mtx or .mtx.gz)", .0.display())]
    Folder(PathBuf),
    #[error("{}: --{option} would write over {other}; give it a file of its own", path.display())]
    SameFile {
        path: PathBuf,
        option: &'static str,
        other: &'static str,
    },
    /// A file to write.
    #[error("{}: cannot be written: {source}; choose a place that exists and may be written to", path.display())]
    Write {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("standard output: {0}")]
    Stdout(std::io::Error),
    #[error(
        "{}: the matrix has {rows} rows and {cols} columns; only square systems can be solved. For least squares, form the normal equations AᵀA x = Aᵀb first", path.display()
    )]
    Rectangular {
        path: PathBuf,
        rows: usize,
        cols: usize,
    },
    #[error("{}: the matrix is empty ({rows} rows, {cols} columns): there is nothing to solve", path.display())]
    Empty {
        path: PathBuf,
        rows: usize,
        cols: usize,
    },
    #[error("{}: the right-hand side has {got} rows, the matrix has {expected}; give one column of {expected} numbers per system", path.display())]
    RhsLength {
        path: PathBuf,
        got: usize,
        expected: usize,
    },
    #[error("{}: {columns} right-hand sides; a system of a sequence has one", path.display())]
    RhsColumns { path: PathBuf, columns: usize },
    /// The first files of a sequence were real; the file has changed since it was looked at.
    #[error("{}: this file was real when the sequence began and is complex now", .0.display())]
    BecameComplex(PathBuf),
    #[error("{name}: {source}")]
    System { name: String, source: Box<CliError> },
    #[error(
        "{0}: there is no such file or folder; give a folder of Matrix Market files, a CSV file that lists them, or a binary file of PETSc"
    )]
    NoSource(String),
    #[error(
        "{0}; or give a folder of Matrix Market files, a CSV file that lists them, or a binary file of PETSc"
    )]
    Family(resolvent::registry::FamilyError),
    #[error("{}: {problem}", path.display())]
    State { path: PathBuf, problem: String },
    #[error("{}: cannot be read: {source}", path.display())]
    Read {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("{}:{line}: {problem}", path.display())]
    Manifest {
        path: PathBuf,
        line: u64,
        problem: String,
    },
    #[error(
        "{}: no systems in it; put pairs A_1.mtx, b_1.mtx or NAME.mtx, NAME_b.mtx there, or list them in a CSV file with the columns matrix,rhs", .0.display()
    )]
    NoSystems(PathBuf),
    #[error(
        "the systems of {0} follow on each other, or belong to several equations: --order is not for them"
    )]
    Order(String),
    #[error(
        "--state is not for --order mst, where spaces wait for branches of the tree: leave one out, or take --order greedy"
    )]
    OrderState,
    #[error(transparent)]
    Tuned(resolvent::models::TunedError),
    #[error("{}: {lines} lines of numbers for {systems} systems; it must have one for each", path.display())]
    Contexts {
        path: PathBuf,
        lines: usize,
        systems: usize,
    },
    #[error("{}: the right-hand side has no columns", path.display())]
    RhsEmpty { path: PathBuf },
    #[error(
        "--grid {text}: {unknowns} unknowns, but the matrix has {rows} rows; NX·NY·NZ must be the number of rows"
    )]
    Grid {
        text: String,
        unknowns: String,
        rows: usize,
    },
    #[error(
        "--grid {text}: a check of {cells} cells takes more memory than is free, which is enough for some {most}"
    )]
    GridSize {
        text: String,
        cells: usize,
        most: usize,
    },
    #[error("--{0}")]
    GridText(MatrixError),
    #[error("--{option} does not apply to {solver}: {hint}")]
    NotApplicable {
        option: &'static str,
        solver: String,
        hint: &'static str,
    },
    #[error("--{flag}: {source}")]
    Registry {
        flag: &'static str,
        source: RegistryError,
    },
    #[error("{0}; {advice}", advice = advice(.0))]
    Solve(#[from] SolveError),
    #[error(
        "--peers {}: there is no py_worker.py in it; give the folder benches/peers of the repository, or `none`", .0.display()
    )]
    NoPeers(PathBuf),
    #[error("{0}: its systems are complex, and networks are for real ones; leave it out")]
    ComplexReferee(String),
    #[error("{0}: negative definite systems are solved as −A x = −b; give −A")]
    Negative(String),
    #[error(
        "{name}: system {index} is another kind of matrix than the first ({found}); judge the two kinds apart, in folders of their own"
    )]
    TwoKinds {
        name: String,
        index: usize,
        found: &'static str,
    },
    #[error("--untrained {}: it is another kind of model than {}: other inputs or outputs", .0.display(), .1.display())]
    OtherModel(PathBuf, PathBuf),
    /// A network, or what runs it.
    #[error(transparent)]
    Onnx(#[from] resolvent::models::onnx::OnnxError),
    #[error(
        "--precond {0}: networks are for real systems, and this one is complex; use a classical preconditioner"
    )]
    ComplexNetwork(String),
    #[error("{threads} threads could not be started: {source}; try fewer with --threads")]
    Threads {
        threads: usize,
        source: rayon::ThreadPoolBuildError,
    },
}

/// What to type instead.
fn advice(error: &SolveError) -> &'static str {
    match error {
        SolveError::NeedsLinearity {
            precond: "onnx", ..
        } => {
            "a network serves dcdm, fcg, fgmres and gcrodr, and cg where its file says that it is linear, symmetric and positive"
        }
        SolveError::NeedsLinearity { .. } => "or leave the choice to --solver auto",
        SolveError::Nullspace(_) => "leave out --nullspace, and it is looked for",
        SolveError::Precond(error) if error.precond() == Some("sor") => {
            "try another --solver, or leave the choice to --solver auto"
        }
        SolveError::Precond(_) | SolveError::Factorization { .. } => {
            "try another --precond, or leave the choice to --precond auto"
        }
        _ => "see resolvent solve --help",
    }
}

impl CliError {
    /// Of a file that could not be written as Matrix Market.
    pub fn writing(error: mtx::MtxError) -> Self {
        match error {
            MtxError::Io { path, source } => Self::Write { path, source },
            other => Self::Mtx(other),
        }
    }
}
