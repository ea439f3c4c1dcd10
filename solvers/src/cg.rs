//! Conjugate gradients (CG) for Hermitian positive definite A.
//!
//! Over x₀ + K_k(M⁻¹A, M⁻¹r₀), minimises ‖x − x*‖_A by two coupled recurrences:
//!   α = (r,z)/(p,Ap)     x ← x + αp     r ← r − αAp     z = M⁻¹r     p ← z + βp
//!   β = (r⁺,z⁺)/(r,z)            M a fixed Hermitian positive definite matrix (Hestenes–Stiefel)
//!   β = (r⁺−r,z⁺)/(r,z)          M varying or only nearly so (Polak–Ribière)
//! Since r⁺ − r = −αAp and Ap is still at hand, the second form costs one more inner product and
//! no more memory.
//!
//! | per iteration | 1 A, 1 M⁻¹, 3 reductions (4 with the second β) | memory | 4n scalars |
//!
//! Several right-hand sides walk side by side: one pass over A and one over the factors of M serve
//! up to [`WIDTH`](many::WIDTH) of them in each iteration.
//!
//! It differs from the textbook in that the residual is recomputed before convergence is claimed,
//! and in that β is chosen by what the preconditioner declares itself to be.
//!
//! - M. R. Hestenes, E. Stiefel, J. Res. NBS 49(6):409–436, 1952, doi:10.6028/jres.049.044.
//! - Y. Notay, Flexible conjugate gradients, SIAM J. Sci. Comput. 22(4):1444–1460, 2000,
//!   doi:10.1137/S1064827599362314.

mod coefficients;
mod eisenstat;
mod energy;
mod many;
pub(crate) mod ritz;

use crate::precond::Distrust;
use crate::run::{Run, Verdict};
use crate::solver::one_by_one;
use crate::{
    Linearity, Observer, SolveError, SolveReport, Solver, StopReason, Stopping, System, kernels,
};
pub use coefficients::CgCoefficients;
use eisenstat::{Bare, Ended};
pub use energy::{EnergyAbove, EnergyBelow, EnergyConfig, EnergyEstimator, Mu};
use resolvent_matrices::{Real, Scalar};

/// Configuration of [`Cg`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CgConfig<R> {
    /// When to stop.
    pub stopping: Stopping<R>,
    /// Take any preconditioner, even a varying one, with the Polak–Ribière β.
    pub flexible: bool,
    /// With [`Ssor`](crate::precond::Ssor), the same iterates by Eisenstat's trick, at half the
    /// passes over A. M must have been made from A itself: if it was made from another matrix, that
    /// is noticed, and the iterations until then are lost.
    pub eisenstat: bool,
}

impl<R: Real> Default for CgConfig<R> {
    fn default() -> Self {
        Self {
            stopping: Stopping::default(),
            flexible: false,
            eisenstat: true,
        }
    }
}

impl<R> CgConfig<R> {
    /// What the preconditioner must be.
    fn needs(&self) -> Linearity {
        if self.flexible {
            Linearity::Variable
        } else {
            Linearity::NearlyHpd
        }
    }
}

/// CG, with the vectors it uses again from solve to solve.
#[derive(Debug, Clone)]
pub struct Cg<T: Scalar> {
    config: CgConfig<T::Real>,
    r: Vec<T>,
    z: Vec<T>,
    p: Vec<T>,
    q: Vec<T>,
}

impl<T: Scalar> Cg<T> {
    /// Allocates the four vectors of a solve of size `n`.
    pub fn new(n: usize, config: CgConfig<T::Real>) -> Self {
        let vector = || vec![T::ZERO; n];
        Self {
            config,
            r: vector(),
            z: vector(),
            p: vector(),
            q: vector(),
        }
    }
}

impl<T: Scalar> Solver<T> for Cg<T> {
    fn name(&self) -> &'static str {
        "cg"
    }

    fn solve(
        &mut self,
        mut system: System<'_, T>,
        x: &mut [T],
        observer: &mut dyn Observer<T>,
    ) -> Result<SolveReport<T::Real>, SolveError> {
        let mut stopping = self.config.stopping;
        let mut lost = None;
        if let Some(ended) = self.by_halves(system.reborrow(), x, observer)? {
            if !ended.foreign {
                return Ok(ended.report);
            }
            stopping.max_iters = stopping.max_iters.saturating_sub(ended.report.iterations);
            stopping.max_time = stopping
                .max_time
                .map(|t| t.saturating_sub(ended.report.time));
            lost = Some(ended.report);
        }
        let mut report = self.plain(stopping, system, x, observer)?;
        if let Some(lost) = lost {
            report.iterations += lost.iterations;
            report.matvecs += lost.matvecs;
            report.precond_applies += lost.precond_applies;
            report.corrections += lost.corrections;
            report.time += lost.time;
        }
        Ok(report)
    }

    fn solve_many(
        &mut self,
        system: System<'_, T>,
        x: &mut [T],
        observer: &mut dyn Observer<T>,
    ) -> Result<Vec<SolveReport<T::Real>>, SolveError> {
        if system.m.as_guard().is_some() {
            return one_by_one(self, system, x, observer); // M is judged by one column at a time
        }
        self.side_by_side(system, x, observer)
    }

    fn workspace_bytes(&self) -> usize {
        4 * size_of_val(self.r.as_slice())
    }
}

