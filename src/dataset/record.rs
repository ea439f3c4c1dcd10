//! What is written about each sample, each shard, and the time it took.

use super::durable::Stored;
use super::stats::Moments;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// What is written about a sample.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// Its index: with the seed, all that its inputs depend on.
    pub index: u64,
    /// Seed of the data set.
    pub seed: u64,
    /// Its place in the order in which samples are solved.
    pub position: u64,
    /// Index of the sample whose solver it went on with; `None` where a chain begins.
    pub parent: Option<u64>,
    /// Method that finished it.
    pub solver: Cow<'static, str>,
    /// Preconditioner that finished it.
    pub precond: Cow<'static, str>,
    /// Iterations.
    pub iterations: usize,
    /// Products with A.
    pub matvecs: usize,
    /// ‖b − Ax‖₂/‖b‖₂, recomputed in double precision from the x that is stored (before it is rounded
    /// to single precision, if it is); `None` if it is not finite.
    pub relative_residual: Option<f64>,
    /// `converged`, or why it did not.
    pub status: Cow<'static, str>,
}

impl Record {
    /// Whether the solution is there.
    pub fn converged(&self) -> bool {
        self.status == "converged"
    }
}

/// What is written about a shard; it is there when the arrays are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shard {
    /// Its arrays.
    pub files: Vec<Stored>,
    /// Moments of the inputs of its samples that train, field by field.
    pub inputs: Vec<Moments>,
    /// Moments of their outputs.
    pub outputs: Vec<Moments>,
    /// Its samples, by index.
    pub records: Vec<Record>,
}

/// Seconds, summed over threads.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Seconds {
    /// Inputs and systems.
    pub generate: f64,
    /// Orders.
    pub order: f64,
    /// Everything before a first iteration: factorisations, preconditioners, and the choice of both.
    pub setup: f64,
    /// Iterations.
    pub solve: f64,
    /// Residuals recomputed.
    pub verify: f64,
    /// Files and checksums.
    pub write: f64,
}

impl Seconds {
    /// Both.
    pub fn add(&mut self, other: &Self) {
        self.generate += other.generate;
        self.order += other.order;
        self.setup += other.setup;
        self.solve += other.solve;
        self.verify += other.verify;
        self.write += other.write;
    }

    /// All of them.
    pub fn total(&self) -> f64 {
        self.generate + self.order + self.setup + self.solve + self.verify + self.write
    }
}
