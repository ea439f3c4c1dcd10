//! BiCGStab: the stabilised biconjugate gradient method, for any nonsingular A in little memory.
//!
//! Two short recurrences against a fixed shadow residual r̃, each followed by one step of minimal
//! residual (right preconditioning, so that r is the residual itself):
//!   ρ = (r̃,r)    β = (ρ/ρ₋)(α/ω)    p ← r + β(p − ωv)    v = A M⁻¹p    α = ρ/(r̃,v)
//!   s = r − αv    t = A M⁻¹s    ω = (t,s)/(t,t)    x ← x + αM⁻¹p + ωM⁻¹s    r ← s − ωt
//! Nothing is minimised over the whole space: the residual may jump.
//!
//! | per iteration | 2 A, 2 M⁻¹, 5 reductions | memory | 6n scalars |
//!
//! It differs from the textbook in that x is moved in two halves, so that one vector serves both
//! M⁻¹p and M⁻¹s and a solve that has arrived at s stops there; and in that a vanishing ρ, (r̃,v)
//! or ω (against the norms of its factors, to working precision) begins the recurrences anew from
//! x with another shadow residual, at most three times in a
//! row without halving the residual.
//!
//! - H. A. van der Vorst, Bi-CGSTAB, SIAM J. Sci. Stat. Comput. 13(2):631–644, 1992,
//!   doi:10.1137/0913035.

use crate::precond::Distrust;
use crate::run::{Run, Verdict};
use crate::{
    Linearity, Observer, SolveError, SolveReport, Solver, StopReason, Stopping, System, kernels,
};
use resolvent_matrices::{Real, Scalar};

/// How often in a row a breakdown is answered by another shadow residual, if the residual is not
/// halved in between.
const MAX_RESTARTS: usize = 3;

/// Configuration of [`Bicgstab`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BicgstabConfig<R> {
    /// When to stop. An iteration has two products with A.
    pub stopping: Stopping<R>,
}

impl<R: Real> Default for BicgstabConfig<R> {
    fn default() -> Self {
        let stopping = Stopping::default();
        Self { stopping }
    }
}

/// BiCGStab, with the vectors it uses again from solve to solve.
#[derive(Debug, Clone)]
pub struct Bicgstab<T: Scalar> {
    config: BicgstabConfig<T::Real>,
    r: Vec<T>,
    shadow: Vec<T>,
    p: Vec<T>,
    v: Vec<T>,
    t: Vec<T>,
    z: Vec<T>,
}

impl<T: Scalar> Bicgstab<T> {
    /// Allocates the six vectors of a solve of size `n`.
    pub fn new(n: usize, config: BicgstabConfig<T::Real>) -> Self {
        let vector = || vec![T::ZERO; n];
        Self {
            config,
            r: vector(),
            shadow: vector(),
            p: vector(),
            v: vector(),
            t: vector(),
            z: vector(),
        }
    }
}

