//! SOR on shifted Laplacians: section "learning" of the paper.

use super::Options;
use super::run::{
    Costs, Outcome, Who, cg, chosen, firsts, fixed, golden, mean, sor, spread, tuned, work,
};
use rayon::prelude::*;
use resolvent::Precond;
use resolvent::matrices::sequences::{Family, ShiftedLaplacians, Variance};
use resolvent::models::{ContextKind, TunerKind, paper_grid};
use resolvent::precond::{Ic0Config, IctConfig};
use resolvent::solvers::young_omega;
use std::f64::consts::PI;

/// The contexts that can come.
const RANGE: [f64; 2] = [-0.15, 0.65];
/// How many of the first solves a column is of.
const EARLY: [usize; 2] = [100, 500];

pub fn tables(options: &Options) -> Outcome<()> {
    for variance in [Variance::High, Variance::Low] {
        println!(
            "\n## Shifted Laplacians, {variance:?} variance: n = 100, {} systems, {} seeds\n",
            options.systems, options.seeds
        );
        let start = |seed| {
            ShiftedLaplacians {
                systems: options.systems,
                variance,
                n: 100,
            }
            .start(seed)
        };
        table(options, &start)?;
    }
    Ok(())
}

type Start<'a> = dyn Fn(u64) -> Result<Box<dyn Family>, resolvent::MatrixError> + Sync + 'a;

/// One line of the table, for one seed.
struct Line {
    name: String,
    costs: Costs,
}

fn table(options: &Options, start: &Start<'_>) -> Outcome<()> {
    let seeds: Vec<Vec<Line>> = (0..options.seeds)
        .into_par_iter()
        .map(|seed| lines(seed, start))
        .collect::<Outcome<_>>()?;
    println!(
        "| policy | first 100 | first 500 | all | total / best fixed, first 500 | … all | total / best of the grid for each | products with A a solve |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    for k in 0..seeds[0].len() {
        let column = |value: &dyn Fn(&[Line]) -> f64| {
            spread(&seeds.iter().map(|lines| value(lines)).collect::<Vec<_>>())
        };
        let start = |costs: &Costs, many: usize| mean(&firsts(&costs[..many.min(costs.len())]));
        let first = |lines: &[Line], many: usize| start(&lines[k].costs, many);
        let over = |lines: &[Line], name: &str, many: usize| {
            let of = lines
                .iter()
                .find(|line| line.name == name)
                .map_or(f64::NAN, |line| start(&line.costs, many));
            first(lines, many) / of
        };
        println!(
            "| {} | {} | {} | {} | {} | {} | {} | {} |",
            seeds[0][k].name,
            column(&|lines| first(lines, EARLY[0])),
            column(&|lines| first(lines, EARLY[1])),
            column(&|lines| first(lines, usize::MAX)),
            column(&|lines| over(lines, BEST, EARLY[1])),
            column(&|lines| over(lines, BEST, usize::MAX)),
            column(&|lines| over(lines, ORACLE, usize::MAX)),
            column(&|lines| work(&lines[k].costs)),
        );
    }
    Ok(())
}

const BEST: &str = "best fixed ω of the grid";
const ORACLE: &str = "best ω of the grid for each";

fn lines(seed: u64, start: &Start<'_>) -> Outcome<Vec<Line>> {
    let mut lines = Vec::new();
    let mut add = |name: &str, costs: Costs| {
        lines.push(Line {
            name: name.into(),
            costs,
        })
    };
    let plain = |way| fixed(start(seed)?.as_mut(), &way);
    let grid: Vec<Costs> = paper_grid()
        .into_iter()
        .map(|w| plain(sor(w)))
        .collect::<Outcome<_>>()?;
    for k in [0, 4, 8, 12, 16] {
        add(&format!("ω = {}", paper_grid()[k]), grid[k].clone());
    }
    let totals: Vec<f64> = grid.iter().map(|costs| mean(&firsts(costs))).collect();
    let best = (0..grid.len())
        .min_by(|&i, &j| totals[i].total_cmp(&totals[j]))
        .unwrap_or(0);
    add(BEST, grid[best].clone());
    let systems = grid[0].len();
    let least = |t: usize| {
        let all = grid.iter().map(|costs| costs[t]);
        all.min_by(|x, y| x.0.total_cmp(&y.0)).unwrap_or_default()
    };
    add(ORACLE, (0..systems).map(least).collect());
    add(
        "golden section for each",
        golden(start(seed)?.as_mut(), &sor(1.0), &grid)?,
    );
    add("Young's ω, β known", young(seed, start)?);
    add("CG", plain(cg(Precond::None))?);
    add("CG + IC(0)", plain(cg(Precond::Ic0(Ic0Config::default())))?);
    add("CG + ICT", plain(cg(Precond::Ict(IctConfig::default())))?);
    let tune = |who| tuned(start(seed)?.as_mut(), sor(1.0), who, seed);
    let (given, matrix, none) = (ContextKind::Given, ContextKind::Matrix, ContextKind::None);
    let range = Some(RANGE);
    add(
        "Young's ω, β estimated",
        tune(Who::new(TunerKind::Young, none))?,
    );
    add(
        "adaptive SOR from ω = 1",
        tune(Who::new(TunerKind::Adaptive, none))?,
    );
    add(
        "Tsallis-INF (paper)",
        tune(Who::paper(TunerKind::TsallisInf, none, None))?,
    );
    add(
        "Tsallis-INF, reduced variance",
        tune(Who::paper(TunerKind::TsallisInfRv, none, None))?,
    );
    add("EXP3", tune(Who::paper(TunerKind::Exp3, none, None))?);
    add(
        "Tsallis-INF in 5 bins, c given (paper)",
        tune(Who::paper(TunerKind::TsallisInfCb, given, range))?,
    );
    add(
        "ChebCB, c given (paper)",
        tune(Who::paper(TunerKind::ChebCb, given, range))?,
    );
    add(
        "ChebCB, matrix context",
        tune(Who::paper(TunerKind::ChebCb, matrix, None))?,
    );
    add(
        "learned, no context",
        tune(Who::new(TunerKind::Learned, none))?,
    );
    add(
        "learned, matrix context",
        tune(Who::new(TunerKind::Learned, matrix))?,
    );
    add(
        "auto (default): classical experts too",
        tune(Who::new(TunerKind::Auto, matrix))?,
    );
    Ok(lines)
}

/// By Young's ω of each system.
fn young(seed: u64, start: &Start<'_>) -> Outcome<Costs> {
    chosen(start(seed)?.as_mut(), &sor(1.0), |_, system, solve| {
        let side = system.b.len().isqrt() as f64;
        let beta = 4.0 * (PI / (side + 1.0)).cos() / (4.0 + system.context[0]);
        solve(young_omega(beta))
    })
}
