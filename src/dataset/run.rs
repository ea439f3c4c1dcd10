//! Shards made side by side: a chain per thread, single-threaded solves.
//!
//! A shard is cut into chains that depend on nothing outside of them, so that neither the number of
//! threads nor which of them is faster changes a bit. Rows go to their file as they come; a shard is
//! never held in memory.

use super::chain::{Chain, Lap, blamed};
use super::folder::Folder;
use super::npy::Array;
use super::record::{Record, Seconds, Shard};
use super::restrict::Restriction;
use super::source::Source;
use super::stats::Moments;
use super::{DatasetError, durable, order};
use resolvent_matrices::Scalar;
use resolvent_matrices::families::{AnyFamily, Assembled, FieldSpec, SampleFamily};
use resolvent_solvers::orderings::{Points, Sketch};
use resolvent_solvers::{Observer, Step};
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};

/// Watches a run, from several threads.
pub trait Watch: Sync {
    /// A sample is done.
    fn sample(&self, _record: &Record) {}

    /// Whether to stop: samples at hand are given up.
    fn stop(&self) -> bool {
        false
    }
}

impl Watch for () {}

/// What a run did.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Ran {
    /// Shards that were made.
    pub shards: usize,
    /// It was told to stop.
    pub stopped: bool,
    /// Seconds, summed over the threads.
    pub seconds: Seconds,
}

/// Makes these shards on so many threads.
///
/// # Errors
/// The first [`DatasetError`] of any thread.
pub fn run(
    folder: &Folder,
    shards: &[usize],
    threads: usize,
    watch: &dyn Watch,
) -> Result<Ran, DatasetError> {
    let restriction = match folder.plan.request.solve_grid {
        Some(_) => Some(Restriction::new(&folder.solved, &folder.stored)?),
        None => None,
    };
    let run = Run {
        folder,
        jobs: jobs(folder, shards),
        next: AtomicUsize::new(0),
        open: Mutex::default(),
        restriction,
        stop: AtomicBool::new(false),
        watch,
    };
    let (finish, finished) = mpsc::channel();
    let mut ran = Ran::default();
    let mut failed = None;
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads.clamp(1, run.jobs.len().max(1)))
            .map(|_| {
                let (run, finish) = (&run, finish.clone());
                scope.spawn(move || {
                    let worked = run.work(&finish);
                    if worked.is_err() {
                        run.stop.store(true, Ordering::Relaxed);
                    }
                    worked
                })
            })
            .collect();
        drop(finish);
        // files are synced here while the others go on
        for shard in finished {
            match run.close(&shard) {
                Ok(seconds) => {
                    ran.shards += 1;
                    ran.seconds.add(&seconds);
                }
                Err(error) => {
                    run.stop.store(true, Ordering::Relaxed);
                    failed.get_or_insert(error);
                }
            }
        }
        for worker in workers {
            match worker.join() {
                Ok(Ok(())) => {}
                Ok(Err(error)) => {
                    failed.get_or_insert(error);
                }
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
    });
    ran.stopped = run.stop.load(Ordering::Relaxed);
    failed.map_or(Ok(ran), Err)
}

/// A chain of a shard.
struct Job {
    shard: usize,
    chain: usize,
}

/// Chains in the order of the shards.
fn jobs(folder: &Folder, shards: &[usize]) -> Vec<Job> {
    let request = &folder.plan.request;
    let chains = |shard: usize| {
        let range = request.range(shard);
        let count = order::count((range.end - range.start) as usize, request.chain);
        (0..count).map(move |chain| Job { shard, chain })
    };
    shards.iter().copied().flat_map(chains).collect()
}

/// A shard that is being made.
struct Open {
    shard: usize,
    inputs: Vec<Mutex<Array>>,
    outputs: Vec<Mutex<Array>>,
    made: Mutex<Tables>,
    /// Rows that are still to come.
    missing: AtomicUsize,
    /// In which order, once that is known.
    chains: Mutex<Option<Chains>>,
}

/// The chains of a shard.
type Chains = Arc<Vec<Vec<order::Visit>>>;

/// What is known of each row.
struct Tables {
    records: Vec<Option<Record>>,
    inputs: Vec<Vec<Moments>>,
    outputs: Vec<Vec<Moments>>,
    seconds: Seconds,
}

