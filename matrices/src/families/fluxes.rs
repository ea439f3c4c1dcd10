//! The stencil of faces on a grid: each unknown linked to its neighbours along each dimension.

use crate::{Csr, Grid, MatrixError, Scalar};

/// The pattern of an unknown with its neighbours along each dimension, zeros for values.
pub(super) fn pattern<T: Scalar>(grid: Grid) -> Result<Csr<T>, MatrixError> {
    let strides = [1, grid.nx, grid.nx * grid.ny];
    let n = strides[2] * grid.nz;
    let entries = (0..n).flat_map(|row| {
        let (at, dims) = (grid.at(row), grid.dims());
        let below = (0..3).rev().filter(move |&d| at[d] > 0);
        let above = (0..3).filter(move |&d| at[d] + 1 < dims[d]);
        let below = below.map(move |d| row - strides[d]);
        let above = above.map(move |d| row + strides[d]);
        below
            .chain([row])
            .chain(above)
            .map(move |j| (row, j, T::ZERO))
    });
    Csr::from_triplets(n, n, entries)
}

/// A face of a cell, from within.
#[derive(Debug, Clone, Copy)]
pub(super) struct Face {
    /// Dimension it is across.
    pub d: usize,
    /// Whether it is towards larger coordinates.
    pub up: bool,
    /// The cell.
    pub from: usize,
    /// Where it is on the grid.
    pub at: [usize; 3],
}

/// Writes the rows
///   own uᵢ + Σ_inner (aᵢ uᵢ + aⱼ uⱼ) + Σ_wall a uᵢ
/// on the pattern of [`pattern`]: `inner` gives (aᵢ, aⱼ) of a face and the unknown j behind it, `wall`
/// the a of a face on the boundary, `own` that of the unknown itself.
pub(super) fn write(
    grid: Grid,
    values: &mut [f64],
    inner: impl Fn(Face, usize) -> (f64, f64),
    wall: impl Fn(Face) -> f64,
    own: impl Fn(usize) -> f64,
) {
    let (dims, dimension) = (grid.dims(), grid.dimension());
    let strides = [1, dims[0], dims[0] * dims[1]];
    let mut next = 0;
    let mut from = 0;
    for z in 0..dims[2] {
        for y in 0..dims[1] {
            for x in 0..dims[0] {
                let at = [x, y, z];
                let side = |d: usize, up: bool| {
                    let face = Face { d, up, from, at };
                    let inside = if up { at[d] + 1 < dims[d] } else { at[d] > 0 };
                    if !inside {
                        return (wall(face), None);
                    }
                    let to = if up {
                        from + strides[d]
                    } else {
                        from - strides[d]
                    };
                    let (own, other) = inner(face, to);
                    (own, Some(other))
                };
                let mut sum = own(from);
                for d in (0..dimension).rev() {
                    let (own, other) = side(d, false);
                    sum += own;
                    other.into_iter().for_each(|other| values[next] = other);
                    next += usize::from(other.is_some());
                }
                let diagonal = next;
                next += 1;
                for d in 0..dimension {
                    let (own, other) = side(d, true);
                    sum += own;
                    other.into_iter().for_each(|other| values[next] = other);
                    next += usize::from(other.is_some());
                }
                values[diagonal] = sum;
                from += 1;
            }
        }
    }
}
