//! Recycling in a code of one's own: implicit steps of a viscous Burgers flow, Newton in each, every Jacobian another.
//!
//! uₜ + u uₓ + u u_y = ν Δu on the unit square, u = 0 on its boundary, differences in the middle, implicit Euler. The
//! loop hands each Jacobian to a [`Sequence`], which keeps what GCRO-DR has learned of the one before; the same loop
//! runs with GMRES of the same restart, for comparison. With a small τ (DT below), where GMRES ends before its first
//! restart, there is nothing to recycle, and trying costs a few products.
//!
//! ```sh
//! cargo run --release --example newton_loop
//! ```

use resolvent::precond::JacobiConfig;
use resolvent::solvers::{Change, GcrodrConfig, GmresConfig, Sequence, SequenceConfig, Way};
use resolvent::{Csr, Method, Precond};

const SIDE: usize = 80;
const STEPS: usize = 20;
const NU: f64 = 2e-2;
const DT: f64 = 0.5;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let gmres = Method::Gmres(GmresConfig {
        restart: 40,
        ..Default::default()
    });
    for method in [gmres, Method::Gcrodr(GcrodrConfig::default())] {
        run(method)?;
    }
    Ok(())
}

fn run(method: Method<f64>) -> Result<(), Box<dyn std::error::Error>> {
    let way = Way {
        method,
        precond: Precond::Jacobi(JacobiConfig::default()),
    };
    let mut solver = Sequence::new(SequenceConfig::default()); // one for each equation of the code
    let mut u: Vec<f64> = (0..SIDE * SIDE).map(initial).collect();
    let (mut products, mut systems) = (0, 0);
    for _ in 0..STEPS {
        let before = u.clone();
        for newton in 0..10 {
            let (jacobian, residual) = linearize(&u, &before)?;
            if norm(&residual) <= 1e-8 * norm(&before) {
                break;
            }
            assert!(newton < 9, "Newton does not converge");
            // the pattern is the same for all: only values are taken anew
            let change = if systems == 0 {
                Change::Pattern
            } else {
                Change::Values
            };
            let mut step = vec![0.0; u.len()];
            let solved =
                solver.next(&jacobian, &residual, change, Some(&way), &mut step, &mut ())?;
            if !solved.report.converged() {
                return Err(solved.report.reason.to_string().into());
            }
            u.iter_mut().zip(&step).for_each(|(u, d)| *u -= d);
            products += solved.report.matvecs;
            systems += 1;
        }
    }
    println!(
        "{}: {systems} systems, {products} products with A",
        way.method.name()
    );
    Ok(())
}

fn initial(cell: usize) -> f64 {
    let at = |k: usize| std::f64::consts::PI * (k + 1) as f64 / (SIDE + 1) as f64;
    (at(cell % SIDE)).sin() * (2.0 * at(cell / SIDE)).sin()
}

fn norm(v: &[f64]) -> f64 {
    v.iter().map(|v| v * v).sum::<f64>().sqrt()
}

/// F(u) = u − u₀ + τ(u uₓ + u u_y − ν Δu) and its derivative.
fn linearize(u: &[f64], before: &[f64]) -> Result<(Csr<f64>, Vec<f64>), resolvent::MatrixError> {
    let h = 1.0 / (SIDE + 1) as f64;
    let (convection, diffusion) = (0.5 * DT / h, NU * DT / (h * h));
    let (mut entries, mut residual) =
        (Vec::with_capacity(5 * u.len()), Vec::with_capacity(u.len()));
    for cell in 0..u.len() {
        let (x, y) = (cell % SIDE, cell / SIDE);
        let west = (x > 0).then(|| cell - 1);
        let east = (x + 1 < SIDE).then_some(cell + 1);
        let south = (y > 0).then(|| cell - SIDE);
        let north = (y + 1 < SIDE).then_some(cell + SIDE);
        let at = |cell: Option<usize>| cell.map_or(0.0, |cell| u[cell]);
        let slope = at(east) - at(west) + at(north) - at(south);
        let around = at(east) + at(west) + at(north) + at(south);
        residual.push(
            u[cell] - before[cell] + convection * u[cell] * slope
                - diffusion * (around - 4.0 * u[cell]),
        );
        entries.push((cell, cell, 1.0 + convection * slope + 4.0 * diffusion));
        for (beside, sign) in [(west, -1.0), (east, 1.0), (south, -1.0), (north, 1.0)] {
            let value = sign * convection * u[cell] - diffusion;
            entries.extend(beside.map(|beside| (cell, beside, value)));
        }
    }
    Ok((Csr::from_triplets(u.len(), u.len(), entries)?, residual))
}
