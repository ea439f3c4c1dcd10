//! The order in which the samples of a chain are solved, and from which of them each takes what it is
//! given.

use serde::{Deserialize, Serialize};
use std::ops::Range;

/// How an order is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// By index.
    #[default]
    Given,
}

impl Kind {
    /// `"given"`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Given => "given",
        }
    }
}

/// A sample in an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Visit {
    /// Sample, counted from 0.
    pub sample: u64,
    /// The sample whose solver it goes on with; `None` where a chain begins.
    pub parent: Option<u64>,
}

/// The samples of a chain in the order in which they are solved.
pub fn visits(kind: Kind, chain: Range<u64>) -> Vec<Visit> {
    match kind {
        Kind::Given => chain
            .clone()
            .map(|sample| Visit {
                sample,
                parent: (sample > chain.start).then(|| sample - 1),
            })
            .collect(),
    }
}
