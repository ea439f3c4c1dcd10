//! −∇·(a∇u) + v·∇u + cu at cells, five or seven points, multiplied by h_x².
//!
//! With vₙ the velocity out of a cell through a face, the convection is
//!   v·∇u ≈ Σ_faces (h_x²/h_d) vₙ (u_face − u)
//! which is zero for constant u whatever v is, and conservative where the outflows of each cell add up to
//! zero. u_face is that of the cell upstream (first order, and an M-matrix whatever v is) or the mean of
//! both (second order, oscillating where a cell's Péclet number passes 2).

use super::diffusion::Conductance;
use super::fluxes::{self, Face};
use super::points::Points;

/// The value that a face carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Convection {
    /// That of the cell upstream.
    #[default]
    Upwind,
    /// The mean of the two cells.
    Central,
}

impl Convection {
    /// As they are typed and written.
    pub const NAMES: [&str; 2] = ["upwind", "central"];
    /// In the order of the names.
    pub const ALL: [Self; 2] = [Self::Upwind, Self::Central];

    /// `"upwind"` or `"central"`.
    pub fn name(self) -> &'static str {
        Self::NAMES[self as usize]
    }

    /// The share of vₙ (u_face − u) that belongs to the neighbour, u_face − u = share (u′ − u); at the
    /// boundary u_face is the value there where it flows in, or central differences are taken.
    fn share(self, out: f64, wall: bool) -> f64 {
        match self {
            Self::Upwind if out > 0.0 => 0.0,
            Self::Central if !wall => 0.5,
            _ => 1.0,
        }
    }
}

/// Writes the operator, u = 0 on the boundary and on the faces of masked cells: `out` gives vₙ of a face
/// and of the cell behind it, if there is one, `own` c, `masked` whether a cell is out of the domain. Such
/// a cell has the row u = 0.
pub(super) fn write(
    points: &Points,
    conductance: Conductance<'_>,
    scheme: Convection,
    out: impl Fn(Face, Option<usize>) -> f64,
    own: impl Fn(usize) -> f64,
    masked: impl Fn(usize) -> bool,
    values: &mut [f64],
) {
    let area = points.h[0].powi(2);
    let scales = points.h.map(|h| area / h);
    let wall = |face: Face| {
        if masked(face.from) {
            return 0.0;
        }
        let out = scales[face.d] * out(face, None);
        conductance.wall(face) - out * scheme.share(out, true)
    };
    let inner = |face: Face, to: usize| {
        if masked(face.from) {
            return (0.0, 0.0);
        }
        if masked(to) {
            return (wall(face), 0.0);
        }
        let out = scales[face.d] * out(face, Some(to));
        let other = out * scheme.share(out, false) - conductance.inner(face);
        (-other, other)
    };
    let own = |p: usize| if masked(p) { 1.0 } else { area * own(p) };
    fluxes::write(points.inner, values, inner, wall, own);
}
