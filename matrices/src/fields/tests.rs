//! Laws of the Gaussian fields, against sums over their modes.

use super::*;
use crate::Grid;
use std::f64::consts::{PI, TAU};

const ALPHA: f64 = 2.0;
const TAU_: f64 = 3.0;

/// E g(x)g(y) of the insulated field, mode by mode.
fn neumann(grid: Grid, x: [f64; 3], y: [f64; 3]) -> f64 {
    let dimension = grid.dimension();
    let dims = grid.dims();
    let mut sum = 0.0;
    for row in 1..dims.iter().product() {
        let k = grid.at(row);
        let square: f64 = k.iter().map(|&k| (PI * k as f64).powi(2)).sum();
        let mut term =
            TAU_.powf(2.0 * ALPHA - dimension as f64) * (square + TAU_ * TAU_).powf(-ALPHA);
        for d in 0..dimension {
            let wave = |x: f64| (PI * k[d] as f64 * x).cos();
            term *= if k[d] == 0 { 1.0 } else { 2.0 } * wave(x[d]) * wave(y[d]);
        }
        sum += term;
    }
    sum
}

/// E g(x)g(y) of the periodic field, mode by mode.
fn periodic(n: i64, shift: [f64; 2]) -> f64 {
    let most = (n - 1) / 2;
    let mut sum = 0.0;
    for kx in -most..=most {
        for ky in -most..=most {
            let (x, y) = (kx as f64, ky as f64);
            if (kx, ky) != (0, 0) {
                let square = TAU * TAU * (x * x + y * y);
                let phase = TAU * (x * shift[0] + y * shift[1]);
                sum += TAU_.powi(2) * (square + TAU_ * TAU_).powf(-ALPHA) * phase.cos();
            }
        }
    }
    sum
}

/// The mean of g(x)g(y) over many draws at pairs of points.
fn covariances(
    draws: u64,
    n: usize,
    pairs: &[(usize, usize)],
    mut draw: impl FnMut(u64, &mut [f64]),
) -> Vec<f64> {
    let mut field = vec![0.0; n];
    let mut sums = vec![0.0; pairs.len()];
    for index in 0..draws {
        draw(index, &mut field);
        for (sum, &(x, y)) in sums.iter_mut().zip(pairs) {
            *sum += field[x] * field[y] / draws as f64;
        }
    }
    sums
}

#[test]
fn insulated_fields_have_the_covariance_of_their_modes() {
    for (grid, place) in [
        (Grid::new(8, 8, 1), Place::Cells),
        (Grid::new(8, 5, 1), Place::Nodes),
        (Grid::new(4, 5, 3), Place::Cells),
        (Grid::new(3, 4, 5), Place::Nodes),
    ] {
        let (n, dims) = (grid.unknowns().unwrap(), grid.dims());
        let plan = Neumann::new(grid, place, ALPHA, TAU_);
        let pairs = [
            (0, 0),
            (0, 1),
            (n / 2, n / 2),
            (1, n - 1),
            (n / 2, n / 2 + 2),
            (3, n / 3),
        ];
        let mut scratch = Scratch::default();
        let stream = Stream::new(11, 0);
        let got = covariances(4000, n, &pairs, |i, f| {
            plan.draw(&stream, i, &mut scratch, f)
        });
        let at = |row: usize| {
            let at = grid.at(row);
            [0, 1, 2].map(|d| {
                if dims[d] > 1 {
                    place.coordinate(at[d], dims[d])
                } else {
                    0.0
                }
            })
        };
        let scale = neumann(grid, at(0), at(0));
        for ((x, y), got) in pairs.into_iter().zip(got) {
            let expected = neumann(grid, at(x), at(y));
            // standard error √(2/4000) of the largest at most
            assert!(
                (got - expected).abs() < 0.09 * scale,
                "{grid:?} {x} {y} {got} {expected}"
            );
        }
        if place == Place::Cells {
            // over the midpoints the cosines are orthonormal: the mean variance is exact
            let mean: f64 = (0..n).map(|x| neumann(grid, at(x), at(x))).sum::<f64>() / n as f64;
            assert!((plan.variance() - mean).abs() < 1e-12 * mean);
        }
    }
}