impl<T: Scalar> Solver<T> for Bicgstab<T> {
    fn name(&self) -> &'static str {
        "bicgstab"
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
            shadow,
            p,
            v,
            t,
            z,
        } = self;
        let (needed, n) = (Linearity::Fixed, r.len());
        let mut run = Run::start("bicgstab", needed, n, config.stopping, system, x, observer)?;

        let mut rnorm = run.residual(x, r); // r = b − Ax
        // (ρ, α, ω) of the iteration before; None: begin anew
        let mut previous: Option<(T, T, T)> = None;
        let mut shadow_norm = T::Real::ZERO;
        let (mut begun, mut fruitless, mut best) = (0, 0, rnorm);
        let reason = loop {
            match run.check(&mut rnorm, x, r) {
                Verdict::Go => {}
                Verdict::Restart => previous = None,
                Verdict::Stop(reason) => break reason,
            }
            let mut rho = T::ZERO;
            if let Some((rho_old, alpha, omega)) = previous {
                rho = run.dot(shadow, r); // ρ = (r̃,r)
                if vanishes(rho, shadow_norm, rnorm) {
                    previous = None;
                } else {
                    let beta: T = (rho / rho_old) * (alpha / omega);
                    kernels::axpy(-omega, v, p); // p ← p − ωv
                    kernels::xpby(r, beta, p); // p ← r + βp
                }
            }
            if previous.is_none() {
                run.refresh(&mut rnorm, x, r); // r = b − Ax
                if run.met(rnorm) {
                    continue;
                }
                if rnorm < T::Real::from_f64(0.5) * best {
                    (fruitless, best) = (0, rnorm);
                }
                if fruitless > MAX_RESTARTS {
                    if !run.fall_back(Distrust::NoProgress) {
                        break StopReason::Breakdown;
                    }
                    fruitless = 0;
                }
                fruitless += 1;
                choose_shadow(begun, r, shadow);
                begun += 1;
                p.copy_from_slice(r); // p = r
                let partial = [
                    kernels::dot(shadow, r),
                    T::from_real(kernels::norm_squared(shadow)),
                ];
                let sums = run.sums(partial); // ρ = (r̃,r), ‖r̃‖²
                (rho, shadow_norm) = (sums[0], sums[1].re().sqrt());
            }

            run.precondition(p, z)?; // z = M⁻¹p
            run.apply(z, v); // v = Az
            let partial = [
                kernels::dot(shadow, v),
                T::from_real(kernels::norm_squared(v)),
            ];
            let [sigma, vv] = run.sums(partial); // (r̃,v), ‖v‖²
            if !sigma.is_finite() {
                if run.fall_back(Distrust::NonFinite) {
                    previous = None;
                    continue;
                }
                break StopReason::NonFinite;
            }
            if vanishes(sigma, shadow_norm, vv.re().sqrt()) {
                previous = None;
                continue;
            }
            let alpha = rho / sigma; // α = ρ/(r̃,v)
            kernels::axpy(alpha, z, x); // x ← x + αz
            rnorm = run.norm_from(kernels::axpy_norm_squared(-alpha, v, r)); // r ← r − αv, which is s
            if run.met(rnorm) {
                run.advance();
                continue; // there at half the step
            }

            run.precondition(r, z)?; // z = M⁻¹s
            run.apply(z, t); // t = Az
            let partial = [kernels::dot(t, r), T::from_real(kernels::norm_squared(t))];
            let [ts, tt] = run.sums(partial); // (t,s), ‖t‖²
            run.advance();
            if !ts.is_finite() || !tt.is_finite() {
                if run.fall_back(Distrust::NonFinite) {
                    previous = None;
                    continue;
                }
                break StopReason::NonFinite;
            }
            if vanishes(ts, rnorm, tt.re().sqrt()) {
                previous = None; // ω = 0: keep the half step
                continue;
            }
            let omega = ts / tt; // ω = (t,s)/(t,t)
            kernels::axpy(omega, z, x); // x ← x + ωz
            rnorm = run.norm_from(kernels::axpy_norm_squared(-omega, t, r)); // r ← s − ωt
            previous = Some((rho, alpha, omega));
        };
        Ok(run.finish(reason, rnorm, x, r))
    }

    fn workspace_bytes(&self) -> usize {
        6 * size_of_val(self.r.as_slice())
    }
}

/// Whether an inner product of vectors of these norms is zero to working precision.
fn vanishes<T: Scalar>(product: T, a: T::Real, b: T::Real) -> bool {
    product.abs() <= T::Real::from_f64(10.0) * T::Real::EPSILON * a * b
}

