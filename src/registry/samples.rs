//! Names of the families of samples: `darcy:low=4`, on a grid `128x128`.

use super::families::FamilyError;
use super::options::Options;
use super::{Entry, entry};
use resolvent_matrices::Grid;
use resolvent_matrices::families::{AnyFamily, Darcy, Mean};
use resolvent_matrices::fields::Place;

/// The families of samples.
pub const SAMPLES: &[Entry] = &[entry(
    "darcy",
    "flow through two kinds of rock, -div(a grad u) = 1; of the Fourier neural operator",
    &[
        ("low", "a where the field is negative (3)"),
        ("high", "a elsewhere (12)"),
        ("alpha", "exponent of the covariance (2)"),
        ("tau", "inverse length of the covariance (3)"),
        ("rho", "correlation of consecutive samples (0)"),
        ("values", "cells or nodes (cells)"),
        ("mean", "of a at a face, harmonic or arithmetic (harmonic)"),
    ],
)];

/// The grid of a data set: `128` is 128×128, `NXxNY` and `NXxNYxNZ` are what they say.
///
/// # Errors
/// [`FamilyError`] if it is anything else.
pub fn sample_grid(text: &str) -> Result<Grid, FamilyError> {
    let grid = Grid::parse(text)?;
    Ok(match text.contains(['x', 'X']) {
        true => grid,
        false => Grid::new(grid.nx, grid.nx, 1),
    })
}

/// The family of samples that a name and its options stand for, on a grid.
///
/// # Errors
/// [`FamilyError`] that says what there is.
pub fn sample_family(spec: &str, grid: Grid) -> Result<AnyFamily, FamilyError> {
    let options = Options::parse("family of samples", SAMPLES, spec)?;
    Ok(AnyFamily::Real(darcy(&options)?.on(grid).map(Box::new)?))
}

fn darcy(options: &Options) -> Result<Darcy, FamilyError> {
    let default = Darcy::default();
    let values = options.word("values", &Place::NAMES)?;
    let mean = options.word("mean", &Mean::NAMES)?;
    Ok(Darcy {
        low: options.positive("low", default.low)?,
        high: options.positive("high", default.high)?,
        alpha: options.positive("alpha", default.alpha)?,
        tau: options.positive("tau", default.tau)?,
        rho: options.not_negative("rho", default.rho)?,
        place: values.map_or(default.place, |at| Place::ALL[at]),
        mean: mean.map_or(default.mean, |at| Mean::ALL[at]),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_can_be_typed() {
        let grid = sample_grid("8").unwrap();
        for entry in SAMPLES {
            let described = sample_family(entry.name, grid).unwrap().describe();
            let again = sample_family(&described.spec(), grid).unwrap().describe();
            assert_eq!(described, again, "{}", entry.name);
            let keys: Vec<_> = entry.options.iter().map(|(key, _)| *key).collect();
            let described: Vec<_> = described.parameters.iter().map(|(key, _)| *key).collect();
            assert_eq!(keys, described, "{}", entry.name);
        }
    }
}
