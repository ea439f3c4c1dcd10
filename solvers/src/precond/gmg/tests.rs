//! The sweeps against the cycle by its definition, and what the method promises.

use super::*;
use crate::precond::testing::{apply, close};
use crate::precond::{Finding, check};
use crate::{Cg, CgConfig, Nullspace, Solver, Stopping, System};
use resolvent_matrices::Csr;
use resolvent_matrices::generate::{Boundary, Coefficient, Diffusion, random_vector};

mod boxes;
mod islands;
mod problems;
mod refusals;
mod rules;
mod spectrum;
mod weak;

use problems::{cells, random_level};

/// The hierarchy that a level begins, by the default rule.
fn hierarchy(level: GmgLevel) -> Vec<GmgLevel> {
    let mut levels = vec![level];
    while levels[levels.len() - 1].link.len() > coarsest::MOST {
        levels.push(levels[levels.len() - 1].coarser());
    }
    levels
}

/// With scalings and weights.
fn varied(mut levels: Vec<GmgLevel>) -> Vec<GmgLevel> {
    for (l, level) in levels.iter_mut().enumerate() {
        let noise = random_vector::<f64>(level.link.len(), l as u64);
        let part = |v: &f64, low: f64| (low + (1.0 - low) * 0.5 * (v + 1.0)) as f32;
        let scaling = noise.iter().map(|v| part(v, 0.3)).collect();
        let weights = noise.iter().map(|v| part(v, 0.8)).collect();
        let changed = level.clone().with_scaling(scaling).unwrap();
        *level = changed.with_weights(weights).unwrap();
    }
    levels
}

fn norm(v: &[f64]) -> f64 {
    v.iter().map(|v| v * v).sum::<f64>().sqrt()
}

/// ‖z − z_reference‖/‖z_reference‖ for a random r.
fn difference(levels: Vec<GmgLevel>, degree: usize) -> f64 {
    let config = GmgConfig {
        degree,
        islands: false,
        ..GmgConfig::default()
    };
    let n = levels[0].link.len();
    let mut r = random_vector::<f64>(n, 3);
    let dead = |p: usize| levels[0].divisor(p) == 0.0;
    (0..n).filter(|&p| dead(p)).for_each(|p| r[p] = 0.0);
    let expected = reference::cycle(&levels, degree, &r);
    let mut m = Gmg::from_levels(levels, 1.0, config).unwrap();
    let mut z = apply(&mut m, &r);
    z.iter_mut().zip(&expected).for_each(|(z, e)| *z -= e);
    norm(&z) / norm(&expected)
}

#[test]
fn sweeps_do_what_the_cycle_says() {
    let shapes = [
        (1, 1),
        (5, 7),
        (64, 1),
        (65, 1),
        (1000, 1),
        (2, 40),
        (9, 8),
        (16, 16),
        (17, 33),
        (31, 50),
        (288, 9),
        (289, 8),
        (512, 5),
        (700, 21),
    ];
    for (k, (nx, ny)) in shapes.into_iter().enumerate() {
        for degree in 1..=4 {
            for holes in [false, true] {
                let level = random_level([nx, ny, 1], holes, k as u64);
                let levels = hierarchy(level);
                let d = difference(levels, degree);
                assert!(d < 2e-5, "{nx}x{ny} degree {degree} holes {holes}: {d:e}");
            }
        }
    }
}

#[test]
fn scalings_and_weights_are_read_on_every_level() {
    for (nx, ny) in [(40, 30), (300, 20)] {
        let levels = varied(hierarchy(random_level([nx, ny, 1], true, 5)));
        for degree in 1..=4 {
            let d = difference(levels.clone(), degree);
            assert!(d < 2e-5, "{nx}x{ny} degree {degree}: {d:e}");
        }
    }
}

/// An update forgets the levels that were given.
#[test]
fn given_levels_are_made_anew() {
    let a = cells(24, 24, |i, j| 1.0 + (i * j) as f64, Boundary::Dirichlet);
    let mut levels = hierarchy(random_level([24, 24, 1], false, 1));
    for level in &mut levels {
        let half = vec![0.5; level.link.len()];
        *level = level.clone().with_scaling(half).unwrap();
    }
    let mut given = Gmg::from_levels(levels, 1.0, GmgConfig::default()).unwrap();
    given.update(&a).unwrap();
    let r = random_vector::<f64>(576, 2);
    let mut fresh = Gmg::new(&a, GmgConfig::default()).unwrap();
    assert_eq!(apply(&mut given, &r), apply(&mut fresh, &r));
}

