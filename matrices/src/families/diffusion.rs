//! −∇·(a∇u) + cu, five or seven points, multiplied by h_x².

use super::fluxes::{self, Face};
use super::points::Points;
use crate::fields::Place;

/// The coefficient of a face from those on both of its sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mean {
    /// (a + b)/2.
    Arithmetic,
    /// 2ab/(a + b): exact for flow across the face between two materials.
    #[default]
    Harmonic,
}

impl Mean {
    /// As they are typed and written.
    pub const NAMES: [&str; 2] = ["arithmetic", "harmonic"];
    /// In the order of the names.
    pub const ALL: [Self; 2] = [Self::Arithmetic, Self::Harmonic];

    /// Of two positive numbers.
    #[inline]
    pub fn of(self, a: f64, b: f64) -> f64 {
        match self {
            Self::Arithmetic => 0.5 * (a + b),
            Self::Harmonic => 2.0 * a * b / (a + b),
        }
    }

    /// `"arithmetic"` or `"harmonic"`.
    pub fn name(self) -> &'static str {
        Self::NAMES[self as usize]
    }
}

/// The conductance of a face, times h_x².
#[derive(Debug, Clone, Copy)]
pub(super) struct Conductance<'a> {
    points: &'a Points,
    mean: Mean,
    a: &'a [f64],
    weights: [f64; 3],
    strides: [usize; 3],
}

impl<'a> Conductance<'a> {
    /// With the coefficient at all stored points.
    pub fn new(points: &'a Points, mean: Mean, a: &'a [f64]) -> Self {
        Self {
            points,
            mean,
            a,
            weights: [0, 1, 2].map(|d| points.weight(d)),
            strides: points.strides(),
        }
    }

    /// Of a face between two unknowns.
    #[inline]
    pub fn inner(&self, face: Face) -> f64 {
        let here = self.points.stored(face.at);
        self.weights[face.d] * self.mean.of(self.a[here], self.a[self.beyond(here, face)])
    }

    /// Of a face on the boundary: half a cell, or the link to a node.
    #[inline]
    pub fn wall(&self, face: Face) -> f64 {
        match self.points.place {
            Place::Cells => 2.0 * self.weights[face.d] * self.a[face.from],
            Place::Nodes => self.inner(face),
        }
    }

    /// Where the value behind a face is stored.
    #[inline]
    pub fn beyond(&self, here: usize, face: Face) -> usize {
        match face.up {
            true => here + self.strides[face.d],
            false => here - self.strides[face.d],
        }
    }
}

/// Writes Σ_faces ā(u − u′) + own u, u = 0 on the boundary.
pub(super) fn write(
    points: &Points,
    mean: Mean,
    a: &[f64],
    own: impl Fn(usize) -> f64,
    values: &mut [f64],
) {
    let conductance = Conductance::new(points, mean, a);
    let inner = |face: Face, _| {
        let c = conductance.inner(face);
        (c, -c)
    };
    fluxes::write(
        points.inner,
        values,
        inner,
        |face| conductance.wall(face),
        own,
    );
}
