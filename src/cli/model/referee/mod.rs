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
use resolvent::solvers::{DirectConfig, GmresConfig, Way};
use resolvent::{CgConfig, Method, Precond, registry};
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use system::{Group, Kind, Problem};
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
    let models = [Some(&args.model), args.untrained.as_ref()];
    let models = models.into_iter().flatten().map(|spec| typed(spec));
    let models = models.collect::<Result<Vec<_>, _>>()?;
    let inputs: Vec<_> = models.iter().map(|m| ("the model", &*m.path)).collect();
    outputs(&inputs, &files)?;
    let started = Instant::now();
    let models = Models::load(args, threads)?;
    let folder = tempfile::tempdir().map_err(|source| CliError::Write {
        path: std::env::temp_dir(),
        source,
    })?;
    let others = Others::find(args, folder.path(), threads)?;
    let mut result = RefereeJson {
        model: models.judged.path().display().to_string(),
        trained_seconds: args.training_seconds.or_else(|| seconds(&models.judged)),
        rtol: args.tolerance.rtol,
        rounds: args.rounds,
        seed: args.common.seed,
        threads,
        groups: Vec::new(),
        absent_peers: others.absent.clone(),
        notes: models.notes.clone(),
        interrupted: false,
        seconds: 0.0,
        version: env!("CARGO_PKG_VERSION"),
    };
    let mut groups = Group::all(args)?;
    let judged = judge_all(args, &models, &others, &mut groups, &mut result);
    result.interrupted = interrupt::asked();
    result.seconds = started.elapsed().as_secs_f64();
    if result.groups.is_empty() {
        judged?;
        return Ok(Status::NotConverged); // interrupted before anything was done
    }
    // what was measured before an error is told
    if let Some(path) = &args.plot {
        picture::save(&result, path)?;
    }
    if !args.common.quiet && !args.common.json_on_stdout() {
        report::stdout(&result.text())?;
    }
    if let Some(path) = &args.common.json {
        report::json(path, &result)?;
    }
    judged?;
    Ok(match result.model_converged() {
        true => Status::Done,
        false => Status::NotConverged,
    })
}

fn judge_all(
    args: &RefereeArgs,
    models: &Models,
    others: &Others<'_>,
    groups: &mut [Group],
    result: &mut RefereeJson,
) -> Result<(), CliError> {
    for group in groups {
        if interrupt::asked() {
            break;
        }
        let (mut entrants, mut runs) = (Vec::new(), Vec::new());
        let judged = judge(args, models, others, group, &mut entrants, &mut runs);
        let trained = result.trained_seconds;
        let table = GroupJson::of(group.name(), &entrants, runs, trained);
        result.groups.extend(table);
        judged?;
    }
    Ok(())
}

/// The model that is judged, and what it could be without training.
struct Models {
    judged: Model,
    name: String,
    controls: Vec<(String, Part, Model)>,
    /// What does not take part, and why.
    notes: Vec<String>,
}

impl Models {
    fn load(args: &RefereeArgs, threads: usize) -> Result<Self, CliError> {
        let load = |spec: &str| -> Result<Model, CliError> {
            let typed = typed(spec)?;
            if typed.fallback.is_some() || !typed.trials {
                return Err(CliError::NotApplicable {
                    option: "fallback and trials",
                    solver: spec.into(),
                    hint: "networks are judged alone",
                });
            }
            let config = config(&typed, args.library.ort_lib.as_deref(), threads);
            Ok(Model::load(&typed.path, config)?)
        };
        let judged = load(&args.model)?;
        let (mut controls, mut notes) = (Vec::new(), Vec::new());
        if let Some(spec) = &args.untrained {
            let model = load(spec)?;
            if !same_kind(&model, &judged) {
                let [path, other] = [&model, &judged].map(|m| m.path().to_path_buf());
                return Err(CliError::OtherModel(path, other));
            }
            controls.push(("untrained".to_owned(), Part::Untrained, model));
        }
        for k in 1..=args.shuffled {
            match judged.with_shuffled_weights(args.common.seed.wrapping_add(k as u64)) {
                Ok(model) => {
                    let name = match args.shuffled {
                        1 => "shuffled weights".to_owned(),
                        _ => format!("shuffled weights {k}"),
                    };
                    controls.push((name, Part::Shuffled, model));
                }
                // a control that cannot be made is no reason not to judge
                Err(error) => {
                    notes.push(format!("no shuffled weights: {error}"));
                    break;
                }
            }
        }
        let stem = judged.path().file_stem().unwrap_or_default();
        let name = match judged.path().as_os_str() == resolvent::models::onnx::SHIPPED {
            true => "mgnet".to_owned(),
            false => stem.to_string_lossy().into_owned(),
        };
        Ok(Self {
            judged,
            name,
            controls,
            notes,
        })
    }
}

/// Whether both take and give the same.
fn same_kind(a: &Model, b: &Model) -> bool {
    let [x, y] = [a, b].map(|model| {
        let contract = model.contract();
        let inputs: Vec<_> = contract.inputs.iter().map(|i| i.fields.clone()).collect();
        (contract.role, contract.layout.dimensions(), inputs)
    });
    x == y
}

