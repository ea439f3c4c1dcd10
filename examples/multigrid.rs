//! Tables of docs/methods/gmg.md: iterations of CG with `gmg` by size, and what a cycle costs.
//!
//! ```text
//! cargo run --release --example multigrid                  64, 256 and 1024 cells along each side
//! cargo run --release --example multigrid -- 512 threads=2
//! ```
//!
//! Right-hand sides are random, residuals are true ones. Times are the least of several repetitions, in
//! nanoseconds per unknown, the product with A of the same run beside them.

use resolvent::generate::{Boundary, Diffusion, disk, random_vector};
use resolvent::matrices::families::{self, Assembled, Darcy, DarcyLognormal, SampleFamily};
use resolvent::matrices::fields::Scratch;
use resolvent::precond::{Gmg, GmgConfig};
use resolvent::{
    Cg, CgConfig, Csr, Grid, LinearOperator, Preconditioner, Solver, Stopping, System,
};
use std::error::Error;
use std::time::Instant;

type Outcome<A> = Result<A, Box<dyn Error + Send + Sync>>;

fn main() -> Outcome<()> {
    let (mut sizes, mut threads) = (Vec::new(), 1);
    for arg in std::env::args().skip(1) {
        match arg.strip_prefix("threads=") {
            Some(count) => threads = count.parse()?,
            None => sizes.push(arg.parse()?),
        }
    }
    if sizes.is_empty() {
        sizes = vec![64, 256, 1024];
    }
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
    pool.build()?.install(|| table(&sizes))
}

fn table(sizes: &[usize]) -> Outcome<()> {
    println!("problem          size    1e-8   1e-12   update  cycle  product  update+solve");
    let (low, tau) = (1.0, 10.0);
    let binary = |high| Darcy {
        low,
        high,
        tau,
        ..Darcy::default()
    };
    let sigma = 3.0;
    let lognormal = DarcyLognormal {
        sigma,
        ..DarcyLognormal::default()
    };
    for &n in sizes {
        let grid = Grid::new(n, n, 1);
        line(
            "poisson",
            n,
            &[Diffusion {
                grid,
                coefficient: ONE,
                ..Diffusion::default()
            }
            .generate()?
            .matrix],
        )?;
        line("masked, mixed", n, &[masked(grid)?])?;
        line("darcy 3/12", n, &drawn(&Darcy::default().on(grid)?)?)?;
        line("lognormal 3", n, &drawn(&lognormal.on(grid)?)?)?;
        for contrast in [1e3, 1e4, 1e6] {
            let name = format!("binary {contrast:.0e}");
            line(&name, n, &drawn(&binary(contrast).on(grid)?)?)?;
        }
    }
    Ok(())
}

const ONE: resolvent::generate::Coefficient = resolvent::generate::Coefficient::Constant(1.0);

/// Poisson's equation around discs of value 0, insulated on two sides.
fn masked(grid: Grid) -> Outcome<Csr<f64>> {
    let (fixed, free) = (Boundary::Dirichlet, Boundary::Neumann);
    let sides = [[fixed, free], [free, fixed], [free; 2]];
    let problem = Diffusion {
        grid,
        coefficient: ONE,
        sides,
        ..Diffusion::default()
    };
    let mut hole = vec![false; problem.grid.unknowns().unwrap_or(0)];
    let random = random_vector::<f64>(30, 1);
    for c in random.chunks(3) {
        let centre = [0.5 * (c[0] + 1.0), 0.5 * (c[1] + 1.0), 0.5];
        for cell in disk(grid, centre, 0.07 + 0.05 * c[2])? {
            hole[cell] = true;
        }
    }
    let matrix = problem.generate::<f64>()?.matrix;
    Ok(matrix.view().filter(|i, j| i == j || !(hole[i] || hole[j])))
}

/// The first three matrices of a family.
fn drawn(family: &dyn SampleFamily<f64>) -> Outcome<Vec<Csr<f64>>> {
    let mut inputs = family.describe().new_inputs();
    let mut scratch = Scratch::default();
    let mut matrices = Vec::new();
    for index in 0..3 {
        family.draw(1, index, &mut scratch, &mut inputs)?;
        let mut system = Assembled::default();
        family.assemble(&inputs, families::Step::default(), &mut system)?;
        matrices.push(system.a);
    }
    Ok(matrices)
}

/// Mean iterations over the matrices, and the times of the first.
fn line(name: &str, size: usize, matrices: &[Csr<f64>]) -> Outcome<()> {
    let (mut counts, mut solve) = ([0.0; 2], 0.0);
    let n = matrices[0].nrows();
    let b = random_vector::<f64>(n, 5);
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
            let report = cg.solve(System::new(a, &b, &mut m), &mut x, &mut ())?;
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
        "{name:<14} {size:>6}  {:>6.1}  {:>6.1}   {:>6.1} {:>6.2}   {:>6.2}   {:>8.2} ms",
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
