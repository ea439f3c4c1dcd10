//! Recycled conjugate gradients (RCG): CG for a sequence of Hermitian positive definite A, deflated
//! by a space that every solve refines.
//!
//! With U (n × k), C = AU, UᴴC = I, CG runs on the part of the problem that is A-orthogonal to U:
//!   x ← x + U Uᴴr, r ← r − C Uᴴr        once, at the beginning
//!   α = (r,z)/(p,Ap)   x ← x + αp   r ← r − αAp   z = M⁻¹r   μ = Cᴴz   p ← z + βp − Uμ
//! and beside it the directions p are kept, s at a time. When s are full, the combinations of them
//! and of the refined space B (at first U) that come closest to eigenvectors of M⁻¹A for its smallest
//! eigenvalues are the new B, by Rayleigh and Ritz from the coefficients α, ρ = (r,z), μ alone. The
//! best k columns of B are the U of the next system.
//!
//! | per iteration | 1 A, 1 M⁻¹, 4 reductions, 2k vectors read for deflation, about k for refinement |
//! | per system | k A, k M⁻¹ | memory | n(3 + s + 5k) |
//!
//! A solve that takes twice as long as any before drops the space and goes on as CG; of one that does
//! not converge nothing is kept, and recycling is left out for a while.
//!
//! It differs from the textbook in that the small eigenvalue problem needs no products of tall
//! matrices (the directions are A-orthonormal as CG makes them, and M⁻¹Ap is a difference of
//! preconditioned residuals); in that dependent columns of U are dropped; in that recycling that does
//! not pay is left out ([`RcgConfig::automatic`]); and as [`Cg`](crate::Cg) does.
//!
//! - Y. Saad, M. Yeung, J. Erhel, F. Guyomarc'h, A deflated version of the conjugate gradient
//!   algorithm, SIAM J. Sci. Comput. 21(5):1909–1926, 2000, doi:10.1137/S1064829598339761.
//! - A. Stathopoulos, K. Orginos, Computing and deflating eigenvalues while solving multiple
//!   right-hand side linear systems with an application to quantum chromodynamics, SIAM J. Sci.
//!   Comput. 32(1):439–462, 2010, doi:10.1137/080725532.

mod space;
mod state;
#[cfg(test)]
mod tests;
mod window;

use crate::kernels::COMBINE_ROWS;
use crate::precond::Distrust;
use crate::recycling::{Mode, Policy, RecycledState, Recycling, Target};
use crate::run::{Run, Verdict};
use crate::{
    Linearity, Observer, SolveError, SolveReport, Solver, StopReason, Stopping, System, kernels,
};
use resolvent_matrices::{Real, Scalar};
use window::Window;

/// Configuration of [`Rcg`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RcgConfig<R> {
    /// When to stop.
    pub stopping: Stopping<R>,
    /// k: dimension of the space that is kept, at least 1.
    pub k: usize,
    /// s: directions between two refinements, at least 2.
    pub window: usize,
    /// Which eigenvalues of M⁻¹A the space is to hold.
    pub target: Target,
    /// Begin every system without a space: plain CG.
    pub reset: bool,
    /// Find out on the first systems whether recycling pays, and leave it out where it does not.
    pub automatic: bool,
}

impl<R: Real> Default for RcgConfig<R> {
    fn default() -> Self {
        Self {
            stopping: Stopping::default(),
            k: 8,
            window: 16,
            target: Target::default(),
            reset: false,
            automatic: true,
        }
    }
}

impl<R: Real> RcgConfig<R> {
    fn check(&self) -> Result<(), SolveError> {
        for (name, value, least) in [("k", self.k, 1), ("window", self.window, 2)] {
            if value < least {
                let problem = format!("{name} is {value}, at least {least} is needed");
                let solver = "rcg";
                return Err(SolveError::Config { solver, problem });
            }
        }
        Ok(())
    }
}

/// Recycled CG, with its vectors and the space it carries from solve to solve.
#[derive(Debug)]
pub struct Rcg<T: Scalar> {
    config: RcgConfig<T::Real>,
    n: usize,
    r: Vec<T>,
    z: Vec<T>,
    /// Directions, n × s, and the image of the last.
    p: Vec<T>,
    q: Vec<T>,
    /// U and C; `k` columns are in use, and as many are room for B, which takes the place of U.
    u: Vec<T>,
    c: Vec<T>,
    k: usize,
    /// B of 2k columns at most.
    b: Vec<T>,
    window: Window<T>,
    h: Vec<T>,
    room: Vec<T>,
    columns: Vec<usize>,
    policy: Policy,
    /// The most iterations that a solve has taken that converged.
    usual: usize,
}

