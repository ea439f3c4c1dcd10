//! Systems of one's own as a family: sample i is the i-th pair of Matrix Market files.
//!
//! Inputs are the number of the pair and its right-hand side b, output is x, real and imaginary part on
//! a last axis where the numbers are complex. All systems have as many unknowns.

use super::DatasetError;
use resolvent_matrices::families::{
    AnyFamily, Assembled, Description, FieldSpec, SampleFamily, Site, Step,
};
use resolvent_matrices::fields::Scratch;
use resolvent_matrices::mtx::{self, AnyMatrix, AnyVectors, Field};
use resolvent_matrices::sequences::Novelty;
use resolvent_matrices::{Complex, Csr, Definiteness, Evidence, Grid, MatrixError, Scalar};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// The files of a system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pair {
    /// A.
    pub matrix: PathBuf,
    /// b.
    pub rhs: PathBuf,
}

/// Name of the family.
pub const NAME: &str = "systems";

/// The family of these files, which must all have as many unknowns.
///
/// # Errors
/// [`DatasetError`] for files that cannot be read, are not square, or differ in size.
pub fn family(pairs: &[Pair]) -> Result<AnyFamily, DatasetError> {
    let first = pairs
        .first()
        .ok_or_else(|| DatasetError::Request("there are no systems".into()))?;
    let mut complex = false;
    let mut rows = None;
    for Pair { matrix, rhs } in pairs {
        let header = mtx::read_header(matrix)?;
        let expected = *rows.get_or_insert(header.rows);
        if (header.rows, header.cols) != (expected, expected) || expected == 0 {
            return Err(DatasetError::file(
                matrix,
                format!(
                    "the matrix has {} rows and {} columns; those of a data set are square and all of the \
                     same size, here {expected}",
                    header.rows, header.cols
                ),
            ));
        }
        let of_rhs = mtx::read_header(rhs)?;
        if (of_rhs.rows, of_rhs.cols) != (expected, 1) {
            return Err(DatasetError::file(
                rhs,
                format!(
                    "the right-hand side is {}x{}, {expected}x1 is needed",
                    of_rhs.rows, of_rhs.cols
                ),
            ));
        }
        complex |= [header.field, of_rhs.field].contains(&Field::Complex);
    }
    let rows = rows.unwrap_or(0);
    Ok(match complex {
        false => AnyFamily::Real(Box::new(Systems::<f64>::new(pairs, first, rows)?)),
        true => AnyFamily::Complex(Box::new(Systems::<Complex<f64>>::new(pairs, first, rows)?)),
    })
}

/// Real numbers in which a sample is stored.
trait Parts: Scalar<Real = f64> {
    const PARTS: usize;
    fn matrix(file: AnyMatrix) -> Result<Csr<Self>, MatrixError>;
    fn vector(file: AnyVectors) -> Vec<Self>;
    fn split(self) -> [f64; 2];
    fn join(parts: &[f64]) -> Self;
}

impl Parts for f64 {
    const PARTS: usize = 1;
    fn matrix(file: AnyMatrix) -> Result<Csr<Self>, MatrixError> {
        match file {
            AnyMatrix::Real(a) => Ok(a),
            AnyMatrix::Complex(_) => refuse("a file that was real is complex now".into()),
        }
    }
    fn vector(file: AnyVectors) -> Vec<Self> {
        match file {
            AnyVectors::Real(v) => v.data,
            AnyVectors::Complex(v) => v.data.iter().map(|v| v.re).collect(),
        }
    }
    fn split(self) -> [f64; 2] {
        [self, 0.0]
    }
    fn join(parts: &[f64]) -> Self {
        parts[0]
    }
}

impl Parts for Complex<f64> {
    const PARTS: usize = 2;
    fn matrix(file: AnyMatrix) -> Result<Csr<Self>, MatrixError> {
        match file {
            AnyMatrix::Real(a) => Csr::new(
                a.nrows(),
                a.ncols(),
                a.row_ptr().to_vec(),
                a.col_idx().to_vec(),
                a.values().iter().map(|v| Self::new(*v, 0.0)).collect(),
            ),
            AnyMatrix::Complex(a) => Ok(a),
        }
    }
    fn vector(file: AnyVectors) -> Vec<Self> {
        match file {
            AnyVectors::Real(v) => v.data.iter().map(|v| Self::new(*v, 0.0)).collect(),
            AnyVectors::Complex(v) => v.data,
        }
    }
    fn split(self) -> [f64; 2] {
        [self.re, self.im]
    }
    fn join(parts: &[f64]) -> Self {
        Self::new(parts[0], parts[1])
    }
}

