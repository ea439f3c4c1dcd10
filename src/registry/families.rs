//! Names of the sequences that can be generated: `heat2d:nx=100,systems=500`. Families of samples are
//! sequences as well: `darcy:grid=64,systems=500`.

use super::options::Options;
use super::samples::{SAMPLES, from_options, sample_grid};
use super::{Entry, RegistryError, entry};
use resolvent_matrices::MatrixError;
use resolvent_matrices::families::AnyFamily;
use resolvent_matrices::sequences::{
    Adversarial, AnySequence, DarcyGauss, Family, Heat2d, Heat2dJump, Impes, Kind, Newton,
    Nonlinear, Obstacles, Projection, Samples, ShiftedLaplacians, Variance, Walls,
};

/// The families of sequences.
pub const FAMILIES: &[Entry] = &[
    entry(
        "shifted-laplacian",
        "A + cI, 5-point, c drawn at random; of Learning to Relax",
        &[
            ("n", "unknowns, a square number (100)"),
            ("systems", "how many (5000)"),
            ("variance", "of the shifts, high or low (high)"),
        ],
    ),
    entry(
        "heat2d",
        "uniform conductivity that changes in time, Crank-Nicolson; of Learning to Relax",
        &[
            ("nx", "cells a side, (nx-1)^2 unknowns (50)"),
            ("systems", "time steps (5000)"),
            ("dt", "time step (1e-3)"),
        ],
    ),
    entry(
        "heat2d-jump",
        "conductivity that jumps in space and in time, backward Euler",
        &[
            ("nx", "cells a side, nx^2 unknowns (100)"),
            ("systems", "time steps (1000)"),
            (
                "contrast",
                "conductivity of the discs over that of the rest (1e4)",
            ),
            ("dt", "time step (1e-3)"),
            ("hold", "steps between the jumps in time (20)"),
        ],
    ),
    entry(
        "projection",
        "pressure of a projection step, a dense drop that moves",
        &[
            ("nx", "cells a side, nx^2 unknowns (64)"),
            ("systems", "time steps (1000)"),
            ("ratio", "density of the drop; 1: one matrix for all (1000)"),
            ("dt", "time step (5e-3)"),
        ],
    ),
    entry(
        "newton",
        "Newton steps within a continuation",
        &[
            ("problem", "bratu or plaplacian (bratu)"),
            ("nx", "cells a side, (nx-1)^2 unknowns (50)"),
            ("systems", "Newton steps in all (1000)"),
            ("load", "the largest lambda (5.5)"),
            ("levels", "values of lambda up and down again (40)"),
            ("p", "of the p-Laplacian (3)"),
        ],
    ),
    entry(
        "impes",
        "pressure of two-phase flow, water drives oil through a quarter of a five-spot",
        &[
            ("nx", "cells a side, nx^2 unknowns (64)"),
            ("systems", "time steps (500)"),
            ("ratio", "viscosity of the oil over that of the water (10)"),
            ("sigma", "standard deviation of ln K, or 0 (1)"),
            ("dt", "pore volumes between two systems (2e-3)"),
        ],
    ),
    entry(
        "darcy-gauss",
        "flow through a lognormal medium of nearly Gaussian covariance, another for each system",
        &[
            ("nx", "cells a side, nx^2 unknowns (64)"),
            ("systems", "fields (1000)"),
            ("sigma", "standard deviation of the logarithm (1.5)"),
            ("length", "how far it is correlated (0.1)"),
        ],
    ),
    entry(
        "obstacles",
        "Poisson's equation around balls at random places, other ones for each system",
        &[
            ("grid", "NX for NX x NX, NXxNY or NXxNYxNZ (64)"),
            ("systems", "how many (1000)"),
            ("balls", "u = 0 in one, the next insulated (10)"),
            ("radius", "the largest, in widths of the box (0.12)"),
            ("walls", "mixed, dirichlet or neumann (mixed)"),
        ],
    ),
    entry(
        "adversarial",
        "made to mislead whoever learns",
        &[
            ("kind", "switch, alternating or diverging (switch)"),
            ("n", "unknowns, a square number (400)"),
            ("systems", "how many (1000)"),
        ],
    ),
];

