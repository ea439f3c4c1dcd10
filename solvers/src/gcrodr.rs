//! GCRO-DR(m, k): GMRES whose restarts keep k harmonic Ritz vectors, from cycle to cycle and from
//! system to system; flexible.
//!
//! With U (n × k), C = AU, CᴴC = I, a cycle makes r orthogonal to C and then minimises ‖b − Ax‖₂
//! over the span of Ẑ = [U Z], Z = {M_j⁻¹v_j} from m − k steps of Arnoldi with (I − CCᴴ)A:
//!   x ← x + U Cᴴr, r ← r − C Cᴴr     A Ẑ = W G, W = [C V]     x ← x + Ẑ y
//! and takes as the new U the combinations Ẑ y with GᴴG y = θ Gᴴ Wᴴ V̂ y, |θ| least (or largest), or
//! those with ‖AẐy‖/‖V̂y‖ least ([`Strategy::Singular`], after Al Daas et al.).
//! The first cycle, without a space, is one of FGMRES(m); a solve that ends before it has k
//! directions keeps those it has, so that the space grows from system to system.
//!
//! | per iteration | 1 A, 1 M⁻¹, 2 reductions, 4(k + j) vectors read | per cycle | 1 A, ½(m k) vectors |
//! | per system of another A | k A, k M⁻¹ for singular vectors | memory | n(2m + 1), n(k + 1) more but for B |
//!
//! U lies in the space of solutions: it does not depend on M, which may change from system to
//! system and from step to step. V̂, what M⁻¹ was applied to, says which spectrum is deflated; see
//! [`Strategy`]. Where A is as it was (its entries are compared by a fingerprint), C is used again.
//!
//! It differs from the textbook in that every cycle begins with the recomputed residual; in that
//! columns which depend on others are dropped instead of being an error; in that C is
//! orthonormalised anew now and then, and computed anew when the residual is found to disagree; and
//! in that recycling that does not pay is left out ([`GcrodrConfig::automatic`]).
//!
//! Nothing is allocated in a solve; the eigenvalue problems have their storage from the start.
//!
//! - M. L. Parks, E. de Sturler, G. Mackey, D. D. Johnson, S. Maiti, Recycling Krylov subspaces for
//!   sequences of linear systems, SIAM J. Sci. Comput. 28(5):1651–1674, 2006,
//!   doi:10.1137/040607277.
//! - L. M. Carvalho, S. Gratton, R. Lago, X. Vasseur, A flexible generalized conjugate residual
//!   method with inner orthogonalization and deflated restarting, SIAM J. Matrix Anal. Appl.
//!   32(4):1212–1235, 2011, doi:10.1137/100786253.
//! - H. Al Daas, L. Grigori, P. Hénon, P. Ricoux, Recycling Krylov subspaces and reducing deflation
//!   subspaces for solving sequence of linear systems, ACM Trans. Math. Softw. 47(2), 2021,
//!   doi:10.1145/3439746.

mod cycle;
mod lagged;
mod space;
mod state;
#[cfg(test)]
mod tests;

use crate::arnoldi::Growth;
use crate::kernels::COMBINE_ROWS;
use crate::precond::Distrust;
use crate::recycling::{Mode, Pencil, Policy, RecycledState, Recycling, Strategy, Target};
use crate::run::{Run, Verdict};
use crate::{Linearity, Observer, SolveError, SolveReport, Solver, StopReason, Stopping, System};
use cycle::Cycle;
use lagged::Lagged;
use resolvent_matrices::{Real, Scalar};

/// Configuration of [`Gcrodr`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GcrodrConfig<R> {
    /// When to stop. `max_iters` counts the steps inside all cycles.
    pub stopping: Stopping<R>,
    /// m: dimension of the space that a cycle minimises over, at least 2.
    pub restart: usize,
    /// k: dimension of the space that is kept, at least 1 and less than m.
    pub k: usize,
    /// Which eigenvalues the space is to hold.
    pub target: Target,
    /// How they are found.
    pub strategy: Strategy,
    /// Spaces of so many earlier systems are kept as they are and precondition, in place of one that is
    /// brought up to date for each new A: no products are spent on that, and more spaces can be of use.
    /// 0: the one space. Needs [`Target::Smallest`], and not [`Strategy::B`].
    pub lag: usize,
    /// Begin every system without a space: deflated restarting alone, GMRES-DR.
    pub reset: bool,
    /// Find out on the first systems whether recycling pays, and leave it out where it does not.
    pub automatic: bool,
    /// Full cycles in a row, each reducing the residual by less than a thousandth, after which the
    /// solve goes on without a space, as FGMRES, and, the next time, ends [`StopReason::Stagnated`]; at
    /// least 1.
    pub stagnation_cycles: usize,
}

