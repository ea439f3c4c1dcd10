//! Reads a log of `resolvent sequence --log`.

use super::args::Cost;
use super::error::LogError;
use crate::cli::solve::file_name;
use serde::{Deserialize, Deserializer};
use std::fs::File;
use std::io::{BufRead, BufReader, ErrorKind};
use std::path::{Path, PathBuf};

/// How many ω hindsight tries: 1, 1.05, …, 1.95.
pub const GRID: usize = 20;

/// ω at place `i` of the grid.
pub fn grid(i: usize) -> f64 {
    (GRID + i) as f64 / GRID as f64
}

/// A run, or what it did for one of several equations.
#[derive(Debug)]
pub struct Log {
    pub path: PathBuf,
    /// The equation, where there are several.
    pub stream: Option<String>,
    pub systems: Vec<Solve>,
    /// The last line was cut off and is left out.
    pub cut_off: bool,
}

/// What is read of a line. Keys that may be null must still be there, unless they came later than
/// the first logs.
#[derive(Debug, Clone, Deserialize)]
pub struct Solve {
    index: u64,
    #[serde(default)]
    stream: Option<String>,
    iterations: u64,
    work: f64,
    seconds: Seconds,
    pub converged: bool,
    pub capped: bool,
    #[serde(deserialize_with = "nullable")]
    pub arm: Option<String>,
    #[serde(deserialize_with = "nullable")]
    pub omega: Option<f64>,
    #[serde(deserialize_with = "nullable")]
    pub probability: Option<f64>,
    pub context: Vec<f64>,
    #[serde(rename = "cost", deserialize_with = "nullable")]
    _cost: Option<f64>,
    /// Products with A that describing the matrix took: each counts as an iteration.
    #[serde(default)]
    extra_matvecs: u64,
    #[serde(default)]
    pub expert: Option<String>,
    #[serde(default)]
    pub tuner: Option<String>,
    /// What the tuner was to make small.
    #[serde(default)]
    cost_of: Option<String>,
    #[serde(default)]
    pub hindsight: Option<Hindsight>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
struct Seconds {
    setup: f64,
    solve: f64,
    #[serde(rename = "total")]
    _total: f64,
}

/// What the other choices would have cost, in iterations.
#[derive(Debug, Clone, Deserialize)]
pub struct Hindsight {
    /// With each ω of the grid.
    pub iterations: Vec<u64>,
    /// With the ω that a golden-section search found.
    #[serde(default)]
    pub golden: Option<Golden>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Golden {
    #[serde(rename = "omega")]
    _omega: f64,
    pub iterations: u64,
}

/// What the tuners of all logs were to make small, where that is one thing; else iterations.
pub fn cost_of(logs: &[Log]) -> Cost {
    let mut all =
        logs.iter()
            .flat_map(|log| &log.systems)
            .map(|solve| match solve.cost_of.as_deref() {
                Some("work") => Cost::Work,
                Some("time") => Cost::Seconds,
                _ => Cost::Iterations,
            });
    let first = all.next().unwrap_or(Cost::Iterations);
    match all.all(|cost| cost == first) {
        true => first,
        false => Cost::Iterations,
    }
}

impl Solve {
    pub fn cost(&self, of: Cost) -> f64 {
        match of {
            Cost::Iterations => self.iterations as f64 + self.extra_matvecs as f64,
            Cost::Work => self.work,
            Cost::Seconds => self.seconds.setup + self.seconds.solve,
        }
    }

