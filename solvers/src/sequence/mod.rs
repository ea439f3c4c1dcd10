//! Systems in order, A₁x₁ = b₁, A₂x₂ = b₂, …, and what is carried from one to the next.
//!
//! - Setup: each [`Way`] that is used is built once. For the next matrix of the same pattern it
//!   only takes the new values (symbolic work and storage stay), for the same matrix nothing.
//! - Solutions: the initial guess, by a [`Guess`] rule.
//! - The choice: where the way is left open, what [`Auto`] found for one system is the first to be
//!   tried on the next, and it looks again only when that fails.
//!
//! A way that may fail can be given a [`Backstop`]: when it has used up its iterations, or breaks
//! down, a safe way finishes the same solve from the iterate that was reached.
//!
//! ```
//! use resolvent_matrices::{Csr, generate::Poisson};
//! use resolvent_solvers::{Change, Guess, Method, Precond, Sequence, SequenceConfig, Way};
//!
//! let mut a: Csr<f64> = Poisson::default().generate()?.matrix;
//! let n = a.nrows();
//! let way = Way { method: Method::Cg(Default::default()), precond: Precond::Ssor(Default::default()) };
//! let config = SequenceConfig { guess: Guess::Previous, ..Default::default() };
//! let mut sequence = Sequence::new(config);
//! let (mut x, mut b) = (vec![0.0; n], vec![1.0; n]);
//! for step in 0..5 {
//!     a.values_mut().iter_mut().for_each(|v| *v *= 1.01); // the next matrix, on the same pattern
//!     b[0] = step as f64;
//!     let solved = sequence.next(&a, &b, Change::Values, Some(&way), &mut x, &mut ())?;
//!     assert!(solved.report.converged());
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod backstop;
mod engine;
mod guess;
mod plug;
mod pod;
mod recycled;
mod tally;
#[cfg(test)]
mod tests;

pub use backstop::Backstop;
pub use guess::Guess;
pub use plug::Maker;

use crate::precond::Identity;
use crate::{
    Attempt, Auto, AutoConfig, Method, Nullspace, Observer, Precond, RecycledState, SolveError,
    SolveReport, Solver, Stopping, System, Way,
};
use backstop::Budget;
use engine::Engine;
use guess::Guesses;
use plug::Plugs;
use resolvent_matrices::{Csr, Real, Scalar, constant_nullspace};
use std::time::{Duration, Instant};
use tally::Tally;

/// What is new about the matrix of the next system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// Nothing: another right-hand side only.
    Nothing,
    /// Its values, on the same pattern.
    Values,
    /// Everything.
    Pattern,
}

/// Configuration of a [`Sequence`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SequenceConfig<R> {
    /// When to stop each solve.
    pub stopping: Stopping<R>,
    /// Where each solve begins.
    pub guess: Guess,
    /// The method, where a solve leaves its way open but not that.
    pub method: Option<Method<R>>,
    /// The preconditioner, likewise.
    pub precond: Option<Precond>,
    /// Take the constant vector as null space where every row of A sums to zero.
    pub detect_nullspace: bool,
    /// Largest size of the factors of a factorisation; `None`: no limit.
    pub max_bytes: Option<usize>,
}

impl<R: Real> Default for SequenceConfig<R> {
    /// From the guess given, with the null space looked for.
    fn default() -> Self {
        Self {
            stopping: Stopping::default(),
            guess: Guess::Given,
            method: None,
            precond: None,
            detect_nullspace: true,
            max_bytes: None,
        }
    }
}

/// One system of a sequence, solved.
#[derive(Debug, Clone, PartialEq)]
pub struct Solved<R> {
    /// How it ended; the counts are those of all attempts.
    pub report: SolveReport<R>,
    /// Method that finished it.
    pub solver: &'static str,
    /// Preconditioner that finished it.
    pub precond: &'static str,
    /// The first way did not finish it: out of its budget, or failed.
    pub capped: bool,
    /// Work in units of one product with A: products, applications of M⁻¹ by their size, and half a
    /// dozen passes over M for a setup; factorisations by their flops, 2.4 to an entry of A, and
    /// solves with the factors by their size. The same on every machine.
    pub work: f64,
    /// Time before the first iteration, of all attempts.
    pub setup: Duration,
    /// Time of the iterations, of all attempts.
    pub solve: Duration,
    /// What was tried before what finished it.
    pub attempts: Vec<Attempt>,
}

