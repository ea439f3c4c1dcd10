//! `dataset plan`, `run` and `merge`: a set made in parts.

use super::args::{FolderArgs, MakeArgs, RunArgs};
use super::report::{self, DatasetJson};
use super::{Nested, begin, request, say, summary, work};
use crate::cli::error::CliError;
use crate::cli::report as words;
use crate::cli::{Status, interrupt};
use resolvent::dataset::arms::Arm;
use resolvent::dataset::{Choice, Folder, Plan, Ran, Seconds, manifest};
use std::path::Path;
use std::time::Instant;

/// What is to be made, and how.
pub fn plan(args: &MakeArgs) -> Result<Status, CliError> {
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
    let shards = |folder: &Folder| {
        let count = folder.plan.request.shards();
        format!("\n{}: {count} shards", folder.path.display())
    };
    text += &shards(&folder);
    let path = folder.path.clone();
    let mut all = vec![PlanJson::new(&folder, arms)];
    for (name, request) in asked.others {
        let (folder, arms) = begin(&path.join(name), request)?;
        text += &shards(&folder);
        all.push(PlanJson::new(&folder, arms));
    }
    let them = if all.len() > 1 { "all of them" } else { "them" };
    text += &format!(
        "\nmake {them} with `resolvent dataset run {0} --shard I/K`, I from 0 to K - 1, then `resolvent dataset merge {0}`\n",
        path.display()
    );
    say(&args.common, text.trim_start())?;
    if let Some(path) = &args.common.json {
        words::json(path, &Nested::new(all))?;
    }
    Ok(Status::Done)
}

/// `dataset plan --json`.
#[derive(serde::Serialize)]
struct PlanJson {
    out: String,
    family: String,
    grid: String,
    samples: u64,
    shards: usize,
    rtol: f64,
    solver: Choice,
    arms: Vec<Arm>,
}

impl PlanJson {
    fn new(folder: &Folder, arms: Vec<Arm>) -> Self {
        let Plan {
            request, choice, ..
        } = &folder.plan;
        Self {
            out: folder.path.display().to_string(),
            family: request.family.clone(),
            grid: request.grid.clone(),
            samples: request.samples,
            shards: request.shards(),
            rtol: request.rtol,
            solver: choice.clone(),
            arms,
        }
    }
}

/// `dataset run --json`.
#[derive(serde::Serialize)]
struct RunJson {
    out: String,
    /// This part and their number.
    shard: [usize; 2],
    /// Shards that were made now.
    shards_made: usize,
    /// Shards of this part that are still missing.
    shards_missing: usize,
    samples: u64,
    failed_samples: Vec<u64>,
    seconds: Seconds,
    wall_seconds: f64,
}

impl RunJson {
    /// Whether the part is all there, with solutions.
    fn fine(&self) -> bool {
        self.shards_missing == 0 && self.failed_samples.is_empty()
    }
}

/// What is missing of a part, of a set and of those that lie in it.
pub fn run(args: &RunArgs, threads: usize) -> Result<Status, CliError> {
    let sets = request::nested(&args.folder);
    let mut all = Vec::new();
    for path in &sets {
        if interrupt::asked() {
            break; // what is left is missing, and stays so
        }
        all.push(run_one(path, args, threads)?);
    }
    let fine = all.len() == sets.len() && all.iter().all(RunJson::fine);
    if let Some(path) = &args.common.json {
        words::json(path, &Nested::new(all))?;
    }
    Ok(match fine {
        true => Status::Done,
        false => Status::NotConverged,
    })
}

fn run_one(path: &Path, args: &RunArgs, threads: usize) -> Result<RunJson, CliError> {
    let folder = Folder::open(path)?;
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
    let mut result = RunJson {
        out: folder.path.display().to_string(),
        shard: [part, parts],
        shards_made: ran.shards,
        shards_missing: 0,
        samples: 0,
        failed_samples: Vec::new(),
        seconds: ran.seconds,
        wall_seconds: started.elapsed().as_secs_f64(),
    };
    for shard in (part..folder.plan.request.shards()).step_by(parts) {
        let Some(done) = folder.done(shard)? else {
            result.shards_missing += 1;
            continue;
        };
        result.samples += done.records.len() as u64;
        let failed = done.records.iter().filter(|record| !record.converged());
        result
            .failed_samples
            .extend(failed.map(|record| record.index));
    }
    Ok(result)
}

/// The manifests of a set whose shards are all there, and of those that lie in it.
pub fn merge(args: &FolderArgs) -> Result<Status, CliError> {
    let mut fine = true;
    let mut all = Vec::new();
    for path in request::nested(&args.folder) {
        let folder = Folder::open(&path)?;
        let totals = manifest::merge(&folder)?;
        let mut result = DatasetJson::new(&folder, &totals, &Ran::default(), Vec::new());
        result.error_bars = summary(&folder)?;
        say(&args.common, &result.text())?;
        fine &= totals.failed.is_empty();
        all.push(result);
    }
    if let Some(path) = &args.common.json {
        words::json(path, &Nested::new(all))?;
    }
    Ok(match fine {
        true => Status::Done,
        false => Status::NotConverged,
    })
}
