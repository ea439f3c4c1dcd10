//! Who a run is measured against: the best fixed ω and the oracles.

use super::args::Cost;
use super::read::{GRID, Hindsight, Log, grid};

/// What others would have paid for each system.
#[derive(Debug)]
pub struct Comparators {
    /// The best fixed ω of the whole run.
    pub omega: f64,
    pub fixed: Vec<f64>,
    /// The best ω of the grid for each system.
    pub oracle: Vec<f64>,
    /// The ω of a golden-section search for each system, where the log has it.
    pub golden: Option<Vec<f64>>,
    /// Mean of each ω of the grid over all systems.
    means: Vec<f64>,
}

/// Why there is nothing to compare with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unknown {
    /// No line has hindsight.
    None,
    /// Only so many lines have.
    Some(usize),
    /// It is in iterations, the cost asked for is not.
    Cost,
}

impl Comparators {
    pub fn of(log: &Log, cost: Cost) -> Result<Self, Unknown> {
        let known: Vec<_> = log.systems.iter().flat_map(|s| &s.hindsight).collect();
        match known.len() {
            0 => return Err(Unknown::None),
            n if n < log.systems.len() => return Err(Unknown::Some(n)),
            _ if cost != Cost::Iterations => return Err(Unknown::Cost),
            _ => {}
        }
        let mut sums = [0u64; GRID];
        for hindsight in &known {
            for (sum, count) in sums.iter_mut().zip(&hindsight.iterations) {
                *sum = sum.saturating_add(*count);
            }
        }
        // the first of equals: the smaller ω
        let best = (0..GRID).min_by_key(|&i| sums[i]).unwrap_or(0);
        let least = |h: &Hindsight| h.iterations.iter().copied().min().unwrap_or(0) as f64;
        let golden = |h: &&Hindsight| Some(h.golden?.iterations as f64);
        let count = known.len() as f64;
        Ok(Self {
            omega: grid(best),
            fixed: known.iter().map(|h| h.iterations[best] as f64).collect(),
            oracle: known.iter().map(|h| least(h)).collect(),
            golden: known.iter().map(golden).collect(),
            means: sums.iter().map(|&sum| sum as f64 / count).collect(),
        })
    }

    /// Each ω of the grid, and its mean over all systems.
    pub fn by_omega(&self) -> Vec<[f64; 2]> {
        let means = self.means.iter().enumerate();
        means.map(|(i, &mean)| [grid(i), mean]).collect()
    }

    /// Mean over all systems of an ω on the grid.
    pub fn mean(&self, omega: f64) -> Option<f64> {
        let place = (0..GRID).find(|&i| (grid(i) - omega).abs() < 1e-9);
        place.map(|i| self.means[i])
    }
}
