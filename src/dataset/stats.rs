//! Mean, deviation and range of the numbers of a field, in one pass and in parts.
//!
//!   n ← n + 1,   δ = v − μ,   μ ← μ + δ/n,   S ← S + δ(v − μ)                  (Welford)
//!   δ = μ_b − μ_a,   μ = μ_a + δ n_b/n,   S = S_a + S_b + δ² n_a n_b/n            (Chan, Golub, LeVeque)
//!
//! A row of a field is taken in as a part of its own, in two passes over it.
//!
//! - B. P. Welford, Technometrics 4(3):419–420, 1962, doi:10.1080/00401706.1962.10490022.
//! - T. F. Chan, G. H. Golub, R. J. LeVeque, Am. Stat. 37(3):242–247, 1983,
//!   doi:10.1080/00031305.1983.10483115.

use serde::{Deserialize, Serialize};

/// Moments and range of numbers.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Moments {
    /// How many.
    pub count: u64,
    /// Mean.
    pub mean: f64,
    /// Σ(v − mean)².
    pub squares: f64,
    /// Smallest; `None` of no numbers.
    pub min: Option<f64>,
    /// Largest.
    pub max: Option<f64>,
}

impl Default for Moments {
    /// Of no numbers.
    fn default() -> Self {
        Self {
            count: 0,
            mean: 0.0,
            squares: 0.0,
            min: None,
            max: None,
        }
    }
}

impl Moments {
    /// Those of a slice.
    pub fn of(values: &[f64]) -> Self {
        if values.is_empty() {
            return Self::default();
        }
        let mean = sum(values, |v| v) / values.len() as f64;
        Self {
            count: values.len() as u64,
            mean,
            squares: sum(values, |v| (v - mean) * (v - mean)),
            min: values.iter().copied().reduce(f64::min),
            max: values.iter().copied().reduce(f64::max),
        }
    }

    /// Those of both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let (a, b) = (self.count as f64, other.count as f64);
        if self.count == 0 || other.count == 0 {
            return if self.count == 0 { other } else { self };
        }
        let delta = other.mean - self.mean;
        let pick =
            |f: fn(f64, f64) -> f64, a: Option<f64>, b: Option<f64>| a.zip(b).map(|(a, b)| f(a, b));
        Self {
            count: self.count + other.count,
            mean: self.mean + delta * b / (a + b),
            squares: self.squares + other.squares + delta * delta * a * b / (a + b),
            min: pick(f64::min, self.min, other.min),
            max: pick(f64::max, self.max, other.max),
        }
    }

    /// √(Σ(v − mean)²/n).
    pub fn deviation(&self) -> f64 {
        (self.squares / (self.count.max(1)) as f64).sqrt()
    }

    /// √(Σv²/n).
    pub fn rms(&self) -> f64 {
        (self.squares / self.count.max(1) as f64 + self.mean * self.mean).sqrt()
    }
}

/// Σ f(v), in eight sums side by side.
fn sum(values: &[f64], f: impl Fn(f64) -> f64) -> f64 {
    let mut lanes = [0.0; 8];
    let chunks = values.chunks_exact(8);
    let rest: f64 = chunks.remainder().iter().map(|v| f(*v)).sum();
    for chunk in chunks {
        for (lane, v) in lanes.iter_mut().zip(chunk) {
            *lane += f(*v);
        }
    }
    lanes.iter().sum::<f64>() + rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn parts_make_the_whole(values in prop::collection::vec(-1e3f64..1e3, 1..200), at in 0usize..200) {
            let (left, right) = values.split_at(at.min(values.len()));
            let (whole, parts) = (Moments::of(&values), Moments::of(left).and(Moments::of(right)));
            prop_assert_eq!(whole.count, parts.count);
            prop_assert_eq!((whole.min, whole.max), (parts.min, parts.max));
            prop_assert!((whole.mean - parts.mean).abs() <= 1e-10);
            prop_assert!((whole.squares - parts.squares).abs() <= 1e-9 * (1.0 + whole.squares));
        }
    }

    #[test]
    fn a_large_mean_takes_no_digits_from_the_deviation() {
        let values = [1e9 + 1.0, 1e9 + 2.0, 1e9 + 3.0];
        let each = values.map(|v| Moments::of(&[v]));
        let all = each.into_iter().fold(Moments::default(), Moments::and);
        assert!((all.deviation() - (2.0f64 / 3.0).sqrt()).abs() < 1e-12);
        assert_eq!((all.min, all.max), (Some(values[0]), Some(values[2])));
    }
}
