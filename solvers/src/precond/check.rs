//! Probes what a preconditioner is, against what it declares.
//!
//! A few applications to noise measure how far M⁻¹ is from linear, from Hermitian and from positive,
//! whether it answers the same twice, and whether it fills all of z with numbers. Noise finds gross
//! violations, it proves nothing. O(n) beside 12 applications; allocates 6 vectors.

use super::noise::Noise;
use super::{Linearity, PrecondError, Preconditioner};
use crate::kernels;
use resolvent_matrices::{Real, Scalar};

/// Pairs of vectors tried.
const PAIRS: usize = 3;

/// What a probe found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Finding {
    /// M⁻¹(αx + y) is not αM⁻¹x + M⁻¹y; the worst relative error.
    NotLinear(f64),
    /// xᴴM⁻¹y is not the conjugate of yᴴM⁻¹x; the worst relative error.
    NotSymmetric(f64),
    /// Re xᴴM⁻¹x is not positive; the least one, over ‖x‖‖M⁻¹x‖.
    NotPositive(f64),
    /// z had a NaN or an infinity, or was not overwritten.
    NotFinite,
    /// The same r gave two answers.
    NotDeterministic,
    /// What it declares contradicts another finding.
    Misdeclared(Linearity),
}

/// Worst relative errors over the probes, and the findings they amount to.
#[derive(Debug, Clone, PartialEq)]
pub struct Check<R> {
    /// ‖M⁻¹(αx + y) − αM⁻¹x − M⁻¹y‖ / (‖αM⁻¹x‖ + ‖M⁻¹y‖).
    pub linear: R,
    /// |xᴴM⁻¹y − conj(yᴴM⁻¹x)| / (‖x‖‖M⁻¹y‖ + ‖y‖‖M⁻¹x‖).
    pub symmetric: R,
    /// The least Re xᴴM⁻¹x / (‖x‖‖M⁻¹x‖); not an error.
    pub positive: R,
    /// Every answer was finite and complete.
    pub finite: bool,
    /// Answers were the same when asked again, bit for bit.
    pub deterministic: bool,
    /// What is wrong, or merely not so; empty if M⁻¹ looks fixed, Hermitian and positive definite.
    /// Only [`Finding::Misdeclared`] and [`Finding::NotFinite`] are faults.
    pub findings: Vec<Finding>,
}

/// Probes `m`, made for `n` rows, with noise of the given seed. Errors above √ε of the working
/// precision count (√ε of `f32` where [`Linearity::NearlyHpd`] is declared).
///
/// # Errors
/// Those of [`Preconditioner::apply`].
pub fn check<T: Scalar>(
    m: &mut dyn Preconditioner<T>,
    n: usize,
    seed: u64,
) -> Result<Check<T::Real>, PrecondError> {
    let mut noise = Noise::new(seed);
    let zero = vec![T::ZERO; n];
    let (mut x, mut y, mut mx, mut my) = (zero.clone(), zero.clone(), zero.clone(), zero.clone());
    let (mut sum, mut z) = (zero.clone(), zero);
    let mut check = Check {
        linear: T::Real::ZERO,
        symmetric: T::Real::ZERO,
        positive: T::Real::ONE,
        finite: true,
        deterministic: true,
        findings: Vec::new(),
    };
    for _ in 0..PAIRS {
        noise.fill(&mut x);
        noise.fill(&mut y);
        let mut alpha = [T::ZERO];
        noise.fill(&mut alpha);
        let alpha = alpha[0];
        for (r, z) in [(&x, &mut mx), (&y, &mut my)] {
            fresh(m, r, z)?;
        }
        fresh(m, &x, &mut z)?;
        check.finite &= mx.iter().chain(&my).chain(&z).all(|v| v.is_finite());
        check.deterministic &= mx == z || !check.finite;
        kernels::copy(&y, &mut sum);
        kernels::axpy(alpha, &x, &mut sum); // s = αx + y
        fresh(m, &sum, &mut z)?;
        check.finite &= z.iter().all(|v| v.is_finite());
        if !check.finite {
            break;
        }
        let norm = |v: &[T]| kernels::norm_squared(v).sqrt();
        let (nx, ny, nmx, nmy) = (norm(&x), norm(&y), norm(&mx), norm(&my));
        kernels::axpy(-alpha, &mx, &mut z);
        kernels::axpy(-T::ONE, &my, &mut z); // M⁻¹s − αM⁻¹x − M⁻¹y
        worst(&mut check.linear, norm(&z), alpha.abs() * nmx + nmy);
        let skew = kernels::dot(&x, &my) - kernels::dot(&y, &mx).conj();
        worst(&mut check.symmetric, skew.abs(), nx * nmy + ny * nmx);
        for (r, z, size) in [(&x, &mx, nx * nmx), (&y, &my, ny * nmy)] {
            let form = kernels::dot(r, z).re(); // rᴴM⁻¹r
            let relative = if size > T::Real::ZERO {
                form / size
            } else {
                T::Real::ZERO
            };
            check.positive = check.positive.min(relative);
        }
    }
    check.judge(m.linearity());
    Ok(check)
}

