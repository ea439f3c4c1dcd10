//! In which order related systems are solved, and from which of them each takes what it is given.
//!
//! A system is a point: its parameters, its context, or a sketch of its entries ([`Sketch`]). What is
//! carried from one system to the next (a recycled space, a factorisation to precondition with, an
//! iterate) is worth more the nearer the two are, so an order makes the steps small. It costs time
//! of its own, and that time belongs in every comparison.
//!
//! | order | each system goes on from | cost |
//! |---|---|---|
//! | [`Order::Given`] | the one before | none |
//! | [`Order::Greedy`] | the one before; next comes the nearest of those left | O(N·min(N, G)·d) |
//! | [`Order::Hilbert`] | the one before along a Hilbert curve through the principal components | O(N (d² + log N)) |
//! | [`Order::Mst`] | its parent in a minimum spanning tree, which has been solved before | O(N·min(N, G)·d) |
//!
//! with d coordinates and G = [`GROUP`]: sets with more points are first cut into groups along the
//! Hilbert curve, greedy order and trees are those of each group.
//!
//! ```
//! use resolvent_solvers::orderings::{Order, Points, euclidean, mean_step};
//!
//! let mut points = Points::new(1);
//! for x in [0.0, 5.0, 1.0, 6.0, 2.0] {
//!     points.push(&[x]);
//! }
//! let given = Order::Given.visits(&points, euclidean);
//! let greedy = Order::Greedy.visits(&points, euclidean);
//! let order: Vec<usize> = greedy.iter().map(|visit| visit.sample).collect();
//! assert_eq!(order, [0, 2, 4, 1, 3]);
//! assert!(mean_step(&points, &greedy, euclidean) < mean_step(&points, &given, euclidean));
//! ```
//!
//! - Greedy order: H. Wang et al., Accelerating data generation for neural operators via Krylov
//!   subspace recycling, ICLR 2024, algorithm 1.

mod greedy;
mod hilbert;
mod mst;
mod points;
mod sketch;
#[cfg(test)]
mod tests;

pub use points::{Points, chebyshev, euclidean, manhattan};
pub use sketch::Sketch;

/// Points that greedy order and spanning trees look at together; more are cut into groups.
pub const GROUP: usize = 10_000;

/// How an order is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// As the systems come.
    #[default]
    Given,
    /// From the first, each time the nearest of those left.
    Greedy,
    /// Along a Hilbert curve through the leading principal components.
    Hilbert,
    /// Along a minimum spanning tree, depth first, small branches first.
    Mst,
}

/// A system in an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Visit {
    /// Its number, counted from 0.
    pub sample: usize,
    /// The system whose solver it goes on with, visited before; `None`: it begins with nothing.
    pub parent: Option<usize>,
}

impl Order {
    /// All orders, with their names.
    pub const ALL: [(&'static str, Self); 4] = [
        ("given", Self::Given),
        ("greedy", Self::Greedy),
        ("hilbert", Self::Hilbert),
        ("mst", Self::Mst),
    ];

    /// `"given"`, `"greedy"`, `"hilbert"`, `"mst"`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Given => "given",
            Self::Greedy => "greedy",
            Self::Hilbert => "hilbert",
            Self::Mst => "mst",
        }
    }

    /// All points in this order. Only the first has no parent.
    pub fn visits(self, points: &Points, metric: impl Fn(&[f64], &[f64]) -> f64) -> Vec<Visit> {
        match self {
            Self::Given => in_line(0..points.len()),
            Self::Hilbert => in_line(hilbert::order(points)),
            Self::Greedy => {
                let mut order = Vec::with_capacity(points.len());
                for mut group in groups(points) {
                    let from = order.last().copied();
                    greedy::order(points, &mut group, from, &metric);
                    order.extend(group);
                }
                in_line(order)
            }
            Self::Mst => {
                let mut visits = Vec::with_capacity(points.len());
                for group in groups(points) {
                    let before = visits.len();
                    mst::visits(points, &group, &metric, &mut visits);
                    // a tree after the first grows from the nearest of the tree before it
                    if before > 0 {
                        let (grown, tree) = visits.split_at_mut(before);
                        let near = &grown[before.saturating_sub(GROUP)..];
                        tree[0].parent = nearest(points, tree[0].sample, near, &metric);
                    }
                }
                visits
            }
        }
    }

    /// The same, cut into chains of at most `length` that depend on nothing outside of them: the first
    /// of each has no parent, and one whose parent is in another chain goes on from the nearest of its
    /// own chain.
    pub fn chains(
        self,
        points: &Points,
        metric: impl Fn(&[f64], &[f64]) -> f64,
        length: usize,
    ) -> Vec<Vec<Visit>> {
        let visits = self.visits(points, &metric);
        let mut chain_of = vec![0; points.len()];
        let length = length.max(1);
        for (place, visit) in visits.iter().enumerate() {
            chain_of[visit.sample] = place / length;
        }
        let mut chains: Vec<Vec<Visit>> = visits.chunks(length).map(<[Visit]>::to_vec).collect();
        for (index, chain) in chains.iter_mut().enumerate() {
            for place in 0..chain.len() {
                let (earlier, rest) = chain.split_at_mut(place);
                let visit = &mut rest[0];
                if visit.parent.is_none_or(|parent| chain_of[parent] != index) {
                    visit.parent = nearest(points, visit.sample, earlier, &metric);
                }
            }
        }
        chains
    }
}

/// Each after the one before it.
fn in_line(order: impl IntoIterator<Item = usize>) -> Vec<Visit> {
    let mut parent = None;
    let visit = |sample| Visit {
        sample,
        parent: parent.replace(sample),
    };
    order.into_iter().map(visit).collect()
}

/// All points where they are few, runs of the Hilbert curve otherwise.
fn groups(points: &Points) -> Vec<Vec<usize>> {
    if points.len() <= GROUP {
        return vec![(0..points.len()).collect()];
    }
    let order = hilbert::order(points);
    order.chunks(GROUP).map(<[usize]>::to_vec).collect()
}

/// The nearest of these, the first of those that are equally near.
fn nearest(
    points: &Points,
    sample: usize,
    of: &[Visit],
    metric: impl Fn(&[f64], &[f64]) -> f64,
) -> Option<usize> {
    let distance = |visit: &Visit| metric(points.point(sample), points.point(visit.sample));
    let least = |best: Option<(f64, usize)>, visit: &Visit| match (best, distance(visit)) {
        (Some((least, _)), d) if d >= least || d.is_nan() => best,
        (_, d) => Some((d, visit.sample)),
    };
    of.iter().fold(None, least).map(|(_, sample)| sample)
}

/// The mean distance of a system from the one it goes on from; 0 where there is none.
pub fn mean_step(points: &Points, visits: &[Visit], metric: impl Fn(&[f64], &[f64]) -> f64) -> f64 {
    let step = |visit: &Visit| {
        let parent = points.point(visit.parent?);
        Some(metric(parent, points.point(visit.sample)))
    };
    let (sum, steps) = visits
        .iter()
        .filter_map(step)
        .fold((0.0, 0), |(sum, steps), step| (sum + step, steps + 1));
    sum / f64::max(1.0, steps as f64)
}
