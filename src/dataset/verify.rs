//! A data set judged from its files alone: checksums, and the residual of every sample.
//!
//! What is stored in double precision must meet ‖b − Ax‖₂ ≤ rtol ‖b‖₂. Single precision has changed
//! every coefficient and every value of x by u = 2⁻²⁴ of itself at most, and what that can do to the
//! residual is allowed for:
//!   ‖b − Ax‖₂ ≤ rtol ‖b‖₂ + 8u (‖ |A| |x| ‖₂ + ‖b‖₂)
//! (4u for the coefficients, which may stand twice in a mean and its quotient, u for x, the rest for
//! second order). Inputs that were drawn are drawn again from seed and index, and must be the same up to
//! what another machine's exponential may differ by. A set that was solved on a finer grid than it is
//! stored on has no residual to judge. The manifest must be the one that plan and shards make.

use super::folder::Folder;
use super::npy::{Dtype, Rows};
use super::record::{Record, Shard};
use super::restrict::Restriction;
use super::source::Source;
use super::{DatasetError, bars, durable, manifest};
use resolvent_matrices::Scalar;
use resolvent_matrices::families::{AnyFamily, Assembled, SampleFamily, Step};
use resolvent_solvers::{LinearOperator, kernels};
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Second order, and means of coefficients: units in the last place of single precision.
const ROUNDINGS: f64 = 8.0;

/// What was found.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Verdict {
    /// Samples whose residual was recomputed.
    pub samples: u64,
    /// Files whose checksum was taken.
    pub files: usize,
    /// Samples that are listed as not converged.
    pub quarantined: u64,
    /// The largest ‖b − Ax‖₂/‖b‖₂ of the others, from the files.
    pub max_relative_residual: f64,
    /// Whether residuals could be recomputed: not where another grid was solved.
    pub residuals: bool,
    /// What is wrong, with what to do about it.
    pub problems: Vec<String>,
}

impl Verdict {
    fn and(&mut self, other: Self) {
        self.samples += other.samples;
        self.files += other.files;
        self.quarantined += other.quarantined;
        self.max_relative_residual = self.max_relative_residual.max(other.max_relative_residual);
        self.problems.extend(other.problems);
    }
}

/// Checks a data set; shards that are missing are problems too.
///
/// # Errors
/// [`DatasetError`] for what cannot be read.
pub fn verify(
    folder: &Folder,
    threads: usize,
    tick: &(dyn Fn(u64) + Sync),
) -> Result<Verdict, DatasetError> {
    let shards = folder.plan.request.shards();
    let next = AtomicUsize::new(0);
    let parts = Mutex::new(Vec::new());
    let worked: Result<Vec<()>, DatasetError> = std::thread::scope(|scope| {
        let work = || -> Result<(), DatasetError> {
            loop {
                let shard = next.fetch_add(1, Ordering::Relaxed);
                if shard >= shards {
                    return Ok(());
                }
                let part = one(folder, shard)?;
                tick(part.samples);
                let mut parts = parts
                    .lock()
                    .unwrap_or_else(std::sync::PoisonError::into_inner);
                parts.push((shard, part));
            }
        };
        let workers: Vec<_> = (0..threads.clamp(1, shards.max(1)))
            .map(|_| scope.spawn(work))
            .collect();
        workers
            .into_iter()
            .map(|worker| {
                worker
                    .join()
                    .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            })
            .collect()
    });
    worked?;
    let mut parts = parts
        .into_inner()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    parts.sort_by_key(|(shard, _)| *shard);
    let mut verdict = Verdict {
        residuals: folder.plan.request.solve_grid.is_none(),
        ..Verdict::default()
    };
    parts.into_iter().for_each(|(_, part)| verdict.and(part));
    if !folder.manifest().exists() {
        let problem = "there is no manifest.json yet: `resolvent dataset merge` writes it";
        verdict.problems.push(problem.into());
    } else if folder.open_shards()?.is_empty()
        && let Some(difference) = manifest::difference(folder)?
    {
        verdict.problems.push(format!(
            "manifest.json is not that of the plan and the shards ({difference}); `resolvent dataset merge` writes it anew"
        ));
    }
    Ok(verdict)
}

