//! Sharing the layers of a level out among threads.

use super::PrecondError;
use super::field::{Layers, Shape};
use crate::kernels::parallel;
use std::ops::Range;

/// Cells that a thread is worth.
const MIN_CELLS: usize = 16 * 1024;

/// Threads that a level is worth.
pub(super) fn threads(shape: Shape) -> usize {
    let worth = shape.cells() / MIN_CELLS;
    if worth > 1 && parallel() {
        rayon::current_num_threads().min(worth)
    } else {
        1
    }
}

/// Calls `work` with bands of layers and what of each part belongs to them, on so many threads; the
/// first error in the order of the layers.
pub(super) fn bands<const N: usize>(
    layers: Range<usize>,
    parts: [Layers<'_>; N],
    threads: usize,
    work: &(impl Fn(Range<usize>, [Layers<'_>; N]) -> Result<(), PrecondError> + Sync),
) -> Result<(), PrecondError> {
    let half = threads / 2;
    if half == 0 || layers.len() < 2 {
        return work(layers, parts);
    }
    let count = layers.len() * half / threads;
    let middle = layers.start + count;
    let mut above = std::array::from_fn(|_| Layers::none());
    let mut cut = above.iter_mut();
    let below = parts.map(|part| {
        let (low, high) = part.split(count);
        if let Some(above) = cut.next() {
            *above = high;
        }
        low
    });
    let (low, high) = rayon::join(
        || bands(layers.start..middle, below, half, work),
        || bands(middle..layers.end, above, threads - half, work),
    );
    low.and(high)
}
