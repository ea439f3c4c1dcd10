//! Parts that hardly anything holds: the nearly singular, and what islands are not for.

use super::*;
use problems::{matrix, solid};

/// Conductances of 1 along x and a along y, links of c everywhere.
fn uniform(dims: [usize; 2], a: f32, c: f32) -> GmgLevel {
    let ([nx, ny], n) = (dims, dims[0] * dims[1]);
    let inside = |inside: bool, a: f32| if inside { a } else { 0.0 };
    let east = (0..n).map(|p| inside(p % nx + 1 < nx, 1.0)).collect();
    let north = (0..n).map(|p| inside(p / nx + 1 < ny, a)).collect();
    let grid = Grid::new(nx, ny, 1);
    GmgLevel::new(grid, [east, north, Vec::new()], vec![c; n]).unwrap()
}

/// The left half conducts `high` times as well, and is held at the right side alone.
fn halves(n: usize, high: f64) -> Csr<f64> {
    let grid = Grid::new(n, n, 1);
    let k = (0..n * n).map(|p| if p % n < n / 2 { high } else { 1.0 });
    let free = Boundary::Neumann;
    let problem = Diffusion {
        grid,
        coefficient: Coefficient::Cells(k.collect()),
        sides: [[free, Boundary::Dirichlet], [free; 2], [free; 2]],
        ..Diffusion::default()
    };
    problem.generate().unwrap().matrix
}

fn sound(a: &Csr<f64>, what: &str) -> Gmg {
    let mut m = Gmg::new(a, GmgConfig::default()).unwrap();
    for seed in 0..10 {
        let found = check::<f64>(&mut m, a.nrows(), seed).unwrap();
        assert!(found.finite && found.positive > 0.0, "{what}: {found:?}");
    }
    m
}

#[test]
fn what_hardly_anything_holds_stays_positive_definite() {
    for reaction in [1e-6, 1e-8, 1e-10] {
        for n in [4, 16, 64] {
            let what = format!("{n}x{n}, reaction {reaction:e}");
            let a = matrix(&uniform([n, n], 1.0, reaction));
            let count = iterations(&a, &mut sound(&a, &what), 1e-5, false);
            assert!(count < 12, "{what}: {count}");
        }
    }
    for high in [1e6, 1e8, 1e9, 1e12] {
        let what = format!("half of {high:e}");
        let a = halves(64, high);
        let mut m = sound(&a, &what);
        if high < 1e10 {
            // beyond, b − Ax is mostly rounding
            let count = iterations(&a, &mut m, 1e-4, false);
            assert!(count < 12, "{what}: {count}");
        }
    }
}

/// Where they would be most of the level, there are none.
#[test]
fn lines_and_tiles_are_no_islands() {
    let a = matrix(&uniform([40, 30], 0.01, 0.0));
    let m = Gmg::new(&a, GmgConfig::default()).unwrap();
    assert_eq!(m.islands(), [0, 0]);
    // pairs of cells with thin gaps between; then a few rows of them
    let mut level = uniform([48, 48], 1.0, 1e-3);
    let sparse = |p: usize| (p / 48) % 24 < 3;
    for p in 0..48 * 48 {
        for d in 0..2 {
            let gap = [p % 48, p / 48][d] % 2 == 0;
            if gap {
                level.faces[d][p] *= 1e-6;
            }
        }
    }
    let tiles = matrix(&level);
    let m = Gmg::new(&tiles, GmgConfig::default()).unwrap();
    assert_eq!(m.islands(), [0, 0]);
    for p in (0..48 * 48).filter(|&p| !sparse(p)) {
        for d in 0..2 {
            if level.faces[d][p] > 0.0 {
                level.faces[d][p] = 1.0;
            }
        }
    }
    let some = matrix(&level);
    let m = Gmg::new(&some, GmgConfig::default()).unwrap();
    assert!(m.islands()[0] > 5, "{:?}", m.islands());
}

#[test]
fn large_entries_may_stand_anywhere() {
    for at in 10..18 {
        let inside = |[i, j, _]: [usize; 3]| (at..at + 2).contains(&i) && (10..13).contains(&j);
        let k = |at: [usize; 3]| if inside(at) { 1e21 } else { 1.0 };
        let a = solid([40, 40, 1], k, Boundary::Dirichlet);
        let m = Gmg::new(&a, GmgConfig::default()).unwrap();
        assert_eq!(m.islands(), [1, 6], "{at}");
    }
}

/// The parts that threads find by themselves are put together where they meet.
#[test]
fn islands_do_not_depend_on_threads() {
    let noise = random_vector::<f64>(320 * 330, 4);
    let plane = |[i, j, _]: [usize; 3]| if noise[i + 320 * j] > 0.1 { 1e4 } else { 1.0 };
    let solid_k = |[i, j, k]: [usize; 3]| {
        if noise[i + 48 * (j + 44 * k)] > 0.5 {
            1e4
        } else {
            1.0
        }
    };
    let matrices = [
        solid([320, 330, 1], plane, Boundary::Dirichlet),
        solid([48, 44, 50], solid_k, Boundary::Dirichlet),
    ];
    for a in matrices {
        let r = random_vector::<f64>(a.nrows(), 1);
        let with = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
            pool.build().unwrap().install(|| {
                let mut m = Gmg::new(&a, GmgConfig::default()).unwrap();
                (m.islands(), apply(&mut m, &r))
            })
        };
        let (count, z) = with(1);
        assert!(count[0] > 1000, "{count:?}");
        for threads in [2, 3, 5] {
            let (other, z_other) = with(threads);
            assert_eq!(count, other);
            close(&z_other, &z, 1e-6 * norm(&z));
        }
    }
}