fn one(folder: &Folder, shard: usize) -> Result<Verdict, DatasetError> {
    let mut verdict = Verdict::default();
    let Some(record) = folder.done(shard)? else {
        let problem = format!(
            "shard {shard}: it is missing, or one of its files is or has another size; `resolvent dataset run` makes it"
        );
        verdict.problems.push(problem);
        return Ok(verdict);
    };
    for stored in &record.files {
        verdict.files += 1;
        let path = folder.path.join(&stored.file);
        if durable::sha256(&path)? != stored.sha256 {
            verdict.problems.push(format!(
                "{}: it has changed since it was written (its SHA-256 is another); remove shards/{shard:04}.json and type the command again, which makes shard {shard} anew",
                stored.file
            ));
        }
    }
    if !verdict.problems.is_empty() {
        return Ok(verdict);
    }
    match &folder.family {
        AnyFamily::Real(family) => samples(folder, family.as_ref(), shard, &record, &mut verdict)?,
        AnyFamily::Complex(family) => {
            samples(folder, family.as_ref(), shard, &record, &mut verdict)?;
        }
    }
    Ok(verdict)
}

/// The rows of a shard, field by field.
struct Fields {
    arrays: Vec<Rows>,
    rows: Vec<Vec<f64>>,
}

impl Fields {
    fn open(paths: Vec<PathBuf>, rows: Vec<Vec<f64>>) -> Result<Self, DatasetError> {
        let arrays = paths
            .iter()
            .map(|path| Rows::open(path))
            .collect::<Result<_, _>>()?;
        Ok(Self { arrays, rows })
    }

    fn read(&mut self, row: u64) -> Result<&[Vec<f64>], DatasetError> {
        for (array, into) in self.arrays.iter_mut().zip(&mut self.rows) {
            array.read(row, into)?;
        }
        Ok(&self.rows)
    }
}

fn samples<T: Scalar<Real = f64>>(
    folder: &Folder,
    family: &dyn SampleFamily<T>,
    shard: usize,
    record: &Shard,
    verdict: &mut Verdict,
) -> Result<(), DatasetError> {
    let request = &folder.plan.request;
    let range = request.range(shard);
    if record.records.len() as u64 != range.end - range.start {
        verdict
            .problems
            .push(format!("shard {shard}: records of samples are missing"));
        return Ok(());
    }
    let mut inputs = Fields::open(folder.inputs(shard), folder.stored.new_inputs())?;
    let mut outputs = Fields::open(folder.outputs(shard), folder.stored.new_outputs())?;
    let mut judge = Judge::new(folder, family)?;
    let errors = folder.errors(shard).iter().cloned().collect();
    let room = vec![vec![0.0; bars::columns(&folder.stored).len()]];
    let mut errors = Fields::open(errors, room)?;
    for (row, record) in record.records.iter().enumerate() {
        let sample = range.start + row as u64;
        let inputs = inputs.read(row as u64)?;
        let outputs = outputs.read(row as u64)?;
        verdict.samples += 1;
        if let Some(bars) = request.error_bars
            && let [errors] = errors.read(row as u64)?
            && let Some(problem) = bars::judge(bars, record.index, record.converged(), errors)
        {
            verdict
                .problems
                .push(format!("sample {}: {problem}", record.index));
        }
        if let Some(problem) = judge.sample(sample, record, inputs, outputs, verdict)? {
            verdict
                .problems
                .push(format!("sample {}: {problem}", record.index));
        }
    }
    Ok(())
}

/// What is drawn again, and compared.
struct Redrawn {
    source: Source,
    fine: Vec<Vec<f64>>,
    /// Where another grid was solved.
    coarse: Option<(Restriction, Vec<Vec<f64>>)>,
}

impl Redrawn {
    /// Of inputs that were drawn; not of those that were read.
    fn new(folder: &Folder) -> Result<Option<Self>, DatasetError> {
        let request = &folder.plan.request;
        if !request.given.is_empty() || !request.systems.is_empty() {
            return Ok(None);
        }
        let coarse = match request.solve_grid {
            Some(_) => Some((
                Restriction::new(&folder.solved, &folder.stored)?,
                folder.stored.new_inputs(),
            )),
            None => None,
        };
        Ok(Some(Self {
            source: Source::new(request, &folder.solved)?,
            fine: folder.solved.new_inputs(),
            coarse,
        }))
    }

    fn draw<T: Scalar<Real = f64>>(
        &mut self,
        family: &dyn SampleFamily<T>,
        sample: u64,
    ) -> Result<&[Vec<f64>], DatasetError> {
        self.source.inputs(family, sample, &mut self.fine)?;
        Ok(match &mut self.coarse {
            Some((restriction, coarse)) => {
                restriction.inputs(&self.fine, coarse);
                coarse
            }
            None => &self.fine,
        })
    }
}

