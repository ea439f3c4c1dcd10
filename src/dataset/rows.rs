//! A row of a shard on its way to the files.

use super::DatasetError;
use super::folder::Folder;
use super::npy::Dtype;
use super::open::{Open, lock};
use super::record::Record;
use super::restrict::Restriction;
use super::stats::Moments;

/// Room for the rows of a thread.
pub(super) struct Rows {
    dtype: Dtype,
    inputs: Vec<Vec<f64>>,
    outputs: Vec<Vec<f64>>,
    bytes: Vec<Vec<u8>>,
    /// Of error bars.
    errors: Vec<u8>,
    moments: [Vec<Moments>; 2],
}

impl Rows {
    /// Room for the rows of a data set.
    pub fn new(folder: &Folder) -> Self {
        Self {
            dtype: folder.plan.request.dtype,
            inputs: folder.stored.new_inputs(),
            outputs: folder.stored.new_outputs(),
            bytes: Vec::new(),
            errors: Vec::new(),
            moments: [Vec::new(), Vec::new()],
        }
    }

    /// The fields of a sample as they are stored. The solution of one that has not converged is not
    /// a number anywhere, so that nobody takes it for one.
    pub fn take(
        &mut self,
        inputs: &[Vec<f64>],
        outputs: &mut [Vec<f64>],
        record: &Record,
        restriction: Option<&Restriction>,
    ) {
        if !record.converged() {
            outputs.iter_mut().for_each(|field| field.fill(f64::NAN));
        }
        let (inputs, outputs) = match restriction {
            Some(restriction) => {
                restriction.inputs(inputs, &mut self.inputs);
                restriction.outputs(outputs, &mut self.outputs);
                (self.inputs.as_slice(), self.outputs.as_slice())
            }
            None => (inputs, &*outputs),
        };
        let fields = inputs.iter().chain(outputs);
        self.bytes
            .resize_with(inputs.len() + outputs.len(), Vec::new);
        for (bytes, field) in self.bytes.iter_mut().zip(fields) {
            bytes.clear();
            self.dtype.encode(field, bytes);
        }
        let of = |fields: &[Vec<f64>]| fields.iter().map(|f| Moments::of(f)).collect();
        self.moments = match record.converged() {
            true => [of(inputs), of(outputs)],
            false => [Vec::new(), Vec::new()],
        };
    }

    /// The outputs of the sample last taken as they are stored; `solved` are those that are solved.
    pub fn outputs<'a>(&'a self, solved: &'a [Vec<f64>], restricted: bool) -> &'a [Vec<f64>] {
        match restricted {
            true => &self.outputs,
            false => solved,
        }
    }

    /// The error bars of the sample last taken.
    pub fn errors(&mut self, row: &[f64]) {
        self.errors.clear();
        Dtype::F64.encode(row, &mut self.errors);
    }

    /// Puts the sample last taken in its row.
    pub fn write(
        &mut self,
        open: &Open,
        row: usize,
        record: Record,
        trains: bool,
    ) -> Result<(), DatasetError> {
        let bytes = self.bytes.iter().chain([&self.errors]);
        for (array, bytes) in open.arrays().zip(bytes) {
            lock(array).put(row, bytes)?;
        }
        let mut made = lock(&open.made);
        made.records[row] = Some(record);
        if trains {
            let [inputs, outputs] = std::mem::take(&mut self.moments);
            made.inputs[row] = inputs;
            made.outputs[row] = outputs;
        }
        Ok(())
    }
}