struct Run<'a> {
    folder: &'a Folder,
    jobs: Vec<Job>,
    next: AtomicUsize,
    open: Mutex<BTreeMap<usize, Arc<Open>>>,
    restriction: Option<Restriction>,
    stop: AtomicBool,
    watch: &'a dyn Watch,
}

impl Run<'_> {
    fn work(&self, finish: &mpsc::Sender<Arc<Open>>) -> Result<(), DatasetError> {
        match &self.folder.family {
            AnyFamily::Real(family) => self.chains(family.as_ref(), finish),
            AnyFamily::Complex(family) => self.chains(family.as_ref(), finish),
        }
    }

    /// Takes chains until there are none.
    fn chains<T: Scalar<Real = f64>>(
        &self,
        family: &dyn SampleFamily<T>,
        finish: &mpsc::Sender<Arc<Open>>,
    ) -> Result<(), DatasetError> {
        let folder = self.folder;
        let request = &folder.plan.request;
        let source = Source::new(request, &folder.solved)?;
        let plan = folder.plan.choice.plan(request)?;
        let mut chain = Chain::new(family, &folder.solved, source, plan);
        let mut rows = Rows::new(folder);
        while !self.stopped()
            && let Some(job) = self.jobs.get(self.next.fetch_add(1, Ordering::Relaxed))
        {
            let open = self.open(job.shard)?;
            let chains = self.order(&open, &mut chain)?;
            let Some(visits) = chains.get(job.chain).filter(|_| !self.stopped()) else {
                return Ok(());
            };
            let first = request.range(job.shard).start;
            let number = |row: usize| request.first + first + row as u64;
            chain.begin();
            let mut spaces: BTreeMap<_, Vec<_>> = BTreeMap::new(); // of rows that others than the next go on from
            for (at, visit) in visits.iter().enumerate() {
                if let Some(space) = visit.parent.and_then(|parent| spaces.get(&parent)) {
                    chain.go_on_from(space);
                }
                let (sample, index) = (first + visit.row as u64, number(visit.row));
                let made = chain.sample(sample, &mut Until(self));
                if self.stopped() {
                    return Ok(());
                }
                let made = made.map_err(blamed(index))?;
                let mut lap = Lap::now();
                let record = made.record(
                    index,
                    request.seed,
                    number(visit.place),
                    visit.parent.map(number),
                );
                self.watch.sample(&record);
                rows.take(
                    &chain.inputs,
                    &mut chain.outputs,
                    &record,
                    self.restriction.as_ref(),
                );
                rows.write(&open, visit.row, record, self.trains(sample))?;
                chain.seconds.write += lap.seconds();
                let later = &visits[at + 1..];
                let needed = |row: usize| later.iter().any(|v| v.parent == Some(row));
                spaces.retain(|row, _| needed(*row));
                if later.iter().skip(1).any(|v| v.parent == Some(visit.row)) {
                    spaces.insert(visit.row, chain.recycled());
                }
            }
            lock(&open.made)
                .seconds
                .add(&std::mem::take(&mut chain.seconds));
            let rows = visits.len();
            if open.missing.fetch_sub(rows, Ordering::AcqRel) == rows {
                lock(&self.open).remove(&job.shard);
                // nobody listens any more only where the run has failed already
                let _ = finish.send(open);
            }
        }
        Ok(())
    }

    /// The order of a shard: whoever comes first finds it, the others wait.
    fn order<T: Scalar<Real = f64>>(
        &self,
        open: &Open,
        chain: &mut Chain<'_, T>,
    ) -> Result<Chains, DatasetError> {
        let mut found = lock(&open.chains);
        if let Some(chains) = &*found {
            return Ok(chains.clone());
        }
        let request = &self.folder.plan.request;
        let range = request.range(open.shard);
        let mut lap = Lap::now();
        let chains = match request.order {
            order::Kind::Given => order::given((range.end - range.start) as usize, request.chain),
            kind => {
                let (mut points, mut sketch) = (Points::new(order::DIMS), Sketch::new(order::DIMS));
                let mut system = Assembled::default();
                for sample in range {
                    if self.stopped() {
                        return Ok(Chains::default());
                    }
                    let drawn = chain.draw(sample, &mut system);
                    drawn.map_err(blamed(request.first + sample))?;
                    points.push(sketch.of(&system.a, &system.b));
                }
                order::chains(kind, &points, request.chain)
            }
        };
        lock(&open.made).seconds.order += lap.seconds();
        Ok(found.insert(Arc::new(chains)).clone())
    }

    fn trains(&self, sample: u64) -> bool {
        let request = &self.folder.plan.request;
        request.split.of(request.samples).train.contains(&sample)
    }

    fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed) || {
            let asked = self.watch.stop();
            if asked {
                self.stop.store(true, Ordering::Relaxed);
            }
            asked
        }
    }

    /// The shard, begun if it was not.
    fn open(&self, shard: usize) -> Result<Arc<Open>, DatasetError> {
        let mut all = lock(&self.open);
        if let Some(open) = all.get(&shard) {
            return Ok(open.clone());
        }
        let folder = self.folder;
        let request = &folder.plan.request;
        let range = request.range(shard);
        let rows = (range.end - range.start) as usize;
        let arrays = |paths: Vec<std::path::PathBuf>, fields: &[FieldSpec]| {
            let pairs = paths.iter().zip(fields);
            pairs
                .map(|(path, field)| {
                    Array::create(path, request.dtype, rows, &field.shape).map(Mutex::new)
                })
                .collect::<Result<Vec<_>, _>>()
        };
        let open = Arc::new(Open {
            shard,
            inputs: arrays(folder.inputs(shard), &folder.stored.inputs)?,
            outputs: arrays(folder.outputs(shard), &folder.stored.outputs)?,
            made: Mutex::new(Tables {
                records: vec![None; rows],
                inputs: vec![Vec::new(); rows],
                outputs: vec![Vec::new(); rows],
                seconds: Seconds::default(),
            }),
            missing: AtomicUsize::new(rows),
            chains: Mutex::default(),
        });
        all.insert(shard, open.clone());
        Ok(open)
    }

    /// All rows are there: makes the arrays last, then the record that says so.
    fn close(&self, open: &Open) -> Result<Seconds, DatasetError> {
        let mut lap = Lap::now();
        let arrays = open.inputs.iter().chain(&open.outputs);
        let files = arrays.map(|array| lock(array).finish());
        let files = files.collect::<Result<Vec<_>, _>>()?;
        let mut made = lock(&open.made);
        let shard = Shard {
            files,
            inputs: sums(&made.inputs, self.folder.stored.inputs.len()),
            outputs: sums(&made.outputs, self.folder.stored.outputs.len()),
            records: std::mem::take(&mut made.records)
                .into_iter()
                .flatten()
                .collect(),
        };
        let mut seconds = made.seconds;
        seconds.write += lap.seconds();
        durable::write_json(&self.folder.time(open.shard), &seconds)?;
        durable::write_json(&self.folder.record(open.shard), &shard)?;
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

/// Room for the rows of a thread.
struct Rows {
    dtype: super::npy::Dtype,
    inputs: Vec<Vec<f64>>,
    outputs: Vec<Vec<f64>>,
    bytes: Vec<Vec<u8>>,
    moments: [Vec<Moments>; 2],
}

impl Rows {
    fn new(folder: &Folder) -> Self {
        Self {
            dtype: folder.plan.request.dtype,
            inputs: folder.stored.new_inputs(),
            outputs: folder.stored.new_outputs(),
            bytes: Vec::new(),
            moments: [Vec::new(), Vec::new()],
        }
    }

    /// The fields of a sample as they are stored. The solution of one that has not converged is not
    /// a number anywhere, so that nobody takes it for one.
    fn take(
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

    fn write(
        &mut self,
        open: &Open,
        row: usize,
        record: Record,
        trains: bool,
    ) -> Result<(), DatasetError> {
        let arrays = open.inputs.iter().chain(&open.outputs);
        for (array, bytes) in arrays.zip(&self.bytes) {
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

/// Ends a solve when the run is told to stop.
struct Until<'a, 'r>(&'a Run<'r>);

impl<T: Scalar> Observer<T> for Until<'_, '_> {
    fn step(&mut self, _: &Step<'_, T>) -> ControlFlow<()> {
        match self.0.stopped() {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    }
}

/// What a mutex guards is whole after every statement here, whoever has panicked.
fn lock<V>(mutex: &Mutex<V>) -> MutexGuard<'_, V> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
