//! Sweeps: one of SOR and one application of SSOR beside a product with A, and an iteration of
//! SSOR-PCG by Eisenstat's trick beside one of plain CG and one of CG with SSOR.

mod common;

use common::{poisson, vector};
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use resolvent::precond::{Identity, Ssor, SsorConfig};
use resolvent::solvers::{Direction, Sor, SorConfig};
use resolvent::{
    Cg, CgConfig, Csr, Grid, LinearOperator, Preconditioner, Solver, Stopping, System,
};

/// Iterations of one measured solve: enough for what is done once to vanish.
const ITERATIONS: usize = 30;

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
        ("2d_316", Grid::new(316, 316, 1)),
        ("3d_100", Grid::new(100, 100, 100)),
    ];
    for (name, grid) in grids {
        let a = poisson(grid);
        let (r, mut z) = (vector(a.nrows()), vec![0.0; a.nrows()]);
        let config = SsorConfig {
            omega: 1.5,
            ..Default::default()
        };
        let mut ssor = Ssor::new(&a, config).expect("a positive diagonal");
        let mut group = c.benchmark_group(format!("sor/{name}"));
        group.bench_function("product", |b| b.iter(|| a.apply(&r, &mut z)));
        group.bench_function("ssor_apply", |b| b.iter(|| ssor.apply(&r, &mut z)));
        for (way, preconditioned, eisenstat) in [
            ("cg", false, false),
            ("cg_ssor", true, false),
            ("eisenstat", true, true),
        ] {
            let stopping = Stopping {
                max_iters: ITERATIONS,
                rtol: 1e-300,
                ..Default::default()
            };
            let mut cg = Cg::new(
                a.nrows(),
                CgConfig {
                    stopping,
                    eisenstat,
                    flexible: false,
                },
            );
            let mut none = Identity;
            let m: &mut dyn Preconditioner<f64> =
                if preconditioned { &mut ssor } else { &mut none };
            let id = BenchmarkId::new("iterations_30", way);
            group.bench_function(id, |b| b.iter(|| iterations((&a, &r), m, &mut cg, &mut z)));
        }
        let stopping = Stopping {
            max_iters: ITERATIONS,
            rtol: 1e-300,
            ..Default::default()
        };
        for direction in [Direction::Forward, Direction::Symmetric] {
            let config = SorConfig {
                stopping,
                omega: 1.5,
                direction,
                adaptive: false,
            };
            let mut sor = Sor::new(a.nrows(), config);
            let id = BenchmarkId::new("iterations_30", format!("sor_{direction:?}"));
            group.bench_function(id, |b| {
                b.iter(|| {
                    z.fill(0.0);
                    sor.solve(System::new(&a, &r, &mut Identity), &mut z, &mut ())
                })
            });
        }
    }
}

criterion_group! { name = benches; config = common::short(); targets = sor }
criterion_main!(benches);
