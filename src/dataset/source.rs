//! The inputs of a sample: drawn, or read from arrays.

use super::npy::Rows;
use super::request::{Given, Request};
use super::{DatasetError, durable};
use resolvent_matrices::Scalar;
use resolvent_matrices::families::{Description, SampleFamily};
use resolvent_matrices::fields::Scratch;
use std::path::Path;

/// Where one thread has its inputs from.
pub struct Source {
    seed: u64,
    first: u64,
    /// The inputs that are read, and which of the inputs they are.
    given: Vec<(usize, Rows)>,
    /// All inputs are read.
    all: bool,
    scratch: Scratch,
}

impl Source {
    /// Opens the arrays of a request.
    ///
    /// # Errors
    /// [`DatasetError`] for arrays that cannot be read, or do not fit the family.
    pub fn new(request: &Request, description: &Description) -> Result<Self, DatasetError> {
        let mut given = Vec::new();
        for Given { field, path, .. } in &request.given {
            let at = input(description, field)?;
            let rows = Rows::open(path)?;
            fitting(&rows, &description.inputs[at].shape, request.samples)?;
            given.push((at, rows));
        }
        Ok(Self {
            seed: request.seed,
            first: request.first,
            all: given.len() == description.inputs.len(),
            given,
            scratch: Scratch::default(),
        })
    }

    /// Writes the inputs of a sample, counted from 0.
    ///
    /// # Errors
    /// [`DatasetError`] of the family or of the file; numbers that are read must be finite.
    pub fn inputs<T: Scalar>(
        &mut self,
        family: &dyn SampleFamily<T>,
        sample: u64,
        inputs: &mut [Vec<f64>],
    ) -> Result<(), DatasetError> {
        if !self.all {
            family.draw(self.seed, self.first + sample, &mut self.scratch, inputs)?;
        }
        for (at, rows) in &mut self.given {
            read(rows, sample, &mut inputs[*at])?;
        }
        Ok(())
    }
}

/// What is read instead of being drawn, with its checksum; refuses what does not fit, and numbers that
/// are not finite, before anything is begun. Returns the number of samples as well.
///
/// # Errors
/// [`DatasetError`].
pub fn given(
    files: &[(String, std::path::PathBuf)],
    description: &Description,
) -> Result<(Vec<Given>, Option<u64>), DatasetError> {
    let mut samples = None;
    let mut all = Vec::new();
    for (field, path) in files {
        let at = input(description, field)?;
        let mut rows = Rows::open(path)?;
        let count = *samples.get_or_insert(rows.len());
        fitting(&rows, &description.inputs[at].shape, count)?;
        let mut row = vec![0.0; rows.row_len()];
        for sample in 0..rows.len() {
            read(&mut rows, sample, &mut row)?;
        }
        all.push(Given {
            field: field.clone(),
            path: absolute(path)?,
            sha256: durable::sha256(path)?,
        });
    }
    Ok((all, samples))
}

/// A row of finite numbers.
fn read(rows: &mut Rows, sample: u64, into: &mut [f64]) -> Result<(), DatasetError> {
    rows.read(sample, into)?;
    match into.iter().find(|v| !v.is_finite()) {
        None => Ok(()),
        Some(bad) => Err(DatasetError::file(
            rows.path(),
            format!("row {sample} has {bad} in it; coefficients must be finite"),
        )),
    }
}

fn absolute(path: &Path) -> Result<std::path::PathBuf, DatasetError> {
    path.canonicalize().map_err(DatasetError::io(path, "read"))
}

fn input(description: &Description, field: &str) -> Result<usize, DatasetError> {
    let found = description
        .inputs
        .iter()
        .position(|input| input.name == field);
    found.ok_or_else(|| {
        let names: Vec<_> = description.inputs.iter().map(|input| input.name).collect();
        DatasetError::Request(format!(
            "{} has no input `{field}`; it has: {}",
            description.name,
            names.join(", ")
        ))
    })
}

/// Refuses an array of another shape.
fn fitting(rows: &Rows, shape: &[usize], samples: u64) -> Result<(), DatasetError> {
    let inner = rows.shape().iter().skip(1).map(|d| *d as usize);
    if !rows.shape().is_empty() && inner.eq(shape.iter().copied()) && rows.len() >= samples {
        return Ok(());
    }
    let wanted: Vec<_> = shape.iter().map(usize::to_string).collect();
    Err(DatasetError::file(
        rows.path(),
        format!(
            "the array is of shape {:?}; ({samples}, {}) is needed: a row a sample, the last index \
             along x",
            rows.shape(),
            wanted.join(", ")
        ),
    ))
}
