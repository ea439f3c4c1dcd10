//! Tables of docs/methods/mgnet.md: `gmg` beside cycles whose levels networks predict.
//!
//! ```text
//! cargo run --release --example mgnet                              the model that is shipped
//! cargo run --release --example mgnet -- 64 512 samples=3 threads=2 only=binary untrained.onnx random.onnx
//! cargo run --release --example mgnet -- 32x32x32 64x64x64 samples=3        boxes
//! ```
//!
//! Right-hand sides are random, residuals are true ones, every matrix is new to the model. Iterations of
//! CG to 1e-8 (mean, and the worst) and to 1e-12; milliseconds of the setup and of setup and solve, the
//! least of three.

mod cells;

use cells::Outcome;
use resolvent::generate::random_vector;
use resolvent::models::mgnet::{Mgnet, MgnetConfig};
use resolvent::models::onnx::{Model, ModelConfig};
use resolvent::precond::{Gmg, GmgConfig};
use resolvent::{Cg, CgConfig, Csr, Grid, Preconditioner, Solver, Stopping, System};
use std::time::Instant;

fn main() -> Outcome<()> {
    let (mut sizes, mut files, mut only) = (Vec::new(), Vec::new(), String::new());
    let (mut threads, mut samples) = (1, 5);
    for arg in std::env::args().skip(1) {
        match arg.split_once('=') {
            Some(("threads", count)) => threads = count.parse()?,
            Some(("samples", count)) => samples = count.parse()?,
            Some(("only", part)) => only = part.to_owned(),
            _ if arg.ends_with(".onnx") => files.push(arg),
            _ => sizes.push(match arg.parse() {
                Ok(n) => Grid::new(n, n, 1),
                Err(_) => Grid::parse(&arg)?,
            }),
        }
    }
    if sizes.is_empty() {
        sizes = [64, 256, 512].map(|n| Grid::new(n, n, 1)).to_vec();
    }
    let config = ModelConfig {
        threads,
        ..ModelConfig::default()
    };
    let mut models = vec![("mgnet".to_owned(), Model::shipped(config.clone())?)];
    for file in files {
        models.push((file.clone(), Model::load(file.as_ref(), config.clone())?));
    }
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
    pool.build()?
        .install(|| table(&sizes, samples, &only, &models))
}

fn table(sizes: &[Grid], samples: usize, only: &str, models: &[(String, Model)]) -> Outcome<()> {
    println!(
        "problem            size  preconditioner               1e-8  worst   1e-12   setup   setup+solve"
    );
    for &grid in sizes {
        let mut problems = cells::problems(grid, samples)?;
        problems.retain(|(name, _)| name.contains(only) && name != "neumann");
        let n = grid.dims().map(|n| n.to_string()).join("x");
        let n = n.trim_end_matches("x1");
        for (name, matrices) in problems {
            let gmg = |a: &Csr<f64>| Ok(Box::new(Gmg::new(a, GmgConfig::default())?) as _);
            line(&name, n, "gmg", &matrices, &gmg)?;
            for (file, model) in models {
                let dimensions = model.contract().layout.dimensions();
                if dimensions != grid.dimension() {
                    continue; // it is of the other kind
                }
                let network = |a: &Csr<f64>| {
                    let m = Mgnet::new(model, a, MgnetConfig::default())?;
                    Ok(Box::new(m) as _)
                };
                line(&name, n, file, &matrices, &network)?;
            }
        }
    }
    Ok(())
}

type Make<'a> = dyn Fn(&Csr<f64>) -> Outcome<Box<dyn Preconditioner<f64>>> + 'a;

fn line(name: &str, size: &str, with: &str, matrices: &[Csr<f64>], make: &Make) -> Outcome<()> {
    let count = matrices.len() as f64;
    let (mut mean, mut worst, mut setup, mut total) = ([0.0; 2], 0, 0.0, 0.0);
    for (seed, a) in matrices.iter().enumerate() {
        let b = random_vector::<f64>(a.nrows(), 100 + seed as u64);
        let once = |rtol: f64| -> Outcome<(usize, f64, f64)> {
            let started = Instant::now();
            let mut m = make(a)?;
            let made = started.elapsed().as_secs_f64();
            let stopping = Stopping {
                rtol,
                max_iters: 2000,
                ..Stopping::default()
            };
            let config = CgConfig {
                stopping,
                ..CgConfig::default()
            };
            let mut x = vec![0.0; a.nrows()];
            let mut cg = Cg::new(a.nrows(), config);
            let report = cg.solve(System::new(a, &b, m.as_mut()), &mut x, &mut ())?;
            if !report.converged() {
                println!("{name} {size} {with}: {:?} at {rtol:e}", report.reason);
            }
            Ok((report.iterations, made, started.elapsed().as_secs_f64()))
        };
        let runs = [once(1e-8)?, once(1e-8)?, once(1e-8)?];
        let least =
            |of: fn(&(usize, f64, f64)) -> f64| runs.iter().map(of).fold(f64::MAX, f64::min);
        setup += least(|run| run.1) / count;
        total += least(|run| run.2) / count;
        worst = worst.max(runs[0].0);
        mean[0] += runs[0].0 as f64 / count;
        mean[1] += once(1e-12)?.0 as f64 / count;
    }
    println!(
        "{name:<13} {size:>9}  {with:<27} {:>5.1} {worst:>6}  {:>6.1} {:>7.1} {:>10.1} ms",
        mean[0],
        mean[1],
        1e3 * setup,
        1e3 * total
    );
    Ok(())
}
