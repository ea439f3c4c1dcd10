//! The order in which the samples of a shard are solved, and from which of them each takes what it is
//! given.
//!
//! Samples are near where their systems are: a point for each is a sketch of A and b
//! ([`Sketch`](resolvent_solvers::orderings::Sketch)), drawn and assembled once for that and once more to be solved. The order of a shard is
//! cut into chains that start with nothing, so that shards are independent and chains run in parallel.

use resolvent_solvers::orderings::{Order, Points, euclidean};
use serde::{Deserialize, Serialize};

/// Coordinates of a sample.
pub const DIMS: usize = 64;

/// How an order is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// By index.
    #[default]
    Given,
    /// From the first of a shard, each time the nearest of those left.
    Greedy,
    /// Along a Hilbert curve through the leading principal components.
    Hilbert,
    /// Along a minimum spanning tree: each goes on from its parent in it.
    Mst,
}

impl Kind {
    /// The order of systems.
    pub fn order(self) -> Order {
        match self {
            Self::Given => Order::Given,
            Self::Greedy => Order::Greedy,
            Self::Hilbert => Order::Hilbert,
            Self::Mst => Order::Mst,
        }
    }

    /// `"given"`, `"greedy"`, `"hilbert"`, `"mst"`.
    pub fn name(self) -> &'static str {
        self.order().name()
    }
}

/// A sample in an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Visit {
    /// Row in the shard.
    pub row: usize,
    /// The row whose solver it goes on with; `None` where a chain begins.
    pub parent: Option<usize>,
    /// Place in the order of the shard.
    pub place: usize,
}

/// Number of chains of so many rows.
pub fn count(rows: usize, length: usize) -> usize {
    rows.div_ceil(length.max(1))
}

/// The chains of a shard by index.
pub fn given(rows: usize, length: usize) -> Vec<Vec<Visit>> {
    let length = length.max(1);
    let chain = |from: usize| {
        let rows = from..(from + length).min(rows);
        let visit = |row| Visit {
            row,
            parent: (row > from).then(|| row - 1),
            place: row,
        };
        rows.map(visit).collect()
    };
    (0..rows).step_by(length).map(chain).collect()
}

/// The chains of a shard whose rows are these points.
pub fn chains(kind: Kind, points: &Points, length: usize) -> Vec<Vec<Visit>> {
    let chains = kind.order().chains(points, euclidean, length);
    let mut place = 0..;
    let visit = |(visit, place): (&resolvent_solvers::orderings::Visit, usize)| Visit {
        row: visit.sample,
        parent: visit.parent,
        place,
    };
    chains
        .iter()
        .map(|chain| chain.iter().zip(place.by_ref()).map(visit).collect())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chains_of_any_order_hold_every_row_once() {
        let mut points = Points::new(1);
        (0..70).for_each(|i| points.push(&[f64::from(i * 37 % 70)]));
        assert_eq!(given(70, 32), chains(Kind::Given, &points, 32));
        for kind in [Kind::Given, Kind::Greedy, Kind::Hilbert, Kind::Mst] {
            let chains = chains(kind, &points, 32);
            assert_eq!(chains.len(), count(70, 32));
            let all: Vec<_> = chains.iter().flatten().collect();
            assert!(all.iter().enumerate().all(|(place, v)| v.place == place));
            let mut rows: Vec<_> = all.iter().map(|v| v.row).collect();
            rows.sort_unstable();
            assert!(rows.iter().copied().eq(0..70));
            assert!(chains.iter().all(|chain| chain[0].parent.is_none()));
        }
    }
}
