//! `resolvent solve`.

use super::Status;
use super::args::{How, NullspaceArg, SolveArgs};
use super::error::CliError;
use super::history::{self, Recorder, Series};
use super::input::{Double, Input, complexify};
use super::judge::{self, Judge};
use super::machine;
use super::model::{self, Given};
use super::plot;
use super::progress::Progress;
use super::report::{self, Column, Seconds, SolveJson};
use super::rhs::Source;
use resolvent::mtx::{self, AnyMatrix};
use resolvent::solvers::precond::Identity;
use resolvent::{
    Auto, AutoConfig, Csr, Grid, Method, Observer, Precond, Preconditioner, Solver, System,
    registry,
};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

pub fn run(args: &SolveArgs, threads: usize) -> Result<Status, CliError> {
    let network = model::named(&args.how.precond, args.ort_lib.as_deref(), threads)?;
    let (method, mut precond) = match &network {
        Some(_) => (model::method(&args.how)?, None),
        None => chosen(&args.how)?,
    };
    let files = [
        ("out", args.files.out.as_deref()),
        ("history", args.files.history.as_deref()),
        ("plot", args.files.plot.as_deref()),
        ("json", args.common.json_file()),
    ];
    let model = model::file(&args.how.precond);
    let mut inputs = args.problem.files().to_vec();
    inputs.extend(model.as_deref().map(|model| ("the model", model)));
    outputs(&inputs, &files)?;
    let input = Input::read(&args.problem.matrix)?;
    input.square()?;
    let n = input.header.rows;
    let grid = check_grid(args.problem.grid.as_deref(), n)?;
    if let Some(Precond::Gmg(config)) = &mut precond {
        config.grid = config.grid.or(grid);
    }
    let source = Source::read(&args.problem.rhs, n)?;
    let runtime = network
        .as_ref()
        .map_or(Duration::ZERO, |n| n.model().loading_time());
    let task = Task {
        args,
        threads,
        input: &input,
        method,
        precond,
        runtime,
        started: Instant::now(),
    };
    match (&input.matrix, network) {
        (AnyMatrix::Real(a), Some(network)) if !source.is_complex() => {
            let given = model::given(&network, a, grid)?;
            task.solve(a, source, Some(given))
        }
        (_, Some(_)) => Err(CliError::ComplexNetwork(args.how.precond.clone())),
        (AnyMatrix::Real(a), None) if source.is_complex() => {
            task.solve(&complexify(a)?, source, None)
        }
        (AnyMatrix::Real(a), None) => task.solve(a, source, None),
        (AnyMatrix::Complex(a), None) => task.solve(a, source, None),
    }
}

/// What `--solver`, `--precond` and `--restart` and `--omega` name; `None` is a choice left open.
pub fn chosen(how: &How) -> Result<(Option<Method<f64>>, Option<Precond>), CliError> {
    let named = |flag| move |source| CliError::Registry { flag, source };
    let mut method = registry::solver(&how.solver).map_err(named("solver"))?;
    let mut precond = registry::precond(&how.precond).map_err(named("precond"))?;
    if let Some(restart) = how.restart {
        match &mut method {
            Some(Method::Gmres(config) | Method::Fgmres(config)) => config.restart = restart,
            Some(Method::Gcrodr(config)) => {
                config.restart = restart;
                config.k = config.k.min(restart / 2).max(1);
            }
            _ => {
                return Err(CliError::NotApplicable {
                    option: "restart",
                    solver: how.solver.clone(),
                    hint: "choose --solver gmres, fgmres or gcrodr",
                });
            }
        }
    }
    if let Some(omega) = how.omega {
        match (&mut method, &mut precond) {
            (Some(Method::Sor(config)), _) => config.omega = omega,
            (_, Some(Precond::Ssor(config))) => config.omega = omega,
            _ => {
                return Err(CliError::NotApplicable {
                    option: "omega",
                    solver: how.precond.clone(),
                    hint: "it belongs to --solver sor and --precond ssor",
                });
            }
        }
    }
    match (&method, &precond) {
        (Some(Method::Direct(_)), Some(given)) if *given != Precond::None => {
            Err(CliError::NotApplicable {
                option: "precond",
                solver: how.solver.clone(),
                hint: "a direct solve needs none",
            })
        }
        (Some(Method::Sor(_)), Some(given)) if *given != Precond::None => {
            Err(CliError::NotApplicable {
                option: "precond",
                solver: how.solver.clone(),
                hint: "sor takes none; for over-relaxation as a preconditioner use --precond ssor",
            })
        }
        (Some(Method::Sor(_)), _) => Ok((method, Some(Precond::None))),
        _ => Ok((method, precond)),
    }
}