impl<T: Scalar> Cg<T> {
    /// By Eisenstat's trick, where M is SSOR and nothing else is asked for.
    fn by_halves(
        &mut self,
        system: System<'_, T>,
        x: &mut [T],
        observer: &mut dyn Observer<T>,
    ) -> Result<Option<Ended<T::Real>>, SolveError> {
        let fits = system.a.nrows() == self.r.len() && system.a.ncols() == self.r.len();
        if !self.config.eisenstat || self.config.flexible || !system.nullspace.is_none() || !fits {
            return Ok(None);
        }
        let System { a, b, m, comm, .. } = system;
        let ssor = m.as_ssor().filter(|m| m.rows() == a.nrows());
        let Some(op) = ssor.and_then(|m| m.eisenstat()) else {
            return Ok(None);
        };
        let stopping = self.config.stopping;
        self.eisenstat(stopping, Bare { a, b, comm }, op, x, observer)
            .map(Some)
    }

    /// With products and applications of M⁻¹.
    fn plain(
        &mut self,
        stopping: Stopping<T::Real>,
        system: System<'_, T>,
        x: &mut [T],
        observer: &mut dyn Observer<T>,
    ) -> Result<SolveReport<T::Real>, SolveError> {
        let Self { config, r, z, p, q } = self;
        let needs = config.needs();
        let mut run = Run::start("cg", needs, r.len(), stopping, system, x, observer)?;
        let polak_ribiere = run.linearity() > Linearity::FixedHpd;

        let mut rnorm = run.residual(x, r); // r = b − Ax
        let mut rho = T::Real::ZERO; // ρ = (r,z); 0 before the first direction
        let mut changes = run.changes();
        let reason = loop {
            match run.check(&mut rnorm, x, r) {
                Verdict::Go => {}
                Verdict::Restart => rho = T::Real::ZERO,
                Verdict::Stop(reason) => break reason,
            }
            let rho_new = run.precondition_dot(r, z)?.re(); // z = M⁻¹r, (r,z)
            if run.changed_since(changes) {
                (changes, rho) = (run.changes(), T::Real::ZERO); // directions of another M are none of this one
            }
            if !rho_new.is_finite() {
                if run.fall_back(Distrust::NonFinite) {
                    rho = T::Real::ZERO;
                    continue;
                }
                break StopReason::NonFinite;
            }
            if rho_new <= T::Real::ZERO {
                if run.fall_back(Distrust::Indefinite) {
                    rho = T::Real::ZERO;
                    continue;
                }
                break StopReason::IndefinitePreconditioner;
            }
            let mut beta = T::Real::ZERO;
            if rho == T::Real::ZERO {
                p.copy_from_slice(z); // p = z
            } else {
                let numerator = if polak_ribiere {
                    -run.dot(q, z).re() // (r⁺ − r, z) = −(αAp, z), and q holds αAp
                } else {
                    rho_new
                };
                beta = numerator / rho;
                kernels::xpby(z, T::from_real(beta), p); // p ← z + βp
            }
            rho = rho_new;

            let pq = run.apply_dot(p, q).re(); // q = Ap, (p,q)
            if !pq.is_finite() {
                if run.fall_back(Distrust::NonFinite) {
                    rho = T::Real::ZERO;
                    continue;
                }
                break StopReason::NonFinite;
            }
            if pq <= T::Real::ZERO {
                if run.fall_back(Distrust::NoProgress) {
                    rho = T::Real::ZERO; // p may be nothing but rounding
                    continue;
                }
                break StopReason::IndefiniteOperator;
            }
            let step = rho / pq; // α = (r,z)/(p,Ap)
            let alpha = T::from_real(step);
            kernels::axpy(alpha, p, x); // x ← x + αp
            run.coefficients(rho, beta, step);
            let partial = if polak_ribiere {
                kernels::scale(alpha, q); // q ← αAp
                kernels::axpy_norm_squared(-T::ONE, q, r) // r ← r − q
            } else {
                kernels::axpy_norm_squared(-alpha, q, r) // r ← r − αAp
            };
            rnorm = run.norm_from(partial);
            run.advance();
            run.gained(Some(rho * step), rnorm);
        };
        Ok(run.finish(reason, rnorm, x, r))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::precond::Jacobi;
    use crate::testing::*;
    use resolvent_matrices::{Complex, Csr};

    contract_for_all_scalars!(hpd(8), Linearity::NearlyHpd, |n, stopping| {
        Box::new(Cg::new(
            n,
            CgConfig {
                stopping,
                flexible: false,
                ..Default::default()
            },
        ))
    });

    mod flexible {
        use super::*;
        contract_for_all_scalars!(hpd(8), Linearity::Variable, |n, stopping| {
            Box::new(Cg::new(
                n,
                CgConfig {
                    stopping,
                    flexible: true,
                    ..Default::default()
                },
            ))
        });
    }

    fn minimises_the_energy<T: Scalar>() {
        // ‖x − x*‖_A falls at every step, and the two forms of β walk the same path
        let a = hpd::<T>(9);
        let b = vector::<T>(81, 3);
        let exact = dense_solution(&a, &b);
        let solve = |linearity| {
            let inverse: Vec<T> = (0..81).map(|i| T::ONE / a.view().get(i, i)).collect();
            let jacobi = move |_, r: &[T], z: &mut [T]| {
                kernels::multiply(&inverse, r, z);
                Ok(())
            };
            let (mut m, mut x, mut energies) =
                (Custom(linearity, jacobi, 0), vec![T::ZERO; 81], vec![]);
            let mut watch = |step: &crate::Step<'_, T>| {
                let e: Vec<T> = step
                    .x
                    .unwrap()
                    .iter()
                    .zip(&exact)
                    .map(|(&x, &y)| x - y)
                    .collect();
                let mut ae = e.clone();
                kernels::spmv(a.view(), &[], &e, &mut ae);
                energies.push(kernels::dot(&e, &ae).re().to_f64());
                std::ops::ControlFlow::Continue(())
            };
            let config = CgConfig {
                flexible: true,
                ..Default::default()
            };
            let report = Cg::new(81, config).solve(System::new(&a, &b, &mut m), &mut x, &mut watch);
            assert!(report.unwrap().converged());
            energies
        };
        let energies = solve(Linearity::FixedHpd);
        assert!(energies.windows(2).all(|w| w[1] < w[0]), "{energies:?}");
        for (x, y) in energies.iter().zip(solve(Linearity::Variable)) {
            assert!(
                (x - y).abs() <= T::Real::EPSILON.to_f64() * 20.0 * energies[0],
                "{x} {y}"
            );
        }
    }

