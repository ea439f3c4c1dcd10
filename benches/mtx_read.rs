//! A symmetric Matrix Market file to compressed rows, on one thread and on two.

mod common;

use common::poisson;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use resolvent::{Grid, mtx};

fn read(c: &mut Criterion) {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let path = dir.path().join("poisson.mtx");
    let a = poisson(Grid::new(64, 64, 64));
    mtx::write_csr(&path, a.view(), mtx::Symmetry::Symmetric).expect("room for the file");
    let bytes = std::fs::metadata(&path).expect("it was just written").len();

    let mut group = c.benchmark_group("mtx_read/3d_64");
    group.throughput(Throughput::Bytes(bytes));
    for threads in [1, 2] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        let pool = pool.expect("two threads");
        group.bench_function(format!("{threads} threads"), |b| {
            b.iter(|| pool.install(|| mtx::read(&path).map(|file| file.header.rows)));
        });
    }
}

criterion_group! { name = benches; config = common::short(); targets = read }
criterion_main!(benches);
