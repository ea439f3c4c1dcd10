//! Going on with a run that was stopped.

use super::Run;
use super::state::{self, State, StreamState};
use crate::cli::error::CliError;
use crate::cli::input::Double;
use std::path::Path;

impl<T: Double> Run<'_, T> {
    /// Goes on where a run before has stopped; returns the number of its next system.
    pub(super) fn resume(&mut self, state: State, path: &Path) -> Result<usize, CliError> {
        state.belongs_to(&self.fingerprint(), path)?;
        let (next, systems) = (state.next, self.source.len());
        if next > systems {
            return Err(CliError::State {
                path: path.into(),
                problem: format!(
                    "{next} systems are done in this state, and there are {systems}: the source is not what it was; begin anew with another file"
                ),
            });
        }
        let saved = state.streams.iter().map(|stream| stream.name.as_str());
        if !saved.eq(self.streams.iter().map(|stream| stream.name.as_str())) {
            return Err(CliError::State {
                path: path.into(),
                problem: "the list has other streams now than when this was written; begin anew with another file"
                    .into(),
            });
        }
        let tuned = self.args.tuning.asked();
        let lost = |s: &StreamState| tuned && s.totals.systems > 0 && s.tuner.is_none();
        if state.streams.iter().any(lost) {
            return Err(CliError::State {
                path: path.into(),
                problem:
                    "what the tuner has learned is missing in it; begin anew with another file"
                        .into(),
            });
        }
        for (stream, state) in self.streams.iter_mut().zip(state.streams) {
            stream.restore(state);
        }
        self.source.restore(state.next, &state.source)?;
        Ok(state.next)
    }

    /// Writes where the run stands.
    pub(super) fn save(&mut self, next: usize) -> Result<(), CliError> {
        if let Some(log) = &mut self.log {
            log.flush()?;
        }
        let Some(path) = &self.args.state else {
            return Ok(());
        };
        State {
            version: state::VERSION,
            run: self.fingerprint(),
            next,
            streams: self.streams.iter_mut().map(|s| s.save()).collect(),
            source: self.source.save(),
        }
        .write(path)
    }

    /// What must be the same for a run to go on.
    fn fingerprint(&self) -> String {
        let args = self.args;
        let rhs = args.rhs.as_ref();
        let rhs = rhs.map_or(String::new(), |rhs| format!(" --rhs {}", rhs.display()));
        let given = |flag: &str, value: Option<String>| {
            value.map_or(String::new(), |value| format!(" --{flag} {value}"))
        };
        let tolerance = &args.tolerance;
        [
            format!("{}{rhs}", self.source.identity()),
            format!(
                " --solver {} --precond {}",
                args.how.solver, args.how.precond
            ),
            given("omega", args.how.omega.map(|w| w.to_string())),
            given("restart", args.how.restart.map(|m| m.to_string())),
            format!(" --rtol {:e} --atol {:e}", tolerance.rtol, tolerance.atol),
            given("max-iters", tolerance.max_iters.map(|k| k.to_string())),
            format!(" --x0 {} --seed {}", self.guess.name(), args.common.seed),
            args.tuning.fingerprint(),
            given("model", self.model.clone()),
        ]
        .concat()
    }
}
