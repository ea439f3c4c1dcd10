//! `resolvent sequence`.

pub mod args;
mod carrier;
mod close;
mod files;
pub mod folder;
mod generated;
mod hindsight;
mod line;
mod log;
pub mod manifest;
mod ordered;
mod petsc;
mod report;
mod resume;
pub mod source;
mod state;
mod stream;
mod ticker;
pub mod tuning;

use super::Status;
use super::args::OrderArg;
use super::error::CliError;
use super::input::Double;
use super::interrupt;
use super::judge::Judge;
use super::machine;
use super::model;
use super::report::Seconds;
use super::solve::{chosen, outputs};
use args::SequenceArgs;
use carrier::{Carrier, Recycled};
use line::{Line, solve_json};
use log::Log;
use ordered::{Found, Ordered};
use report::Totals;
use resolvent::mtx;
use resolvent::solvers::{Change, GmresConfig, Guess, SequenceConfig, StopReason, Way};
use resolvent::{Evidence, Method, Precond};
use source::{AnySource, Source};
use state::State;
use std::collections::HashMap;
use std::path::Path;
use std::time::{Duration, Instant};
use stream::Stream;
use ticker::{Ticker, Until};

pub fn run(args: &SequenceArgs, threads: usize) -> Result<Status, CliError> {
    let files = [
        ("log", args.log.as_deref()),
        ("state", args.state.as_deref()),
        ("json", args.common.json_file()),
    ];
    let mut inputs = vec![("the source", Path::new(&args.source))];
    inputs.extend(args.rhs.as_deref().map(|rhs| ("the right-hand sides", rhs)));
    let model = model::file(&args.how.precond);
    inputs.extend(model.as_deref().map(|model| ("the model", model)));
    outputs(&inputs, &files)?;
    if let Some(folder) = &args.out {
        std::fs::create_dir_all(folder).map_err(|source| CliError::Write {
            path: folder.clone(),
            source,
        })?;
    }
    let options = args.petsc.unwrap_or_default();
    match source::open(&args.source, args.rhs.as_deref(), options, args.common.seed)? {
        AnySource::Real(source) => Run::new(args, threads, source)?.all(),
        AnySource::Complex(source) => Run::new(args, threads, source)?.all(),
    }
}

/// How long a run may be from having saved where it stands.
const SAVE_EVERY: Duration = Duration::from_secs(2);

/// A run over a sequence.
struct Run<'a, T: Double> {
    args: &'a SequenceArgs,
    threads: usize,
    source: Box<dyn Source<T>>,
    guess: Guess,
    method: Option<Method<f64>>,
    precond: Option<Precond>,
    /// Of the systems, where they come from a file of their own.
    contexts: Option<Vec<Vec<f64>>>,
    /// One for each equation.
    streams: Vec<Stream<T>>,
    order: Option<Branches>,
    log: Option<Log>,
    /// SHA-256 of the file of the network: a run goes on with the same one.
    model: Option<String>,
}

/// An order, and the spaces that wait for those that go on from another system than the last.
struct Branches {
    found: Found,
    parents: Vec<Option<usize>>,
    spaces: HashMap<usize, Recycled>,
}

impl Branches {
    /// Before a system: the space of its parent, where that is not the one before.
    fn begin<T: Double>(&self, index: usize, carrier: &mut Carrier<T>) {
        let parent = self.parents[index];
        if let Some(space) = parent.and_then(|parent| self.spaces.get(&parent)) {
            carrier.go_on_from(space);
        }
    }

    /// After a system: keeps its space for those to come, and drops those that nobody needs any more.
    fn end<T: Double>(&mut self, index: usize, carrier: &mut Carrier<T>) {
        let later = &self.parents[index + 1..];
        if later.contains(&Some(index)) {
            self.spaces.insert(index, carrier.recycled());
        }
        self.spaces.retain(|place, _| later.contains(&Some(*place)));
    }
}

