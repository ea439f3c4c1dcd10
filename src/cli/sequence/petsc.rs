//! A sequence in one binary file of PETSc: a matrix with the vector after it is a system; a further
//! vector is a right-hand side of the same matrix.

use super::files::compare;
use super::source::{Current, Source};
use crate::cli::error::CliError;
use crate::cli::input::{Double, MatrixJson};
use crate::cli::rhs::{self, Rhs};
use resolvent::Csr;
use resolvent::petsc::{self, Header, Kind, Object, Reader};
use resolvent::solvers::{Change, Guess};
use std::path::{Path, PathBuf};

/// Whether a name is that of a binary file.
pub fn named(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str());
    matches!(extension, Some("bin" | "petsc" | "dat"))
}

/// Whether a file is one of PETSc, or is said to be by its name.
pub fn meant(path: &Path) -> bool {
    named(path) || petsc::recognised(path)
}

/// Where a system stands.
#[derive(Debug, Clone, Copy)]
struct Place {
    matrix: Header,
    /// `None`: b = A·x* with x* random, in a file without vectors.
    rhs: Option<Header>,
}

/// A file, its headers looked at.
pub struct Dump {
    name: String,
    path: PathBuf,
    reader: Reader,
    places: Vec<Place>,
    seed: u64,
}

impl Dump {
    /// Looks which objects there are, and whether they are systems.
    pub fn open(name: &str, seed: u64) -> Result<Self, CliError> {
        let path = PathBuf::from(name);
        let places = pair(&path, &petsc::headers(&path)?)?;
        if places.is_empty() {
            return Err(CliError::NoSystems(path));
        }
        Ok(Self {
            name: name.into(),
            reader: Reader::open(&path)?,
            path,
            places,
            seed,
        })
    }

    pub fn is_complex(&self) -> bool {
        let vector = |place: &Place| place.rhs.is_some_and(|rhs| rhs.complex);
        let complex = |place: &Place| place.matrix.complex || vector(place);
        self.places.iter().any(complex)
    }

    /// The source, in real or complex numbers.
    pub fn of<T: Double>(self) -> Systems<T> {
        Systems {
            dump: self,
            matrix: None,
            rhs: Rhs {
                columns: 1,
                b: Vec::new(),
                exact: None,
            },
        }
    }

    /// Not the object that was there.
    fn changed(&self) -> CliError {
        let problem = "the file has changed since the sequence began".into();
        let path = self.path.clone();
        CliError::Objects { path, problem }
    }
}

/// Which objects make up the systems.
fn pair(path: &Path, headers: &[Header]) -> Result<Vec<Place>, CliError> {
    let wrong = |problem: String| CliError::Objects {
        path: path.into(),
        problem,
    };
    let bare = headers.iter().all(|header| header.kind == Kind::Matrix);
    let mut places: Vec<Place> = Vec::new();
    let mut matrix = None; // the one at hand, and whether it has had a right-hand side
    let alone = |header: &Header| {
        wrong(format!(
            "the matrix at byte {} has no vector after it",
            header.offset
        ))
    };
    for header in headers {
        match (header.kind, matrix) {
            (Kind::Matrix, Some((before, false))) if !bare => return Err(alone(&before)),
            (Kind::Matrix, _) => {
                let (rows, cols) = (header.rows, header.cols);
                let path = path.to_path_buf();
                if rows == 0 || cols == 0 {
                    return Err(CliError::Empty { path, rows, cols });
                }
                if rows != cols {
                    return Err(CliError::Rectangular { path, rows, cols });
                }
                matrix = Some((*header, false));
                if bare {
                    places.push(Place {
                        matrix: *header,
                        rhs: None,
                    });
                }
            }
            (Kind::Vector, None) => {
                let at = header.offset;
                return Err(wrong(format!(
                    "the vector at byte {at} has no matrix before it"
                )));
            }
            (Kind::Vector, Some((of, _))) => {
                if header.rows != of.rows {
                    return Err(wrong(format!(
                        "the vector at byte {} has {} rows, the matrix before it has {}",
                        header.offset, header.rows, of.rows
                    )));
                }
                matrix = Some((of, true));
                places.push(Place {
                    matrix: of,
                    rhs: Some(*header),
                });
            }
        }
    }
    match matrix {
        Some((last, false)) if !bare => Err(alone(&last)),
        _ => Ok(places),
    }
}

/// Reads one system after the other.
pub struct Systems<T> {
    dump: Dump,
    /// The matrix at hand, and where it stands.
    matrix: Option<(u64, Csr<T>)>,
    rhs: Rhs<T>,
}

impl<T: Double> Source<T> for Systems<T> {
    fn name(&self) -> String {
        self.dump.name.clone()
    }

    fn len(&self) -> usize {
        self.dump.places.len()
    }

    fn guess(&self) -> Guess {
        Guess::Zero
    }

    fn next(&mut self, index: usize, _: &[T]) -> Result<Current<'_, T>, CliError> {
        let Place { matrix, rhs } = self.dump.places[index];
        let (a, change) = match self.matrix.take() {
            Some((offset, a)) if offset == matrix.offset => (a, Change::Nothing),
            before => {
                let Object::Matrix(a) = self.dump.reader.read_at(&matrix)? else {
                    return Err(self.dump.changed());
                };
                let a: Csr<T> = T::matrix(&self.dump.path, a)?;
                let change = before.map_or(Change::Pattern, |(_, b)| compare(&b, &a));
                (a, change)
            }
        };
        let source = match rhs {
            Some(header) => match self.dump.reader.read_at(&header)? {
                Object::Vector(v) => rhs::Source::File(v),
                Object::Matrix(_) => return Err(self.dump.changed()),
            },
            None => rhs::Source::Random,
        };
        self.rhs = source.build(&a, self.dump.seed.wrapping_add(index as u64));
        let (_, a) = self.matrix.insert((matrix.offset, a));
        Ok(Current {
            a,
            b: &self.rhs.b,
            exact: self.rhs.exact.as_deref(),
            change,
            context: &[],
            matrix: MatrixJson {
                path: format!("{}#{index}", self.dump.name),
                rows: matrix.rows,
                cols: matrix.cols,
                nnz: matrix.nnz,
                field: if matrix.complex { "complex" } else { "real" },
                symmetry: "general",
            },
        })
    }
}
