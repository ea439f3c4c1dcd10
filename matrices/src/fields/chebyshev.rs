//! Random polynomials: Chebyshev series in each dimension, of bounded total degree.
//!
//!   p(x) = Σ_{|i| ≤ degree} c_i Π_d T_{i_d}(2x_d − 1),   c_i uniform in (−1, 1)
//! Smooth, the same on every grid, and with few parameters: what smooth values on a boundary are drawn
//! from. In the data of *Accelerating Data Generation for Neural Operators via Krylov Subspace Recycling*
//! each side has its own series of degree 5; one polynomial for all sides has no jumps at the corners.

use super::{Scratch, Stream, sized};
use rand::Rng;

/// A random polynomial on the unit square or cube.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chebyshev {
    /// Dimensions.
    pub dimension: usize,
    /// Largest total degree.
    pub degree: usize,
}

impl Chebyshev {
    /// Number of coefficients: binomial(degree + dimension, dimension).
    pub fn len(&self) -> usize {
        let mut count = 1;
        for d in 1..=self.dimension {
            count = count * (self.degree + d) / d;
        }
        count
    }

    /// Whether there are none: never.
    pub fn is_empty(&self) -> bool {
        false
    }

    /// Writes the coefficients of index `index`, those of low degree first. Those of consecutive
    /// indices are independent, whatever the stream says.
    ///
    /// # Panics
    /// If `coefficients` are not [`len`](Self::len).
    pub fn draw(&self, stream: &Stream, index: u64, coefficients: &mut [f64]) {
        assert_eq!(coefficients.len(), self.len(), "one for each polynomial");
        let mut rng = stream.at(index);
        coefficients.fill_with(|| rng.random_range(-1.0..1.0));
    }

    /// p(x); O(number of coefficients).
    pub fn value(&self, coefficients: &[f64], x: [f64; 3], scratch: &mut Scratch) -> f64 {
        let width = self.degree + 1;
        let table = sized(&mut scratch.plan, 3 * width);
        for (row, x) in table.chunks_exact_mut(width).zip(x) {
            let t = 2.0 * x - 1.0;
            row[0] = 1.0;
            if width > 1 {
                row[1] = t;
            }
            for i in 2..width {
                row[i] = 2.0 * t * row[i - 1] - row[i - 2]; // Tᵢ = 2t Tᵢ₋₁ − Tᵢ₋₂
            }
        }
        let mut coefficients = coefficients.iter();
        let mut sum = 0.0;
        for total in 0..width {
            let highest = |d: usize| if self.dimension > d { total } else { 0 };
            for k in 0..=highest(2) {
                for j in 0..=(highest(1).saturating_sub(k)) {
                    let i = total - j - k;
                    let c = coefficients.next().copied().unwrap_or(0.0);
                    sum += c * table[i] * table[width + j] * table[2 * width + k];
                }
            }
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn series_are_sums_of_cosines() {
        let series = Chebyshev {
            dimension: 2,
            degree: 4,
        };
        assert_eq!(series.len(), 15);
        let mut c = vec![0.0; series.len()];
        series.draw(&Stream::new(5, 0), 9, &mut c);
        let (a, b) = (0.7_f64, 1.9_f64);
        let x = [0.5 + 0.5 * a.cos(), 0.5 + 0.5 * b.cos(), 0.0];
        // T_i(cos a) = cos ia
        let (mut expected, mut at) = (0.0, 0);
        for total in 0..=4 {
            for j in 0..=total {
                let i = total - j;
                expected += c[at] * (i as f64 * a).cos() * (j as f64 * b).cos();
                at += 1;
            }
        }
        let got = series.value(&c, x, &mut Scratch::default());
        assert!((got - expected).abs() < 1e-12);
        let solid = Chebyshev {
            dimension: 3,
            degree: 2,
        };
        assert_eq!(solid.len(), 10);
        let ones = solid.value(&[1.0; 10], [1.0; 3], &mut Scratch::default());
        assert_eq!(ones, 10.0);
    }
}
