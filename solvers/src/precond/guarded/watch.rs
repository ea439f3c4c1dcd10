//! Whether to stay with a preconditioner, from what each iteration gains. Plain numbers, no vectors.

use super::GuardedConfig;
use crate::precond::Distrust;
use std::time::Instant;

/// What follows from an iteration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Go on with what is applied.
    Stay,
    /// Apply the fallback, on trial.
    Try,
    /// The trial is over: apply the first one again.
    Return,
    /// Apply the fallback from now on.
    Leave(Distrust),
}

/// Windows that a solve may still take before a trial is worth while.
const NEARLY_THERE: f64 = 3.0;

/// How many times the iterations it promised a solve may take before that promise is broken.
const LATE: f64 = 2.0;

/// By how much longer each trial waits than the one before.
const LONGER: usize = 4;

/// The largest contraction of a window that can be told from none, as the basis of an extrapolation.
const FLAT: f64 = 0.999;

/// −ln of the contraction of a window below which there is no progress to speak of.
const NOTHING: f64 = 0.01;

/// One window.
#[derive(Debug, Clone, Copy, Default)]
struct Tally {
    steps: usize,
    /// Sum of the energy gains.
    energy: f64,
    /// Residual norms before and after.
    first: f64,
    last: f64,
    seconds: f64,
}

/// Who is applied.
#[derive(Debug, Clone, Copy)]
enum Phase {
    /// The first one.
    Inner,
    /// The fallback, on trial; its first window, once that is complete.
    Trial(Option<Tally>),
}

/// The state of the judgement, within one solve.
#[derive(Debug, Clone)]
pub struct Watch {
    config: GuardedConfig,
    phase: Phase,
    now: Tally,
    /// The last window of the first one.
    inner: Tally,
    /// Iterations in this phase, and the residual norm at its beginning.
    steps: usize,
    since: f64,
    /// Iterations of this phase before which no trial begins.
    earliest: usize,
    /// Iterations of this phase by which the solve was to be over.
    promised: Option<f64>,
    /// When the iteration before was done.
    clock: Option<Instant>,
    begun: bool,
}

impl Watch {
    pub fn new(config: GuardedConfig) -> Self {
        Self {
            config,
            phase: Phase::Inner,
            now: Tally::default(),
            inner: Tally::default(),
            steps: 0,
            since: 0.0,
            earliest: 0,
            promised: None,
            clock: None,
            begun: false,
        }
    }

    /// Takes in an iteration: the energy it gained, the residual norm after it, and the one to arrive at.
    pub fn gained(&mut self, energy: Option<f64>, residual: f64, target: f64) -> Verdict {
        let seconds = self.lap();
        if !self.begun {
            // the residual before the first iteration is not known
            (self.begun, self.since, self.now.first) = (true, residual, residual);
            return Verdict::Stay;
        }
        self.steps += 1;
        self.now.steps += 1;
        self.now.energy += energy.filter(|e| e.is_finite()).unwrap_or(0.0);
        self.now.last = residual;
        self.now.seconds += seconds;
        if self.now.steps < self.config.window.max(1) {
            return Verdict::Stay;
        }
        let window = self.now;
        self.now = Tally {
            first: residual,
            ..Tally::default()
        };
        match self.phase {
            Phase::Inner => {
                self.inner = window;
                if energy.is_some() && window.energy <= 0.0 {
                    return Verdict::Leave(Distrust::NoProgress);
                }
                if !self.due(residual, target) {
                    return Verdict::Stay;
                }
                self.phase = Phase::Trial(None);
                self.clock = self.clock.map(|_| Instant::now());
                Verdict::Try
            }
            Phase::Trial(None) => {
                self.phase = Phase::Trial(Some(window));
                Verdict::Stay
            }
            Phase::Trial(Some(first)) => {
                if let Some(why) = self.better(energy.is_some(), &first, &window) {
                    return Verdict::Leave(why);
                }
                self.phase = Phase::Inner;
                (self.steps, self.since, self.promised) = (0, residual, None);
                self.earliest = LONGER * self.earliest.max(self.config.window.max(1));
                Verdict::Return
            }
        }
    }

    /// Why the first one is not trusted any more, where the solve ended while the fallback was on trial.
    pub fn unfinished(&self) -> Distrust {
        match self.inner.last > FLAT * self.inner.first {
            true => Distrust::NoProgress,
            false => Distrust::Slow,
        }
    }

    /// Seconds since the iteration before.
    fn lap(&mut self) -> f64 {
        if self.config.relative_cost.is_some() {
            return 0.0;
        }
        let now = Instant::now();
        let before = self.clock.replace(now);
        before.map_or(0.0, |before| (now - before).as_secs_f64())
    }

    /// Whether the fallback is to be tried.
    fn due(&mut self, residual: f64, target: f64) -> bool {
        let steps = self.steps as f64;
        if self.steps < self.earliest {
            return false;
        }
        if let Some(promised) = self.promised {
            return steps > promised;
        }
        let (done, left) = ((self.since / residual).ln(), (residual / target).ln());
        let more = steps * left / done; // iterations to come, at the rate so far
        if done > 0.0 && more <= NEARLY_THERE * self.config.window as f64 {
            self.promised = Some(steps + LATE * more);
            return false;
        }
        true
    }

