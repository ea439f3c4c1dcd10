//! `dataset verify`: a set, and the sets of other parameters that lie in it.

use super::args::FolderArgs;
use super::ticker::Ticker;
use super::{Nested, request, say};
use crate::cli::Status;
use crate::cli::args::Common;
use crate::cli::error::CliError;
use crate::cli::report as words;
use resolvent::dataset::{Folder, verify as set};
use std::path::Path;

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
pub fn verify(args: &FolderArgs, threads: usize) -> Result<Status, CliError> {
    let mut status = Status::Done;
    let mut verdicts = Vec::new();
    for path in request::nested(&args.folder) {
        let (fine, verdict) = verify_one(&path, &args.common, threads)?;
        if !fine {
            status = Status::NotConverged;
        }
        verdicts.push(verdict);
    }
    if let Some(path) = &args.common.json {
        words::json(path, &Nested::new(verdicts))?;
    }
    Ok(status)
}

fn verify_one(
    path: &Path,
    common: &Common,
    threads: usize,
) -> Result<(bool, VerdictJson), CliError> {
    let folder = Folder::open(path)?;
    let ticker = Ticker::new(common.quiet, folder.plan.request.samples);
    let verdict = set::verify(&folder, threads, &|samples| ticker.tick(samples));
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
