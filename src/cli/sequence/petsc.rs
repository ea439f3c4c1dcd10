//! Systems in binary files of PETSc: matrices and vectors in one file, in turn or all matrices first, or in
//! two files.

use super::manifest::{Pair, Stored};
use crate::cli::error::CliError;
use resolvent::petsc::{self, Header, Kind, PetscError, PetscOptions};
use std::path::Path;

/// Whether a name is that of a binary file.
pub fn named(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str());
    matches!(extension, Some("bin" | "petsc" | "dat"))
}

/// Whether a file is one of PETSc, or is said to be by its name.
pub fn meant(path: &Path) -> bool {
    named(path) || petsc::recognised(path)
}

/// What `--petsc` says of the numbers, e.g. `int64,complex`.
pub fn options(text: &str) -> Result<PetscOptions, String> {
    let mut options = PetscOptions::default();
    for word in text.split(',').map(str::trim) {
        let (said, value) = match word {
            "int32" => (&mut options.index64, false),
            "int64" => (&mut options.index64, true),
            "real" => (&mut options.complex, false),
            "complex" => (&mut options.complex, true),
            // what PETSc can be built with besides
            "single" | "__float128" | "__fp16" => {
                return Err(format!(
                    "{word} is not read: PETSc writes double precision unless it is asked not to"
                ));
            }
            _ => return Err("expected int32 or int64, real or complex, or two of them".into()),
        };
        if said.replace(value).is_some_and(|before| before != value) {
            return Err(format!("{word} contradicts what stands before it"));
        }
    }
    Ok(options)
}

/// The systems of a file, or of two: the matrices in one, the right-hand sides in the other.
pub fn systems(
    path: &Path,
    rhs: Option<&Path>,
    options: PetscOptions,
) -> Result<Vec<Pair>, CliError> {
    let headers = petsc::headers_with(path, options)?;
    let places = match rhs {
        Some(rhs) => apart(path, &headers, rhs, &petsc::headers_with(rhs, options)?)?,
        None if grouped(&headers) => in_groups(path, &headers)?,
        None => in_turn(path, &headers)?,
    };
    let several = places.len() > 1;
    let pair = |(index, (matrix, vector)): (usize, (Header, Option<Header>))| Pair {
        name: match several {
            true => format!("{}#{index}", path.display()),
            false => path.display().to_string(),
        },
        matrix: Stored::object(path, matrix),
        rhs: vector.map(|vector| Stored::object(rhs.unwrap_or(path), vector)),
        context: Vec::new(),
        stream: String::new(),
    };
    Ok(places.into_iter().enumerate().map(pair).collect())
}

/// The first object of a kind: what a line of a list means.
pub fn first(path: &Path, kind: Kind, options: PetscOptions) -> Result<Stored, CliError> {
    let headers = petsc::headers_with(path, options)?;
    let found = headers.into_iter().find(|header| header.kind == kind);
    let what = match kind {
        Kind::Matrix => "matrix",
        Kind::Vector => "vector",
    };
    let lacks = || PetscError::Lacks {
        path: path.into(),
        what,
    };
    let header = found.ok_or_else(lacks)?;
    if kind == Kind::Matrix {
        square(path, &header)?;
    }
    Ok(Stored::object(path, header))
}

/// A matrix, and its right-hand side; `None`: b = A·x* with x* random, in a file without vectors.
type Place = (Header, Option<Header>);

fn wrong(path: &Path, problem: String) -> CliError {
    CliError::Objects {
        path: path.into(),
        problem,
    }
}

fn square(path: &Path, header: &Header) -> Result<(), CliError> {
    let (path, rows, cols) = (path.to_path_buf(), header.rows, header.cols);
    match (rows, cols) {
        (0, _) | (_, 0) => Err(CliError::Empty { path, rows, cols }),
        _ if rows != cols => Err(CliError::Rectangular { path, rows, cols }),
        _ => Ok(()),
    }
}

/// A matrix with the vector of a file.
fn fit(path: &Path, matrix: Header, vector: Header) -> Result<Place, CliError> {
    match matrix.rows == vector.rows {
        true => Ok((matrix, Some(vector))),
        false => Err(wrong(
            path,
            format!(
                "the vector at byte {} has {} rows, its matrix has {}",
                vector.offset, vector.rows, matrix.rows
            ),
        )),
    }
}

/// Several matrices, and then nothing but vectors.
fn grouped(headers: &[Header]) -> bool {
    let is = |kind| move |header: &Header| header.kind == kind;
    let matrices = headers.iter().filter(|h| is(Kind::Matrix)(h)).count();
    let (first, rest) = headers.split_at(matrices);
    matrices > 1 && !rest.is_empty() && first.iter().all(is(Kind::Matrix))
}