#[test]
fn periodic_fields_have_the_covariance_of_their_modes() {
    for n in [8, 9] {
        let grid = Grid::new(n, n, 1);
        let plan = Periodic::new(grid, ALPHA, TAU_);
        assert!((plan.variance() - periodic(n as i64, [0.0; 2])).abs() < 1e-14);
        let steps = [[0, 0], [1, 0], [0, 1], [3, 2], [n - 1, n - 1], [4, 0]];
        let pairs = steps.map(|[x, y]| (0, x + n * y));
        let mut scratch = Scratch::default();
        let stream = Stream::new(2, 0);
        let got = covariances(4000, n * n, &pairs, |i, f| {
            plan.draw(&stream, i, &mut scratch, f)
        });
        for ([x, y], got) in steps.into_iter().zip(got) {
            let expected = periodic(n as i64, [x, y].map(|s| s as f64 / n as f64));
            assert!(
                (got - expected).abs() < 0.09 * plan.variance(),
                "{x} {y} {got} {expected}"
            );
        }
    }
}

/// The transform by its definition, against a draw; and with it the fields on finer grids.
#[test]
fn a_draw_is_the_sum_over_its_modes_on_every_grid() {
    let (mut coarse_scratch, mut fine_scratch) = (Scratch::default(), Scratch::default());
    let stream = Stream::new(4, 2).correlated(0.5);
    // α so large that the modes beyond the coarse grid do not matter
    for (alpha, place, coarse, fine) in [
        (16.0, Place::Nodes, Grid::new(9, 9, 1), Grid::new(17, 17, 1)),
        (16.0, Place::Nodes, Grid::new(9, 5, 1), Grid::new(33, 17, 1)),
        (16.0, Place::Nodes, Grid::new(5, 5, 5), Grid::new(9, 9, 9)),
        (16.0, Place::Cells, Grid::new(5, 7, 1), Grid::new(15, 21, 1)),
    ] {
        let (mut a, mut b) = (
            vec![0.0; coarse.unknowns().unwrap()],
            vec![0.0; fine.unknowns().unwrap()],
        );
        Neumann::new(coarse, place, alpha, 1.0).draw(&stream, 6, &mut coarse_scratch, &mut a);
        Neumann::new(fine, place, alpha, 1.0).draw(&stream, 6, &mut fine_scratch, &mut b);
        let largest = a.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
        for row in 0..a.len() {
            let (at, c, f) = (coarse.at(row), coarse.dims(), fine.dims());
            let there = [0, 1, 2].map(|d| match (c[d], place) {
                (1, _) => 0,
                (_, Place::Nodes) => at[d] * (f[d] - 1) / (c[d] - 1),
                (_, Place::Cells) => 3 * at[d] + 1,
            });
            let other = b[fine.row(there)];
            assert!((a[row] - other).abs() < 1e-8 * largest, "{coarse:?} {at:?}");
        }
    }
    let (coarse, fine) = (Grid::new(9, 9, 1), Grid::new(27, 27, 1));
    let (mut a, mut b) = (vec![0.0; 81], vec![0.0; 729]);
    Periodic::new(coarse, 16.0, 1.0).draw(&stream, 6, &mut coarse_scratch, &mut a);
    Periodic::new(fine, 16.0, 1.0).draw(&stream, 6, &mut fine_scratch, &mut b);
    let largest = a.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
    for row in 0..81 {
        let other = b[3 * (row % 9) + 27 * 3 * (row / 9)];
        assert!((a[row] - other).abs() < 1e-8 * largest, "{row}");
    }
}

#[test]
fn a_draw_depends_on_seed_and_index_alone() {
    let grid = Grid::new(6, 7, 1);
    for sides in Sides::ALL {
        let plan = Gaussian::new(sides, grid, Place::Cells, 2.0, 3.0).with_deviation(2.0);
        for rho in [0.0, 0.99] {
            let stream = Stream::new(1, 0).correlated(rho);
            let draw = |index, scratch: &mut Scratch| {
                let mut field = vec![0.0; 42];
                plan.draw(&stream, index, scratch, &mut field);
                field.iter().map(|v| v.to_bits()).collect::<Vec<_>>()
            };
            let mut used = Scratch::default();
            let forward: Vec<_> = (0..6).map(|index| draw(index, &mut used)).collect();
            for index in (0..6).rev() {
                assert_eq!(
                    draw(index, &mut Scratch::default()),
                    forward[index as usize]
                );
            }
            assert_ne!(forward[0], forward[1]);
        }
    }
}
