//! The points of a family on the unit square or cube: which are stored, and which are unknown.

use super::describe::shape;
use super::{FieldSpec, length, refuse};
use crate::fields::Place;
use crate::{Grid, MatrixError};

/// A grid of stored values: all of them unknown at cells, those inside at nodes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Points {
    /// Stored values along each dimension.
    pub grid: Grid,
    pub place: Place,
    /// Unknowns along each dimension.
    pub inner: Grid,
    /// Distance of neighbours along each dimension; 1 along those that are not there.
    pub h: [f64; 3],
}

impl Points {
    /// # Errors
    /// [`MatrixError::Parameter`] for a grid that is not of 2 or 3 dimensions, with 3 to 2³¹ − 1 points.
    pub fn new(name: &'static str, grid: Grid, place: Place) -> Result<Self, MatrixError> {
        let dimension = grid.dimension();
        let fits = grid.unknowns().is_some_and(|n| n < 1 << 31);
        let dims = grid.dims();
        if dimension < 2 || !fits || dims[..dimension].iter().any(|&n| n < 3) {
            let problem = format!(
                "a grid of {}x{}x{} cannot be used: give NXxNY or NXxNYxNZ with at least 3 points along \
                 each dimension and less than 2^31 in all",
                dims[0], dims[1], dims[2]
            );
            return refuse(name, problem);
        }
        let less = |d: usize| usize::from(place == Place::Nodes && d < dimension);
        let inner = [0, 1, 2].map(|d| dims[d] - 2 * less(d));
        Ok(Self {
            grid,
            place,
            inner: Grid::new(inner[0], inner[1], inner[2]),
            h: [0, 1, 2].map(|d| 1.0 / (dims[d] - less(d)) as f64),
        })
    }

    /// Stored values.
    pub fn len(&self) -> usize {
        self.grid.dims().iter().product()
    }

    /// (h_x/h_d)²: the weight of dimension `d` in an equation multiplied by h_x².
    pub fn weight(&self, d: usize) -> f64 {
        (self.h[0] / self.h[d]).powi(2)
    }

    /// From one stored value to the next along each dimension.
    pub fn strides(&self) -> [usize; 3] {
        [1, self.grid.nx, self.grid.nx * self.grid.ny]
    }

    /// Where the value of an unknown is stored.
    #[inline]
    pub fn stored(&self, at: [usize; 3]) -> usize {
        match self.place {
            Place::Cells => self.grid.row(at),
            Place::Nodes => {
                let layer = usize::from(self.grid.nz > 1);
                self.grid.row([at[0] + 1, at[1] + 1, at[2] + layer])
            }
        }
    }

    /// Where the values of all unknowns are stored.
    pub fn all(&self) -> impl Iterator<Item = usize> + use<'_> {
        let n = self.inner.dims().iter().product();
        (0..n).map(|row| self.stored(self.inner.at(row)))
    }

    /// Writes the unknowns to their place among the stored values; the others stay.
    pub fn put(&self, x: &[f64], field: &mut [f64]) -> Result<(), MatrixError> {
        length("u", self.len(), field.len())?;
        length("x", self.inner.dims().iter().product(), x.len())?;
        x.iter().zip(self.all()).for_each(|(x, at)| field[at] = *x);
        Ok(())
    }

    /// Reads the unknowns from among the stored values.
    pub fn take(&self, field: &[f64], x: &mut [f64]) -> Result<(), MatrixError> {
        length("u", self.len(), field.len())?;
        length("x", self.inner.dims().iter().product(), x.len())?;
        x.iter_mut()
            .zip(self.all())
            .for_each(|(x, at)| *x = field[at]);
        Ok(())
    }

    /// The coordinates of a stored value.
    pub fn coordinates(&self, stored: usize) -> [f64; 3] {
        let (at, dims) = (self.grid.at(stored), self.grid.dims());
        [0, 1, 2].map(|d| match d < self.grid.dimension() {
            true => self.place.coordinate(at[d], dims[d]),
            false => 0.0,
        })
    }

    /// A field with a value for each stored point.
    pub fn field(&self, name: &'static str) -> FieldSpec {
        FieldSpec {
            name,
            shape: shape(self.grid),
            site: self.place.into(),
        }
    }
}

/// Refuses parameters of Gaussian fields that give none.
pub(super) fn gaussian(
    name: &'static str,
    grid: Grid,
    [alpha, tau, rho]: [f64; 3],
) -> Result<(), MatrixError> {
    let half = 0.5 * grid.dimension() as f64;
    if !(alpha > half && alpha <= 20.0) {
        let problem = format!("alpha = {alpha} must be above {half}, at most 20");
        return refuse(name, problem);
    }
    if !(tau > 0.0 && tau <= 1e4) {
        return refuse(name, format!("tau = {tau} must be positive, at most 1e4"));
    }
    correlation(name, rho)
}

/// Refuses a correlation outside of 0 to 1.
pub(super) fn correlation(name: &'static str, rho: f64) -> Result<(), MatrixError> {
    if (0.0..=0.999_999).contains(&rho) {
        return Ok(());
    }
    refuse(name, format!("rho = {rho} must be from 0 to 0.999999"))
}

/// Refuses what is not a positive number.
pub(super) fn positive(
    name: &'static str,
    pairs: &[(&'static str, f64)],
) -> Result<(), MatrixError> {
    for (key, value) in pairs {
        if !(*value > 0.0 && value.is_finite()) {
            return refuse(name, format!("{key} = {value} must be positive"));
        }
    }
    Ok(())
}

/// Refuses standard deviations outside of 0 to 10, 0 left out.
pub(super) fn deviation(name: &'static str, sigma: f64) -> Result<(), MatrixError> {
    if sigma > 0.0 && sigma <= 10.0 {
        return Ok(());
    }
    refuse(
        name,
        format!("sigma = {sigma} must be positive, at most 10"),
    )
}
