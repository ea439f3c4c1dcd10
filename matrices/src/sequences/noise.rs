//! Smoothed noise: a Gaussian field on nx × nx cells, periodic, mean 0 and variance 1.
//!
//! White noise folded in both directions with three boxes of a width of `length`: nearly the Gaussian
//! kernel of standard deviation length/2.

use rand::Rng;
use rand_distr::{Distribution, StandardNormal};

/// The kernel in one direction, its squares adding up to 1.
pub(super) fn kernel(nx: usize, length: f64) -> Vec<f64> {
    let radius = ((0.5 * length * nx as f64) as usize).min((nx - 1) / 6);
    let mut kernel = vec![1.0];
    for _ in 0..3 {
        let mut wider = vec![0.0; kernel.len() + 2 * radius];
        for (at, &value) in kernel.iter().enumerate() {
            (at..=at + 2 * radius).for_each(|k| wider[k] += value);
        }
        kernel = wider;
    }
    let norm = kernel.iter().map(|k| k * k).sum::<f64>().sqrt();
    kernel.iter_mut().for_each(|k| *k /= norm);
    kernel
}

/// Fills `field` with a draw; `scratch` is as long.
pub(super) fn draw(
    nx: usize,
    kernel: &[f64],
    rng: &mut impl Rng,
    field: &mut [f64],
    scratch: &mut [f64],
) {
    field
        .iter_mut()
        .for_each(|f| *f = StandardNormal.sample(rng));
    // along the rows into the columns of scratch, and once more back
    fold(nx, kernel, field, scratch);
    fold(nx, kernel, scratch, field);
}

/// Folds each row, and transposes.
fn fold(nx: usize, kernel: &[f64], from: &[f64], to: &mut [f64]) {
    for (y, row) in from.chunks_exact(nx).enumerate() {
        for x in 0..nx {
            let terms = kernel.iter().enumerate();
            to[x * nx + y] = terms.map(|(k, w)| w * row[(x + k) % nx]).sum();
        }
    }
}
