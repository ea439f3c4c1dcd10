//! CG with SSOR by Eisenstat's trick: the same iterates at one pass over A an iteration.
//!
//! In the variables of [`Eisenstat`], with r̂ = ωK⁻¹S r:
//!   u ← r̂ + βu     t = K⁻ᴴu     q = t + K⁻¹(u − (2−ω)t)     α = (r̂,r̂)/(u,q)
//!   x ← x + αSt    r̂ ← r̂ − αq   β = (r̂⁺,r̂⁺)/(r̂,r̂)
//!
//! | per iteration | 1 M⁻¹ (both its sweeps), no A, 2 reductions | memory | 4n scalars and 3n in M |
//!
//! r̂ has another norm than r. ‖r‖ is taken to be ‖r̂‖ times what that was when both were last known;
//! near the tolerance, and every [`EVERY`] iterations, r is recomputed from x, which sets the factor
//! right, and only a recomputed r is believed. If r̂ turns out not to be the r̂ of x, it is taken
//! anew; if that cannot be rounding, M does not belong to A, and ordinary CG finishes.

use super::Cg;
use crate::precond::{Eisenstat, Identity};
use crate::run::{Run, Verdict};
use crate::{
    LinearOperator, Linearity, Nullspace, Observer, Reduce, SolveError, SolveReport, StopReason,
    Stopping, System, kernels,
};
use resolvent_matrices::{Real, Scalar};

/// Iterations after which the residual is recomputed whatever the estimate says.
const EVERY: usize = 32;
/// The residual is recomputed once when its estimate is within this factor of the tolerance…
const NEAR: f64 = 4.0;
/// …unless that was done so few iterations ago.
const FRESH: usize = 8;
/// How far r̂ may be from that of x, relatively.
const DRIFT: f64 = 0.1;

/// How it ended.
pub(super) struct Ended<R> {
    pub report: SolveReport<R>,
    /// M is not the SSOR of A: nothing is wrong with A or x.
    pub foreign: bool,
}

/// A x = b without the preconditioner, which is at hand in another form.
pub(super) struct Bare<'a, T: Scalar> {
    pub a: &'a dyn LinearOperator<T>,
    pub b: &'a [T],
    pub comm: &'a dyn Reduce<T>,
}

impl<T: Scalar> Cg<T> {
    pub(super) fn eisenstat(
        &mut self,
        stopping: Stopping<T::Real>,
        bare: Bare<'_, T>,
        mut op: Eisenstat<'_, T>,
        x: &mut [T],
        observer: &mut dyn Observer<T>,
    ) -> Result<Ended<T::Real>, SolveError> {
        let Self {
            r, z: t, p: u, q, ..
        } = self;
        let Bare { a, b, comm } = bare;
        let (mut m, nullspace) = (Identity, Nullspace::none());
        let m = &mut m;
        let nullspace = &nullspace;
        let system = System {
            a,
            b,
            m,
            nullspace,
            comm,
        };
        let needs = Linearity::FixedHpd;
        let mut run = Run::start("cg", needs, r.len(), stopping, system, x, observer)?;

        let mut rnorm = run.residual(x, t); // t = b − Ax
        op.reduce(t, r); // r̂ = ωK⁻¹S r
        run.count(0, 1);
        let mut rho = squared(run.norm(r)); // ρ = (r̂,r̂)
        let (mut known, mut known_at) = (ratio(rnorm, rho), 0); // ‖r‖/‖r̂‖, and when it was taken
        let omega = op.omega();
        let rest = T::Real::from_f64(2.0) - omega;
        let (mut fresh, mut beta, mut foreign) = (true, T::Real::ZERO, false);
        let reason = loop {
            if !fresh {
                rnorm = known * rho.sqrt();
                let age = run.iterations - known_at;
                let near = run.met(rnorm / T::Real::from_f64(NEAR));
                let due = near && (known_at == 0 || age >= FRESH) || age >= EVERY;
                if due || run.met(rnorm) {
                    let claimed = rnorm;
                    op.settle(x);
                    rnorm = run.residual(x, t); // t = b − Ax
                    (known, known_at, fresh) = (ratio(rnorm, rho), run.iterations, true);
                    let worse = rnorm > claimed * T::Real::from_f64(NEAR * NEAR);
                    if !run.met(rnorm) && (run.met(claimed) || worse) {
                        op.reduce(t, q); // the r̂ of x
                        run.count(0, 1);
                        kernels::axpy(-T::ONE, q, r);
                        let (drift, size) = (run.norm(r), run.norm(q));
                        if drift > T::Real::from_f64(DRIFT) * size {
                            let rounding = T::Real::EPSILON.sqrt() * run.rhs_norm();
                            foreign = rnorm > rounding;
                            match run.judge(rnorm) {
                                _ if foreign => break StopReason::Stagnated,
                                Verdict::Stop(reason) => break reason,
                                _ => beta = T::Real::ZERO,
                            }
                        }
                        r.copy_from_slice(q);
                        rho = squared(run.norm(r));
                        known = ratio(rnorm, rho);
                    }
                }
            }
            if let Some(reason) = run.limits(rnorm, None, None) {
                break reason;
            }
            if fresh && run.met(rnorm) {
                break StopReason::Converged;
            }
            if !rho.is_finite() {
                break StopReason::NonFinite;
            }
            kernels::xpby(r, T::from_real(beta), u); // u ← r̂ + βu
            let uq = op.apply_dot(u, t, q); // t = K⁻ᴴu, q, (u,q)
            run.count(0, 1);
            let uq = run.sums([uq])[0].re();
            if !uq.is_finite() {
                break StopReason::NonFinite;
            }
            if uq <= T::Real::ZERO {
                break StopReason::IndefiniteOperator;
            }
            let step = rho / uq; // α = (r̂,r̂)/(u,q)
            let alpha = T::from_real(step);
            op.advance(alpha, t); // x ← x + αSt
            // of plain CG: M⁻¹ = (2−ω) times that of the trick, (r,z) = (2−ω)(r̂,r̂)/ω
            run.coefficients(rho * (rest / omega), beta, step / rest);
            let partial = kernels::axpy_norm_squared(-alpha, q, r); // r̂ ← r̂ − αq
            let rho_new = run.sums([T::from_real(partial)])[0].re();
            beta = rho_new / rho; // β = (r̂⁺,r̂⁺)/(r̂,r̂)
            rho = rho_new;
            fresh = false;
            run.advance();
        };
        op.settle(x);
        let report = run.finish(reason, rnorm, x, t);
        Ok(Ended { report, foreign })
    }
}

