//! Periodic Gaussian fields: N(0, τ^(2α−d) (−Δ + τ²)^(−α)) on the torus.
//!
//!   g(x) = Σ_k √2 λ_k (ξ_k cos 2πk·x − η_k sin 2πk·x),   |k_d| < n_d/2, one of each k, −k, and not 0
//!   λ_k = τ^(α−d/2) (4π²|k|² + τ²)^(−α/2)
//! summed by a Fourier transform. The law is that of `GaussianRF` of the Fourier neural operator and of
//! the data of *Accelerating Data Generation for Neural Operators via Krylov Subspace Recycling* (Wang et
//! al., ICLR 2024), which draws complex noise for every k and keeps the real part; the modes at n_d/2
//! exactly, of an amplitude of 10⁻⁴ of the first at 100², are left out here.
//! | a draw | n normal numbers, O(n log n) | memory | n/2 amplitudes and places; scratch n + 2n complex |

use super::modes::shells;
use super::{Scratch, Stream, sized, transpose};
use crate::Grid;
use num_complex::Complex;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use rustfft::{Fft, FftPlanner};
use std::f64::consts::{SQRT_2, TAU};
use std::sync::Arc;

/// A periodic Gaussian field on n_d equal cells along each dimension.
pub struct Periodic {
    grid: Grid,
    /// √2 λ_k, and the place of k among the coefficients, in the order in which they are drawn; no place
    /// for those outside of the grid.
    modes: Vec<(f64, Option<u32>)>,
    kept: usize,
    /// One along each dimension.
    transforms: Vec<Arc<dyn Fft<f64>>>,
    variance: f64,
}

impl Periodic {
    /// The field with exponent `alpha` and inverse length `tau`, on fewer than 2³² cells.
    pub fn new(grid: Grid, alpha: f64, tau: f64) -> Self {
        let (dims, dimension) = (grid.dims(), grid.dimension());
        let scale = SQRT_2 * tau.powf(alpha - 0.5 * dimension as f64);
        let half = dims.map(|n| n.div_ceil(2)); // |k_d| < n_d/2
        let size = half[0].max(half[1]).max(half[2]);
        let (mut modes, mut kept, mut variance) = (Vec::new(), 0, 0.0);
        shells(dimension, size, |k| {
            if k == [0; 3] {
                return;
            }
            let square: f64 = k.iter().map(|&k| (TAU * k as f64).powi(2)).sum();
            let amplitude = scale * (square + tau * tau).powf(-0.5 * alpha);
            signs(k, |negative| {
                let inside = (0..3).all(|d| k[d] < half[d]);
                let at = [0, 1, 2].map(|d| if negative[d] { dims[d] - k[d] } else { k[d] });
                let place = inside.then(|| grid.row(at) as u32);
                if inside {
                    kept += 1;
                    variance += amplitude * amplitude;
                }
                modes.push((amplitude, place));
            });
        });
        let mut planner = FftPlanner::new();
        let plan = |&n: &usize| planner.plan_fft_inverse(n);
        Self {
            grid,
            modes,
            kept,
            transforms: dims[..dimension].iter().map(plan).collect(),
            variance,
        }
    }

    /// The same field times `factor`.
    pub fn scaled(mut self, factor: f64) -> Self {
        self.modes.iter_mut().for_each(|(a, _)| *a *= factor);
        self.variance *= factor * factor;
        self
    }

    /// The variance of every value.
    pub fn variance(&self) -> f64 {
        self.variance
    }

    /// Writes the draw of index `index`, one value for each cell, x fastest. Allocates nothing once
    /// `scratch` has served a field of this size.
    ///
    /// # Panics
    /// If `field` is not as long as the grid has cells.
    pub fn draw(&self, stream: &Stream, index: u64, scratch: &mut Scratch, field: &mut [f64]) {
        let n = self.grid.dims().iter().product();
        assert_eq!(field.len(), n, "one value for each cell");
        let white = |rng: &mut ChaCha8Rng, into: &mut [f64]| self.white(rng, into);
        let noise = stream.noise(index, 2 * self.kept, white, &mut scratch.noise);
        let [waves, turned] = &mut scratch.waves;
        let (waves, turned) = (sized(waves, n), sized(turned, n));
        waves.fill(Complex::new(0.0, 0.0));
        let places = self.modes.iter().filter_map(|(a, at)| at.map(|at| (a, at)));
        for ((amplitude, at), xi) in places.zip(noise.chunks_exact(2)) {
            waves[at as usize] = Complex::new(amplitude * xi[0], amplitude * xi[1]);
        }
        for (transform, length) in self.transforms.iter().zip(self.grid.dims()) {
            let room = sized(
                &mut scratch.complex_plan,
                transform.get_inplace_scratch_len(),
            );
            transform.process_with_scratch(waves, room);
            transpose(waves, length, turned);
            waves.copy_from_slice(turned);
        }
        field.iter_mut().zip(&*waves).for_each(|(f, w)| *f = w.re);
    }

    /// ξ_k and η_k for each mode of the grid; those outside of it are drawn and dropped.
    fn white(&self, rng: &mut ChaCha8Rng, into: &mut [f64]) {
        let mut pairs = into.chunks_exact_mut(2);
        for (_, place) in &self.modes {
            let pair: [f64; 2] = [StandardNormal.sample(rng), StandardNormal.sample(rng)];
            if place.is_some()
                && let Some(into) = pairs.next()
            {
                into.copy_from_slice(&pair);
            }
        }
    }
}

/// Calls `visit` with the signs (true: negative) that make one wave of each pair ±k out of |k|.
fn signs(k: [usize; 3], mut visit: impl FnMut([bool; 3])) {
    let first = k.iter().position(|&k| k > 0).unwrap_or(0);
    for y in [false, true] {
        for z in [false, true] {
            let turns = |d: usize, negative: bool| !negative || (k[d] > 0 && first < d);
            if turns(1, y) && turns(2, z) {
                visit([false, y, z]);
            }
        }
    }
}
