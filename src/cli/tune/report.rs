//! The numbers of a report, as `tune report --json` writes them.

use super::args::Cost;
use super::arms::{self, Arm, Expert};
use super::hindsight::{Comparators, Unknown};
use super::read::Log;
use super::regret::{self, Fit, NoFit};
use serde::Serialize;

/// `tune report --json`. Numbers that are not finite come out as null.
#[derive(Debug, Serialize)]
pub struct ReportJson {
    pub cost: Cost,
    pub logs: Vec<LogJson>,
    /// Runs of the same tuner over as many systems, where there are several.
    pub groups: Vec<Group>,
    pub version: &'static str,
}

/// One log.
#[derive(Debug, Serialize)]
pub struct LogJson {
    pub path: String,
    /// The equation, where the run has several.
    pub stream: Option<String>,
    pub tuner: Option<String>,
    pub systems: usize,
    pub converged: usize,
    pub capped: usize,
    /// The last line was cut off and is left out.
    pub cut_off: bool,
    pub total: f64,
    pub mean: f64,
    /// Null where the log does not have it for every system, or in another unit.
    pub hindsight: Option<HindsightJson>,
    /// The first 100, the first 500 and the last 500 systems, as far as there are so many.
    pub windows: Vec<Window>,
    pub arms: Vec<Arm>,
    pub experts: Vec<Expert>,
    /// Why there is no hindsight.
    #[serde(skip)]
    pub unknown: Option<Unknown>,
    /// A context was given with the systems.
    pub context: bool,
}

#[derive(Debug, Serialize)]
pub struct HindsightJson {
    pub best_fixed: Other,
    pub oracle: Other,
    /// The oracle that a golden-section search found; null in logs without it.
    pub golden: Option<Other>,
}

/// Somebody else's costs on the same systems.
#[derive(Debug, Serialize)]
pub struct Other {
    /// Of the best fixed one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub omega: Option<f64>,
    pub total: f64,
    pub mean: f64,
    /// What the run has cost, in units of this.
    pub ratio: f64,
    pub regret: Vec<At>,
    /// α of R(t) ~ t^α; null where the regret is not positive.
    pub exponent: Option<f64>,
    #[serde(skip)]
    pub fit: Result<Fit, NoFit>,
}

/// The regret after so many systems.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct At {
    pub systems: usize,
    pub regret: f64,
}

/// Means over a part of the run.
#[derive(Debug, Serialize)]
pub struct Window {
    pub name: &'static str,
    pub mean: f64,
    pub best_fixed: Option<f64>,
    pub oracle: Option<f64>,
}

/// Mean and standard deviation over runs.
#[derive(Debug, Serialize)]
pub struct Group {
    pub tuner: Option<String>,
    pub systems: usize,
    pub logs: usize,
    pub total: Spread,
    pub mean: Spread,
    pub first_100: Option<Spread>,
    pub last_500: Option<Spread>,
    pub ratio_best_fixed: Option<Spread>,
    pub ratio_oracle: Option<Spread>,
    pub exponent: Option<Spread>,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Spread {
    pub mean: f64,
    /// With n − 1 below.
    pub deviation: f64,
}

const WINDOWS: [(&str, bool, usize); 3] = [
    ("first 100", false, 100),
    ("first 500", false, 500),
    ("last 500", true, 500),
];

/// The costs of a log, and those it is measured against.
pub struct Costs {
    pub own: Vec<f64>,
    pub others: Result<Comparators, Unknown>,
}

impl Costs {
    pub fn of(log: &Log, cost: Cost) -> Self {
        Self {
            own: log.systems.iter().map(|s| s.cost(cost)).collect(),
            others: Comparators::of(log, cost),
        }
    }
}

impl LogJson {
    pub fn new(log: &Log, cost: Cost, costs: &Costs) -> Self {
        let own = &costs.own;
        let others = costs.others.as_ref().ok();
        let total: f64 = own.iter().sum();
        let count = |what: fn(&super::read::Solve) -> bool| {
            log.systems.iter().filter(|solve| what(solve)).count()
        };
        Self {
            path: log.path.display().to_string(),
            stream: log.stream.clone(),
            tuner: log.tuner(),
            systems: own.len(),
            converged: count(|s| s.converged),
            capped: count(|s| s.capped),
            cut_off: log.cut_off,
            total,
            mean: total / own.len() as f64,
            hindsight: others.map(|others| HindsightJson {
                best_fixed: Other::new(own, &others.fixed, Some(others.omega)),
                oracle: Other::new(own, &others.oracle, None),
                golden: others.golden.as_ref().map(|g| Other::new(own, g, None)),
            }),
            windows: windows(own, others),
            arms: arms::arms(log, cost, others),
            experts: arms::experts(log, cost),
            unknown: costs.others.as_ref().err().copied(),
            context: count(|s| !s.context.is_empty()) > 0,
        }
    }

