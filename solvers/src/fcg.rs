//! FCG(k): flexible conjugate gradients, for Hermitian positive definite A and any preconditioner,
//! even a nonlinear one that changes at every application.
//!
//! The direction z = M⁻¹r is made A-orthogonal to the last k directions, and the step along it is
//! the exact minimiser of ‖x − x*‖_A:
//!   p = z − Σ pᵢ (pᵢ,Az)/(pᵢ,Apᵢ)    α = (p,r)/(p,Ap)    x ← x + αp    r ← r − αAp
//! The exact line search undoes any scaling of z, even its sign. With k = 1 and a fixed Hermitian
//! positive definite M this is CG; with k = 0 steepest descent. With `normalize`, M is shown r/‖r‖₂: a
//! network as M, and k = 2, make it the deep conjugate direction method ([`FcgConfig::dcdm`]). With
//! `true_residual` r is b − Ax in every iteration, as the authors of DCDM have it, for a second product.
//!
//! | per iteration | 1 A, 1 M⁻¹, 3 reductions | memory | n(2k + 2) scalars (2 + 2 for k = 0), n more to normalise |
//!
//! It differs from Notay's FCG(m) in that the window of directions slides, instead of being
//! emptied every m + 1 steps; and in that the inner products with all of them are one block
//! product and one message.
//!
//! - Y. Notay, Flexible conjugate gradients, SIAM J. Sci. Comput. 22(4):1444–1460, 2000,
//!   doi:10.1137/S1064827599362314.
//! - A. Kaneda, O. Akar, J. Chen, V. Kala, D. Hyde, J. Teran, A deep conjugate direction method for
//!   iteratively solving linear systems, ICML 2023, PMLR 202:15720–15736.

use crate::precond::Distrust;
use crate::run::{Run, Verdict};
use crate::{
    Linearity, Observer, SolveError, SolveReport, Solver, StopReason, Stopping, System, kernels,
};
use resolvent_matrices::{Real, Scalar};

/// Configuration of [`Fcg`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FcgConfig<R> {
    /// When to stop.
    pub stopping: Stopping<R>,
    /// k: the directions kept; 0 is steepest descent.
    pub directions: usize,
    /// Show M the residual divided by its norm; the solver is then called `dcdm`.
    pub normalize: bool,
    /// Compute b − Ax in every iteration instead of updating r: one more product with A.
    pub true_residual: bool,
}

impl<R: Real> FcgConfig<R> {
    /// The deep conjugate direction method: two directions, and M is shown r/‖r‖₂.
    pub fn dcdm() -> Self {
        Self {
            directions: 2,
            normalize: true,
            ..Self::default()
        }
    }

    /// Name of the method.
    pub(crate) fn name(&self) -> &'static str {
        match self.normalize {
            true => "dcdm",
            false => "fcg",
        }
    }
}

impl<R: Real> Default for FcgConfig<R> {
    fn default() -> Self {
        Self {
            stopping: Stopping::default(),
            directions: 1,
            normalize: false,
            true_residual: false,
        }
    }
}

/// FCG(k), with the directions it uses again from solve to solve.
#[derive(Debug, Clone)]
pub struct Fcg<T: Scalar> {
    config: FcgConfig<T::Real>,
    r: Vec<T>,
    z: Vec<T>,
    /// r/‖r‖; empty unless asked for.
    unit: Vec<T>,
    /// P and AP: n × k each, the direction at hand in place of the oldest; n × 1 for k = 0.
    p: Vec<T>,
    q: Vec<T>,
    /// (pᵢ,Apᵢ), and the coefficients of a step.
    energies: Vec<T::Real>,
    coefficients: Vec<T>,
}

impl<T: Scalar> Fcg<T> {
    /// Allocates the 2k + 2 vectors (one more to normalise) of a solve of size `n`.
    pub fn new(n: usize, config: FcgConfig<T::Real>) -> Self {
        let k = config.directions.max(1);
        Self {
            config,
            r: vec![T::ZERO; n],
            z: vec![T::ZERO; n],
            unit: vec![T::ZERO; if config.normalize { n } else { 0 }],
            p: vec![T::ZERO; n * k],
            q: vec![T::ZERO; n * k],
            energies: vec![T::Real::ZERO; k],
            coefficients: vec![T::ZERO; k],
        }
    }
}

