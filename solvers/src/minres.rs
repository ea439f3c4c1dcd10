//! MINRES: the minimal residual method for Hermitian A, definite or not, with a Hermitian positive
//! definite M.
//!
//! Over x₀ + K_k(M⁻¹A, M⁻¹r₀), minimises ‖b − Ax‖_{M⁻¹} by the Lanczos process and Givens rotations:
//!   q = Az    δ = (z,q)    v⁺ = q − (δ/γ)v − (γ/γ₋)v₋    γ⁺ = √(v⁺, M⁻¹v⁺)    z⁺ = M⁻¹v⁺/γ⁺
//!   w ← (z − ε w₋₋ − ζ w₋)/ρ    x ← x + c η w    η⁺ = −s η
//! whose η is the residual in the norm of M⁻¹. The residual itself obeys
//!   r ← s² r + c η⁺ v⁺/γ⁺
//! so one more vector gives ‖b − Ax‖₂, on which this solver stops, at every step.
//!
//! | per iteration | 1 A, 1 M⁻¹, 3 reductions | memory | 7n scalars |
//!
//! It differs from the textbook in that r is carried, and recomputed before convergence is
//! claimed; in that w is kept unscaled; and in the test for systems without a solution. There,
//! ‖r‖ tends to a positive limit at which A M⁻¹r = 0: x is a (weighted) least-squares solution.
//! The recurrences give ‖A M⁻¹r‖ for nothing; where it has come down to √ε ‖A‖ ‖r‖ and η does not
//! fall any more, it is computed from x, and if it is so small in truth the solve ends
//! [`StopReason::Inconsistent`]: no x of moderate size does better. (Going on would not help: in
//! floating point the null vector is an eigenvector of value ε, and x would grow along it.)
//!
//! - C. C. Paige, M. A. Saunders, Solution of sparse indefinite systems of linear equations, SIAM
//!   J. Numer. Anal. 12(4):617–629, 1975, doi:10.1137/0712047.
//! - S.-C. T. Choi, C. C. Paige, M. A. Saunders, MINRES-QLP, SIAM J. Sci. Comput.
//!   33(4):1810–1836, 2011, doi:10.1137/100787921 (the residual's recurrence and ‖Ar‖).

use crate::run::{Run, Verdict};
use crate::{
    Linearity, Observer, SolveError, SolveReport, Solver, StopReason, Stopping, System, kernels,
};
use resolvent_matrices::{Real, Scalar};
use std::mem::swap;

/// Configuration of [`Minres`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MinresConfig<R> {
    /// When to stop.
    pub stopping: Stopping<R>,
}

impl<R: Real> Default for MinresConfig<R> {
    fn default() -> Self {
        let stopping = Stopping::default();
        Self { stopping }
    }
}

/// MINRES, with the vectors it uses again from solve to solve.
#[derive(Debug, Clone)]
pub struct Minres<T: Scalar> {
    config: MinresConfig<T::Real>,
    r: Vec<T>,
    v_old: Vec<T>,
    v: Vec<T>,
    q: Vec<T>,
    z: Vec<T>,
    w_old: Vec<T>,
    w: Vec<T>,
}

impl<T: Scalar> Minres<T> {
    /// Allocates the seven vectors of a solve of size `n`.
    pub fn new(n: usize, config: MinresConfig<T::Real>) -> Self {
        let vector = || vec![T::ZERO; n];
        Self {
            config,
            r: vector(),
            v_old: vector(),
            v: vector(),
            q: vector(),
            z: vector(),
            w_old: vector(),
            w: vector(),
        }
    }
}

/// The scalars that one step hands to the next.
#[derive(Clone, Copy)]
struct Lanczos<R> {
    gamma_old: R,
    gamma: R,
    eta: R,
    c_old: R,
    c: R,
    s_old: R,
    s: R,
    /// ρ of the two steps before: w and w₋ are kept without their division by it.
    rho_old: R,
    rho: R,
    /// Largest column norm of the tridiagonal matrix so far: a lower bound of ‖A‖ (as M sees it).
    a_norm: R,
}

