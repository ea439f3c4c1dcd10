//! A minimum spanning tree, visited depth first.
//!
//! A tree by Prim's algorithm on all distances, O(n²) of them and O(n) memory, from the point that is
//! nearest to the middle. Of each point the branches are visited by size, the smallest first: while
//! branches are open, what is carried has to be kept for their roots, and so for no more than log₂ n
//! points at a time.
//!
//! - R. C. Prim, Shortest connection networks and some generalizations, Bell System Technical Journal
//!   36(6):1389–1401, 1957, doi:10.1002/j.1538-7305.1957.tb01515.x.

use super::{Points, Visit};

/// Appends the visits of the tree of a group.
pub(super) fn visits(
    points: &Points,
    group: &[usize],
    metric: impl Fn(&[f64], &[f64]) -> f64,
    visits: &mut Vec<Visit>,
) {
    let Some(root) = middle(points, group, &metric) else {
        return;
    };
    let (parents, order) = prim(points, group, root, &metric);
    // branches of each place: sizes from the leaves up, as each comes after its parent
    let mut size = vec![1usize; group.len()];
    let mut branches = vec![Vec::new(); group.len()];
    for &place in order.iter().rev() {
        if let Some(parent) = parents[place] {
            size[parent] += size[place];
            branches[parent].push(place);
        }
    }
    let mut stack = vec![root];
    while let Some(place) = stack.pop() {
        visits.push(Visit {
            sample: group[place],
            parent: parents[place].map(|parent| group[parent]),
        });
        let branches = &mut branches[place];
        branches.sort_by_key(|&branch| (std::cmp::Reverse(size[branch]), group[branch]));
        stack.append(branches); // the smallest on top
    }
}

/// The place in the group of the point that is nearest to the mean.
fn middle(
    points: &Points,
    group: &[usize],
    metric: impl Fn(&[f64], &[f64]) -> f64,
) -> Option<usize> {
    let mut mean = vec![0.0; points.dims()];
    for &sample in group {
        let share = |(m, x): (&mut f64, &f64)| *m += x / group.len() as f64;
        mean.iter_mut().zip(points.point(sample)).for_each(share);
    }
    let distance = |place: &usize| metric(&mean, points.point(group[*place]));
    (0..group.len()).min_by(|p, q| distance(p).total_cmp(&distance(q)))
}

/// The parent of each place, and the places in the order in which the tree reached them.
fn prim(
    points: &Points,
    group: &[usize],
    root: usize,
    metric: impl Fn(&[f64], &[f64]) -> f64,
) -> (Vec<Option<usize>>, Vec<usize>) {
    let n = group.len();
    let mut parents = vec![None; n];
    let mut order = vec![root];
    // places outside of the tree: distance to it, and from which of its places
    let mut outside: Vec<usize> = (0..n).filter(|&place| place != root).collect();
    let mut nearest = vec![(f64::INFINITY, root); n];
    let mut last = root;
    while !outside.is_empty() {
        let here = points.point(group[last]);
        let mut best = (f64::INFINITY, usize::MAX, 0);
        for (at, &place) in outside.iter().enumerate() {
            let distance = metric(here, points.point(group[place]));
            if distance < nearest[place].0 {
                nearest[place] = (distance, last);
            }
            if (nearest[place].0, place) < (best.0, best.1) {
                best = (nearest[place].0, place, at);
            }
        }
        last = outside.swap_remove(best.2);
        parents[last] = Some(nearest[last].1);
        order.push(last);
    }
    (parents, order)
}
