//! `resolvent sequence`.

pub mod args;
mod carrier;
mod files;
mod generated;
mod hindsight;
mod log;
pub mod manifest;
mod petsc;
mod report;
mod source;
mod state;
mod ticker;
pub mod tuning;

use super::Status;
use super::error::CliError;
use super::input::Double;
use super::interrupt;
use super::judge::Judge;
use super::machine;
use super::report::{self as words, Column, Seconds, SolveJson, attempt_json};
use super::solve::{chosen, outputs};
use args::SequenceArgs;
use carrier::{Carried, Carrier};
use hindsight::Hindsight;
use log::Log;
use report::{Line, SequenceJson, Totals};
use resolvent::mtx;
use resolvent::solvers::{Change, Guess, SequenceConfig, Solved, StopReason, Way};
use resolvent::{Method, Precond};
use source::{AnySource, Current, Source};
use state::State;
use std::path::Path;
use std::time::{Duration, Instant};
use ticker::{Ticker, Until};
use tuning::Tuning;

pub fn run(args: &SequenceArgs, threads: usize) -> Result<Status, CliError> {
    let files = [
        ("log", args.log.as_deref()),
        ("state", args.state.as_deref()),
        ("json", args.common.json_file()),
    ];
    outputs(&[("the source", Path::new(&args.source))], &files)?;
    if let Some(folder) = &args.out {
        std::fs::create_dir_all(folder).map_err(|source| CliError::Write {
            path: folder.clone(),
            source,
        })?;
    }
    match source::open(&args.source, args.common.seed)? {
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
    carrier: Carrier<T>,
    /// Of the systems, where they come from a file of their own.
    contexts: Option<Vec<Vec<f64>>>,
    totals: Totals,
    hindsight: Option<Hindsight<T>>,
    log: Option<Log>,
    x: Vec<T>,
    /// Who solved the last system.
    names: (&'static str, &'static str),
}

impl<'a, T: Double> Run<'a, T> {
    fn new(
        args: &'a SequenceArgs,
        threads: usize,
        source: Box<dyn Source<T>>,
    ) -> Result<Self, CliError> {
        let guess = args.x0.map_or(source.guess(), Guess::from);
        let (method, precond) = chosen(&args.how)?;
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
        let config = SequenceConfig {
            guess,
            method,
            precond,
            max_bytes: Some(machine::memory_for_factors()),
            ..SequenceConfig::default()
        };
        Ok(Self {
            args,
            threads,
            guess,
            method,
            precond,
            carrier: Carrier::new(config, way, &args.tuning),
            contexts,
            totals: Totals::default(),
            hindsight: args.tuning.hindsight.then(|| Hindsight::new(method)),
            log: None,
            x: Vec::new(),
            names: ("auto", "auto"),
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
            ticker.tick(&self.totals);
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
        if !self.x.iter().all(|v| v.is_finite()) {
            // what a resumed run would be given
            match self.carrier.sequence().and_then(|s| s.kept().next()) {
                Some(last) if last.len() == self.x.len() => self.x.copy_from_slice(last),
                _ => self.x.fill(T::ZERO),
            }
        }
        let current = self.source.next(index, &self.x)?;
        let read = started.elapsed();
        let a = current.a;
        let n = a.nrows();
        let judge = Judge::new(a, current.b, current.exact, &self.args.tolerance);
        let (args, method, precond) = (self.args, self.method, self.precond);
        let carrier = &mut self.carrier;
        let (seed, state) = (args.common.seed, args.state.as_deref());
        carrier.begin(a, &args.tuning, method, precond, seed, state)?;
        let change = match self.x.len() == n {
            true => current.change,
            false => Change::Pattern,
        };
        self.x.resize(n, T::ZERO);
        if let Some(sequence) = carrier.sequence() {
            sequence.set_stopping(judge.stopping(method.as_ref(), None));
            sequence.advance(change);
        }
        if let Some(sequence) = carrier.sequence() {
            sequence.guess(&mut self.x);
        }
        let mut observer = Until::within(left);
        // first, so that a run that is stopped within has learned nothing of this system yet
        let mut again = None;
        if let Some(hindsight) = &mut self.hindsight {
            let stopping = judge.stopping(method.as_ref(), None);
            again = hindsight.judge(a, current.b, change, stopping, &self.x, &mut observer);
            if again.is_none() {
                return Ok(false);
            }
        }
        let started = Instant::now();
        let given = self.contexts.as_ref().map(|all| all[index].as_slice());
        let context = given.unwrap_or(current.context);
        let carried = carrier.solve(a, current.b, change, context, &mut self.x, &mut observer);
        let carried = carried.map_err(|source| CliError::System {
            name: current.matrix.path.clone(),
            source: Box::new(source),
        })?;
        let solved = &carried.solved;
        if solved.report.reason == StopReason::Interrupted {
            return Ok(false);
        }
        if let Some(sequence) = carrier.sequence() {
            sequence.keep(&self.x);
        }
        let seconds = Seconds {
            read: read.as_secs_f64(),
            runtime: 0.0,
            setup: solved.setup.as_secs_f64(),
            solve: solved.solve.as_secs_f64(),
            total: started.elapsed().as_secs_f64() + read.as_secs_f64(),
        };
        let reports = std::slice::from_ref(&solved.report);
        let column = judge.columns(&self.x, reports).remove(0);
        self.names = (solved.solver, solved.precond);
        self.totals.add(&carried, &column, &seconds);
        if let (Some(hindsight), Some(again)) = (&mut self.hindsight, &again) {
            hindsight.sums.add(again);
        }
        if let Some(folder) = &self.args.out {
            write_solution(folder, &current.matrix.path, &self.x)?;
        }
        if let Some(log) = &mut self.log {
            let solve = solve_json(
                &current,
                solved,
                &column,
                seconds,
                self.args.tolerance.rtol,
                self.threads,
            );
            let way = self.carrier.way().and_then(|way| way.omega());
            let line = Line {
                hindsight: again,
                ..line(index, &carried, way, context, &solve, &self.args.tuning)
            };
            log.write(&line)?;
        }
        Ok(true)
    }

    /// Goes on where a run before has stopped; returns the number of its next system.
    fn resume(&mut self, state: State, path: &Path) -> Result<usize, CliError> {
        state.belongs_to(&self.fingerprint(), path)?;
        self.totals = state.totals;
        for solution in state.solutions.iter().rev() {
            self.x = T::from_parts(solution);
            self.carrier.keep(self.x.clone());
        }
        self.carrier.resume(state.tuner);
        if let (Some(hindsight), Some(sums)) = (&mut self.hindsight, state.hindsight) {
            hindsight.sums = sums;
        }
        self.source.restore(state.next, &state.source)?;
        Ok(state.next)
    }

    /// Writes where the run stands.
    fn save(&mut self, next: usize) -> Result<(), CliError> {
        if let Some(log) = &mut self.log {
            log.flush()?;
        }
        let Some(path) = &self.args.state else {
            return Ok(());
        };
        State {
            version: state::VERSION,
            run: self.fingerprint(),
            next,
            totals: self.totals,
            solutions: self.carrier.kept(),
            tuner: self.carrier.learned(),
            hindsight: self.hindsight.as_ref().map(|h| h.sums.clone()),
            source: self.source.save(),
        }
        .write(path)
    }

    /// What must be the same for a run to go on.
    fn fingerprint(&self) -> String {
        let args = self.args;
        format!(
            "{} --solver {} --precond {} --omega {:?} --restart {:?} --rtol {:e} --atol {:e} --max-iters {:?} --x0 {} --seed {}{}",
            self.source.name(),
            args.how.solver,
            args.how.precond,
            args.how.omega,
            args.how.restart,
            args.tolerance.rtol,
            args.tolerance.atol,
            args.tolerance.max_iters,
            self.guess.name(),
            args.common.seed,
            args.tuning.fingerprint(),
        )
    }

    /// The closing words.
    fn close(mut self, first: usize, remaining: usize) -> Result<Status, CliError> {
        if let Some(log) = &mut self.log {
            log.flush()?;
        }
        let (args, t) = (self.args, &self.totals);
        let sums = self.hindsight.as_ref().map(|hindsight| &hindsight.sums);
        let result = SequenceJson {
            source: self.source.name(),
            systems: t.systems,
            converged: t.converged,
            iterations_total: t.iterations,
            iterations_mean: t.iterations as f64 / t.systems.max(1) as f64,
            matvecs_total: t.matvecs,
            precond_applies_total: t.precond_applies,
            work_total: t.work,
            cost_total: t.cost,
            extra_matvecs_total: t.extra_matvecs,
            capped: t.capped,
            max_relative_residual: t.max_relative_residual,
            solver: self.names.0,
            precond: self.names.1,
            tuner: args
                .tuning
                .asked()
                .then(|| args.tuning.tuner.unwrap_or_default().name()),
            experts: self.carrier.weights().into_iter().collect(),
            best_fixed: sums.and_then(|sums| sums.best_fixed()),
            oracle: sums.and_then(|sums| sums.oracle()),
            golden: sums.and_then(|sums| sums.golden()),
            x0: self.guess.name(),
            rtol: args.tolerance.rtol,
            seed: args.common.seed,
            threads: self.threads,
            seconds: t.seconds,
            resumed_at: first,
            remaining,
            version: env!("CARGO_PKG_VERSION"),
        };
        if !args.common.quiet && !args.common.json_on_stdout() {
            words::stdout(&result.text())?;
        }
        if let Some(path) = &args.common.json {
            words::json(path, &result)?;
        }
        Ok(match remaining == 0 && t.converged == t.systems {
            true => Status::Done,
            false => Status::NotConverged,
        })
    }
}

/// A line of the log.
fn line<'a>(
    index: usize,
    carried: &'a Carried,
    omega: Option<f64>,
    context: &'a [f64],
    solve: &'a SolveJson,
    tuning: &Tuning,
) -> Line<'a> {
    let choice = carried.choice.as_ref();
    Line {
        index,
        solve,
        tuner: choice.map(|_| tuning.tuner.unwrap_or_default().name()),
        arm: carried.label.as_deref(),
        omega: choice.map_or(omega, |choice| choice.omega),
        probability: choice.map(|choice| choice.probability),
        context: choice.map_or(context, |choice| choice.context.as_slice()),
        cost: carried.cost,
        capped: carried.solved.capped,
        work: carried.solved.work + carried.extra_matvecs as f64,
        extra_matvecs: carried.extra_matvecs,
        hindsight: None,
    }
}

/// What the log says of one system.
fn solve_json<T: Double>(
    current: &Current<'_, T>,
    solved: &Solved<f64>,
    column: &Column,
    seconds: Seconds,
    rtol: f64,
    threads: usize,
) -> SolveJson {
    SolveJson {
        matrix: current.matrix.clone(),
        solver: solved.solver,
        precond: solved.precond,
        converged: column.converged,
        reason: column.reason,
        iterations: solved.report.iterations,
        matvecs: solved.report.matvecs,
        precond_applies: solved.report.precond_applies,
        relative_residual: column.relative_residual,
        backward_error: column.backward_error,
        forward_error: column.forward_error,
        rhs_norm: column.rhs_norm,
        rtol,
        threads,
        seconds,
        peak_rss_bytes: machine::peak_rss_bytes(),
        attempts: solved.attempts.iter().map(attempt_json).collect(),
        columns: None,
        advice: (!column.converged).then(|| words::spoken(column.advice)),
        version: env!("CARGO_PKG_VERSION"),
    }
}

/// `NAME_x.mtx` for a file NAME.mtx, or one that is numbered by the generator.
fn write_solution<T: Double>(folder: &Path, name: &str, x: &[T]) -> Result<(), CliError> {
    let name = Path::new(name).file_name().unwrap_or_default();
    let name = name.to_string_lossy();
    let stem = name.strip_suffix(".gz").unwrap_or(&name);
    let stem = stem.strip_suffix(".mtx").unwrap_or(stem);
    let stem = stem.replace(
        |c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '.',
        "_",
    );
    let path = folder.join(format!("{stem}_x.mtx"));
    mtx::write_vectors(&path, x.len(), 1, x).map_err(CliError::writing)
}
