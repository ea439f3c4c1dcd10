//! The tables of docs/methods/gcrodr.md and docs/methods/rcg.md: the same systems, method by method.
//!
//! ```text
//! cargo run --release --example recycling               all tables
//! cargo run --release --example recycling -- skr heat   some of them
//! ```
//!
//! Products with A are all of them: iterations, restarts, recomputed residuals, initial guesses, and
//! those that bring a recycled space up to date, which are also given by themselves. Work is in
//! products with A, applications of M⁻¹ counted by the bytes they read. Time is that of setup and
//! solves on one thread; the median of three runs.

use resolvent::matrices::sequences::{AnySequence, Family, Instance, Novelty};
use resolvent::solvers::{Change, Guess, Sequence, SequenceConfig, Way};
use resolvent::{Scalar, Stopping, registry};
use std::error::Error;

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// A sequence, the preconditioner, and the methods: name, solver, initial guess.
struct Table {
    name: &'static str,
    title: &'static str,
    source: &'static str,
    precond: &'static str,
    rows: &'static [(&'static str, &'static str, Guess)],
}

const ZERO: Guess = Guess::Zero;

/// What is shown of recycling by itself: the same method beginning anew, always recycling, and left to
/// decide.
const GCRODR: &[(&str, &str, Guess)] = &[
    ("GMRES(40)", "gmres:restart=40", ZERO),
    (
        "GMRES(100), memory of GCRO-DR(40,20)",
        "gmres:restart=100",
        ZERO,
    ),
    ("BiCGStab", "bicgstab", ZERO),
    ("GCRO-DR(40,20), reset", "gcrodr:reset=true", ZERO),
    ("GCRO-DR(40,20), always", "gcrodr:auto=false", ZERO),
    (
        "GCRO-DR(40,20), strategy B",
        "gcrodr:auto=false,strategy=b",
        ZERO,
    ),
    ("GCRO-DR(40,20)", "gcrodr", ZERO),
    ("GCRO-DR(40,10), reset", "gcrodr:k=10,reset=true", ZERO),
    (
        "GCRO-DR(40,10), lag 8, always",
        "gcrodr:k=10,lag=8,auto=false",
        ZERO,
    ),
    (
        "GCRO-DR(40,10), lag 12, always",
        "gcrodr:k=10,lag=12,auto=false",
        ZERO,
    ),
    ("GCRO-DR(40,10), lag 8", "gcrodr:k=10,lag=8", ZERO),
    (
        "GCRO-DR(40,10), lag 8, always, from the solution before",
        "gcrodr:k=10,lag=8,auto=false",
        Guess::Previous,
    ),
    (
        "GCRO-DR(40,10), reset, from the solution before",
        "gcrodr:k=10,reset=true",
        Guess::Previous,
    ),
];

const RCG: &[(&str, &str, Guess)] = &[
    ("CG", "cg", ZERO),
    ("RCG(8), always", "rcg:auto=false", ZERO),
    ("RCG(16), always", "rcg:k=16,window=24,auto=false", ZERO),
    ("RCG(20), always", "rcg:k=20,window=30,auto=false", ZERO),
    ("RCG(8)", "rcg", ZERO),
];

const HEAT: &[(&str, &str, Guess)] = &[
    ("CG from 0", "cg", ZERO),
    ("CG from the solution before", "cg", Guess::Previous),
    ("CG extrapolated", "cg", Guess::Extrapolate),
    ("CG, projected guess", "cg", Guess::POD),
    ("RCG(8) from the solution before", "rcg", Guess::Previous),
    ("RCG(8), projected guess", "rcg", Guess::POD),
    (
        "RCG(8), projected guess, always",
        "rcg:auto=false",
        Guess::POD,
    ),
];

const fn table(
    name: &'static str,
    title: &'static str,
    source: &'static str,
    precond: &'static str,
    rows: &'static [(&'static str, &'static str, Guess)],
) -> Table {
    Table {
        name,
        title,
        source,
        precond,
        rows,
    }
}