    /// What it is called.
    pub fn name(&self) -> String {
        match &self.stream {
            Some(stream) => format!("{} ({stream})", self.path),
            None => self.path.clone(),
        }
    }

    /// The mean of a window, if the run is long enough for it.
    pub fn window(&self, name: &str) -> Option<f64> {
        let window = self.windows.iter().find(|w| w.name == name);
        window.map(|w| w.mean)
    }
}

impl Other {
    fn new(own: &[f64], other: &[f64], omega: Option<f64>) -> Self {
        let total: f64 = other.iter().sum();
        let regret = regret::cumulative(own, other);
        let fit = regret::fit(&regret);
        let at = |systems: usize| At {
            systems,
            regret: regret[systems - 1],
        };
        Self {
            omega,
            total,
            mean: total / other.len() as f64,
            ratio: own.iter().sum::<f64>() / total,
            regret: regret::checkpoints(other.len())
                .into_iter()
                .map(at)
                .collect(),
            exponent: fit.ok().map(|fit| fit.exponent),
            fit,
        }
    }
}

fn windows(own: &[f64], others: Option<&Comparators>) -> Vec<Window> {
    let window = |(name, last, count): (&'static str, bool, usize)| {
        let from = if last {
            own.len().checked_sub(count)?
        } else {
            0
        };
        let mean = |values: &[f64]| {
            let part = values.get(from..from + count)?;
            Some(part.iter().sum::<f64>() / count as f64)
        };
        Some(Window {
            name,
            mean: mean(own)?,
            best_fixed: others.and_then(|o| mean(&o.fixed)),
            oracle: others.and_then(|o| mean(&o.oracle)),
        })
    };
    WINDOWS.into_iter().filter_map(window).collect()
}

/// Runs of the same tuner over as many systems, taken together.
pub fn groups(logs: &[LogJson]) -> Vec<Group> {
    let mut groups: Vec<Vec<&LogJson>> = Vec::new();
    for log in logs {
        let same = |g: &&mut Vec<&LogJson>| {
            let first = g[0];
            (&first.tuner, &first.stream, first.systems) == (&log.tuner, &log.stream, log.systems)
        };
        match groups.iter_mut().find(same) {
            Some(group) => group.push(log),
            None => groups.push(vec![log]),
        }
    }
    groups.retain(|group| group.len() > 1);
    groups.iter().map(|group| Group::new(group)).collect()
}

impl Group {
    fn new(logs: &[&LogJson]) -> Self {
        let all = |of: fn(&LogJson) -> Option<f64>| {
            let values: Option<Vec<_>> = logs.iter().map(|log| of(log)).collect();
            values.map(|values| Spread::of(&values))
        };
        let sure = |of: fn(&LogJson) -> f64| {
            Spread::of(&logs.iter().map(|log| of(log)).collect::<Vec<_>>())
        };
        Self {
            tuner: logs[0].tuner.clone(),
            systems: logs[0].systems,
            logs: logs.len(),
            total: sure(|log| log.total),
            mean: sure(|log| log.mean),
            first_100: all(|log| log.window("first 100")),
            last_500: all(|log| log.window("last 500")),
            ratio_best_fixed: all(|log| Some(log.hindsight.as_ref()?.best_fixed.ratio)),
            ratio_oracle: all(|log| Some(log.hindsight.as_ref()?.oracle.ratio)),
            exponent: all(|log| log.hindsight.as_ref()?.best_fixed.exponent),
        }
    }
}

impl Spread {
    fn of(values: &[f64]) -> Self {
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        let squares: f64 = values.iter().map(|v| (v - mean) * (v - mean)).sum();
        Self {
            mean,
            deviation: (squares / (count - 1.0)).sqrt(),
        }
    }
}
