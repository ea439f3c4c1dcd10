//! Points along a Hilbert curve: neighbours on the curve are neighbours in space.
//!
//! - J. Skilling, Programming the Hilbert curve, AIP Conference Proceedings 707:381–387, 2004,
//!   doi:10.1063/1.1751381.

use super::Points;

/// Principal components that the curve runs through.
const DIMS: usize = 8;
/// Bits of each coordinate: 2¹⁶ cells a direction.
const BITS: u32 = 16;

/// All points in the order in which the curve meets them.
pub(super) fn order(points: &Points) -> Vec<usize> {
    let reduced = points.principal(DIMS);
    let (low, width) = cube(&reduced);
    let cells = f64::from((1u32 << BITS) - 1);
    let mut cell = vec![0; reduced.dims()];
    let mut keys: Vec<(u128, usize)> = (0..reduced.len())
        .map(|i| {
            for (c, (x, low)) in cell.iter_mut().zip(reduced.point(i).iter().zip(&low)) {
                *c = ((x - low) / width * cells) as u32; // saturates
            }
            (key(&mut cell), i)
        })
        .collect();
    keys.sort_unstable();
    keys.into_iter().map(|(_, i)| i).collect()
}

/// The smallest cube with one corner at the least coordinates that holds all points.
fn cube(points: &Points) -> (Vec<f64>, f64) {
    let mut low = vec![f64::INFINITY; points.dims()];
    let mut high = vec![f64::NEG_INFINITY; points.dims()];
    for i in 0..points.len() {
        for (k, &x) in points.point(i).iter().enumerate() {
            low[k] = low[k].min(x);
            high[k] = high[k].max(x);
        }
    }
    let sides = low.iter().zip(&high).map(|(low, high)| high - low);
    let width = sides.fold(0.0, f64::max);
    (low, if width > 0.0 { width } else { 1.0 })
}

/// How far along the curve a cell lies; `cell` is used up.
///
/// From the highest bit down, each bit says in which half of the cube the cell lies; what is below
/// that bit is mirrored or has its axes exchanged so that the half looks like the whole. The bits
/// then are a Gray code of the position.
pub(super) fn key(cell: &mut [u32]) -> u128 {
    let dims = cell.len();
    for bit in (1..BITS).rev().map(|b| 1u32 << b) {
        let below = bit - 1;
        for k in 0..dims {
            if cell[k] & bit != 0 {
                cell[0] ^= below; // mirror
            } else {
                let differ = (cell[0] ^ cell[k]) & below;
                cell[0] ^= differ; // exchange the axes
                cell[k] ^= differ;
            }
        }
    }
    for k in 1..dims {
        cell[k] ^= cell[k - 1]; // undo the Gray code
    }
    let mut flip = 0;
    for bit in (1..BITS).rev().map(|b| 1u32 << b) {
        if cell.last().is_some_and(|last| last & bit != 0) {
            flip ^= bit - 1;
        }
    }
    let mut key = 0;
    for bit in (0..BITS).rev() {
        for c in &*cell {
            key = key << 1 | u128::from((c ^ flip) >> bit & 1);
        }
    }
    key
}