fn in_groups(path: &Path, headers: &[Header]) -> Result<Vec<Place>, CliError> {
    let vectors = headers
        .iter()
        .position(|header| header.kind == Kind::Vector);
    let (matrices, vectors) = headers.split_at(vectors.unwrap_or(headers.len()));
    if matrices.len() != vectors.len() {
        return Err(wrong(
            path,
            format!(
                "{} matrices, and after them {} vectors; with all matrices first there must be as many vectors, in the same order",
                matrices.len(),
                vectors.len()
            ),
        ));
    }
    let pairs = matrices.iter().zip(vectors);
    let place = |(matrix, vector): (&Header, &Header)| {
        square(path, matrix)?;
        fit(path, *matrix, *vector)
    };
    pairs.map(place).collect()
}

/// A matrix with the vector after it is a system; a further vector is a right-hand side of the same
/// matrix.
fn in_turn(path: &Path, headers: &[Header]) -> Result<Vec<Place>, CliError> {
    let bare = headers.iter().all(|header| header.kind == Kind::Matrix);
    let mut places: Vec<Place> = Vec::new();
    let mut matrix = None; // the one at hand, and whether it has had a right-hand side
    let alone = |header: &Header| {
        let at = header.offset;
        wrong(
            path,
            format!(
                "the matrix at byte {at} has no vector after it; each must have its right-hand side there, or all matrices must come first"
            ),
        )
    };
    for header in headers {
        match (header.kind, matrix) {
            (Kind::Matrix, Some((before, false))) if !bare => return Err(alone(&before)),
            (Kind::Matrix, _) => {
                square(path, header)?;
                matrix = Some((*header, false));
                if bare {
                    places.push((*header, None));
                }
            }
            (Kind::Vector, None) => {
                let at = header.offset;
                return Err(wrong(
                    path,
                    format!(
                        "the vector at byte {at} has no matrix before it; where the right-hand sides are in a file of their own, give the matrices and --rhs with this file"
                    ),
                ));
            }
            (Kind::Vector, Some((of, _))) => {
                matrix = Some((of, true));
                places.push(fit(path, of, *header)?);
            }
        }
    }
    match matrix {
        Some((last, false)) if !bare => Err(alone(&last)),
        _ => Ok(places),
    }
}

/// As many vectors as matrices, or one matrix for all of them.
fn apart(
    path: &Path,
    matrices: &[Header],
    rhs: &Path,
    vectors: &[Header],
) -> Result<Vec<Place>, CliError> {
    let other = |headers: &[Header], kind| headers.iter().find(|h| h.kind != kind).copied();
    if let Some(header) = other(matrices, Kind::Matrix) {
        let (at, name) = (header.offset, rhs.display());
        return Err(wrong(
            path,
            format!(
                "a vector at byte {at}, although the right-hand sides are in {name}; leave that out, or give matrices alone here"
            ),
        ));
    }
    if let Some(header) = other(vectors, Kind::Vector) {
        let at = header.offset;
        return Err(wrong(
            rhs,
            format!(
                "a matrix at byte {at}, where right-hand sides were expected; give vectors alone here"
            ),
        ));
    }
    for matrix in matrices {
        square(path, matrix)?;
    }
    let pair = |(k, vector): (usize, &Header)| {
        let matrix = matrices.get(k).unwrap_or(&matrices[0]);
        fit(rhs, *matrix, *vector)
    };
    match (matrices.len(), vectors.len()) {
        (m, v) if m > 0 && (m == v || m == 1) => vectors.iter().enumerate().map(pair).collect(),
        (m, v) => Err(wrong(
            rhs,
            format!(
                "{v} vectors for the {m} matrices of {}; there must be as many, in the same order, or one matrix for all of them",
                path.display()
            ),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_of_the_numbers() {
        let said = |index64, complex| Ok(PetscOptions { index64, complex });
        assert_eq!(options("int64,complex"), said(Some(true), Some(true)));
        assert_eq!(options("real"), said(None, Some(false)));
        assert_eq!(options("int32, int32"), said(Some(false), None));
        for (wrong, says) in [
            ("int32,int64", "contradicts"),
            ("double", "int32 or int64"),
            ("", "int32 or int64"),
            ("complex,__float128", "double precision"),
        ] {
            let error = options(wrong).unwrap_err();
            assert!(error.contains(says), "{wrong}: {error}");
        }
    }
}
