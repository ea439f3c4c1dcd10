//! `resolvent compare`: every sensible solver and preconditioner on one system.

use super::Status;
use super::args::{CompareArgs, NullspaceArg};
use super::error::CliError;
use super::history::{Recorder, Series};
use super::input::{Double, Input, MatrixJson, complexify};
use super::interrupt;
use super::judge::{self, Judge};
use super::machine;
use super::plot;
use super::progress::Progress;
use super::report::{self, seconds};
use super::rhs::Source;
use super::solve::{check_grid, file_name, outputs};
use resolvent::mtx::AnyMatrix;
use resolvent::solvers::precond::Identity;
use resolvent::solvers::{Outcome, Way, ways};
use resolvent::{Auto, AutoConfig, Csr, Solver, System};
use serde::Serialize;
use std::time::{Duration, Instant};

/// What all runs share if `--max-time` does not say.
const DEFAULT_TIME: Duration = Duration::from_secs(60);

/// `compare --json`.
#[derive(Debug, Serialize)]
struct CompareJson {
    matrix: MatrixJson,
    rtol: f64,
    threads: usize,
    /// The converged ones first, by their total time; then the others, by their residual.
    runs: Vec<RunJson>,
    winner: Option<Winner>,
    seconds: f64,
    peak_rss_bytes: Option<u64>,
    version: &'static str,
}

