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
//! It differs from the textbook in that the residual is recomputed before convergence is claimed,
//! and in that β is chosen by what the preconditioner declares itself to be.
//!
//! - M. R. Hestenes, E. Stiefel, J. Res. NBS 49(6):409–436, 1952, doi:10.6028/jres.049.044.
//! - Y. Notay, Flexible conjugate gradients, SIAM J. Sci. Comput. 22(4):1444–1460, 2000,
//!   doi:10.1137/S1064827599362314.

use crate::run::{Run, Verdict};
use crate::{
    Linearity, Observer, SolveError, SolveReport, Solver, StopReason, Stopping, System, kernels,
};
use resolvent_matrices::{Real, Scalar};

/// Configuration of [`Cg`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CgConfig<R> {
    /// When to stop.
    pub stopping: Stopping<R>,
    /// Take any preconditioner, even a varying one, with the Polak–Ribière β.
    pub flexible: bool,
}

impl<R: Real> Default for CgConfig<R> {
    fn default() -> Self {
        Self {
            stopping: Stopping::default(),
            flexible: false,
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
        system: System<'_, T>,
        x: &mut [T],
        observer: &mut dyn Observer<T>,
    ) -> Result<SolveReport<T::Real>, SolveError> {
        let Self { config, r, z, p, q } = self;
        let needed = if config.flexible {
            Linearity::Variable
        } else {
            Linearity::NearlyHpd
        };
        let mut run = Run::start("cg", needed, r.len(), config.stopping, system, x, observer)?;
        let polak_ribiere = run.linearity() > Linearity::FixedHpd;

        let mut rnorm = run.residual(x, r); // r = b − Ax
        let mut rho = T::Real::ZERO; // ρ = (r,z); 0 before the first direction
        let reason = loop {
            match run.check(&mut rnorm, x, r) {
                Verdict::Go => {}
                Verdict::Restart => rho = T::Real::ZERO,
                Verdict::Stop(reason) => break reason,
            }
            let rho_new = run.precondition_dot(r, z)?.re(); // z = M⁻¹r, (r,z)
            if !rho_new.is_finite() {
                break StopReason::NonFinite;
            }
            if rho_new <= T::Real::ZERO {
                break StopReason::IndefinitePreconditioner;
            }
            if rho == T::Real::ZERO {
                p.copy_from_slice(z); // p = z
            } else {
                let numerator = if polak_ribiere {
                    -run.dot(q, z).re() // (r⁺ − r, z) = −(αAp, z), and q holds αAp
                } else {
                    rho_new
                };
                let beta = numerator / rho;
                kernels::xpby(z, T::from_real(beta), p); // p ← z + βp
            }
            rho = rho_new;

            let pq = run.apply_dot(p, q).re(); // q = Ap, (p,q)
            if !pq.is_finite() {
                break StopReason::NonFinite;
            }
            if pq <= T::Real::ZERO {
                break StopReason::IndefiniteOperator;
            }
            let alpha = T::from_real(rho / pq); // α = (r,z)/(p,Ap)
            kernels::axpy(alpha, p, x); // x ← x + αp
            let partial = if polak_ribiere {
                kernels::scale(alpha, q); // q ← αAp
                kernels::axpy_norm_squared(-T::ONE, q, r) // r ← r − q
            } else {
                kernels::axpy_norm_squared(-alpha, q, r) // r ← r − αAp
            };
            rnorm = run.norm_from(partial);
            run.advance();
        };
        Ok(run.finish(reason, rnorm, x, r))
    }

    fn workspace_bytes(&self) -> usize {
        4 * size_of_val(self.r.as_slice())
    }
}
