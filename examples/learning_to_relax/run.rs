//! A whole sequence, by a tuner or by one way.

use resolvent::matrices::sequences::{Family, Instance, Novelty};
use resolvent::models::{ContextKind, CostKind, Tuned, TunedConfig, TunerKind, paper_grid};
use resolvent::precond::SsorConfig;
use resolvent::solvers::{Change, Guess, Sequence, SequenceConfig, SorConfig, Way};
use resolvent::{CgConfig, Method, Precond, Stopping};
use std::error::Error;

pub type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;
/// What is to be small, mostly iterations, and work in products with A.
pub type Cost = (f64, f64);
/// Of each system.
pub type Costs = Vec<Cost>;

pub fn sor(omega: f64) -> Way<f64> {
    Way {
        method: Method::Sor(SorConfig {
            omega,
            ..Default::default()
        }),
        precond: Precond::None,
    }
}

pub fn cg(precond: Precond) -> Way<f64> {
    Way {
        method: Method::Cg(CgConfig::default()),
        precond,
    }
}

pub fn ssor(omega: f64) -> Way<f64> {
    cg(Precond::Ssor(SsorConfig {
        omega,
        ..Default::default()
    }))
}

/// Who chooses, and on what.
#[derive(Clone, Copy)]
pub struct Who {
    pub kind: TunerKind,
    pub context: ContextKind,
    pub range: Option<[f64; 2]>,
    /// On the grid of the paper, without a bound on what an arm may take: as in the paper.
    pub as_in_paper: bool,
    pub cost: CostKind,
}

impl Who {
    pub fn new(kind: TunerKind, context: ContextKind) -> Self {
        Self {
            kind,
            context,
            range: None,
            as_in_paper: false,
            cost: CostKind::Iterations,
        }
    }

    pub fn paper(kind: TunerKind, context: ContextKind, range: Option<[f64; 2]>) -> Self {
        Self {
            range,
            as_in_paper: true,
            ..Self::new(kind, context)
        }
    }
}

fn sequence(family: &dyn Family, way: &Way<f64>, n: usize) -> SequenceConfig<f64> {
    let max_iters = match way.method {
        Method::Sor(_) => 10_000,
        _ => 10_000.max(10 * n),
    };
    SequenceConfig {
        stopping: Stopping {
            max_iters,
            ..Default::default()
        },
        guess: if family.continues() {
            Guess::Previous
        } else {
            Guess::Zero
        },
        detect_nullspace: false,
        ..Default::default()
    }
}

fn change(system: &Instance) -> Change {
    match system.novelty {
        Novelty::Rhs => Change::Nothing,
        Novelty::Values => Change::Values,
        Novelty::Pattern => Change::Pattern,
    }
}

/// What each system cost a tuner, and its work in products with A.
pub fn tuned(family: &mut dyn Family, way: Way<f64>, who: Who, seed: u64) -> Outcome<Costs> {
    let mut config = TunedConfig::new(way);
    config.sequence = sequence(family, &way, 0);
    config.tuner = who.kind;
    config.context = who.context;
    config.context_range = who.range;
    config.cost = who.cost;
    config.seed = seed;
    if who.as_in_paper {
        config.omegas = paper_grid();
        config.backstop = false;
    }
    let mut tuned = Tuned::new(config)?;
    let (mut system, mut x) = (Instance::default(), Vec::new());
    let mut costs = Vec::with_capacity(family.len());
    for t in 0..family.len() {
        family.next(t, &x, &mut system)?;
        x.resize(system.b.len(), 0.0);
        tuned.set_context(&system.context);
        let done = tuned.next(&system.a, &system.b, change(&system), &mut x, &mut ())?;
        if !done.solved.report.converged() {
            return Err(format!("system {t}: {}", done.solved.report.reason).into());
        }
        costs.push((done.cost, done.solved.work + done.extra_matvecs as f64));
    }
    Ok(costs)
}

