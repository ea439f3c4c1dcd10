//! One arm, always: what a tuner is measured against, and an expert.

use super::check::Check;
use super::{Outcome, StateError, Tuner, read, saved};
use serde_json::Value;

/// Always the same arm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fixed {
    arms: usize,
    arm: usize,
}

const NAME: &str = "fixed";

impl Fixed {
    /// Always `arm`, of `arms`; the last one where there are fewer.
    pub fn new(arms: usize, arm: usize) -> Self {
        Self {
            arms,
            arm: arm.min(arms.saturating_sub(1)),
        }
    }
}

impl Tuner for Fixed {
    fn name(&self) -> &'static str {
        NAME
    }

    fn arms(&self) -> usize {
        self.arms
    }

    fn distribution(&mut self, _: &[f64], p: &mut [f64]) {
        p.fill(0.0);
        p[self.arm] = 1.0;
    }

    fn observe(&mut self, _: &Outcome<'_>) {}

    fn save(&self) -> Value {
        saved(&self.arm)
    }

    fn restore(&mut self, value: &Value) -> Result<(), StateError> {
        let arm: usize = read(NAME, value)?;
        let problem = format!("it plays arm {arm}, not {}", self.arm);
        Check(NAME).that(arm == self.arm, problem)
    }
}
