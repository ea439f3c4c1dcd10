//! What a data set is asked to be: everything that its numbers depend on.

use super::DatasetError;
use super::bars::{self, ErrorBars};
use super::npy::Dtype;
use super::split::Shares;
use super::systems::{self, Pair};
use crate::registry;
use resolvent_matrices::Grid;
use resolvent_matrices::families::AnyFamily;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Everything that the numbers of a data set depend on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// Family with all its parameters: `darcy:low=3,high=12,…`.
    pub family: String,
    /// Points of what is stored: `128x128`.
    pub grid: String,
    /// Points of what is solved, where those are others.
    pub solve_grid: Option<String>,
    /// How many samples.
    pub samples: u64,
    /// Index of the first.
    pub first: u64,
    /// Seed: sample i is drawn from it and from i.
    pub seed: u64,
    /// Systems in files, in place of a family that is drawn.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub systems: Vec<Pair>,
    /// Inputs that are read instead of drawn.
    pub given: Vec<Given>,
    /// How numbers are stored.
    pub dtype: Dtype,
    /// Solver, as typed.
    pub solver: String,
    /// Preconditioner, as typed.
    pub precond: String,
    /// ‖b − Ax‖₂ ≤ rtol ‖b‖₂.
    pub rtol: f64,
    /// rtol was not given, and is found before the first sample is made ([`tolerance`](super::tolerance)).
    #[serde(default)]
    pub auto_rtol: bool,
    /// Most iterations, where that was asked for.
    pub max_iters: Option<usize>,
    /// Order in which the samples of a shard are solved.
    pub order: super::order::Kind,
    /// Samples in a file.
    pub shard: usize,
    /// Samples that are solved one after the other, with what is carried from one to the next.
    pub chain: usize,
    /// Whether the errors of the labels are estimated.
    #[serde(default)]
    pub error_bars: Option<ErrorBars>,
    /// Training, validation and test.
    pub split: Shares,
}

/// Inputs that are read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Given {
    /// Input of the family.
    pub field: String,
    /// Where it is read. The data set stays the same if the file is moved.
    pub path: PathBuf,
    /// What the file holds.
    pub sha256: String,
}

/// Bytes of a file of a shard, about.
const SHARD_BYTES: usize = 48 << 20;
/// Samples in a file at most.
const SHARD_MOST: usize = 512;
/// Samples of a chain, at most a shard.
const CHAIN: usize = 32;

impl Request {
    /// The parts of a data set whose samples have fields of `numbers` numbers in the largest file:
    /// samples in a file, and of a chain.
    pub fn parts(samples: u64, numbers: usize, dtype: Dtype) -> (usize, usize) {
        let fit = SHARD_BYTES / (numbers * dtype.bytes()).max(1);
        let shard = (samples.min(fit.clamp(1, SHARD_MOST) as u64) as usize).max(1);
        (shard, CHAIN.min(shard))
    }

    /// The family, on the grid that is solved.
    ///
    /// # Errors
    /// [`DatasetError::Family`].
    pub fn family(&self) -> Result<AnyFamily, DatasetError> {
        if self.family == systems::NAME {
            return systems::family(&self.systems);
        }
        let grid = self.solve_grid.as_ref().unwrap_or(&self.grid);
        Ok(registry::sample_family(&self.family, Self::points(grid)?)?)
    }

    /// The family, on the grid that is stored.
    ///
    /// # Errors
    /// [`DatasetError::Family`].
    pub fn stored_family(&self) -> Result<AnyFamily, DatasetError> {
        if self.family == systems::NAME {
            return self.family();
        }
        Ok(registry::sample_family(
            &self.family,
            Self::points(&self.grid)?,
        )?)
    }

    /// A grid, as typed.
    ///
    /// # Errors
    /// [`DatasetError::Family`].
    pub fn points(text: &str) -> Result<Grid, DatasetError> {
        Ok(registry::sample_grid(text)?)
    }

    /// Number of shards.
    pub fn shards(&self) -> usize {
        self.samples.div_ceil(self.shard as u64) as usize
    }

    /// The samples of a shard, counted from 0.
    pub fn range(&self, shard: usize) -> std::ops::Range<u64> {
        let from = shard as u64 * self.shard as u64;
        from..(from + self.shard as u64).min(self.samples)
    }

    /// Refuses what makes no sense.
    ///
    /// # Errors
    /// [`DatasetError::Request`].
    pub fn check(&self) -> Result<(), DatasetError> {
        let refuse = |problem: String| Err(DatasetError::Request(problem));
        if self.samples == 0 || self.samples > 1 << 40 {
            return refuse(format!(
                "--samples {}: give a number from 1 to 2^40",
                self.samples
            ));
        }
        if self.shard == 0 || self.chain == 0 {
            return refuse("a shard and a chain have at least one sample".into());
        }
        if !(self.rtol > 0.0 && self.rtol < 1.0) {
            return refuse(format!(
                "--rtol {}: give a number between 0 and 1",
                self.rtol
            ));
        }
        if let Some(solve) = &self.solve_grid {
            let [stored, solved] = [
                Self::points(&self.grid)?.dimension(),
                Self::points(solve)?.dimension(),
            ];
            if stored != solved {
                return refuse(format!(
                    "--solve-grid {solve} has {solved} dimensions and --grid {} has {stored}: give both as many, \
                     such as 128x128 or 32x32x32",
                    self.grid
                ));
            }
        }
        if self.solve_grid.is_some() && !self.given.is_empty() {
            return refuse(
                "--solve-grid: coefficients that are read have one grid; leave out --solve-grid, or \
                 interpolate them yourself"
                    .into(),
            );
        }
        if self.auto_rtol || self.error_bars.is_some_and(|bars| bars.every.is_some()) {
            bars::doubled(self, &self.family()?.describe())?;
        }
        self.split.check()
    }

    /// What differs from another request, in words; `None` if the data are the same.
    pub fn difference(&self, other: &Self) -> Option<String> {
        let pair = (serde_json::to_value(self), serde_json::to_value(other));
        let (Ok(serde_json::Value::Object(ours)), Ok(serde_json::Value::Object(theirs))) = pair
        else {
            return Some("the parameters cannot be compared".into());
        };
        let same_files = self.given.len() == other.given.len()
            && self.given.iter().zip(&other.given).all(|(a, b)| {
                (&a.field, &a.sha256) == (&b.field, &b.sha256) // wherever they lie
            });
        let differing: Vec<_> = ours
            .iter()
            .filter(|(key, value)| theirs.get(*key) != Some(value))
            .filter(|(key, _)| *key != "given" || !same_files)
            .filter(|(key, _)| *key != "rtol" || !self.auto_rtol) // found, not given
            .map(|(key, value)| match key.as_str() {
                "given" => "the files of coefficients are others".to_owned(),
                _ => {
                    let there = theirs.get(key).unwrap_or(&serde_json::Value::Null);
                    format!("{key} is {there} there and {value} here")
                }
            })
            .collect();
        (!differing.is_empty()).then(|| differing.join("; "))
    }
}