/// ‖r‖/‖r̂‖ from ‖r‖ and ‖r̂‖².
fn ratio<R: Real>(rnorm: R, rho: R) -> R {
    rnorm / rho.sqrt()
}

fn squared<R: Real>(x: R) -> R {
    x * x
}

#[cfg(test)]
mod tests {
    use crate::precond::{Ssor, SsorConfig};
    use crate::testing::*;
    use crate::{
        Cg, CgConfig, LinearOperator, Preconditioner, SolveReport, Solver, StopReason, Stopping,
        System,
    };
    use resolvent_matrices::{Complex, Csr, Real, Scalar};

    fn solve<T: Scalar>(
        eisenstat: bool,
        stopping: Stopping<T::Real>,
        a: &dyn LinearOperator<T>,
        m: &mut dyn Preconditioner<T>,
        b: &[T],
        x: &mut [T],
    ) -> SolveReport<T::Real> {
        let config = CgConfig {
            stopping,
            eisenstat,
            ..Default::default()
        };
        let mut cg = Cg::new(b.len(), config);
        cg.solve(System::new(a, b, m), x, &mut ()).unwrap()
    }

    fn ssor<T: Scalar>(a: &Csr<T>, omega: f64) -> Ssor<T> {
        let config = SsorConfig {
            omega,
            ..Default::default()
        };
        Ssor::new(a, config).unwrap()
    }

    /// Rows and columns scaled, so that ‖r̂‖ says little about ‖r‖.
    fn scaled<T: Scalar>(a: &Csr<T>, orders: f64) -> Csr<T> {
        let n = a.nrows();
        let d = |i: usize| T::from_f64(10f64.powf(orders * (i * 7 % 11) as f64 / 11.0));
        let entry = |i: usize| {
            a.view()
                .row_iter(i)
                .map(move |(j, v)| (i, j, d(i) * d(j) * v))
        };
        Csr::from_triplets(n, n, (0..n).flat_map(entry)).unwrap()
    }

