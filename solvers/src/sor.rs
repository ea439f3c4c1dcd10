//! Successive over-relaxation (SOR): A = D + L + U is split, and nothing is factorised.
//!
//! A sweep forward solves (D/ω + L) x⁺ = b + ((1/ω−1) D − U) x, row after row in the natural order;
//! backward, L and U change places; symmetric is one forward and one backward. ω = 1 is
//! Gauss–Seidel. On a grid both parts of a row are done in one pass over A, eight rows at a time
//! ([`relax`]). x⁺ is written beside x, so that the pass that makes it finds b − Ax as well, for no
//! more memory traffic: every iterate is judged on its true residual, one sweep late, and is still
//! at hand. `order` may be by colours instead.
//!
//! For a Hermitian positive definite A it converges for every ω in (0, 2). How fast hangs on ω: see
//! [`young_omega`]; `adaptive` finds it on the way.
//!
//! | per iteration | 1 pass over A (symmetric: 2), 1 reduction | memory | A, 4 bytes more an entry; 2 vectors |
//!
//! In the report a sweep counts as a product with A. A preconditioner that comes with the system is
//! not used.
//!
//! - D. M. Young, Iterative methods for solving partial difference equations of elliptic type,
//!   Trans. AMS 76:92–111, 1954, doi:10.1090/S0002-9947-1954-0059635-7.

mod adaptive;
mod colour;
mod four;
mod lanes;
mod relax;
mod ritz;
mod rows;
mod smoother;
mod stencil;
mod sweep;
#[cfg(test)]
mod tests;

pub use adaptive::young_omega;
pub use ritz::{CgRitz, RitzEstimate, RitzTracker, Tracked, lanczos_beta};
pub use smoother::{Smoother, SmootherConfig};

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

/// In which order the rows are done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// As they are numbered.
    #[default]
    Natural,
    /// By colours: no two rows of a colour are tied to each other. On a 5- or 7-point grid these are
    /// red and black, and the best ω and its rate are those of the natural order.
    Multicolour,
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
    /// Order of the rows.
    pub order: Order,
    /// Raise ω during the solve by how fast the residual falls. Of sweeps in one direction alone: what the
    /// fall of the residual says of β holds of these.
    pub adaptive: bool,
}

impl<R: Real> Default for SorConfig<R> {
    /// Gauss–Seidel, forward.
    fn default() -> Self {
        Self {
            stopping: Stopping::default(),
            omega: 1.0,
            direction: Direction::Forward,
            order: Order::Natural,
            adaptive: false,
        }
    }
}

/// SOR, with the matrix of the last solve as sweeps take it: the next one, if of the same pattern,
/// takes values only.
#[derive(Debug, Clone)]
pub struct Sor<T: Scalar> {
    config: SorConfig<T::Real>,
    n: usize,
    sweep: Option<Sweep<T>>,
    r: Vec<T>,
    /// The iterate beside x.
    other: Vec<T>,
    /// What A can produce of b, where A is singular.
    rhs: Vec<T>,
    last_omega: f64,
    last_beta: Option<f64>,
}

impl<T: Scalar> Sor<T> {
    /// For systems of `n` unknowns; the matrix is taken by the first solve.
    pub fn new(n: usize, config: SorConfig<T::Real>) -> Self {
        Self {
            config,
            n,
            sweep: None,
            r: vec![T::ZERO; n],
            other: vec![T::ZERO; n],
            rhs: Vec::new(),
            last_omega: config.omega,
            last_beta: None,
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

    /// β = ρ(I − D⁻¹A) as it followed from how fast the residual of the last solve fell, where ω was
    /// adapted and below the best: from below, as a rule, see [`young_omega`].
    pub fn last_beta(&self) -> Option<f64> {
        self.last_beta
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
        if config.adaptive && config.direction == Direction::Symmetric {
            return Err(SolveError::Config {
                solver: NAME,
                problem: "adaptive is for sweeps in one direction, forward or backward; give symmetric ones an omega"
                    .into(),
            });
        }
        let (a, b, singular) = (system.a, system.b, !system.nullspace.is_none());
        let needs = Linearity::Variable;
        let mut run = Run::start(NAME, needs, self.n, config.stopping, system, x, observer)?;
        match &mut self.sweep {
            Some(sweep) => sweep.update(a)?,
            none => *none = Some(Sweep::new(NAME, a, config.order)?),
        }
        let (Some(sweep), r) = (&mut self.sweep, &mut self.r) else {
            unreachable!("was just made")
        };
        let mut adaptive = config.adaptive.then(|| Adaptive::new(config.omega));
        let mut omega = config.omega;
        let b = if singular {
            self.rhs.clear();
            self.rhs.extend_from_slice(b);
            run.project_left(&mut self.rhs); // what A can produce of b
            &self.rhs
        } else {
            b
        };

        let mut rnorm = run.residual(x, r);
        let (mut now, mut next) = (&mut *x, &mut *self.other);
        let (mut swapped, mut ready) = (false, false); // now is `other`; next is x⁺
        let reason = loop {
            if let Some(reason) = run.limits(rnorm, Some(now), None) {
                break reason;
            }
            if run.met(rnorm) {
                run.refresh(&mut rnorm, now, r);
                if let Verdict::Stop(reason) = run.judge(rnorm) {
                    break reason;
                }
            }
            if !ready {
                step(sweep, config.direction, omega, b, now, next); // x⁺
                run.count(passes(config.direction), 0);
            }
            (now, next, swapped) = (next, now, !swapped); // x ← x⁺
            run.advance();
            let before = rnorm;
            ready = !singular && run.iterations < config.stopping.max_iters;
            if ready {
                let squared = step(sweep, config.direction, omega, b, now, next); // x⁺, ‖b − Ax‖
                run.count(passes(config.direction), 0);
                rnorm = run.norm_from(squared);
            } else {
                run.project(now);
                rnorm = run.residual(now, r);
            }
            if let Some(adaptive) = &mut adaptive
                && let Some(changed) = adaptive.next(rnorm.to_f64() / before.to_f64())
            {
                (omega, ready) = (changed, false);
            }
        };
        if swapped {
            next.copy_from_slice(now);
        }
        self.last_omega = omega;
        self.last_beta = adaptive.and_then(|adaptive| adaptive.beta());
        Ok(run.finish(reason, rnorm, x, r))
    }

    fn forget(&mut self) {
        self.sweep = None;
    }

    fn workspace_bytes(&self) -> usize {
        2 * size_of_val(self.r.as_slice()) + self.sweep.as_ref().map_or(0, Sweep::bytes)
    }
}

/// x⁺ by one step from x; returns this process's share of ‖b − Ax‖₂².
fn step<T: Scalar>(
    sweep: &mut Sweep<T>,
    direction: Direction,
    omega: f64,
    b: &[T],
    x: &mut [T],
    next: &mut [T],
) -> T::Real {
    let forward = direction != Direction::Backward;
    let squared = sweep.apart(forward, true, omega, (b, x, next));
    if direction == Direction::Symmetric {
        sweep.in_place(false, false, omega, b, next);
    }
    squared
}

/// Sweeps in a step.
fn passes(direction: Direction) -> usize {
    1 + usize::from(direction == Direction::Symmetric)
}
