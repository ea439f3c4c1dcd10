//! What the record of a shard says of its samples, held against what they are.

use crate::dataset::folder::Folder;
use crate::dataset::npy::Dtype;
use crate::dataset::record::{Record, Shard};
use crate::dataset::request::Request;
use crate::dataset::stats::Moments;
use std::collections::BTreeMap;
use std::ops::Range;

/// What moments may differ by from those added up on another machine, in the largest number.
const DIGITS: f64 = 1e-12;

/// What is wrong with indices, seeds and the order of the samples of a shard.
pub fn numbered(request: &Request, range: &Range<u64>, records: &[Record]) -> Vec<String> {
    let samples = range.end - range.start;
    if records.len() as u64 != samples {
        return vec![format!(
            "it has {samples} samples and records of {}",
            records.len()
        )];
    }
    let mut wrong = Vec::new();
    let first = request.first + range.start;
    for (index, record) in (first..).zip(records) {
        if record.index != index {
            wrong.push(format!(
                "the record of sample {index} says that its index is {}",
                record.index
            ));
        }
        if record.seed != request.seed {
            wrong.push(format!(
                "the record of sample {index} says that its seed is {}, which is {}",
                record.seed, request.seed
            ));
        }
    }
    let places: BTreeMap<u64, u64> = (first..).zip(records.iter().map(|r| r.position)).collect();
    let mut sorted: Vec<u64> = places.values().copied().collect();
    sorted.sort_unstable();
    if !sorted.into_iter().eq(first..first + samples) {
        wrong.push("the positions of its samples are no order of them".into());
    }
    for (index, record) in (first..).zip(records) {
        let Some(parent) = record.parent else {
            continue;
        };
        let before = places.get(&parent).is_some_and(|at| *at < record.position);
        if !before {
            wrong.push(format!(
                "sample {index} goes on from sample {parent}, which is not before it in the shard"
            ));
        }
    }
    wrong
}

/// What is wrong with the status of a sample: it has converged where its relative residual is small
/// enough, and there alone.
pub fn status(record: &Record, rtol: f64) -> Option<String> {
    let residual = record.relative_residual;
    let small = residual.is_some_and(|r| (0.0..=rtol).contains(&r));
    let noted = match residual {
        Some(r) => format!("a relative residual of {r:.2e}"),
        None => "no relative residual".into(),
    };
    match (record.converged(), small) {
        (true, false) => Some(format!(
            "its record says that it has converged, with {noted}; from 0 to {rtol:e} is allowed"
        )),
        (false, true) => Some(format!(
            "its record says {} with {noted}, with which it has converged",
            record.status
        )),
        _ => None,
    }
}

/// Moments of the rows of a shard that train.
pub struct Sums<'a> {
    folder: &'a Folder,
    train: Range<u64>,
    inputs: Vec<Moments>,
    outputs: Vec<Moments>,
}

impl<'a> Sums<'a> {
    /// Of no rows yet.
    pub fn new(folder: &'a Folder) -> Self {
        let request = &folder.plan.request;
        Self {
            folder,
            train: request.split.of(request.samples).train,
            inputs: vec![Moments::default(); folder.stored.inputs.len()],
            outputs: vec![Moments::default(); folder.stored.outputs.len()],
        }
    }

    /// Takes a row in, if it counts.
    pub fn take(
        &mut self,
        sample: u64,
        record: &Record,
        inputs: &[Vec<f64>],
        outputs: &[Vec<f64>],
    ) {
        if !record.converged() || !self.train.contains(&sample) {
            return;
        }
        for (sums, fields) in [(&mut self.inputs, inputs), (&mut self.outputs, outputs)] {
            for (sum, field) in sums.iter_mut().zip(fields) {
                *sum = sum.and(Moments::of(field));
            }
        }
    }