    /// What is wrong with the numbers, if anything is.
    fn problem(&self, before: Option<&Self>) -> Option<String> {
        let count = self.hindsight.as_ref().map_or(GRID, |h| h.iterations.len());
        let expected = before.map_or(self.index, |before| before.index.saturating_add(1));
        if self.index != expected {
            Some(format!(
                "index {} where {expected} was expected: lines are missing or repeated, or two runs are in one file; give each run a log of its own",
                self.index
            ))
        } else if count != GRID {
            Some(format!(
                "hindsight has {count} iteration counts, expected {GRID}, one for each ω of 1, 1.05, …, 1.95"
            ))
        } else if self.probability.is_some_and(|p| !(p > 0.0 && p <= 1.0)) {
            Some(format!(
                "the probability is {}, expected a number above 0 and at most 1, or null where it is not known",
                self.probability.unwrap_or_default()
            ))
        } else if let Some(omega) = self.omega.filter(|w| !(*w > 0.0 && *w < 2.0)) {
            Some(format!(
                "omega is {omega}, expected a number between 0 and 2, or null where there is none"
            ))
        } else if !(self.work >= 0.0 && self.seconds.setup >= 0.0 && self.seconds.solve >= 0.0) {
            Some("work or seconds are negative".into())
        } else {
            None
        }
    }
}

/// A key that must be there, and may be null.
fn nullable<'de, D: Deserializer<'de>, V: Deserialize<'de>>(d: D) -> Result<Option<V>, D::Error> {
    Option::deserialize(d)
}

impl Log {
    /// One for each stream.
    pub fn read(path: &Path) -> Result<Vec<Self>, LogError> {
        let failed = |source: std::io::Error| match source.kind() {
            ErrorKind::NotFound => LogError::Missing(path.into()),
            _ => LogError::Read {
                path: path.into(),
                source,
            },
        };
        let mut reader = BufReader::new(File::open(path).map_err(failed)?);
        let mut systems: Vec<Solve> = Vec::new();
        let mut text = Vec::new();
        let mut cut_off = false;
        for line in 1.. {
            text.clear();
            if reader.read_until(b'\n', &mut text).map_err(failed)? == 0 {
                break;
            }
            let wrong = |problem| LogError::Line {
                path: path.into(),
                line,
                problem,
            };
            let solve: Solve = match serde_json::from_slice(&text) {
                Ok(solve) => solve,
                // a killed run leaves the beginning of a line, without its end
                Err(error) if error.is_eof() && text.last() != Some(&b'\n') => {
                    cut_off = true;
                    break;
                }
                Err(error) => {
                    let blank = text.iter().all(u8::is_ascii_whitespace);
                    return Err(wrong(explain(&error, blank)));
                }
            };
            if let Some(problem) = solve.problem(systems.last()) {
                return Err(wrong(problem));
            }
            systems.push(solve);
        }
        match (systems.is_empty(), cut_off) {
            (true, true) => Err(LogError::OnlyCutOff(path.into())),
            (true, false) => Err(LogError::Empty(path.into())),
            (false, _) => Ok(Self::by_stream(path, systems, cut_off)),
        }
    }

    /// In the order in which the streams first appear.
    fn by_stream(path: &Path, systems: Vec<Solve>, cut_off: bool) -> Vec<Self> {
        let mut logs: Vec<Self> = Vec::new();
        for solve in systems {
            match logs.iter_mut().find(|log| log.stream == solve.stream) {
                Some(log) => log.systems.push(solve),
                None => logs.push(Self {
                    path: path.into(),
                    stream: solve.stream.clone(),
                    systems: vec![solve],
                    cut_off,
                }),
            }
        }
        logs
    }

    /// The file's name, with that of the stream.
    pub fn name(&self) -> String {
        let file = file_name(&self.path);
        match &self.stream {
            Some(stream) => format!("{file} ({stream})"),
            None => file,
        }
    }

    /// Who chose; several names where that changed on the way.
    pub fn tuner(&self) -> Option<String> {
        let mut names: Vec<&str> = Vec::new();
        for name in self.systems.iter().filter_map(|s| s.tuner.as_deref()) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        (!names.is_empty()).then(|| names.join(" + "))
    }
}

/// Of an error on one line: what serde says, without the line number it counts.
fn explain(error: &serde_json::Error, blank: bool) -> String {
    let text = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    let what = text.strip_suffix(&place).unwrap_or(&text);
    let column = error.column();
    let what = match error.is_data() {
        _ if blank => "the line is empty".into(),
        _ if column == 0 => "the line ends in the middle of an object".into(),
        false => format!("not JSON: {what} (column {column})"),
        true => {
            let what = what
                .replace("missing field", "missing key")
                .replace("expected u64", "expected a whole number")
                .replace("expected f64", "expected a number");
            format!("{what} (column {column})")
        }
    };
    format!("{what}; a log has one object a line, as `resolvent sequence --log` writes it")
}
