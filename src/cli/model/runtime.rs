//! `resolvent runtime`: which library runs networks, and fetching it.

use super::args::{InstallArgs, RuntimeCommand, StatusArgs};
use crate::cli::Status;
use crate::cli::error::CliError;
use crate::cli::report;
use resolvent::models::onnx::{self, OnnxError, Tried, runtime};
use serde::Serialize;
use std::fmt::Write;
use std::path::Path;

/// `runtime status --json`.
#[derive(Debug, Serialize)]
struct StatusJson {
    loads: bool,
    path: Option<String>,
    origin: Option<String>,
    build: Option<String>,
    tried: Vec<TriedJson>,
    error: Option<String>,
}

#[derive(Debug, Serialize)]
struct TriedJson {
    origin: String,
    path: String,
    reason: String,
}

/// `runtime install --json`.
#[derive(Debug, Serialize)]
struct InstallJson {
    path: String,
    version: &'static str,
    already: bool,
}

pub fn run(command: &RuntimeCommand) -> Result<Status, CliError> {
    match command {
        RuntimeCommand::Status(args) => status(args),
        RuntimeCommand::Install(args) => install(args),
    }
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

fn tried(all: &[Tried]) -> Vec<TriedJson> {
    let line = |t: &Tried| TriedJson {
        origin: t.origin.to_string(),
        path: shown(&t.path),
        reason: t.reason.clone(),
    };
    all.iter().map(line).collect()
}

fn status(args: &StatusArgs) -> Result<Status, CliError> {
    let loaded = runtime::load(args.library.ort_lib.as_deref());
    if let Some(path) = &args.common.json {
        let object = match &loaded {
            Ok(library) => StatusJson {
                loads: true,
                path: Some(shown(&library.path)),
                origin: Some(library.origin.to_string()),
                build: Some(library.build.clone()),
                tried: tried(&library.tried),
                error: None,
            },
            Err(error) => StatusJson {
                loads: false,
                path: None,
                origin: None,
                build: None,
                tried: match error {
                    OnnxError::RuntimeNotFound { tried: all } => tried(all),
                    _ => Vec::new(),
                },
                error: Some(error.to_string()),
            },
        };
        report::json(path, &object)?;
    }
    let library = loaded?;
    if !args.common.quiet && !args.common.json_on_stdout() {
        let mut text = format!(
            "ONNX Runtime: {} ({})\n",
            shown(&library.path),
            library.origin
        );
        // writing to a string cannot fail
        let _ = writeln!(text, "{}", library.build);
        for tried in &library.tried {
            let _ = writeln!(text, "before it: {tried}");
        }
        report::stdout(&text)?;
    }
    Ok(Status::Done)
}

fn install(args: &InstallArgs) -> Result<Status, CliError> {
    let done = onnx::install(args.into.as_deref())?;
    let (path, version) = (shown(&done.path), onnx::VERSION);
    if let Some(file) = &args.common.json {
        let already = done.already;
        report::json(
            file,
            &InstallJson {
                path,
                version,
                already,
            },
        )?;
    } else if !args.common.quiet {
        let what = if done.already { "is there" } else { "fetched" };
        report::stdout(&format!("ONNX Runtime {version} {what}: {path}\n"))?;
    }
    Ok(Status::Done)
}
