//! What an order takes: Hilbert curves through principal components of many points, trees and walks of
//! some.

mod common;

use common::short;
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use resolvent::solvers::orderings::{Order, Points, Sketch, euclidean, mean_step};

/// Points as sketches of fields are: 32 sums, few of which matter.
fn cloud(n: usize) -> Points {
    let mut points = Points::new(32);
    let mut state = 1u64;
    for _ in 0..n {
        let point: Vec<f64> = (0..32)
            .map(|k| {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                (state >> 11) as f64 / (1u64 << 53) as f64 / (1.0 + f64::from(k))
            })
            .collect();
        points.push(&point);
    }
    points
}

fn orders(c: &mut Criterion) {
    let mut group = c.benchmark_group("orderings");
    group.sample_size(10);
    let (many, some) = (cloud(100_000), cloud(10_000));
    for (order, points) in [
        (Order::Hilbert, &many),
        (Order::Greedy, &some),
        (Order::Mst, &some),
    ] {
        let visits = order.visits(points, euclidean);
        eprintln!(
            "{}: mean step {:.4}, given {:.4}",
            order.name(),
            mean_step(points, &visits, euclidean),
            mean_step(points, &Order::Given.visits(points, euclidean), euclidean)
        );
        let id = BenchmarkId::new(order.name(), points.len());
        group.bench_function(id, |b| b.iter(|| order.visits(points, euclidean)));
    }
    let field: Vec<f64> = (0..128 * 128).map(|i| f64::from(i).sin()).collect();
    let mut sketch = Sketch::new(64);
    group.bench_function("sketch/128x128", |b| {
        b.iter(|| sketch.of_field(&field).len());
    });
    group.finish();
}

criterion_group! { name = benches; config = short(); targets = orders }
criterion_main!(benches);
