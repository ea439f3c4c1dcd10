//! Geometric multigrid: set-up, and the cycle beside one product with A.

mod common;

use common::{poisson, vector};
use criterion::{Criterion, criterion_group, criterion_main};
use resolvent::precond::{Gmg, GmgConfig};
use resolvent::{Grid, LinearOperator, Preconditioner};

fn gmg(c: &mut Criterion) {
    let [square, cube] = [|n| Grid::new(n, n, 1), |n| Grid::new(n, n, n)];
    for grid in [square(128), square(1024), cube(64), cube(128)] {
        let a = poisson(grid);
        let name = match grid.dims() {
            [nx, ny, 1] => format!("{nx}x{ny}"),
            [nx, ny, nz] => format!("{nx}x{ny}x{nz}"),
        };
        let mut m = Gmg::new(&a, GmgConfig::default()).expect("the Laplacian is on a grid");
        let r = vector(a.nrows());
        let mut z = vec![0.0; a.nrows()];
        for threads in [1, 2] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
            let pool = pool.build().expect("threads");
            let mut group = c.benchmark_group(format!("gmg/{name}/{threads} threads"));
            group.bench_function("update", |b| {
                pool.install(|| b.iter(|| Preconditioner::<f64>::update(&mut m, &a)));
            });
            group.bench_function("apply", |b| pool.install(|| b.iter(|| m.apply(&r, &mut z))));
            group.bench_function("product", |b| {
                pool.install(|| b.iter(|| a.apply(&r, &mut z)))
            });
        }
    }
}

criterion_group! { name = benches; config = common::short(); targets = gmg }
criterion_main!(benches);
