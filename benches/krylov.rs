//! Twenty iterations of each Krylov method, on one thread.

mod common;

use common::{poisson, vector};
use criterion::{Criterion, criterion_group, criterion_main};
use resolvent::precond::{Ic0, Ic0Config, Ilu0, Ilu0Config, Jacobi};
use resolvent::solvers::{Bicgstab, BicgstabConfig, Gmres, GmresConfig};
use resolvent::{Cg, CgConfig, Csr, Grid, Preconditioner, Solver, Stopping, System};

fn bench(
    c: &mut Criterion,
    name: &str,
    a: &Csr<f64>,
    solver: &mut dyn Solver<f64>,
    m: &mut dyn Preconditioner<f64>,
) {
    let b = vector(a.nrows());
    let mut x = vec![0.0; a.nrows()];
    c.bench_function(name, |bench| {
        bench.iter(|| {
            x.fill(0.0);
            solver.solve(System::new(a, &b, m), &mut x, &mut ())
        });
    });
}

fn krylov(c: &mut Criterion) {
    let stopping = Stopping {
        max_iters: 20,
        rtol: 1e-30, // never reached
        ..Stopping::default()
    };
    let a = poisson(Grid::new(512, 512, 1));
    let n = a.nrows();
    let mut jacobi = Jacobi::new(&a).expect("no zero on the diagonal");
    let mut ic0 = Ic0::new(&a, Ic0Config::default()).expect("the Laplacian has a factor");
    let mut ilu0 = Ilu0::new(&a, Ilu0Config::default()).expect("the Laplacian has factors");

    let mut cg = Cg::new(
        n,
        CgConfig {
            stopping,
            ..CgConfig::default()
        },
    );
    bench(c, "cg/jacobi", &a, &mut cg, &mut jacobi);
    bench(c, "cg/ic0", &a, &mut cg, &mut ic0);

    let config = BicgstabConfig { stopping };
    bench(
        c,
        "bicgstab/ilu0",
        &a,
        &mut Bicgstab::new(n, config),
        &mut ilu0,
    );

    let config = GmresConfig {
        stopping,
        ..GmresConfig::default()
    };
    bench(
        c,
        "gmres/jacobi",
        &a,
        &mut Gmres::new(n, config),
        &mut jacobi,
    );
}

criterion_group! { name = benches; config = common::short(); targets = krylov }
criterion_main!(benches);
