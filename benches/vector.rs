//! Inner products and updates, in cache and out of it, on one thread.

mod common;

use common::vector;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use resolvent::solvers::kernels;
use std::hint::black_box;

fn vectors(c: &mut Criterion) {
    for n in [100_000, 4_000_000] {
        let x = vector(n);
        let mut y = vector(n);
        let mut group = c.benchmark_group(format!("vector/{n}"));
        group.throughput(Throughput::Elements(n as u64));
        group.bench_function("dot", |b| b.iter(|| black_box(kernels::dot(&x, &y))));
        group.bench_function("axpy", |b| b.iter(|| kernels::axpy(1e-9, &x, &mut y)));
        group.bench_function("axpy and norm", |b| {
            b.iter(|| black_box(kernels::axpy_norm_squared(1e-9, &x, &mut y)));
        });
    }
}

criterion_group! { name = benches; config = common::short(); targets = vectors }
criterion_main!(benches);