impl<T: Scalar> Solver<T> for Fcg<T> {
    fn name(&self) -> &'static str {
        self.config.name()
    }

    fn solve(
        &mut self,
        system: System<'_, T>,
        x: &mut [T],
        observer: &mut dyn Observer<T>,
    ) -> Result<SolveReport<T::Real>, SolveError> {
        let Self {
            config,
            r,
            z,
            unit,
            p,
            q,
            energies,
            coefficients,
        } = self;
        let (solver, needed, n) = (config.name(), Linearity::Variable, r.len());
        let mut run = Run::start(solver, needed, n, config.stopping, system, x, observer)?;

        let mut rnorm = run.residual(x, r); // r = b − Ax
        let mut done = 0; // directions since the start or the last restart
        let mut changes = run.changes();
        let reason = loop {
            match run.check(&mut rnorm, x, r) {
                Verdict::Go => {}
                Verdict::Restart => done = 0,
                Verdict::Stop(reason) => break reason,
            }
            if config.normalize {
                unit.copy_from_slice(r);
                kernels::scale(T::from_real(T::Real::ONE / rnorm), unit); // u = r/‖r‖
                run.precondition(unit, z)?; // z = M⁻¹u
            } else {
                run.precondition(r, z)?; // z = M⁻¹r
            }
            if run.changed_since(changes) {
                (changes, done) = (run.changes(), 0); // a short recurrence is of one M
            }
            let kept = done.min(config.directions);
            let h = &mut coefficients[..kept];
            run.dots(&q[..kept * n], z, h); // hᵢ = (Apᵢ,z)
            for (h, &energy) in h.iter_mut().zip(energies.iter()) {
                *h = -h.scale(T::Real::ONE / energy);
            }
            kernels::block_axpy(&p[..kept * n], h, z); // z ← z − Σ pᵢ hᵢ/(pᵢ,Apᵢ)

            let slot = done % config.directions.max(1); // the oldest goes
            let (p, q) = (&mut p[slot * n..][..n], &mut q[slot * n..][..n]);
            kernels::copy(z, p); // p = z
            run.apply(p, q); // q = Ap
            let partial = [
                kernels::dot(p, q),
                kernels::dot(p, r),
                T::from_real(kernels::norm_squared(p)),
            ];
            let [pq, pr, pp] = run.sums(partial); // (p,Ap), (p,r), ‖p‖²
            if !pq.is_finite() || !pr.is_finite() {
                if run.fall_back(Distrust::NonFinite) {
                    done = 0;
                    continue;
                }
                break StopReason::NonFinite;
            }
            if pp == T::ZERO {
                if run.fall_back(Distrust::NoProgress) {
                    continue;
                }
                break StopReason::Breakdown; // M had nothing new to say
            }
            let energy = pq.re();
            if energy <= T::Real::ZERO {
                if run.fall_back(Distrust::NoProgress) {
                    done = 0; // p may be nothing but rounding
                    continue;
                }
                break StopReason::IndefiniteOperator;
            }
            if pr == T::ZERO {
                if run.fall_back(Distrust::NoProgress) {
                    continue;
                }
                break StopReason::Breakdown; // p is no direction of descent
            }
            energies[slot] = energy;
            let alpha = pr.scale(T::Real::ONE / energy); // α = (p,r)/(p,Ap)
            kernels::axpy(alpha, p, x); // x ← x + αp
            done += 1;
            run.advance();
            rnorm = match config.true_residual {
                false => run.norm_from(kernels::axpy_norm_squared(-alpha, q, r)), // r ← r − αq
                true => run.residual(x, r),                                       // r = b − Ax
            };
            run.gained(Some(pr.abs() / energy * pr.abs()), rnorm); // as it neither under- nor overflows early
        };
        Ok(run.finish(reason, rnorm, x, r))
    }

    fn workspace_bytes(&self) -> usize {
        let scalars = [
            &self.r,
            &self.z,
            &self.unit,
            &self.p,
            &self.q,
            &self.coefficients,
        ];
        scalars
            .iter()
            .map(|s| size_of_val(s.as_slice()))
            .sum::<usize>()
            + size_of_val(self.energies.as_slice())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::precond::Jacobi;
    use crate::testing::*;
    use crate::{Cg, CgConfig};
    use resolvent_matrices::Complex;

    contract_for_all_scalars!(hpd(8), Linearity::Variable, |n, stopping| {
        Box::new(Fcg::new(
            n,
            FcgConfig {
                stopping,
                ..FcgConfig::dcdm()
            },
        ))
    });

    fn one_direction_is_cg<T: Scalar>() {
        let a = hpd::<T>(9);
        let (b, mut m) = (vector::<T>(81, 3), Jacobi::new(&a).unwrap());
        let (mut x, mut y) = (vec![T::ZERO; 81], vec![T::ZERO; 81]);
        let mut fcg = Fcg::new(81, FcgConfig::default());
        let mut cg = Cg::new(
            81,
            CgConfig {
                flexible: true,
                ..Default::default()
            },
        );
        let f = fcg
            .solve(System::new(&a, &b, &mut m), &mut x, &mut ())
            .unwrap();
        let c = cg
            .solve(System::new(&a, &b, &mut m), &mut y, &mut ())
            .unwrap();
        assert!(f.converged());
        assert_eq!((f.iterations, f.matvecs), (c.iterations, c.matvecs));
        assert!(distance(&x, &y) < 1e3 * T::Real::EPSILON.to_f64());
    }

    #[test]
    fn one_direction_and_a_fixed_preconditioner_make_it_cg() {
        one_direction_is_cg::<f32>();
        one_direction_is_cg::<f64>();
        one_direction_is_cg::<Complex<f32>>();
        one_direction_is_cg::<Complex<f64>>();
    }

    /// z = r, bent by a different amount each time and not linear.
    fn bent(call: usize, r: &[f64], z: &mut [f64]) -> Result<(), crate::PrecondError> {
        for (i, z) in z.iter_mut().enumerate() {
            *z = r[i] * (1.0 + 0.2 * ((i * call) as f64).sin()) * (1.0 + 0.2 * r[i].tanh());
        }
        Ok(())
    }

    #[test]
    fn the_energy_falls_whatever_the_preconditioner() {
        let a = hpd::<f64>(9);
        let b = vector::<f64>(81, 3);
        let exact = dense_solution(&a, &b);
        for (directions, normalize, true_residual) in [
            (0, true, false),
            (1, false, false),
            (2, true, true),
            (5, false, false),
        ] {
            let mut m = Custom(Linearity::Variable, bent, 0);
            let mut energies = Vec::new();
            let mut watch = |step: &crate::Step<'_, f64>| {
                let e: Vec<f64> = step
                    .x
                    .unwrap()
                    .iter()
                    .zip(&exact)
                    .map(|(x, y)| x - y)
                    .collect();
                let mut ae = e.clone();
                kernels::spmv(a.view(), &[], &e, &mut ae);
                energies.push(kernels::dot(&e, &ae));
                std::ops::ControlFlow::Continue(())
            };
            let config = FcgConfig {
                directions,
                normalize,
                true_residual,
                ..Default::default()
            };
            let mut x = vec![0.0; 81];
            let system = System::new(&a, &b, &mut m);
            let report = Fcg::new(81, config)
                .solve(system, &mut x, &mut watch)
                .unwrap();
            assert!(report.converged(), "{report:?}");
            assert!(energies.windows(2).all(|w| w[1] < w[0]), "{energies:?}");
            assert!(distance(&x, &exact) < 1e-7);
        }
    }

    #[test]
    fn neither_scale_nor_sign_of_the_preconditioner_matters() {
        let a = hpd::<f64>(7);
        let b = vector::<f64>(49, 3);
        let solve = |factor: f64| {
            let mut m = Custom(
                Linearity::Variable,
                move |_, r: &[f64], z: &mut [f64]| {
                    z.iter_mut().zip(r).for_each(|(z, r)| *z = factor * r);
                    Ok(())
                },
                0,
            );
            let mut x = vec![0.0; 49];
            let mut fcg = Fcg::new(49, FcgConfig::default());
            (
                fcg.solve(System::new(&a, &b, &mut m), &mut x, &mut ())
                    .unwrap(),
                x,
            )
        };
        let (report, x) = solve(1.0);
        assert!(report.converged());
        for factor in [-1.0, 1e-30, -1e30] {
            let (other, y) = solve(factor);
            assert_eq!(other.iterations, report.iterations);
            assert!(distance(&y, &x) < 1e-12);
        }
        assert_eq!(solve(0.0).0.reason, StopReason::Breakdown);
    }

    #[test]
    fn an_indefinite_matrix_is_named() {
        let a = shifted::<f64>(6, 3.0);
        let (b, mut x) = (vector::<f64>(36, 4), vec![0.0; 36]);
        let fcg = Fcg::new(36, FcgConfig::default());
        let report = unpreconditioned(fcg, &a, &b, &mut x).unwrap();
        assert_eq!(report.reason, StopReason::IndefiniteOperator);
    }

    #[test]
    fn a_residual_computed_anew_costs_a_product_an_iteration_and_changes_nothing_else() {
        let a = hpd::<f64>(9);
        let b = vector::<f64>(81, 3);
        let solve = |true_residual: bool| {
            let config = FcgConfig {
                true_residual,
                ..FcgConfig::dcdm()
            };
            let (mut m, mut x) = (Jacobi::new(&a).unwrap(), vec![0.0; 81]);
            let mut dcdm = Fcg::new(81, config);
            assert_eq!(dcdm.name(), "dcdm");
            let report = dcdm
                .solve(System::new(&a, &b, &mut m), &mut x, &mut ())
                .unwrap();
            assert!(report.converged());
            (report, x)
        };
        let ((updated, x), (anew, y)) = (solve(false), solve(true));
        assert_eq!(anew.iterations, updated.iterations);
        // the first residual, and two products an iteration; updated, one and the last residual
        assert_eq!(anew.matvecs, 1 + 2 * anew.iterations);
        assert_eq!(updated.matvecs, 2 + updated.iterations);
        assert!(distance(&x, &y) < 1e-10);
    }

    #[test]
    fn keeping_directions_saves_iterations() {
        let a = hpd::<f64>(24);
        let b = vector::<f64>(576, 3);
        let iterations = [0, 1].map(|directions| {
            let config = FcgConfig {
                directions,
                ..Default::default()
            };
            let (fcg, mut x) = (Fcg::new(576, config), vec![0.0; 576]);
            let report = unpreconditioned(fcg, &a, &b, &mut x).unwrap();
            assert!(report.converged());
            report.iterations
        });
        assert!(iterations[1] * 2 < iterations[0], "{iterations:?}");
    }
}
