//! The default tuner against the user's own arm, in work: on sequences that change, alternate, or
//! have an arm that diverges.

use super::Options;
use super::run::{Outcome, Who, firsts, fixed, mean, sor, spread, ssor, tuned};
use rayon::prelude::*;
use resolvent::models::{ContextKind, CostKind, TunerKind};
use resolvent::registry;
use resolvent::solvers::Way;

pub fn table(options: &Options) -> Outcome<()> {
    println!(
        "\n## Never worse: work in products with A, {} seeds\n",
        options.seeds
    );
    println!(
        "| sequence | the user's arm | its work | auto, over it | (auto − 1.05 × user's) in solves | first solve from which auto is ahead |"
    );
    println!("|---|---|---|---|---|---|");
    let arms: [(&str, Way<f64>); 4] = [
        ("sor, ω = 1", sor(1.0)),
        ("sor, ω = 1.5", sor(1.5)),
        ("cg + ssor, ω = 1", ssor(1.0)),
        ("cg + ssor, ω = 1.5", ssor(1.5)),
    ];
    for (spec, arms) in [
        ("adversarial:kind=switch", &arms[..]),
        ("adversarial:kind=alternating", &arms),
        ("adversarial:kind=diverging", &arms[..1]),
        ("shifted-laplacian:systems=1000", &arms),
        ("heat2d:nx=50,systems=1000", &arms[2..]),
        ("heat2d-jump:nx=50,systems=500", &arms[2..]),
        ("projection:systems=500", &arms[2..]),
        ("newton:problem=bratu,systems=500", &arms[2..]),
        ("newton:problem=plaplacian,systems=500", &arms[2..]),
        ("impes:systems=500", &arms[2..]),
    ] {
        for (name, way) in arms {
            row(spec, name, *way, options.seeds)?;
        }
    }
    Ok(())
}

fn row(spec: &str, name: &str, way: Way<f64>, seeds: u64) -> Outcome<()> {
    let who = Who {
        cost: CostKind::Work,
        ..Who::new(TunerKind::Auto, ContextKind::Matrix)
    };
    let runs: Vec<(Vec<f64>, Vec<f64>)> = (0..seeds)
        .into_par_iter()
        .map(|seed| {
            let user = fixed(registry::family(spec, seed)?.as_mut(), &way)?;
            let auto = tuned(registry::family(spec, seed)?.as_mut(), way, who, seed)?;
            Ok((user.into_iter().map(|cost| cost.1).collect(), firsts(&auto)))
        })
        .collect::<Outcome<_>>()?;
    let sum = |costs: &[f64]| costs.iter().sum::<f64>();
    let column = |value: &dyn Fn(&[f64], &[f64]) -> f64| {
        spread(
            &runs
                .iter()
                .map(|(user, auto)| value(user, auto))
                .collect::<Vec<_>>(),
        )
    };
    let ahead: Vec<Option<usize>> = runs.iter().map(|(user, auto)| ahead(user, auto)).collect();
    let never = ahead.iter().filter(|at| at.is_none()).count();
    let known: Vec<f64> = ahead.iter().flatten().map(|&at| at as f64).collect();
    let ahead = match (never, known.is_empty()) {
        (_, true) => "never".into(),
        (0, _) => spread(&known),
        (never, _) => format!("{}; never for {never}", spread(&known)),
    };
    println!(
        "| {spec} | {name} | {} | {} | {} | {ahead} |",
        column(&|user, _| sum(user)),
        column(&|user, auto| sum(auto) / sum(user)),
        column(&|user, auto| (sum(auto) - 1.05 * sum(user)) / mean(user)),
    );
    Ok(())
}

/// The solve from which the total of auto stays below that of the user's arm.
fn ahead(user: &[f64], auto: &[f64]) -> Option<usize> {
    let (mut totals, mut since) = ((0.0, 0.0), Some(0));
    for (t, (user, auto)) in user.iter().zip(auto).enumerate() {
        totals = (totals.0 + user, totals.1 + auto);
        if totals.1 >= totals.0 {
            since = None;
        } else if since.is_none() {
            since = Some(t + 1);
        }
    }
    since
}
