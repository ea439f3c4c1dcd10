//! SSOR-PCG in a heat equation: section "heat" of the paper.

use super::Options;
use super::run::{
    Costs, Outcome, Who, cg, firsts, fixed, golden, mean, sor, spread, ssor, tuned, work,
};
use rayon::prelude::*;
use resolvent::Precond;
use resolvent::matrices::sequences::Heat2d;
use resolvent::models::{ContextKind, TunerKind, paper_grid};
use resolvent::precond::{Ic0Config, IctConfig};

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
    let grid: Vec<Costs> = paper_grid()
        .into_par_iter()
        .map(|omega| fixed(start()?.as_mut(), &ssor(omega)))
        .collect::<Outcome<_>>()?;
    let sum = |costs: &Costs| costs.iter().map(|cost| cost.0).sum::<f64>();
    let best_of_grid = |t: usize| {
        let all = grid.iter().map(|costs| costs[t]);
        all.min_by(|x, y| x.0.total_cmp(&y.0)).unwrap_or_default()
    };
    let each: Costs = (0..options.systems).map(best_of_grid).collect();
    let oracle = firsts(&each);
    let totals: Vec<f64> = grid.iter().map(sum).collect();
    let best = (0..grid.len())
        .min_by(|&i, &j| totals[i].total_cmp(&totals[j]))
        .unwrap_or(0);
    println!(
        "| policy | iterations | first 100 / best of the grid for each | first 500 | all | products with A a solve |"
    );
    println!("|---|---|---|---|---|---|");
    let row = |name: &str, runs: &[Costs]| {
        let ratio = |many: usize| {
            let many = many.min(options.systems);
            let ratios = runs
                .iter()
                .map(|costs| mean(&firsts(&costs[..many])) / mean(&oracle[..many]));
            spread(&ratios.collect::<Vec<_>>())
        };
        let all: Vec<f64> = runs.iter().map(sum).collect();
        let work: Vec<f64> = runs.iter().map(|costs| work(costs)).collect();
        println!(
            "| {name} | {} | {} | {} | {} | {} |",
            spread(&all),
            ratio(100),
            ratio(500),
            ratio(usize::MAX),
            spread(&work)
        );
    };
    let plain = |way| fixed(start()?.as_mut(), &way);
    row("CG", &[plain(cg(Precond::None))?]);
    row(
        "CG + IC(0)",
        &[plain(cg(Precond::Ic0(Ic0Config::default())))?],
    );
    row(
        "CG + ICT",
        &[plain(cg(Precond::Ict(IctConfig::default())))?],
    );
    let adaptive = Who::new(TunerKind::Adaptive, ContextKind::None);
    row(
        "SOR by itself, adaptive from ω = 1",
        &[tuned(start()?.as_mut(), sor(1.0), adaptive, 0)?],
    );
    row("ω = 1", &[grid[0].clone()]);
    row("ω = 1.5", &[grid[10].clone()]);
    row(
        &format!("best fixed ω of the grid ({})", paper_grid()[best]),
        &[grid[best].clone()],
    );
    row("best ω of the grid for each", std::slice::from_ref(&each));
    row(
        "golden section for each",
        &[golden(start()?.as_mut(), &ssor(1.0), &grid)?],
    );
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
        let runs: Vec<Costs> = (0..options.seeds)
            .into_par_iter()
            .map(|seed| tuned(start()?.as_mut(), ssor(1.0), who, seed))
            .collect::<Outcome<_>>()?;
        row(name, &runs);
    }
    Ok(())
}
