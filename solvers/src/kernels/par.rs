//! Splitting work over the threads of the pool we are in, without allocating.

use std::ops::Range;

/// Below this many numbers a vector operation is not worth a second thread.
pub(super) const MIN_PARALLEL: usize = 32 * 1024;
/// Leaves of the summation tree have at most this many numbers.
pub(super) const LEAF: usize = 4096;

/// Whether we are inside a pool of more than one thread.
pub(crate) fn parallel() -> bool {
    rayon::current_thread_index().is_some() && rayon::current_num_threads() > 1
}

/// Length of the pieces that `n` numbers are cut into.
fn piece(n: usize) -> usize {
    if n < MIN_PARALLEL || !parallel() {
        n
    } else {
        n.div_ceil(rayon::current_num_threads())
            .next_multiple_of(64)
    }
}

/// Calls `f(offset, part)` on consecutive parts of `y`.
pub(crate) fn for_parts<A: Send>(y: &mut [A], f: &(impl Fn(usize, &mut [A]) + Sync)) {
    let piece = piece(y.len());
    split(y, 0, piece, f);
}

fn split<A: Send>(y: &mut [A], offset: usize, piece: usize, f: &(impl Fn(usize, &mut [A]) + Sync)) {
    if y.len() <= piece {
        return f(offset, y);
    }
    let pieces = y.len().div_ceil(piece);
    let mid = (pieces / 2) * piece;
    let (left, right) = y.split_at_mut(mid);
    rayon::join(
        || split(left, offset, piece, f),
        || split(right, offset + mid, piece, f),
    );
}

/// Σ f(part) over `0..n`, added up along a tree that depends on `n` alone.
pub(crate) fn sum_over<S: Send + std::ops::Add<Output = S>>(
    n: usize,
    f: &(impl Fn(Range<usize>) -> S + Sync),
) -> S {
    let piece = piece(n);
    sum_range(0..n, piece, f)
}

fn sum_range<S: Send + std::ops::Add<Output = S>>(
    range: Range<usize>,
    piece: usize,
    f: &(impl Fn(Range<usize>) -> S + Sync),
) -> S {
    let n = range.len();
    if n <= LEAF {
        return f(range);
    }
    let mid = range.start + middle(n);
    let (left, right) = (range.start..mid, mid..range.end);
    if n > piece {
        let (a, b) = rayon::join(|| sum_range(left, piece, f), || sum_range(right, piece, f));
        a + b
    } else {
        sum_range(left, piece, f) + sum_range(right, piece, f)
    }
}

/// Where a node of the tree over `n` numbers is cut.
fn middle(n: usize) -> usize {
    (n / 2).next_multiple_of(64)
}

/// Calls `f(offset, part of y)`, which changes its part and answers a sum; adds these up along the
/// same tree.
pub(crate) fn sum_over_mut<A: Send, S: Send + std::ops::Add<Output = S>>(
    y: &mut [A],
    f: &(impl Fn(usize, &mut [A]) -> S + Sync),
) -> S {
    let piece = piece(y.len());
    sum_mut(y, 0, piece, f)
}

fn sum_mut<A: Send, S: Send + std::ops::Add<Output = S>>(
    y: &mut [A],
    offset: usize,
    piece: usize,
    f: &(impl Fn(usize, &mut [A]) -> S + Sync),
) -> S {
    let n = y.len();
    if n <= LEAF {
        return f(offset, y);
    }
    let mid = middle(n);
    let (left, right) = y.split_at_mut(mid);
    if n > piece {
        let (a, b) = rayon::join(
            || sum_mut(left, offset, piece, f),
            || sum_mut(right, offset + mid, piece, f),
        );
        a + b
    } else {
        sum_mut(left, offset, piece, f) + sum_mut(right, offset + mid, piece, f)
    }
}
