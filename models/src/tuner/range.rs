//! The range of a context: what is given, or what has been seen.
//!
//! A range that is not known begins at the first context, and nothing is said of its unit: contexts c and
//! ac + b, a > 0, are then the same to whoever looks at the place of a context in its range. Where the
//! unit is known, the range begins with a width.

use super::StateError;
use super::check::Check;
use serde::{Deserialize, Serialize};

/// Range of a context, which grows with what is seen.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Range {
    /// What it begins as, if that is known …
    given: Option<[f64; 2]>,
    /// … and else its width around the first context; 0 where no unit is known.
    width: f64,
    /// What it is now.
    ends: Option<[f64; 2]>,
}

/// Contexts that differ by no more than this part of themselves do so by rounding.
const SAME: f64 = 64.0 * f64::EPSILON;

impl Range {
    /// As given, where that is a range; or of a width around the first context.
    pub fn new(given: Option<[f64; 2]>, width: f64) -> Self {
        let is_one = |[low, high]: &[f64; 2]| low.is_finite() && high.is_finite() && low < high;
        let given = given.filter(is_one);
        Self {
            given,
            width: if width > 0.0 {
                width.min(f64::MAX)
            } else {
                0.0
            },
            ends: given,
        }
    }

    /// The least and the largest context in it.
    pub fn ends(&self) -> Option<[f64; 2]> {
        self.ends
    }

    /// Widens it to hold a finite context, by a margin (a part of itself) more than it must. Whether it
    /// had to.
    pub fn hold(&mut self, c: f64, margin: f64) -> bool {
        let Some([low, high]) = self.ends else {
            let half = 0.5 * self.width;
            self.ends = Some([(c - half).max(f64::MIN), (c + half).min(f64::MAX)]);
            return true;
        };
        let (from, to) = (low.min(c), high.max(c));
        // a single point is not spread out by rounding
        if (from == low && to == high) || (low == high && same(low, c)) {
            return false;
        }
        let unit = unit([from, to]);
        let margin = margin * (unit * to - unit * from) / unit;
        self.ends = Some([
            if from < low {
                (from - margin).max(f64::MIN)
            } else {
                low
            },
            if to > high {
                (to + margin).min(f64::MAX)
            } else {
                high
            },
        ]);
        true
    }

    /// Where a context lies in it, from 0 to 1; none where the range is one point.
    pub fn part(&self, c: f64) -> Option<f64> {
        let [low, high] = self.ends?;
        let unit = unit([low, high]);
        let width = unit * high - unit * low;
        (width > 0.0).then(|| ((unit * c - unit * low) / width).clamp(0.0, 1.0))
    }

    /// Whether a context that it was widened for is in it.
    pub fn holds(&self, c: f64) -> bool {
        let after = |low: f64, high: f64| low <= high || same(low, high);
        self.ends
            .is_some_and(|[low, high]| after(low, c) && after(c, high))
    }

    /// That a range which was saved is this one, further on.
    pub fn check(&self, saved: &Self, check: Check) -> Result<(), StateError> {
        let same = saved.given == self.given && saved.width == self.width;
        check.that(same, "it is over another range of contexts")?;
        let Some([low, high]) = saved.ends else {
            return check.that(self.given.is_none(), "its range of contexts is missing");
        };
        check.finite("range", &[low, high])?;
        let [least, most] = self.given.unwrap_or([high, low]);
        check.that(
            low <= high && low <= least && high >= most,
            format!("range: {low} to {high} is not one of its contexts"),
        )
    }
}

/// The context at a part of a range.
pub(super) fn at([low, high]: [f64; 2], part: f64) -> f64 {
    let unit = unit([low, high]);
    (unit * low + part * (unit * high - unit * low)) / unit
}

/// In this unit, differences within a range do not overflow.
fn unit([low, high]: [f64; 2]) -> f64 {
    if high - low < 1e300 { 1.0 } else { 0.25 }
}

fn same(a: f64, b: f64) -> bool {
    (a - b).abs() <= SAME * a.abs().max(b.abs())
}
