//! The smoother: a Chebyshev polynomial in the scaled operator, as a product of linear factors.
//!
//! An error e becomes Π_k (1 − ω_k S) e, S = D⁻½ A D⁻½. The spectrum of S is in [0, 2] for every A whose
//! diagonal outweighs its rows. With ω_k = 1/x_k, x_k the zeros of the Chebyshev polynomial of
//! [LOW, HIGH], the product is that polynomial scaled to 1 at 0: below 1 in size on (0, 2], since it
//! falls from 1 to its bound between 0 and LOW and keeps to it up to HIGH > 2.

/// Left end of the interval by degree: what is below is for the coarser levels. With one factor there is
/// nothing to balance: |1 − ω| at the high end alone. From a sweep over families of problems (docs/methods/gmg.md);
/// at degree 3, anything from 0.2 to 0.4 costs one iteration at most.
const LOW: [f64; MOST] = [0.6, 0.2, 0.2, 0.12];
/// Right end of the interval: above 2, so that rounding cannot bring the product to 1.
const HIGH: f64 = 2.06;
/// Largest degree.
pub(super) const MOST: usize = 4;

/// ω_1, …, ω_degree, the largest first; then zeros. `degree` is from 1 to [`MOST`].
pub(super) fn factors(degree: usize) -> [f64; MOST] {
    let (mut omega, low) = ([0.0; MOST], LOW[degree - 1]);
    for (k, omega) in omega[..degree].iter_mut().enumerate() {
        let angle = std::f64::consts::PI * (2 * k + 1) as f64 / (2 * degree) as f64;
        *omega = 1.0 / (0.5 * (HIGH + low) - 0.5 * (HIGH - low) * angle.cos());
    }
    omega
}

/// The degree on all levels but the finest: they are small, and what they leave the finer ones cannot mend.
pub(super) fn coarser(degree: usize) -> usize {
    (degree + 1).min(MOST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contracts_everything_up_to_two() {
        for degree in 1..=MOST {
            let omega = factors(degree);
            for k in 1..=4000 {
                let lambda = f64::from(k) * 2.0 / 4000.0;
                let product: f64 = omega[..degree].iter().map(|w| 1.0 - w * lambda).product();
                assert!(product.abs() < 1.0, "{degree} {lambda} {product}");
            }
        }
    }
}
