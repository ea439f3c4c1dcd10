//! Those who are compared, and one run of one of them.

use super::peers::Peer;
use super::system::Problem;
use crate::cli::input::Double;
use crate::cli::interrupt;
use crate::cli::judge::Judge;
use crate::cli::machine;
use resolvent::models::mgnet::{Mgnet, MgnetConfig};
use resolvent::models::onnx::{Model, OnnxConfig, OnnxPrecond, Role};
use resolvent::solvers::precond::Identity;
use resolvent::solvers::{Outcome, PrecondError, Way};
use resolvent::{
    Auto, AutoConfig, Grid, Method, Nullspace, Observer, Precond, Preconditioner, Solver, Step,
    System,
};
use serde::Serialize;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

/// What it is to the model that is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    Model,
    Untrained,
    Shuffled,
    Classical,
    Peer,
}

/// One of those who are compared.
pub struct Entrant {
    pub name: String,
    pub part: Part,
    pub how: How,
}

/// How it solves.
pub enum How {
    /// By a network, alone: nothing takes over from it.
    Network {
        model: Model,
        method: Method<f64>,
    },
    Classical(Way<f64>),
    Peer(Peer),
}

/// One run.
#[derive(Debug, Clone, Serialize)]
pub struct Run {
    /// On the residual recomputed from x.
    pub converged: bool,
    /// Why it ended, or what failed.
    pub reason: String,
    pub iterations: usize,
    pub precond_applies: Option<usize>,
    pub relative_residual: f64,
    pub setup: f64,
    pub solve: f64,
}

impl Run {
    pub fn total(&self) -> f64 {
        self.setup + self.solve
    }

    pub fn failed(reason: String) -> Self {
        Self {
            converged: false,
            reason,
            iterations: 0,
            precond_applies: None,
            relative_residual: f64::NAN,
            setup: 0.0,
            solve: 0.0,
        }
    }
}

impl Entrant {
    /// The method, in the words of the command.
    pub fn solver(&self) -> &str {
        match &self.how {
            How::Network { method, .. } => method.name(),
            How::Classical(way) => way.method.name(),
            How::Peer(peer) => peer.solver(),
        }
    }

    /// Solves it once. What fails is a run that has not converged.
    pub fn run(&self, problem: &Problem<'_>) -> Run {
        match &self.how {
            How::Peer(peer) => peer.run(problem),
            How::Network { model, method } => {
                let started = Instant::now();
                match network(model, problem) {
                    Ok(mut m) => solve(problem, *method, None, m.as_mut(), started.elapsed()),
                    Err(error) => Run::failed(error.to_string()),
                }
            }
            How::Classical(way) => {
                let precond = with_grid(way.precond, problem.grid);
                solve(
                    problem,
                    way.method,
                    Some(precond),
                    &mut Identity,
                    Duration::ZERO,
                )
            }
        }
    }
}

/// Runs a network once, untimed: what ONNX Runtime does but once is no part of any system.
pub fn warm_up(entrant: &Entrant, problem: &Problem<'_>) {
    if let How::Network { model, .. } = &entrant.how
        && let Ok(mut m) = network(model, problem)
    {
        // what fails will fail again, and is told then
        let mut z = vec![0.0; problem.b.len()];
        m.apply(problem.b, &mut z).ok();
    }
}

fn network(
    model: &Model,
    problem: &Problem<'_>,
) -> Result<Box<dyn Preconditioner<f64>>, PrecondError> {
    let (a, grid) = (problem.a, problem.grid);
    Ok(match model.contract().role {
        Role::Levels => Box::new(Mgnet::new(
            model,
            a,
            MgnetConfig {
                grid,
                ..MgnetConfig::default()
            },
        )?),
        _ => Box::new(OnnxPrecond::new(model, a, OnnxConfig { grid })?),
    })
}

/// The grid that was typed, for what reads one.
fn with_grid(precond: Precond, grid: Option<Grid>) -> Precond {
    match precond {
        Precond::Gmg(mut gmg) => {
            gmg.grid = gmg.grid.or(grid);
            Precond::Gmg(gmg)
        }
        other => other,
    }
}

/// With the classical preconditioner, or else with `given`, which took `built` to make.
fn solve(
    problem: &Problem<'_>,
    method: Method<f64>,
    precond: Option<Precond>,
    given: &mut dyn Preconditioner<f64>,
    built: Duration,
) -> Run {
    let judge = Judge::new(problem.a, problem.b, None, problem.tolerance);
    let mut auto = Auto::new(AutoConfig {
        stopping: judge.stopping(Some(&method), Some(problem.max_time.saturating_sub(built))),
        method: Some(method),
        precond,
        given: precond.is_none(),
        detect_nullspace: true,
        max_bytes: Some(machine::memory_for_factors()),
    });
    let mut x = vec![0.0; problem.b.len()];
    let none = Nullspace::none();
    let system = System::new(problem.a, problem.b, given).with_nullspace(&none);
    let solved = auto.solve_many(system, &mut x, &mut Interruptible);
    // reading the evidence is no part of any method
    let setup = built + auto.setup_time().saturating_sub(auto.reading_time());
    let mut run = Run {
        setup: setup.as_secs_f64(),
        solve: auto.solve_time().as_secs_f64(),
        ..Run::failed(String::new())
    };
    if let Some(attempt) = auto.attempts().last() {
        run.iterations = attempt.iterations;
        run.precond_applies = Some(attempt.precond_applies);
        if let Outcome::Failed(error) = &attempt.outcome {
            run.reason = error.to_string();
        }
    }
    match solved {
        Ok(reports) => {
            let columns = judge.columns(&x, &reports);
            if let Some(column) = columns.first() {
                run.converged = column.converged;
                run.reason = column.reason.replace('_', " ");
                run.relative_residual = column.relative_residual;
            }
        }
        Err(error) => run.reason = error.to_string(),
    }
    run
}

/// Ends a solve where the user asks for it.
pub struct Interruptible;

impl<T: Double> Observer<T> for Interruptible {
    fn step(&mut self, _: &Step<'_, T>) -> ControlFlow<()> {
        match interrupt::asked() {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    }
}
