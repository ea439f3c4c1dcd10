//! A sequence in Matrix Market files, or in binary files of PETSc with one system each.

use super::manifest::Pair;
use super::source::{Current, Source};
use crate::cli::error::CliError;
use crate::cli::input::{Double, Input};
use crate::cli::rhs::{self, Rhs};
use resolvent::mtx::{self, Field};
use resolvent::solvers::{Change, Guess};
use resolvent::{Csr, petsc};

/// The files of a sequence, their headers looked at.
pub struct Files {
    name: String,
    pairs: Vec<Pair>,
    /// In the order in which they first appear.
    streams: Vec<String>,
    seed: u64,
    complex: bool,
}

impl Files {
    /// Looks whether every file is there, and whether one of them is complex.
    pub fn new(name: &str, pairs: Vec<Pair>, seed: u64) -> Result<Self, CliError> {
        let mut complex = false;
        let mut streams: Vec<String> = Vec::new();
        for pair in &pairs {
            if !streams.contains(&pair.stream) {
                streams.push(pair.stream.clone());
            }
            for path in [Some(&pair.matrix), pair.rhs.as_ref()]
                .into_iter()
                .flatten()
            {
                if !path.exists() {
                    return Err(CliError::Missing(path.clone()));
                }
                complex |= if petsc::recognised(path) {
                    petsc::headers(path)?.iter().any(|header| header.complex)
                } else {
                    mtx::read_header(path)?.field == Field::Complex
                };
            }
        }
        Ok(Self {
            name: name.into(),
            pairs,
            streams,
            seed,
            complex,
        })
    }

    pub fn is_complex(&self) -> bool {
        self.complex
    }

    /// The source, in real or complex numbers.
    pub fn of<T: Double>(self) -> Reader<T> {
        Reader {
            systems: self.streams.iter().map(|_| None).collect(),
            files: self,
        }
    }
}

/// Reads one system after the other.
pub struct Reader<T> {
    files: Files,
    /// The last one of each stream.
    systems: Vec<Option<(Csr<T>, Rhs<T>)>>,
}

impl<T: Double> Source<T> for Reader<T> {
    fn name(&self) -> String {
        self.files.name.clone()
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

    fn stream(&self, index: usize) -> usize {
        let name = &self.files.pairs[index].stream;
        let found = self.files.streams.iter().position(|stream| stream == name);
        found.unwrap_or(0)
    }

    fn next(&mut self, index: usize, _: &[T]) -> Result<Current<'_, T>, CliError> {
        let stream = self.stream(index);
        let pair = &self.files.pairs[index];
        let input = Input::read(&pair.matrix)?;
        input.square()?;
        let matrix = input.json();
        let a: Csr<T> = T::matrix(&pair.matrix, input.matrix)?;
        let change = match &self.systems[stream] {
            Some((before, _)) => compare(before, &a),
            None => Change::Pattern,
        };
        let source = match &pair.rhs {
            Some(path) => rhs::Source::file(path, a.nrows())?,
            None => rhs::Source::Random,
        };
        let rhs = source.build(&a, self.files.seed.wrapping_add(index as u64));
        if rhs.columns != 1 {
            return Err(CliError::RhsColumns {
                path: pair.rhs.clone().unwrap_or_default(),
                columns: rhs.columns,
            });
        }
        let (a, rhs) = self.systems[stream].insert((a, rhs));
        Ok(Current {
            a,
            b: &rhs.b,
            exact: rhs.exact.as_deref(),
            change,
            context: &pair.context,
            matrix,
        })
    }
}

/// What is new in a matrix.
pub fn compare<T: Double>(before: &Csr<T>, a: &Csr<T>) -> Change {
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
