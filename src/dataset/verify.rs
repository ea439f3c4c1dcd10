//! A data set judged from its files alone: checksums, and the residual of every sample.
//!
//! What is stored in double precision must meet ‖b − Ax‖₂ ≤ rtol ‖b‖₂. Single precision has changed
//! every coefficient and every value of x by u = 2⁻²⁴ of itself at most, and what that can do to the
//! residual is allowed for:
//!   ‖b − Ax‖₂ ≤ rtol ‖b‖₂ + 8u (‖ |A| |x| ‖₂ + ‖b‖₂)
//! (4u for the coefficients, which may stand twice in a mean and its quotient, u for x, the rest for
//! second order). Inputs that were drawn are drawn again from seed and index, and must be the same up to
//! what another machine's exponential may differ by. A set that was solved on a finer grid than it is
//! stored on has no residual to judge.
//!
//! What the records say is held against that: index, seed and order, the status and the residual that go
//! with it (of double precision the very number, of single precision and of another grid that it is small
//! enough), and the moments of each shard against those of its rows. The manifest must be the one that
//! plan and shards make. Iterations, products and the names of solvers cannot be recomputed and are taken as
//! they are.

mod judge;
mod records;

use super::folder::Folder;
use super::npy::Rows;
use super::record::Shard;
use super::{DatasetError, bars, durable, manifest};
use judge::Judge;
use resolvent_matrices::Scalar;
use resolvent_matrices::families::{AnyFamily, SampleFamily};
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

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

/// Checks a data set; shards that are missing or cannot be read are problems too, and the others are
/// looked at all the same.
pub fn verify(folder: &Folder, threads: usize, tick: &(dyn Fn(u64) + Sync)) -> Verdict {
    let shards = folder.plan.request.shards();
    let next = AtomicUsize::new(0);
    let parts = Mutex::new(Vec::new());
    let work = || {
        loop {
            let shard = next.fetch_add(1, Ordering::Relaxed);
            if shard >= shards {
                return;
            }
            let part = one(folder, shard);
            tick(part.samples);
            let mut parts = parts
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner);
            parts.push((shard, part));
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..threads.clamp(1, shards.max(1)) {
            scope.spawn(work);
        }
    });
    let mut parts = parts
        .into_inner()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    parts.sort_by_key(|(shard, _)| *shard);
    let mut verdict = Verdict {
        residuals: folder.plan.request.solve_grid.is_none(),
        ..Verdict::default()
    };
    parts.into_iter().for_each(|(_, part)| verdict.and(part));
    let whole = (0..shards).all(|shard| matches!(folder.done(shard), Ok(Some(_))));
    if !folder.manifest().exists() {
        let problem = "there is no manifest.json yet: `resolvent dataset merge` writes it";
        verdict.problems.push(problem.into());
    } else if whole {
        let problem = match manifest::difference(folder) {
            Ok(None) => None,
            Ok(Some(difference)) => Some(format!(
                "manifest.json is not that of the plan and the shards ({difference}); `resolvent dataset merge` writes it anew"
            )),
            Err(error) => Some(error.to_string()),
        };
        verdict.problems.extend(problem);
    }
    verdict
}

/// A shard, also one that cannot be read to its end.
fn one(folder: &Folder, shard: usize) -> Verdict {
    let mut verdict = Verdict::default();
    if let Err(error) = judged(folder, shard, &mut verdict) {
        verdict.problems.push(format!("shard {shard}: {error}"));
    }
    verdict
}

fn judged(folder: &Folder, shard: usize, verdict: &mut Verdict) -> Result<(), DatasetError> {
    let Some(record) = folder.done(shard)? else {
        let problem = format!(
            "shard {shard}: it is missing, or one of its files is or has another size; `resolvent dataset run` makes it"
        );
        verdict.problems.push(problem);
        return Ok(());
    };
    let anew = format!(
        "remove shards/{shard:04}.json and type the command again, which makes shard {shard} anew"
    );
    let mut arrays = [folder.inputs(shard), folder.outputs(shard)].concat();
    arrays.extend(folder.errors(shard));
    let names = record.files.iter().map(|stored| stored.file.clone());
    if !names.eq(arrays.iter().map(|path| durable::file_name(path))) {
        let problem = format!("shard {shard}: its record lists other files than it has; {anew}");
        verdict.problems.push(problem);
        return Ok(());
    }
    for stored in &record.files {
        verdict.files += 1;
        let path = folder.path.join(&stored.file);
        if durable::sha256(&path)? != stored.sha256 {
            verdict.problems.push(format!(
                "{}: it has changed since it was written (its SHA-256 is another); {anew}",
                stored.file
            ));
        }
    }
    if !verdict.problems.is_empty() {
        return Ok(());
    }
    let wrong = match &folder.family {
        AnyFamily::Real(family) => samples(folder, family.as_ref(), shard, &record, verdict)?,
        AnyFamily::Complex(family) => samples(folder, family.as_ref(), shard, &record, verdict)?,
    };
    let wrong = wrong.into_iter();
    verdict
        .problems
        .extend(wrong.map(|problem| format!("shard {shard}: {problem}; {anew}")));
    Ok(())
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

/// Judges the samples of a shard; returns what is wrong with its record as a whole.
fn samples<T: Scalar<Real = f64>>(
    folder: &Folder,
    family: &dyn SampleFamily<T>,
    shard: usize,
    record: &Shard,
    verdict: &mut Verdict,
) -> Result<Vec<String>, DatasetError> {
    let request = &folder.plan.request;
    let range = request.range(shard);
    let mut wrong = records::numbered(request, &range, &record.records);
    if !wrong.is_empty() {
        return Ok(wrong);
    }
    let mut inputs = Fields::open(folder.inputs(shard), folder.stored.new_inputs())?;
    let mut outputs = Fields::open(folder.outputs(shard), folder.stored.new_outputs())?;
    let mut judge = Judge::new(folder, family)?;
    let mut sums = records::Sums::new(folder);
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
        sums.take(sample, record, inputs, outputs);
    }
    wrong.extend(sums.difference(record));
    Ok(wrong)
}
