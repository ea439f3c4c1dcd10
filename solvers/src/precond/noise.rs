//! Reproducible noise: test vectors for estimates and probes, nothing that needs statistics.

use resolvent_matrices::{Complex, Scalar};

/// Numbers in (−1, 1) in each part, the same for the same seed (SplitMix64: G. L. Steele,
/// D. Lea, C. H. Flood, OOPSLA 2014, doi:10.1145/2660193.2660195).
pub(super) struct Noise(u64);

impl Noise {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    }

    pub fn fill<T: Scalar>(&mut self, x: &mut [T]) {
        for x in x {
            let re = self.uniform();
            let im = if T::IS_COMPLEX { self.uniform() } else { 0.0 };
            *x = T::from_c64(Complex::new(re, im));
        }
    }
}
