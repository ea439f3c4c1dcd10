//! Where a run stands, so that it can be stopped and gone on with.

use super::hindsight::Sums;
use super::report::Totals;
use crate::cli::error::CliError;
use resolvent::models::TunedState;
use resolvent::solvers::RecycledState;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

/// Of the format.
pub const VERSION: u32 = 5;

#[derive(Debug, Serialize, Deserialize)]
pub struct State {
    pub version: u32,
    /// What must be the same for the run to go on.
    pub run: String,
    /// Number of the next system.
    pub next: usize,
    pub streams: Vec<StreamState>,
    /// What the generator carries.
    pub source: Vec<f64>,
}

/// What one stream carries.
#[derive(Debug, Serialize, Deserialize)]
pub struct StreamState {
    pub name: String,
    pub totals: Totals,
    /// Who solved the last system.
    pub names: [String; 2],
    /// What was said of the recycled space.
    pub recycling: Option<String>,
    /// The experts of the tuner and their weights.
    pub experts: BTreeMap<String, f64>,
    /// The last solutions, the newest first.
    pub solutions: Vec<Vec<f64>>,
    /// The spaces that are recycled.
    pub recycled: Vec<Space>,
    /// What the tuner has learned.
    pub tuner: Option<TunedState>,
    pub hindsight: Option<Sums>,
}

/// The space that a way recycles.
#[derive(Debug, Serialize, Deserialize)]
pub struct Space {
    pub way: String,
    pub method: String,
    pub numbers: Vec<f64>,
    pub vectors: Vec<Vec<f64>>,
}

impl Space {
    pub fn new((way, state): (String, RecycledState)) -> Self {
        let RecycledState {
            method,
            numbers,
            vectors,
        } = state;
        Self {
            way,
            method,
            numbers,
            vectors,
        }
    }

    pub fn whole(self) -> (String, RecycledState) {
        let Self {
            way,
            method,
            numbers,
            vectors,
        } = self;
        let state = RecycledState {
            method,
            numbers,
            vectors,
        };
        (way, state)
    }
}

/// What every version has.
#[derive(Deserialize)]
struct Versioned {
    version: u32,
}

impl State {
    /// Reads it, if it is there.
    pub fn read(path: &Path) -> Result<Option<Self>, CliError> {
        let text = match std::fs::read(path) {
            Ok(text) => text,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(source) => {
                return Err(CliError::Read {
                    path: path.into(),
                    source,
                });
            }
        };
        let foreign = |e: serde_json::Error| CliError::State {
            path: path.into(),
            problem: format!(
                "this is not the state of a run ({e}); give --state another file, or delete this one"
            ),
        };
        // first, because what another version has besides is not known
        let Versioned { version } = serde_json::from_slice(&text).map_err(foreign)?;
        if version != VERSION {
            return Err(CliError::State {
                path: path.into(),
                problem: format!(
                    "written in version {version} of the format, this is version {VERSION}; begin anew with another file"
                ),
            });
        }
        serde_json::from_slice(&text).map(Some).map_err(foreign)
    }

    /// Whether it is that of this run.
    pub fn belongs_to(&self, run: &str, path: &Path) -> Result<(), CliError> {
        match self.run == run {
            true => Ok(()),
            false => Err(CliError::State {
                path: path.into(),
                problem: format!(
                    "this is the state of another run:\n  it:   {}\n  this: {run}\nrepeat that command, or give --state another file",
                    self.run
                ),
            }),
        }
    }

    /// Writes it beside the old one and then puts it in its place.
    pub fn write(&self, path: &Path) -> Result<(), CliError> {
        let failed = |source| CliError::Write {
            path: path.into(),
            source,
        };
        let text = serde_json::to_vec(self).map_err(|e| failed(e.into()))?;
        let mut beside = path.as_os_str().to_owned();
        beside.push(".new");
        std::fs::write(&beside, text).map_err(failed)?;
        std::fs::rename(&beside, path).map_err(failed)
    }
}
