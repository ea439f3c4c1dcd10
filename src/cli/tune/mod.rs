//! `resolvent tune report`: from the logs of runs, what their tuners have cost.

pub mod args;
mod arms;
mod error;
mod hindsight;
mod picture;
mod read;
mod regret;
mod report;
mod table;
mod text;

use super::Status;
use super::error::CliError;
use super::report as words;
use super::solve::outputs;
use args::{ReportArgs, TuneCommand};
pub use error::LogError;
use read::Log;
use report::{Costs, LogJson, ReportJson};

pub fn run(command: &TuneCommand) -> Result<Status, CliError> {
    match command {
        TuneCommand::Report(args) => report(args),
    }
}

fn report(args: &ReportArgs) -> Result<Status, CliError> {
    let inputs: Vec<_> = args
        .logs
        .iter()
        .map(|path| ("a log", path.as_path()))
        .collect();
    let files = [
        ("plot", args.plot.as_deref()),
        ("plot-omega", args.plot_omega.as_deref()),
        ("json", args.common.json_file()),
    ];
    outputs(&inputs, &files)?;
    let mut logs = Vec::new();
    for path in &args.logs {
        let streams = Log::read(path)?;
        let lines: usize = streams.iter().map(|log| log.systems.len()).sum();
        if streams.iter().any(|log| log.cut_off) && !args.common.quiet {
            eprintln!(
                "resolvent: warning: {}:{}: the last line is cut off, as a killed run leaves it; it is left out",
                path.display(),
                lines + 1
            );
        }
        logs.extend(streams);
    }
    let cost = args.cost.unwrap_or_else(|| read::cost_of(&logs));
    let costs: Vec<_> = logs.iter().map(|log| Costs::of(log, cost)).collect();
    let each = logs.iter().zip(&costs);
    let reports: Vec<_> = each
        .map(|(log, costs)| LogJson::new(log, cost, costs))
        .collect();
    let result = ReportJson {
        cost,
        groups: report::groups(&reports),
        logs: reports,
        version: env!("CARGO_PKG_VERSION"),
    };
    if let Some(path) = &args.plot {
        picture::figure(&logs, &costs, &result).save(path)?;
    }
    if let Some(path) = &args.plot_omega {
        picture::omegas(&logs, &costs, &result)?.save(path)?;
    }
    if !args.common.quiet && !args.common.json_on_stdout() {
        words::stdout(&result.text())?;
    }
    if let Some(path) = &args.common.json {
        words::json(path, &result)?;
    }
    Ok(Status::Done)
}
