//! What of a report is drawn.

use super::error::LogError;
use super::read::Log;
use super::regret::{Fit, cumulative};
use super::report::{Costs, LogJson, Other, ReportJson};
use super::table::number;
use crate::cli::plot::choices::Chosen;
use crate::cli::plot::omegas;
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

/// The picture of what each ω would have cost, of the logs that know it.
pub fn omegas<'a>(
    logs: &[Log],
    costs: &'a [Costs],
    report: &ReportJson,
) -> Result<omegas::Figure<'a>, LogError> {
    let mut runs = Vec::new();
    for ((log, costs), said) in logs.iter().zip(costs).zip(&report.logs) {
        let Ok(known) = &costs.others else { continue };
        let best = known.by_omega();
        let best = best.iter().min_by(|a, b| a[1].total_cmp(&b[1]));
        let [omega, least] = best.copied().unwrap_or_default();
        let oracle = known.oracle.iter().sum::<f64>() / known.oracle.len().max(1) as f64;
        let tuner = said.tuner.as_ref();
        let tuner = tuner.map_or(String::new(), |tuner| format!(" ({tuner})"));
        runs.push(omegas::Run {
            name: format!(
                "{}{tuner}: {} (ω = {omega:.2}: {}, best for each: {})",
                log.name(),
                number(said.mean),
                number(least),
                number(oracle)
            ),
            fixed: known.by_omega(),
            oracle,
            cost: &costs.own,
        });
    }
    match &runs[..] {
        [] => Err(LogError::NoHindsight),
        _ => Ok(omegas::Figure {
            title: match logs {
                [log] => log.name(),
                _ => format!("{} runs", runs.len()),
            },
            runs,
        }),
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
