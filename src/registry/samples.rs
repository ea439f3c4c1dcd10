//! Names of the families of samples: `darcy:low=4`, on a grid `128x128`.

use super::families::FamilyError;
use super::options::Options;
use super::{Entry, entry};
use resolvent_matrices::Grid;
use resolvent_matrices::families::{
    AdvectionDiffusion, AnyFamily, Convection, Custom, Darcy, DarcyLognormal, Elasticity, Heat,
    Helmholtz, Mean, Poisson, ReactionDiffusion, Scheme, SkrReleased,
};
use resolvent_matrices::fields::{Place, Sides};

/// The families of samples.
pub const SAMPLES: &[Entry] = &[
    entry(
        "darcy",
        "flow through two kinds of rock, -div(a grad u) = 1; of the Fourier neural operator",
        &[
            ("low", "a where the field is negative (3)"),
            ("high", "a elsewhere (12)"),
            ("alpha", "exponent of the covariance (2)"),
            ("tau", "inverse length of the covariance (3)"),
            ("rho", "correlation of consecutive samples (0)"),
            ("values", "cells or nodes (cells)"),
            ("mean", "of a at a face, arithmetic or harmonic (harmonic)"),
        ],
    ),
    entry(
        "darcy-lognormal",
        "flow through a lognormal medium, -div(a grad u) = 1",
        &[
            ("alpha", "exponent of the covariance (2)"),
            ("tau", "inverse length of the covariance (3)"),
            ("sigma", "standard deviation of ln a (1)"),
            ("rho", "correlation of consecutive samples (0)"),
            ("sides", "of the field, insulated or periodic (insulated)"),
            ("values", "cells or nodes (cells)"),
            ("mean", "of a at a face, arithmetic or harmonic (harmonic)"),
        ],
    ),
    entry(
        "skr-released",
        "the matrices of the released SKR code, mistakes included: for comparison only",
        &[
            ("alpha", "exponent of the covariance (2.5)"),
            ("tau", "inverse length of the covariance (7)"),
            ("rho", "correlation of consecutive samples (0)"),
        ],
    ),
    entry(
        "poisson",
        "-Laplacian(u) = f with random f and boundary values: one matrix for all",
        &[
            ("alpha", "exponent of the covariance of f (2)"),
            ("tau", "inverse length of the covariance of f (3)"),
            ("sigma", "standard deviation of f (10)"),
            ("rho", "correlation of consecutive samples (0)"),
            ("boundary", "largest coefficient of the boundary values (1)"),
            ("degree", "of the boundary values (5)"),
        ],
    ),
    entry(
        "advection-diffusion",
        "-eps Laplacian(u) + v.grad u = 1, v from a random stream function: nonsymmetric",
        &[
            ("peclet", "1/eps (100)"),
            (
                "alpha",
                "exponent of the covariance of the stream function (3)",
            ),
            ("tau", "inverse length of the covariance (5)"),
            ("rho", "correlation of consecutive samples (0)"),
            ("scheme", "upwind or central (upwind)"),
        ],
    ),
    entry(
        "helmholtz",
        "waves in a random medium, absorbing boundary: complex",
        &[
            ("k", "wave number (10)"),
            (
                "sigma",
                "standard deviation of ln of the squared slowness (0.2)",
            ),
            ("alpha", "exponent of the covariance (3)"),
            ("tau", "inverse length of the covariance (5)"),
            ("rho", "correlation of consecutive samples (0)"),
            ("width", "standard deviation of the source (0.05)"),
            ("order", "of the stencil, 2 or 4 (2)"),
            ("allow-pollution", "take grids too coarse for k (false)"),
        ],
    ),
    entry(
        "elasticity",
        "plane strain, Q1 elements with a random modulus",
        &[
            ("poisson-ratio", "from 0 to 0.49 (0.3)"),
            ("sigma", "standard deviation of ln E (1)"),
            ("alpha", "exponent of the covariance (2)"),
            ("tau", "inverse length of the covariance (3)"),
            ("rho", "correlation of consecutive samples (0)"),
        ],
    ),
    entry(
        "reaction-diffusion",
        "-div(d grad u) + r u = f, steady, random r and f, no flux through the boundary",
        &[
            ("diffusion", "d (0.01)"),
            ("reaction", "median of r (1)"),
            ("sigma", "standard deviation of ln r (1)"),
            ("alpha", "exponent of the covariances (2)"),
            ("tau", "inverse length of the covariances (3)"),
            ("rho", "correlation of consecutive samples (0)"),
        ],
    ),
    entry(
        "heat",
        "heat in a random medium by implicit steps: a sample is a trajectory",
        &[
            ("steps", "systems of a sample (20)"),
            ("dt", "time step (1e-3)"),
            ("scheme", "euler or crank-nicolson (euler)"),
            (
                "sigma",
                "standard deviation of ln of the conductivity, or 0 (1)",
            ),
            ("alpha", "exponent of the covariances (2)"),
            ("tau", "inverse length of the covariances (3)"),
            ("rho", "correlation of consecutive samples (0)"),
        ],
    ),
    entry(
        "custom",
        "-div(k grad u) + v.grad u + c u = f with fields of yours",
        &[
            ("k", "whether k is given, else 1 (false)"),
            ("v", "whether v is given, else 0 (false)"),
            ("c", "whether c is given, else 0 (false)"),
            ("f", "whether f is given, else 1 (false)"),
            ("mask", "whether a mask is given (false)"),
            ("mean", "of k at a face, arithmetic or harmonic (harmonic)"),
            ("scheme", "upwind or central (upwind)"),
        ],
    ),
];

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
    from_options(&options, grid)
}

