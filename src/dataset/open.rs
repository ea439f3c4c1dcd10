//! A shard that is being made: its files, and what is known of its rows.

use super::chain::Lap;
use super::folder::Folder;
use super::npy::{Array, Dtype};
use super::record::{Record, Seconds, Shard};
use super::stats::Moments;
use super::{DatasetError, bars, durable, order};
use resolvent_matrices::families::FieldSpec;
use std::path::PathBuf;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A shard that is being made.
pub(super) struct Open {
    pub shard: usize,
    inputs: Vec<Mutex<Array>>,
    outputs: Vec<Mutex<Array>>,
    /// One, where error bars are asked for.
    errors: Vec<Mutex<Array>>,
    pub made: Mutex<Tables>,
    /// Rows that are still to come.
    pub missing: AtomicUsize,
    /// In which order, once that is known.
    pub chains: Mutex<Option<Chains>>,
}

/// The chains of a shard.
pub(super) type Chains = Arc<Vec<Vec<order::Visit>>>;

/// What is known of each row.
pub(super) struct Tables {
    pub records: Vec<Option<Record>>,
    pub inputs: Vec<Vec<Moments>>,
    pub outputs: Vec<Vec<Moments>>,
    pub seconds: Seconds,
}

impl Open {
    /// Begins the files of a shard.
    pub fn new(folder: &Folder, shard: usize) -> Result<Self, DatasetError> {
        let request = &folder.plan.request;
        let range = request.range(shard);
        let rows = (range.end - range.start) as usize;
        let array = |path: PathBuf, dtype: Dtype, shape: &[usize]| {
            Array::create(&path, dtype, rows, shape).map(Mutex::new)
        };
        let arrays = |paths: Vec<PathBuf>, fields: &[FieldSpec]| {
            let pairs = paths.into_iter().zip(fields);
            pairs
                .map(|(path, field)| array(path, request.dtype, &field.shape))
                .collect::<Result<Vec<_>, _>>()
        };
        let columns = [bars::columns(&folder.stored).len()];
        let errors = folder.errors(shard).into_iter();
        Ok(Self {
            shard,
            inputs: arrays(folder.inputs(shard), &folder.stored.inputs)?,
            outputs: arrays(folder.outputs(shard), &folder.stored.outputs)?,
            errors: errors
                .map(|path| array(path, Dtype::F64, &columns))
                .collect::<Result<_, _>>()?,
            made: Mutex::new(Tables {
                records: vec![None; rows],
                inputs: vec![Vec::new(); rows],
                outputs: vec![Vec::new(); rows],
                seconds: Seconds::default(),
            }),
            missing: AtomicUsize::new(rows),
            chains: Mutex::default(),
        })
    }

    /// Inputs, outputs and error bars.
    pub fn arrays(&self) -> impl Iterator<Item = &Mutex<Array>> {
        self.inputs.iter().chain(&self.outputs).chain(&self.errors)
    }

    /// All rows are there: makes the arrays last, then the record that says so.
    pub fn close(&self, folder: &Folder) -> Result<Seconds, DatasetError> {
        let mut lap = Lap::now();
        let files = self.arrays().map(|array| lock(array).finish());
        let files = files.collect::<Result<Vec<_>, _>>()?;
        let mut made = lock(&self.made);
        let shard = Shard {
            files,
            inputs: sums(&made.inputs, folder.stored.inputs.len()),
            outputs: sums(&made.outputs, folder.stored.outputs.len()),
            records: std::mem::take(&mut made.records)
                .into_iter()
                .flatten()
                .collect(),
        };
        let mut seconds = made.seconds;
        seconds.write += lap.seconds();
        durable::write_json(&folder.time(self.shard), &seconds)?;
        durable::write_json(&folder.record(self.shard), &shard)?;
        seconds.write += lap.seconds();
        Ok(seconds)
    }
}

/// The moments of each field over all rows, in the order of the rows.
fn sums(rows: &[Vec<Moments>], fields: usize) -> Vec<Moments> {
    let mut sums = vec![Moments::default(); fields];
    for row in rows {
        sums.iter_mut()
            .zip(row)
            .for_each(|(sum, row)| *sum = sum.and(*row));
    }
    sums
}

/// What a mutex guards is whole after every statement here, whoever has panicked.
pub(super) fn lock<V>(mutex: &Mutex<V>) -> MutexGuard<'_, V> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