    fn walks_the_path_of_ordinary_cg<T: Scalar>() {
        let tolerance = T::Real::EPSILON.to_f64() * 1e6;
        for (a, slack) in [(hpd::<T>(15), 1), (scaled(&hpd::<T>(15), 1.0), 2)] {
            let b = vector::<T>(225, 8);
            for omega in [0.7, 1.0, 1.5, 1.9] {
                let (mut x, mut y) = (vector::<T>(225, 9), vector::<T>(225, 9));
                let mut m = ssor(&a, omega);
                let plain = solve(false, Stopping::default(), &a, &mut m, &b, &mut y);
                let fast = solve(true, Stopping::default(), &a, &mut m, &b, &mut x);
                assert!(plain.converged() && fast.converged(), "{plain:?}\n{fast:?}");
                let apart = plain.iterations.abs_diff(fast.iterations);
                assert!(apart <= slack, "omega {omega}:\n{plain:?}\n{fast:?}");
                assert!(fast.matvecs <= 5, "{fast:?}");
                assert!(fast.precond_applies <= fast.iterations + 2, "{fast:?}");
                let rtol = Stopping::<T::Real>::default().rtol.to_f64();
                assert!(true_residual(&a, &b, &x) <= rtol * fast.rhs_norm.to_f64() * 1.001);
                // after the same number of iterations, the same iterate
                for k in [1, 5, 12] {
                    let stopping = Stopping {
                        max_iters: k,
                        ..Default::default()
                    };
                    let (mut x, mut y) = (vector::<T>(225, 9), vector::<T>(225, 9));
                    solve(false, stopping, &a, &mut m, &b, &mut y);
                    let report = solve(true, stopping, &a, &mut m, &b, &mut x);
                    assert!(report.iterations <= k);
                    assert!(distance(&x, &y) < tolerance, "{}", distance(&x, &y));
                }
            }
        }
    }

    #[test]
    fn in_every_scalar() {
        walks_the_path_of_ordinary_cg::<f64>();
        walks_the_path_of_ordinary_cg::<f32>();
        walks_the_path_of_ordinary_cg::<Complex<f64>>();
        walks_the_path_of_ordinary_cg::<Complex<f32>>();
    }

    #[test]
    fn without_lines_too() {
        let entries = |i: usize| {
            [
                (i, i, 5.0),
                (i, (i + 3) % 60, -1.0),
                (i, (i + 57) % 60, -1.0),
            ]
        };
        let a = Csr::<f64>::from_triplets(60, 60, (0..60).flat_map(entries)).unwrap();
        let (b, mut x, mut y) = (vector(60, 1), vec![0.0; 60], vec![0.0; 60]);
        let mut m = ssor(&a, 1.2);
        let plain = solve(false, Stopping::default(), &a, &mut m, &b, &mut y);
        let fast = solve(true, Stopping::default(), &a, &mut m, &b, &mut x);
        assert!(fast.converged() && fast.iterations.abs_diff(plain.iterations) <= 1);
        assert!(distance(&x, &y) < 1e-6);
    }

    #[test]
    fn an_m_of_another_matrix_costs_iterations_only() {
        let a = hpd::<f64>(20);
        let other = scaled(&hpd::<f64>(20), 0.5);
        let (b, mut x) = (vector(400, 2), vec![0.0; 400]);
        let report = solve(
            true,
            Stopping::default(),
            &a,
            &mut ssor(&other, 1.3),
            &b,
            &mut x,
        );
        assert!(report.converged(), "{report:?}");
        assert!(true_residual(&a, &b, &x) <= 1e-8 * report.rhs_norm);
    }

    #[test]
    fn what_cannot_be_reached_stagnates() {
        let a = hpd::<f64>(12);
        let (b, mut x) = (vector(144, 2), vec![0.0; 144]);
        let stopping = Stopping {
            rtol: 1e-18,
            ..Default::default()
        };
        let report = solve(true, stopping, &a, &mut ssor(&a, 1.3), &b, &mut x);
        assert_eq!(report.reason, StopReason::Stagnated, "{report:?}");
        assert!(report.relative_residual() < 1e-14 && report.backward_error.unwrap() < 1e-15);
    }

    #[test]
    fn bounds_and_new_values_are_heeded() {
        let a = hpd::<f64>(12);
        let (b, mut x) = (vector(144, 2), vec![0.0; 144]);
        let stopping = Stopping {
            max_iters: 3,
            ..Default::default()
        };
        let mut m = ssor(&a, 1.3);
        let report = solve(true, stopping, &a, &mut m, &b, &mut x);
        assert_eq!(
            (report.reason, report.iterations),
            (StopReason::MaxIterations, 3)
        );
        let next = scaled(&a, 0.3);
        m.update(&next).unwrap();
        m.set_omega(1.6).unwrap();
        let report = solve(true, Stopping::default(), &next, &mut m, &b, &mut x);
        let mut y = vec![0.0; 144];
        let new = solve(
            true,
            Stopping::default(),
            &next,
            &mut ssor(&next, 1.6),
            &b,
            &mut y,
        );
        assert!(report.converged() && new.converged() && report.corrections == 0);
        let zero = solve(
            true,
            Stopping::default(),
            &next,
            &mut m,
            &[0.0; 144],
            &mut x,
        );
        assert!(zero.converged() && x.iter().all(|&x| x == 0.0));
        x.fill(f64::NAN);
        let bad = solve(true, Stopping::default(), &next, &mut m, &b, &mut x);
        assert_eq!(bad.reason, StopReason::NonFinite);
    }
}