impl<R: Real> Default for GcrodrConfig<R> {
    /// GCRO-DR(40, 20).
    fn default() -> Self {
        Self {
            stopping: Stopping::default(),
            restart: 40,
            k: 20,
            target: Target::default(),
            strategy: Strategy::default(),
            lag: 0,
            reset: false,
            automatic: true,
            stagnation_cycles: 5,
        }
    }
}

impl<R: Real> GcrodrConfig<R> {
    fn check(&self) -> Result<(), SolveError> {
        let problem = if self.restart < 2 {
            format!("restart is {}, at least 2 is needed", self.restart)
        } else if self.k == 0 || self.k >= self.restart {
            format!(
                "k is {}, it must be from 1 to restart - 1 = {}",
                self.k,
                self.restart - 1
            )
        } else if self.stagnation_cycles == 0 {
            "stagnation_cycles is 0, at least 1 is needed".into()
        } else if self.lag > 0 && self.target != Target::Smallest {
            "lag needs target=smallest".into()
        } else if self.lag > 0 && !self.strategy.keeps_arguments() {
            "lag needs strategy=a or strategy=singular".into()
        } else {
            return Ok(());
        };
        let solver = "gcrodr";
        Err(SolveError::Config { solver, problem })
    }
}

/// GCRO-DR(m, k), with its bases and the space it carries from solve to solve.
#[derive(Debug)]
pub struct Gcrodr<T: Scalar> {
    config: GcrodrConfig<T::Real>,
    n: usize,
    /// k, and the most columns that U may have: one more where that keeps a complex pair together.
    k: usize,
    most: usize,
    cycle: Cycle<T>,
    /// The part of V̂ that belongs to U (but for strategy B).
    uv: Vec<T>,
    lagged: Lagged<T>,
    pencil: Pencil<T>,
    room: Vec<T>,
    h: Vec<T>,
    columns: Vec<usize>,
    policy: Policy,
    /// Of the A with C = AU.
    matrix: Option<u64>,
    /// Changes of the space so far.
    changes: usize,
}

impl<T: Scalar> Gcrodr<T> {
    /// Allocates the 2m + 1 vectors of a solve of size `n`, k + 1 more but for strategy B, and the
    /// small matrices.
    pub fn new(n: usize, config: GcrodrConfig<T::Real>) -> Self {
        let m = config.restart.min(n).max(1);
        let k = config.k.min(m - 1);
        let most = (k + 1).min(m - 1);
        let kept = match config.strategy.keeps_arguments() {
            true => most,
            false => 0,
        };
        Self {
            config,
            n,
            k,
            most,
            cycle: Cycle::new(n, m),
            uv: vec![T::ZERO; n * kept],
            lagged: Lagged::new(n, config.lag.saturating_mul(most).min(n)),
            pencil: Pencil::new(m, most, config.strategy),
            room: vec![T::ZERO; (m + 1 + most + 3) * COMBINE_ROWS],
            h: vec![T::ZERO; m + 1],
            columns: (0..most).collect(),
            policy: Policy::new(config.automatic, config.reset),
            matrix: None,
            changes: 0,
        }
    }

