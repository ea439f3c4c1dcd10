//! Small problems of every kind, named, for tables of tests.

use super::{
    BadlyScaled, Coefficient, ConvectionDiffusion, Diffusion, Diffusivity, MagneticLaplacian,
    Poisson, Problem, PureNeumann, RandomHpd, Scheme, ShiftedLaplacian, Stencil, Velocity, disk,
};
use crate::{Complex, Grid, MatrixError, Scalar};

/// Small problems (at most 400 unknowns) of every kind, each with its own name.
///
/// | name | symmetric | Hermitian | spectrum | |
/// |---|---|---|---|---|
/// | `poisson2d`, `poisson2d-box`, `poisson3d`, `poisson3d-box` | yes | yes | positive | 5, 9, 7, 27 points |
/// | `masked` | yes | yes | positive | a disk cut out |
/// | `anisotropic`, `jump` | yes | yes | positive | 1:100; a checkerboard 1:1000 |
/// | `heat-step` | yes | yes | positive | −Δ + 1000, well conditioned |
/// | `random-hpd` | if real | yes | positive | condition number 1000 |
/// | `badly-scaled` | yes | yes | positive | 6 decades, both sides alike |
/// | `single` | yes | yes | positive | one unknown |
/// | `zero-rhs` | yes | yes | positive | b = 0 |
/// | `helmholtz` | yes | yes | indefinite | |
/// | `pure-neumann` | yes | yes | semidefinite | consistent |
/// | `inconsistent` | yes | yes | semidefinite | b outside of the range |
/// | `upwind`, `central`, `vortex` | no | no | | convection–diffusion |
/// | `badly-scaled-rows` | no | no | | rows and columns scaled apart |
/// | `helmholtz-damped` (complex types) | yes | no | | |
/// | `magnetic` (complex types) | no | yes | positive | |
///
/// Nonsingular ones have a random solution (`exact`), except `zero-rhs`, which has 0.
///
/// # Errors
/// None: the parameters are right for every scalar type.
pub fn zoo<T: Scalar>() -> Result<Vec<Problem<T>>, MatrixError> {
    let plane = Grid::new(18, 20, 1);
    let cube = Grid::new(6, 7, 8);
    let poisson = |grid, stencil| Poisson {
        grid,
        stencil,
        ..Default::default()
    };
    let flat = || poisson(plane, Stencil::Faces);
    let mut zoo = Vec::new();
    let mut add = |name: &str, problem: Problem<T>| {
        zoo.push(Problem {
            name: name.into(),
            ..problem
        })
    };
    let solved = |problem: Problem<T>| problem.with_random_solution(7);

    add("poisson2d", solved(flat().generate()?)?);
    add(
        "poisson2d-box",
        solved(poisson(plane, Stencil::Box).generate()?)?,
    );
    add(
        "poisson3d",
        solved(poisson(cube, Stencil::Faces).generate()?)?,
    );
    add(
        "poisson3d-box",
        solved(poisson(cube, Stencil::Box).generate()?)?,
    );
    let masked = Poisson {
        masked: disk(plane, [0.4, 0.5, 0.0], 0.2)?,
        ..flat()
    };
    add("masked", solved(masked.generate()?)?);
    let anisotropic = Diffusion {
        grid: plane,
        coefficient: Coefficient::Constant(1.0),
        anisotropy: [1.0, 0.01, 1.0],
        ..Default::default()
    };
    add("anisotropic", solved(anisotropic.generate()?)?);
    let jump = Diffusion {
        grid: plane,
        coefficient: Coefficient::Checkerboard {
            blocks: 4,
            contrast: 1000.0,
        },
        ..Default::default()
    };
    add("jump", solved(jump.generate()?)?);
    let shifted = |re: f64, im: f64| ShiftedLaplacian {
        laplacian: flat(),
        shift: Complex::new(re, im),
    };
    add("heat-step", solved(shifted(-1000.0, 0.0).generate()?)?);
    add("random-hpd", RandomHpd::default().generate()?);
    let scaled = solved(flat().generate()?)?;
    add("badly-scaled", BadlyScaled::default().apply(scaled)?);
    let single = poisson(Grid::new(1, 1, 1), Stencil::Faces);
    add("single", solved(single.generate()?)?);
    let zero = flat().generate::<T>()?;
    let x = vec![T::ZERO; zero.rhs.len()];
    add("zero-rhs", zero.with_solution(x)?);

    add("helmholtz", solved(shifted(300.0, 0.0).generate()?)?);
    let neumann = |inconsistency| PureNeumann {
        laplacian: flat(),
        inconsistency,
    };
    add("pure-neumann", neumann(0.0).generate()?);
    add("inconsistent", neumann(0.5).generate()?);

    let upwind = ConvectionDiffusion {
        grid: plane,
        ..Default::default()
    };
    let central = ConvectionDiffusion {
        diffusivity: Diffusivity::CellPeclet(1.0),
        scheme: Scheme::Central,
        ..upwind.clone()
    };
    let vortex = ConvectionDiffusion {
        velocity: Velocity::Vortex,
        ..upwind.clone()
    };
    let scaled = solved(upwind.generate()?)?;
    add("upwind", scaled.clone());
    add("central", solved(central.generate()?)?);
    add("vortex", solved(vortex.generate()?)?);
    let apart = BadlyScaled {
        symmetric: false,
        ..Default::default()
    };
    add("badly-scaled-rows", apart.apply(scaled)?);

    if T::IS_COMPLEX {
        add(
            "helmholtz-damped",
            solved(shifted(300.0, 60.0).generate()?)?,
        );
        let magnetic = MagneticLaplacian {
            grid: plane,
            ..Default::default()
        };
        add("magnetic", solved(magnetic.generate()?)?);
    }
    Ok(zoo)
}
