//! The nearest of those left, again and again.

use super::Points;

/// Sorts a group: the first is the nearest to `from`, or the first of the group as it is given.
pub(super) fn order(
    points: &Points,
    group: &mut [usize],
    from: Option<usize>,
    metric: impl Fn(&[f64], &[f64]) -> f64,
) {
    let mut last = from;
    for done in 0..group.len() {
        let left = &group[done..];
        let next = match last {
            None => 0,
            Some(last) => {
                let here = points.point(last);
                let mut best = (f64::INFINITY, usize::MAX, 0);
                for (place, &sample) in left.iter().enumerate() {
                    let distance = metric(here, points.point(sample));
                    // of those that are equally near the one with the least number
                    if (distance, sample) < (best.0, best.1) {
                        best = (distance, sample, place);
                    }
                }
                best.2
            }
        };
        group.swap(done, done + next);
        last = Some(group[done]);
    }
}
