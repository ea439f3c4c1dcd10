//! `resolvent model referee`: a network beside everything that it has to beat, on the same systems.

mod entrant;
mod peers;
mod picture;
mod system;
mod table;

use super::args::RefereeArgs;
use super::{config, typed};
use crate::cli::Status;
use crate::cli::error::CliError;
use crate::cli::interrupt;
use crate::cli::report;
use crate::cli::solve::outputs;
use entrant::{Entrant, How, Part, Run};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use resolvent::models::onnx::{Model, Role};
use resolvent::solvers::{DirectConfig, GmresConfig, Way, ways};
use resolvent::{CgConfig, Csr, Method, Precond, registry};
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use system::{Group, Problem};
use table::{GroupJson, RefereeJson};

/// Controls where none are named; `ilu0` takes the place of `ic0` where A is not definite.
const CONTROLS: [&str; 6] = ["none", "jacobi", "ic0", "fsai", "gmg", "direct"];
/// Runs beyond the first are not made of what takes longer.
const SLOW: f64 = 5.0;

pub fn run(args: &RefereeArgs, threads: usize) -> Result<Status, CliError> {
    let files = [
        ("plot", args.plot.as_deref()),
        ("json", args.common.json_file()),
    ];
    outputs(&[], &files)?;
    let started = Instant::now();
    let models = Models::load(args, threads)?;
    let trained = args.training_seconds.or_else(|| seconds(&models.judged));
    let folder = tempfile::tempdir().map_err(|source| CliError::Write {
        path: std::env::temp_dir(),
        source,
    })?;
    let workers = workers(args)?;
    let (mut groups, mut absent) = (Vec::new(), Vec::new());
    for mut group in Group::all(args)? {
        if interrupt::asked() {
            break;
        }
        let peers = || match &workers {
            Some(workers) => peers::found(workers, folder.path(), threads),
            None => (Vec::new(), Vec::new()),
        };
        let mut runs = Vec::new();
        let (entrants, missing) = judge(args, &models, &mut group, &mut runs, peers)?;
        absent = missing;
        if let Some(judged) = GroupJson::of(group.name(), &entrants, &runs, trained) {
            groups.push(judged);
        }
    }
    let result = RefereeJson {
        model: models.judged.path().display().to_string(),
        trained_seconds: trained,
        rtol: args.tolerance.rtol,
        rounds: args.rounds,
        seed: args.common.seed,
        threads,
        absent_peers: absent,
        interrupted: interrupt::asked(),
        groups,
        seconds: started.elapsed().as_secs_f64(),
        version: env!("CARGO_PKG_VERSION"),
    };
    if let Some(path) = &args.plot {
        picture::save(&result, path)?;
    }
    if !args.common.quiet && !args.common.json_on_stdout() {
        report::stdout(&result.text())?;
    }
    if let Some(path) = &args.common.json {
        report::json(path, &result)?;
    }
    Ok(match result.model_converged() {
        true => Status::Done,
        false => Status::NotConverged,
    })
}

/// The model that is judged, and what it could be without training.
struct Models {
    judged: Model,
    name: String,
    controls: Vec<(String, Part, Model)>,
}

impl Models {
    fn load(args: &RefereeArgs, threads: usize) -> Result<Self, CliError> {
        let load = |spec: &str| -> Result<Model, CliError> {
            let typed = typed(spec)?;
            let config = config(&typed, args.library.ort_lib.as_deref(), threads);
            Ok(Model::load(&typed.path, config)?)
        };
        let judged = load(&args.model)?;
        let mut controls = Vec::new();
        if let Some(spec) = &args.untrained {
            controls.push(("untrained".to_owned(), Part::Untrained, load(spec)?));
        }
        for k in 1..=args.random {
            let model = judged.with_random_weights(args.common.seed.wrapping_add(k as u64))?;
            let name = match args.random {
                1 => "random weights".to_owned(),
                _ => format!("random weights {k}"),
            };
            controls.push((name, Part::Random, model));
        }
        let stem = judged.path().file_stem().unwrap_or_default();
        let name = match args.model.split(':').next() {
            Some("mgnet") if judged.path().as_os_str() == resolvent::models::onnx::SHIPPED => {
                "mgnet".to_owned()
            }
            _ => stem.to_string_lossy().into_owned(),
        };
        Ok(Self {
            judged,
            name,
            controls,
        })
    }
}

/// What training took, where the file says so.
fn seconds(model: &Model) -> Option<f64> {
    model.contract().trained.as_ref()?.get("seconds")?.as_f64()
}

/// The folder of the workers of other packages: what was typed, or that of the repository.
fn workers(args: &RefereeArgs) -> Result<Option<PathBuf>, CliError> {
    let usual = Path::new("benches/peers");
    let has = |folder: &Path| folder.join("py_worker.py").is_file();
    match &args.peers {
        Some(word) if word.as_os_str() == "none" => Ok(None),
        Some(folder) if has(folder) => Ok(Some(folder.clone())),
        Some(folder) => Err(CliError::NoPeers(folder.clone())),
        None => Ok(has(usual).then(|| usual.into())),
    }
}

