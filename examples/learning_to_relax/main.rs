//! The experiments of "Learning to Relax" (Khodak et al., ICLR 2024), and what goes beyond them, as
//! Markdown tables:
//!
//! ```sh
//! cargo run --release --example learning_to_relax -- shifted        # SOR, 20 seeds, both variances
//! cargo run --release --example learning_to_relax -- heat           # SSOR-PCG, nx = 25, 50, 100
//! cargo run --release --example learning_to_relax -- never-worse    # against the user's own arm
//! cargo run --release --example learning_to_relax -- shifted --seeds 3 --systems 500
//! ```
//!
//! Costs are iterations, those of estimating β included; the same on every machine.

mod heat;
mod never_worse;
mod run;
mod shifted;

use std::process::ExitCode;

const USAGE: &str =
    "usage: learning_to_relax shifted|heat|never-worse [--seeds N] [--systems T] [--nx NX]";

/// What was typed.
pub struct Options {
    /// Number of seeds, from 0.
    pub seeds: u64,
    /// Systems of a sequence.
    pub systems: usize,
    /// Cells a side, of the heat equation; all three where it is not given.
    pub nx: Option<usize>,
}

fn main() -> ExitCode {
    let mut words = std::env::args().skip(1);
    let what = words.next().unwrap_or_default();
    let mut options = Options {
        seeds: 20,
        systems: 5000,
        nx: None,
    };
    if what == "heat" {
        options.seeds = 3;
    }
    while let Some(flag) = words.next() {
        let value = words
            .next()
            .and_then(|word| word.parse::<usize>().ok())
            .filter(|n| *n > 0);
        match (flag.as_str(), value) {
            ("--seeds", Some(n)) => options.seeds = n as u64,
            ("--systems", Some(n)) => options.systems = n,
            ("--nx", Some(n)) => options.nx = Some(n),
            _ => {
                eprintln!("{USAGE}");
                return ExitCode::from(2);
            }
        }
    }
    let done = match what.as_str() {
        "shifted" => shifted::tables(&options),
        "heat" => heat::tables(&options),
        "never-worse" => never_worse::table(&options),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("error: {problem}");
            ExitCode::FAILURE
        }
    }
}