#[derive(Debug, Clone, Serialize)]
struct RunJson {
    solver: &'static str,
    precond: &'static str,
    converged: bool,
    reason: &'static str,
    iterations: usize,
    matvecs: usize,
    precond_applies: usize,
    relative_residual: f64,
    seconds: RunSeconds,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

#[derive(Debug, Clone, Copy, Serialize)]
struct RunSeconds {
    setup: f64,
    solve: f64,
    total: f64,
}

#[derive(Debug, Serialize)]
struct Winner {
    solver: &'static str,
    precond: &'static str,
    command: String,
}

pub fn run(args: &CompareArgs, threads: usize) -> Result<Status, CliError> {
    let files = [
        ("plot", args.plot.as_deref()),
        ("json", args.common.json_file()),
    ];
    outputs(&args.problem.files(), &files)?;
    let input = Input::read(&args.problem.matrix)?;
    input.square()?;
    check_grid(args.problem.grid.as_deref(), input.header.rows)?;
    let source = Source::read(&args.problem.rhs, input.header.rows)?;
    let started = Instant::now();
    let (mut runs, series) = match &input.matrix {
        AnyMatrix::Real(a) if source.is_complex() => all(args, &complexify(a)?, source)?,
        AnyMatrix::Real(a) => all(args, a, source)?,
        AnyMatrix::Complex(a) => all(args, a, source)?,
    };
    runs.sort_by(|a, b| {
        // those that did not arrive by how far they came; what never began has no residual
        let by = |run: &RunJson| match run.converged {
            true => run.seconds.total,
            false => run.relative_residual,
        };
        b.converged.cmp(&a.converged).then(by(a).total_cmp(&by(b)))
    });
    let winner = runs.first().filter(|run| run.converged).map(|run| Winner {
        solver: run.solver,
        precond: run.precond,
        command: command(args, run),
    });
    let result = CompareJson {
        matrix: input.json(),
        rtol: args.bounds.tolerance.rtol,
        threads,
        runs,
        winner,
        seconds: started.elapsed().as_secs_f64(),
        peak_rss_bytes: machine::peak_rss_bytes(),
        version: env!("CARGO_PKG_VERSION"),
    };
    if let Some(path) = &args.plot {
        let title = file_name(&input.path);
        draw(&result, &series, &title).save(path)?;
    }
    if !args.common.quiet && !args.common.json_on_stdout() {
        report::stdout(&result.text())?;
    }
    if let Some(path) = &args.common.json {
        report::json(path, &result)?;
    }
    Ok(match result.winner {
        Some(_) => Status::Done,
        None => Status::NotConverged,
    })
}

/// Runs all of them, within the time there is.
fn all<T: Double>(
    args: &CompareArgs,
    a: &Csr<T>,
    source: Source,
) -> Result<(Vec<RunJson>, Vec<Series>), CliError> {
    let started = Instant::now();
    let rhs = source.build(a, args.common.seed);
    let judge = Judge::new(a, &rhs.b, rhs.exact.as_deref(), &args.bounds.tolerance);
    let limit = args.bounds.max_time().unwrap_or(DEFAULT_TIME);
    let ways = ways::<T>(a)?;
    let (mut runs, mut curves) = (Vec::new(), Vec::new());
    for (index, way) in ways.iter().enumerate() {
        let left = limit.saturating_sub(started.elapsed());
        if interrupt::asked() || left.is_zero() {
            break;
        }
        // the likeliest come first and may take a quarter of what is left; what the quick ones
        // leave is shared by those that follow
        let shares = (ways.len() - index).min(4);
        let (run, series) = one(args, &judge, *way, left / shares as u32);
        runs.push(run);
        curves.extend(series);
    }
    Ok((runs, curves))
}

fn one<T: Double>(
    args: &CompareArgs,
    judge: &Judge<'_, T>,
    Way { method, precond }: Way<f64>,
    time: Duration,
) -> (RunJson, Vec<Series>) {
    let mut auto = Auto::new(AutoConfig {
        stopping: judge.stopping(Some(&method), Some(time)),
        method: Some(method),
        precond: Some(precond),
        given: false,
        detect_nullspace: args.problem.nullspace == NullspaceArg::Auto,
        max_bytes: Some(machine::memory_for_factors()),
    });
    let nullspace = args.problem.nullspace();
    let mut x = vec![T::ZERO; judge.b.len()];
    let mut none = Identity;
    let system = System::new(judge.a, judge.b, &mut none).with_nullspace(&nullspace);
    let mut recorder = Recorder::new(&judge.norms);
    let mut progress = Progress::new(args.common.quiet, judge.targets(), &mut recorder);
    let solved = auto.solve_many(system, &mut x, &mut progress);
    drop(progress);

    // reading the evidence is no part of any method
    let setup = auto.setup_time().saturating_sub(auto.reading_time());
    let mut run = RunJson {
        solver: method.name(),
        precond: precond.name(),
        converged: false,
        reason: "failed",
        iterations: 0,
        matvecs: 0,
        precond_applies: 0,
        relative_residual: f64::NAN,
        seconds: RunSeconds {
            setup: setup.as_secs_f64(),
            solve: auto.solve_time().as_secs_f64(),
            total: (setup + auto.solve_time()).as_secs_f64(),
        },
        error: None,
    };
    if let Some(attempt) = auto.attempts().last() {
        run.iterations = attempt.iterations;
        run.matvecs = attempt.matvecs;
        run.precond_applies = attempt.precond_applies;
        if let Outcome::Failed(error) = &attempt.outcome {
            run.error = Some(error.to_string());
        }
    }
    match solved {
        Ok(reports) => {
            let columns = judge.columns(&x, &reports);
            let bad = columns.iter().find(|c| !c.converged);
            run.converged = bad.is_none();
            run.reason = bad.map_or("converged", |c| c.reason);
            run.relative_residual = judge::worst(columns.iter().map(|c| c.relative_residual));
        }
        Err(error) => run.error = Some(error.to_string()),
    }
    (run, recorder.series)
}

/// What to type to do it again.
fn command(args: &CompareArgs, run: &RunJson) -> String {
    let problem = &args.problem;
    let mut words = vec![
        "resolvent solve".to_string(),
        quoted(&problem.matrix.to_string_lossy()),
        format!("--solver {} --precond {}", run.solver, run.precond),
    ];
    if problem.rhs != "random" {
        words.push(format!("--rhs {}", quoted(&problem.rhs)));
    }
    match problem.nullspace {
        NullspaceArg::Auto => {}
        NullspaceArg::None => words.push("--nullspace none".into()),
        NullspaceArg::Constant => words.push("--nullspace constant".into()),
    }
    if args.bounds.tolerance.rtol != 1e-8 {
        words.push(format!("--rtol {:e}", args.bounds.tolerance.rtol));
    }
    if args.bounds.tolerance.atol != 0.0 {
        words.push(format!("--atol {:e}", args.bounds.tolerance.atol));
    }
    if let Some(grid) = &problem.grid {
        words.push(format!("--grid {}", quoted(grid)));
    }
    if let Some(most) = args.bounds.tolerance.max_iters {
        words.push(format!("--max-iters {most}"));
    }
    if let Some(seconds) = args.bounds.max_time {
        words.push(format!("--max-time {seconds}"));
    }
    if let Some(threads) = args.common.threads {
        words.push(format!("--threads {threads}"));
    }
    if args.common.seed != 0 {
        words.push(format!("--seed {}", args.common.seed));
    }
    words.join(" ")
}

/// For a POSIX shell.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+=:,@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.into()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

fn draw<'a>(result: &CompareJson, series: &'a [Series], title: &'a str) -> plot::Figure<'a> {
    let rank = |s: &Series| {
        let same = |run: &RunJson| (run.solver, run.precond) == (s.solver, s.precond);
        result.runs.iter().position(same)
    };
    // one curve a run: of several right-hand sides, the first
    let mut curves: Vec<_> = series.iter().filter(|s| s.column == 0).collect();
    curves.sort_by_key(|s| rank(s));
    let name = |s: &Series| {
        let run = rank(s).map(|i| &result.runs[i]);
        let outcome = run.map_or(String::new(), |run| {
            format!(
                ": {} in {} s",
                run.reason.replace('_', " "),
                seconds(run.seconds.total)
            )
        });
        format!("{} + {}{outcome}", s.solver, s.precond)
    };
    plot::Figure {
        title,
        subtitle: "every sensible solver and preconditioner, the fastest first",
        curves: curves.into_iter().map(|s| (name(s), s)).collect(),
        tolerance: result.rtol,
        focus: result
            .runs
            .iter()
            .filter(|run| run.converged)
            .count()
            .clamp(1, 4),
    }
}

impl CompareJson {
    fn text(&self) -> String {
        let m = &self.matrix;
        let mut text = format!(
            "{}: {} x {}, {} entries, {} {}\n\n{:<10}{:<11}{:>10} {:>9} {:>8} {:>8} {:>8}  {:<9} {}\n",
            m.path,
            m.rows,
            m.cols,
            m.nnz,
            m.field,
            m.symmetry,
            "solver",
            "precond",
            "iterations",
            "matvecs",
            "setup s",
            "solve s",
            "total s",
            "residual",
            "outcome"
        );
        for run in &self.runs {
            let outcome = match &run.error {
                Some(error) => error.clone(),
                None => run.reason.replace('_', " "),
            };
            text += &format!(
                "{:<10}{:<11}{:>10} {:>9} {:>8} {:>8} {:>8}  {:<9} {outcome}\n",
                run.solver,
                run.precond,
                run.iterations,
                run.matvecs,
                seconds(run.seconds.setup),
                seconds(run.seconds.solve),
                seconds(run.seconds.total),
                match run.relative_residual.is_nan() {
                    true => "-".into(),
                    false => format!("{:.1e}", run.relative_residual),
                },
            );
        }
        text += &match &self.winner {
            Some(winner) => format!("\nfastest: {}\n", winner.command),
            None => {
                "\nnothing converged; raise --max-time or --max-iters, or loosen --rtol\n".into()
            }
        };
        text
    }
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn odd_names_are_quoted() {
        assert_eq!(quoted("a/b-1.mtx"), "a/b-1.mtx");
        assert_eq!(quoted("my file.mtx"), "'my file.mtx'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
    }
}