    /// All cycles of a solve.
    fn cycles(
        &mut self,
        mut run: Run<'_, '_, T>,
        mode: Mode,
        x: &mut [T],
    ) -> Result<SolveReport<T::Real>, SolveError> {
        let meaningful = T::Real::from_f64(0.999);
        let mut meter = run.meter();
        let (mut dimension, mut setup_matvecs) = (None, 0);
        let mut ready = false; // C = AU
        let mut best = T::Real::INFINITY; // residual norm when it last fell by a meaningful factor
        let (mut stalled, mut forgiven) = (0, false);
        let mut claimed = false; // the recurrence has met the tolerance
        let mut broken = None; // why no further cycle can be made
        let mut plain = false; // the rest of the solve is FGMRES(m)
        let (reason, rnorm) = loop {
            let mut rnorm = run.residual(x, self.cycle.first()); // r = b − Ax
            if let Some(reason) = run.limits(rnorm, Some(x), Some(self.cycle.first()))
                && !run.mended(reason, rnorm)
            {
                break (reason, rnorm);
            }
            if claimed || run.met(rnorm) {
                match run.judge(rnorm) {
                    Verdict::Stop(reason) => break (reason, rnorm),
                    // what C says of x is not so: once C is made anew, then it has to go
                    _ if forgiven => self.drop_space(),
                    _ => (ready, forgiven, self.matrix) = (false, true, None),
                }
            }
            if let Some(reason) = broken {
                break (reason, rnorm);
            }
            if rnorm > meaningful * best {
                stalled += 1;
                if stalled == self.config.stagnation_cycles {
                    if plain || self.cycle.k == 0 {
                        if !run.fall_back(Distrust::NoProgress) {
                            break (StopReason::Stagnated, rnorm);
                        }
                        stalled = 0;
                        continue;
                    }
                    self.drop_space(); // go on without one
                    (plain, stalled) = (true, 0);
                }
            } else {
                (best, stalled) = (rnorm, 0);
            }
            if !ready {
                let first = dimension.is_none();
                if first && !mode.with {
                    self.do_without(&run, mode);
                }
                setup_matvecs += self.bring(&mut run, &mut meter, first)?;
                dimension.get_or_insert(self.cycle.k + self.earlier(mode));
                ready = true;
            }
            if self.cycle.k > 0 {
                rnorm = self.cycle.deflate(&run, x); // r ← r − C Cᴴr
                meter.pass(6 * self.cycle.k);
                claimed = run.met(rnorm);
                if claimed {
                    continue;
                }
            }
            if !rnorm.is_finite() {
                break (StopReason::NonFinite, rnorm);
            }

            self.cycle.start(rnorm); // v₀ = r/‖r‖
            let lagged = if plain { 0 } else { self.earlier(mode) };
            let mut ended = None;
            claimed = false;
            loop {
                let (v, z, w) = self.cycle.step();
                run.precondition(v, z)?; // z = M⁻¹v
                if lagged > 0 {
                    self.lagged.add(&run, v, z); // z ← z + σ U Cᴴ v, of earlier systems
                }
                run.apply(z, w); // w = Az
                run.project_left(w);
                meter.pass(4 * self.cycle.p + 10 + 2 * lagged);
                let growth = self.cycle.extend(&run);
                if growth == Growth::NonFinite {
                    if !run.fall_back(Distrust::NonFinite) {
                        ended = Some(StopReason::NonFinite);
                    }
                    break;
                }
                run.advance();
                match growth {
                    Growth::Grown(rnorm) => {
                        claimed = run.met(rnorm);
                        if claimed || self.cycle.full() {
                            break;
                        }
                        ended = run.limits(rnorm, None, None);
                        if ended.is_some() {
                            break;
                        }
                        run.gained(None, rnorm);
                    }
                    Growth::Invariant => {
                        claimed = true;
                        break;
                    }
                    Growth::Singular | Growth::NonFinite => {
                        if !run.fall_back(Distrust::NoProgress) {
                            broken = Some(StopReason::Breakdown);
                        }
                        break;
                    }
                }
            }
            if self.cycle.p > self.cycle.k {
                self.cycle.update(x); // x ← x + Ẑ y
                meter.pass(self.cycle.p + 2);
                let over = claimed || ended.is_some() || broken.is_some();
                if plain {
                    // nothing is kept
                } else if over && mode.keep && !mode.with {
                    let mut uncounted = meter; // kept for another solve, no cost of this one
                    self.choose(&run, &mut uncounted);
                } else if !over || mode.keep {
                    self.choose(&run, &mut meter);
                }
            }
            if let Some(reason) = ended {
                break (reason, rnorm);
            }
        };
        let work = run.work(&meter);
        let digits = run.digits(rnorm);
        let mut report = run.finish(reason, rnorm, x, self.cycle.first());
        let failed = !matches!(
            report.reason,
            StopReason::Converged | StopReason::Interrupted
        );
        if failed {
            self.drop_space(); // nothing is taken over from a solve that went wrong
        }
        if failed || plain {
            self.lagged.clear();
        }
        let helped = dimension.is_some_and(|k| k > 0);
        if mode.with && helped && (failed || plain) {
            self.policy.give_up();
        } else if report.reason != StopReason::Interrupted && dimension.is_some() {
            self.policy.learn(mode, work, digits); // nothing where there was nothing to do
        }
        report.recycling = Some(Recycling {
            dimension: dimension.unwrap_or(0),
            kept: self.cycle.k + self.lagged.pairs,
            setup_matvecs,
            verdict: mode.verdict,
            ratio: self.policy.ratio(),
        });
        Ok(report)
    }
}

impl<T: Scalar> Solver<T> for Gcrodr<T> {
    fn name(&self) -> &'static str {
        "gcrodr"
    }

    fn solve(
        &mut self,
        system: System<'_, T>,
        x: &mut [T],
        observer: &mut dyn Observer<T>,
    ) -> Result<SolveReport<T::Real>, SolveError> {
        self.config.check()?;
        let (needed, stopping) = (Linearity::Variable, self.config.stopping);
        let run = Run::start("gcrodr", needed, self.n, stopping, system, x, observer)?;
        let mode = self.policy.next(self.cycle.k + self.lagged.pairs);
        self.cycles(run, mode, x)
    }

    fn forget(&mut self) {
        self.cycle.k = 0;
        self.lagged.clear();
        self.matrix = None;
        self.changes = 0;
        self.policy.forget();
    }

    fn recycled(&self) -> Option<RecycledState> {
        Some(self.save())
    }

    fn restore(&mut self, state: &RecycledState) -> bool {
        self.go_on(state)
    }

    fn workspace_bytes(&self) -> usize {
        let rest = size_of_val(self.uv.as_slice()) + size_of_val(self.room.as_slice());
        self.cycle.bytes() + self.lagged.bytes() + rest
    }
}
