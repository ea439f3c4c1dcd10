//! `resolvent model`, and networks as preconditioners of `resolvent solve`.

pub mod args;
mod check;
mod inspect;
mod referee;
pub mod runtime;

use super::Status;
use super::args::{How, SolveArgs};
use super::error::CliError;
use super::solve::chosen;
use args::ModelCommand;
use resolvent::models::mgnet::{Mgnet, MgnetConfig};
use resolvent::models::onnx::{Model, ModelConfig, OnnxConfig, OnnxPrecond, Role};
use resolvent::precond::{GmgConfig, Guarded, GuardedConfig};
use resolvent::solvers::fallback;
use resolvent::{Csr, Grid, Method, Precond, Preconditioner, Scalar, registry};
use std::path::Path;
use std::time::{Duration, Instant};

pub fn run(command: &ModelCommand, threads: usize) -> Result<Status, CliError> {
    match command {
        ModelCommand::Inspect(args) => inspect::run(args),
        ModelCommand::Check(args) => check::run(args),
        ModelCommand::Referee(args) => referee::run(args, threads),
    }
}

/// A model as it is typed, without the `onnx:`; `mgnet` is the one that is shipped.
fn typed(spec: &str) -> Result<registry::Network, CliError> {
    let flag = "precond";
    let levels = spec == "mgnet" || spec.starts_with("mgnet:");
    let read = match levels {
        true => registry::network(spec),
        false => registry::network(&format!("onnx:{spec}")),
    };
    let read = read.map_err(|source| CliError::Registry { flag, source })?;
    read.ok_or_else(|| CliError::Missing(spec.into()))
}

/// A model that was loaded to precondition a solve.
pub struct Network {
    typed: registry::Network,
    pub model: Model,
}

/// The preconditioner that a solve is given.
pub struct Given<T: Scalar> {
    pub m: Guarded<T>,
    /// Time it took to make it.
    pub setup: Duration,
}

impl Network {
    /// The network that `--precond` names, loaded; none if it names something else.
    pub fn named(args: &SolveArgs, threads: usize) -> Result<Option<Self>, CliError> {
        let flag = "precond";
        let read = registry::network(&args.how.precond);
        let Some(typed) = read.map_err(|source| CliError::Registry { flag, source })? else {
            return match &args.ort_lib {
                None => Ok(None),
                Some(_) => Err(CliError::NotApplicable {
                    option: "ort-lib",
                    solver: args.how.precond.clone(),
                    hint: "it belongs to --precond onnx:MODEL.onnx and mgnet",
                }),
            };
        };
        let config = config(&typed, args.ort_lib.as_deref(), threads);
        let model = Model::load(&typed.path, config)?;
        Ok(Some(Self { typed, model }))
    }

    /// The method that it is to serve, which must take a preconditioner.
    pub fn chosen(&self, how: &How) -> Result<(Option<Method<f64>>, Option<Precond>), CliError> {
        let bare = How {
            precond: "auto".into(),
            ..how.clone()
        };
        match chosen(&bare)? {
            (Some(Method::Direct(_) | Method::Sor(_)), _) => Err(CliError::NotApplicable {
                option: "precond",
                solver: how.solver.clone(),
                hint: "it takes no preconditioner; a network serves fcg, fgmres and gcrodr",
            }),
            (method, _) => Ok((method, None)),
        }
    }

    /// The network for this matrix, with what takes over from it.
    pub fn build(&self, a: &Csr<f64>, grid: Option<Grid>) -> Result<Given<f64>, CliError> {
        let started = Instant::now();
        let network: Box<dyn Preconditioner<f64>> = match self.typed.role {
            Role::Levels => Box::new(Mgnet::new(&self.model, a, MgnetConfig { grid })?),
            _ => Box::new(OnnxPrecond::new(&self.model, a, OnnxConfig { grid })?),
        };
        // what takes a matrix to predict levels for can be taken by gmg as well
        let usual = (self.typed.role == Role::Levels).then(|| Precond::Gmg(GmgConfig::default()));
        let classical = match self.typed.fallback.or(usual) {
            Some(Precond::Gmg(mut gmg)) => {
                gmg.grid = gmg.grid.or(grid);
                Precond::Gmg(gmg)
                    .build(a)
                    .map_err(resolvent::SolveError::Precond)?
            }
            Some(precond) => precond.build(a).map_err(resolvent::SolveError::Precond)?,
            None => fallback(a)?,
        };
        let config = GuardedConfig {
            trials: self.typed.trials,
            ..GuardedConfig::default()
        };
        Ok(Given {
            m: Guarded::new(network, classical, config),
            setup: started.elapsed(),
        })
    }
}

/// How a model that was typed is loaded.
fn config(typed: &registry::Network, library: Option<&Path>, threads: usize) -> ModelConfig {
    ModelConfig {
        library: library.map(Path::to_path_buf),
        contract: typed.contract.clone(),
        threads: typed.threads.unwrap_or(threads),
        device: typed.device,
    }
}
