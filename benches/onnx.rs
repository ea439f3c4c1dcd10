//! What a call of a network costs beside its arithmetic, and what networks cost beside classical preconditioners.
//!
//! Takes ONNX Runtime: `resolvent runtime install`. Without it, says so and measures nothing.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use resolvent::generate::Poisson;
use resolvent::matrices::Grid;
use resolvent::models::mgnet::{Mgnet, MgnetConfig};
use resolvent::models::onnx::{Model, ModelConfig, OnnxConfig, OnnxPrecond, runtime};
use resolvent::precond::{Gmg, GmgConfig, Ic0, Ic0Config, Preconditioner};
use std::hint::black_box;
use std::path::PathBuf;

fn networks(c: &mut Criterion) {
    if let Err(error) = runtime::load(None) {
        eprintln!("{error}");
        return;
    }
    let mut group = c.benchmark_group("onnx");
    for (name, size) in [
        ("one_node", 8),
        ("one_node", 64),
        ("vcycle", 8),
        ("vcycle", 64),
        ("vcycle", 256),
        ("fields", 256),
    ] {
        let grid = Grid::new(size, size, 1);
        let poisson = Poisson {
            grid,
            ..Poisson::default()
        };
        let a = poisson.generate::<f64>().expect("a grid").matrix;
        let n = a.nrows();
        let data = concat!(env!("CARGO_MANIFEST_DIR"), "/models/tests/data");
        let path = PathBuf::from(data).join(format!("{name}.onnx"));
        let model = Model::load(&path, ModelConfig::default()).expect("a model of the tests");
        let mut network = OnnxPrecond::new(&model, &a, OnnxConfig::default()).expect("it fits");
        let mut ic0 = Ic0::new(&a, Ic0Config::default()).expect("positive definite");
        let (r, mut z) = (vec![1.0; n], vec![0.0; n]);
        group.throughput(Throughput::Elements(n as u64));
        group.bench_function(BenchmarkId::new(name, size), |b| {
            b.iter(|| network.apply(black_box(&r), &mut z));
        });
        group.bench_function(BenchmarkId::new(format!("ic0 beside {name}"), size), |b| {
            b.iter(|| ic0.apply(black_box(&r), &mut z));
        });
    }
}

/// What a new matrix costs: levels that a network predicts, and those of `gmg` itself.
fn levels(c: &mut Criterion) {
    let Ok(model) = Model::shipped(ModelConfig::default()) else {
        return;
    };
    let mut group = c.benchmark_group("levels");
    for size in [64, 512] {
        let poisson = Poisson {
            grid: Grid::new(size, size, 1),
            ..Poisson::default()
        };
        let a = poisson.generate::<f64>().expect("a grid").matrix;
        let mut mgnet = Mgnet::new(&model, &a, MgnetConfig::default()).expect("it fits");
        let mut gmg = Gmg::new(&a, GmgConfig::default()).expect("it fits");
        group.throughput(Throughput::Elements(a.nrows() as u64));
        group.bench_function(BenchmarkId::new("mgnet", size), |b| {
            b.iter(|| mgnet.update(black_box(&a)));
        });
        group.bench_function(BenchmarkId::new("gmg beside mgnet", size), |b| {
            b.iter(|| Preconditioner::<f64>::update(&mut gmg, black_box(&a)));
        });
    }
}

criterion_group!(benches, networks, levels);
criterion_main!(benches);