impl<'a, T: Double> Run<'a, T> {
    fn new(
        args: &'a SequenceArgs,
        threads: usize,
        mut source: Box<dyn Source<T>>,
    ) -> Result<Self, CliError> {
        let order = match args.order {
            OrderArg::Given => None,
            order => {
                let (ordered, found) = Ordered::new(source, order.into())?;
                let parents = ordered.parents();
                if args.state.is_some() && parents.iter().any(Option::is_some) {
                    return Err(CliError::OrderState);
                }
                source = Box::new(ordered);
                Some(Branches {
                    found,
                    parents,
                    spaces: HashMap::new(),
                })
            }
        };
        let guess = args.x0.map_or(source.guess(), Guess::from);
        args.tuning.check(&args.how)?;
        let network = model::named(&args.how.precond, args.ort_lib.as_deref(), threads)?;
        if network.is_some() && args.tuning.asked() {
            return Err(CliError::NotApplicable {
                option: "tune",
                solver: args.how.precond.clone(),
                hint: "networks are not tuned over",
            });
        }
        let mut open = None;
        let (method, precond) = match &network {
            Some(network) => {
                let method = model::method(&args.how)?;
                let usual = network.usual_method();
                open = method.is_none().then_some(usual);
                (method.or(Some(usual)), Some(network.precond()))
            }
            None => chosen(&args.tuning.relaxed(&args.how))?,
        };
        let way = method.zip(precond);
        let way = way.map(|(method, precond)| Way { method, precond });
        let contexts = args.tuning.contexts()?;
        let lines = contexts.as_ref().map(Vec::len);
        if let Some(lines) = lines.filter(|&lines| lines != source.len()) {
            return Err(CliError::Contexts {
                path: args.tuning.context.clone().into(),
                lines,
                systems: source.len(),
            });
        }
        let names = source.streams();
        let config = SequenceConfig {
            guess,
            method,
            precond,
            max_bytes: Some(machine::memory_for_factors() / names.len().max(1)),
            ..SequenceConfig::default()
        };
        let grid = source.grid();
        let stream = |name| {
            let mut stream = Stream::new(name, config, way, &args.tuning, method);
            stream.open = open;
            if let Some(sequence) = stream.carrier.sequence() {
                model::plug(network.as_ref(), grid, sequence)?;
            }
            Ok(stream)
        };
        let streams = names.into_iter().map(stream);
        Ok(Self {
            args,
            threads,
            guess,
            method,
            precond,
            contexts,
            streams: streams.collect::<Result<_, CliError>>()?,
            order,
            log: None,
            model: match args.state {
                Some(_) => network
                    .map(|network| network.model().checksum())
                    .transpose()?,
                None => None,
            },
            source,
        })
    }

    /// All systems, or those that a run before has left.
    fn all(mut self) -> Result<Status, CliError> {
        let args = self.args;
        let resumed = args.state.as_deref().map(State::read).transpose()?;
        let first = match (resumed.flatten(), &args.state) {
            (Some(state), Some(path)) => self.resume(state, path)?,
            _ => 0,
        };
        self.log = match &args.log {
            Some(path) => Some(Log::open(path, first)?),
            None => None,
        };
        let started = Instant::now();
        let limit = args.max_time.map(Duration::try_from_secs_f64);
        let limit = limit.map(|limit| limit.unwrap_or(Duration::MAX));
        let systems = self.source.len();
        let mut ticker = Ticker::new(args.common.quiet, systems, first);
        let mut saved = Instant::now();
        let mut next = first;
        while next < systems {
            let left = limit.map(|limit| limit.saturating_sub(started.elapsed()));
            if left.is_some_and(|left| left.is_zero()) || interrupt::asked() {
                break;
            }
            match self.one(next, left) {
                Ok(true) => next += 1,
                Ok(false) => break, // stopped within: it is solved again when the run goes on
                Err(error) => {
                    self.save(next)?;
                    return Err(error);
                }
            }
            ticker.tick(&self.totals());
            if saved.elapsed() > SAVE_EVERY {
                self.save(next)?;
                saved = Instant::now();
            }
        }
        drop(ticker);
        self.save(next)?;
        self.close(first, systems - next)
    }