    /// Why the fallback is better, if it is, from the two windows of its trial.
    fn better(&self, energy: bool, first: &Tally, second: &Tally) -> Option<Distrust> {
        let (mine, its) = if energy {
            let ratio = second.energy / first.energy;
            if ratio.is_nan() || ratio < 0.0 {
                return None; // it gained nothing at all
            }
            let contraction = ratio.min(FLAT);
            // the error at the beginning of the trial is all that is gained from there on
            let error = first.energy + second.energy / (1.0 - contraction);
            (
                -(error / (error + self.inner.energy)).ln(),
                -contraction.ln(),
            )
        } else {
            let fall = |from: f64, to: f64| (from / to).ln().max(0.0);
            let its = fall(first.first, second.last) / 2.0;
            (fall(self.inner.first, self.inner.last), its)
        };
        let cost = match self.config.relative_cost {
            Some(cost) => cost,
            None => 2.0 * self.inner.seconds / (first.seconds + second.seconds),
        };
        if mine < NOTHING && its > 2.0 * mine {
            return Some(Distrust::NoProgress);
        }
        (its * cost > self.config.margin * mine).then_some(Distrust::Slow)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> GuardedConfig {
        GuardedConfig {
            relative_cost: Some(1.0),
            ..GuardedConfig::default()
        }
    }

    /// Runs through iterations that contract the error energy by the factors given for the first
    /// preconditioner and for its fallback; returns what happened, and when.
    fn run(
        config: GuardedConfig,
        inner: f64,
        fallback: f64,
        by_energy: bool,
    ) -> Vec<(usize, Verdict)> {
        let (mut watch, mut error, mut trial) = (Watch::new(config), 1.0f64, false);
        let mut seen = Vec::new();
        for k in 1..=400 {
            let c = if trial { fallback } else { inner };
            let gain = error * (1.0 - c);
            error *= c;
            let residual = error.sqrt();
            if residual < 1e-8 {
                break;
            }
            match watch.gained(by_energy.then_some(gain), residual, 1e-8) {
                Verdict::Stay => {}
                verdict => {
                    seen.push((k, verdict));
                    trial = verdict == Verdict::Try;
                    if let Verdict::Leave(_) = verdict {
                        break;
                    }
                }
            }
        }
        seen
    }

    #[test]
    fn one_that_is_good_is_left_alone() {
        for by_energy in [true, false] {
            assert_eq!(run(config(), 0.05, 0.5, by_energy), []);
        }
    }

    #[test]
    fn a_better_fallback_is_found_in_one_trial() {
        for by_energy in [true, false] {
            let seen = run(config(), 0.9, 0.5, by_energy);
            assert_eq!(seen[0], (6, Verdict::Try));
            assert_eq!(seen[1], (16, Verdict::Leave(Distrust::Slow)));
        }
    }

    #[test]
    fn one_that_does_nothing_is_told_from_one_that_is_slow() {
        for by_energy in [true, false] {
            let seen = run(config(), 1.0 - 1e-9, 0.5, by_energy);
            assert_eq!(
                seen.last(),
                Some(&(16, Verdict::Leave(Distrust::NoProgress)))
            );
        }
    }

    #[test]
    fn a_worse_fallback_is_tried_ever_more_rarely() {
        for by_energy in [true, false] {
            let seen = run(config(), 0.9, 0.95, by_energy);
            let kinds: Vec<_> = seen.iter().map(|(_, verdict)| *verdict).collect();
            let pair = [Verdict::Try, Verdict::Return];
            assert!(
                kinds.chunks(2).all(|kind| kind == &pair[..kind.len()]),
                "{seen:?}"
            );
            let starts: Vec<_> = seen.iter().step_by(2).map(|(k, _)| *k).collect();
            let waits: Vec<_> = starts.windows(2).map(|w| w[1] - w[0]).collect();
            assert!(waits.windows(2).all(|w| w[1] > w[0]), "{starts:?}");
        }
    }

    #[test]
    fn cost_counts() {
        let dear = GuardedConfig {
            relative_cost: Some(20.0),
            ..config()
        };
        let seen = run(dear, 0.5, 0.9, true);
        assert_eq!(
            seen.last().map(|s| s.1),
            Some(Verdict::Leave(Distrust::Slow))
        );
        let cheap = GuardedConfig {
            relative_cost: Some(0.01),
            ..config()
        };
        assert!(
            run(cheap, 0.9, 0.5, true)
                .iter()
                .all(|s| !matches!(s.1, Verdict::Leave(_)))
        );
    }

    #[test]
    fn a_promise_that_is_not_kept_is_a_reason_for_a_trial() {
        let mut watch = Watch::new(config());
        let mut tried = None;
        for k in 1..100 {
            // falls fast, and then not at all
            let residual = if k < 7 { 10f64.powi(-k) } else { 1e-6 };
            if watch.gained(None, residual, 1e-8) == Verdict::Try {
                tried = Some(k);
                break;
            }
        }
        assert!(tried.is_some_and(|k| k < 20), "{tried:?}");
    }
}