impl<T: Scalar> Rcg<T> {
    /// Allocates all vectors of a solve of size `n` but those for an A that repeats.
    pub fn new(n: usize, config: RcgConfig<T::Real>) -> Self {
        let (k, s) = (config.k.min(n).max(1), config.window.min(n).max(2));
        let block = |columns| vec![T::ZERO; n * columns];
        Self {
            config,
            n,
            r: block(1),
            z: block(1),
            p: block(s),
            q: block(1),
            u: block(2 * k),
            c: block(k),
            k: 0,
            b: block(2 * k),
            window: Window::new(k, s),
            h: vec![T::ZERO; k],
            room: vec![T::ZERO; (4 * k + s + 3) * COMBINE_ROWS],
            columns: (0..k).collect(),
            policy: Policy::new(config.automatic, config.reset),
            usual: 0,
        }
    }

    fn iterate(
        &mut self,
        mut run: Run<'_, '_, T>,
        mode: Mode,
        x: &mut [T],
    ) -> Result<SolveReport<T::Real>, SolveError> {
        let n = self.n;
        let polak_ribiere = run.linearity() > Linearity::FixedHpd;
        let mut meter = run.meter();
        // directions are kept where the space is in use, or where there is none yet
        let mut refining = mode.keep && (mode.with || self.k == 0);
        let (mut k, mut dimension, mut setup_matvecs) = (0, None, 0);
        let mut rnorm = run.residual(x, &mut self.r); // r = b − Ax
        let (mut rho, mut alpha) = (T::Real::ZERO, T::Real::ZERO); // ρ = (r,z)
        let mut at = 0; // where p is
        let patience = self.patience();
        let mut begun = false; // there is a direction before
        let mut changes = run.changes();
        let mut deflated = false; // Uᴴr = 0
        let reason = loop {
            match run.check(&mut rnorm, x, &mut self.r) {
                Verdict::Go => {}
                Verdict::Restart => {
                    if refining && begun {
                        self.close(&mut meter);
                        refining = false; // directions from now on are not A-orthogonal to B
                    }
                    (begun, deflated) = (false, false);
                }
                Verdict::Stop(reason) => break reason,
            }
            if dimension.is_none() {
                if refining || mode.with {
                    setup_matvecs = self.bring(&mut run, &mut meter, refining)?;
                    k = self.k;
                }
                dimension = Some(k);
            }
            if k > 0 && run.iterations >= patience {
                // a space that is no help is left, and CG goes on from here without it
                (k, self.k, refining, begun) = (0, 0, false, false);
                rnorm = run.residual(x, &mut self.r);
                continue;
            }
            if k > 0 && !deflated {
                deflated = true;
                rnorm = self.deflate(&mut run, x); // x ← x + U Uᴴr, r ← r − C Uᴴr
                meter.pass(4 * k);
                if run.met(rnorm) || !rnorm.is_finite() {
                    continue;
                }
            }

            let Self { r, z, .. } = self;
            let rho_new = run.precondition_dot(r, z)?.re(); // z = M⁻¹r, (r,z)
            if run.changed_since(changes) {
                changes = run.changes(); // directions from now on are of another M
                if refining && begun {
                    self.close(&mut meter);
                    refining = false;
                }
                begun = false;
            }
            if !rho_new.is_finite() || rho_new <= T::Real::ZERO {
                let (why, reason) = match rho_new.is_finite() {
                    true => (Distrust::Indefinite, StopReason::IndefinitePreconditioner),
                    false => (Distrust::NonFinite, StopReason::NonFinite),
                };
                if !run.fall_back(why) {
                    break reason;
                }
                if refining && begun {
                    self.close(&mut meter);
                    refining = false;
                }
                (begun, deflated) = (false, false);
                continue;
            }
            let Self { p, q, z, .. } = self;
            let mu = &mut self.window.mu()[..k];
            run.dots(&self.c[..k * n], z, mu); // μ = Cᴴz
            self.h[..k].copy_from_slice(mu);
            let mut turn = T::Real::ZERO; // β
            if begun {
                let numerator = if polak_ribiere {
                    -alpha * run.dot(q, z).re() // (r⁺ − r, z) = −α(Ap, z)
                } else {
                    rho_new
                };
                turn = numerator / rho;
                let beta = T::from_real(turn);
                if refining {
                    self.window.set_rho(rho_new);
                    if self.window.full() {
                        refining = self.refine(&mut meter, false);
                    }
                }
                let Self { p, z, .. } = self;
                if refining {
                    let (from, to) = (at, self.window.done);
                    let (p, next) = two(p, n, from, to);
                    kernels::combine(z, beta, p, next); // p⁺ = z + βp
                    at = to;
                } else {
                    kernels::xpby(z, beta, &mut p[at * n..(at + 1) * n]); // p ← z + βp
                }
            } else {
                at = 0;
                p[..n].copy_from_slice(z); // p = z
                self.window.set_rho(rho_new);
            }
            let Self { p, q, r, u, h, .. } = self;
            let p = &mut p[at * n..(at + 1) * n];
            h[..k].iter_mut().for_each(|mu| *mu = -*mu);
            kernels::block_axpy(&u[..k * n], &h[..k], p); // p ← p − U μ
            rho = rho_new;

            let pq = run.apply_dot(p, q).re(); // q = Ap, (p,q)
            if !pq.is_finite() || pq <= T::Real::ZERO {
                let (why, reason) = match pq.is_finite() {
                    true => (Distrust::NoProgress, StopReason::IndefiniteOperator),
                    false => (Distrust::NonFinite, StopReason::NonFinite),
                };
                if !run.fall_back(why) {
                    break reason;
                }
                if refining {
                    self.close(&mut meter);
                    refining = false;
                }
                (begun, deflated) = (false, false);
                continue;
            }
            alpha = rho / pq; // α = (r,z)/(p,Ap)
            kernels::axpy(T::from_real(alpha), p, x); // x ← x + αp
            run.coefficients(rho, turn, alpha);
            let partial = kernels::axpy_norm_squared(T::from_real(-alpha), q, r); // r ← r − αAp
            rnorm = run.norm_from(partial);
            if refining {
                self.window.push(alpha);
            }
            begun = true;
            meter.pass(10 + 2 * k);
            run.advance();
            run.gained(Some(rho * alpha), rnorm);
        };
        let failed = !matches!(reason, StopReason::Converged | StopReason::Interrupted);
        if failed {
            self.k = 0; // nothing is taken over from a solve that went wrong
        } else if reason == StopReason::Converged {
            self.usual = self.usual.max(run.iterations);
        }
        if dimension.is_some() && mode.keep && !failed && (k > 0 || dimension == Some(0)) {
            let mut uncounted = meter; // kept for another solve, no cost of this one
            if refining && begun {
                self.close(if mode.with {
                    &mut meter
                } else {
                    &mut uncounted
                });
            }
            if mode.with || k == self.k {
                self.succeed();
            }
        }
        let (work, digits) = (run.work(&meter), run.digits(rnorm));
        let mut report = run.finish(reason, rnorm, x, &mut self.r);
        if report.reason != StopReason::Interrupted {
            let ended = failed || (k == 0 && dimension.is_some_and(|k| k > 0));
            if mode.with && ended {
                self.policy.give_up();
            } else if report.iterations > 0 || digits > 0.0 {
                self.policy.learn(mode, work, digits);
            }
        }
        report.recycling = Some(Recycling {
            dimension: dimension.unwrap_or(0),
            kept: self.k,
            setup_matvecs,
            verdict: mode.verdict,
            ratio: self.policy.ratio(),
        });
        Ok(report)
    }
}