impl<R: Real> Lanczos<R> {
    fn start(gamma: R) -> Self {
        Self {
            gamma_old: R::ONE,
            gamma,
            eta: gamma,
            c_old: R::ONE,
            c: R::ONE,
            s_old: R::ZERO,
            s: R::ZERO,
            rho_old: R::ONE,
            rho: R::ONE,
            a_norm: R::ZERO,
        }
    }
}

impl<T: Scalar> Solver<T> for Minres<T> {
    fn name(&self) -> &'static str {
        "minres"
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
            v_old,
            v,
            q,
            z,
            w_old,
            w,
        } = self;
        let (needed, n) = (Linearity::FixedHpd, r.len());
        let mut run = Run::start("minres", needed, n, config.stopping, system, x, observer)?;
        let (zero, one) = (T::Real::ZERO, T::Real::ONE);
        let hundred = T::Real::from_f64(100.0);
        let negligible = T::Real::from_f64(10.0) * T::Real::EPSILON.sqrt();
        let mut still = 0; // steps in a row that have not reduced η

        let mut rnorm = run.residual(x, r); // r = b − Ax
        let mut state: Option<Lanczos<T::Real>> = None;
        let reason = loop {
            match run.check(&mut rnorm, x, r) {
                Verdict::Go => {}
                Verdict::Restart => state = None,
                Verdict::Stop(reason) => break reason,
            }
            let fresh = state.is_none();
            let mut l = match state {
                Some(lanczos) => lanczos,
                None => {
                    v.copy_from_slice(r); // v = r
                    run.precondition(v, z)?; // z = M⁻¹v
                    let gamma = match m_norm(&run, z, v) {
                        Ok(gamma) => gamma,
                        Err(reason) => break reason,
                    };
                    if gamma == zero {
                        break StopReason::IndefinitePreconditioner; // M⁻¹r = 0 for an r ≠ 0
                    }
                    kernels::scale(T::from_real(one / gamma), z); // z ← z/γ
                    v_old.fill(T::ZERO);
                    w_old.fill(T::ZERO);
                    w.fill(T::ZERO);
                    Lanczos::start(gamma)
                }
            };

            run.apply(z, q); // q = Az
            run.project_left(q);
            let delta = run.dot(z, q).re(); // δ = (z,q)
            if !delta.is_finite() {
                break StopReason::NonFinite;
            }
            kernels::axpy(T::from_real(-delta / l.gamma), v, q); // q ← q − (δ/γ)v
            kernels::axpy(T::from_real(-l.gamma / l.gamma_old), v_old, q); // q ← q − (γ/γ₋)v₋
            swap(v_old, v);
            swap(v, q); // v₋, v ← v, q

            // w ← z − ε w₋₋ − ζ w₋; the two rotations before act on the new column
            let epsilon = l.s_old * l.gamma;
            let zeta = l.s * delta + l.c_old * l.c * l.gamma;
            let rho_bar = l.c * delta - l.c_old * l.s * l.gamma;
            kernels::scale(T::from_real(-epsilon / l.rho_old), w_old);
            kernels::axpy(T::from_real(-zeta / l.rho), w, w_old);
            kernels::axpy(T::ONE, z, w_old);
            swap(w_old, w);

            run.precondition(v, z)?; // z = M⁻¹v
            let gamma = match m_norm(&run, z, v) {
                Ok(gamma) => gamma,
                Err(reason) => break reason,
            };
            let above = if fresh { zero } else { l.gamma };
            let column = (above * above + delta * delta + gamma * gamma).sqrt();
            l.a_norm = l.a_norm.max(column);
            let floor = T::Real::EPSILON * l.a_norm;
            let last = gamma <= floor; // the Krylov space is A-invariant
            let rho = (rho_bar * rho_bar + gamma * gamma).sqrt();
            // ‖A M⁻¹r‖ of the residual before this step is η √(ρ̄² + (cγ⁺)²)
            let gradient = (rho_bar * rho_bar + l.c * l.c * gamma * gamma).sqrt();
            still = if rho_bar * rho_bar <= hundred * T::Real::EPSILON * rho * rho {
                still + 1
            } else {
                0
            };
            if rho <= floor || (still >= 3 && gradient <= negligible * l.a_norm) {
                match stationary(&mut run, l.a_norm, x, [r, z, q, v])? {
                    (true, norm) => {
                        rnorm = norm;
                        break StopReason::Inconsistent;
                    }
                    (false, norm) => rnorm = norm,
                }
                state = None;
                if !run.met(rnorm)
                    && let Verdict::Stop(reason) = run.judge(rnorm)
                {
                    break reason;
                }
                continue;
            }

            let (c, s) = (rho_bar / rho, gamma / rho);
            kernels::axpy(T::from_real(c * l.eta / rho), w, x); // x ← x + c η w
            let eta = -s * l.eta;
            if last {
                rnorm = run.residual(x, r);
                run.iterations += 1;
                state = None;
                if !run.met(rnorm)
                    && let Verdict::Stop(reason) = run.judge(rnorm)
                {
                    break reason;
                }
                continue;
            }
            kernels::scale(T::from_real(s * s), r);
            let partial = kernels::axpy_norm_squared(T::from_real(c * eta / gamma), v, r);
            rnorm = run.norm_from(partial); // r ← s² r + c η⁺ v/γ⁺
            kernels::scale(T::from_real(one / gamma), z); // z ← z/γ⁺
            run.advance();
            state = Some(Lanczos {
                gamma_old: l.gamma,
                gamma,
                eta,
                c_old: l.c,
                c,
                s_old: l.s,
                s,
                rho_old: l.rho,
                rho,
                a_norm: l.a_norm,
            });
        };
        Ok(run.finish(reason, rnorm, x, r))
    }

    fn workspace_bytes(&self) -> usize {
        7 * size_of_val(self.r.as_slice())
    }
}

