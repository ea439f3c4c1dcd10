//! The command: what is typed becomes a run, an exit status, and words.

mod args;
mod compare;
mod dataset;
mod error;
mod history;
mod info;
mod input;
mod interrupt;
mod judge;
mod machine;
mod model;
mod plot;
mod progress;
mod report;
mod rhs;
mod sequence;
mod solve;
mod tune;

use args::{Cli, Command};
use clap::Parser;
use error::CliError;
use std::process::ExitCode;
use tune::args::TuneCommand;

/// How a run ended, as an exit status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Done, and converged.
    Done,
    /// It ran, but something did not converge.
    NotConverged,
}

pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // help and version are no errors; a closed pipe is nothing to speak of
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    match run(&cli) {
        Ok(Status::Done) => ExitCode::SUCCESS,
        Ok(Status::NotConverged) => ExitCode::from(1),
        Err(error) => {
            eprintln!("resolvent: error: {error}");
            ExitCode::from(2)
        }
    }
}

fn run(cli: &Cli) -> Result<Status, CliError> {
    let common = match &cli.command {
        Command::Solve(args) => &args.common,
        Command::Compare(args) => &args.common,
        Command::Sequence(args) => &args.common,
        Command::Tune(TuneCommand::Report(args)) => &args.common,
        Command::Dataset(args) => args.common(),
        Command::Info(args) => &args.common,
        Command::Model(command) => command.common(),
        Command::Runtime(command) => command.common(),
    };
    interrupt::listen();
    let threads = common.threads.unwrap_or_else(machine::physical_cores);
    // the one pool: reading, setup and solves all run in it
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .map_err(|source| CliError::Threads { threads, source })?;
    pool.install(|| match &cli.command {
        Command::Solve(args) => solve::run(args, threads),
        Command::Compare(args) => compare::run(args, threads),
        Command::Sequence(args) => sequence::run(args, threads),
        Command::Tune(command) => tune::run(command),
        Command::Dataset(args) => dataset::run(args, threads),
        Command::Info(args) => info::run(args),
        Command::Model(command) => model::run(command, threads),
        Command::Runtime(command) => model::runtime::run(command),
    })
}