/// What each system costs by one way: iterations, and work in products with A. One that does not
/// converge costs the bound on iterations.
pub fn fixed(family: &mut dyn Family, way: &Way<f64>) -> Outcome<Costs> {
    let config = sequence(family, way, 0);
    let mut sequence = Sequence::new(config);
    let (mut system, mut x) = (Instance::default(), Vec::new());
    let mut costs = Vec::with_capacity(family.len());
    for t in 0..family.len() {
        family.next(t, &x, &mut system)?;
        x.resize(system.b.len(), 0.0);
        let solved = sequence.next(
            &system.a,
            &system.b,
            change(&system),
            Some(way),
            &mut x,
            &mut (),
        )?;
        let failed = !solved.report.converged();
        let bound = config.stopping.max_iters as f64;
        costs.push(if failed {
            (bound, bound)
        } else {
            (solved.report.iterations as f64, solved.work)
        });
    }
    Ok(costs)
}

/// What each system costs where its ω is chosen with hindsight: `choose` may solve it as often as it likes, each
/// time from the same initial guess, and answers with what it cost.
pub fn chosen(
    family: &mut dyn Family,
    way: &Way<f64>,
    mut choose: impl FnMut(usize, &Instance, &mut dyn FnMut(f64) -> Outcome<Cost>) -> Outcome<Cost>,
) -> Outcome<Costs> {
    let mut sequence = Sequence::new(sequence(family, way, 0));
    let (mut system, mut x) = (Instance::default(), Vec::new());
    let mut costs = Vec::with_capacity(family.len());
    for t in 0..family.len() {
        family.next(t, &x, &mut system)?;
        x.resize(system.b.len(), 0.0);
        sequence.advance(change(&system));
        sequence.guess(&system.a, &system.b, &mut x);
        let guess = x.clone();
        let mut solve = |omega: f64| -> Outcome<Cost> {
            x.copy_from_slice(&guess);
            let way = way.with_omega(omega);
            let (a, b) = (&system.a, &system.b);
            let solved = sequence.solve(a, b, Some(&way), None, &mut x, &mut ())?;
            Ok((solved.report.iterations as f64, solved.work))
        };
        costs.push(choose(t, &system, &mut solve)?);
        sequence.keep(&x);
    }
    Ok(costs)
}

/// Golden section around the best of the grid of the paper, for each system, to 0.01: what nobody can know
/// beforehand.
pub fn golden(family: &mut dyn Family, way: &Way<f64>, grid: &[Costs]) -> Outcome<Costs> {
    let inner = 0.5 * (5f64.sqrt() - 1.0);
    chosen(family, way, |t, _, solve| {
        let k = (0..grid.len())
            .min_by(|&i, &j| grid[i][t].0.total_cmp(&grid[j][t].0))
            .unwrap_or(0);
        let mut least = grid[k][t];
        let mut cost = |omega: f64| -> Outcome<f64> {
            let cost = solve(omega)?;
            if cost.0 < least.0 {
                least = cost;
            }
            Ok(cost.0)
        };
        let (mut low, mut high) = (paper_grid()[k] - 0.05, paper_grid()[k] + 0.05);
        while high - low > 0.01 {
            let (a, b) = (high - inner * (high - low), low + inner * (high - low));
            if cost(a)? <= cost(b)? {
                high = b
            } else {
                low = a
            }
        }
        // what the sequence goes on from is a solution, whichever ω found it
        Ok(least)
    })
}

/// The first numbers: what is to be small.
pub fn firsts(costs: &[Cost]) -> Vec<f64> {
    costs.iter().map(|cost| cost.0).collect()
}

/// Mean work of a solve.
pub fn work(costs: &[Cost]) -> f64 {
    mean(&costs.iter().map(|cost| cost.1).collect::<Vec<_>>())
}

pub fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

/// Mean and standard deviation over seeds.
pub fn spread(values: &[f64]) -> String {
    let m = mean(values);
    let squares: Vec<f64> = values.iter().map(|v| (v - m).powi(2)).collect();
    let deviation =
        (mean(&squares) * values.len() as f64 / (values.len().max(2) - 1) as f64).sqrt();
    let digits = if m < 10.0 { 3 } else { 1 };
    match values.len() {
        1 => format!("{m:.digits$}"),
        _ => format!("{m:.digits$} ± {deviation:.digits$}"),
    }
}
