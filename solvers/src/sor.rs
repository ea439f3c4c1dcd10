//! Successive over-relaxation (SOR): A = D + L + U is split, and nothing is factorised.
//!
//! A sweep forward solves (D/ω + L) x⁺ = b + ((1/ω−1) D − U) x, row after row in the natural order;
//! backward, L and U change places; symmetric is one forward and one backward. ω = 1 is
//! Gauss–Seidel. With F = ωD⁻¹, G = F U + (ω−1) I, H = F L + (ω−1) I:
//!   s = F b − G x     (I + F L) x⁺ = s     s⁺ = F b − G x⁺     F (b − A x⁺) = s⁺ − s
//! so that the next right-hand side gives the residual of this iterate for nothing. The old values
//! are used up in s before any is replaced: rows of the triangular solve may be done in whatever
//! order its levels allow, also where the pattern of A is not symmetric. Backward and forward again
//! needs no product at all (Niethammer): F b − H x⁺ = F b − s + (2−ω) x⁺.
//!
//! For a Hermitian positive definite A it converges for every ω in (0, 2). How fast hangs on ω: see
//! [`young_omega`]; `adaptive` finds it on the way.
//!
//! | per iteration | 1 pass over A (symmetric: 1½), 1 reduction | memory | A three times, 6 vectors |
//!
//! In the report a sweep counts as a product with A. A preconditioner that comes with the system is
//! not used.
//!
//! - D. M. Young, Iterative methods for solving partial difference equations of elliptic type,
//!   Trans. AMS 76:92–111, 1954, doi:10.1090/S0002-9947-1954-0059635-7.
//! - W. Niethammer, Relaxation bei Matrizen mit der Eigenschaft “A”, ZAMM 44(T1):T49–T52, 1964.

mod adaptive;
mod sweep;
#[cfg(test)]
mod tests;

pub use adaptive::young_omega;

use crate::precond::split::check_omega;
use crate::run::{Run, Verdict};
use crate::{Linearity, Observer, SolveError, SolveReport, Solver, Stopping, System};
use adaptive::Adaptive;
use resolvent_matrices::{Real, Scalar};
use sweep::Sweep;

const NAME: &str = "sor";

/// The way a sweep goes through the rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Direction {
    /// From the first to the last.
    #[default]
    Forward,
    /// From the last to the first.
    Backward,
    /// Forward, then backward.
    Symmetric,
}

/// Configuration of [`Sor`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SorConfig<R> {
    /// When to stop.
    pub stopping: Stopping<R>,
    /// Relaxation ω in (0, 2); where it is adapted, what to begin with.
    pub omega: f64,
    /// Direction.
    pub direction: Direction,
    /// Raise ω during the solve by how fast the residual falls.
    pub adaptive: bool,
}

impl<R: Real> Default for SorConfig<R> {
    /// Gauss–Seidel, forward.
    fn default() -> Self {
        Self {
            stopping: Stopping::default(),
            omega: 1.0,
            direction: Direction::Forward,
            adaptive: false,
        }
    }
}

/// SOR, with the split matrix of the last solve: the next one, if of the same pattern, takes values
/// only.
#[derive(Debug, Clone)]
pub struct Sor<T: Scalar> {
    config: SorConfig<T::Real>,
    n: usize,
    sweep: Option<Sweep<T>>,
    r: Vec<T>,
    last_omega: f64,
}

impl<T: Scalar> Sor<T> {
    /// For systems of `n` unknowns; the matrix is split by the first solve.
    pub fn new(n: usize, config: SorConfig<T::Real>) -> Self {
        Self {
            config,
            n,
            sweep: None,
            r: vec![T::ZERO; n],
            last_omega: config.omega,
        }
    }

    /// Another ω, for the solves to come.
    pub fn set_omega(&mut self, omega: f64) {
        self.config.omega = omega;
    }

    /// The ω the last solve ended with: the one configured, unless it was adapted.
    pub fn last_omega(&self) -> f64 {
        self.last_omega
    }
}

impl<T: Scalar> Solver<T> for Sor<T> {
    fn name(&self) -> &'static str {
        NAME
    }

    fn solve(
        &mut self,
        system: System<'_, T>,
        x: &mut [T],
        observer: &mut dyn Observer<T>,
    ) -> Result<SolveReport<T::Real>, SolveError> {
        let config = self.config;
        check_omega(NAME, config.omega)?;
        let (a, b, singular) = (system.a, system.b, !system.nullspace.is_none());
        let needs = Linearity::Variable;
        let mut run = Run::start(NAME, needs, self.n, config.stopping, system, x, observer)?;
        match &mut self.sweep {
            Some(sweep) => sweep.update(a, config.omega)?,
            none => *none = Some(Sweep::new(a, config.direction, config.omega)?),
        }
        let (Some(sweep), r) = (&mut self.sweep, &mut self.r) else {
            unreachable!("was just made")
        };
        let mut adaptive = config.adaptive.then(|| Adaptive::new(config.omega));

        let mut rnorm = run.residual(x, r);
        if singular {
            r.copy_from_slice(b);
            run.project_left(r); // what A can produce of b
            sweep.take(r);
        } else {
            sweep.take(b);
        }
        sweep.begin(x); // s = Fb − Gx
        let reason = loop {
            if let Some(reason) = run.limits(rnorm, Some(x), None) {
                break reason;
            }
            if run.met(rnorm) {
                run.refresh(&mut rnorm, x, r);
                if let Verdict::Stop(reason) = run.judge(rnorm) {
                    break reason;
                }
                sweep.begin(x);
            }
            let before = rnorm;
            rnorm = run.norm_from(sweep.step(x)); // x ← x⁺, ‖b − Ax⁺‖
            run.count(sweep.passes(), 0);
            run.advance();
            if singular {
                run.project(x);
                rnorm = run.residual(x, r);
                sweep.begin(x);
            }
            if let Some(adaptive) = &mut adaptive
                && let Some(omega) = adaptive.next(rnorm.to_f64() / before.to_f64())
            {
                sweep.fill(omega);
                sweep.begin(x);
            }
        };
        self.last_omega = adaptive.map_or(config.omega, |adaptive| adaptive.omega());
        Ok(run.finish(reason, rnorm, x, r))
    }

    fn forget(&mut self) {
        self.sweep = None;
    }

    fn workspace_bytes(&self) -> usize {
        size_of_val(self.r.as_slice()) + self.sweep.as_ref().map_or(0, Sweep::bytes)
    }
}
