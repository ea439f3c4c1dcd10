//! Gaussian fields with insulated sides: N(0, τ^(2α−d) (−Δ + τ²)^(−α)), Δ with ∂/∂n = 0.
//!
//!   g(x) = Σ_{k≠0} λ_k ξ_k Π_d c_{k_d} cos(π k_d x_d),   c₀ = 1, c_k = √2, 0 ≤ k_d < n_d
//!   λ_k = τ^(α−d/2) (π²|k|² + τ²)^(−α/2)
//! summed by cosine transforms along each dimension: type III at the centres of cells, type I at nodes.
//! At the cells of a square this is the generator of the Darcy data of the Fourier neural operator.
//! | a draw | n normal numbers, O(n log n) | memory | n amplitudes; scratch 2n (4n correlated) |
//! - Z. Li et al., Fourier neural operator for parametric partial differential equations, ICLR 2021,
//!   arXiv:2010.08895.

use super::modes::shells;
use super::{Place, Scratch, Stream, sized, transpose};
use crate::Grid;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use rustdct::{Dct1, DctPlanner, TransformType2And3};
use std::f64::consts::{PI, SQRT_2};
use std::sync::Arc;

/// A Gaussian field on a grid over the unit square or cube.
pub struct Neumann {
    grid: Grid,
    /// λ_k Π c_{k_d}, with what the transforms divide by.
    amplitudes: Vec<f64>,
    /// One along each dimension.
    transforms: Vec<Cosine>,
    variance: f64,
    slope_variance: f64,
}

#[derive(Clone)]
enum Cosine {
    Cells(Arc<dyn TransformType2And3<f64>>),
    Nodes(Arc<dyn Dct1<f64>>),
}

impl Cosine {
    fn scratch_len(&self) -> usize {
        match self {
            Self::Cells(plan) => plan.get_scratch_len(),
            Self::Nodes(plan) => plan.get_scratch_len(),
        }
    }

    fn apply(&self, line: &mut [f64], scratch: &mut [f64]) {
        match self {
            Self::Cells(plan) => plan.process_dct3_with_scratch(line, scratch),
            Self::Nodes(plan) => plan.process_dct1_with_scratch(line, scratch),
        }
    }
}

impl Neumann {
    /// The field with exponent `alpha` and inverse length `tau`, on `grid` with values at `place`. Nodes
    /// need at least two in each dimension.
    pub fn new(grid: Grid, place: Place, alpha: f64, tau: f64) -> Self {
        let (dims, dimension) = (grid.dims(), grid.dimension());
        let scale = tau.powf(alpha - 0.5 * dimension as f64);
        let points = dims.iter().product();
        let (mut variance, mut slope_variance) = (0.0, 0.0);
        let amplitude = |row| {
            let k = grid.at(row);
            if row == 0 {
                return 0.0;
            }
            let square: f64 = k.iter().map(|&k| (PI * k as f64).powi(2)).sum();
            let lambda = scale * (square + tau * tau).powf(-0.5 * alpha);
            variance += lambda * lambda; // the mean over the square of each c² cos² is 1,
            slope_variance += lambda * lambda * square; // and of each c² sin²
            let weight = |d: usize| match k[d] {
                0 => 2.0, // a transform takes half of the first,
                last if place == Place::Nodes && last + 1 == dims[d] => 2.0 * SQRT_2, // and of this
                _ => SQRT_2,
            };
            (0..dimension).map(weight).product::<f64>() * lambda
        };
        let amplitudes = (0..points).map(amplitude).collect();
        let mut planner = DctPlanner::new();
        let plan = |&n: &usize| match place {
            Place::Cells => Cosine::Cells(planner.plan_dct3(n)),
            Place::Nodes => Cosine::Nodes(planner.plan_dct1(n)),
        };
        Self {
            grid,
            amplitudes,
            transforms: dims[..dimension].iter().map(plan).collect(),
            variance,
            slope_variance,
        }
    }

    /// The same field times `factor`.
    pub fn scaled(mut self, factor: f64) -> Self {
        self.amplitudes.iter_mut().for_each(|a| *a *= factor);
        self.variance *= factor * factor;
        self.slope_variance *= factor * factor;
        self
    }

    /// Σ λ_k²: the variance of the values, averaged over the square or cube.
    pub fn variance(&self) -> f64 {
        self.variance
    }

    /// Σ λ_k² π²|k|²: the mean of |∇g|², averaged over the square or cube.
    pub fn slope_variance(&self) -> f64 {
        self.slope_variance
    }

    /// Writes the draw of index `index`, one value for each point, x fastest. Allocates nothing once
    /// `scratch` has served a field of this size.
    ///
    /// # Panics
    /// If `field` is not as long as the grid has points.
    pub fn draw(&self, stream: &Stream, index: u64, scratch: &mut Scratch, field: &mut [f64]) {
        let n = self.amplitudes.len();
        assert_eq!(field.len(), n, "one value for each point");
        let white = |rng: &mut ChaCha8Rng, into: &mut [f64]| self.white(rng, into);
        let noise = stream.noise(index, n, white, &mut scratch.noise);
        for ((f, xi), lambda) in field.iter_mut().zip(&*noise).zip(&self.amplitudes) {
            *f = lambda * xi;
        }
        let turned = sized(&mut scratch.turned, n);
        for (transform, length) in self.transforms.iter().zip(self.grid.dims()) {
            let room = sized(&mut scratch.plan, transform.scratch_len());
            for line in field.chunks_exact_mut(length) {
                transform.apply(line, room);
            }
            transpose(field, length, turned);
            field.copy_from_slice(turned);
        }
    }

    /// ξ_k for each mode, x fastest; those outside of the grid are drawn and dropped.
    fn white(&self, rng: &mut ChaCha8Rng, into: &mut [f64]) {
        let dims = self.grid.dims();
        let size = dims[0].max(dims[1]).max(dims[2]);
        shells(self.grid.dimension(), size, |k| {
            let xi: f64 = StandardNormal.sample(rng);
            if k[0] < dims[0] && k[1] < dims[1] && k[2] < dims[2] {
                into[self.grid.row(k)] = xi;
            }
        });
    }
}
