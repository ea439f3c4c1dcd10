//! What a tuned sequence has learned, saved and gone on with.

use super::Tuned;
use crate::arm::Arm;
use crate::context::MatrixContext;
use crate::tuner::{StateError, Tuner};
use resolvent_matrices::{Complex, Scalar};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Of the format.
const VERSION: u32 = 1;

/// Everything a run needs to choose as if it had not been stopped; what the sequence keeps besides
/// (solutions, for initial guesses) is not in it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TunedState {
    version: u32,
    arms: Vec<Arm>,
    decisions: u64,
    tuner: Value,
    typical: Value,
    record: Vec<(u64, u64)>,
    beta: f64,
    /// The Ritz vector, real and imaginary parts in turn, and the gap above its value.
    tracked: (Vec<f64>, f64),
    diagonal: Vec<f64>,
    matrix: MatrixContext,
}

/// What is known of a matrix: all that a solve changes in a tuner before it learns from the outcome.
#[derive(Debug, Clone)]
pub struct Described<T> {
    beta: f64,
    tracked: Option<(Vec<T>, f64)>,
    diagonal: Vec<f64>,
    matrix: MatrixContext,
}

impl<T: Scalar> Tuned<T> {
    /// What is known of the matrix of the system before, for [`Tuned::undescribe`].
    pub fn described(&self) -> Described<T> {
        let carried = |(vector, gap): (&[T], f64)| (vector.to_vec(), gap);
        Described {
            beta: self.beta,
            tracked: self
                .tracker
                .as_ref()
                .map(|tracker| carried(tracker.carried())),
            diagonal: self.diagonal.clone(),
            matrix: self.matrix,
        }
    }

    /// Forgets a matrix whose solve was interrupted, so that solving it again later goes the same way as
    /// if it had not been begun.
    pub fn undescribe(&mut self, before: Described<T>) {
        if let (Some(tracker), Some((vector, gap))) = (&mut self.tracker, &before.tracked) {
            tracker.carry(vector, *gap);
        }
        self.beta = before.beta;
        self.diagonal = before.diagonal;
        self.matrix = before.matrix;
    }

    /// What it has learned.
    pub fn save(&self) -> TunedState {
        let tracked = self.tracker.as_ref().map(|tracker| {
            let (u, gap) = tracker.carried();
            let parts = |u: &T| [u.to_c64().re, u.to_c64().im];
            (u.iter().flat_map(parts).collect(), gap)
        });
        TunedState {
            version: VERSION,
            arms: self.arms.clone(),
            decisions: self.t,
            tuner: self.tuner.save(),
            typical: self.typical.save(),
            record: self.record.clone(),
            beta: self.beta,
            tracked: tracked.unwrap_or_default(),
            diagonal: self.diagonal.clone(),
            matrix: self.matrix,
        }
    }

    /// Goes on from what was saved: with the same configuration and costs that do not depend on
    /// the clock, with the same choices.
    ///
    /// # Errors
    /// [`StateError`] where it is of another version, tuner or set of arms.
    pub fn restore(&mut self, state: &TunedState) -> Result<(), StateError> {
        let wrong = |problem: String| {
            Err(StateError {
                tuner: self.tuner.name().into(),
                problem,
            })
        };
        if state.version != VERSION {
            return wrong(format!(
                "version {} of the format, not {VERSION}",
                state.version
            ));
        }
        if state.arms != self.arms || state.record.len() != self.arms.len() {
            return wrong("it chooses among other arms".into());
        }
        self.tuner.restore(&state.tuner)?;
        self.typical.restore(&state.typical)?;
        if let Some(tracker) = &mut self.tracker {
            let (parts, gap) = &state.tracked;
            let whole = |p: &[f64]| T::from_c64(Complex::new(p[0], p[1]));
            let vector: Vec<T> = parts.chunks_exact(2).map(whole).collect();
            tracker.carry(&vector, *gap);
        }
        self.t = state.decisions;
        self.record.clone_from(&state.record);
        self.beta = state.beta;
        self.diagonal.clone_from(&state.diagonal);
        self.matrix = state.matrix;
        Ok(())
    }
}