    /// One system; false if it was stopped.
    fn one(&mut self, index: usize, left: Option<Duration>) -> Result<bool, CliError> {
        let started = Instant::now();
        let (args, method, precond) = (self.args, self.method, self.precond);
        let number = self.source.stream(index);
        let several = self.streams.len() > 1;
        let system = self.source.number(index);
        let stream = &mut self.streams[number];
        stream.mend();
        let current = self.source.next(index, &stream.x)?;
        let read = started.elapsed();
        let a = current.a;
        let n = a.nrows();
        let judge = Judge::new(a, current.b, current.exact, &args.tolerance);
        let Stream {
            carrier, x, open, ..
        } = stream;
        // draws of their own, for each stream
        let seed = args.common.seed.wrapping_add((number as u64) << 32);
        let state = args.state.as_deref();
        carrier.begin(a, &args.tuning, method, precond, seed, state)?;
        // each time: a run that goes on has not seen the matrix yet, and a look costs less than the network
        if let Some(usual) = *open {
            carrier.serve(match Evidence::gather(a.view()).hermitian {
                true => usual,
                false => Method::Fgmres(GmresConfig::default()),
            });
        }
        if let Some(branches) = &self.order {
            branches.begin(index, carrier);
        }
        let change = match x.len() == n {
            true => current.change,
            false => Change::Pattern,
        };
        x.resize(n, T::ZERO);
        if let Some(sequence) = carrier.sequence() {
            sequence.set_stopping(judge.stopping(method.as_ref(), None));
            sequence.advance(change);
            sequence.guess(a, current.b, x);
        }
        let mut observer = Until::within(left);
        // first, so that a run that is stopped within has learned nothing of this system yet
        let mut again = None;
        if let Some(hindsight) = &mut stream.hindsight {
            let stopping = judge.stopping(method.as_ref(), None);
            again = hindsight.judge(a, current.b, change, stopping, x, &mut observer);
            if again.is_none() {
                return Ok(false);
            }
        }
        // a solve that is stopped within leaves the spaces as if it had not begun
        let before = state.is_some().then(|| carrier.recycled());
        let started = Instant::now();
        let given = self.contexts.as_ref().map(|all| all[system].as_slice());
        let context = given.unwrap_or(current.context);
        let carried = carrier.solve(a, current.b, change, context, x, &mut observer);
        let carried = carried.map_err(|source| CliError::System {
            name: current.matrix.path.clone(),
            source: Box::new(source),
        })?;
        let solved = &carried.solved;
        if solved.report.reason == StopReason::Interrupted {
            if let Some(before) = before {
                carrier.recycle(before);
            }
            return Ok(false);
        }
        if let Some(sequence) = carrier.sequence() {
            sequence.keep(x);
        }
        if let Some(branches) = &mut self.order {
            branches.end(index, carrier);
        }
        let seconds = Seconds {
            read: read.as_secs_f64(),
            runtime: 0.0,
            setup: solved.setup.as_secs_f64(),
            solve: solved.solve.as_secs_f64(),
            total: started.elapsed().as_secs_f64() + read.as_secs_f64(),
        };
        let reports = std::slice::from_ref(&solved.report);
        let column = judge.columns(x, reports).remove(0);
        stream.names = [solved.solver, solved.precond].map(String::from);
        stream.recycling = solved.report.recycling.map(|r| r.to_string());
        stream.totals.add(&carried, &column, &seconds);
        if let (Some(hindsight), Some(again)) = (&mut stream.hindsight, &again) {
            hindsight.sums.add(again);
        }
        let name = several.then_some(stream.name.as_str());
        if let Some(folder) = &args.out {
            write_solution(folder, name, &current.matrix.path, &stream.x)?;
        }
        if let Some(log) = &mut self.log {
            let rtol = args.tolerance.rtol;
            let solve = solve_json(&current, solved, &column, seconds, rtol, self.threads);
            let way = stream.carrier.way().and_then(|way| way.omega());
            let line = Line {
                stream: name,
                hindsight: again,
                ..Line::new(index, &carried, way, context, &solve, &args.tuning)
            };
            log.write(&line)?;
        }
        Ok(true)
    }

    /// The sums over all streams.
    fn totals(&self) -> Totals {
        Totals::together(self.streams.iter().map(|stream| &stream.totals))
    }
}

/// `NAME_x.mtx` for a file NAME.mtx, or one that is numbered by the generator; with the stream
/// before it, where there are several.
fn write_solution<T: Double>(
    folder: &Path,
    stream: Option<&str>,
    name: &str,
    x: &[T],
) -> Result<(), CliError> {
    let name = Path::new(name).file_name().unwrap_or_default();
    let name = name.to_string_lossy();
    let stem = name.strip_suffix(".gz").unwrap_or(&name);
    let stem = stem.strip_suffix(".mtx").unwrap_or(stem);
    let stem = stream.map_or(stem.to_owned(), |stream| format!("{stream}_{stem}"));
    let stem = stem.replace(
        |c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '.',
        "_",
    );
    let path = folder.join(format!("{stem}_x.mtx"));
    mtx::write_vectors(&path, x.len(), 1, x).map_err(CliError::writing)
}
