//! What can go wrong with a data set: what, where, how to fix it.

use crate::registry::{FamilyError, RegistryError};
use resolvent_matrices::MatrixError;
use resolvent_solvers::SolveError;
use std::io;
use std::path::{Path, PathBuf};

/// Why a data set cannot be made, read or judged.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DatasetError {
    /// The file system.
    #[error("{}: cannot {what}: {source}", path.display())]
    Io {
        /// file or folder
        path: PathBuf,
        /// `"read"`, `"write"`, …
        what: &'static str,
        /// why
        source: io::Error,
    },
    /// A file is not what it should be.
    #[error("{}: {problem}", path.display())]
    File {
        /// file
        path: PathBuf,
        /// what is wrong, and what to do
        problem: String,
    },
    /// The folder holds a data set made with other parameters.
    #[error(
        "{}: there is a data set made with other parameters: {difference}; choose another folder with --out, give the parameters it was made with, or remove it if nothing in it is needed", path.display()
    )]
    Other {
        /// folder
        path: PathBuf,
        /// what differs
        difference: String,
    },
    /// Another process has begun a data set there.
    #[error("{}: another process has begun a data set there in the meantime; type the command again", .0.display())]
    Begun(PathBuf),
    /// Another process writes the same part.
    #[error("{}: another process is writing it; wait for it, or end it", .0.display())]
    Busy(PathBuf),
    /// Something asked for makes no sense.
    #[error("{0}")]
    Request(String),
    /// One sample.
    #[error("sample {index}: {source}")]
    Sample {
        /// its index
        index: u64,
        /// what failed
        source: Box<DatasetError>,
    },
    /// The family, or a grid.
    #[error(transparent)]
    Family(#[from] FamilyError),
    /// A solver or preconditioner by name.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// A solve could not be run.
    #[error(transparent)]
    Solve(#[from] SolveError),
    /// A Matrix Market file.
    #[error(transparent)]
    Mtx(#[from] resolvent_matrices::mtx::MtxError),
    /// Fields or matrices that do not fit.
    #[error(transparent)]
    Matrix(#[from] MatrixError),
}

impl DatasetError {
    /// Of the file system, while doing `what`.
    pub fn io(path: &Path, what: &'static str) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Io { path, what, source }
    }

    /// A file that is not what it should be.
    pub fn file(path: &Path, problem: impl Into<String>) -> Self {
        Self::File {
            path: path.to_path_buf(),
            problem: problem.into(),
        }
    }
}
