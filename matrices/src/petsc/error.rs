//! What can be wrong with a binary file of PETSc.

use std::path::PathBuf;

/// Why a file could not be read. Every text names the file, and the byte (counted from 0) where there
/// is one.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PetscError {
    /// The file cannot be opened or read.
    #[error("{}: {source}; it must be a file that can be read", path.display())]
    Io {
        /// file
        path: PathBuf,
        /// what the system said
        source: std::io::Error,
    },
    /// The file ends too early.
    #[error(
        "{}, byte {offset}: {what} takes {needed} bytes, the file has {left} left; it was cut off, or a count in it is wrong", path.display()
    )]
    Truncated {
        /// file
        path: PathBuf,
        /// where the part begins
        offset: u64,
        /// what is there in part
        what: &'static str,
        /// bytes it takes
        needed: u128,
        /// bytes there are
        left: u64,
    },
    /// No matrix or vector begins where one should.
    #[error("{}, byte {offset}: {hint}", path.display())]
    Class {
        /// file
        path: PathBuf,
        /// where it stands
        offset: u64,
        /// what stands there
        found: i64,
        /// what it may be, and what is read
        hint: String,
    },
    /// A number that makes no sense.
    #[error("{}, byte {offset}: {problem}", path.display())]
    Content {
        /// file
        path: PathBuf,
        /// where it stands
        offset: u64,
        /// what is wrong, and what was expected
        problem: String,
    },
    /// There is no matrix, or no vector, in the file.
    #[error("{}: no {what} in it", path.display())]
    Lacks {
        /// file
        path: PathBuf,
        /// what was looked for
        what: &'static str,
    },
}
