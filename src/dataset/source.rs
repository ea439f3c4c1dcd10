//! The inputs of a sample: drawn, or read from arrays.

use super::npy::Rows;
use super::request::{Given, Request};
use super::{DatasetError, chain, durable};
use resolvent_matrices::families::{AnyFamily, Assembled, Description, SampleFamily, Step};
use resolvent_matrices::fields::Scratch;
use resolvent_matrices::{MatrixError, Scalar};
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

    /// Writes the inputs of a sample, counted from 0, and its first system.
    ///
    /// # Errors
    /// As [`inputs`](Self::inputs), and for values that the family refuses.
    pub fn assemble<T: Scalar>(
        &mut self,
        family: &dyn SampleFamily<T>,
        sample: u64,
        inputs: &mut [Vec<f64>],
        system: &mut Assembled<T>,
    ) -> Result<(), DatasetError> {
        self.inputs(family, sample, inputs)?;
        let assembled = family.assemble(inputs, Step::default(), system);
        assembled.map_err(|error| self.refused(sample, error))
    }

    /// What a family says of inputs that it refuses, with where they were read.
    pub fn refused(&self, sample: u64, error: MatrixError) -> DatasetError {
        let files = self.given.iter().map(|(_, rows)| rows.path());
        let files: Vec<_> = files.map(|path| path.display().to_string()).collect();
        match files.is_empty() {
            true => error.into(),
            false => DatasetError::Request(format!(
                "row {sample} of {}: {error}; correct the file",
                files.join(", ")
            )),
        }
    }
}

/// Refuses values that are read and that a family cannot use, before anything is begun: reads every row
/// and assembles its first system. That takes a few hundredths of what solving it does.
///
/// # Errors
/// [`DatasetError`] with the first sample that cannot be made.
pub fn check(request: &Request, stop: &(dyn Fn() -> bool + Sync)) -> Result<(), DatasetError> {
    if request.given.is_empty() {
        return Ok(());
    }
    match request.family()? {
        AnyFamily::Real(family) => check_all(request, family.as_ref(), stop),
        AnyFamily::Complex(family) => check_all(request, family.as_ref(), stop),
    }
}

fn check_all<T: Scalar>(
    request: &Request,
    family: &dyn SampleFamily<T>,
    stop: &(dyn Fn() -> bool + Sync),
) -> Result<(), DatasetError> {
    let description = family.describe();
    let mut source = Source::new(request, &description)?;
    let (mut inputs, mut system) = (description.new_inputs(), Assembled::default());
    for sample in 0..request.samples {
        if stop() {
            break;
        }
        source
            .assemble(family, sample, &mut inputs, &mut system)
            .map_err(chain::blamed(request.first + sample))?;
    }
    Ok(())
}

/// What is read instead of being drawn, with its checksum, and how many samples that makes: as many as
/// are asked for, or as the files have rows. Refuses what does not fit.
///
/// # Errors
/// [`DatasetError`].
pub fn given(
    files: &[(String, std::path::PathBuf)],
    description: &Description,
    samples: Option<u64>,
) -> Result<(Vec<Given>, Option<u64>), DatasetError> {
    let mut first: Option<(&Path, u64)> = None;
    let mut all: Vec<Given> = Vec::new();
    for (field, path) in files {
        if let Some(other) = all.iter().find(|given| given.field == *field) {
            return Err(DatasetError::Request(format!(
                "the input `{field}` is given twice, by {} and {}: give each input one file",
                other.path.display(),
                path.display()
            )));
        }
        let at = input(description, field)?;
        let rows = Rows::open(path)?;
        let (other, count) = *first.get_or_insert((path.as_path(), rows.len()));
        if samples.is_none() && rows.len() != count {
            return Err(DatasetError::Request(format!(
                "{} has {} rows and {} has {count}: give files with as many rows, or say with --samples how \
                 many of them are used",
                path.display(),
                rows.len(),
                other.display()
            )));
        }
        fitting(
            &rows,
            &description.inputs[at].shape,
            samples.unwrap_or(count),
        )?;
        all.push(Given {
            field: field.clone(),
            path: absolute(path)?,
            sha256: durable::sha256(path)?,
        });
    }
    Ok((all, samples.or(first.map(|(_, count)| count))))
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
