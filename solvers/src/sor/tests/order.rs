//! The order of the rows, on one thread and on several.

use super::*;

/// One sweep as it is written in every book.
fn textbook<T: Scalar>(
    a: &Csr<T>,
    b: &[T],
    omega: f64,
    x: &mut [T],
    rows: impl Iterator<Item = usize>,
) {
    let omega = T::from_f64(omega);
    for i in rows {
        let rest: T = a
            .view()
            .row_iter(i)
            .filter(|&(j, _)| j != i)
            .map(|(j, v)| v * x[j])
            .sum();
        x[i] = (T::ONE - omega) * x[i] + omega * (b[i] - rest) / a.view().get(i, i);
    }
}

/// tril(A) has fewer levels than A + Aᵀ: rows done in the order of its levels alone would be
/// updated before rows that still need their old values.
fn lopsided<T: Scalar>(n: usize) -> Csr<T> {
    let entries = (0..n).flat_map(|i| {
        let right = (i + 1 < n).then(|| (i, i + 1, T::from_f64(-0.7)));
        let far = (i >= 40).then(|| (i, i - 40, T::from_f64(-0.9)));
        let own = (i, i, T::from_c64(Complex::new(3.0, 0.5)));
        right.into_iter().chain(far).chain([own])
    });
    Csr::from_triplets(n, n, entries).unwrap()
}

fn walks_in_natural_order<T: Scalar>() {
    let tolerance = 1e3 * T::Real::EPSILON.to_f64();
    for a in [hpd::<T>(12), convection(12, 0.8), lopsided(200)] {
        let n = a.nrows();
        let b = vector::<T>(n, 1);
        for direction in [
            Direction::Forward,
            Direction::Backward,
            Direction::Symmetric,
        ] {
            for omega in [0.6, 1.0, 1.4] {
                let stopping = Stopping {
                    max_iters: 7,
                    ..Default::default()
                };
                let config = SorConfig {
                    stopping,
                    omega,
                    direction,
                    ..Default::default()
                };
                let (mut x, mut y) = (vector::<T>(n, 2), vector::<T>(n, 2));
                let report = solve(config, &a, &b, &mut x);
                for _ in 0..report.iterations {
                    if direction != Direction::Backward {
                        textbook(&a, &b, omega, &mut y, 0..n);
                    }
                    if direction != Direction::Forward {
                        textbook(&a, &b, omega, &mut y, (0..n).rev());
                    }
                }
                let apart = distance(&x, &y);
                assert!(apart < tolerance, "{direction:?} omega {omega}: {apart}");
            }
        }
    }
}

#[test]
fn natural_order_in_every_scalar() {
    walks_in_natural_order::<f64>();
    walks_in_natural_order::<f32>();
    walks_in_natural_order::<Complex<f64>>();
    walks_in_natural_order::<Complex<f32>>();
}

/// Rows in the order of the levels of tril(A) alone, each updated in place: what must not be done.
#[test]
fn the_levels_of_the_lower_triangle_alone_are_another_order() {
    // odd rows wait for rows above; an even row below that they are tied to waits for none
    let entries = (0..200).flat_map(|i| {
        let right = (i + 1 < 200).then(|| (i, i + 1, -0.7));
        let above = (i >= 3 && i % 2 == 1).then(|| (i, i - 3, -0.9));
        right.into_iter().chain(above).chain([(i, i, 3.0)])
    });
    let a = Csr::<f64>::from_triplets(200, 200, entries).unwrap();
    let b = vector::<f64>(200, 1);
    let mut level = vec![0; 200];
    for i in 0..200 {
        let below = a.view().row_iter(i).filter(|&(j, _)| j < i);
        level[i] = below.map(|(j, _)| level[j] + 1).max().unwrap_or(0);
    }
    let mut order: Vec<usize> = (0..200).collect();
    order.sort_by_key(|&i| level[i]);
    let (mut natural, mut wrong) = (vector::<f64>(200, 2), vector::<f64>(200, 2));
    textbook(&a, &b, 1.2, &mut natural, 0..200);
    textbook(&a, &b, 1.2, &mut wrong, order.into_iter());
    assert!(distance(&wrong, &natural) > 1e-2);
    let config = SmootherConfig {
        omega: 1.2,
        ..Default::default()
    };
    let mut ours = vector::<f64>(200, 2);
    let mut smoother = Smoother::new(&a, config).unwrap();
    smoother.smooth(&b, &mut ours, 1).unwrap(); // in place: levels of A + Aᵀ
    assert!(distance(&ours, &natural) < 1e-14);
}

/// A box whose planes are cut: the same bits on any number of threads, and the natural order.
#[test]
fn the_same_bits_on_any_number_of_threads() {
    let a = deep(40, 30, 32);
    let n = a.nrows();
    let b = vector::<f64>(n, 1);
    for direction in [
        Direction::Forward,
        Direction::Backward,
        Direction::Symmetric,
    ] {
        let config = SorConfig {
            omega: 1.4,
            direction,
            stopping: Stopping {
                max_iters: 3,
                ..Default::default()
            },
            ..Default::default()
        };
        let run = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
            let mut x = vec![0.0; n];
            pool.build()
                .unwrap()
                .install(|| solve(config, &a, &b, &mut x));
            x
        };
        let one = run(1);
        assert!([2, 3, 4, 7].iter().all(|&threads| run(threads) == one));
        let mut plain = vec![0.0; n];
        for _ in 0..3 {
            if direction != Direction::Backward {
                textbook(&a, &b, 1.4, &mut plain, 0..n);
            }
            if direction != Direction::Forward {
                textbook(&a, &b, 1.4, &mut plain, (0..n).rev());
            }
        }
        assert!(distance(&one, &plain) < 1e-13);
    }
}

/// The 7-point matrix of a box.
fn deep(nx: usize, ny: usize, nz: usize) -> Csr<f64> {
    let n = nx * ny * nz;
    let entries = (0..n).flat_map(|i| {
        let (x, y, z) = (i % nx, i / nx % ny, i / (nx * ny));
        let links = [
            (z > 0, i.wrapping_sub(nx * ny)),
            (y > 0, i.wrapping_sub(nx)),
            (x > 0, i.wrapping_sub(1)),
            (x + 1 < nx, i + 1),
            (y + 1 < ny, i + nx),
            (z + 1 < nz, i + nx * ny),
        ];
        let links = links.into_iter().filter(|l| l.0);
        let links = links.map(move |(_, j)| (i, j, -1.0 - 0.01 * ((i + j) % 5) as f64));
        links.chain([(i, i, 6.5)])
    });
    Csr::from_triplets(n, n, entries).unwrap()
}
