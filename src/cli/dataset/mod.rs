//! `resolvent dataset`: samples of a family drawn, solved, verified and written.

pub mod args;
mod parts;
mod preview;
mod report;
mod request;
mod ticker;
mod verify;

use super::Status;
use super::args::Common;
use super::error::CliError;
use super::interrupt;
use super::report::{self as words};
use super::sequence;
use super::sequence::manifest::Stored;
use args::{
    DatasetArgs, DatasetCommand, ExportArgs, FileArgs, FormatArg, LayoutArg, MakeArgs, SolveDirArgs,
};
use report::DatasetJson;
use resolvent::dataset::arms::Arm;
use resolvent::dataset::systems::Pair;
use resolvent::dataset::{
    DatasetError, Folder, Ran, Request, bars, export, manifest, run as shards, source, tolerance,
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
            Some(DatasetCommand::Plan(args)) => parts::plan(args),
            Some(DatasetCommand::Run(args)) => parts::run(args, threads),
            Some(DatasetCommand::Merge(args)) => parts::merge(args),
            Some(DatasetCommand::Verify(args)) => verify::verify(args, threads),
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
    writable(&args.files, &asked.folder)?;
    let sets = 1 + asked.others.len();
    let first = make_one(&asked.folder, asked.request, &args.common, threads)?;
    let mut all = vec![first];
    for (name, request) in asked.others {
        if interrupt::asked() {
            break; // it is made when the same command goes on
        }
        let folder = asked.folder.join(name);
        all.push(make_one(&folder, request, &args.common, threads)?);
    }
    let status = closing(&args.common, all, sets)?;
    extras(&asked.folder, &args.files)?;
    Ok(status)
}

/// Writes the objects of the sets, and says what became of as many as were asked for.
fn closing(common: &Common, all: Vec<DatasetJson>, sets: usize) -> Result<Status, CliError> {
    let fine = all.len() == sets && all.iter().all(|set| set.complete && set.failed == 0);
    if let Some(path) = &common.json {
        words::json(path, &Nested::new(all))?;
    }
    Ok(match fine {
        true => Status::Done,
        false => Status::NotConverged,
    })
}

/// The object of a set, and those of the sets of other parameters that lie in it.
#[derive(serde::Serialize)]
struct Nested<J> {
    #[serde(flatten)]
    first: Option<J>,
    others: Vec<J>,
}

impl<J> Nested<J> {
    fn new(all: Vec<J>) -> Self {
        let mut all = all.into_iter();
        let first = all.next();
        let others = all.collect();
        Self { first, others }
    }
}

fn make_one(
    path: &Path,
    request: Request,
    common: &Common,
    threads: usize,
) -> Result<DatasetJson, CliError> {
    let started = Instant::now();
    let (folder, arms) = begin(path, request)?;
    let missing = folder.open_shards()?;
    let ran = work(&folder, &missing, common, threads)?;
    let totals = match ran.stopped || (missing.is_empty() && manifest::readable(&folder)) {
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
    let made: u64 = missing
        .iter()
        .map(|&shard| samples_of(&folder, shard))
        .sum();
    result.samples_per_second = match ran.stopped {
        true => 0.0,
        false => made as f64 / result.wall_seconds.max(1e-9),
    };
    if !common.quiet && !common.json_on_stdout() {
        words::stdout(&result.text())?;
    }
    Ok(result)
}

/// Samples of a shard.
fn samples_of(folder: &Folder, shard: usize) -> u64 {
    let range = folder.plan.request.range(shard);
    range.end - range.start
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
    source::check(&request, &interrupt::asked)?;
    let (choice, arms) = tolerance::choose(&mut request, &interrupt::asked)?;
    // another process may have begun it in the meantime: then that is the one
    let folder = match Folder::create(path, request.clone(), choice) {
        Err(DatasetError::Begun(_)) => {
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
    let samples = missing.iter().map(|&shard| samples_of(folder, shard));
    let ticker = Ticker::new(common.quiet, samples.sum());
    shards::run(folder, missing, threads, &ticker)
}

/// A set of systems in files.
fn solve(args: &SolveDirArgs, threads: usize) -> Result<Status, CliError> {
    let pairs = listed(&args.systems)?;
    let request = request::of_systems(args, pairs)?;
    writable(&args.files, &args.out)?;
    let made = make_one(&args.out, request, &args.common, threads)?;
    let status = closing(&args.common, vec![made], 1)?;
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

/// Whether the contact sheet can be written, before hours are spent on what it shows.
fn writable(files: &FileArgs, out: &Path) -> Result<(), CliError> {
    let Some(svg) = &files.preview else {
        return Ok(());
    };
    let (folder, name) = (folder_of(svg), svg.file_name().unwrap_or_default());
    let of_the_set = [".json", ".npy", ".part"];
    if folder == out && of_the_set.iter().any(|end| ends_with(name, end)) {
        let problem =
            "--preview: files of the data set are called so; give it a name that ends in .svg";
        return Err(DatasetError::file(svg, problem).into());
    }
    // folders that are not there yet are made with the set: what counts is the one they will lie in
    let there = folder.ancestors().find(|folder| folder.exists());
    let probe = there.unwrap_or(Path::new(".")).join(name);
    let new = !probe.exists();
    std::fs::OpenOptions::new()
        .append(true)
        .create(true)
        .open(&probe)
        .map_err(DatasetError::io(&probe, "write to"))?;
    if new {
        // nothing is lost with it: it was made here, and is made again
        let _ = std::fs::remove_file(&probe);
    }
    Ok(())
}

/// The folder that a file lies in.
fn folder_of(file: &Path) -> &Path {
    match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

fn ends_with(name: &std::ffi::OsStr, end: &str) -> bool {
    name.to_string_lossy().ends_with(end)
}

/// What is written besides the arrays: HDF5 of a finished set, the contact sheet of one that has begun.
fn extras(path: &Path, files: &FileArgs) -> Result<(), CliError> {
    if files.preview.is_none() && files.format == FormatArg::Npy {
        return Ok(());
    }
    let folder = Folder::open(path)?;
    if let (Some(svg), true) = (&files.preview, folder.done(0)?.is_some()) {
        let place = folder_of(svg);
        std::fs::create_dir_all(place).map_err(DatasetError::io(place, "write to"))?;
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

/// Words for people, where they are wanted.
fn say(common: &Common, text: &str) -> Result<(), CliError> {
    match common.quiet || common.json_on_stdout() {
        true => Ok(()),
        false => words::stdout(text),
    }
}