struct Systems<T> {
    pairs: Vec<Pair>,
    rows: usize,
    symmetric: bool,
    definite: bool,
    numbers: std::marker::PhantomData<T>,
}

impl<T: Parts> Systems<T> {
    fn new(pairs: &[Pair], first: &Pair, rows: usize) -> Result<Self, DatasetError> {
        let a = T::matrix(mtx::read(&first.matrix)?.matrix)?;
        let evidence = Evidence::gather(a.view());
        Ok(Self {
            pairs: pairs.to_vec(),
            rows,
            symmetric: evidence.symmetric,
            definite: matches!(
                evidence.definiteness,
                Definiteness::Positive(_) | Definiteness::PossiblyPositive
            ),
            numbers: std::marker::PhantomData,
        })
    }

    fn field(&self, name: &'static str) -> FieldSpec {
        let shape = match T::PARTS {
            1 => vec![self.rows],
            parts => vec![self.rows, parts],
        };
        FieldSpec {
            name,
            shape,
            site: Site::Numbers,
        }
    }

    fn pair(&self, index: usize) -> Result<&Pair, MatrixError> {
        match self.pairs.get(index) {
            Some(pair) => Ok(pair),
            None => refuse(format!(
                "there are {} systems, none {index}",
                self.pairs.len()
            )),
        }
    }
}

impl<T: Parts> SampleFamily<T> for Systems<T> {
    fn describe(&self) -> Description {
        Description {
            name: NAME,
            equation: "A x = b of Matrix Market files, listed under `systems`".into(),
            boundary: "in the matrices".into(),
            source: "the files",
            grid: vec![self.rows],
            unknowns: Grid::new(self.rows, 1, 1),
            components: 1,
            inputs: vec![
                FieldSpec {
                    name: "system",
                    shape: vec![],
                    site: Site::Numbers,
                },
                self.field("b"),
            ],
            outputs: vec![self.field("x")],
            parameters: vec![],
            symmetric: self.symmetric,
            definite: self.definite,
            constant_matrix: false,
            steps: 1,
        }
    }

    fn draw(
        &self,
        _: u64,
        index: u64,
        _: &mut Scratch,
        inputs: &mut [Vec<f64>],
    ) -> Result<(), MatrixError> {
        let [system, b] = inputs else {
            return refuse("two inputs are needed".into());
        };
        let path = &self.pair(index as usize)?.rhs;
        let read = mtx::read_vectors(path).or_else(|e| refuse(e.to_string()))?;
        let read: Vec<T> = T::vector(read);
        if b.len() != read.len() * T::PARTS {
            return refuse(format!("{}: {} numbers", path.display(), read.len()));
        }
        system.fill(index as f64);
        write(&read, b);
        Ok(())
    }

    fn assemble(
        &self,
        inputs: &[Vec<f64>],
        _: Step<'_, T>,
        out: &mut Assembled<T>,
    ) -> Result<(), MatrixError> {
        let ([system, b], true) = (inputs, inputs.iter().all(|input| !input.is_empty())) else {
            return refuse("two inputs are needed".into());
        };
        let path = &self.pair(system[0] as usize)?.matrix;
        let file = mtx::read(path).or_else(|e| refuse(e.to_string()))?;
        let a = T::matrix(file.matrix)?;
        let same_pattern = a.row_ptr() == out.a.row_ptr() && a.col_idx() == out.a.col_idx();
        out.novelty = match (same_pattern, a.values() == out.a.values()) {
            (true, true) => Novelty::Rhs,
            (true, false) => Novelty::Values,
            (false, _) => Novelty::Pattern,
        };
        out.a = a;
        out.b = b.chunks_exact(T::PARTS).map(T::join).collect();
        Ok(())
    }

    fn outputs(
        &self,
        x: &[T],
        _: usize,
        _: &[Vec<f64>],
        out: &mut [Vec<f64>],
    ) -> Result<(), MatrixError> {
        out.iter_mut().for_each(|out| write(x, out));
        Ok(())
    }

    fn unknowns(&self, outputs: &[Vec<f64>], _: usize, x: &mut [T]) -> Result<(), MatrixError> {
        for output in outputs {
            let parts = output.chunks_exact(T::PARTS);
            x.iter_mut()
                .zip(parts)
                .for_each(|(x, parts)| *x = T::join(parts));
        }
        Ok(())
    }
}

fn write<T: Parts>(values: &[T], into: &mut [f64]) {
    for (value, into) in values.iter().zip(into.chunks_exact_mut(T::PARTS)) {
        into.copy_from_slice(&value.split()[..T::PARTS]);
    }
}

fn refuse<V>(problem: String) -> Result<V, MatrixError> {
    Err(MatrixError::Parameter {
        generator: NAME,
        problem,
    })
}