/// Runs everybody on every system, in turns: `runs[s][e]` is the fastest of entrant e on system s.
fn judge(
    args: &RefereeArgs,
    models: &Models,
    group: &mut Group,
    runs: &mut Vec<Vec<Run>>,
    peers: impl Fn() -> (Vec<peers::Peer>, Vec<&'static str>),
) -> Result<(Vec<Entrant>, Vec<&'static str>), CliError> {
    let bar = bar(args.common.quiet);
    let (mut entrants, mut absent) = (Vec::new(), Vec::new());
    let mut solution = Vec::new();
    for index in 0..group.count {
        let at = group.next(index, &solution, args)?;
        if index == 0 {
            (entrants, absent) = everybody(args, models, &at.a, &peers)?;
        }
        let problem = Problem {
            a: &at.a,
            b: &at.b,
            grid: at.grid,
            tolerance: &args.tolerance,
            max_time: Duration::try_from_secs_f64(args.max_time).unwrap_or(Duration::MAX),
        };
        let mut best: Vec<Option<Run>> = entrants.iter().map(|_| None).collect();
        for round in 0..args.rounds {
            for (entrant, best) in entrants.iter().zip(&mut best) {
                if interrupt::asked() {
                    bar.finish_and_clear();
                    return Ok((entrants, absent));
                }
                let enough = |run: &Run| !run.converged || run.total() > SLOW;
                if best.as_ref().is_some_and(enough) {
                    continue;
                }
                bar.set_message(format!(
                    "{}: system {} of {}, round {} of {}: {}",
                    group.name(),
                    index + 1,
                    group.count,
                    round + 1,
                    args.rounds,
                    entrant.name
                ));
                bar.tick();
                let run = entrant.run(&problem);
                if best.as_ref().is_none_or(|b| run.total() < b.total()) {
                    *best = Some(run);
                }
            }
        }
        runs.push(best.into_iter().flatten().collect());
        solution = group.solution(&problem)?;
    }
    bar.finish_and_clear();
    Ok((entrants, absent))
}

fn bar(quiet: bool) -> ProgressBar {
    if quiet || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    let style = ProgressStyle::with_template("{spinner} {elapsed} {msg}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
    bar
}

/// Who is compared on systems like A.
fn everybody(
    args: &RefereeArgs,
    models: &Models,
    a: &Csr<f64>,
    peers: &impl Fn() -> (Vec<peers::Peer>, Vec<&'static str>),
) -> Result<(Vec<Entrant>, Vec<&'static str>), CliError> {
    let definite = ways::<f64>(a)?
        .iter()
        .any(|way| matches!(way.method, Method::Cg(_)));
    let method = method(args, &models.judged, definite)?;
    let network = |name: &str, part, model: &Model| Entrant {
        name: name.into(),
        part,
        how: How::Network {
            model: model.clone(),
            method,
        },
    };
    let mut all = vec![network(&models.name, Part::Model, &models.judged)];
    let controls = models.controls.iter();
    all.extend(controls.map(|(name, part, model)| network(name, *part, model)));
    for name in controls_named(args, definite) {
        all.push(classical(name, definite)?);
    }
    if !definite {
        return Ok((all, Vec::new()));
    }
    let (peers, absent) = peers();
    all.extend(peers.into_iter().map(|peer| Entrant {
        name: peer.name(),
        part: Part::Peer,
        how: How::Peer(peer),
    }));
    Ok((all, absent))
}

/// The method that a network serves.
fn method(args: &RefereeArgs, model: &Model, definite: bool) -> Result<Method<f64>, CliError> {
    let flag = "solver";
    let named = registry::solver(&args.solver);
    match named.map_err(|source| CliError::Registry { flag, source })? {
        Some(Method::Direct(_) | Method::Sor(_)) => Err(CliError::NotApplicable {
            option: flag,
            solver: args.solver.clone(),
            hint: "it takes no preconditioner; a network serves cg, fcg, fgmres and gcrodr",
        }),
        Some(method) => Ok(method),
        None if !definite => Ok(Method::Fgmres(GmresConfig::default())),
        None if model.contract().role == Role::Levels => Ok(Method::Cg(CgConfig::default())),
        None => Ok(Method::Fcg(Default::default())),
    }
}

fn controls_named(args: &RefereeArgs, definite: bool) -> Vec<&str> {
    if !args.control.is_empty() {
        return args.control.iter().map(String::as_str).collect();
    }
    let general = |name: &&str| !["fsai", "gmg"].contains(name);
    match definite {
        true => CONTROLS.to_vec(),
        false => CONTROLS.iter().copied().filter(general).collect(),
    }
}

/// A preconditioner under CG, or GMRES where A is not definite; or a factorisation.
fn classical(name: &str, definite: bool) -> Result<Entrant, CliError> {
    let flag = "control";
    let wrong = |source| CliError::Registry { flag, source };
    let name = match name {
        "ic0" if !definite => "ilu0",
        name => name,
    };
    let way = match name {
        "direct" => Way {
            method: Method::Direct(DirectConfig::default()),
            precond: Precond::None,
        },
        _ => {
            let precond = registry::precond(name).map_err(wrong)?;
            let Some(precond) = precond else {
                return Err(CliError::NotApplicable {
                    option: flag,
                    solver: name.into(),
                    hint: "name one preconditioner, as in --control ict, or `direct`",
                });
            };
            Way {
                method: match definite {
                    true => Method::Cg(CgConfig::default()),
                    false => Method::Gmres(GmresConfig::default()),
                },
                precond,
            }
        }
    };
    Ok(Entrant {
        name: name.into(),
        part: Part::Classical,
        how: How::Classical(way),
    })
}
