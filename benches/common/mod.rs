//! What the benches share: their systems, and times short enough to run them all in minutes.

#![allow(dead_code)] // no bench needs all of it

use criterion::Criterion;
use resolvent::generate::Poisson;
use resolvent::{Csr, Grid};
use std::time::Duration;

/// Two seconds a measurement.
pub fn short() -> Criterion {
    Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
}

/// The Laplacian with zero Dirichlet values: 5 points a row on a flat grid, 7 on a deep one.
pub fn poisson(grid: Grid) -> Csr<f64> {
    let problem = Poisson {
        grid,
        ..Poisson::default()
    };
    let problem = problem.generate();
    problem.expect("every grid has a Laplacian").matrix
}

/// Something with no structure to profit from, the same each time.
pub fn vector(n: usize) -> Vec<f64> {
    (0..n)
        .map(|i| ((i * 7919) % 1009) as f64 / 1009.0 - 0.5)
        .collect()
}
