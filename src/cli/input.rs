//! The matrix: read, timed, described.

use super::error::CliError;
use resolvent::mtx::{self, AnyMatrix, Field, Format, Header, MatrixFile, Symmetry};
use resolvent::{Complex, Csr, Scalar, petsc};
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// A matrix as read.
pub struct Input {
    pub path: PathBuf,
    pub header: Header,
    pub matrix: AnyMatrix,
    pub read: Duration,
}

/// The `matrix` object of the JSON.
#[derive(Debug, Clone, Serialize)]
pub struct MatrixJson {
    pub path: String,
    pub rows: usize,
    pub cols: usize,
    pub nnz: usize,
    pub field: &'static str,
    pub symmetry: &'static str,
}

impl Input {
    pub fn read(path: &Path) -> Result<Self, CliError> {
        let started = Instant::now();
        if !path.exists() {
            return Err(CliError::Missing(path.into()));
        }
        if path.is_dir() {
            return Err(CliError::Folder(path.into()));
        }
        let file = if petsc::recognised(path) {
            of_petsc(petsc::first_matrix(path)?)
        } else {
            mtx::read(path)?
        };
        Ok(Self {
            path: path.into(),
            header: file.header,
            matrix: file.matrix,
            read: started.elapsed(),
        })
    }

    /// Refuses what no solver can take.
    pub fn square(&self) -> Result<(), CliError> {
        let (rows, cols) = (self.header.rows, self.header.cols);
        let path = self.path.clone();
        if rows == 0 || cols == 0 {
            return Err(CliError::Empty { path, rows, cols });
        }
        if rows != cols {
            return Err(CliError::Rectangular { path, rows, cols });
        }
        Ok(())
    }

    pub fn json(&self) -> MatrixJson {
        MatrixJson {
            path: self.path.display().to_string(),
            rows: self.header.rows,
            cols: self.header.cols,
            nnz: match &self.matrix {
                AnyMatrix::Real(a) => a.nnz(),
                AnyMatrix::Complex(a) => a.nnz(),
            },
            field: self.header.field.name(),
            symmetry: self.header.symmetry.name(),
        }
    }
}

/// A matrix of PETSc with the header that it would have as Matrix Market.
fn of_petsc(matrix: AnyMatrix) -> MatrixFile {
    let (field, rows, cols, entries) = match &matrix {
        AnyMatrix::Real(a) => (Field::Real, a.nrows(), a.ncols(), a.nnz()),
        AnyMatrix::Complex(a) => (Field::Complex, a.nrows(), a.ncols(), a.nnz()),
    };
    let header = Header {
        format: Format::Coordinate,
        field,
        symmetry: Symmetry::General,
        rows,
        cols,
        entries,
    };
    MatrixFile { header, matrix }
}

/// Double precision, real or complex: what files hold and the command computes in.
pub trait Double: Scalar<Real = f64> {
    /// Columns of a file. The imaginary part of complex ones is dropped by a real type: see
    /// [`super::rhs::Source::is_complex`].
    fn columns(file: mtx::AnyVectors) -> mtx::Vectors<Self>;
    /// All numbers, real and imaginary parts one after the other.
    fn to_parts(v: &[Self]) -> Vec<f64>;
    /// The inverse of [`Double::to_parts`].
    fn from_parts(parts: &[f64]) -> Vec<Self>;
    /// A matrix of a file; a complex one is refused by a real type.
    fn matrix(path: &Path, matrix: AnyMatrix) -> Result<Csr<Self>, CliError>;
}

impl Double for f64 {
    fn columns(file: mtx::AnyVectors) -> mtx::Vectors<Self> {
        match file {
            mtx::AnyVectors::Real(v) => v,
            mtx::AnyVectors::Complex(v) => convert(v),
        }
    }
    fn to_parts(v: &[Self]) -> Vec<f64> {
        v.to_vec()
    }
    fn from_parts(parts: &[f64]) -> Vec<Self> {
        parts.to_vec()
    }
    fn matrix(path: &Path, matrix: AnyMatrix) -> Result<Csr<Self>, CliError> {
        match matrix {
            AnyMatrix::Real(a) => Ok(a),
            AnyMatrix::Complex(_) => Err(CliError::BecameComplex(path.into())),
        }
    }
}

impl Double for Complex<f64> {
    fn columns(file: mtx::AnyVectors) -> mtx::Vectors<Self> {
        match file {
            mtx::AnyVectors::Complex(v) => v,
            mtx::AnyVectors::Real(v) => convert(v),
        }
    }
    fn to_parts(v: &[Self]) -> Vec<f64> {
        v.iter().flat_map(|v| [v.re, v.im]).collect()
    }
    fn from_parts(parts: &[f64]) -> Vec<Self> {
        let pairs = parts.chunks_exact(2);
        pairs.map(|pair| Complex::new(pair[0], pair[1])).collect()
    }
    fn matrix(_: &Path, matrix: AnyMatrix) -> Result<Csr<Self>, CliError> {
        match matrix {
            AnyMatrix::Real(a) => complexify(&a),
            AnyMatrix::Complex(a) => Ok(a),
        }
    }
}

fn convert<S: Scalar, T: Scalar>(v: mtx::Vectors<S>) -> mtx::Vectors<T> {
    mtx::Vectors {
        nrows: v.nrows,
        ncols: v.ncols,
        data: v.data.iter().map(|s| T::from_c64(s.to_c64())).collect(),
    }
}

/// A real matrix in complex numbers, for a complex right-hand side.
pub fn complexify(a: &Csr<f64>) -> Result<Csr<Complex<f64>>, CliError> {
    let values = a.values().iter().map(|&v| v.into()).collect();
    let csr = Csr::new(
        a.nrows(),
        a.ncols(),
        a.row_ptr().to_vec(),
        a.col_idx().to_vec(),
        values,
    );
    csr.map_err(|e| CliError::Solve(e.into()))
}