/// Bits do not depend on how the work is shared out.
#[test]
fn threads_do_not_change_the_bits() {
    let a = cells(
        320,
        300,
        |i, j| 1.0 + ((i * j) % 7) as f64,
        Boundary::Dirichlet,
    );
    let r = random_vector::<f64>(a.nrows(), 1);
    let mut m = Gmg::new(&a, GmgConfig::default()).unwrap();
    m.hierarchy.scratch(7);
    let alone = apply(&mut m, &r);
    for threads in [2, 3, 5] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        let shared = pool.build().unwrap().install(|| apply(&mut m, &r));
        assert_eq!(alone, shared, "{threads}");
    }
}

#[test]
fn it_is_what_it_declares() {
    for (nx, ny) in [
        (30, 30),
        (1, 50),
        (50, 1),
        (7, 300),
        (1, 1),
        (3, 3),
        (33, 65),
    ] {
        for side in [Boundary::Dirichlet, Boundary::Neumann] {
            if nx * ny == 1 && side == Boundary::Neumann {
                continue;
            }
            let a = cells(nx, ny, |i, _| 1.0 + (i % 3) as f64, side);
            let grid = Some(Grid::new(nx, ny, 1));
            let config = GmgConfig {
                grid,
                ..GmgConfig::default()
            };
            let mut m = Gmg::new(&a, config).unwrap();
            let found = check::<f64>(&mut m, a.nrows(), 1).unwrap();
            assert!(found.findings.is_empty(), "{nx}x{ny} {side:?}: {found:?}");
            assert!(!found.findings.contains(&Finding::NotFinite));
        }
    }
}

#[test]
fn new_values_and_new_grids_are_taken() {
    let a = cells(20, 15, |i, j| 1.0 + (i + j) as f64, Boundary::Dirichlet);
    let mut m = Gmg::new(&a, GmgConfig::default()).unwrap();
    let r = random_vector::<f64>(300, 2);
    let z = apply(&mut m, &r);
    let mut scaled = a.clone();
    scaled.values_mut().iter_mut().for_each(|v| *v *= 4.0);
    m.update(&scaled).unwrap();
    let quarter: Vec<f64> = z.iter().map(|z| 0.25 * z).collect();
    assert_eq!(apply(&mut m, &r), quarter);
    m.update(&a).unwrap();
    assert_eq!(apply(&mut m, &r), z);
    let small = Csr::<f64>::identity(3).unwrap();
    assert!(matches!(m.update(&small), Err(PrecondError::Shape { .. })));
    let other = cells(15, 20, |i, j| 1.0 + (i * j) as f64, Boundary::Dirichlet);
    m.update(&other).unwrap();
    let mut fresh = Gmg::new(&other, GmgConfig::default()).unwrap();
    assert_eq!(apply(&mut m, &r), apply(&mut fresh, &r));
}

/// Units of A and of r leave the correction as it is.
#[test]
fn units_do_not_matter() {
    let a = cells(40, 40, |i, j| 1.0 + (i + j) as f64, Boundary::Dirichlet);
    let r = random_vector::<f64>(1600, 2);
    let expected = apply(&mut Gmg::new(&a, GmgConfig::default()).unwrap(), &r);
    for of_a in [-280, 0, 280] {
        let mut scaled = a.clone();
        let of_a = 2.0f64.powi(of_a);
        scaled.values_mut().iter_mut().for_each(|v| *v *= of_a);
        let mut m = Gmg::new(&scaled, GmgConfig::default()).unwrap();
        for of_r in [-300, -100, 100, 300] {
            let of_r = 2.0f64.powi(of_r);
            let r: Vec<f64> = r.iter().map(|r| r * of_r).collect();
            let mut z = apply(&mut m, &r);
            z.iter_mut().for_each(|z| *z = *z / of_r * of_a);
            close(&z, &expected, 1e-5 * norm(&expected));
        }
        assert_eq!(apply(&mut m, &vec![0.0; 1600]), vec![0.0; 1600]);
        assert!(
            m.apply(&vec![f64::INFINITY; 1600], &mut vec![0.0; 1600])
                .is_err()
        );
        apply(&mut m, &vec![f64::NAN; 1600]);
        let z = apply(&mut m, &r);
        assert!(z.iter().all(|z| z.is_finite())); // nothing sticks
    }
}

