//! What can be wrong with a log.

use std::path::PathBuf;

#[derive(Debug, thiserror::Error)]
pub enum LogError {
    #[error("{}: no such file; give a log that `resolvent sequence --log` has written", .0.display())]
    Missing(PathBuf),
    #[error("{}: cannot be read: {source}; give a log that `resolvent sequence --log` has written", path.display())]
    Read {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("{}: the log is empty: no system was solved in this run", .0.display())]
    Empty(PathBuf),
    #[error("{}:1: the log holds nothing but a line cut off in the middle; run the sequence again", .0.display())]
    OnlyCutOff(PathBuf),
    #[error("{}:{line}: {problem}", path.display())]
    Line {
        path: PathBuf,
        line: u64,
        problem: String,
    },
    #[error(
        "--plot-omega: no log says what other ω would have cost; run `resolvent sequence` with --hindsight to the end of every system, and leave --cost at iterations"
    )]
    NoHindsight,
}
