//! Binary files of PETSc: matrices and vectors one after the other, as written by
//! `-ksp_view_mat binary -ksp_view_rhs binary -viewer_binary_filename dump.bin` or `MatView`, `VecView` into a
//! binary viewer.
//!
//! ```no_run
//! use resolvent_matrices::petsc::{Object, Reader};
//! for object in Reader::open("dump.bin".as_ref())? {
//!     match object? {
//!         Object::Matrix(a) => drop(a), // one at a time is in memory
//!         Object::Vector(b) => drop(b),
//!     }
//! }
//! # Ok::<(), resolvent_matrices::petsc::PetscError>(())
//! ```
//!
//! Everything is big-endian. A matrix is its class 1211216, rows, columns, entries, the length of each
//! row, the column of each entry, the values; a vector is its class 1211214, its length, the values.
//! Format: PETSc users manual, `MatLoad` and `VecLoad`.
//!
//! | case | decision |
//! |---|---|
//! | 64-bit indices | seen by the class, which then has 64 bits too |
//! | complex numbers | seen where the first object ends: another one or the end of the file follows |
//! | columns out of order within a row | sorted |
//! | a column twice in a row, row lengths that do not add up | refused |
//! | NaN, infinity | refused: no solver can use them |
//! | counts that the file has no room for | refused before anything is allocated |
//! | dense matrices, index sets and other objects | refused |
//! | the `.info` text beside the file | not read |

mod error;
mod reader;
#[cfg(test)]
mod tests;

pub use error::PetscError;
pub use reader::{Header, Reader};

use crate::mtx::{AnyMatrix, AnyVectors};
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// The class of a matrix.
const MATRIX: i64 = 1_211_216;
/// The class of a vector.
const VECTOR: i64 = 1_211_214;

/// What the numbers of a file are, where it is not to be seen from the file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PetscOptions {
    /// Indices have 64 bits. Default: see the class.
    pub index64: Option<bool>,
    /// Values are complex. Default: see where the first object ends.
    pub complex: Option<bool>,
}

/// Matrix or vector.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A sparse matrix.
    Matrix,
    /// A vector.
    Vector,
}

/// One object of a file.
#[derive(Debug, Clone, PartialEq)]
pub enum Object {
    /// A sparse matrix.
    Matrix(AnyMatrix),
    /// A vector: one column.
    Vector(AnyVectors),
}

/// All objects of a file.
///
/// # Errors
/// [`PetscError`].
pub fn read(path: &Path) -> Result<Vec<Object>, PetscError> {
    Reader::open(path)?.collect()
}

/// What there is in a file, without its numbers.
///
/// # Errors
/// [`PetscError`].
pub fn headers(path: &Path) -> Result<Vec<Header>, PetscError> {
    headers_with(path, PetscOptions::default())
}

/// What there is in a file, of which this is known.
///
/// # Errors
/// [`PetscError`].
pub fn headers_with(path: &Path, options: PetscOptions) -> Result<Vec<Header>, PetscError> {
    let mut reader = Reader::open_with(path, options)?;
    let mut headers = Vec::new();
    while let Some(header) = reader.skip_object()? {
        headers.push(header);
    }
    Ok(headers)
}

/// The first matrix of a file.
///
/// # Errors
/// [`PetscError`].
pub fn first_matrix(path: &Path) -> Result<AnyMatrix, PetscError> {
    for object in Reader::open(path)? {
        if let Object::Matrix(a) = object? {
            return Ok(a);
        }
    }
    let (path, what) = (path.into(), "matrix");
    Err(PetscError::Lacks { path, what })
}

/// The first vector of a file.
///
/// # Errors
/// [`PetscError`].
pub fn first_vector(path: &Path) -> Result<AnyVectors, PetscError> {
    let mut reader = Reader::open(path)?;
    while let Some(header) = reader.skip_object()? {
        if header.kind == Kind::Vector
            && let Object::Vector(v) = reader.read_at(&header)?
        {
            return Ok(v);
        }
    }
    let (path, what) = (path.into(), "vector");
    Err(PetscError::Lacks { path, what })
}

/// Whether a file begins with a matrix or a vector; false where it cannot be read.
pub fn recognised(path: &Path) -> bool {
    let mut start = Vec::new();
    let read = File::open(path).map(|file| file.take(8).read_to_end(&mut start));
    matches!(read, Ok(Ok(_))) && class(&start).is_some()
}

/// The class that an object begins with, and whether it has 64 bits.
fn class(start: &[u8]) -> Option<(Kind, bool)> {
    let number = |bytes: &[u8]| bytes.iter().fold(0, |sum, &b| sum << 8 | i64::from(b));
    let kind = |number| match number {
        MATRIX => Some(Kind::Matrix),
        VECTOR => Some(Kind::Vector),
        _ => None,
    };
    let narrow = start.get(..4).and_then(|bytes| kind(number(bytes)));
    let wide = || start.get(..8).and_then(|bytes| kind(number(bytes)));
    narrow
        .map(|kind| (kind, false))
        .or_else(|| wide().map(|kind| (kind, true)))
}
