//! A sequence that tunes itself: a [`Sequence`] whose way is chosen, for each system, by a
//! [`Tuner`](crate::tuner::Tuner).
//!
//! For each system: the matrix is described from a part of its rows ([`MatrixContext`]), the tuner's distribution
//! over the arms is drawn from, the arm is given a budget of iterations, three times what a solve
//! of late would be expected to take, and a safe arm finishes the same solve where that is used up or
//! the arm fails. The tuner then learns what the arm has cost, everything that followed included.
//!
//! ```
//! use resolvent_matrices::{Csr, generate::Poisson};
//! use resolvent_models::{Tuned, TunedConfig};
//! use resolvent_solvers::{Change, Guess, Method, Precond, Way};
//!
//! let mut a: Csr<f64> = Poisson::default().generate()?.matrix;
//! let (mut x, mut b) = (vec![0.0; a.nrows()], vec![1.0; a.nrows()]);
//! let way = Way { method: Method::Cg(Default::default()), precond: Precond::Ssor(Default::default()) };
//! let mut config = TunedConfig::new(way);
//! config.sequence.guess = Guess::Previous;
//! let mut tuned = Tuned::new(config)?;
//! for step in 0..20 {
//!     a.values_mut().iter_mut().for_each(|v| *v *= 1.01); // the time step assembles its matrix
//!     b[0] = step as f64;
//!     let solved = tuned.next(&a, &b, Change::Values, &mut x, &mut ())?;
//!     assert!(solved.solved.report.converged());
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod config;
mod experts;
mod label;
mod off;
mod state;
#[cfg(test)]
mod tests;

pub use config::{ContextKind, CostKind, TunedConfig, TunedError, TunerKind};
pub use state::TunedState;

use crate::arm::{Arm, position};
use crate::context::MatrixContext;
use crate::tuner::{Outcome, Smooth, SmoothConfig, Tuner};
use experts::{Beta, Plan, plan};
use off::Both;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use resolvent_matrices::{Csr, Scalar};
use resolvent_solvers::{
    Backstop, CgRitz, Change, Observer, RitzTracker, Sequence, SolveError, Solved, StopReason, Way,
};
use smallvec::{SmallVec, smallvec};
use std::time::{Duration, Instant};

/// What was chosen for a system, and why.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    /// Number of the arm.
    pub index: usize,
    /// The arm.
    pub arm: Arm,
    /// The probability it was drawn with.
    pub probability: f64,
    /// What it was chosen on; up to four numbers take no memory of their own.
    pub context: SmallVec<[f64; 4]>,
    /// The relaxation, where there is one; none where it is found during the solve.
    pub omega: Option<f64>,
    /// Iterations it is given before the safe arm takes over.
    pub budget: Option<usize>,
    /// Time it is given.
    pub time: Option<Duration>,
}

/// A system, solved by what was chosen.
#[derive(Debug, Clone, PartialEq)]
pub struct TunedSolve<R> {
    /// How that went.
    pub solved: Solved<R>,
    /// What was chosen.
    pub choice: Choice,
    /// What the tuner was told it cost.
    pub cost: f64,
    /// Products with A that describing the matrix took.
    pub extra_matvecs: usize,
    /// The part of A that was read for that, in products with A as well.
    pub read: f64,
    /// Time of describing, choosing and learning.
    pub overhead: Duration,
}

/// A sequence whose way is chosen, for each system, by a tuner: describe the matrix, draw an arm,
/// solve with a budget and an arm that finishes, learn from the cost.
pub struct Tuned<T: Scalar> {
    config: TunedConfig<T::Real>,
    sequence: Sequence<T>,
    arms: Vec<Arm>,
    /// What finishes a solve.
    safe: usize,
    tuner: Box<dyn Tuner>,
    /// Iterations of a solve of late, from the context.
    typical: Smooth,
    tracker: Option<RitzTracker<T>>,
    /// Reads β off the solves themselves.
    ritz: Option<CgRitz>,
    beta: f64,
    diagonal: Vec<f64>,
    matrix: MatrixContext,
    /// The part of A that was read for that.
    read: f64,
    /// Decisions made.
    t: u64,
    /// For each arm, how often it has finished a solve, and how often not.
    record: Vec<(u64, u64)>,
    p: Vec<f64>,
    given: Vec<f64>,
}

/// A budget is this many times what a solve is expected to take, and at least [`LEAST`].
const BUDGET: f64 = 3.0;
const LEAST: f64 = 30.0;

