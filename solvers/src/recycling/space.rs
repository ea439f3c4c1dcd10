//! Tall blocks of few columns: orthonormalised with what depends on them following, without
//! failing where columns depend on each other.

use crate::kernels;
use crate::run::Run;
use resolvent_matrices::{Real, Scalar};

/// C ← C R⁻¹ with CᴴC = I, and F ← F R⁻¹ for every block F that is to follow. A column that adds
/// nothing to those before it is dropped. Returns how many are left.
///
/// Classical Gram–Schmidt, a column at a time, twice where the first pass leaves less than √½. `h` has room for as many numbers as there are
/// columns.
pub(crate) fn orthonormalize<T: Scalar>(
    run: &Run<'_, '_, T>,
    n: usize,
    columns: usize,
    c: &mut [T],
    followers: &mut [&mut [T]],
    h: &mut [T],
) -> usize {
    let floor = T::Real::EPSILON * T::Real::from_f64(1e4);
    let enough = T::Real::from_f64(0.7);
    let mut kept = 0;
    for j in 0..columns {
        compact(n, j, kept, c);
        followers.iter_mut().for_each(|f| compact(n, j, kept, f));
        let before = run.norm(&c[kept * n..(kept + 1) * n]);
        if !before.is_finite() || before == T::Real::ZERO {
            continue;
        }
        let mut after = before;
        for _ in 0..2 {
            let h = &mut h[..kept];
            let (done, rest) = c.split_at_mut(kept * n);
            let column = &mut rest[..n];
            run.dots(done, column, h); // h = Cᴴc
            h.iter_mut().for_each(|h| *h = -*h);
            kernels::block_axpy(done, h, column); // c ← c − C h
            for f in followers.iter_mut() {
                follow(n, h, f); // f ← f − F h
            }
            let last = after;
            after = run.norm(column);
            if after > enough * last {
                break;
            }
        }
        if after <= floor * before || !after.is_finite() {
            continue;
        }
        let scale = T::from_real(T::Real::ONE / after);
        kernels::scale(scale, &mut c[kept * n..(kept + 1) * n]);
        for f in followers.iter_mut() {
            kernels::scale(scale, &mut f[kept * n..(kept + 1) * n]);
        }
        kept += 1;
    }
    kept
}

/// Column number `h.len()` ← itself + F h, F being the columns before it.
pub(crate) fn follow<T: Scalar>(n: usize, h: &[T], f: &mut [T]) {
    let (done, rest) = f.split_at_mut(h.len() * n);
    kernels::block_axpy(done, h, &mut rest[..n]);
}

/// Column `to` ← column `from`.
pub(crate) fn compact<T: Scalar>(n: usize, from: usize, to: usize, block: &mut [T]) {
    if from != to {
        block.copy_within(from * n..(from + 1) * n, to * n);
    }
}