/// Systems in order, and what is carried from one to the next.
pub struct Sequence<T: Scalar> {
    config: SequenceConfig<T::Real>,
    guesses: Guesses<T>,
    /// Preconditioners of the caller's.
    plugs: Plugs<T>,
    engines: Vec<Engine<T>>,
    nullspace: Nullspace<T>,
    /// Counts the matrices.
    matrix: u64,
    /// Whether the null space of this matrix has been looked for.
    looked: bool,
    /// What `auto` found.
    found: Option<Way<T::Real>>,
    /// Where the solve at hand began.
    start: Vec<T>,
    /// Products with A that its initial guess took.
    guessed: usize,
    /// It ended with a residual above that of zero.
    worse: bool,
    /// Spaces to recycle, of ways that have no engine yet.
    waiting: Vec<(String, RecycledState)>,
}

impl<T: Scalar> Sequence<T> {
    /// Allocates nothing: what is needed is known when the first system is.
    pub fn new(config: SequenceConfig<T::Real>) -> Self {
        Self {
            config,
            guesses: Guesses::default(),
            plugs: Plugs::default(),
            engines: Vec::new(),
            nullspace: Nullspace::none(),
            matrix: 0,
            looked: false,
            found: None,
            start: Vec::new(),
            guessed: 0,
            worse: false,
            waiting: Vec::new(),
        }
    }

    /// Takes other bounds. What was built is kept only where they are the same.
    pub fn set_stopping(&mut self, stopping: Stopping<T::Real>) {
        if stopping != self.config.stopping {
            self.drop_engines();
        }
        self.config.stopping = stopping;
    }

