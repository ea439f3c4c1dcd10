//! What of a report is drawn.

use super::read::Log;
use super::regret::{Fit, cumulative};
use super::report::{Costs, LogJson, Other, ReportJson};
use super::table::number;
use crate::cli::plot::choices::Chosen;
use crate::cli::plot::regret::{self as plot, Figure};

/// The picture of a report.
pub fn figure<'a>(logs: &'a [Log], costs: &'a [Costs], report: &'a ReportJson) -> Figure<'a> {
    let runs = logs.iter().zip(costs).zip(&report.logs);
    let runs: Vec<_> = runs
        .map(|((log, costs), said)| run(log, costs, said))
        .collect();
    let title = match &report.logs[..] {
        [_] => logs[0].name(),
        logs => format!("{} runs", logs.len()),
    };
    let known = report
        .logs
        .iter()
        .filter(|log| log.hindsight.is_some())
        .count();
    let subtitle = match known {
        0 => "no hindsight: the regret is not known",
        n if n < logs.len() => "regret of the runs with hindsight, cost and choices of all",
        _ => "regret R(t) and its slope in log R against log t, cost and choices",
    };
    Figure {
        title,
        subtitle,
        unit: report.cost.name(),
        runs,
    }
}

fn run<'a>(log: &'a Log, costs: &'a Costs, said: &LogJson) -> plot::Run<'a> {
    let mut others = Vec::new();
    if let (Ok(known), Some(hindsight)) = (&costs.others, &said.hindsight) {
        let pairs = [
            (&known.fixed, &hindsight.best_fixed),
            (&known.oracle, &hindsight.oracle),
        ];
        others.extend(pairs.map(|(cost, said)| {
            plot::Other {
                cost,
                regret: cumulative(&costs.own, cost),
                fit: said
                    .fit
                    .ok()
                    .map(|Fit { factor, exponent }| [factor, exponent]),
            }
        }));
    }
    let chosen = log.systems.iter().map(|solve| Chosen {
        omega: solve.omega,
        name: solve.arm.as_deref(),
        capped: solve.capped,
    });
    let file = log.name();
    plot::Run {
        name: name(&file, said),
        file,
        cost: &costs.own,
        others,
        chosen: chosen.collect(),
    }
}

/// What the legend says.
fn name(file: &str, log: &LogJson) -> String {
    let tuner = log.tuner.as_ref();
    let tuner = tuner.map_or(String::new(), |tuner| format!(" ({tuner})"));
    let slope = |other: &Other, who: &str| match other.exponent {
        Some(alpha) => format!("; slope {alpha:.2} against {who}"),
        None => format!("; no slope against {who}"),
    };
    let slopes = log.hindsight.as_ref().map_or(String::new(), |h| {
        let omega = h.best_fixed.omega.unwrap_or_default();
        let fixed = slope(&h.best_fixed, &format!("best fixed ω = {omega:.2}"));
        fixed + &slope(&h.oracle, "the oracle")
    });
    let mean = number(log.mean);
    format!("{file}{tuner}: {mean} a system{slopes}")
}
