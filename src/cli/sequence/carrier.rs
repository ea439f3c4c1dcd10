//! What carries a run from system to system: a sequence by itself, or one that tunes itself.

use super::tuning::Tuning;
use crate::cli::error::CliError;
use crate::cli::input::Double;
use resolvent::models::{Choice, Tuned, TunedState};
use resolvent::solvers::{
    Change, Observer, RecycledState, Sequence, SequenceConfig, Solved, StopReason, Way,
};
use resolvent::{Csr, Method, Precond};
use std::path::Path;
use std::time::Duration;

/// The spaces that ways recycle, each with the name of its way.
pub type Recycled = Vec<(String, RecycledState)>;

pub enum Carrier<T: Double> {
    Plain {
        sequence: Box<Sequence<T>>,
        way: Option<Way<f64>>,
    },
    /// Is known when the first matrix is.
    Waiting {
        config: Box<SequenceConfig<f64>>,
        kept: Vec<Vec<T>>,
        state: Option<Box<TunedState>>,
        recycled: Recycled,
    },
    Tuned(Box<Tuned<T>>),
}

/// One system, solved.
pub struct Carried {
    pub solved: Solved<f64>,
    pub choice: Option<Choice>,
    pub label: Option<String>,
    pub cost: f64,
    pub extra_matvecs: usize,
    /// Of all that describing the matrix took, in products with A.
    pub extra_work: f64,
    pub overhead: Duration,
}

impl<T: Double> Carrier<T> {
    pub fn new(config: SequenceConfig<f64>, way: Option<Way<f64>>, tuning: &Tuning) -> Self {
        match tuning.asked() {
            false => Self::Plain {
                sequence: Box::new(Sequence::new(config)),
                way,
            },
            true => Self::Waiting {
                config: Box::new(config),
                kept: Vec::new(),
                state: None,
                recycled: Vec::new(),
            },
        }
    }

    /// Takes a solution that was saved, the oldest first.
    pub fn keep(&mut self, x: Vec<T>) {
        match self {
            Self::Plain { sequence, .. } => sequence.keep(&x),
            Self::Tuned(tuned) => tuned.sequence().keep(&x),
            Self::Waiting { kept, .. } => kept.push(x),
        }
    }

    /// The spaces that are carried.
    pub fn recycled(&mut self) -> Recycled {
        match self {
            Self::Waiting { recycled, .. } => recycled.clone(),
            other => other.sequence().map_or(Vec::new(), |s| s.recycled()),
        }
    }

    /// Takes spaces that were saved.
    pub fn recycle(&mut self, saved: Recycled) {
        match self {
            Self::Waiting { recycled, .. } => *recycled = saved,
            Self::Plain { sequence, .. } => sequence.restore(saved),
            Self::Tuned(tuned) => tuned.sequence().restore(saved),
        }
    }

    /// Goes on with the spaces of another system than the last.
    pub fn go_on_from(&mut self, saved: &Recycled) {
        match self {
            Self::Waiting { recycled, .. } => recycled.clone_from(saved),
            Self::Plain { sequence, .. } => sequence.go_on_from(saved),
            Self::Tuned(tuned) => tuned.sequence().go_on_from(saved),
        }
    }

    /// Takes what was learned before.
    pub fn resume(&mut self, learned: Option<TunedState>) {
        if let Self::Waiting { state, .. } = self {
            *state = learned.map(Box::new);
        }
    }

    /// Makes what waits for the first matrix.
    pub fn begin(
        &mut self,
        a: &Csr<T>,
        tuning: &Tuning,
        method: Option<Method<f64>>,
        precond: Option<Precond>,
        seed: u64,
        state_path: Option<&Path>,
    ) -> Result<(), CliError> {
        let Self::Waiting {
            config,
            kept,
            state,
            recycled,
        } = self
        else {
            return Ok(());
        };
        let config = tuning.config(a, method, precond, **config, seed)?;
        let mut tuned = Tuned::new(config).map_err(CliError::Tuned)?;
        if let Some(state) = state {
            tuned.restore(state).map_err(|problem| CliError::State {
                path: state_path.unwrap_or(Path::new("")).into(),
                problem: problem.to_string(),
            })?;
        }
        for x in kept.iter() {
            tuned.sequence().keep(x);
        }
        tuned.sequence().restore(std::mem::take(recycled));
        *self = Self::Tuned(Box::new(tuned));
        Ok(())
    }

