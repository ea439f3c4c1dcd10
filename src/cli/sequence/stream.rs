//! One equation of a code: its systems share what is carried and what is learned, with no other.

use super::carrier::Carrier;
use super::hindsight::Hindsight;
use super::report::{Summary, Totals};
use super::state::{Space, StreamState};
use super::tuning::Tuning;
use crate::cli::input::Double;
use resolvent::Method;
use resolvent::solvers::{SequenceConfig, Way};
use std::collections::BTreeMap;

pub struct Stream<T: Double> {
    /// Empty where there is no other.
    pub name: String,
    pub carrier: Carrier<T>,
    /// A network whose method was left open, and what usually is served by it: the matrices decide.
    pub open: Option<Method<f64>>,
    pub totals: Totals,
    pub hindsight: Option<Hindsight<T>>,
    /// The solution of its last system.
    pub x: Vec<T>,
    /// Who solved it.
    pub names: [String; 2],
    /// What was said of its recycled space.
    pub recycling: Option<String>,
    /// Of a tuner that was saved, until it is made again.
    experts: BTreeMap<String, f64>,
}

impl<T: Double> Stream<T> {
    pub fn new(
        name: String,
        config: SequenceConfig<f64>,
        way: Option<Way<f64>>,
        tuning: &Tuning,
        method: Option<Method<f64>>,
    ) -> Self {
        Self {
            name,
            carrier: Carrier::new(config, way, tuning),
            open: None,
            totals: Totals::default(),
            hindsight: tuning.hindsight.then(|| Hindsight::new(method)),
            x: Vec::new(),
            names: ["auto"; 2].map(String::from),
            recycling: None,
            experts: BTreeMap::new(),
        }
    }

    /// In place of an iterate that is not finite, the last solution: what a resumed run is given.
    pub fn mend(&mut self) {
        if self.x.iter().all(|v| v.is_finite()) {
            return;
        }
        match self.carrier.sequence().and_then(|s| s.kept().next()) {
            Some(last) if last.len() == self.x.len() => self.x.copy_from_slice(last),
            _ => self.x.fill(T::ZERO),
        }
    }

    /// Goes on as a run before has left it.
    pub fn restore(&mut self, state: StreamState) {
        self.totals = state.totals;
        self.names = state.names;
        self.recycling = state.recycling;
        self.experts = state.experts;
        for solution in state.solutions.iter().rev() {
            self.x = T::from_parts(solution);
            self.carrier.keep(self.x.clone());
        }
        let recycled = state.recycled.into_iter().map(Space::whole);
        self.carrier.recycle(recycled.collect());
        self.carrier.resume(state.tuner);
        if let (Some(hindsight), Some(sums)) = (&mut self.hindsight, state.hindsight) {
            hindsight.sums = sums;
        }
    }

    pub fn save(&mut self) -> StreamState {
        StreamState {
            name: self.name.clone(),
            totals: self.totals,
            names: self.names.clone(),
            recycling: self.recycling.clone(),
            experts: self.experts(),
            solutions: self.carrier.kept(),
            recycled: self
                .carrier
                .recycled()
                .into_iter()
                .map(Space::new)
                .collect(),
            tuner: self.carrier.learned(),
            hindsight: self.hindsight.as_ref().map(|h| h.sums.clone()),
        }
    }

    /// The experts of the tuner and their weights.
    fn experts(&self) -> BTreeMap<String, f64> {
        match &self.carrier {
            Carrier::Waiting { .. } => self.experts.clone(),
            made => made.weights().into_iter().collect(),
        }
    }

    /// What the closing words say of it.
    pub fn summary(&self) -> Summary {
        let [solver, precond] = self.names.clone();
        let again = self.hindsight.as_ref().map(|hindsight| &hindsight.sums);
        Summary {
            solver: Some(solver),
            precond: Some(precond),
            recycling: self.recycling.clone(),
            experts: self.experts(),
            best_fixed: again.and_then(|sums| sums.best_fixed()),
            oracle: again.and_then(|sums| sums.oracle()),
            golden: again.and_then(|sums| sums.golden()),
            hindsight_failed: again.map_or(0, |sums| sums.failed()),
            ..Summary::of(&self.totals)
        }
    }
}