    #[test]
    fn the_energy_of_the_error_falls() {
        minimises_the_energy::<f32>();
        minimises_the_energy::<f64>();
        minimises_the_energy::<Complex<f32>>();
        minimises_the_energy::<Complex<f64>>();
    }

    #[test]
    fn ends_after_as_many_steps_as_there_are_eigenvalues() {
        let a =
            Csr::from_triplets(30, 30, (0..30).map(|i| (i, i, [1.0, 2.0, 5.0][i % 3]))).unwrap();
        let (b, mut x) = (vector::<f64>(30, 4), vec![0.0; 30]);
        let stopping = Stopping {
            rtol: 1e-13,
            ..Default::default()
        };
        let cg = Cg::new(
            30,
            CgConfig {
                stopping,
                flexible: false,
                ..Default::default()
            },
        );
        let report = unpreconditioned(cg, &a, &b, &mut x).unwrap();
        assert!(report.converged() && report.iterations == 3, "{report:?}");
    }

    #[test]
    fn indefinite_parts_are_named() {
        let a = shifted::<f64>(6, 3.0);
        let (b, mut x) = (vector::<f64>(36, 4), vec![0.0; 36]);
        let cg = || Cg::new(36, CgConfig::default());
        let report = unpreconditioned(cg(), &a, &b, &mut x).unwrap();
        assert_eq!(report.reason, StopReason::IndefiniteOperator);
        let a = hpd::<f64>(6);
        let mut m = Custom(
            Linearity::FixedHpd,
            |_, r: &[f64], z: &mut [f64]| {
                z.iter_mut().zip(r).for_each(|(z, r)| *z = -r);
                Ok(())
            },
            0,
        );
        let report = cg()
            .solve(System::new(&a, &b, &mut m), &mut x, &mut ())
            .unwrap();
        assert_eq!(report.reason, StopReason::IndefinitePreconditioner);
        let mut m = Jacobi::new(&a).unwrap();
        assert!(
            cg().solve(System::new(&a, &b, &mut m), &mut x, &mut ())
                .unwrap()
                .converged()
        );
    }

    #[test]
    fn singular_systems_with_a_known_null_space() {
        let a = hermitian(neumann::<f64>(9));
        let nullspace = crate::Nullspace::constant();
        let mut b = vector::<f64>(81, 5);
        for (consistent, reason) in [
            (false, StopReason::Inconsistent),
            (true, StopReason::Converged),
        ] {
            if consistent {
                nullspace.project(&crate::Local, &mut b);
            }
            let (mut x, mut m) = (vec![0.0; 81], Jacobi::new(&a).unwrap());
            let system = System::new(&a, &b, &mut m).with_nullspace(&nullspace);
            let report = Cg::new(81, CgConfig::default())
                .solve(system, &mut x, &mut ())
                .unwrap();
            assert_eq!(report.reason, reason);
            assert!(x.iter().sum::<f64>().abs() < 1e-10);
        }
    }
}