impl<T: Scalar> Tuned<T> {
    /// Nothing solved yet.
    ///
    /// # Errors
    /// [`TunedError`] where the way has no ω to tune, or an option cannot be used.
    pub fn new(config: TunedConfig<T::Real>) -> Result<Self, TunedError> {
        let Plan {
            arms,
            safe,
            tuner,
            beta,
        } = plan(&config)?;
        let typical = Smooth::new(SmoothConfig {
            positions: vec![0.0],
            context: config.context != ContextKind::None,
            rising: false,
            overhears: false,
            width: experts::width(&config),
            draws: 1,
            seed: 0,
        });
        Ok(Self {
            sequence: Sequence::new(config.sequence),
            p: vec![0.0; arms.len()],
            record: vec![(0, 0); arms.len()],
            arms,
            safe,
            tuner,
            typical,
            tracker: (beta == Beta::Tracked).then(RitzTracker::default),
            ritz: (beta == Beta::OfSolves).then(CgRitz::default),
            // until a solve has shown another one: ω = 1 by SSOR's formula
            beta: if beta == Beta::OfSolves { 0.5 } else { 0.0 },
            diagonal: Vec::new(),
            matrix: MatrixContext::default(),
            read: 0.0,
            t: 0,
            given: Vec::new(),
            config,
        })
    }

    /// The arms.
    pub fn arms(&self) -> &[Arm] {
        &self.arms
    }

    /// The tuner.
    pub fn tuner(&self) -> &dyn Tuner {
        self.tuner.as_ref()
    }

    /// The experts of the tuner and their weights at the moment.
    pub fn weights(&self) -> Vec<(String, f64)> {
        let named = |(name, weight): (String, f64)| {
            let is = |arm: &usize| {
                matches!(self.arms[*arm], Arm::Config(_)) && self.arms[*arm].to_string() == name
            };
            let label = (0..self.arms.len()).find(is).map(|arm| self.label(arm));
            (label.unwrap_or(name), weight)
        };
        self.tuner.weights().into_iter().map(named).collect()
    }

    /// The sequence underneath: initial guesses and what is kept.
    pub fn sequence(&mut self) -> &mut Sequence<T> {
        &mut self.sequence
    }

    /// The context of the next system, where it is the caller's: [`ContextKind::Given`]. The first number
    /// alone is chosen on.
    pub fn set_context(&mut self, context: &[f64]) {
        self.given.clear();
        self.given.extend_from_slice(context);
    }

    /// Solves the next system. `x` receives the iterate reached, whatever the outcome.
    ///
    /// A matrix that no arm can be set up for is solved by what [`Auto`](resolvent_solvers::Auto) finds.
    ///
    /// # Errors
    /// [`SolveError`] on misuse, or where the arms cannot be set up for the first system: they are then
    /// not for matrices like these.
    pub fn next(
        &mut self,
        a: &Csr<T>,
        b: &[T],
        change: Change,
        x: &mut [T],
        observer: &mut dyn Observer<T>,
    ) -> Result<TunedSolve<T::Real>, SolveError> {
        self.sequence.advance(change);
        self.sequence.guess(a, b, x);
        let solved = self.solve(a, b, change, x, observer)?;
        self.sequence.keep(x);
        Ok(solved)
    }

    /// Solves the system at hand from the iterate in x, after [`Sequence::advance`] was told of it.
    ///
    /// # Errors
    /// As [`Tuned::next`].
    pub fn solve(
        &mut self,
        a: &Csr<T>,
        b: &[T],
        change: Change,
        x: &mut [T],
        observer: &mut dyn Observer<T>,
    ) -> Result<TunedSolve<T::Real>, SolveError> {
        let started = Instant::now();
        let extra = self.describe(a, change);
        let choice = self.choose();
        let way = self.way(choice.index);
        let backstop = self.finisher(choice.index).map(|arm| Backstop {
            iterations: choice.budget.unwrap_or(usize::MAX),
            time: choice.time,
            safe: self.way(arm),
        });
        let mut overhead = started.elapsed();
        let bounds = backstop.as_ref();
        let solved = match &mut self.ritz {
            Some(ritz) => {
                ritz.forget();
                let mut both = Both { ritz, observer };
                self.sequence.solve(a, b, Some(&way), bounds, x, &mut both)
            }
            None => self.sequence.solve(a, b, Some(&way), bounds, x, observer),
        };
        let solved = match solved {
            Err(SolveError::Precond(_) | SolveError::Factorization { .. }) if self.t > 0 => {
                let solved = self.sequence.solve(a, b, None, None, x, observer)?;
                Solved {
                    capped: true,
                    ..solved
                }
            }
            other => other?,
        };
        let started = Instant::now();
        let cost = match self.config.cost {
            CostKind::Iterations => (solved.report.iterations + extra) as f64,
            CostKind::Work => solved.work + extra as f64 + self.read,
            CostKind::Time => (overhead + solved.setup + solved.solve).as_secs_f64(),
        };
        let stopped = solved.report.reason == StopReason::Interrupted;
        if solved.report.iterations > 0 && !stopped {
            self.learn(&choice, cost, &solved);
            self.read_off(&choice, &solved);
        }
        overhead += started.elapsed();
        Ok(TunedSolve {
            solved,
            choice,
            cost,
            extra_matvecs: extra,
            read: self.read,
            overhead,
        })
    }

