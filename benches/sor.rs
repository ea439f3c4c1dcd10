//! Sweeps: one of SOR and one application of SSOR beside a product with A, on one thread and on two,
//! and an iteration of SSOR-PCG by Eisenstat's trick beside one of plain CG and one of CG with SSOR.
//!
//! A solve does its sweeps, one more to judge the last iterate, and two products; `solve_60` and
//! `solve_30` of the same kind tell what a sweep takes: the difference is 30.

mod common;

use common::{poisson, vector};
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use rayon::ThreadPoolBuilder;
use resolvent::precond::{Identity, Ssor, SsorConfig};
use resolvent::solvers::{Direction, Order, Smoother, SmootherConfig, Sor, SorConfig};
use resolvent::{
    Cg, CgConfig, Csr, Grid, LinearOperator, Preconditioner, Solver, Stopping, System,
};

/// Iterations of one measured CG solve: enough for what is done once to vanish.
const ITERATIONS: usize = 30;

fn stopping(max_iters: usize) -> Stopping<f64> {
    Stopping {
        max_iters,
        rtol: 1e-300,
        ..Default::default()
    }
}

fn iterations(
    (a, b): (&Csr<f64>, &[f64]),
    m: &mut dyn Preconditioner<f64>,
    cg: &mut Cg<f64>,
    x: &mut [f64],
) {
    x.fill(0.0);
    let report = cg
        .solve(System::new(a, b, m), x, &mut ())
        .expect("sizes fit");
    assert_eq!(report.iterations, ITERATIONS);
}

fn sor(c: &mut Criterion) {
    let grids = [
        ("2d_10", Grid::new(10, 10, 1)),
        ("2d_300", Grid::new(300, 300, 1)),
        ("2d_316", Grid::new(316, 316, 1)),
        ("3d_100", Grid::new(100, 100, 100)),
    ];
    for (name, grid) in grids {
        sweeps(c, &format!("sor/{name}/threads_1"), &poisson(grid)); // outside of any pool
    }
    let pool = ThreadPoolBuilder::new().num_threads(2).use_current_thread();
    let _pool = pool.build().expect("a pool with this thread in it");
    for (name, grid) in grids {
        sweeps(c, &format!("sor/{name}/threads_2"), &poisson(grid));
    }
}

fn sweeps(c: &mut Criterion, name: &str, a: &Csr<f64>) {
    let n = a.nrows();
    let (r, mut z) = (vector(n), vec![0.0; n]);
    let omega = 1.5;
    let config = SsorConfig {
        omega,
        ..Default::default()
    };
    let mut ssor = Ssor::new(a, config).expect("a positive diagonal");
    let mut group = c.benchmark_group(name);
    group.bench_function("product", |b| b.iter(|| a.apply(&r, &mut z)));
    group.bench_function("ssor_apply", |b| b.iter(|| ssor.apply(&r, &mut z)));
    for order in [Order::Natural, Order::Multicolour] {
        let config = SmootherConfig {
            omega,
            order,
            ..Default::default()
        };
        let mut smoother = Smoother::new(a, config).expect("a positive diagonal");
        let id = BenchmarkId::new("smooth_2", format!("{order:?}"));
        group.bench_function(id, |b| b.iter(|| smoother.smooth(&r, &mut z, 2)));
    }
    for direction in [Direction::Forward, Direction::Symmetric] {
        for sweeps in [ITERATIONS, 2 * ITERATIONS] {
            let config = SorConfig {
                stopping: stopping(sweeps),
                omega,
                direction,
                ..Default::default()
            };
            let mut sor = Sor::new(n, config);
            let id = BenchmarkId::new(format!("solve_{sweeps}"), format!("{direction:?}"));
            group.bench_function(id, |b| {
                b.iter(|| {
                    z.fill(0.0);
                    sor.solve(System::new(a, &r, &mut Identity), &mut z, &mut ())
                })
            });
        }
    }
    if n < 1000 {
        return; // CG is done before its iterations are
    }
    for (way, preconditioned, eisenstat) in [
        ("cg", false, false),
        ("cg_ssor", true, false),
        ("eisenstat", true, true),
    ] {
        let mut cg = Cg::new(
            n,
            CgConfig {
                stopping: stopping(ITERATIONS),
                eisenstat,
                flexible: false,
            },
        );
        let mut none = Identity;
        let m: &mut dyn Preconditioner<f64> = if preconditioned { &mut ssor } else { &mut none };
        let id = BenchmarkId::new("iterations_30", way);
        group.bench_function(id, |b| b.iter(|| iterations((a, &r), m, &mut cg, &mut z)));
    }
}

criterion_group! { name = benches; config = common::short(); targets = sor }
criterion_main!(benches);