const TABLES: &[Table] = &[
    table(
        "skr",
        "matrices of the released SKR code, ILU(0)",
        "skr-released:grid=98,systems=16",
        "ilu0",
        GCRODR,
    ),
    table(
        "advection",
        "advection-diffusion, 64 x 64, Pe 100, correlated 0.99, Jacobi",
        "advection-diffusion:grid=64,systems=100,rho=0.99,peclet=100",
        "jacobi",
        GCRODR,
    ),
    table(
        "iid",
        "advection-diffusion, 64 x 64, Pe 100, independent, ILU(0)",
        "advection-diffusion:grid=64,systems=200,peclet=100",
        "ilu0",
        GCRODR,
    ),
    table(
        "helmholtz",
        "Helmholtz, 64 x 64, k = 15, correlated 0.99, ILU(0)",
        "helmholtz:grid=64,systems=20,rho=0.99,k=15",
        "ilu0",
        GCRODR,
    ),
    table(
        "darcy64",
        "Darcy, 64 x 64, independent, IC(0)",
        "darcy:grid=64,systems=100",
        "ic0",
        RCG,
    ),
    table(
        "darcy128",
        "Darcy, 128 x 128, independent, IC(0)",
        "darcy:grid=128,systems=50",
        "ic0",
        RCG,
    ),
    table(
        "lognormal",
        "lognormal Darcy, 64 x 64, 200 independent systems, IC(0)",
        "darcy-lognormal:grid=64,systems=200",
        "ic0",
        RCG,
    ),
    table(
        "heat",
        "heat, 64 x 64, 200 steps, Jacobi",
        "heat:grid=64,systems=200,steps=200",
        "jacobi",
        HEAT,
    ),
];

/// The sums over a sequence.
#[derive(Default, Clone)]
struct Sums {
    unconverged: usize,
    iterations: usize,
    matvecs: usize,
    setup_matvecs: usize,
    work: f64,
    seconds: f64,
    said: String,
}

fn run<T: Scalar<Real = f64>>(
    mut family: Box<dyn Family<T>>,
    way: &Way<f64>,
    guess: Guess,
) -> Outcome<Sums> {
    let mut sequence = Sequence::<T>::new(SequenceConfig {
        stopping: Stopping {
            max_iters: 20_000,
            ..Stopping::default()
        },
        guess,
        ..SequenceConfig::default()
    });
    let (mut system, mut x, mut sums) = (Instance::default(), Vec::new(), Sums::default());
    for t in 0..family.len() {
        family.next(t, &x, &mut system)?;
        x.resize(system.a.nrows(), T::ZERO);
        let change = match system.novelty {
            Novelty::Rhs => Change::Nothing,
            Novelty::Values => Change::Values,
            Novelty::Pattern => Change::Pattern,
        };
        let started = std::time::Instant::now();
        let solved = sequence.next(&system.a, &system.b, change, Some(way), &mut x, &mut ())?;
        sums.seconds += started.elapsed().as_secs_f64();
        sums.unconverged += usize::from(!solved.report.converged());
        sums.iterations += solved.report.iterations;
        sums.matvecs += solved.report.matvecs;
        sums.work += solved.work;
        if let Some(recycling) = solved.report.recycling {
            sums.setup_matvecs += recycling.setup_matvecs;
            sums.said = recycling.to_string();
        }
    }
    Ok(sums)
}

fn print(table: &Table) -> Outcome<()> {
    println!(
        "\n{} (`{}`), relative residual 1e-8\n",
        table.title, table.source
    );
    println!(
        "| method | iterations | products with A | of them setup | work | not converged | s | |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    let precond = registry::precond(table.precond)?.ok_or("a preconditioner")?;
    for &(name, spec, guess) in table.rows {
        let method = registry::solver(spec)?.ok_or("a solver")?;
        let way = Way { method, precond };
        let mut runs = Vec::new();
        for _ in 0..3 {
            runs.push(match registry::sequence(table.source, 0)? {
                AnySequence::Real(family) => run(family, &way, guess)?,
                AnySequence::Complex(family) => run(family, &way, guess)?,
            });
            if runs[0].seconds > 20.0 {
                break;
            }
        }
        runs.sort_by(|a, b| a.seconds.total_cmp(&b.seconds));
        let s = &runs[runs.len() / 2];
        println!(
            "| {name} | {} | {} | {} | {:.0} | {} | {:.2} | {} |",
            s.iterations, s.matvecs, s.setup_matvecs, s.work, s.unconverged, s.seconds, s.said
        );
    }
    Ok(())
}

fn main() -> Outcome<()> {
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    let all = TABLES.iter();
    let mut chosen = all.filter(|t| wanted.is_empty() || wanted.iter().any(|w| w == t.name));
    chosen.try_for_each(print)
}