/// z ← M⁻¹ r, where NaN stays if z is not overwritten.
fn fresh<T: Scalar>(
    m: &mut dyn Preconditioner<T>,
    r: &[T],
    z: &mut [T],
) -> Result<(), PrecondError> {
    z.fill(T::from_real(T::Real::NAN));
    m.apply(r, z)
}

fn worst<R: Real>(so_far: &mut R, error: R, size: R) {
    if error > R::ZERO {
        *so_far = so_far.max(error / size);
    }
}

impl<R: Real> Check<R> {
    fn judge(&mut self, declared: Linearity) {
        let nearly = declared == Linearity::NearlyHpd;
        let epsilon = R::EPSILON.to_f64();
        let tolerance = if nearly {
            f64::from(f32::EPSILON)
        } else {
            epsilon
        }
        .sqrt();
        let [linear, symmetric, positive] =
            [self.linear, self.symmetric, self.positive].map(R::to_f64);
        let mut broken = Linearity::FixedHpd; // the strictest it can be
        let mut find = |finding, is: bool, at_best: Linearity| {
            if is {
                self.findings.push(finding);
                broken = broken.max(at_best);
            }
        };
        let (finite, repeats) = (self.finite, self.deterministic);
        find(Finding::NotFinite, !finite, Linearity::FixedHpd);
        if finite {
            let fixed = Linearity::Fixed;
            find(
                Finding::NotLinear(linear),
                linear > tolerance,
                Linearity::Variable,
            );
            find(Finding::NotDeterministic, !repeats, Linearity::Variable);
            find(
                Finding::NotSymmetric(symmetric),
                symmetric > tolerance,
                fixed,
            );
            find(Finding::NotPositive(positive), positive <= 0.0, fixed);
        }
        if declared < broken {
            self.findings.push(Finding::Misdeclared(declared));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::precond::*;
    use resolvent_matrices::Complex;
    use resolvent_matrices::generate::{Spectrum, zoo};

    /// What is built in is what it declares, on every matrix it accepts; all of those that ask for
    /// positive definite matrices accept those.
    fn built_ins_tell_the_truth<T: Scalar>() {
        for p in zoo::<T>().unwrap() {
            let (a, n) = (&p.matrix, p.matrix.nrows());
            let hpd = p.properties.spectrum == Spectrum::Positive;
            let mut all: Vec<Box<dyn Preconditioner<T>>> =
                vec![Box::new(Identity), Box::new(Jacobi::new(a).unwrap())];
            if hpd {
                all.push(Box::new(Ic0::new(a, Ic0Config::default()).unwrap()));
                let config = SsorConfig {
                    omega: 1.6,
                    ..SsorConfig::default()
                };
                all.push(Box::new(Ssor::new(a, config).unwrap()));
                all.push(Box::new(Ict::new(a, IctConfig::default()).unwrap()));
                all.push(Box::new(Fsai::new(a, FsaiConfig::default()).unwrap()));
                all.push(Box::new(Fsai::new(a, FsaiConfig { power: 2 }).unwrap()));
                all.push(Box::new(
                    Chebyshev::new(a, ChebyshevConfig::default()).unwrap(),
                ));
            }
            if !p.properties.constant_nullspace {
                all.push(Box::new(Ilu0::new(a, Ilu0Config::default()).unwrap()));
                all.push(Box::new(Ilut::new(a, IlutConfig::default()).unwrap()));
            }
            for mut m in all {
                let c = check(&mut *m, n, 1).unwrap();
                let fault = |f: &Finding| matches!(f, Finding::Misdeclared(_) | Finding::NotFinite);
                let said = format!("{} on {} in {}: {c:?}", m.name(), p.name, T::NAME);
                assert!(!c.findings.iter().any(fault), "{said}");
                let strict = m.linearity() == Linearity::FixedHpd;
                assert!(!strict || c.findings.is_empty(), "{said}");
            }
        }
    }

    #[test]
    fn built_ins_are_what_they_declare() {
        built_ins_tell_the_truth::<f64>();
        built_ins_tell_the_truth::<f32>();
        built_ins_tell_the_truth::<Complex<f64>>();
        built_ins_tell_the_truth::<Complex<f32>>();
    }

    /// Says one thing and does another.
    struct Liar<F> {
        says: Linearity,
        does: F,
    }

    impl<F: FnMut(&[f64], &mut [f64]) + Send> Preconditioner<f64> for Liar<F> {
        fn name(&self) -> &'static str {
            "liar"
        }
        fn update(&mut self, _: &dyn crate::LinearOperator<f64>) -> Result<(), PrecondError> {
            Ok(())
        }
        fn apply(&mut self, r: &[f64], z: &mut [f64]) -> Result<(), PrecondError> {
            (self.does)(r, z);
            Ok(())
        }
        fn linearity(&self) -> Linearity {
            self.says
        }
        fn bytes(&self) -> usize {
            0
        }
    }

    fn findings(says: Linearity, does: impl FnMut(&[f64], &mut [f64]) + Send) -> Vec<Finding> {
        check(&mut Liar { says, does }, 50, 2).unwrap().findings
    }

    #[test]
    fn liars_are_caught() {
        let square = |r: &[f64], z: &mut [f64]| z.iter_mut().zip(r).for_each(|(z, r)| *z = r * r);
        let f = findings(Linearity::Fixed, square);
        assert!(matches!(f[0], Finding::NotLinear(_)), "{f:?}");
        assert_eq!(f.last(), Some(&Finding::Misdeclared(Linearity::Fixed)));
        let f = findings(Linearity::Variable, square);
        assert!(!f.contains(&Finding::Misdeclared(Linearity::Variable)));

        let shift = |r: &[f64], z: &mut [f64]| {
            z.copy_from_slice(r);
            z.rotate_left(1);
        };
        let f = findings(Linearity::FixedHpd, shift);
        assert!(matches!(f[0], Finding::NotSymmetric(_)), "{f:?}");
        assert_eq!(f.last(), Some(&Finding::Misdeclared(Linearity::FixedHpd)));

        let minus = |r: &[f64], z: &mut [f64]| z.iter_mut().zip(r).for_each(|(z, r)| *z = -r);
        let f = findings(Linearity::FixedHpd, minus);
        assert!(matches!(f[0], Finding::NotPositive(_)), "{f:?}");

        let mut calls = 0.0;
        let f = findings(Linearity::Fixed, move |r, z| {
            calls += 1.0;
            z.iter_mut().zip(r).for_each(|(z, r)| *z = r * calls);
        });
        assert!(f.contains(&Finding::NotDeterministic), "{f:?}");

        let partly = |r: &[f64], z: &mut [f64]| z[1..].copy_from_slice(&r[1..]);
        assert_eq!(findings(Linearity::Fixed, partly), [Finding::NotFinite]);
    }
}
