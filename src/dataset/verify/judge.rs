//! A sample judged from its numbers: drawn again, and its residual recomputed.

use super::{Verdict, records};
use crate::dataset::DatasetError;
use crate::dataset::folder::Folder;
use crate::dataset::npy::Dtype;
use crate::dataset::record::Record;
use crate::dataset::restrict::Restriction;
use crate::dataset::source::Source;
use resolvent_matrices::Scalar;
use resolvent_matrices::families::{Assembled, SampleFamily, Step};
use resolvent_solvers::{LinearOperator, kernels};

/// Second order, and means of coefficients: units in the last place of single precision.
const ROUNDINGS: f64 = 8.0;
/// What a relative residual may differ by from one that was computed in the same way, in itself.
const DIGITS: f64 = 1e-6;

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

/// Judges samples one after the other.
pub struct Judge<'a, T: Scalar<Real = f64>> {
    folder: &'a Folder,
    family: &'a dyn SampleFamily<T>,
    system: Assembled<T>,
    x: Vec<T>,
    before: Vec<T>,
    r: Vec<T>,
    redrawn: Option<Redrawn>,
}

impl<'a, T: Scalar<Real = f64>> Judge<'a, T> {
    /// Of a data set.
    pub fn new(folder: &'a Folder, family: &'a dyn SampleFamily<T>) -> Result<Self, DatasetError> {
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
    pub fn sample(
        &mut self,
        sample: u64,
        record: &Record,
        inputs: &[Vec<f64>],
        outputs: &[Vec<f64>],
        verdict: &mut Verdict,
    ) -> Result<Option<String>, DatasetError> {
        let request = &self.folder.plan.request;
        if let Some(problem) = records::status(record, request.rtol) {
            return Ok(Some(problem));
        }
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
        if let Some(redrawn) = &mut self.redrawn
            && !same(request.dtype, redrawn.draw(self.family, sample)?, inputs)
        {
            return Ok(Some("its coefficients are not those of its seed".into()));
        }
        if request.solve_grid.is_some() {
            return Ok(None);
        }
        self.residuals(record, inputs, outputs, verdict)
    }

    fn residuals(
        &mut self,
        record: &Record,
        inputs: &[Vec<f64>],
        outputs: &[Vec<f64>],
        verdict: &mut Verdict,
    ) -> Result<Option<String>, DatasetError> {
        let request = &self.folder.plan.request;
        let (rtol, dtype) = (request.rtol, request.dtype);
        let mut largest: f64 = 0.0;
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
                largest = largest.max(r / scale);
            }
            self.before.clear();
            self.before.extend_from_slice(&self.x);
        }
        verdict.max_relative_residual = verdict.max_relative_residual.max(largest);
        // single precision has changed it, by how much nobody knows
        let noted = record.relative_residual.filter(|_| dtype == Dtype::F64);
        Ok(noted.and_then(|noted| self.noted(noted, largest)))
    }

    /// What is wrong with the relative residual that was noted, of numbers that are stored as they were
    /// solved: the same but for the last digits of sums that another machine may add up in another way.
    fn noted(&self, noted: f64, recomputed: f64) -> Option<String> {
        let apart = (noted - recomputed).abs();
        if apart <= DIGITS * recomputed {
            return None;
        }
        let scale = kernels::norm_squared(self.system.b.as_slice()).sqrt();
        let rounding = ROUNDINGS * f64::EPSILON * (1.0 + self.magnitude() / scale);
        let near = apart <= rounding; // false of NaN
        (!near).then(|| {
            format!(
                "its record says {noted:.2e} of its relative residual, which is {recomputed:.2e}"
            )
        })
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
