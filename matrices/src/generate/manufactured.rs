//! A smooth solution for any mix of boundary conditions, to manufacture right-hand sides with.
//!
//! u(x) = Π_d φ_d(x_d), each φ zero, or its slope zero, where the side asks for it; neither an
//! eigenfunction of the Laplacian nor a polynomial that a stencil reproduces.

use super::domain::{Boundary, Domain, Sides};

/// u, ∂u/∂x_d and ∂²u/∂x_d² at a point.
#[derive(Debug, Clone, Copy)]
pub(super) struct Jet {
    pub u: f64,
    pub first: [f64; 3],
    pub second: [f64; 3],
}

impl Jet {
    /// The product of the profiles at `x`.
    pub fn at(domain: &Domain, sides: &Sides, x: [f64; 3]) -> Self {
        let profiles = [0, 1, 2].map(|d| {
            if d < domain.dimension {
                profile(sides[d], x[d])
            } else {
                [1.0, 0.0, 0.0]
            }
        });
        Self::product(profiles)
    }

    /// From [φ, φ′, φ″] along each dimension.
    pub fn product(profiles: [[f64; 3]; 3]) -> Self {
        let with = |d: usize, derivative: usize| -> f64 {
            (0..3)
                .map(|e| profiles[e][if e == d { derivative } else { 0 }])
                .product()
        };
        Self {
            u: with(0, 0),
            first: [0, 1, 2].map(|d| with(d, 1)),
            second: [0, 1, 2].map(|d| with(d, 2)),
        }
    }

    /// Δu.
    pub fn laplacian(&self) -> f64 {
        self.second.iter().sum()
    }
}

/// [φ, φ′, φ″] at `x` for the conditions at 0 and 1.
pub(super) fn profile(side: [Boundary; 2], x: f64) -> [f64; 3] {
    use Boundary::{Dirichlet, Neumann};
    match side {
        // (x − x²) eˣ
        [Dirichlet, Dirichlet] => {
            [x - x * x, 1.0 - x - x * x, -3.0 * x - x * x].map(|p| p * x.exp())
        }
        // x e⁻ˣ
        [Dirichlet, Neumann] => [x, 1.0 - x, x - 2.0].map(|p| p * (-x).exp()),
        // the same from the other end
        [Neumann, Dirichlet] => {
            let [value, slope, curvature] = profile([Dirichlet, Neumann], 1.0 - x);
            [value, -slope, curvature]
        }
        // x² (3 − 2x)
        [Neumann, Neumann] => [x * x * (3.0 - 2.0 * x), 6.0 * (x - x * x), 6.0 - 12.0 * x],
    }
}

/// b ← b − mean(b), which puts it into the range of a symmetric matrix with A·1 = 0.
pub(super) fn remove_mean(b: &mut [f64]) {
    let mean = b.iter().sum::<f64>() / b.len() as f64;
    b.iter_mut().for_each(|b| *b -= mean);
}

#[cfg(test)]
mod tests {
    use super::*;
    use Boundary::{Dirichlet, Neumann};

    #[test]
    fn profiles_keep_their_conditions_and_their_derivatives() {
        for side in [
            [Dirichlet, Dirichlet],
            [Dirichlet, Neumann],
            [Neumann, Dirichlet],
            [Neumann, Neumann],
        ] {
            for (end, condition) in side.into_iter().enumerate() {
                let order = usize::from(condition == Neumann);
                assert!(profile(side, end as f64)[order].abs() < 1e-14, "{side:?}");
            }
            let (x, h) = (0.3, 1e-5);
            let [below, here, above] = [x - h, x, x + h].map(|x| profile(side, x));
            for order in [0, 1] {
                let slope = (above[order] - below[order]) / (2.0 * h);
                assert!((slope - here[order + 1]).abs() < 1e-8, "{side:?}");
            }
        }
    }
}