/// Packages that take part.
struct Others<'a> {
    peers: Vec<peers::Peer>,
    absent: Vec<&'static str>,
    /// Where systems and answers are exchanged.
    folder: &'a Path,
}

impl<'a> Others<'a> {
    fn find(args: &RefereeArgs, folder: &'a Path, threads: usize) -> Result<Self, CliError> {
        let (peers, absent) = match workers(args)? {
            Some(workers) => peers::found(&workers, folder, threads),
            None => (Vec::new(), Vec::new()),
        };
        Ok(Self {
            peers,
            absent,
            folder,
        })
    }
}

/// What training took, where the file says so.
fn seconds(model: &Model) -> Option<f64> {
    let trained = model.contract().trained.as_ref()?;
    let seconds = ["processor_seconds", "seconds"]
        .iter()
        .find_map(|key| trained.get(key)?.as_f64());
    seconds.filter(|seconds| *seconds > 0.0 && seconds.is_finite())
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

/// Runs everybody on every system, in turns: `runs[s][e]` are those of entrant e on system s.
fn judge(
    args: &RefereeArgs,
    models: &Models,
    others: &Others<'_>,
    group: &mut Group,
    entrants: &mut Vec<Entrant>,
    runs: &mut Vec<Vec<Vec<Run>>>,
) -> Result<(), CliError> {
    let bar = bar(args.common.quiet);
    let max_time = Duration::try_from_secs_f64(args.max_time).unwrap_or(Duration::MAX);
    let (mut solution, mut first) = (Vec::new(), None);
    for index in 0..group.count {
        let at = group.next(index, &solution, args)?;
        let problem = Problem {
            a: &at.a,
            b: &at.b,
            grid: at.grid,
            tolerance: &args.tolerance,
            max_time,
        };
        let kind = Kind::of(&at.a, &group.name())?;
        if *first.get_or_insert(kind) != kind {
            let name = group.name();
            let found = match kind {
                Kind::Definite => "this one is symmetric positive definite",
                Kind::General => "this one is not symmetric positive definite",
            };
            let index = index + 1;
            return Err(CliError::TwoKinds { name, index, found });
        }
        if index == 0 {
            bar.set_message(format!(
                "{}: every network runs once, untimed",
                group.name()
            ));
            bar.tick();
            *entrants = everybody(args, models, others, kind, &problem)?;
            entrants.iter().for_each(|e| entrant::warm_up(e, &problem));
        }
        if entrants.iter().any(|e| e.part == Part::Peer) {
            let path = others.folder;
            peers::write(&problem, path).map_err(|source| CliError::Write {
                path: path.into(),
                source,
            })?;
        }
        let mut here: Vec<Vec<Run>> = entrants.iter().map(|_| Vec::new()).collect();
        for round in 0..args.rounds {
            // nobody always comes first
            for turn in 0..entrants.len() {
                let e = (turn + round) % entrants.len();
                let (entrant, done) = (&entrants[e], &mut here[e]);
                let enough = |run: &Run| !run.converged || run.total() > SLOW;
                if done.last().is_some_and(enough) {
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
                done.push(entrant.run(&problem));
                if interrupt::asked() {
                    bar.finish_and_clear();
                    return Ok(()); // the system that was begun is left out
                }
            }
        }
        runs.push(here);
        solution = group.solution(index, &at, max_time)?;
    }
    bar.finish_and_clear();
    Ok(())
}

fn bar(quiet: bool) -> ProgressBar {
    if quiet || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    let style = ProgressStyle::with_template("{spinner} {elapsed} {msg}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
    bar.enable_steady_tick(Duration::from_millis(500));
    bar
}

/// Who is compared on systems of a kind.
fn everybody(
    args: &RefereeArgs,
    models: &Models,
    others: &Others<'_>,
    kind: Kind,
    first: &Problem<'_>,
) -> Result<Vec<Entrant>, CliError> {
    let definite = kind == Kind::Definite;
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
        let entrant = classical(name, definite)?;
        if all.iter().all(|other| other.name != entrant.name) {
            all.push(entrant);
        }
    }
    let peers = others.peers.iter();
    let peers = peers.filter(|peer| definite && peer.serves(first));
    all.extend(peers.cloned().map(|peer| Entrant {
        name: peer.name(),
        part: Part::Peer,
        how: How::Peer(peer),
    }));
    Ok(all)
}

/// The method that a network serves.
fn method(args: &RefereeArgs, model: &Model, definite: bool) -> Result<Method<f64>, CliError> {
    let flag = "solver";
    let named = registry::solver(&args.solver);
    match named.map_err(|source| CliError::Registry { flag, source })? {
        Some(Method::Direct(_) | Method::Sor(_) | Method::Minres(_)) => {
            Err(CliError::NotApplicable {
                option: flag,
                solver: args.solver.clone(),
                hint: "a network serves cg, dcdm, fcg, fgmres and gcrodr",
            })
        }
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
        _ if name.starts_with("direct:") => {
            return Err(CliError::NotApplicable {
                option: flag,
                solver: name.into(),
                hint: "`direct` takes no options here",
            });
        }
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
