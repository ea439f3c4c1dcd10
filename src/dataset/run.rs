//! Shards made side by side: a chain per thread, single-threaded solves.
//!
//! A shard is cut into chains that depend on nothing outside of them, so that neither the number of
//! threads nor which of them is faster changes a bit. Rows go to their file as they come; a shard is
//! never held in memory.

use super::bars::{self, Doubled};
use super::chain::{Chain, Lap, blamed};
use super::folder::Folder;
use super::open::{Chains, Open, lock};
use super::record::{Record, Seconds};
use super::restrict::Restriction;
use super::rows::Rows;
use super::source::Source;
use super::{DatasetError, order};
use resolvent_matrices::Scalar;
use resolvent_matrices::families::{AnyFamily, Assembled, SampleFamily};
use resolvent_solvers::orderings::{Points, Sketch};
use resolvent_solvers::{Observer, Step};
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};

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
            match shard.close(run.folder) {
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
            AnyFamily::Real(family) => {
                let doubled = match &self.folder.doubled {
                    Some(AnyFamily::Real(family)) => Some(family.as_ref()),
                    _ => None,
                };
                self.chains(family.as_ref(), doubled, finish)
            }
            AnyFamily::Complex(family) => {
                let doubled = match &self.folder.doubled {
                    Some(AnyFamily::Complex(family)) => Some(family.as_ref()),
                    _ => None,
                };
                self.chains(family.as_ref(), doubled, finish)
            }
        }
    }

    /// Takes chains until there are none.
    fn chains<T: Scalar<Real = f64>>(
        &self,
        family: &dyn SampleFamily<T>,
        doubled: Option<&dyn SampleFamily<T>>,
        finish: &mpsc::Sender<Arc<Open>>,
    ) -> Result<(), DatasetError> {
        let folder = self.folder;
        let request = &folder.plan.request;
        let source = Source::new(request, &folder.solved)?;
        let plan = folder.plan.choice.plan(request)?;
        let mut chain = Chain::new(family, &folder.solved, source, plan.clone());
        chain = chain.combining(&folder.plan.choice.basis);
        if request.error_bars.is_some() {
            chain = chain.estimating();
        }
        let mut doubled = match doubled {
            Some(family) => Some(Doubled::new(request, family, &folder.stored, plan.clone())?),
            None => None,
        };
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
                if let Some(asked) = request.error_bars {
                    chain.seconds.write += lap.seconds();
                    let distances = match &mut doubled {
                        Some(doubled) if asked.doubles(index) && record.converged() => {
                            let stored = rows.outputs(&chain.outputs, self.restriction.is_some());
                            let all = doubled.distances(sample, stored, &mut Until(self));
                            Some(all.map_err(blamed(index))?)
                        }
                        _ => None,
                    };
                    if self.stopped() {
                        return Ok(());
                    }
                    rows.errors(&bars::row(&made, distances, folder.stored.outputs.len()));
                    chain.seconds.verify += lap.seconds();
                }
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
        let open = Arc::new(Open::new(self.folder, shard)?);
        all.insert(shard, open.clone());
        Ok(open)
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
