//! Problems of the tables of `gmg` and `mgnet`: matrices on planes and boxes of cells.

use resolvent::generate::{Boundary, Coefficient, Diffusion, disk, random_vector};
use resolvent::matrices::families::{self, Assembled, Darcy, DarcyLognormal, SampleFamily};
use resolvent::matrices::fields::Scratch;
use resolvent::{Csr, Grid};
use std::error::Error;

pub type Outcome<A> = Result<A, Box<dyn Error + Send + Sync>>;

/// A name and its matrices.
pub type Problem = (String, Vec<Csr<f64>>);

/// All of them on a grid; of random ones, this many.
pub fn problems(grid: Grid, count: usize) -> Outcome<Vec<Problem>> {
    let smooth = Diffusion {
        grid,
        coefficient: ONE,
        ..Diffusion::default()
    };
    let lognormal = |sigma| DarcyLognormal {
        sigma,
        ..DarcyLognormal::default()
    };
    let mut all = vec![
        ("poisson".into(), vec![smooth.generate()?.matrix]),
        ("masked, mixed".into(), masked(grid, count)?),
        (
            "darcy 3/12".into(),
            drawn(&Darcy::default().on(grid)?, count)?,
        ),
        (
            "lognormal 3".into(),
            drawn(&lognormal(3.0).on(grid)?, count)?,
        ),
    ];
    if grid.dimension() == 3 {
        let closed = Diffusion {
            sides: [[Boundary::Neumann; 2]; 3],
            ..smooth
        };
        all.insert(1, ("neumann".into(), vec![closed.generate()?.matrix]));
        all.insert(
            4,
            (
                "lognormal 1".into(),
                drawn(&lognormal(1.0).on(grid)?, count)?,
            ),
        );
    }
    for contrast in [1e1, 1e2, 1e3, 1e4, 1e6] {
        let binary = Darcy {
            low: 1.0,
            high: contrast,
            tau: 10.0,
            ..Darcy::default()
        };
        all.push((
            format!("binary {contrast:.0e}"),
            drawn(&binary.on(grid)?, count)?,
        ));
    }
    Ok(all)
}

const ONE: Coefficient = Coefficient::Constant(1.0);

/// Poisson's equation around discs or balls of value 0, insulated on two sides, or four.
fn masked(grid: Grid, count: usize) -> Outcome<Vec<Csr<f64>>> {
    (1..=count as u64).map(|seed| discs(grid, seed)).collect()
}

fn discs(grid: Grid, seed: u64) -> Outcome<Csr<f64>> {
    let (fixed, free) = (Boundary::Dirichlet, Boundary::Neumann);
    let sides = [[fixed, free], [free, fixed], [free; 2]];
    let problem = Diffusion {
        grid,
        coefficient: ONE,
        sides,
        ..Diffusion::default()
    };
    let mut hole = vec![false; problem.grid.unknowns().unwrap_or(0)];
    let random = random_vector::<f64>(30, seed);
    let deep = grid.dimension() == 3;
    for c in random.chunks(3) {
        let depth = if deep { 0.5 * (1.0 - c[0] * c[1]) } else { 0.5 };
        let centre = [0.5 * (c[0] + 1.0), 0.5 * (c[1] + 1.0), depth];
        let radius = if deep { 0.15 } else { 0.07 };
        for cell in disk(grid, centre, radius + 0.05 * c[2])? {
            hole[cell] = true;
        }
    }
    let matrix = problem.generate::<f64>()?.matrix;
    Ok(matrix.view().filter(|i, j| i == j || !(hole[i] || hole[j])))
}

/// The first matrices of a family.
fn drawn(family: &dyn SampleFamily<f64>, count: usize) -> Outcome<Vec<Csr<f64>>> {
    let mut inputs = family.describe().new_inputs();
    let mut scratch = Scratch::default();
    let mut matrices = Vec::new();
    for index in 0..count as u64 {
        family.draw(1, index, &mut scratch, &mut inputs)?;
        let mut system = Assembled::default();
        family.assemble(&inputs, families::Step::default(), &mut system)?;
        matrices.push(system.a);
    }
    Ok(matrices)
}