    /// Looks at the matrix. Returns the products with A that this took.
    fn describe(&mut self, a: &Csr<T>, change: Change) -> usize {
        if change == Change::Nothing && self.t > 0 {
            self.read = 0.0;
            return 0;
        }
        (self.matrix, self.read) = MatrixContext::of(a, &mut self.diagonal);
        let Some(tracker) = &mut self.tracker else {
            return 0;
        };
        // where there is no estimate, that of the matrix before has to do
        match tracker.track(a) {
            Ok(found) => {
                self.beta = found.high;
                found.matvecs
            }
            Err(_) => 1,
        }
    }

    /// Draws an arm.
    fn choose(&mut self) -> Choice {
        let context = match self.config.context {
            ContextKind::None => SmallVec::new(),
            ContextKind::Matrix => smallvec![self.matrix.difficulty],
            ContextKind::Gershgorin => smallvec![self.matrix.gershgorin],
            ContextKind::Contrast => smallvec![self.matrix.contrast],
            // nothing was read: it is the matrix before
            ContextKind::Change if self.read == 0.0 => smallvec![0.0],
            ContextKind::Change => smallvec![self.matrix.change],
            ContextKind::Given => SmallVec::from_slice(&self.given),
        };
        self.tuner.distribution(&context, &mut self.p);
        let mut rng = ChaCha8Rng::seed_from_u64(own_seed(self.config.seed));
        rng.set_stream(self.t); // what is drawn depends on the seed and the number of the decision
        let index = draw(&self.p, rng.random());
        let mut expected = [f64::NAN];
        self.typical.predict(&context, &mut expected);
        let bounded = self.config.backstop && self.finisher(index).is_some();
        // iterations of different methods say nothing of each other
        let comparable = self.config.configs.is_empty() || self.timed();
        let budget = Some(expected[0]).filter(|k| k.is_finite() && bounded && comparable);
        let arm = self.arms[index];
        Choice {
            index,
            arm,
            probability: self.p[index],
            omega: self
                .way(index)
                .omega()
                .filter(|_| !matches!(arm, Arm::Adaptive(_))),
            budget: budget
                .filter(|_| !self.timed())
                .map(|k| (BUDGET * k).max(LEAST) as usize),
            time: budget
                .filter(|_| self.timed())
                .and_then(|s| Duration::try_from_secs_f64(BUDGET * s).ok()),
            context,
        }
    }

    /// Whether budgets are of time.
    fn timed(&self) -> bool {
        !self.config.configs.is_empty() && self.config.cost == CostKind::Time
    }

    /// What an arm is called.
    pub fn label(&self, index: usize) -> String {
        match self.arms[index] {
            Arm::Config(k) => label::of(&self.config.configs[k]),
            arm => arm.to_string(),
        }
    }

    /// The way an arm stands for.
    fn way(&self, index: usize) -> Way<T::Real> {
        match self.arms[index] {
            Arm::Config(k) => self.config.configs[k],
            arm => arm.way(&self.config.way, self.beta),
        }
    }

    /// The arm that finishes what another one does not: the one that most often has done so, and
    /// before there is any the safe one.
    fn finisher(&self, index: usize) -> Option<usize> {
        let others = (0..self.arms.len()).filter(|&arm| arm != index && self.record[arm].0 > 0);
        let proven = others.max_by_key(|&arm| self.record[arm].0);
        proven.or(Some(self.safe).filter(|&safe| safe != index))
    }

    fn learn(&mut self, choice: &Choice, cost: f64, solved: &Solved<T::Real>) {
        self.t += 1;
        let record = &mut self.record[choice.index];
        match solved.capped || !solved.report.converged() {
            true => record.1 += 1,
            false => record.0 += 1,
        }
        let outcome = Outcome {
            context: &choice.context,
            arm: choice.index,
            probability: choice.probability,
            place: choice.omega.map(position),
            cost,
        };
        self.tuner.observe(&outcome);
        // what the finisher took is what a solve takes
        let before = solved.attempts.iter();
        let cost = match self.timed() {
            true => {
                let wasted = before.map(|attempt| attempt.solve).sum();
                solved.solve.saturating_sub(wasted).as_secs_f64()
            }
            false => {
                let wasted = before.map(|attempt| attempt.iterations).sum();
                solved.report.iterations.saturating_sub(wasted) as f64
            }
        };
        self.typical.observe(&Outcome {
            arm: 0,
            probability: 1.0,
            cost,
            ..outcome
        });
    }
}

/// A seed apart from that of whoever uses the same one for the systems themselves: draws of arms that
/// go along with draws of systems would teach a tuner things that are not so.
pub(crate) fn own_seed(seed: u64) -> u64 {
    (seed ^ 0x7075_6c6c_6172_6d73).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// The arm at a number in [0, 1).
fn draw(p: &[f64], mut at: f64) -> usize {
    for (i, p) in p.iter().enumerate() {
        if at < *p {
            return i;
        }
        at -= p;
    }
    p.iter().rposition(|p| *p > 0.0).unwrap_or(0)
}
