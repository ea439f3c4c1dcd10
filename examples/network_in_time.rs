//! A network in a time loop: implicit heat steps whose conductivity jumps by a thousand and moves, so that
//! every step has another matrix. The network predicts the levels of multigrid anew where the matrix is
//! new; where it fails, or is slower, the classical cycle takes over within the step.
//!
//! ```text
//! resolvent runtime install                                    # once: ONNX Runtime
//! cargo run --release --example network_in_time
//! ```

use resolvent::matrices::sequences::{Heat2dJump, Instance, Novelty};
use resolvent::models::mgnet::{Mgnet, MgnetConfig};
use resolvent::models::onnx::{Model, ModelConfig};
use resolvent::precond::{Gmg, GmgConfig, Guarded, GuardedConfig};
use resolvent::{Cg, CgConfig, Csr, Preconditioner, Solver, System};
use std::error::Error;
use std::time::{Duration, Instant};

type Outcome<A> = Result<A, Box<dyn Error>>;
type Precond = Box<dyn Preconditioner<f64>>;
type Make<'a> = dyn Fn(&Csr<f64>) -> Outcome<Precond> + 'a;

fn main() -> Outcome<()> {
    let model = Model::shipped(ModelConfig::default())?; // or Model::load("mine.onnx".as_ref(), …)
    let guarded = |a: &Csr<f64>| -> Outcome<Precond> {
        let network = Mgnet::new(&model, a, MgnetConfig::default())?;
        let classical = Gmg::new(a, GmgConfig::default())?;
        let config = GuardedConfig::default();
        let m = Guarded::new(Box::new(network), Box::new(classical), config);
        Ok(Box::new(m))
    };
    let classical =
        |a: &Csr<f64>| -> Outcome<Precond> { Ok(Box::new(Gmg::new(a, GmgConfig::default())?)) };
    run("mgnet, guarded by gmg", &guarded)?;
    run("gmg", &classical)
}

/// All steps with one preconditioner, made for the first matrix and updated for the others.
fn run(name: &str, make: &Make) -> Outcome<()> {
    let parameters = Heat2dJump {
        nx: 128,
        systems: 60,
        contrast: 1e3,
        dt: 0.05,
        ..Default::default()
    };
    let mut heat = parameters.start(0)?;
    let mut cg = Cg::new(parameters.nx * parameters.nx, CgConfig::default());
    let (mut system, mut u) = (Instance::default(), Vec::new());
    let mut m: Option<Precond> = None;
    let (mut iterations, mut takeovers) = (0, 0);
    let (mut setup, mut solve) = (Duration::ZERO, Duration::ZERO);
    for step in 0..heat.len() {
        heat.next(step, &u, &mut system)?; // assembles A and b from the solution before
        u.resize(system.b.len(), 0.0);
        let started = Instant::now();
        let m = match &mut m {
            Some(m) => {
                if system.novelty != Novelty::Rhs {
                    m.update(&system.a)?; // the network runs here, once for every level
                }
                m
            }
            none => none.insert(make(&system.a)?),
        };
        setup += started.elapsed();
        let started = Instant::now();
        let report = cg.solve(
            System::new(&system.a, &system.b, m.as_mut()),
            &mut u,
            &mut (),
        )?;
        solve += started.elapsed();
        assert!(report.converged(), "step {step}: {:?}", report.reason);
        iterations += report.iterations;
        takeovers += usize::from(report.fallback.is_some());
    }
    println!(
        "{name:<22} {iterations:4} iterations in {} steps, setup {setup:.2?}, solve {solve:.2?}; taken over in {takeovers}",
        heat.len()
    );
    Ok(())
}