/// √(v, M⁻¹v) with z = M⁻¹v.
fn m_norm<T: Scalar>(run: &Run<'_, '_, T>, z: &[T], v: &[T]) -> Result<T::Real, StopReason> {
    let partial = [
        kernels::dot(z, v),
        T::from_real(kernels::norm_squared(z)),
        T::from_real(kernels::norm_squared(v)),
    ];
    let [product, zz, vv] = run.sums(partial);
    let square = product.re();
    let size = zz.re().sqrt() * vv.re().sqrt();
    let rounding = T::Real::from_f64(100.0) * T::Real::EPSILON * size;
    if !square.is_finite() {
        Err(StopReason::NonFinite)
    } else if square < -rounding {
        Err(StopReason::IndefinitePreconditioner)
    } else {
        Ok(square.max(T::Real::ZERO).sqrt())
    }
}

/// Whether ‖A M⁻¹r‖ is negligible against ‖A‖ ‖r‖ (all in the norm of M⁻¹) for the r recomputed
/// from x, whose 2-norm is also returned.
fn stationary<T: Scalar>(
    run: &mut Run<'_, '_, T>,
    a_norm: T::Real,
    x: &[T],
    [r, z, q, u]: [&mut [T]; 4],
) -> Result<(bool, T::Real), SolveError> {
    let rnorm = run.residual(x, r); // r = b − Ax
    run.precondition(r, z)?; // z = M⁻¹r
    let Ok(size) = m_norm(run, z, r) else {
        return Ok((false, rnorm));
    };
    run.apply(z, q); // q = A M⁻¹r
    run.precondition(q, u)?;
    let Ok(gradient) = m_norm(run, u, q) else {
        return Ok((false, rnorm));
    };
    let negligible = T::Real::from_f64(100.0) * T::Real::EPSILON.sqrt();
    Ok((
        !run.met(rnorm) && gradient <= negligible * a_norm * size,
        rnorm,
    ))
}

#[cfg(test)]
mod tests;