    /// The sequence underneath; none before the first system of a tuned one.
    pub fn sequence(&mut self) -> Option<&mut Sequence<T>> {
        match self {
            Self::Plain { sequence, .. } => Some(sequence),
            Self::Tuned(tuned) => Some(tuned.sequence()),
            Self::Waiting { .. } => None,
        }
    }

    /// The solutions that are kept, the newest first.
    pub fn kept(&mut self) -> Vec<Vec<f64>> {
        match self {
            Self::Waiting { kept, .. } => kept.iter().rev().map(|x| T::to_parts(x)).collect(),
            other => {
                let sequence = other.sequence();
                sequence.map_or(Vec::new(), |s| s.kept().map(T::to_parts).collect())
            }
        }
    }

    pub fn learned(&self) -> Option<TunedState> {
        match self {
            Self::Plain { .. } => None,
            Self::Waiting { state, .. } => state.as_deref().cloned(),
            Self::Tuned(tuned) => Some(tuned.save()),
        }
    }

    /// The experts and their weights.
    pub fn weights(&self) -> Vec<(String, f64)> {
        match self {
            Self::Tuned(tuned) => tuned.weights(),
            _ => Vec::new(),
        }
    }

    /// The way a system is solved by where there is no choice.
    pub fn way(&self) -> Option<&Way<f64>> {
        match self {
            Self::Plain { way, .. } => way.as_ref(),
            _ => None,
        }
    }

    /// Where the method was left open: the one that the matrix at hand takes.
    pub fn serve(&mut self, method: Method<f64>) {
        if let Self::Plain { way: Some(way), .. } = self {
            way.method = method;
        }
    }

    /// Solves the system at hand from the iterate in x.
    pub fn solve(
        &mut self,
        a: &Csr<T>,
        b: &[T],
        change: Change,
        context: &[f64],
        x: &mut [T],
        observer: &mut dyn Observer<T>,
    ) -> Result<Carried, CliError> {
        match self {
            Self::Plain { sequence, way } => {
                // of −A, whether that is meant is seen by who reads the matrix: as in `solve`
                let negative = a.nrows() > 0 && a.view().get(0, 0).re() < 0.0;
                let way = way.filter(|way| !(negative && way.method.needs_hermitian()));
                let solved = sequence.solve(a, b, way.as_ref(), None, x, observer);
                let solved = solved.map_err(CliError::Solve)?;
                Ok(Carried {
                    cost: solved.report.iterations as f64,
                    solved,
                    choice: None,
                    label: None,
                    extra_matvecs: 0,
                    extra_work: 0.0,
                    overhead: Duration::ZERO,
                })
            }
            Self::Tuned(tuned) => {
                tuned.set_context(context);
                let before = tuned.described();
                let done = tuned
                    .solve(a, b, change, x, observer)
                    .map_err(CliError::Solve)?;
                if done.solved.report.reason == StopReason::Interrupted {
                    tuned.undescribe(before); // a state that is saved now is that before this system
                }
                Ok(Carried {
                    label: Some(tuned.label(done.choice.index)),
                    solved: done.solved,
                    choice: Some(done.choice),
                    cost: done.cost,
                    extra_matvecs: done.extra_matvecs,
                    extra_work: done.extra_matvecs as f64 + done.read,
                    overhead: done.overhead,
                })
            }
            Self::Waiting { .. } => Err(CliError::Tuned(resolvent::models::TunedError::NoArms)),
        }
    }
}