/// The same, from options that have been read.
pub(super) fn from_options(options: &Options, grid: Grid) -> Result<AnyFamily, FamilyError> {
    Ok(match options.name() {
        "darcy" => AnyFamily::Real(Box::new(darcy(options)?.on(grid)?)),
        "darcy-lognormal" => AnyFamily::Real(Box::new(lognormal(options)?.on(grid)?)),
        "skr-released" => AnyFamily::Real(Box::new(released(options)?.on(grid)?)),
        "poisson" => AnyFamily::Real(Box::new(poisson(options)?.on(grid)?)),
        "advection-diffusion" => AnyFamily::Real(Box::new(advection(options)?.on(grid)?)),
        "elasticity" => AnyFamily::Real(Box::new(elasticity(options)?.on(grid)?)),
        "reaction-diffusion" => AnyFamily::Real(Box::new(reaction(options)?.on(grid)?)),
        "heat" => AnyFamily::Real(Box::new(heat(options)?.on(grid)?)),
        "custom" => AnyFamily::Real(Box::new(custom(options)?.on(grid)?)),
        _ => AnyFamily::Complex(Box::new(helmholtz(options)?.on(grid)?)),
    })
}

fn place(options: &Options) -> Result<Place, FamilyError> {
    let word = options.word("values", &Place::NAMES)?;
    Ok(word.map_or(Place::default(), |at| Place::ALL[at]))
}

fn mean(options: &Options) -> Result<Mean, FamilyError> {
    let word = options.word("mean", &Mean::NAMES)?;
    Ok(word.map_or(Mean::default(), |at| Mean::ALL[at]))
}

fn convection(options: &Options) -> Result<Convection, FamilyError> {
    let word = options.word("scheme", &Convection::NAMES)?;
    Ok(word.map_or(Convection::default(), |at| Convection::ALL[at]))
}

fn darcy(options: &Options) -> Result<Darcy, FamilyError> {
    let default = Darcy::default();
    Ok(Darcy {
        low: options.positive("low", default.low)?,
        high: options.positive("high", default.high)?,
        alpha: options.positive("alpha", default.alpha)?,
        tau: options.positive("tau", default.tau)?,
        rho: options.not_negative("rho", default.rho)?,
        place: place(options)?,
        mean: mean(options)?,
    })
}

fn lognormal(options: &Options) -> Result<DarcyLognormal, FamilyError> {
    let default = DarcyLognormal::default();
    let sides = options.word("sides", &Sides::NAMES)?;
    Ok(DarcyLognormal {
        alpha: options.positive("alpha", default.alpha)?,
        tau: options.positive("tau", default.tau)?,
        sigma: options.positive("sigma", default.sigma)?,
        rho: options.not_negative("rho", default.rho)?,
        sides: sides.map_or(default.sides, |at| Sides::ALL[at]),
        place: place(options)?,
        mean: mean(options)?,
    })
}

fn released(options: &Options) -> Result<SkrReleased, FamilyError> {
    let default = SkrReleased::default();
    Ok(SkrReleased {
        alpha: options.positive("alpha", default.alpha)?,
        tau: options.positive("tau", default.tau)?,
        rho: options.not_negative("rho", default.rho)?,
    })
}

fn poisson(options: &Options) -> Result<Poisson, FamilyError> {
    let default = Poisson::default();
    Ok(Poisson {
        alpha: options.positive("alpha", default.alpha)?,
        tau: options.positive("tau", default.tau)?,
        sigma: options.positive("sigma", default.sigma)?,
        rho: options.not_negative("rho", default.rho)?,
        boundary: options.not_negative("boundary", default.boundary)?,
        degree: options.count("degree", default.degree)?,
    })
}

fn advection(options: &Options) -> Result<AdvectionDiffusion, FamilyError> {
    let default = AdvectionDiffusion::default();
    Ok(AdvectionDiffusion {
        peclet: options.positive("peclet", default.peclet)?,
        alpha: options.positive("alpha", default.alpha)?,
        tau: options.positive("tau", default.tau)?,
        rho: options.not_negative("rho", default.rho)?,
        scheme: convection(options)?,
    })
}

