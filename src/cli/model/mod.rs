//! `resolvent model`, and networks as preconditioners of `resolvent solve`.

pub mod args;
mod check;
mod inspect;
mod referee;
pub mod runtime;

use super::Status;
use super::args::How;
use super::error::CliError;
use super::input::Double;
use super::solve::chosen;
use args::ModelCommand;
use resolvent::network::{Network, NetworkError, config};
use resolvent::precond::Guarded;
use resolvent::solvers::Sequence;
use resolvent::{Csr, Grid, Method, Scalar, registry};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

pub fn run(command: &ModelCommand, threads: usize) -> Result<Status, CliError> {
    match command {
        ModelCommand::Inspect(args) => inspect::run(args),
        ModelCommand::Check(args) => check::run(args),
        ModelCommand::Referee(args) => referee::run(args, threads),
    }
}

/// The file of a network that is typed as a preconditioner: no output may take its place.
pub fn file(precond: &str) -> Option<PathBuf> {
    let network = registry::network(precond).ok().flatten();
    network.map(|network| network.path)
}

/// A model as it is typed, with or without the `onnx:`; `mgnet` is the one that is shipped.
fn typed(spec: &str) -> Result<registry::Network, CliError> {
    let flag = "model";
    let levels = spec == "mgnet" || spec.starts_with("mgnet:");
    let read = match levels {
        true => registry::network(spec),
        false => registry::network(&format!(
            "onnx:{}",
            spec.strip_prefix("onnx:").unwrap_or(spec)
        )),
    };
    let read = read.map_err(|source| CliError::Registry { flag, source })?;
    read.ok_or_else(|| CliError::Missing(spec.into()))
}

/// The preconditioner that a solve is given.
pub struct Given<T: Scalar> {
    pub m: Guarded<T>,
    /// Time it took to make it.
    pub setup: Duration,
}

/// The network that `--precond` names, loaded from `--ort-lib` or wherever a library is; none if it names
/// something else.
pub fn named(
    precond: &str,
    ort_lib: Option<&Path>,
    threads: usize,
) -> Result<Option<Network>, CliError> {
    let network = Network::load(precond, ort_lib, threads)?;
    match ort_lib {
        Some(_) if network.is_none() => Err(CliError::NotApplicable {
            option: "ort-lib",
            solver: precond.into(),
            hint: "it belongs to --precond onnx:MODEL.onnx and mgnet",
        }),
        _ => Ok(network),
    }
}

/// The method that a network is to serve, which must take a preconditioner; `None` is a choice left open.
pub fn method(how: &How) -> Result<Option<Method<f64>>, CliError> {
    let bare = How {
        precond: "auto".into(),
        ..how.clone()
    };
    match chosen(&bare)? {
        (Some(Method::Direct(_) | Method::Sor(_)), _) => Err(CliError::NotApplicable {
            option: "precond",
            solver: how.solver.clone(),
            hint: "it takes no preconditioner; a network serves dcdm, fcg, fgmres and gcrodr",
        }),
        (method, _) => Ok(method),
    }
}

/// The network for a matrix, and the time it takes to make it.
pub fn given(network: &Network, a: &Csr<f64>, grid: Option<Grid>) -> Result<Given<f64>, CliError> {
    let started = Instant::now();
    let m = network.guarded(a, grid)?;
    Ok(Given {
        m,
        setup: started.elapsed(),
    })
}

/// Gives the sequence of a run the network that its way calls by name.
///
/// # Errors
/// [`CliError::ComplexNetwork`] of complex systems.
pub fn plug<T: Double>(
    network: Option<&Network>,
    grid: Option<Grid>,
    sequence: &mut Sequence<T>,
) -> Result<(), CliError> {
    let Some(network) = network else {
        return Ok(());
    };
    let complex = || CliError::ComplexNetwork(network.name().into());
    sequence.plug(network.name(), network.maker(grid).ok_or_else(complex)?);
    Ok(())
}

impl From<NetworkError> for CliError {
    fn from(error: NetworkError) -> Self {
        let flag = "precond";
        match error {
            NetworkError::Registry(source) => Self::Registry { flag, source },
            NetworkError::Onnx(error) => Self::Onnx(error),
            NetworkError::Fallback(error) => Self::Solve(error),
            other => Self::Solve(resolvent::SolveError::Precond(other.into())),
        }
    }
}
