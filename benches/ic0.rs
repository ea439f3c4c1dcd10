//! IC(0): set-up, and the application beside one product with A.

mod common;

use common::{poisson, vector};
use criterion::{Criterion, criterion_group, criterion_main};
use resolvent::precond::{Ic0, Ic0Config};
use resolvent::{Grid, LinearOperator, Preconditioner};

fn ic0(c: &mut Criterion) {
    let grids = [
        ("2d_300", Grid::new(300, 300, 1)),
        ("3d_64", Grid::new(64, 64, 64)),
    ];
    for (name, grid) in grids {
        let a = poisson(grid);
        let mut m = Ic0::new(&a, Ic0Config::default()).expect("the Laplacian has a factor");
        let r = vector(a.nrows());
        let mut z = vec![0.0; a.nrows()];
        let mut group = c.benchmark_group(format!("ic0/{name}"));
        group.bench_function("setup", |b| {
            b.iter(|| Ic0::new(&a, Ic0Config::default()).map(|m| m.bytes()));
        });
        group.bench_function("apply", |b| b.iter(|| m.apply(&r, &mut z)));
        group.bench_function("product", |b| b.iter(|| a.apply(&r, &mut z)));
    }
}

criterion_group! { name = benches; config = common::short(); targets = ic0 }
criterion_main!(benches);
