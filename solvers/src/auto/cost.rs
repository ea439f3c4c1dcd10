//! Whether a factorisation or an iteration is the quicker bet, before either has begun.
//!
//! The work of a sparse factorisation grows with how far a graph is from a tree: on a mesh in the
//! plane about n^1.5, in space n². The depth of a breadth-first search tells the two apart (n^½
//! and n^⅓ levels) and also how many iterations information needs to cross the mesh. Where the
//! planar case is possible the symbolic analysis then gives the exact count.

use super::knowledge::Knowledge;
use crate::SolveError;
use crate::direct::{Direct, Kind};
use resolvent_matrices::{CsrRef, Scalar};

/// Rate of a sparse factorisation, flops/s: measured 2–8·10⁹ on two cores.
const FLOPS: f64 = 4e9;
/// Memory traffic of an iteration, bytes/s.
const BANDWIDTH: f64 = 1e10;
/// Time of ordering and analysis per entry, s.
const ANALYSIS: f64 = 4e-7;
/// How much more than an iteration's estimate a factorisation may take and still be the better
/// bet: its outcome is the surer one, most of all where A is not definite.
const SURE: [f64; 2] = [2.0, 20.0];
/// What is always worth a factorisation, s.
const NEGLIGIBLE: f64 = 0.01;

/// Whether to factorise first.
pub(super) fn direct_first<T: Scalar>(
    a: CsrRef<'_, T, u32>,
    known: &Knowledge,
    max_bytes: usize,
) -> Result<bool, SolveError> {
    let (n, nnz) = (a.nrows() as f64, a.nnz() as f64);
    let definite = known.hermitian() && known.maybe_definite();
    let depth = depth(a) as f64;
    // iterations of a preconditioned method in the number of levels; traffic of matrix,
    // preconditioner and vectors
    let iterations = if definite { depth } else { 4.0 * depth };
    let iterative = iterations.max(10.0) * (24.0 * nnz + 100.0 * n) / BANDWIDTH;
    let limit = SURE[usize::from(!definite)] * iterative + NEGLIGIBLE;

    let dimension = n.ln() / depth.max(2.0).ln();
    if dimension > 2.6 && n * n / FLOPS > 4.0 * limit {
        return Ok(false); // in space: not worth the analysis
    }
    let kind = if definite && !known.negative() {
        Kind::Auto
    } else {
        Kind::Lu
    };
    let prediction = Direct::<T>::predict(a, kind)?;
    let direct = prediction.flops / FLOPS + ANALYSIS * nnz;
    Ok(direct <= limit && prediction.bytes <= max_bytes)
}

/// Levels of a breadth-first search from about as far out as it goes.
fn depth<T: Scalar>(a: CsrRef<'_, T, u32>) -> usize {
    let mut level = vec![u32::MAX; a.nrows()];
    let (far, _) = search(a, 0, &mut level);
    level.fill(u32::MAX);
    search(a, far, &mut level).1
}

/// The last row reached from `start`, and the number of levels.
fn search<T: Scalar>(a: CsrRef<'_, T, u32>, start: usize, level: &mut [u32]) -> (usize, usize) {
    if level.is_empty() {
        return (0, 0);
    }
    let mut queue = vec![start];
    level[start] = 0;
    let mut next = 0;
    while let Some(&i) = queue.get(next) {
        next += 1;
        for &j in a.row(i).0 {
            let j = j as usize;
            if level[j] == u32::MAX {
                level[j] = level[i] + 1;
                queue.push(j);
            }
        }
    }
    let last = queue[queue.len() - 1];
    (last, level[last] as usize + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::hpd;

    #[test]
    fn a_square_is_as_deep_as_its_two_sides() {
        assert_eq!(depth(hpd::<f64>(10).view()), 19);
    }

    #[test]
    fn small_systems_are_factorised() {
        let a = hpd::<f64>(20);
        let known = Knowledge::of(&a).unwrap();
        assert!(direct_first(a.view(), &known, usize::MAX).unwrap());
        assert!(!direct_first(a.view(), &known, 1000).unwrap());
    }
}
