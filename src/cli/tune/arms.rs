//! What was played, and what each choice would have cost by importance weights.

use super::args::Cost;
use super::hindsight::Comparators;
use super::read::{Log, Solve};
use serde::Serialize;

/// An arm has to have been played for so many systems' worth before its estimate is trusted.
pub const TRUSTED: f64 = 30.0;

/// One choice.
#[derive(Debug, Clone, Serialize)]
pub struct Arm {
    /// As the log has it; null where there was no choice.
    pub arm: Option<String>,
    /// Its ω, if that was always the same.
    pub omega: Option<f64>,
    pub played: usize,
    pub share: f64,
    /// Over the systems it was played on.
    pub mean: f64,
    pub capped: usize,
    /// Over all systems, from hindsight.
    pub hindsight_mean: Option<f64>,
    /// Over all systems, estimated from those it was played on.
    pub estimated_mean: Option<f64>,
    /// How many systems drawn evenly would tell as much.
    pub effective_systems: Option<f64>,
}

/// Those of whom an expert decided.
#[derive(Debug, Clone, Serialize)]
pub struct Expert {
    pub expert: Option<String>,
    pub played: usize,
    pub share: f64,
    pub mean: f64,
    pub capped: usize,
}

/// The arms of a log, by ω, then by name.
pub fn arms(log: &Log, cost: Cost, hindsight: Option<&Comparators>) -> Vec<Arm> {
    let mut arms: Vec<_> = groups(log, |s| s.arm.as_deref())
        .into_iter()
        .map(|(name, solves)| {
            let omega = solves[0].omega;
            let omega = omega.filter(|_| solves.iter().all(|s| s.omega == omega));
            let estimate = estimate(&solves, cost);
            Arm {
                arm: name.map(str::to_owned),
                omega,
                played: solves.len(),
                share: solves.len() as f64 / log.systems.len() as f64,
                mean: mean(&solves, cost),
                capped: capped(&solves),
                hindsight_mean: omega.and_then(|omega| hindsight?.mean(omega)),
                estimated_mean: estimate.map(|(mean, _)| mean),
                effective_systems: estimate.map(|(_, count)| count),
            }
        })
        .collect();
    let key = |arm: &Arm| arm.omega.unwrap_or(f64::INFINITY);
    arms.sort_by(|a, b| key(a).total_cmp(&key(b)).then_with(|| a.arm.cmp(&b.arm)));
    arms
}

/// The experts, where the log names one; the busiest first.
pub fn experts(log: &Log, cost: Cost) -> Vec<Expert> {
    if log.systems.iter().all(|s| s.expert.is_none()) {
        return Vec::new();
    }
    let expert = |(name, solves): (Option<&str>, Vec<&Solve>)| Expert {
        expert: name.map(str::to_owned),
        played: solves.len(),
        share: solves.len() as f64 / log.systems.len() as f64,
        mean: mean(&solves, cost),
        capped: capped(&solves),
    };
    let mut experts: Vec<_> = groups(log, |s| s.expert.as_deref())
        .into_iter()
        .map(expert)
        .collect();
    experts.sort_by_key(|expert| std::cmp::Reverse(expert.played));
    experts
}

/// The arm with the least estimated mean among those played often enough.
pub fn best_estimate(arms: &[Arm]) -> Option<&Arm> {
    let trusted = |arm: &&Arm| arm.effective_systems.is_some_and(|n| n >= TRUSTED);
    let mean = |arm: &Arm| arm.estimated_mean.unwrap_or(f64::INFINITY);
    arms.iter()
        .filter(trusted)
        .min_by(|a, b| mean(a).total_cmp(&mean(b)))
}

/// Self-normalised: Σ c/p over Σ 1/p, and the effective number of systems (Σ 1/p)² over Σ 1/p².
fn estimate(solves: &[&Solve], cost: Cost) -> Option<(f64, f64)> {
    let (mut weighted, mut weights, mut squares) = (0.0, 0.0, 0.0);
    for solve in solves {
        let weight = 1.0 / solve.probability?;
        weighted += weight * solve.cost(cost);
        weights += weight;
        squares += weight * weight;
    }
    Some((weighted / weights, weights * weights / squares))
}

/// The systems by a key, in the order in which keys appear.
fn groups<'a>(
    log: &'a Log,
    key: impl Fn(&'a Solve) -> Option<&'a str>,
) -> Vec<(Option<&'a str>, Vec<&'a Solve>)> {
    let mut groups: Vec<(Option<&str>, Vec<&Solve>)> = Vec::new();
    let mut place = std::collections::HashMap::new();
    for solve in &log.systems {
        let key = key(solve);
        let at = *place.entry(key).or_insert_with(|| {
            groups.push((key, Vec::new()));
            groups.len() - 1
        });
        groups[at].1.push(solve);
    }
    groups
}

fn mean(solves: &[&Solve], cost: Cost) -> f64 {
    solves.iter().map(|s| s.cost(cost)).sum::<f64>() / solves.len() as f64
}

fn capped(solves: &[&Solve]) -> usize {
    solves.iter().filter(|s| s.capped).count()
}
