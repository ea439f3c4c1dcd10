//! Ends an attempt that does not get on.

use crate::{CgCoefficients, Observer, Step, StopReason, Stopping};
use resolvent_matrices::{Real, Scalar};
use std::ops::ControlFlow;
use std::time::Instant;

/// Passes every step on, and ends an attempt that cannot arrive within its budget.
pub(super) struct Watch<'a, T: Scalar> {
    pub observer: &'a mut dyn Observer<T>,
    /// Which of all columns are being solved for.
    columns: Vec<usize>,
    /// How each of them gets on; the next step is of the current one.
    pub paces: Vec<Pace<T::Real>>,
    current: usize,
    /// Another attempt would follow: give up when the tolerance is out of reach.
    hurried: bool,
    /// The choice was not the caller's: give up when there is no progress.
    free: bool,
    stopping: Stopping<T::Real>,
    /// When the first iteration did: what a solver does before is setup (a factorisation).
    pub began: Option<Instant>,
}

/// How one column gets on.
pub(super) struct Pace<R> {
    target: R,
    first: Option<R>,
    least: R,
    /// Iterations done.
    k: usize,
    /// When the residual was last seen to have halved, and what it was then.
    halved: (usize, R),
    /// Why the solve was ended, if it was ended here.
    pub gave_up: Option<GaveUp>,
}

/// Why an attempt was ended before its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum GaveUp {
    /// At its rate it would not arrive within its budget.
    TooSlow,
    /// It makes no progress.
    Standstill,
}

/// Iterations before a rate of convergence is judged.
const PATIENCE: usize = 150;

/// How many times the budget a rate may promise: convergence often speeds up.
const HOPE: f64 = 4.0;

/// Iterations within which a residual that makes progress has halved.
const STANDSTILL: usize = 5000;

impl GaveUp {
    /// What a report says of it.
    pub fn reason(self) -> StopReason {
        match self {
            Self::TooSlow => StopReason::MaxIterations,
            Self::Standstill => StopReason::Stagnated,
        }
    }
}

impl<R: Real> Pace<R> {
    fn towards(target: R) -> Self {
        Self {
            target,
            first: None,
            least: R::INFINITY,
            k: 0,
            halved: (0, R::INFINITY),
            gave_up: None,
        }
    }

    /// Takes a residual in; whether it has not halved for long.
    fn stands_still(&mut self, k: usize, residual_norm: R) -> bool {
        if k == 0 {
            self.first = Some(residual_norm);
            self.least = R::INFINITY;
            self.halved = (0, residual_norm);
        }
        self.k = k;
        self.least = self.least.min(residual_norm);
        if self.least + self.least <= self.halved.1 {
            self.halved = (k, self.least);
        }
        k - self.halved.0.min(k) > STANDSTILL
    }

    /// Iterations from the first to the tolerance at the rate so far; ∞ without progress.
    pub fn promise(&self) -> f64 {
        let first = self.first.unwrap_or(R::INFINITY);
        let [first, least, target] = [first, self.least, self.target].map(|r| r.to_f64().ln());
        let whole = (first - target) * self.k as f64 / (first - least);
        if whole.is_nan() { f64::INFINITY } else { whole }
    }

    /// Whether the rate so far does not lead there in so many iterations.
    fn hopeless(&self, max_iters: usize) -> bool {
        let due = self.k >= PATIENCE && self.k.is_multiple_of(50);
        due && self.promise() > HOPE * max_iters as f64
    }
}

impl<'a, T: Scalar> Watch<'a, T> {
    pub fn new(
        observer: &'a mut dyn Observer<T>,
        stopping: Stopping<T::Real>,
        hurried: bool,
        free: bool,
    ) -> Self {
        Self {
            observer,
            columns: Vec::new(),
            paces: Vec::new(),
            current: 0,
            hurried,
            free,
            stopping,
            began: None,
        }
    }

    /// The steps that follow are of these columns, with these norms of b.
    pub fn expect(&mut self, columns: &[usize], norms: impl Iterator<Item = T::Real>) {
        let Stopping { rtol, atol, .. } = self.stopping;
        self.paces = norms.map(|b| Pace::towards((rtol * b).max(atol))).collect();
        self.columns = columns.to_vec();
        self.current = 0;
    }
}

impl<T: Scalar> Observer<T> for Watch<'_, T> {
    fn step(&mut self, step: &Step<'_, T>) -> ControlFlow<()> {
        self.began.get_or_insert_with(Instant::now);
        if let Some(pace) = self.paces.get_mut(self.current) {
            let still = pace.stands_still(step.k, step.residual_norm);
            pace.gave_up = if self.hurried && pace.hopeless(self.stopping.max_iters) {
                Some(GaveUp::TooSlow)
            } else {
                (self.free && still).then_some(GaveUp::Standstill)
            };
            if pace.gave_up.is_some() {
                // the last step is shown too
                let _ = self.observer.step(step);
                return ControlFlow::Break(());
            }
        }
        self.observer.step(step)
    }

    fn coefficients(&mut self, of: &CgCoefficients<T::Real>) {
        self.observer.coefficients(of);
    }

    fn column(&mut self, index: usize) {
        self.current = index;
        self.observer.column(self.columns[index]);
    }
}
