//! What must hold of a state before a tuner goes on from it.
//!
//! Whatever a program may have done to the file of a state, a tuner goes on from one that it could have
//! come to by itself, or says what is wrong with it.

use super::StateError;

/// More decisions than anyone makes; below, a count is exact as a floating point number.
const DECISIONS: u64 = 1 << 53;

/// Checks the state of the tuner of this name, one thing after the other.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Check(pub &'static str);

impl Check {
    /// Refuses the state unless this holds.
    pub fn that(self, holds: bool, problem: impl Into<String>) -> Result<(), StateError> {
        match holds {
            true => Ok(()),
            false => Err(StateError {
                tuner: self.0.into(),
                problem: problem.into(),
            }),
        }
    }

    /// A list is as long as it must be.
    pub fn count(self, what: &str, found: usize, expected: usize) -> Result<(), StateError> {
        let problem = format!("{what}: {found} entries, there must be {expected}");
        self.that(found == expected, problem)
    }

    /// Numbers are finite.
    pub fn finite(self, what: &str, numbers: &[f64]) -> Result<(), StateError> {
        let wrong = numbers.iter().find(|number| !number.is_finite());
        let found = wrong.copied().unwrap_or(0.0);
        let problem = format!("{what}: {found} is not finite");
        self.that(wrong.is_none(), problem)
    }

    /// Numbers are finite, and not below the least.
    pub fn at_least(self, what: &str, numbers: &[f64], least: f64) -> Result<(), StateError> {
        self.finite(what, numbers)?;
        let wrong = numbers.iter().find(|number| **number < least);
        let found = wrong.copied().unwrap_or(0.0);
        let problem = format!("{what}: {found} is below {least}");
        self.that(wrong.is_none(), problem)
    }

    /// Counts of decisions are such.
    pub fn decisions(self, counts: &[u64]) -> Result<(), StateError> {
        let most = counts.iter().copied().max().unwrap_or(0);
        let problem = format!("{most} is not a number of decisions");
        self.that(most < DECISIONS, problem)
    }

    /// What was counted apart is the whole.
    pub fn sum(
        self,
        what: &str,
        parts: impl Iterator<Item = u64>,
        whole: u64,
    ) -> Result<(), StateError> {
        let sum: u128 = parts.map(u128::from).sum();
        let problem = format!("{what}: {sum} in all, there must be {whole}");
        self.that(sum == u128::from(whole), problem)
    }
}