/// r̃ = r at first; later rᵢ(1 + uᵢ) with uᵢ in (0, 1), other ones each time, so that (r̃,r) is never
/// small.
fn choose_shadow<T: Scalar>(begun: usize, r: &[T], shadow: &mut [T]) {
    shadow.copy_from_slice(r);
    if begun == 0 {
        return;
    }
    let mut state = begun as u64;
    for s in shadow {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let u = (state >> 40) as f64 / (1u64 << 24) as f64;
        *s *= T::from_f64(1.0 + u);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::*;
    use resolvent_matrices::{Complex, Csr};

    contract_for_all_scalars!(convection(8, 0.6), Linearity::Fixed, |n, stopping| {
        Box::new(Bicgstab::new(n, BicgstabConfig { stopping }))
    });

    fn plain<T: Scalar>(a: &Csr<T>, b: &[T], x: &mut [T]) -> SolveReport<T::Real> {
        let solver = Bicgstab::new(b.len(), BicgstabConfig::default());
        unpreconditioned(solver, a, b, x).unwrap()
    }

    fn solves_what_is_not_hermitian<T: Scalar>() {
        for p in [0.0, 0.9, 3.0] {
            let a = convection::<T>(12, p);
            let (b, mut x) = (vector::<T>(144, 8), vec![T::ZERO; 144]);
            let report = plain(&a, &b, &mut x);
            assert!(report.converged(), "{p}: {report:?}");
            assert!(
                distance(&x, &dense_solution(&a, &b))
                    < 100.0 * Stopping::<T::Real>::default().rtol.to_f64()
            );
            assert!(
                report.matvecs <= 2 * (report.iterations + MAX_RESTARTS + report.corrections) + 2
            );
        }
    }

    #[test]
    fn convection_of_all_strengths() {
        solves_what_is_not_hermitian::<f32>();
        solves_what_is_not_hermitian::<f64>();
        solves_what_is_not_hermitian::<Complex<f32>>();
        solves_what_is_not_hermitian::<Complex<f64>>();
    }

    #[test]
    fn stops_at_half_a_step_and_after_a_finite_number() {
        let a = Csr::from_triplets(30, 30, (0..30).map(|i| (i, i, 3.0))).unwrap();
        let (b, mut x) = (vector::<f64>(30, 4), vec![0.0; 30]);
        let report = plain(&a, &b, &mut x);
        assert!(report.converged() && report.iterations == 1);
        assert_eq!(report.precond_applies, 1); // s = 0 to rounding: no second half
    }

    #[test]
    fn another_shadow_saves_a_breakdown() {
        // (r, A r) = 0 for the first residual only
        let entries = [(0, 0, 1.0), (1, 1, -1.0), (2, 2, 3.0), (0, 1, 0.5)];
        let a = Csr::from_triplets(3, 3, entries).unwrap();
        let (b, mut x) = ([1.0, 2.0, 2.0 / f64::sqrt(6.0)], [0.0; 3]);
        let b = [
            b[0],
            b[1],
            f64::sqrt((b[1] * b[1] - b[0] * b[0] - 0.5 * b[0] * b[1]) / 3.0),
        ];
        let first = kernels::dot(&b, &{
            let mut y = [0.0; 3];
            kernels::spmv(a.view(), &[], &b, &mut y);
            y
        });
        assert!(first.abs() < 1e-15);
        let report = plain(&a, &b, &mut x);
        assert!(report.converged(), "{report:?}");
        assert!(distance(&x, &dense_solution(&a, &b)) < 1e-7);
    }

    #[test]
    fn a_skew_symmetric_matrix_breaks_down_for_good() {
        let n = 10;
        let entries = (1..n).flat_map(|i| [(i - 1, i, 1.0), (i, i - 1, -1.0)]);
        let a = Csr::from_triplets(n, n, entries).unwrap();
        let (b, mut x) = (vector::<f64>(n, 9), vec![0.0; n]);
        let report = plain(&a, &b, &mut x);
        assert_eq!(report.reason, StopReason::Breakdown, "{report:?}");
        assert!((true_residual(&a, &b, &x) - report.residual_norm).abs() < 1e-9);
    }
}
