//! Networks in ONNX Runtime itself: what is refused and how, what comes out, and what solvers make of it.

#[path = "../ort/mod.rs"]
mod ort;

mod answers;
mod checks;
mod levels;
mod levels3d;
mod refused;
mod solves;

use resolvent_matrices::{Csr, Grid};
use resolvent_models::onnx::{Model, ModelConfig, OnnxError, runtime};

fn load(name: &str) -> Result<Model, OnnxError> {
    Model::load(&ort::model(name), ModelConfig::default())
}

/// −Δu on a grid with u = 0 around it: 2d on the diagonal, −1 for every neighbour.
fn laplacian(grid: Grid) -> Csr<f64> {
    diffusion(grid, |_, _| 1.0, |_| false)
}

/// Links between neighbours of weight k(i, j), 1 to the outside; masked cells stand by themselves.
fn diffusion(
    grid: Grid,
    k: impl Fn(usize, usize) -> f64,
    masked: impl Fn(usize) -> bool,
) -> Csr<f64> {
    let n = grid.unknowns().unwrap();
    let mut entries = Vec::new();
    for row in 0..n {
        if masked(row) {
            entries.push((row, row, 3.0));
            continue;
        }
        let (at, mut diagonal) = (grid.at(row), 0.0);
        for d in 0..grid.dimension() {
            for step in [-1isize, 1] {
                let to = at[d]
                    .checked_add_signed(step)
                    .filter(|&c| c < grid.dims()[d]);
                let Some(to) = to else {
                    diagonal += 1.0;
                    continue;
                };
                let mut other = at;
                other[d] = to;
                let col = grid.row(other);
                let weight = k(row.min(col), row.max(col));
                diagonal += weight;
                if !masked(col) {
                    entries.push((row, col, -weight));
                }
            }
        }
        entries.push((row, row, diagonal));
    }
    Csr::from_triplets(n, n, entries).unwrap()
}

/// Numbers between −1 and 1 that look random.
fn noise(n: usize, seed: u64) -> Vec<f64> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    };
    (0..n).map(|_| next()).collect()
}

fn norm(v: &[f64]) -> f64 {
    v.iter().map(|x| x * x).sum::<f64>().sqrt()
}

/// ‖x − y‖/‖y‖.
fn distance(x: &[f64], y: &[f64]) -> f64 {
    let difference: Vec<f64> = x.iter().zip(y).map(|(a, b)| a - b).collect();
    norm(&difference) / norm(y)
}
