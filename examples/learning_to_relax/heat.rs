//! SSOR-PCG in a heat equation: section "heat" of the paper.

use super::Options;
use super::run::{Outcome, Who, cg, fixed, mean, spread, ssor, tuned};
use rayon::prelude::*;
use resolvent::Precond;
use resolvent::matrices::sequences::Heat2d;
use resolvent::models::{ContextKind, TunerKind, paper_grid};
use resolvent::precond::Ic0Config;

pub fn tables(options: &Options) -> Outcome<()> {
    for nx in options.nx.map_or(vec![25, 50, 100], |nx| vec![nx]) {
        println!(
            "\n## Heat equation, nx = {nx}: {} steps, {} seeds\n",
            options.systems, options.seeds
        );
        table(options, nx)?;
    }
    Ok(())
}

/// Ranges of the two contexts: c(t), and −ln(1 − ρ) with ρ = 4k/(1 + 4k), k = τc/(2h²).
fn ranges(nx: usize) -> ([f64; 2], [f64; 2]) {
    let k = 0.5e-3 * 10.0 * (nx * nx) as f64;
    ([0.0, 10.0], [0.0, (1.0 + 4.0 * k).ln()])
}

fn table(options: &Options, nx: usize) -> Outcome<()> {
    let start = || {
        Heat2d {
            nx,
            systems: options.systems,
            ..Default::default()
        }
        .start()
    };
    let grid: Vec<Vec<f64>> = paper_grid()
        .into_par_iter()
        .map(|omega| {
            Ok(fixed(start()?.as_mut(), &ssor(omega))?
                .into_iter()
                .map(|cost| cost.0)
                .collect())
        })
        .collect::<Outcome<_>>()?;
    let sum = |costs: &[f64]| costs.iter().sum::<f64>();
    let oracle: Vec<f64> = (0..options.systems)
        .map(|t| {
            grid.iter()
                .map(|costs| costs[t])
                .fold(f64::INFINITY, f64::min)
        })
        .collect();
    let totals: Vec<f64> = grid.iter().map(|costs| sum(costs)).collect();
    let best = (0..grid.len())
        .min_by(|&i, &j| totals[i].total_cmp(&totals[j]))
        .unwrap_or(0);
    println!("| policy | iterations | first 100 / best of the grid for each | first 500 | all |");
    println!("|---|---|---|---|---|");
    let row = |name: &str, runs: &[Vec<f64>]| {
        let ratio = |many: usize| {
            let many = many.min(options.systems);
            let ratios = runs
                .iter()
                .map(|costs| mean(&costs[..many]) / mean(&oracle[..many]));
            spread(&ratios.collect::<Vec<_>>())
        };
        let all: Vec<f64> = runs.iter().map(|costs| sum(costs)).collect();
        println!(
            "| {name} | {} | {} | {} | {} |",
            spread(&all),
            ratio(100),
            ratio(500),
            ratio(usize::MAX)
        );
    };
    let plain = |way| -> Outcome<Vec<f64>> {
        Ok(fixed(start()?.as_mut(), &way)?
            .into_iter()
            .map(|cost| cost.0)
            .collect())
    };
    row("CG", &[plain(cg(Precond::None))?]);
    row(
        "CG + IC(0)",
        &[plain(cg(Precond::Ic0(Ic0Config::default())))?],
    );
    row("ω = 1", &[grid[0].clone()]);
    row("ω = 1.5", &[grid[10].clone()]);
    row(
        &format!("best fixed ω of the grid ({})", paper_grid()[best]),
        &[grid[best].clone()],
    );
    row("best ω of the grid for each", std::slice::from_ref(&oracle));
    let (c, rho) = ranges(nx);
    let (given, matrix, none) = (ContextKind::Given, ContextKind::Matrix, ContextKind::None);
    let gershgorin = ContextKind::Gershgorin;
    for (name, who) in [
        (
            "Young's ω for SSOR, β estimated",
            Who::new(TunerKind::Young, none),
        ),
        (
            "Tsallis-INF (paper)",
            Who::paper(TunerKind::TsallisInf, none, None),
        ),
        (
            "Tsallis-INF, reduced variance",
            Who::paper(TunerKind::TsallisInfRv, none, None),
        ),
        (
            "Tsallis-INF in bins, c(t) given (paper)",
            Who::paper(TunerKind::TsallisInfCb, given, Some(c)),
        ),
        (
            "ChebCB, c(t) given (paper)",
            Who::paper(TunerKind::ChebCb, given, Some(c)),
        ),
        (
            "ChebCB, Gershgorin's bound",
            Who::paper(TunerKind::ChebCb, gershgorin, Some(rho)),
        ),
        (
            "ChebCB, Gershgorin's bound, range unknown",
            Who::paper(TunerKind::ChebCb, gershgorin, None),
        ),
        (
            "ChebCB, matrix context, range unknown",
            Who::paper(TunerKind::ChebCb, matrix, None),
        ),
        ("learned, no context", Who::new(TunerKind::Learned, none)),
        (
            "learned, matrix context",
            Who::new(TunerKind::Learned, matrix),
        ),
        ("auto (default)", Who::new(TunerKind::Auto, matrix)),
    ] {
        let runs: Vec<Vec<f64>> = (0..options.seeds)
            .into_par_iter()
            .map(|seed| tuned(start()?.as_mut(), ssor(1.0), who, seed))
            .collect::<Outcome<_>>()?;
        row(name, &runs);
    }
    Ok(())
}
