//! Tables of docs/methods/gmg.md: iterations of CG with `gmg` by size, and what a cycle costs.
//!
//! ```text
//! cargo run --release --example multigrid                  planes of 64 to 1024 cells a side, boxes of 32 to 128
//! cargo run --release --example multigrid -- 512x512 64x64x64 threads=2 only=poisson
//! ```
//!
//! Right-hand sides are random, residuals are true ones. Times are the least of several repetitions, in
//! nanoseconds per unknown, the product with A of the same run beside them.

mod cells;

use cells::Outcome;
use resolvent::generate::random_vector;
use resolvent::precond::{Gmg, GmgConfig};
use resolvent::{
    Cg, CgConfig, Csr, Grid, LinearOperator, Nullspace, Preconditioner, Solver, Stopping, System,
};
use std::time::Instant;

fn main() -> Outcome<()> {
    let (mut grids, mut threads, mut only) = (Vec::new(), 1, String::new());
    for arg in std::env::args().skip(1) {
        match arg.split_once('=') {
            Some(("threads", count)) => threads = count.parse()?,
            Some(("only", part)) => only = part.to_owned(),
            _ => grids.push(Grid::parse(&arg)?),
        }
    }
    if grids.is_empty() {
        grids.extend([64, 256, 1024].map(|n| Grid::new(n, n, 1)));
        grids.extend([32, 64, 128].map(|n| Grid::new(n, n, n)));
    }
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
    pool.build()?.install(|| table(&grids, &only))
}

fn table(grids: &[Grid], only: &str) -> Outcome<()> {
    println!("problem             size    1e-8   1e-12   update  cycle  product  update+solve");
    for &grid in grids {
        for (name, matrices) in cells::problems(grid, 3)? {
            if name.contains(only) {
                line(&name, grid, &matrices)?;
            }
        }
    }
    Ok(())
}

/// Mean iterations over the matrices, and the times of the first.
fn line(name: &str, grid: Grid, matrices: &[Csr<f64>]) -> Outcome<()> {
    let (mut counts, mut solve) = ([0.0; 2], 0.0);
    let n = matrices[0].nrows();
    let size = grid.dims().map(|n| n.to_string()).join("x");
    let size = size.trim_end_matches("x1");
    let mut b = random_vector::<f64>(n, 5);
    let space = match name {
        "neumann" => Nullspace::constant(),
        _ => Nullspace::none(),
    };
    if name == "neumann" {
        let mean = b.iter().sum::<f64>() / n as f64;
        b.iter_mut().for_each(|b| *b -= mean);
    }
    let mut x = vec![0.0; n];
    for a in matrices {
        let mut m = Gmg::new(a, GmgConfig::default())?;
        for (count, rtol) in counts.iter_mut().zip([1e-8, 1e-12]) {
            let stopping = Stopping {
                rtol,
                ..Stopping::default()
            };
            let mut cg = Cg::new(
                n,
                CgConfig {
                    stopping,
                    ..CgConfig::default()
                },
            );
            x.fill(0.0);
            let started = Instant::now();
            let system = System::new(a, &b, &mut m).with_nullspace(&space);
            let report = cg.solve(system, &mut x, &mut ())?;
            if !report.converged() {
                println!("{name} {size}: {:?} at {rtol:e}", report.reason);
            }
            if rtol == 1e-8 {
                solve = started.elapsed().as_secs_f64();
            }
            *count += report.iterations as f64 / matrices.len() as f64;
        }
    }
    let (a, mut m) = (&matrices[0], Gmg::new(&matrices[0], GmgConfig::default())?);
    let repeats = (10_000_000 / n).clamp(5, 200);
    let update = least(repeats, || Preconditioner::<f64>::update(&mut m, a).is_ok());
    let cycle = least(repeats, || m.apply(&b, &mut x).is_ok());
    let product = least(repeats, || {
        a.apply(&b, &mut x);
        true
    });
    let each = |seconds: f64| seconds * 1e9 / n as f64;
    println!(
        "{name:<14} {size:>11}  {:>6.1}  {:>6.1}   {:>6.1} {:>6.2}   {:>6.2}   {:>8.2} ms",
        counts[0],
        counts[1],
        each(update),
        each(cycle),
        each(product),
        1e3 * (update + solve)
    );
    Ok(())
}

/// Seconds of the fastest.
fn least(repeats: usize, mut work: impl FnMut() -> bool) -> f64 {
    let mut best = f64::INFINITY;
    for _ in 0..repeats {
        let started = Instant::now();
        assert!(work());
        best = best.min(started.elapsed().as_secs_f64());
    }
    best
}
