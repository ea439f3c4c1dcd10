//! A time-stepping code whose solver tunes itself: implicit heat steps, the matrix new in every one.
//!
//! ```sh
//! cargo run --release --example time_stepping
//! ```

use resolvent::matrices::sequences::{Heat2dJump, Instance};
use resolvent::models::{Tuned, TunedConfig};
use resolvent::precond::SsorConfig;
use resolvent::solvers::{Change, Guess, Way};
use resolvent::{CgConfig, Method, Precond};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut config = TunedConfig::new(Way {
        method: Method::Cg(CgConfig::default()),
        precond: Precond::Ssor(SsorConfig::default()), // its ω is the one to fall back on
    });
    config.sequence.guess = Guess::Previous;
    let mut solver = Tuned::new(config)?; // one for each equation

    let parameters = Heat2dJump {
        nx: 60,
        systems: 200,
        ..Default::default()
    };
    let mut heat = parameters.start(0)?;
    let (mut system, mut u, mut total) = (Instance::default(), Vec::new(), 0);
    for step in 0..heat.len() {
        heat.next(step, &u, &mut system)?; // assembles A and b from the solution before
        u.resize(system.b.len(), 0.0);
        let done = solver.next(&system.a, &system.b, Change::Values, &mut u, &mut ())?;
        total += done.solved.report.iterations;
        if step % 40 == 39 {
            let omega = done.choice.omega.unwrap_or(f64::NAN);
            println!(
                "step {:3}: omega {omega:.3}, {total} iterations so far",
                step + 1
            );
        }
    }
    Ok(())
}
