//! How the samples are solved: the names that a plan keeps, and what they stand for.

use super::DatasetError;
use super::chain;
use super::request::Request;
use super::tolerance::Tolerance;
use crate::network::{Network, NetworkError};
use crate::registry;
use resolvent_solvers::{Precond, Stopping, Way};
use serde::{Deserialize, Serialize};

/// A solver and a preconditioner by name: `["cg", "ssor:omega=1.9"]`.
pub type Names = [String; 2];

/// How the samples are solved.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    /// Solver, with its options.
    pub solver: String,
    /// Preconditioner, with its options.
    pub precond: String,
    /// What finishes a solve that these do not.
    pub safe: Option<Names>,
    /// Iterations after which that begins.
    pub budget: usize,
    /// The first samples have one matrix: it is set up once for as long as that holds.
    pub constant_matrix: bool,
    /// Samples whose right-hand sides those of the others are combinations of ([`basis`](super::basis)).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub basis: Vec<u64>,
    /// The fastest of several that were measured, on samples of this data set.
    pub measured: bool,
    /// Where rtol is from, if it was not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tolerance: Option<Tolerance>,
    /// SHA-256 of the file of the network: all samples are solved with the same one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
}

impl Choice {
    /// What was asked for, without anything to fall back on.
    pub fn asked(solver: &str, precond: &str, budget: usize) -> Self {
        Self {
            solver: solver.into(),
            precond: precond.into(),
            safe: None,
            budget,
            constant_matrix: false,
            basis: Vec::new(),
            measured: false,
            tolerance: None,
            model: None,
        }
    }

    /// With the file of its network, if it has one, as it is now.
    ///
    /// # Errors
    /// [`DatasetError`] for a network that cannot be loaded.
    pub fn with_model(mut self) -> Result<Self, DatasetError> {
        self.model = network(&self.precond)?.as_ref().map(checksum).transpose()?;
        Ok(self)
    }

    /// What the names stand for.
    ///
    /// # Errors
    /// [`DatasetError::Registry`].
    pub fn plan(&self, request: &Request) -> Result<chain::Plan, DatasetError> {
        let safe = match &self.safe {
            Some([solver, precond]) => Some(way(solver, precond)?),
            None => None,
        };
        let network = network(&self.precond)?;
        if let (Some(network), Some(planned)) = (&network, &self.model)
            && checksum(network)? != *planned
        {
            return Err(DatasetError::file(
                network.model().path(),
                "this is not the model that the data set was begun with; put that one back, or begin anew in \
                 another folder",
            ));
        }
        Ok(chain::Plan {
            way: way(&self.solver, &self.precond)?,
            safe,
            budget: self.budget,
            constant: self.constant_matrix,
            stopping: Stopping {
                rtol: request.rtol,
                max_iters: request.max_iters.unwrap_or(self.budget),
                ..Stopping::default()
            },
            network,
        })
    }
}

/// A way by its names, both of them chosen.
///
/// # Errors
/// [`DatasetError`].
pub fn way(solver: &str, precond: &str) -> Result<Way<f64>, DatasetError> {
    let left_open = || {
        DatasetError::Request(format!(
            "{solver} with {precond} leaves something open; name both"
        ))
    };
    let method = registry::solver::<f64>(solver)?.ok_or_else(left_open)?;
    let precond = match precond {
        "" => Precond::None,
        name => match registry::network(name)? {
            Some(network) => Precond::Plugged(network.name()),
            None => registry::precond(name)?.ok_or_else(left_open)?,
        },
    };
    Ok(Way { method, precond })
}

fn checksum(network: &Network) -> Result<String, DatasetError> {
    let found = network.model().checksum();
    found.map_err(|error| DatasetError::Request(error.to_string()))
}

/// The network of this name, loaded; it never goes by the clock, so that a data set is the same every time.
///
/// # Errors
/// [`DatasetError`].
pub fn network(precond: &str) -> Result<Option<Network>, DatasetError> {
    if precond.split([':', ',']).any(|part| part == "trials=true") {
        return Err(DatasetError::Request(format!(
            "--precond {precond}: trials go by the clock, and a data set is to be the same every time; leave trials=true out"
        )));
    }
    let network = Network::load(precond, None, 1).map_err(|error| match error {
        NetworkError::Registry(error) => error.into(),
        other => DatasetError::Request(other.to_string()),
    })?;
    Ok(network.map(Network::without_trials))
}
