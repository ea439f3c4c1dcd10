//! A sequence in files: Matrix Market, or binary ones of PETSc.

use super::manifest::{Pair, Stored};
use super::petsc;
use super::source::{Current, Source};
use crate::cli::error::CliError;
use crate::cli::input::{Double, Input, MatrixJson};
use crate::cli::rhs::{self, Rhs};
use resolvent::Csr;
use resolvent::mtx::{self, AnyVectors, Field};
use resolvent::petsc::{Kind, Object, PetscOptions, Reader, recognised};
use resolvent::solvers::{Change, Guess};
use std::path::Path;

/// The files of a sequence, their headers looked at.
pub struct Files {
    name: String,
    pairs: Vec<Pair>,
    /// In the order in which they first appear.
    streams: Vec<String>,
    seed: u64,
    complex: bool,
    options: PetscOptions,
}

impl Files {
    /// Looks whether every file is there, which objects of binary files are meant, and whether one of
    /// all is complex.
    pub fn new(
        name: &str,
        mut pairs: Vec<Pair>,
        options: PetscOptions,
        seed: u64,
    ) -> Result<Self, CliError> {
        let mut complex = false;
        let mut streams: Vec<String> = Vec::new();
        for pair in &mut pairs {
            if !streams.contains(&pair.stream) {
                streams.push(pair.stream.clone());
            }
            complex |= look(&mut pair.matrix, Kind::Matrix, options)?;
            if let Some(rhs) = &mut pair.rhs {
                complex |= look(rhs, Kind::Vector, options)?;
            }
        }
        Ok(Self {
            name: name.into(),
            pairs,
            streams,
            seed,
            complex,
            options,
        })
    }

    pub fn is_complex(&self) -> bool {
        self.complex
    }

    /// The source, in real or complex numbers.
    pub fn of<T: Double>(self) -> Systems<T> {
        Systems {
            at_hand: self.streams.iter().map(|_| None).collect(),
            files: self,
        }
    }
}

/// Finds the object that is meant, where none was named. Returns whether it is complex.
fn look(stored: &mut Stored, kind: Kind, options: PetscOptions) -> Result<bool, CliError> {
    if let Some(header) = &stored.object {
        return Ok(header.complex);
    }
    let path = &stored.path;
    if !path.exists() {
        return Err(CliError::Missing(path.clone()));
    }
    if recognised(path) {
        *stored = petsc::first(path, kind, options)?;
        return Ok(stored.object.is_some_and(|header| header.complex));
    }
    Ok(mtx::read_header(path)?.field == Field::Complex)
}

/// Reads one system after the other.
pub struct Systems<T> {
    files: Files,
    /// The last one of each stream.
    at_hand: Vec<Option<System<T>>>,
}

struct System<T> {
    /// Where the matrix stands.
    stored: Stored,
    a: Csr<T>,
    matrix: MatrixJson,
    rhs: Rhs<T>,
}

impl<T: Double> Source<T> for Systems<T> {
    fn name(&self) -> String {
        self.files.name.clone()
    }

    fn identity(&self) -> String {
        let size = |stored: &Stored| std::fs::metadata(&stored.path).map_or(0, |file| file.len());
        let pairs = self.files.pairs.iter();
        let bytes: u64 = pairs
            .map(|pair| size(&pair.matrix) + pair.rhs.as_ref().map_or(0, size))
            .sum();
        format!(
            "{} ({} systems, {bytes} bytes)",
            self.files.name,
            self.files.pairs.len()
        )
    }

    fn len(&self) -> usize {
        self.files.pairs.len()
    }

    fn guess(&self) -> Guess {
        Guess::Zero
    }

    fn streams(&self) -> Vec<String> {
        self.files.streams.clone()
    }

    fn free(&self) -> bool {
        self.files.streams.len() == 1
    }

    fn stream(&self, index: usize) -> usize {
        let name = &self.files.pairs[index].stream;
        let found = self.files.streams.iter().position(|stream| stream == name);
        found.unwrap_or(0)
    }

    fn next(&mut self, index: usize, _: &[T]) -> Result<Current<'_, T>, CliError> {
        let stream = self.stream(index);
        let Files {
            pairs,
            options,
            seed,
            ..
        } = &self.files;
        let (pair, before) = (&pairs[index], &mut self.at_hand[stream]);
        let (a, mut matrix, change) = match before.take() {
            Some(same) if same.stored == pair.matrix => (same.a, same.matrix, Change::Nothing),
            before => {
                let (a, matrix): (Csr<T>, _) = read_matrix(&pair.matrix, *options)?;
                let change = before.map_or(Change::Pattern, |before| compare(&before.a, &a));
                (a, matrix, change)
            }
        };
        matrix.path.clone_from(&pair.name);
        let source = match &pair.rhs {
            Some(stored) => read_rhs(stored, a.nrows(), *options)?,
            None => rhs::Source::Random,
        };
        let rhs = source.build(&a, seed.wrapping_add(index as u64));
        if let (Some(stored), 2..) = (&pair.rhs, rhs.columns) {
            return Err(CliError::RhsColumns {
                path: stored.path.clone(),
                columns: rhs.columns,
            });
        }
        let system = before.insert(System {
            stored: pair.matrix.clone(),
            a,
            matrix,
            rhs,
        });
        Ok(Current {
            a: &system.a,
            b: &system.rhs.b,
            exact: system.rhs.exact.as_deref(),
            change,
            context: &pair.context,
            matrix: system.matrix.clone(),
        })
    }
}

fn read_matrix<T: Double>(
    stored: &Stored,
    options: PetscOptions,
) -> Result<(Csr<T>, MatrixJson), CliError> {
    let path = &stored.path;
    let Some(header) = stored.object else {
        let input = Input::read(path)?;
        input.square()?;
        let matrix = input.json();
        return Ok((T::matrix(path, input.matrix)?, matrix));
    };
    let Object::Matrix(a) = Reader::open_with(path, options)?.read_at(&header)? else {
        return Err(changed(path));
    };
    let matrix = MatrixJson {
        path: String::new(),
        rows: header.rows,
        cols: header.cols,
        nnz: header.nnz,
        field: if header.complex { "complex" } else { "real" },
        symmetry: "general",
    };
    Ok((T::matrix(path, a)?, matrix))
}

fn read_rhs(stored: &Stored, rows: usize, options: PetscOptions) -> Result<rhs::Source, CliError> {
    let path = &stored.path;
    let Some(header) = stored.object else {
        return rhs::Source::file(path, rows);
    };
    let Object::Vector(v) = Reader::open_with(path, options)?.read_at(&header)? else {
        return Err(changed(path));
    };
    let got = match &v {
        AnyVectors::Real(v) => v.nrows,
        AnyVectors::Complex(v) => v.nrows,
    };
    match got == rows {
        true => Ok(rhs::Source::File(v)),
        false => Err(CliError::RhsLength {
            path: path.clone(),
            got,
            expected: rows,
        }),
    }
}

/// Not the object that was there.
fn changed(path: &Path) -> CliError {
    CliError::Objects {
        path: path.into(),
        problem: "the file has changed since the sequence began".into(),
    }
}

/// What is new in a matrix.
fn compare<T: Double>(before: &Csr<T>, a: &Csr<T>) -> Change {
    if before.row_ptr() != a.row_ptr()
        || before.col_idx() != a.col_idx()
        || before.ncols() != a.ncols()
    {
        Change::Pattern
    } else if before.values() != a.values() {
        Change::Values
    } else {
        Change::Nothing
    }
}