/// Why a sequence cannot be generated.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum FamilyError {
    /// The name or an option.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// A value.
    #[error(transparent)]
    Matrix(#[from] MatrixError),
    /// It is complex, and a real one is needed.
    #[error("`{0}` makes complex systems; a real sequence is needed here")]
    Complex(String),
}

/// What a family of samples takes as a sequence, besides its own options.
pub const SAMPLE_OPTIONS: &[(&str, &str)] = &[
    ("grid", "NX for NX x NX, NXxNY or NXxNYxNZ (64)"),
    ("systems", "how many (1000)"),
];

/// The sequence of either field that a name and its options stand for: one of [`FAMILIES`], or one of
/// [`SAMPLES`] with the further options [`SAMPLE_OPTIONS`]. What is random about it belongs to the seed.
///
/// # Errors
/// [`FamilyError`] that says what there is.
pub fn sequence(spec: &str, seed: u64) -> Result<AnySequence, FamilyError> {
    const NO_MORE: &[(&str, &str)] = &[];
    let tables = [(FAMILIES, NO_MORE), (SAMPLES, SAMPLE_OPTIONS)];
    let options = Options::parse_any("sequence", &tables, spec)?;
    if FAMILIES.iter().any(|entry| entry.name == options.name()) {
        return Ok(AnySequence::Real(of_its_own(&options, seed)?));
    }
    let grid = sample_grid(options.value("grid").unwrap_or("64"))?;
    let systems = options.count("systems", 1000)?;
    Ok(match from_options(&options, grid)? {
        AnyFamily::Real(family) => AnySequence::Real(Box::new(Samples::new(family, seed, systems))),
        AnyFamily::Complex(family) => {
            AnySequence::Complex(Box::new(Samples::new(family, seed, systems)))
        }
    })
}

/// The real sequence that a name and its options stand for; what is random about it belongs to the seed.
///
/// # Errors
/// [`FamilyError`] that says what there is, or that it is complex.
pub fn family(spec: &str, seed: u64) -> Result<Box<dyn Family>, FamilyError> {
    match sequence(spec, seed)? {
        AnySequence::Real(family) => Ok(family),
        AnySequence::Complex(_) => Err(FamilyError::Complex(spec.into())),
    }
}