impl<T: Scalar> Rcg<T> {
    /// Iterations after which a solve with the space does without it.
    fn patience(&self) -> usize {
        match self.usual {
            0 => usize::MAX,
            usual => 2 * usual + 50,
        }
    }
}

/// Columns `from` and `to` of a block.
fn two<T>(block: &mut [T], n: usize, from: usize, to: usize) -> (&[T], &mut [T]) {
    if from < to {
        let (before, after) = block.split_at_mut(to * n);
        (&before[from * n..(from + 1) * n], &mut after[..n])
    } else {
        let (before, after) = block.split_at_mut(from * n);
        (&after[..n], &mut before[to * n..(to + 1) * n])
    }
}

impl<T: Scalar> Solver<T> for Rcg<T> {
    fn name(&self) -> &'static str {
        "rcg"
    }

    fn solve(
        &mut self,
        system: System<'_, T>,
        x: &mut [T],
        observer: &mut dyn Observer<T>,
    ) -> Result<SolveReport<T::Real>, SolveError> {
        self.config.check()?;
        let (needed, stopping) = (Linearity::NearlyHpd, self.config.stopping);
        let run = Run::start("rcg", needed, self.n, stopping, system, x, observer)?;
        let mode = self.policy.next(self.k);
        self.iterate(run, mode, x)
    }

    fn forget(&mut self) {
        self.k = 0;
        self.usual = 0;
        self.policy.forget();
    }

    fn recycled(&self) -> Option<RecycledState> {
        Some(self.save())
    }

    fn restore(&mut self, state: &RecycledState) -> bool {
        self.go_on(state)
    }

    fn workspace_bytes(&self) -> usize {
        let all = [
            &self.r, &self.z, &self.p, &self.q, &self.u, &self.c, &self.b, &self.room,
        ];
        all.iter().map(|v| size_of_val(v.as_slice())).sum()
    }
}