fn helmholtz(options: &Options) -> Result<Helmholtz, FamilyError> {
    let default = Helmholtz::default();
    Ok(Helmholtz {
        k: options.positive("k", default.k)?,
        sigma: options.not_negative("sigma", default.sigma)?,
        alpha: options.positive("alpha", default.alpha)?,
        tau: options.positive("tau", default.tau)?,
        rho: options.not_negative("rho", default.rho)?,
        width: options.positive("width", default.width)?,
        order: options.count("order", default.order)?,
        allow_pollution: options.flag("allow-pollution", default.allow_pollution)?,
    })
}

fn elasticity(options: &Options) -> Result<Elasticity, FamilyError> {
    let default = Elasticity::default();
    Ok(Elasticity {
        poisson_ratio: options.not_negative("poisson-ratio", default.poisson_ratio)?,
        sigma: options.positive("sigma", default.sigma)?,
        alpha: options.positive("alpha", default.alpha)?,
        tau: options.positive("tau", default.tau)?,
        rho: options.not_negative("rho", default.rho)?,
    })
}

fn reaction(options: &Options) -> Result<ReactionDiffusion, FamilyError> {
    let default = ReactionDiffusion::default();
    Ok(ReactionDiffusion {
        diffusion: options.positive("diffusion", default.diffusion)?,
        reaction: options.positive("reaction", default.reaction)?,
        sigma: options.positive("sigma", default.sigma)?,
        alpha: options.positive("alpha", default.alpha)?,
        tau: options.positive("tau", default.tau)?,
        rho: options.not_negative("rho", default.rho)?,
    })
}

fn heat(options: &Options) -> Result<Heat, FamilyError> {
    let default = Heat::default();
    let scheme = options.word("scheme", &Scheme::NAMES)?;
    Ok(Heat {
        steps: options.count("steps", default.steps)?,
        dt: options.positive("dt", default.dt)?,
        scheme: scheme.map_or(default.scheme, |at| Scheme::ALL[at]),
        sigma: options.not_negative("sigma", default.sigma)?,
        alpha: options.positive("alpha", default.alpha)?,
        tau: options.positive("tau", default.tau)?,
        rho: options.not_negative("rho", default.rho)?,
    })
}

fn custom(options: &Options) -> Result<Custom, FamilyError> {
    Ok(Custom {
        k: options.flag("k", false)?,
        v: options.flag("v", false)?,
        c: options.flag("c", false)?,
        f: options.flag("f", false)?,
        mask: options.flag("mask", false)?,
        mean: mean(options)?,
        scheme: convection(options)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Fine enough for the waves.
    const GRID: &str = "40";

    #[test]
    fn a_description_can_be_typed() {
        let grid = sample_grid(GRID).unwrap();
        for entry in SAMPLES {
            let described = sample_family(entry.name, grid).unwrap().describe();
            let again = sample_family(&described.spec(), grid).unwrap().describe();
            assert_eq!(described, again, "{}", entry.name);
            let keys: Vec<_> = entry.options.iter().map(|(key, _)| *key).collect();
            let described: Vec<_> = described.parameters.iter().map(|(key, _)| *key).collect();
            assert_eq!(keys, described, "{}", entry.name);
        }
    }

    #[test]
    fn defaults_are_those_that_the_table_says() {
        let grid = sample_grid(GRID).unwrap();
        for entry in SAMPLES {
            let described = sample_family(entry.name, grid).unwrap().describe();
            for ((key, about), (_, value)) in entry.options.iter().zip(&described.parameters) {
                let value = match format!("{value}").as_str() {
                    "0.001" => "1e-3".into(),
                    value => value.to_string(),
                };
                assert!(
                    about.ends_with(&format!("({value})")),
                    "{} {key}",
                    entry.name
                );
            }
        }
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let error = |spec, grid| {
            let family = sample_family(spec, sample_grid(grid).unwrap());
            family.err().map(|error| error.to_string())
        };
        for (spec, grid, says) in [
            ("darci", "8", "did you mean `darcy`?"),
            ("darcy:hi=4", "8", "did you mean `high`?"),
            ("darcy:alpha=1", "8", "above 1"),
            ("darcy:alpha=1.5", "8x8x8", "above 1.5"),
            ("darcy:rho=1", "8", "from 0 to 0.999999"),
            ("darcy", "8x1", "at least 3 points"),
            (
                "darcy-lognormal:sides=periodic,values=nodes",
                "8",
                "values=cells",
            ),
            ("skr-released", "8x9", "square"),
            ("advection-diffusion", "8x8x8", "NXxNY"),
            ("advection-diffusion:alpha=1.5", "8", "above 2"),
            ("helmholtz:k=60", "128", "467 nodes a side, or order=4"),
            ("helmholtz:order=3", "128", "2 or 4"),
            ("elasticity:poisson-ratio=0.5", "8", "from 0 to 0.49"),
        ] {
            let error = error(spec, grid).unwrap_or_default();
            assert!(error.contains(says), "{spec}: {error}");
        }
        assert!(sample_family("helmholtz:k=60,allow-pollution=true", Grid::new(9, 9, 1)).is_ok());
        assert!(sample_grid("8x").is_err());
    }
}
