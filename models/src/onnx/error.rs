//! What can go wrong with a library, a model or its contract: what, where, and how to mend it.

use super::discover::Tried;
use resolvent_solvers::PrecondError;
use std::path::PathBuf;

/// Why a model cannot be used.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum OnnxError {
    /// No library could be loaded.
    #[error(
        "ONNX Runtime was not found. Get it with `resolvent runtime install` or `pip install onnxruntime`, or give its path with --ort-lib or RESOLVENT_ORT_LIB{}",
        list(tried)
    )]
    RuntimeNotFound {
        /// where it was looked for, and what was wrong there
        tried: Vec<Tried>,
    },
    /// A library, but another one.
    #[error(
        "{} is a library, but not ONNX Runtime: it does not export OrtGetApiBase. Give the path of libonnxruntime.so (.dylib, onnxruntime.dll)", path.display()
    )]
    NotOnnxRuntime {
        /// library
        path: PathBuf,
    },
    /// The library is older than what the interface needs.
    #[error(
        "{} is ONNX Runtime {found}; 1.{need} or later is needed. Get {installs} with `resolvent runtime install`", path.display(), installs = super::VERSION
    )]
    RuntimeTooOld {
        /// library
        path: PathBuf,
        /// its version
        found: String,
        /// minor version that is needed
        need: u32,
    },
    /// One library a process: another one is in use.
    #[error(
        "ONNX Runtime is loaded from {} already, and a process can have but one; {} cannot be loaded as well", loaded.display(), asked.display()
    )]
    RuntimeInUse {
        /// the one in use
        loaded: PathBuf,
        /// the one asked for
        asked: PathBuf,
    },
    /// The library was loaded and does not work.
    #[error("{}: ONNX Runtime does not start: {problem}. Try another build of it", path.display())]
    RuntimeFailed {
        /// library
        path: PathBuf,
        /// what it says
        problem: String,
    },
    /// The program was built without support for that device.
    #[error(
        "this program was built without CUDA: build it with `--features cuda`, or use the CPU (device=cpu)"
    )]
    NoCuda,
    /// The device cannot be used.
    #[error(
        "CUDA cannot be used: {problem}. It takes the GPU build of ONNX Runtime (`pip install onnxruntime-gpu`) with CUDA and cuDNN; on the CPU with device=cpu"
    )]
    Cuda {
        /// what ONNX Runtime says
        problem: String,
    },
    /// The file cannot be read.
    #[error("{}: cannot be read: {problem}; give the path of an .onnx file", path.display())]
    ModelIo {
        /// model
        path: PathBuf,
        /// what the system says
        problem: String,
    },
    /// The file is no model.
    #[error("{}: not an ONNX model: {problem}. The file may be cut off or of another kind", path.display())]
    BadModel {
        /// model
        path: PathBuf,
        /// what ONNX Runtime says
        problem: String,
    },
    /// There is nothing to shuffle.
    #[error(
        "{}: it holds no weights of convolutions or matrix products that could be shuffled; they may be in a file beside it", path.display()
    )]
    NoWeights {
        /// model
        path: PathBuf,
    },
    /// The model uses what ONNX Runtime does not have.
    #[error(
        "{}: ONNX Runtime has no implementation of an operator in it: {problem}. Convolutions exist in float32 only: export the model in float32", path.display()
    )]
    UnsupportedOp {
        /// model
        path: PathBuf,
        /// what ONNX Runtime says
        problem: String,
    },
    /// The file does not say what its input means, and nobody else does.
    #[error(
        "{}: it has no metadata entry `{key}`, so what its input means is not known; say it with layout=…, e.g. onnx:{},layout={layout}{multiple}. Its inputs: {inputs}", path.display(), path.display(), key = super::CONTRACT_KEY
    )]
    NoContract {
        /// model
        path: PathBuf,
        /// the inputs it has
        inputs: String,
        /// a layout of that rank
        layout: &'static str,
        /// the other thing to think of
        multiple: &'static str,
    },
    /// The contract cannot be read or makes no sense.
    #[error("{}: its contract (metadata entry `{key}`): {problem}", path.display(), key = super::CONTRACT_KEY)]
    BadContract {
        /// model
        path: PathBuf,
        /// what is wrong, and what is allowed
        problem: String,
    },
    /// The graph is not what the contract says.
    #[error("{}: the contract and the graph differ: {problem}", path.display())]
    Mismatch {
        /// model
        path: PathBuf,
        /// what differs
        problem: String,
    },
    /// The model is for something else.
    #[error("{}: {problem}; use it as {instead}:{}", path.display(), path.display())]
    Role {
        /// model
        path: PathBuf,
        /// what it is
        problem: &'static str,
        /// what takes it
        instead: &'static str,
    },
    /// The classical part of the preconditioner cannot be made.
    #[error(transparent)]
    Matrix(PrecondError),
    /// The model does not fit the grid.
    #[error("{}: {problem}", path.display())]
    Grid {
        /// model
        path: PathBuf,
        /// what does not fit, and what to do
        problem: String,
    },
    /// A field that the model takes cannot be had from the matrix.
    #[error("{}: it takes the field `{field}`, and {problem}", path.display())]
    Field {
        /// model
        path: PathBuf,
        /// field
        field: &'static str,
        /// why not
        problem: String,
    },
    /// It failed while it ran.
    #[error("{}: it failed while it ran: {problem}", path.display())]
    Run {
        /// model
        path: PathBuf,
        /// what ONNX Runtime says
        problem: String,
    },
    /// There is no package for this machine.
    #[error(
        "there is no package of ONNX Runtime for {system}: build it, and give its path with --ort-lib or RESOLVENT_ORT_LIB"
    )]
    NoPackage {
        /// operating system and processor
        system: String,
    },
    /// Python, which fetches the package, is not there or fails.
    #[error(
        "{command}: {problem}. Fetching takes Python 3 with pip; or put libonnxruntime where it is found (`resolvent runtime status` lists the places)"
    )]
    Python {
        /// what was run
        command: String,
        /// what happened
        problem: String,
    },
    /// What was fetched is not what was asked for.
    #[error("{}: its SHA-256 is {found}, {expected} was expected; remove it and try again", path.display())]
    Checksum {
        /// file
        path: PathBuf,
        /// what it should be
        expected: &'static str,
        /// what it is
        found: String,
    },
    /// A file or folder cannot be written.
    #[error("{}: cannot be written: {problem}; choose another folder with --into", path.display())]
    Write {
        /// file or folder
        path: PathBuf,
        /// what the system says
        problem: String,
    },
}

/// One line for each place.
fn list(tried: &[Tried]) -> String {
    let lines = tried.iter().map(|t| format!("\n  {t}"));
    match lines.collect::<String>() {
        none if none.is_empty() => none,
        lines => format!(". Looked for at{lines}"),
    }
}

impl From<OnnxError> for PrecondError {
    fn from(error: OnnxError) -> Self {
        Self::Failed {
            precond: super::adapter::NAME,
            problem: error.to_string(),
        }
    }
}