/// Iterations of CG for a random right-hand side.
fn iterations(a: &Csr<f64>, m: &mut Gmg, rtol: f64, nullspace: bool) -> usize {
    let n = a.nrows();
    let mut b = random_vector::<f64>(n, 7);
    let space = match nullspace {
        true => Nullspace::constant(),
        false => Nullspace::none(),
    };
    if nullspace {
        let mean = b.iter().sum::<f64>() / n as f64;
        b.iter_mut().for_each(|b| *b -= mean);
    }
    let stopping = Stopping {
        rtol,
        ..Stopping::default()
    };
    let config = CgConfig {
        stopping,
        ..CgConfig::default()
    };
    let mut x = vec![0.0; n];
    let system = System::new(a, &b, m).with_nullspace(&space);
    let report = Cg::new(n, config).solve(system, &mut x, &mut ()).unwrap();
    assert!(report.converged(), "{report:?}");
    report.iterations
}

#[test]
fn counts_do_not_grow_with_the_size() {
    for n in [32, 64, 128, 256, 250, 255] {
        for side in [Boundary::Dirichlet, Boundary::Neumann] {
            let a = cells(n, n, |_, _| 1.0, side);
            let mut m = Gmg::new(&a, GmgConfig::default()).unwrap();
            let neumann = side == Boundary::Neumann;
            let count = iterations(&a, &mut m, 1e-8, neumann);
            assert!(count <= 8, "{n} {side:?}: {count}");
            let deep = iterations(&a, &mut m, 1e-12, neumann);
            assert!(
                deep as f64 <= 1.6 * count as f64,
                "{n} {side:?}: {count} {deep}"
            );
        }
    }
}

/// Rows of masked cells may be there or not.
#[test]
fn absent_rows_are_as_good_as_rows_of_the_identity() {
    let (nx, ny) = (70, 45);
    let full = problems::holes(nx, ny, 3);
    let [there, absent] = with_and_without_rows(&full, Grid::new(nx, ny, 1));
    assert!(absent <= 12, "{absent}");
    assert_eq!(there, absent);
}

/// Applies the cycle with rows of masked cells and without them, and compares what it says of the others.
/// Iterations to 1e-8 of both.
fn with_and_without_rows(full: &Csr<f64>, grid: Grid) -> [usize; 2] {
    let n = full.nrows();
    let mask: Vec<bool> = (0..n).map(|p| full.row_range(p).len() > 1).collect();
    let active: Vec<usize> = (0..n).filter(|&p| mask[p]).collect();
    assert!(active.len() < n - 20);
    let row = |p: usize| active.binary_search(&p).ok();
    let entries = full
        .view()
        .triplets()
        .filter_map(|(p, q, v)| Some((row(p)?, row(q)?, v)));
    let entries: Vec<_> = entries.collect();
    let small = Csr::from_triplets(active.len(), active.len(), entries).unwrap();
    let mut with = Gmg::new(full, GmgConfig::default()).unwrap();
    let mut without = Gmg::masked(&small, grid, &mask, GmgConfig::default()).unwrap();
    let r = random_vector::<f64>(n, 5);
    let less: Vec<f64> = active.iter().map(|&p| r[p]).collect();
    let (z, less) = (apply(&mut with, &r), apply(&mut without, &less));
    let z: Vec<f64> = active.iter().map(|&p| z[p]).collect();
    close(&z, &less, 1e-6 * norm(&z));
    Preconditioner::<f64>::update(&mut without, &small).unwrap();
    [
        iterations(full, &mut with, 1e-8, false),
        iterations(&small, &mut without, 1e-8, false),
    ]
}

#[test]
fn contrasts_are_taken() {
    for (contrast, most) in [(1e3, 24), (1e6, 40)] {
        let coefficient = Coefficient::Checkerboard {
            blocks: 8,
            contrast,
        };
        let grid = Grid::new(128, 128, 1);
        let a = Diffusion {
            grid,
            coefficient,
            ..Diffusion::default()
        };
        let a = a.generate::<f64>().unwrap().matrix;
        let mut m = Gmg::new(&a, GmgConfig::default()).unwrap();
        let count = iterations(&a, &mut m, 1e-8, false);
        assert!(count <= most, "{contrast:e}: {count}");
    }
}
