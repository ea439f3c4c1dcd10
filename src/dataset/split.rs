//! Training, validation and test: ranges of indices.

use super::DatasetError;
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// Parts of a data set, by index: the first samples train, the last ones test.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shares {
    /// Part that trains.
    pub train: f64,
    /// Part that validates.
    pub valid: f64,
    /// Part that tests.
    pub test: f64,
}

impl Default for Shares {
    /// 80 %, 10 % and 10 %.
    fn default() -> Self {
        Self {
            train: 0.8,
            valid: 0.1,
            test: 0.1,
        }
    }
}

/// The samples of each part, counted from 0.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Splits {
    /// Those that train.
    pub train: Range<u64>,
    /// Those that validate.
    pub valid: Range<u64>,
    /// Those that test.
    pub test: Range<u64>,
}

impl Shares {
    /// Refuses what is no partition.
    ///
    /// # Errors
    /// [`DatasetError::Request`].
    pub fn check(&self) -> Result<(), DatasetError> {
        let parts = [self.train, self.valid, self.test];
        let sum: f64 = parts.iter().sum();
        if parts.iter().all(|p| (0.0..=1.0).contains(p)) && (sum - 1.0).abs() < 1e-9 {
            return Ok(());
        }
        Err(DatasetError::Request(format!(
            "--split train={},valid={},test={}: the parts must be from 0 to 1, with the sum 1",
            self.train, self.valid, self.test
        )))
    }

    /// The parts of so many samples.
    pub fn of(&self, samples: u64) -> Splits {
        let share = |part: f64| ((samples as f64 * part).round() as u64).min(samples);
        let train = share(self.train);
        let valid = share(self.train + self.valid).max(train);
        Splits {
            train: 0..train,
            valid: train..valid,
            test: valid..samples,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_sample_is_in_one_part(samples in 0u64..10_000, train in 0.0f64..=1.0, rest in 0.0f64..=1.0) {
            let valid = (1.0 - train) * rest;
            let test = 1.0 - train - valid;
            let splits = Shares { train, valid, test }.of(samples);
            prop_assert_eq!(splits.train.start, 0);
            prop_assert_eq!(splits.train.end, splits.valid.start);
            prop_assert_eq!(splits.valid.end, splits.test.start);
            prop_assert_eq!(splits.test.end, samples);
            prop_assert!((splits.train.end as f64 - train * samples as f64).abs() <= 0.5);
        }
    }

    #[test]
    fn what_is_no_partition_is_refused() {
        assert!(Shares::default().check().is_ok());
        for (train, valid, test) in [(0.8, 0.1, 0.2), (1.2, -0.2, 0.0), (f64::NAN, 0.5, 0.5)] {
            assert!(Shares { train, valid, test }.check().is_err());
        }
    }
}