/// Refuses early what would fail after the work is done, or destroy what was given: outputs that
/// are the same file, or one that was read.
pub fn outputs(
    inputs: &[(&'static str, &Path)],
    files: &[(&'static str, Option<&Path>)],
) -> Result<(), CliError> {
    // a file that does not exist yet is known by its folder
    let place = |path: &Path| -> Option<PathBuf> {
        path.canonicalize().ok().or_else(|| {
            let folder = path.parent().filter(|p| !p.as_os_str().is_empty());
            let folder = folder.unwrap_or(Path::new(".")).canonicalize().ok()?;
            Some(folder.join(path.file_name()?))
        })
    };
    let there = inputs.iter().filter(|(_, path)| path.exists());
    let mut known: Vec<_> = there.map(|&(name, path)| (place(path), name)).collect();
    for &(option, path) in files {
        let Some(path) = path else { continue };
        writable(path)?;
        let here = place(path);
        let same = known
            .iter()
            .find(|(other, _)| here.is_some() && *other == here);
        if let Some(&(_, other)) = same {
            return Err(CliError::SameFile {
                path: path.into(),
                option,
                other,
            });
        }
        known.push((here, "another output"));
    }
    Ok(())
}

/// Refuses early what cannot be written.
fn writable(path: &Path) -> Result<(), CliError> {
    let parent = path.parent().filter(|p| !p.as_os_str().is_empty());
    let problem = if path.is_dir() {
        "it is a folder"
    } else if parent.is_some_and(|p| !p.is_dir()) {
        "its folder does not exist"
    } else {
        return Ok(());
    };
    Err(CliError::Write {
        path: path.into(),
        source: std::io::Error::other(problem),
    })
}

/// The grid of `--grid`, which must hold `rows` unknowns.
pub fn check_grid(text: Option<&str>, rows: usize) -> Result<Option<Grid>, CliError> {
    let Some(text) = text else { return Ok(None) };
    let grid = Grid::parse(text).map_err(CliError::GridText)?;
    match grid.unknowns() {
        Some(unknowns) if unknowns == rows => Ok(Some(grid)),
        unknowns => Err(CliError::Grid {
            text: text.into(),
            unknowns: unknowns.map_or("too many".into(), |u| u.to_string()),
            rows,
        }),
    }
}

/// Everything but the numbers.
struct Task<'a> {
    args: &'a SolveArgs,
    threads: usize,
    input: &'a Input,
    method: Option<Method<f64>>,
    precond: Option<Precond>,
    /// Loading a network.
    runtime: Duration,
    started: Instant,
}

impl Task<'_> {
    fn solve<T: Double>(
        &self,
        a: &Csr<T>,
        source: Source,
        mut given: Option<Given<T>>,
    ) -> Result<Status, CliError> {
        let args = self.args;
        let rhs = source.build(a, args.common.seed);
        let judge = Judge::new(a, &rhs.b, rhs.exact.as_deref(), &args.bounds.tolerance);
        let rest = args
            .bounds
            .max_time()
            .map(|limit| limit.saturating_sub(self.started.elapsed()));
        let mut auto = Auto::new(AutoConfig {
            stopping: judge.stopping(self.method.as_ref(), rest),
            method: self.method,
            precond: self.precond,
            given: given.is_some(),
            detect_nullspace: args.problem.nullspace == NullspaceArg::Auto,
            max_bytes: Some(machine::memory_for_factors()),
        });
        let nullspace = args.problem.nullspace();
        let mut x = vec![T::ZERO; rhs.b.len()];
        let mut none = Identity;
        let m: &mut dyn Preconditioner<T> = match &mut given {
            Some(given) => &mut given.m,
            None => &mut none,
        };
        let system = System::new(a, &rhs.b, m).with_nullspace(&nullspace);

        let mut recorder = Recorder::new(&judge.norms);
        let wanted = args.files.history.is_some() || args.files.plot.is_some();
        let mut nobody = ();
        let next: &mut dyn Observer<T> = if wanted { &mut recorder } else { &mut nobody };
        let mut progress = Progress::new(args.common.quiet, judge.targets(), next);
        let reports = auto.solve_many(system, &mut x, &mut progress)?;
        drop(progress);

        let columns = judge.columns(&x, &reports);
        let result = self.report(&auto, columns, given.as_ref());
        self.write(&result, &x, rhs.columns, &recorder.series)?;
        Ok(if result.converged {
            Status::Done
        } else {
            Status::NotConverged
        })
    }

    fn report<T: Double>(
        &self,
        auto: &Auto<T>,
        columns: Vec<Column>,
        network: Option<&Given<T>>,
    ) -> SolveJson {
        let total = self.started.elapsed() + self.input.read + self.runtime;
        let last = auto.attempts().last();
        let detail = network
            .and_then(|given| given.m.error())
            .map(|e| e.to_string());
        let built = network.map_or(Duration::ZERO, |given| given.setup);
        // where nothing could be tried, what was asked for
        let given = (
            self.method.map_or("auto", |m| m.name()),
            self.precond.map_or("auto", |p| p.name()),
        );
        let first_bad = columns.iter().find(|c| !c.converged);
        let worst = |value: fn(&Column) -> f64| judge::worst(columns.iter().map(value));
        SolveJson {
            matrix: self.input.json(),
            solver: last.map_or(given.0, |a| a.solver),
            precond: last.map_or(given.1, report::finisher),
            converged: first_bad.is_none(),
            reason: first_bad.map_or("converged", |c| c.reason),
            iterations: last.map_or(0, |a| a.iterations),
            matvecs: last.map_or(0, |a| a.matvecs),
            precond_applies: last.map_or(0, |a| a.precond_applies),
            relative_residual: worst(|c| c.relative_residual),
            backward_error: worst(|c| c.backward_error),
            forward_error: columns.first().and_then(|c| c.forward_error),
            rhs_norm: worst(|c| c.rhs_norm),
            rtol: self.args.bounds.tolerance.rtol,
            threads: self.threads,
            seconds: Seconds {
                read: self.input.read.as_secs_f64(),
                runtime: self.runtime.as_secs_f64(),
                setup: (built + auto.setup_time()).as_secs_f64(),
                solve: auto.solve_time().as_secs_f64(),
                total: total.as_secs_f64(),
            },
            peak_rss_bytes: machine::peak_rss_bytes(),
            attempts: report::attempts_json(auto.attempts(), detail.as_deref()),
            advice: first_bad.map(|c| report::advice(c, last.map_or(given.0, |a| a.solver))),
            columns: (columns.len() > 1).then_some(columns),
            version: env!("CARGO_PKG_VERSION"),
        }
    }

    fn write<T: Double>(
        &self,
        result: &SolveJson,
        x: &[T],
        columns: usize,
        series: &[Series],
    ) -> Result<(), CliError> {
        let (files, common) = (&self.args.files, &self.args.common);
        if let Some(path) = &files.out {
            let rows = self.input.header.rows;
            mtx::write_vectors(path, rows, columns, x).map_err(CliError::writing)?;
        }
        if let Some(path) = &files.history {
            history::write(path, series)?;
        }
        if let Some(path) = &files.plot {
            self.plot(path, result, series)?;
        }
        if !common.quiet && !common.json_on_stdout() {
            report::stdout(&result.text())?;
        }
        if let Some(path) = &common.json {
            report::json(path, result)?;
        }
        Ok(())
    }

    fn plot(&self, path: &Path, result: &SolveJson, series: &[Series]) -> Result<(), CliError> {
        let several = result.columns.is_some();
        let name = |s: &Series| {
            let iterations = s.points.last().map_or(0, |p| p.iteration);
            let column = if several {
                format!(", column {}", s.column + 1)
            } else {
                String::new()
            };
            format!(
                "{} + {}{column}: {iterations} iterations",
                s.solver, s.precond
            )
        };
        let matrix = &result.matrix;
        let outcome = result.reason.replace('_', " ");
        let figure = plot::Figure {
            title: &file_name(&self.input.path),
            subtitle: &format!(
                "n = {}, {} entries; {} + {}: {outcome}, relative residual {:.1e}, {} s",
                matrix.rows,
                matrix.nnz,
                result.solver,
                result.precond,
                result.relative_residual,
                report::seconds(result.seconds.setup + result.seconds.solve),
            ),
            curves: series.iter().map(|s| (name(s), s)).collect(),
            tolerance: self.args.bounds.tolerance.rtol,
            focus: usize::MAX,
        };
        figure.save(path)
    }
}

/// The file's own name.
pub fn file_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or(path.as_os_str());
    name.to_string_lossy().into_owned()
}
