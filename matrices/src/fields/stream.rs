//! Random numbers that belong to a seed, a field and an index, and correlated ones along the index.
//!
//! With ρ > 0 the noise of consecutive indices is first-order autoregressive,
//!   ξᵢ = ρ ξᵢ₋₁ + √(1 − ρ²) ηᵢ,   E ξᵢξⱼ = ρ^|i−j|,
//! yet ξᵢ is found without those before it: such a sequence is Markov, so between two of its members at
//! a distance 2h the middle one is
//!   ξ = ρʰ/(1 + ρ²ʰ) (ξ₋ + ξ₊) + √((1 − ρ²ʰ)/(1 + ρ²ʰ)) η
//! and ⌈log₂⌉ such halvings lead from two anchors so far apart that they are independent (ρ^distance
//! below the rounding of a double) to any index.

use super::{Scratch, sized};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// Where the noise of one field of a data set comes from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stream {
    /// Seed of the data set.
    pub seed: u64,
    /// Number of the field: different fields of one sample are independent.
    pub field: u64,
    /// Correlation of consecutive indices, 0 ≤ ρ < 1.
    pub rho: f64,
}

impl Stream {
    /// Independent draws for field `field` of the data set with this seed.
    pub fn new(seed: u64, field: u64) -> Self {
        Self {
            seed,
            field,
            rho: 0.0,
        }
    }

    /// The same, with consecutive indices correlated by ρ.
    pub fn correlated(self, rho: f64) -> Self {
        Self { rho, ..self }
    }

    /// The generator of an index.
    pub fn at(&self, index: u64) -> ChaCha8Rng {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&self.seed.to_le_bytes());
        key[8..16].copy_from_slice(&self.field.to_le_bytes());
        let mut rng = ChaCha8Rng::from_seed(key);
        rng.set_stream(index);
        rng
    }

    /// The noise of index `index`: `len` standard normal numbers, written by `white` from a generator,
    /// always all of them in the same order.
    pub(super) fn noise<'s>(
        &self,
        index: u64,
        len: usize,
        white: impl Fn(&mut ChaCha8Rng, &mut [f64]),
        scratch: &'s mut [Vec<f64>; 3],
    ) -> &'s mut [f64] {
        let [low, high, middle] = scratch;
        let draw = |at: u64, into: &mut Vec<f64>| white(&mut self.at(at), sized(into, len));
        if self.rho <= 0.0 {
            draw(index, low);
            return &mut low[..len];
        }
        let mut span = self.span();
        let mut at = index & !(span - 1);
        draw(at, low);
        draw(at.wrapping_add(span), high);
        while at != index {
            span /= 2;
            let between = at + span;
            draw(between, middle);
            let near = self.rho.powf(span as f64);
            let both = 1.0 + near * near;
            let (mean, spread) = (near / both, ((1.0 - near * near) / both).sqrt());
            for ((m, l), h) in middle[..len].iter_mut().zip(&*low).zip(&*high) {
                *m = mean * (l + h) + spread * *m; // ξ = ρʰ/(1 + ρ²ʰ)(ξ₋ + ξ₊) + …η
            }
            if index >= between {
                at = between;
                std::mem::swap(low, middle);
            } else {
                std::mem::swap(high, middle);
            }
        }
        &mut low[..len]
    }

    /// The smallest power of two with ρ^span < 2⁻⁵³, at most 2⁴⁰.
    fn span(&self) -> u64 {
        let steps = (53.0 * std::f64::consts::LN_2 / -self.rho.ln()).ceil();
        (steps.clamp(1.0, (1u64 << 40) as f64) as u64).next_power_of_two()
    }

    /// One standard normal number of index `index`.
    pub fn normal(&self, index: u64, scratch: &mut Scratch) -> f64 {
        use rand_distr::{Distribution, StandardNormal};
        let one = |rng: &mut ChaCha8Rng, into: &mut [f64]| into[0] = StandardNormal.sample(rng);
        self.noise(index, 1, one, &mut scratch.noise)[0]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_belong_to_seed_field_and_index_alone() {
        let mut scratch = Scratch::default();
        for rho in [0.0, 0.9] {
            let stream = Stream::new(7, 1).correlated(rho);
            let forward: Vec<f64> = (0..40).map(|i| stream.normal(i, &mut scratch)).collect();
            for i in (0..40).rev() {
                let alone = stream.normal(i, &mut Scratch::default());
                assert_eq!(alone.to_bits(), forward[i as usize].to_bits());
            }
            for other in [Stream { seed: 8, ..stream }, Stream { field: 2, ..stream }] {
                assert_ne!(other.normal(3, &mut scratch), forward[3]);
            }
        }
    }

    #[test]
    fn correlations_fall_off_as_those_of_an_autoregressive_sequence() {
        let mut scratch = Scratch::default();
        let rho = 0.8_f64;
        let count = 40_000;
        let stream = Stream::new(3, 0).correlated(rho);
        let x: Vec<f64> = (0..count).map(|i| stream.normal(i, &mut scratch)).collect();
        for lag in [0, 1, 2, 5, 40] {
            let products = x.iter().zip(&x[lag..]).map(|(a, b)| a * b);
            let got = products.sum::<f64>() / (x.len() - lag) as f64;
            // standard error √((1 + ρ²)/(1 − ρ²)/N) ≈ 0.011
            assert!((got - rho.powi(lag as i32)).abs() < 0.05, "{lag}: {got}");
        }
    }

    #[test]
    fn anchors_are_far_enough_apart() {
        for rho in [0.1_f64, 0.9, 0.99, 0.9999] {
            let span = Stream::new(0, 0).correlated(rho).span();
            assert!(rho.powf(span as f64) <= 0.5f64.powi(53), "{rho} {span}");
            assert!(span.is_power_of_two());
        }
    }
}
