//! `resolvent dataset`: samples of a family drawn, solved, verified and written.

pub mod args;
mod preview;
mod report;
mod request;
mod ticker;

use super::Status;
use super::args::Common;
use super::error::CliError;
use super::interrupt;
use super::report::{self as words};
use super::sequence;
use super::sequence::manifest::Stored;
use args::{
    DatasetArgs, DatasetCommand, ExportArgs, FileArgs, FolderArgs, FormatArg, LayoutArg, MakeArgs,
    RunArgs, SolveDirArgs,
};
use report::DatasetJson;
use resolvent::dataset::arms::Arm;
use resolvent::dataset::systems::Pair;
use resolvent::dataset::{
    DatasetError, Folder, Ran, Request, bars, export, manifest, run as shards, tolerance, verify,
};
use resolvent::petsc::PetscOptions;
use std::path::Path;
use std::time::Instant;
use ticker::Ticker;

pub fn run(args: &DatasetArgs, threads: usize) -> Result<Status, CliError> {
    // solves run on one thread each, which they do outside of any pool
    std::thread::scope(|scope| {
        let work = scope.spawn(|| match &args.command {
            None => make(&args.make, threads),
            Some(DatasetCommand::Plan(args)) => plan(args),
            Some(DatasetCommand::Run(args)) => run_part(args, threads),
            Some(DatasetCommand::Merge(args)) => merge(args),
            Some(DatasetCommand::Verify(args)) => verify(args, threads),
            Some(DatasetCommand::Export(args)) => export(args),
            Some(DatasetCommand::Solve(args)) => solve(args, threads),
        });
        match work.join() {
            Ok(status) => status,
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}

/// All of it, or what is missing.
fn make(args: &MakeArgs, threads: usize) -> Result<Status, CliError> {
    let asked = request::read(args)?;
    let mut status = make_one(&asked.folder, asked.request, &args.common, threads, true)?;
    extras(&asked.folder, &args.files)?;
    for (name, request) in asked.others {
        let folder = asked.folder.join(name);
        let other = make_one(&folder, request, &args.common, threads, false)?;
        status = if other == Status::Done { status } else { other };
    }
    Ok(status)
}

fn make_one(
    path: &Path,
    request: Request,
    common: &Common,
    threads: usize,
    json: bool,
) -> Result<Status, CliError> {
    let started = Instant::now();
    let (folder, arms) = begin(path, request)?;
    let missing = folder.open_shards()?;
    let ran = work(&folder, &missing, common, threads)?;
    let totals = match ran.stopped || (missing.is_empty() && folder.manifest().exists()) {
        true => manifest::totals(&folder)?,
        false => manifest::merge(&folder)?,
    };
    let mut result = DatasetJson::new(&folder, &totals, &ran, arms);
    result.error_bars = summary(&folder)?;
    result.seconds.setup += result
        .arms
        .iter()
        .filter_map(|arm| Some(arm.seconds? * (arm.samples + 1) as f64))
        .sum::<f64>();
    result.threads = threads;
    result.wall_seconds = started.elapsed().as_secs_f64();
    result.samples_per_second = totals.samples as f64 / result.wall_seconds.max(1e-9);
    if !common.quiet && !common.json_on_stdout() {
        words::stdout(&result.text())?;
    }
    if let (Some(path), true) = (&common.json, json) {
        words::json(path, &result)?;
    }
    Ok(match result.complete && result.failed == 0 {
        true => Status::Done,
        false => Status::NotConverged,
    })
}

/// What the error bars are, where they are asked for.
fn summary(folder: &Folder) -> Result<Option<Vec<bars::Summary>>, DatasetError> {
    let asked = folder.plan.request.error_bars.is_some();
    asked.then(|| bars::summary(folder)).transpose()
}

/// The folder of a request: begun before, or now.
fn begin(path: &Path, mut request: Request) -> Result<(Folder, Vec<Arm>), DatasetError> {
    if Folder::begun(path) {
        let folder = Folder::open(path)?;
        folder.agrees(&request)?;
        return Ok((folder, Vec::new()));
    }
    Folder::free(path)?;
    let (choice, arms) = tolerance::choose(&mut request, &interrupt::asked)?;
    // another process may have begun it in the meantime: then that is the one
    let folder = match Folder::create(path, request.clone(), choice) {
        Err(_) if Folder::begun(path) => {
            let folder = Folder::open(path)?;
            folder.agrees(&request)?;
            return Ok((folder, arms));
        }
        created => created?,
    };
    manifest::note_arms(&folder, arms.clone())?;
    Ok((folder, arms))
}

/// Makes these shards.
fn work(
    folder: &Folder,
    missing: &[usize],
    common: &Common,
    threads: usize,
) -> Result<Ran, DatasetError> {
    let request = &folder.plan.request;
    let samples = missing.iter().map(|&shard| {
        let range = request.range(shard);
        range.end - range.start
    });
    let ticker = Ticker::new(common.quiet, samples.sum());
    shards::run(folder, missing, threads, &ticker)
}

/// A set of systems in files.
fn solve(args: &SolveDirArgs, threads: usize) -> Result<Status, CliError> {
    let pairs = listed(&args.systems)?;
    let request = request::of_systems(args, pairs)?;
    let status = make_one(&args.out, request, &args.common, threads, true)?;
    extras(&args.out, &args.files)?;
    Ok(status)
}

/// The systems of a folder or a list, each with its right-hand side.
fn listed(path: &Path) -> Result<Vec<Pair>, CliError> {
    let whole = |stored: &Stored| match (&stored.object, stored.path.canonicalize()) {
        (Some(_), _) => Err(CliError::from(DatasetError::file(
            &stored.path,
            "a data set is made of Matrix Market files; write each object of this PETSc file as one",
        ))),
        (None, Ok(path)) => Ok(path),
        (None, Err(_)) => Err(CliError::Missing(stored.path.clone())),
    };
    let mut pairs = Vec::new();
    let found = match path.is_dir() {
        true => sequence::folder::list(path, PetscOptions::default())?,
        false => sequence::manifest::list(path)?,
    };
    if found.is_empty() {
        return Err(CliError::NoSystems(path.into()));
    }
    for pair in found {
        let Some(rhs) = &pair.rhs else {
            return Err(DatasetError::file(
                &pair.matrix.path,
                "it has no right-hand side beside it; name it NAME_b.mtx, or list both in a CSV file",
            )
            .into());
        };
        pairs.push(Pair {
            matrix: whole(&pair.matrix)?,
            rhs: whole(rhs)?,
        });
    }
    Ok(pairs)
}

/// What is written besides the arrays: HDF5 of a finished set, the contact sheet of one that has begun.
fn extras(path: &Path, files: &FileArgs) -> Result<(), CliError> {
    if files.preview.is_none() && files.format == FormatArg::Npy {
        return Ok(());
    }
    let folder = Folder::open(path)?;
    if let (Some(svg), true) = (&files.preview, folder.done(0)?.is_some()) {
        preview::draw(&folder, svg)?;
    }
    if files.format == FormatArg::Hdf5 && folder.open_shards()?.is_empty() {
        export::export(&folder, export::Layout::TheWell, &path.join("hdf5"))?;
    }
    Ok(())
}

/// A finished set in another layout.
fn export(args: &ExportArgs) -> Result<Status, CliError> {
    let layout = match args.to {
        LayoutArg::Neuraloperator => export::Layout::Neuraloperator,
        LayoutArg::Deeponet => export::Layout::Deeponet,
        LayoutArg::TheWell => export::Layout::TheWell,
        LayoutArg::Pdebench => export::Layout::Pdebench,
    };
    let folder = Folder::open(&args.folder)?;
    let files = export::export(&folder, layout, &args.out)?;
    let names: String = files
        .iter()
        .map(|file| format!("{}\n", file.display()))
        .collect();
    say(&args.common, &names)?;
    if let Some(path) = &args.common.json {
        words::json(path, &serde_json::json!({ "files": files }))?;
    }
    Ok(Status::Done)
}

/// What is to be made, and how.
fn plan(args: &MakeArgs) -> Result<Status, CliError> {
    let asked = request::read(args)?;
    let (folder, arms) = begin(&asked.folder, asked.request)?;
    let choice = &folder.plan.choice;
    let mut text = report::arms(&arms, &choice.solver, &choice.precond);
    if let Some(tolerance) = &choice.tolerance {
        text += &format!("\n  {}", report::tolerance(tolerance));
    }
    if !choice.basis.is_empty() {
        text += &format!("\n  {}", report::basis(choice.basis.len()));
    }
    let shards = folder.plan.request.shards();
    text += &format!(
        "\n{}: {shards} shards; make them with `resolvent dataset run {0} --shard I/K`, I from 0 to K - 1, then `resolvent dataset merge {0}`\n",
        folder.path.display()
    );
    say(&args.common, text.trim_start())?;
    for (name, request) in asked.others {
        begin(&asked.folder.join(name), request)?;
    }
    Ok(Status::Done)
}

/// What is missing of a part.
fn run_part(args: &RunArgs, threads: usize) -> Result<Status, CliError> {
    let folder = Folder::open(&args.folder)?;
    let (part, parts) = args.shard.unwrap_or((0, 1));
    let mut missing = folder.open_shards()?;
    missing.retain(|shard| shard % parts == part);
    let started = Instant::now();
    let ran = work(&folder, &missing, &args.common, threads)?;
    say(
        &args.common,
        &format!(
            "{}: {} shards made in {} s\n",
            folder.path.display(),
            ran.shards,
            words::seconds(started.elapsed().as_secs_f64())
        ),
    )?;
    let mut failed = false;
    for shard in (part..folder.plan.request.shards()).step_by(parts) {
        let done = folder.done(shard)?;
        failed |= done.is_none_or(|shard| shard.records.iter().any(|record| !record.converged()));
    }
    Ok(if failed {
        Status::NotConverged
    } else {
        Status::Done
    })
}

fn merge(args: &FolderArgs) -> Result<Status, CliError> {
    let folder = Folder::open(&args.folder)?;
    let totals = manifest::merge(&folder)?;
    let mut result = DatasetJson::new(&folder, &totals, &Ran::default(), Vec::new());
    result.error_bars = summary(&folder)?;
    say(&args.common, &result.text())?;
    if let Some(path) = &args.common.json {
        words::json(path, &result)?;
    }
    Ok(match totals.failed.is_empty() {
        true => Status::Done,
        false => Status::NotConverged,
    })
}

/// `dataset verify --json`.
#[derive(serde::Serialize)]
struct VerdictJson {
    out: String,
    samples: u64,
    files: usize,
    quarantined: u64,
    max_relative_residual: Option<f64>,
    residuals_recomputed: bool,
    problems: Vec<String>,
}

/// A set, and the sets of other parameters that lie in it.
fn verify(args: &FolderArgs, threads: usize) -> Result<Status, CliError> {
    let mut all = vec![args.folder.clone()];
    let inside = (0..).map(|at| args.folder.join(request::name_of_other(at)));
    all.extend(inside.take_while(|path| Folder::begun(path)));
    let mut status = Status::Done;
    let mut verdicts = Vec::new();
    for path in all {
        let (fine, verdict) = verify_one(&path, &args.common, threads)?;
        if !fine {
            status = Status::NotConverged;
        }
        verdicts.push(verdict);
    }
    if let Some(path) = &args.common.json {
        let mut verdicts = verdicts.into_iter();
        let first = verdicts.next();
        words::json(
            path,
            &VerdictsJson {
                first,
                others: verdicts.collect(),
            },
        )?;
    }
    Ok(status)
}

/// `dataset verify --json`: the set, and what lies in it.
#[derive(serde::Serialize)]
struct VerdictsJson {
    #[serde(flatten)]
    first: Option<VerdictJson>,
    others: Vec<VerdictJson>,
}

fn verify_one(
    path: &Path,
    common: &Common,
    threads: usize,
) -> Result<(bool, VerdictJson), CliError> {
    let folder = Folder::open(path)?;
    let ticker = Ticker::new(common.quiet, folder.plan.request.samples);
    let verdict = verify::verify(&folder, threads, &|samples| ticker.tick(samples))?;
    drop(ticker);
    let mut text = format!(
        "{}: {} samples, {} files, {} quarantined\n",
        path.display(),
        verdict.samples,
        verdict.files,
        verdict.quarantined
    );
    let judged = verdict.residuals && verdict.samples > verdict.quarantined;
    text += &match (verdict.residuals, judged) {
        (true, true) => format!(
            "  largest relative residual {:.2e}, recomputed from the files\n",
            verdict.max_relative_residual
        ),
        (true, false) => "  no sample has converged\n".into(),
        (false, _) => {
            "  solved on another grid than stored: checksums and coefficients only\n".into()
        }
    };
    for problem in &verdict.problems {
        text += &format!("  WRONG: {problem}\n");
    }
    say(common, &text)?;
    let fine = verdict.problems.is_empty();
    let json = VerdictJson {
        out: path.display().to_string(),
        samples: verdict.samples,
        files: verdict.files,
        quarantined: verdict.quarantined,
        max_relative_residual: judged.then_some(verdict.max_relative_residual),
        residuals_recomputed: verdict.residuals,
        problems: verdict.problems,
    };
    Ok((fine, json))
}

/// Words for people, where they are wanted.
fn say(common: &Common, text: &str) -> Result<(), CliError> {
    match common.quiet || common.json_on_stdout() {
        true => Ok(()),
        false => words::stdout(text),
    }
}
