//! The same promises in three dimensions.

use super::problems::{holes_in, matrix, solid};
use super::*;

#[test]
fn sweeps_do_what_the_cycle_says() {
    let shapes = [
        [2, 2, 2],
        [5, 7, 3],
        [16, 16, 16],
        [17, 9, 11],
        [8, 2, 30],
        [30, 3, 2],
        [3, 40, 5],
        [12, 1, 12],
        [20, 90, 4],
        [300, 26, 3],
        [290, 50, 6],
    ];
    for (k, dims) in shapes.into_iter().enumerate() {
        for degree in 1..=4 {
            for holes in [false, true] {
                let levels = hierarchy(random_level(dims, holes, k as u64));
                let d = difference(levels, degree);
                assert!(d < 2e-5, "{dims:?} degree {degree} holes {holes}: {d:e}");
            }
        }
    }
}

#[test]
fn scalings_and_weights_are_read_on_every_level() {
    for dims in [[20, 15, 9], [300, 6, 7]] {
        let levels = varied(hierarchy(random_level(dims, true, 5)));
        for degree in 1..=4 {
            let d = difference(levels.clone(), degree);
            assert!(d < 2e-5, "{dims:?} degree {degree}: {d:e}");
        }
    }
}

#[test]
fn threads_do_not_change_the_bits() {
    let a = solid(
        [48, 50, 60],
        |at| 1.0 + (at[0] * at[1] % 7) as f64,
        Boundary::Dirichlet,
    );
    let r = random_vector::<f64>(a.nrows(), 1);
    let mut m = Gmg::new(&a, GmgConfig::default()).unwrap();
    m.hierarchy.scratch(7);
    let alone = apply(&mut m, &r);
    for threads in [2, 3, 5] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        let shared = pool.build().unwrap().install(|| {
            Preconditioner::<f64>::update(&mut m, &a).unwrap();
            apply(&mut m, &r)
        });
        assert_eq!(alone, shared, "{threads}");
    }
}

#[test]
fn it_is_what_it_declares() {
    for dims in [
        [9, 10, 11],
        [3, 3, 3],
        [2, 40, 5],
        [1, 12, 13],
        [12, 1, 13],
        [33, 8, 2],
    ] {
        for side in [Boundary::Dirichlet, Boundary::Neumann] {
            let a = solid(dims, |at| 1.0 + (at[0] % 3) as f64, side);
            let config = GmgConfig {
                grid: Some(Grid::new(dims[0], dims[1], dims[2])),
                ..GmgConfig::default()
            };
            let mut m = Gmg::new(&a, config).unwrap();
            let found = check::<f64>(&mut m, a.nrows(), 1).unwrap();
            assert!(found.findings.is_empty(), "{dims:?} {side:?}: {found:?}");
        }
    }
}

#[test]
fn the_grid_is_found() {
    for dims in [[5, 4, 3], [2, 3, 4], [7, 2, 2], [20, 20, 20]] {
        let a = solid(dims, |at| 1.0 + at[2] as f64, Boundary::Dirichlet);
        let m = Gmg::new(&a, GmgConfig::default()).unwrap();
        assert_eq!(m.levels()[0].dims, dims);
    }
    // so many masked cells that there are less than five entries a row
    let level = random_level([16, 16, 16], false, 1);
    let lonely = |p: usize| level.at(p)[0] % 4 > 1;
    let a = matrix(&level);
    let a = a.view().filter(|p, q| p == q || !(lonely(p) || lonely(q)));
    assert!(a.nnz() <= 5 * a.nrows());
    let m = Gmg::new(&a, GmgConfig::default()).unwrap();
    assert_eq!(m.levels()[0].dims, [16, 16, 16]);
}

#[test]
fn new_values_and_new_grids_are_taken() {
    let a = solid([8, 9, 10], |at| 1.0 + at[0] as f64, Boundary::Dirichlet);
    let mut m = Gmg::new(&a, GmgConfig::default()).unwrap();
    let r = random_vector::<f64>(720, 2);
    let z = apply(&mut m, &r);
    let mut scaled = a.clone();
    scaled.values_mut().iter_mut().for_each(|v| *v *= 4.0);
    m.update(&scaled).unwrap();
    let quarter: Vec<f64> = z.iter().map(|z| 0.25 * z).collect();
    assert_eq!(apply(&mut m, &r), quarter);
    for dims in [[10, 9, 8], [720, 1, 1], [72, 10, 1], [9, 10, 8]] {
        let other = solid(dims, |at| 1.0 + at[0] as f64, Boundary::Dirichlet);
        m.update(&other).unwrap();
        let mut fresh = Gmg::new(&other, GmgConfig::default()).unwrap();
        assert_eq!(apply(&mut m, &r), apply(&mut fresh, &r), "{dims:?}");
    }
}

/// Nothing of a residual that is not finite stays behind.
#[test]
fn nothing_sticks() {
    let a = solid([40, 90, 5], |at| 1.0 + at[1] as f64, Boundary::Dirichlet);
    let mut m = Gmg::new(&a, GmgConfig::default()).unwrap();
    let r = random_vector::<f64>(a.nrows(), 2);
    let z = apply(&mut m, &r);
    apply(&mut m, &vec![f64::NAN; a.nrows()]);
    assert_eq!(apply(&mut m, &r), z);
}

#[test]
fn counts_do_not_grow_with_the_size() {
    for dims in [[16; 3], [32; 3], [31; 3], [50, 40, 30]] {
        for side in [Boundary::Dirichlet, Boundary::Neumann] {
            let a = solid(dims, |_| 1.0, side);
            let mut m = Gmg::new(&a, GmgConfig::default()).unwrap();
            let neumann = side == Boundary::Neumann;
            let count = iterations(&a, &mut m, 1e-8, neumann);
            assert!(count <= 8, "{dims:?} {side:?}: {count}");
            let deep = iterations(&a, &mut m, 1e-12, neumann);
            assert!(
                deep as f64 <= (1.6 * count as f64).ceil(),
                "{dims:?} {side:?}: {count} {deep}"
            );
        }
    }
}

#[test]
fn absent_rows_are_as_good_as_rows_of_the_identity() {
    let full = matrix(&holes_in([24, 19, 21], 3));
    let [_, absent] = with_and_without_rows(&full, Grid::new(24, 19, 21));
    assert!(absent <= 13, "{absent}");
}

/// Threads that read share the check of symmetry between their bands.
#[test]
fn every_pair_is_compared() {
    let dims = [40, 40, 40];
    let a = solid(dims, |_| 1.0, Boundary::Dirichlet);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(3);
    let pool = pool.build().unwrap();
    for layer in [1, 13, 20, 26, 38] {
        for stride in [1, 40, 1600] {
            let p = 1600 * layer + 40 * 7 + 9;
            let other = a
                .view()
                .triplets()
                .filter(|e| (e.0, e.1) != (p, p + stride));
            let entries: Vec<_> = other.chain([(p, p + stride, -0.5)]).collect();
            let wrong = Csr::from_triplets(a.nrows(), a.nrows(), entries).unwrap();
            let refused = pool.install(|| Gmg::new(&wrong, GmgConfig::default()).map(|_| ()));
            assert!(refused.unwrap_err().to_string().contains("not symmetric"));
        }
    }
}