fn of_its_own(options: &Options, seed: u64) -> Result<Box<dyn Family>, FamilyError> {
    Ok(match options.name() {
        "heat2d" => {
            let default = Heat2d::default();
            Heat2d {
                nx: options.count("nx", default.nx)?,
                systems: options.count("systems", default.systems)?,
                dt: options.positive("dt", default.dt)?,
            }
            .start()?
        }
        "heat2d-jump" => {
            let default = Heat2dJump::default();
            Heat2dJump {
                nx: options.count("nx", default.nx)?,
                systems: options.count("systems", default.systems)?,
                contrast: options.positive("contrast", default.contrast)?,
                dt: options.positive("dt", default.dt)?,
                hold: options.count("hold", default.hold)?,
            }
            .start(seed)?
        }
        "projection" => {
            let default = Projection::default();
            Projection {
                nx: options.count("nx", default.nx)?,
                systems: options.count("systems", default.systems)?,
                ratio: options.positive("ratio", default.ratio)?,
                dt: options.positive("dt", default.dt)?,
            }
            .start()?
        }
        "newton" => {
            let default = Newton::default();
            let problem = options.word("problem", &Nonlinear::NAMES)?;
            Newton {
                problem: problem.map_or(default.problem, |problem| Nonlinear::ALL[problem]),
                nx: options.count("nx", default.nx)?,
                systems: options.count("systems", default.systems)?,
                load: options.positive("load", default.load)?,
                levels: options.count("levels", default.levels)?,
                p: options.positive("p", default.p)?,
            }
            .start()?
        }
        "impes" => {
            let default = Impes::default();
            Impes {
                nx: options.count("nx", default.nx)?,
                systems: options.count("systems", default.systems)?,
                ratio: options.positive("ratio", default.ratio)?,
                sigma: options.not_negative("sigma", default.sigma)?,
                dt: options.positive("dt", default.dt)?,
            }
            .start(seed)?
        }
        "darcy-gauss" => {
            let default = DarcyGauss::default();
            DarcyGauss {
                nx: options.count("nx", default.nx)?,
                systems: options.count("systems", default.systems)?,
                sigma: options.positive("sigma", default.sigma)?,
                length: options.positive("length", default.length)?,
            }
            .start(seed)?
        }
        "obstacles" => {
            let default = Obstacles::default();
            let walls = options.word("walls", &Walls::NAMES)?;
            Obstacles {
                grid: sample_grid(options.value("grid").unwrap_or("64"))?,
                systems: options.count("systems", default.systems)?,
                balls: options.whole("balls", default.balls)?,
                radius: options.positive("radius", default.radius)?,
                walls: walls.map_or(default.walls, |walls| Walls::ALL[walls]),
            }
            .start(seed)?
        }
        "adversarial" => {
            let default = Adversarial::default();
            let kind = options.word("kind", &Kind::NAMES)?;
            Adversarial {
                kind: kind.map_or(default.kind, |kind| Kind::ALL[kind]),
                n: options.count("n", default.n)?,
                systems: options.count("systems", default.systems)?,
            }
            .start(seed)?
        }
        _ => {
            let default = ShiftedLaplacians::default();
            let variance = options.word("variance", &["high", "low"])?;
            ShiftedLaplacians {
                n: options.count("n", default.n)?,
                systems: options.count("systems", default.systems)?,
                variance: match variance {
                    Some(1) => Variance::Low,
                    _ => Variance::High,
                },
            }
            .start(seed)?
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_keys() {
        let name = |spec| family(spec, 0).map(|family| family.name());
        assert_eq!(
            name("heat2d:nx=8").unwrap(),
            "heat2d:nx=8,systems=5000,dt=1e-3"
        );
        assert!(
            name("adversarial:kind=alternating,n=16")
                .unwrap()
                .contains("kind=alternating")
        );
        assert!(
            name("shifted-laplacian:variance=low")
                .unwrap()
                .contains("low")
        );
        assert!(name("heat2d-jump").unwrap().contains("contrast=1e4"));
        for (spec, says) in [
            ("projection:ratio=1", "ratio=1e0,dt=5e-3"),
            ("newton:problem=plaplacian", "levels=40,p=3"),
            ("newton", "problem=bratu"),
            ("impes:sigma=0", "sigma=0,"),
            ("darcy-gauss:length=0.2", "length=0.2"),
            ("darcy", "darcy:grid=64x64,systems=1000,low=3,high=12,"),
            ("heat:grid=8x9x10,steps=3", "grid=8x9x10,"),
        ] {
            assert!(name(spec).unwrap().contains(says), "{spec}");
        }
        for (wrong, says) in [
            ("newton:load=7", "at most 5.8"),
            ("darcy-gauss:sigma=11", "at most 10"),
            (
                "darcy:nx=11",
                "it takes: low, high, alpha, tau, rho, values, mean, grid, systems",
            ),
            ("darcy:grid=1", "at least 3 points"),
            ("helmholtz", "complex"),
            ("heat3d", "did you mean `heat2d`?"),
            ("heat2d:ny=3", "did you mean `nx`?"),
            ("heat2d:nx=-1", "a whole number"),
            ("shifted-laplacian:n=99", "81"),
        ] {
            let error = name(wrong).unwrap_err().to_string();
            assert!(error.contains(says), "{error}");
        }
    }
}
