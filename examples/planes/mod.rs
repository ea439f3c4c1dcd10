//! Problems of the tables of `gmg` and `mgnet`: 5-point matrices on planes of cells.

use resolvent::generate::{Boundary, Coefficient, Diffusion, disk, random_vector};
use resolvent::matrices::families::{self, Assembled, Darcy, DarcyLognormal, SampleFamily};
use resolvent::matrices::fields::Scratch;
use resolvent::{Csr, Grid};
use std::error::Error;

pub type Outcome<A> = Result<A, Box<dyn Error + Send + Sync>>;

/// A name and its matrices.
pub type Problem = (String, Vec<Csr<f64>>);

/// All of them on N x N cells; of random ones, this many.
pub fn problems(n: usize, count: usize) -> Outcome<Vec<Problem>> {
    let grid = Grid::new(n, n, 1);
    let smooth = Diffusion {
        grid,
        coefficient: ONE,
        ..Diffusion::default()
    };
    let lognormal = DarcyLognormal {
        sigma: 3.0,
        ..DarcyLognormal::default()
    };
    let mut all = vec![
        ("poisson".into(), vec![smooth.generate()?.matrix]),
        ("masked, mixed".into(), masked(grid, count)?),
        (
            "darcy 3/12".into(),
            drawn(&Darcy::default().on(grid)?, count)?,
        ),
        ("lognormal 3".into(), drawn(&lognormal.on(grid)?, count)?),
    ];
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

/// Poisson's equation around discs of value 0, insulated on two sides.
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
    for c in random.chunks(3) {
        let centre = [0.5 * (c[0] + 1.0), 0.5 * (c[1] + 1.0), 0.5];
        for cell in disk(grid, centre, 0.07 + 0.05 * c[2])? {
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
