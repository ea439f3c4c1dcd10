//! A Gaussian field of either kind, under one name.

use super::{Neumann, Periodic, Place, Scratch, Stream};
use crate::Grid;

/// What happens at the sides of the unit square or cube.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sides {
    /// No slope across them: [`Neumann`].
    #[default]
    Insulated,
    /// Opposite ones are one: [`Periodic`].
    Periodic,
}

impl Sides {
    /// As they are typed and written.
    pub const NAMES: [&str; 2] = ["insulated", "periodic"];
    /// In the order of the names.
    pub const ALL: [Self; 2] = [Self::Insulated, Self::Periodic];

    /// `"insulated"` or `"periodic"`.
    pub fn name(self) -> &'static str {
        Self::NAMES[self as usize]
    }
}

/// A Gaussian field with sides of either kind.
pub enum Gaussian {
    /// Insulated.
    Neumann(Neumann),
    /// Periodic: at the centres of cells, whatever was asked for.
    Periodic(Periodic),
}

impl Gaussian {
    /// The field with exponent `alpha` and inverse length `tau`.
    pub fn new(sides: Sides, grid: Grid, place: Place, alpha: f64, tau: f64) -> Self {
        match sides {
            Sides::Insulated => Self::Neumann(Neumann::new(grid, place, alpha, tau)),
            Sides::Periodic => Self::Periodic(Periodic::new(grid, alpha, tau)),
        }
    }

    /// The same field, with values of a standard deviation of `sigma` (its square averaged over the
    /// points of the square or cube).
    pub fn with_deviation(self, sigma: f64) -> Self {
        match self {
            Self::Neumann(field) => {
                let factor = sigma / field.variance().sqrt();
                Self::Neumann(field.scaled(factor))
            }
            Self::Periodic(field) => {
                let factor = sigma / field.variance().sqrt();
                Self::Periodic(field.scaled(factor))
            }
        }
    }

    /// Writes the draw of index `index`, one value for each point, x fastest.
    ///
    /// # Panics
    /// If `field` is not as long as the grid has points.
    pub fn draw(&self, stream: &Stream, index: u64, scratch: &mut Scratch, field: &mut [f64]) {
        match self {
            Self::Neumann(plan) => plan.draw(stream, index, scratch, field),
            Self::Periodic(plan) => plan.draw(stream, index, scratch, field),
        }
    }
}
