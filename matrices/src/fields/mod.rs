//! Random fields to draw coefficients, sources and boundary values from, one kind a file.
//!
//! A field is a plan: what depends on the grid alone is worked out once, and a draw fills a slice that
//! is handed in. A draw belongs to a [`Stream`] and an index, and to nothing else, and the modes are
//! drawn from the slow ones to the fast ones, so that a field on a coarse grid is the one on a fine
//! grid without its fast modes. Nothing here starts a thread; a [`Scratch`] serves one at a time.

mod chebyshev;
mod gaussian;
mod modes;
mod neumann;
mod periodic;
mod stream;
#[cfg(test)]
mod tests;

pub use chebyshev::Chebyshev;
pub use gaussian::{Gaussian, Sides};
pub use neumann::Neumann;
pub use periodic::Periodic;
pub use stream::Stream;

use num_complex::Complex;

/// Where the values of a field sit on the unit square or cube.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Place {
    /// At the centres (i + ½)/n of n equal cells.
    #[default]
    Cells,
    /// At the nodes i/(n − 1), the boundary included.
    Nodes,
}

impl Place {
    /// As they are typed and written.
    pub const NAMES: [&str; 2] = ["cells", "nodes"];
    /// In the order of the names.
    pub const ALL: [Self; 2] = [Self::Cells, Self::Nodes];

    /// `"cells"` or `"nodes"`.
    pub fn name(self) -> &'static str {
        Self::NAMES[self as usize]
    }

    /// The coordinate of point `i` of `n`.
    pub fn coordinate(self, i: usize, n: usize) -> f64 {
        match self {
            Self::Cells => (i as f64 + 0.5) / n as f64,
            Self::Nodes => i as f64 / (n - 1) as f64,
        }
    }
}

/// Room to draw in, kept from one draw to the next.
#[derive(Debug, Clone, Default)]
pub struct Scratch {
    pub(crate) noise: [Vec<f64>; 3],
    pub(crate) turned: Vec<f64>,
    pub(crate) waves: [Vec<Complex<f64>>; 2],
    pub(crate) plan: Vec<f64>,
    pub(crate) complex_plan: Vec<Complex<f64>>,
}

/// The slice of the first `n`, longer first if need be.
pub(crate) fn sized<V: Clone + Default>(room: &mut Vec<V>, n: usize) -> &mut [V] {
    if room.len() < n {
        room.resize(n, V::default());
    }
    &mut room[..n]
}

/// to ← fromᵀ, `from` of rows of `columns` values; in squares that fit the cache.
fn transpose<V: Copy>(from: &[V], columns: usize, to: &mut [V]) {
    const SIDE: usize = 16;
    let rows = from.len() / columns;
    for top in (0..rows).step_by(SIDE) {
        for left in (0..columns).step_by(SIDE) {
            for i in top..rows.min(top + SIDE) {
                for j in left..columns.min(left + SIDE) {
                    to[j * rows + i] = from[i * columns + j];
                }
            }
        }
    }
}
