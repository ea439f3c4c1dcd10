//! Badly scaled systems: D₁ A D₂ y = D₁ b with diagonal D of many orders of magnitude.
//!
//! Scales are powers of two, so that nothing is rounded: D₁AD₂ is exactly as symmetric and has
//! exactly the solution D₂⁻¹x, and a good equilibration undoes it all.

use super::{Problem, Properties, Spectrum, wrong};
use crate::{MatrixError, Scalar};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// How a problem is scaled badly.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BadlyScaled {
    /// Scales are drawn from 10^(−decades/2) to 10^(decades/2), evenly on a logarithmic scale.
    /// Default 6.
    pub decades: f64,
    /// The same scales for rows and columns, which keeps symmetry. Default true.
    pub symmetric: bool,
    /// Seed of the random numbers. Default 0.
    pub seed: u64,
}

impl Default for BadlyScaled {
    fn default() -> Self {
        Self {
            decades: 6.0,
            symmetric: true,
            seed: 0,
        }
    }
}

impl BadlyScaled {
    /// `problem`, scaled.
    ///
    /// # Errors
    /// [`MatrixError::Parameter`] if the decades are negative, not finite, or take entries out of
    /// the range of the scalar type; [`MatrixError::NotSquare`].
    pub fn apply<T: Scalar>(&self, mut problem: Problem<T>) -> Result<Problem<T>, MatrixError> {
        let name = "badly-scaled";
        let n = problem.matrix.view().square()?;
        // beyond this even the scales of double precision overflow
        if !(0.0..=300.0).contains(&self.decades) {
            let got = self.decades;
            return wrong(name, format!("decades = {got} must be from 0 to 300"));
        }
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        let half = (0.5 * self.decades * std::f64::consts::LOG2_10) as i32;
        let mut draw = || -> Vec<i32> { (0..n).map(|_| rng.random_range(-half..=half)).collect() };
        let rows = draw();
        let cols = if self.symmetric { rows.clone() } else { draw() };
        let power = |e: i32| T::Real::from_f64(2f64.powi(e));
        let scales = |exponents: &[i32]| exponents.iter().map(|&e| power(e)).collect::<Vec<_>>();
        let before = problem.matrix.clone();
        problem.matrix.scale(&scales(&rows), &scales(&cols))?;
        let rhs_before = problem.rhs.clone();
        for (b, &e) in problem.rhs.iter_mut().zip(&rows) {
            *b = b.scale(power(e));
        }
        let reversible = |new: T, old: T, e: i32| new.is_finite() && new.scale(power(-e)) == old;
        let (new, old) = (problem.matrix.view().triplets(), before.view().triplets());
        let entries = new
            .zip(old)
            .all(|((i, j, new), (.., old))| reversible(new, old, rows[i] + cols[j]));
        let mut rhs = problem.rhs.iter().zip(&rhs_before).zip(&rows);
        let rhs = rhs.all(|((&new, &old), &e)| reversible(new, old, e));
        if !(entries && rhs) {
            return wrong(
                name,
                format!("{} decades leave the range of {}", self.decades, T::NAME),
            );
        }
        for x in [&mut problem.exact, &mut problem.continuous]
            .into_iter()
            .flatten()
        {
            for (x, &e) in x.iter_mut().zip(&cols) {
                *x = x.scale(power(-e));
            }
        }
        problem.name = format!("{name}-{}", problem.name);
        problem.notes = format!(
            "{}; rows and columns scaled over {} decades",
            problem.notes, self.decades
        );
        let kept = problem.properties;
        problem.properties = Properties {
            symmetric: self.symmetric && kept.symmetric,
            hermitian: self.symmetric && kept.hermitian,
            spectrum: match self.symmetric {
                true => kept.spectrum, // Sylvester's law of inertia
                false => Spectrum::Unknown,
            },
            constant_nullspace: false,
            consistent: kept.consistent,
        };
        Ok(problem)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generate::Poisson;

    #[test]
    fn scaling_is_exact() {
        let p = Poisson::default().generate::<f64>().unwrap();
        let p = p.with_random_solution(1).unwrap();
        let s = BadlyScaled::default().apply(p.clone()).unwrap();
        let (x, d) = (p.exact.unwrap(), s.exact.clone().unwrap());
        let spread = x.iter().zip(&d).map(|(x, d)| (x / d).abs().log10());
        let spread = spread.fold((0f64, 0f64), |(l, h), d| (l.min(d), h.max(d)));
        assert!(spread.0 < -2.5 && spread.1 > 2.5, "{spread:?}");
        // scaling by powers of two commutes with rounding: A x = b holds to the last bit
        let again = s.clone().with_solution(d).unwrap();
        assert_eq!(again.rhs, s.rhs);
        assert!(crate::Evidence::gather(s.matrix.view()).hermitian);
    }

    #[test]
    fn what_overflows_is_refused() {
        let p = Poisson::default().generate::<f32>().unwrap();
        for decades in [90.0, -1.0, f64::NAN] {
            let s = BadlyScaled {
                decades,
                ..Default::default()
            };
            assert!(s.apply(p.clone()).is_err(), "{decades}");
        }
    }
}
