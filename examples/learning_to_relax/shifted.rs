//! SOR on shifted Laplacians: section "learning" of the paper.

use super::Options;
use super::run::{Outcome, Who, cg, fixed, mean, sor, spread, tuned};
use rayon::prelude::*;
use resolvent::Precond;
use resolvent::matrices::sequences::{Family, Instance, ShiftedLaplacians, Variance};
use resolvent::models::{ContextKind, TunerKind, paper_grid};
use resolvent::precond::Ic0Config;
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
    costs: Vec<f64>,
}

fn table(options: &Options, start: &Start<'_>) -> Outcome<()> {
    let seeds: Vec<Vec<Line>> = (0..options.seeds)
        .into_par_iter()
        .map(|seed| lines(seed, start))
        .collect::<Outcome<_>>()?;
    println!(
        "| policy | first 100 | first 500 | all | total / best fixed, first 500 | … all | total / best of the grid for each |"
    );
    println!("|---|---|---|---|---|---|---|");
    for k in 0..seeds[0].len() {
        let column = |value: &dyn Fn(&[Line]) -> f64| {
            spread(&seeds.iter().map(|lines| value(lines)).collect::<Vec<_>>())
        };
        let first =
            |lines: &[Line], many: usize| mean(&lines[k].costs[..many.min(lines[k].costs.len())]);
        let over = |lines: &[Line], name: &str, many: usize| {
            let of = lines
                .iter()
                .find(|line| line.name == name)
                .map_or(f64::NAN, |line| {
                    mean(&line.costs[..many.min(line.costs.len())])
                });
            first(lines, many) / of
        };
        println!(
            "| {} | {} | {} | {} | {} | {} | {} |",
            seeds[0][k].name,
            column(&|lines| first(lines, EARLY[0])),
            column(&|lines| first(lines, EARLY[1])),
            column(&|lines| first(lines, usize::MAX)),
            column(&|lines| over(lines, BEST, EARLY[1])),
            column(&|lines| over(lines, BEST, usize::MAX)),
            column(&|lines| over(lines, ORACLE, usize::MAX)),
        );
    }
    Ok(())
}

const BEST: &str = "best fixed ω of the grid";
const ORACLE: &str = "best ω of the grid for each";

fn lines(seed: u64, start: &Start<'_>) -> Outcome<Vec<Line>> {
    let mut lines = Vec::new();
    let mut add = |name: &str, costs: Vec<f64>| {
        lines.push(Line {
            name: name.into(),
            costs,
        })
    };
    let iterations = |way| -> Outcome<Vec<f64>> {
        Ok(fixed(start(seed)?.as_mut(), &way)?
            .into_iter()
            .map(|cost| cost.0)
            .collect())
    };
    let grid: Vec<Vec<f64>> = paper_grid()
        .into_iter()
        .map(|w| iterations(sor(w)))
        .collect::<Outcome<_>>()?;
    for k in [0, 4, 8, 12, 16] {
        add(&format!("ω = {}", paper_grid()[k]), grid[k].clone());
    }
    let totals: Vec<f64> = grid.iter().map(|costs| mean(costs)).collect();
    let best = (0..grid.len())
        .min_by(|&i, &j| totals[i].total_cmp(&totals[j]))
        .unwrap_or(0);
    add(BEST, grid[best].clone());
    let systems = grid[0].len();
    let least = |t: usize| {
        grid.iter()
            .map(|costs| costs[t])
            .fold(f64::INFINITY, f64::min)
    };
    add(ORACLE, (0..systems).map(least).collect());
    let (exact, golden) = by_system(seed, start, &grid)?;
    add("golden section for each", golden);
    add("Young's ω, β known", exact);
    add(
        "CG + IC(0)",
        iterations(cg(Precond::Ic0(Ic0Config::default())))?,
    );
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

/// Young's ω and golden section around the best of the grid, for each system.
fn by_system(seed: u64, start: &Start<'_>, grid: &[Vec<f64>]) -> Outcome<(Vec<f64>, Vec<f64>)> {
    use resolvent::solvers::{Sor, SorConfig};
    use resolvent::{Solver, Stopping, System};
    let mut family = start(seed)?;
    let mut system = Instance::default();
    let stopping = Stopping {
        max_iters: 10_000,
        ..Default::default()
    };
    let mut solver: Option<Sor<f64>> = None;
    let (mut exact, mut golden) = (Vec::new(), Vec::new());
    for t in 0..family.len() {
        family.next(t, &[], &mut system)?;
        let n = system.b.len();
        let solver = solver.get_or_insert_with(|| {
            Sor::new(
                n,
                SorConfig {
                    stopping,
                    ..Default::default()
                },
            )
        });
        let mut iterations = |omega: f64| -> Outcome<f64> {
            solver.set_omega(omega);
            let mut x = vec![0.0; n];
            let mut none = resolvent::precond::Identity;
            let report = solver.solve(
                System::new(&system.a, &system.b, &mut none),
                &mut x,
                &mut (),
            )?;
            Ok(report.iterations as f64)
        };
        let beta = 4.0 * (PI / (n.isqrt() as f64 + 1.0)).cos() / (4.0 + system.context[0]);
        exact.push(iterations(young_omega(beta))?);
        let k = (0..grid.len())
            .min_by(|&i, &j| grid[i][t].total_cmp(&grid[j][t]))
            .unwrap_or(0);
        let (mut low, mut high) = (paper_grid()[k] - 0.05, paper_grid()[k] + 0.05);
        let (mut least, inner) = (grid[k][t], 0.5 * (5f64.sqrt() - 1.0));
        while high - low > 0.01 {
            let (a, b) = (high - inner * (high - low), low + inner * (high - low));
            let (fa, fb) = (iterations(a)?, iterations(b)?);
            least = least.min(fa).min(fb);
            if fa <= fb { high = b } else { low = a }
        }
        golden.push(least);
    }
    Ok((exact, golden))
}
