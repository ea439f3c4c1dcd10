//! y ← Ax, ours beside faer's, on one thread.

mod common;

use common::{poisson, vector};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use faer::dyn_stack::{MemBuffer, MemStack};
use faer::matrix_free::LinOp;
use faer::{Mat, Par};
use resolvent::{Grid, LinearOperator};

fn spmv(c: &mut Criterion) {
    let grids = [
        ("2d_1024", Grid::new(1024, 1024, 1)),
        ("3d_100", Grid::new(100, 100, 100)),
    ];
    for (name, grid) in grids {
        let a = poisson(grid);
        let mut group = c.benchmark_group(format!("spmv/{name}"));
        group.throughput(Throughput::Elements(a.nnz() as u64));

        let x = vector(a.ncols());
        let mut y = vec![0.0; a.nrows()];
        group.bench_function("ours", |b| b.iter(|| a.apply(&x, &mut y)));

        let view = a.as_faer();
        let x = Mat::from_fn(a.ncols(), 1, |i, _| x[i]);
        let mut y = Mat::<f64>::zeros(a.nrows(), 1);
        let mut memory = MemBuffer::new(view.apply_scratch(1, Par::Seq));
        group.bench_function("faer", |b| {
            b.iter(|| {
                let stack = MemStack::new(&mut memory);
                view.apply(y.as_mut(), x.as_ref(), Par::Seq, stack);
            });
        });
    }
}

criterion_group! { name = benches; config = common::short(); targets = spmv }
criterion_main!(benches);
