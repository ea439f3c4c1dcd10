//! What a tuned sequence has learned, saved and gone on with.

use super::Tuned;
use crate::arm::Arm;
use crate::context::MatrixContext;
use crate::tuner::{Check, StateError, Tuner};
use resolvent_matrices::{Complex, Scalar};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Of the format.
const VERSION: u32 = 2;

/// Everything a run needs to choose as if it had not been stopped; what the sequence keeps besides
/// (solutions, for initial guesses) is not in it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TunedState {
    version: u32,
    /// What must be the same for it to go on, by their names: learner, context, cost.
    kind: String,
    context: String,
    cost: String,
    seed: u64,
    arms: Vec<Arm>,
    decisions: u64,
    tuner: Value,
    typical: Value,
    record: Vec<(u64, u64)>,
    beta: f64,
    /// Where β is estimated.
    tracked: Option<Ritz>,
    diagonal: Vec<f64>,
    matrix: MatrixContext,
}

/// What is carried of an estimate of β.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Ritz {
    /// Of the matrix; 0 before there is a vector.
    rows: usize,
    /// The Ritz vector, real and imaginary parts in turn, …
    vector: Vec<f64>,
    /// … and the gap above its value.
    gap: f64,
}

impl Ritz {
    fn new<T: Scalar>((vector, gap): (&[T], f64)) -> Self {
        let parts = |u: &T| [u.to_c64().re, u.to_c64().im];
        Self {
            rows: vector.len(),
            vector: vector.iter().flat_map(parts).collect(),
            gap,
        }
    }

    /// The vector, if it is one.
    fn whole<T: Scalar>(&self, check: Check) -> Result<Vec<T>, StateError> {
        let parts = self.rows.saturating_mul(2);
        check.count("tracked", self.vector.len(), parts)?;
        check.finite("tracked", &self.vector)?;
        let gap = (0.0..=2.0).contains(&self.gap);
        check.that(gap, format!("tracked: a gap of {}", self.gap))?;
        let mut pairs = self.vector.chunks_exact(2);
        let real = T::IS_COMPLEX || pairs.all(|p| p[1] == 0.0);
        check.that(real, "tracked: it is of a complex matrix")?;
        let pairs = self.vector.chunks_exact(2);
        let vector: Vec<T> = pairs
            .map(|p| T::from_c64(Complex::new(p[0], p[1])))
            .collect();
        let finite = vector.iter().all(|v| v.is_finite());
        check.that(finite, "tracked: it does not fit these numbers")?;
        Ok(vector)
    }
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
        let tracker = self.tracker.as_ref();
        TunedState {
            version: VERSION,
            kind: self.config.tuner.name().into(),
            context: self.config.context.name().into(),
            cost: self.config.cost.name().into(),
            seed: self.config.seed,
            arms: self.arms.clone(),
            decisions: self.t,
            tuner: self.tuner.save(),
            typical: self.typical.save(),
            record: self.record.clone(),
            beta: self.beta,
            tracked: tracker.map(|tracker| Ritz::new(tracker.carried())),
            diagonal: self.diagonal.clone(),
            matrix: self.matrix,
        }
    }

    /// Goes on from what was saved: with the same configuration and costs that do not depend on
    /// the clock, with the same choices.
    ///
    /// # Errors
    /// [`StateError`] where it is of another version, learner, context, cost, seed or set of arms, or none
    /// that a sequence comes to. Nothing has changed then.
    pub fn restore(&mut self, state: &TunedState) -> Result<(), StateError> {
        let check = Check(self.tuner.name());
        let version = state.version;
        check.that(
            version == VERSION,
            format!("version {version} of the format, not {VERSION}"),
        )?;
        let config = &self.config;
        for (what, found, own) in [
            ("learner", &state.kind, config.tuner.name()),
            ("context", &state.context, config.context.name()),
            ("cost", &state.cost, config.cost.name()),
        ] {
            check.that(
                found == own,
                format!("its {what} is {found}, here it is {own}"),
            )?;
        }
        check.that(
            state.seed == config.seed,
            format!("its seed is {}, here it is {}", state.seed, config.seed),
        )?;
        let arms = state.arms == self.arms;
        check.that(arms, "it chooses among other arms")?;
        check.decisions(&[state.decisions])?;
        check.count("record", state.record.len(), self.arms.len())?;
        let outcomes = state.record.iter().flat_map(|&(done, not)| [done, not]);
        check.sum("record", outcomes, state.decisions)?;
        let beta = (0.0..1.0).contains(&state.beta);
        check.that(beta, format!("beta = {}", state.beta))?;
        check.finite("diagonal", &state.diagonal)?;
        let MatrixContext {
            difficulty,
            gershgorin,
            contrast,
            change,
        } = state.matrix;
        check.finite("matrix", &[difficulty, gershgorin, contrast, change])?;
        let tracks = state.tracked.is_some() == self.tracker.is_some();
        check.that(
            tracks,
            "tracked: beta is estimated in one of the two runs alone",
        )?;
        let tracked = state.tracked.as_ref();
        let vector = tracked.map(|ritz| ritz.whole::<T>(check)).transpose()?;
        let mut typical = self.typical.clone();
        typical.restore(&state.typical)?;
        self.tuner.restore(&state.tuner)?;
        // nothing fails from here on
        self.typical = typical;
        if let (Some(tracker), Some(vector), Some(ritz)) = (&mut self.tracker, vector, tracked) {
            tracker.carry(&vector, ritz.gap);
        }
        self.t = state.decisions;
        self.record.clone_from(&state.record);
        self.beta = state.beta;
        self.diagonal.clone_from(&state.diagonal);
        self.matrix = state.matrix;
        Ok(())
    }
}