    /// Says how the preconditioner that ways call [`Precond::Plugged`] is made; one of that name gives
    /// way. What is made is kept: for the next matrix of the same pattern it is updated.
    ///
    /// ```
    /// use resolvent_matrices::{Csr, generate::Poisson};
    /// use resolvent_solvers::{Change, Method, Precond, Sequence, Way, precond::Jacobi};
    ///
    /// let a: Csr<f64> = Poisson::default().generate()?.matrix;
    /// let (mut x, b) = (vec![0.0; a.nrows()], vec![1.0; a.nrows()]);
    /// let mut sequence = Sequence::new(Default::default());
    /// sequence.plug("mine", Box::new(|a| Ok(Box::new(Jacobi::new(a)?))));
    /// let way = Way { method: Method::Fcg(Default::default()), precond: Precond::Plugged("mine") };
    /// let solved = sequence.next(&a, &b, Change::Values, Some(&way), &mut x, &mut ())?;
    /// assert_eq!(solved.precond, "mine");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn plug(&mut self, name: &'static str, maker: Maker<T>) {
        self.drop_engines();
        self.plugs.insert(name, maker);
    }

    /// The next system from beginning to end: [`Sequence::advance`], [`Sequence::guess`],
    /// [`Sequence::solve`] and [`Sequence::keep`]. `x` receives the iterate reached, whatever the
    /// outcome.
    ///
    /// # Errors
    /// As [`Sequence::solve`].
    pub fn next(
        &mut self,
        a: &Csr<T>,
        b: &[T],
        change: Change,
        way: Option<&Way<T::Real>>,
        x: &mut [T],
        observer: &mut dyn Observer<T>,
    ) -> Result<Solved<T::Real>, SolveError> {
        self.advance(change);
        self.guess(a, b, x);
        let solved = self.solve(a, b, way, None, x, observer)?;
        self.keep(x);
        Ok(solved)
    }

    /// Says that solves from now on are of the next system.
    pub fn advance(&mut self, change: Change) {
        if change > Change::Nothing {
            self.matrix += 1;
            self.looked = false;
        }
        if change == Change::Pattern {
            self.drop_engines();
        }
        if change > Change::Nothing {
            self.guesses.advance();
        }
    }

    /// Writes the initial guess of the next system A x = b into x. The products with A that this
    /// takes ([`Guess::Pod`]) are counted with the next solve.
    pub fn guess(&mut self, a: &Csr<T>, b: &[T], x: &mut [T]) {
        self.guessed = self.guesses.write(self.config.guess, a, b, x);
    }

    /// Takes the solution of the system at hand, for the guesses of those to come. One that is not
    /// finite, or further from solving its system than zero is, is not taken.
    pub fn keep(&mut self, x: &[T]) {
        if !self.worse && x.iter().all(|v| v.is_finite()) {
            self.guesses.keep(self.config.guess, x);
        }
    }

    /// The solutions that are kept, the last one first: what a resumed run must be given again.
    pub fn kept(&self) -> impl Iterator<Item = &[T]> {
        self.guesses.known()
    }

    /// Drops everything carried; the configuration stays, and what was plugged in.
    pub fn forget(&mut self) {
        let plugs = std::mem::take(&mut self.plugs);
        *self = Self {
            plugs,
            ..Self::new(self.config)
        };
    }

    /// Solves the system at hand from the iterate in x: by the given way, or by what [`Auto`] finds
    /// where that is left open; with a backstop where one is given. Solving the same system again,
    /// another way, is allowed.
    ///
    /// # Errors
    /// [`SolveError`] on misuse, or when the last thing tried could not be set up or failed in a
    /// part. Not converging is `Ok`.
    pub fn solve(
        &mut self,
        a: &Csr<T>,
        b: &[T],
        way: Option<&Way<T::Real>>,
        backstop: Option<&Backstop<T::Real>>,
        x: &mut [T],
        observer: &mut dyn Observer<T>,
    ) -> Result<Solved<T::Real>, SolveError> {
        let solved = self.run(a, b, way, backstop, x, observer);
        self.worse = match &solved {
            Ok(solved) => solved.report.residual_norm > solved.report.rhs_norm,
            Err(_) => true,
        };
        solved
    }

    fn run(
        &mut self,
        a: &Csr<T>,
        b: &[T],
        way: Option<&Way<T::Real>>,
        backstop: Option<&Backstop<T::Real>>,
        x: &mut [T],
        observer: &mut dyn Observer<T>,
    ) -> Result<Solved<T::Real>, SolveError> {
        if !self.looked {
            self.nullspace = match self.config.detect_nullspace && constant_nullspace(a.view()) {
                true => Nullspace::constant(),
                false => Nullspace::none(),
            };
            self.looked = true;
        }
        self.start.clear();
        self.start.extend_from_slice(x);
        let mut job = Job { a, b, x, observer };
        let mut tally = Tally::of_guess(std::mem::take(&mut self.guessed));
        let Some(first) = way.copied().or(self.found) else {
            return self.choose(&mut job, tally);
        };
        let ended = self.attempt(&first, backstop, &mut job, &mut tally);
        let last = way.is_some() && backstop.is_none();
        let arrived = |r: &SolveReport<T::Real>| r.converged() || tally.interrupted;
        if last || ended.as_ref().is_ok_and(arrived) {
            return Ok(tally.solved(ended?, &first));
        }
        tally.close(&first, &ended);
        let usable = ended.is_ok_and(|r| r.residual_norm <= tally.first_residual);
        if !usable || !job.x.iter().all(|v| v.is_finite()) {
            job.x.copy_from_slice(&self.start);
        }
        match backstop {
            Some(Backstop { safe, .. }) => {
                let ended = self.attempt(safe, None, &mut job, &mut tally);
                Ok(tally.solved(ended?, safe))
            }
            None => {
                job.x.copy_from_slice(&self.start);
                self.choose(&mut job, tally)
            }
        }
    }

    /// One way, from the iterate in x.
    fn attempt(
        &mut self,
        way: &Way<T::Real>,
        bounds: Option<&Backstop<T::Real>>,
        job: &mut Job<'_, T>,
        tally: &mut Tally<T::Real>,
    ) -> Result<SolveReport<T::Real>, SolveError> {
        let started = Instant::now();
        job.observer.begin(way.method.name(), way.precond.name());
        let a = job.a;
        let engine = match self.engines.iter().position(|engine| engine.serves(way)) {
            Some(at) => &mut self.engines[at],
            None => {
                let mut engine = Engine::new(way, a, self.config.stopping, &mut self.plugs)?;
                self.hand_over(&mut engine);
                self.engines.push(engine);
                let last = self.engines.len() - 1;
                &mut self.engines[last]
            }
        };
        tally.work += engine.refresh(way, a, self.matrix)?;
        let ready = Instant::now();
        let mut budget = Budget::new(bounds, job.observer);
        let weight = engine.weight(a);
        let (ended, work) = engine.solve(a, job.b, &self.nullspace, job.x, &mut budget);
        tally.work += work;
        tally.interrupted = budget.interrupted();
        tally.first_residual = budget.first();
        if let Ok(report) = &ended {
            tally.add(report, [weight, engine.weight(a)]);
        }
        tally.setup += ready - started;
        tally.solve += ready.elapsed();
        ended
    }

    /// What [`Auto`] finds, from the iterate in x; kept for the systems to come.
    fn choose(
        &mut self,
        job: &mut Job<'_, T>,
        mut tally: Tally<T::Real>,
    ) -> Result<Solved<T::Real>, SolveError> {
        let mut auto = Auto::new(AutoConfig {
            stopping: self.config.stopping,
            method: self.config.method,
            precond: self.config.precond,
            given: false,
            max_bytes: self.config.max_bytes,
            detect_nullspace: self.config.detect_nullspace,
        });
        let mut none = Identity;
        let system = System::new(job.a, job.b, &mut none);
        let report = auto.solve(system, job.x, job.observer)?;
        self.found = auto.winner();
        tally.take(&auto);
        Ok(tally.ended(report))
    }
}

/// What is solved, and from where.
struct Job<'a, T: Scalar> {
    a: &'a Csr<T>,
    b: &'a [T],
    x: &'a mut [T],
    observer: &'a mut dyn Observer<T>,
}