struct Judge<'a, T: Scalar<Real = f64>> {
    folder: &'a Folder,
    family: &'a dyn SampleFamily<T>,
    system: Assembled<T>,
    x: Vec<T>,
    before: Vec<T>,
    r: Vec<T>,
    redrawn: Option<Redrawn>,
}

impl<'a, T: Scalar<Real = f64>> Judge<'a, T> {
    fn new(folder: &'a Folder, family: &'a dyn SampleFamily<T>) -> Result<Self, DatasetError> {
        let rows = folder.solved.rows();
        Ok(Self {
            folder,
            family,
            system: Assembled::default(),
            x: vec![T::ZERO; rows],
            before: Vec::new(),
            r: vec![T::ZERO; rows],
            redrawn: Redrawn::new(folder)?,
        })
    }

    /// What is wrong with a sample, if anything is.
    fn sample(
        &mut self,
        sample: u64,
        record: &Record,
        inputs: &[Vec<f64>],
        outputs: &[Vec<f64>],
        verdict: &mut Verdict,
    ) -> Result<Option<String>, DatasetError> {
        if !record.converged() {
            verdict.quarantined += 1;
            let there = outputs.iter().flatten().any(|v| !v.is_nan());
            return Ok(
                there.then(|| "it did not converge, yet numbers stand for its solution".into())
            );
        }
        if outputs
            .iter()
            .chain(inputs)
            .flatten()
            .any(|v| !v.is_finite())
        {
            return Ok(Some(
                "it has converged, yet not all of its numbers are finite".into(),
            ));
        }
        let dtype = self.folder.plan.request.dtype;
        if let Some(redrawn) = &mut self.redrawn
            && !same(dtype, redrawn.draw(self.family, sample)?, inputs)
        {
            return Ok(Some("its coefficients are not those of its seed".into()));
        }
        if self.folder.plan.request.solve_grid.is_some() {
            return Ok(None);
        }
        self.residuals(dtype, inputs, outputs, verdict)
    }

    fn residuals(
        &mut self,
        dtype: Dtype,
        inputs: &[Vec<f64>],
        outputs: &[Vec<f64>],
        verdict: &mut Verdict,
    ) -> Result<Option<String>, DatasetError> {
        let rtol = self.folder.plan.request.rtol;
        for step in 0..self.family.steps().max(1) {
            let before = if step == 0 { &[][..] } else { &self.before };
            self.family.assemble(
                inputs,
                Step {
                    index: step,
                    before,
                },
                &mut self.system,
            )?;
            self.family.unknowns(outputs, step, &mut self.x)?;
            let Assembled { a, b, .. } = &self.system;
            a.residual(b, &self.x, &mut self.r); // r = b − Ax
            let r = kernels::norm_squared(&self.r).sqrt();
            let scale = kernels::norm_squared(b.as_slice()).sqrt();
            let rounding = match dtype {
                Dtype::F64 => 0.0,
                Dtype::F32 => ROUNDINGS * dtype.rounding() * (scale + self.magnitude()),
            };
            let small = r <= rtol * scale + rounding; // false of NaN
            if !small {
                return Ok(Some(format!(
                    "its relative residual is {:.2e}, at most {:.2e} is allowed",
                    r / scale,
                    rtol + rounding / scale
                )));
            }
            if r > 0.0 {
                verdict.max_relative_residual = verdict.max_relative_residual.max(r / scale);
            }
            self.before.clear();
            self.before.extend_from_slice(&self.x);
        }
        Ok(None)
    }

    /// ‖ |A| |x| ‖₂.
    fn magnitude(&self) -> f64 {
        let a = self.system.a.view();
        let row = |i| {
            a.row_iter(i)
                .map(|(j, v)| v.abs() * self.x[j].abs())
                .sum::<f64>()
        };
        (0..a.nrows()).map(|i| row(i).powi(2)).sum::<f64>().sqrt()
    }
}

/// Whether these fields are stored as those, up to rounding and to the last digits of an exponential.
fn same(dtype: Dtype, fields: &[Vec<f64>], stored: &[Vec<f64>]) -> bool {
    let close = |field: &Vec<f64>, stored: &Vec<f64>| {
        let largest = field.iter().fold(0.0, |m: f64, v| m.max(v.abs()));
        let tolerance = largest * (1e-11 + dtype.rounding());
        let mut pairs = field.iter().zip(stored);
        field.len() == stored.len() && pairs.all(|(v, s)| (v - s).abs() <= tolerance)
    };
    fields.iter().zip(stored).all(|(f, s)| close(f, s))
}