    /// What is wrong with the moments in the record of the shard.
    pub fn difference(&self, noted: &Shard) -> Option<String> {
        let dtype = self.folder.plan.request.dtype;
        let stored = &self.folder.stored;
        let lengths = (noted.inputs.len(), noted.outputs.len());
        if lengths != (self.inputs.len(), self.outputs.len()) {
            return Some("its record has statistics of other fields than it has".into());
        }
        let names = stored.inputs.iter().chain(&stored.outputs);
        let sums = self.inputs.iter().chain(&self.outputs);
        let noted = noted.inputs.iter().chain(&noted.outputs);
        let mut all = names.zip(sums.zip(noted));
        let (field, (sum, noted)) = all.find(|(_, (sum, noted))| !alike(dtype, sum, noted))?;
        Some(format!(
            "the statistics of `{}` in its record (mean {:.6e} of {} numbers) are not those of its samples \
             ({:.6e} of {})",
            field.name, noted.mean, noted.count, sum.mean, sum.count
        ))
    }
}

/// Whether moments agree up to rounding: that of sums, and that of the numbers where it came after them.
fn alike(dtype: Dtype, sum: &Moments, noted: &Moments) -> bool {
    let range = [sum.min, sum.max].map(Option::unwrap_or_default);
    let largest = range[0].abs().max(range[1].abs());
    let tolerance = largest * (DIGITS + 2.0 * dtype.rounding());
    let near = |a: f64, b: f64, scale: f64| (a - b).abs() <= tolerance * scale; // false of NaN
    let both = |a: Option<f64>, b: Option<f64>| match (a, b) {
        (Some(a), Some(b)) => near(a, b, 1.0),
        (a, b) => a == b,
    };
    // Σ(v − mean)² of n numbers, each of them off by the tolerance
    let squares = 4.0 * largest * sum.count as f64;
    sum.count == noted.count
        && near(sum.mean, noted.mean, 1.0)
        && near(sum.squares, noted.squares, squares)
        && both(sum.min, noted.min)
        && both(sum.max, noted.max)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(index: u64, residual: Option<f64>, status: &'static str) -> Record {
        Record {
            index,
            seed: 3,
            position: index,
            parent: None,
            solver: "cg".into(),
            precond: "none".into(),
            iterations: 1,
            matvecs: 1,
            relative_residual: residual,
            status: status.into(),
        }
    }

    #[test]
    fn a_status_goes_with_its_residual() {
        let judge = |residual, word| status(&record(0, residual, word), 1e-8);
        assert_eq!(judge(Some(1e-9), "converged"), None);
        assert_eq!(judge(Some(0.0), "converged"), None);
        assert_eq!(judge(Some(1e-3), "max_iterations"), None);
        assert_eq!(judge(None, "breakdown"), None);
        for (residual, word) in [
            (Some(1e-7), "converged"),
            (None, "converged"),
            (Some(-1.0), "converged"),
            (Some(1e-9), "max_iterations"),
        ] {
            assert!(judge(residual, word).is_some(), "{residual:?} {word}");
        }
    }

    #[test]
    fn moments_agree_up_to_rounding() {
        let values: Vec<f64> = (0..100)
            .map(|i| (f64::from(i) * 0.37).sin() + 2.0)
            .collect();
        let sum = Moments::of(&values);
        let single: Vec<f64> = values.iter().map(|v| f64::from(*v as f32)).collect();
        let single = Moments::of(&single);
        assert!(alike(Dtype::F64, &sum, &sum));
        assert!(!alike(Dtype::F64, &single, &sum));
        assert!(alike(Dtype::F32, &single, &sum));
        let none = Moments::default();
        assert!(alike(Dtype::F64, &none, &none) && !alike(Dtype::F64, &sum, &none));
        let changes: [fn(&mut Moments); 5] = [
            |m| m.count += 1,
            |m| m.mean *= 1.0 + 1e-5,
            |m| m.squares *= 1.0 + 1e-3,
            |m| m.min = Some(0.0),
            |m| m.max = None,
        ];
        for change in changes {
            let mut noted = sum;
            change(&mut noted);
            assert!(!alike(Dtype::F32, &sum, &noted) && !alike(Dtype::F64, &sum, &noted));
        }
    }
}
