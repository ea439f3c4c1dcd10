//! Networks by name, `onnx:M.onnx` and `mgnet`, loaded and with what takes over from them.

use crate::registry::{self, RegistryError};
use resolvent_matrices::{Csr, Grid, Scalar};
use resolvent_models::mgnet::{Mgnet, MgnetConfig};
use resolvent_models::onnx::{Model, ModelConfig, OnnxConfig, OnnxError, OnnxPrecond, Role};
use resolvent_solvers::precond::{GmgConfig, Guarded, GuardedConfig, PrecondError};
use resolvent_solvers::{
    CgConfig, FcgConfig, Maker, Method, Precond, Preconditioner, Real, SolveError, fallback,
};
use std::any::Any;
use std::path::Path;

/// A model that was loaded to precondition solves.
#[derive(Debug, Clone)]
pub struct Network {
    typed: registry::Network,
    model: Model,
}

/// Why there is no network, or not for a matrix.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NetworkError {
    /// The name cannot be read.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// The model, or what runs it.
    #[error(transparent)]
    Onnx(#[from] OnnxError),
    /// What is to take over from it cannot be made.
    #[error("what takes over from a network: {0}")]
    Fallback(#[from] SolveError),
}

impl From<NetworkError> for PrecondError {
    fn from(error: NetworkError) -> Self {
        match error {
            NetworkError::Onnx(error) => error.into(),
            other => Self::Failed {
                precond: "network",
                problem: other.to_string(),
            },
        }
    }
}

impl Network {
    /// Loads the network of this name; none if it is another preconditioner's.
    ///
    /// ```no_run
    /// use resolvent::network::Network;
    /// use resolvent::solvers::{Sequence, SequenceConfig, Way};
    ///
    /// let network = Network::load("onnx:M.onnx,fallback=ic0", None, 1)?.unwrap();
    /// let mut sequence = Sequence::<f64>::new(SequenceConfig::default());
    /// sequence.plug(network.name(), network.maker(None).unwrap());
    /// let way = Way::<f64> { method: network.usual_method(), precond: network.precond() };
    /// # Ok::<(), resolvent::network::NetworkError>(())
    /// ```
    ///
    /// # Errors
    /// [`NetworkError`]. Of a library of ONNX Runtime that is named, only that one is tried.
    pub fn load(
        spec: &str,
        library: Option<&Path>,
        threads: usize,
    ) -> Result<Option<Self>, NetworkError> {
        let Some(typed) = registry::network(spec)? else {
            return Ok(None);
        };
        let model = Model::load(&typed.path, config(&typed, library, threads))?;
        Ok(Some(Self { typed, model }))
    }

    /// The model.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// `onnx` or `mgnet`.
    pub fn name(&self) -> &'static str {
        self.typed.name()
    }

    /// What ways of a sequence call it.
    pub fn precond(&self) -> Precond {
        Precond::Plugged(self.name())
    }

    /// `cg` for a model that promises to be positive definite, else `fcg`.
    pub fn usual_method<R: Real>(&self) -> Method<R> {
        let contract = self.model.contract();
        let definite = contract.linear && contract.symmetric && contract.positive;
        match definite || self.typed.role == Role::Levels {
            true => Method::Cg(CgConfig::default()),
            false => Method::Fcg(FcgConfig::default()),
        }
    }

    /// Never takes the clock to tell whether it is too slow: runs repeat bit for bit.
    #[must_use]
    pub fn without_trials(mut self) -> Self {
        self.typed.trials = false;
        self
    }

    /// Makes it for the matrices of a [`Sequence`](resolvent_solvers::Sequence), on this grid or on the one that
    /// shows in the matrix; none for numbers that are not `f64`.
    pub fn maker<T: Scalar>(&self, grid: Option<Grid>) -> Option<Maker<T>> {
        let network = self.clone();
        let maker: Maker<f64> = Box::new(move |a| Ok(Box::new(network.guarded(a, grid)?)));
        let maker: Box<dyn Any> = Box::new(maker);
        maker.downcast().ok().map(|maker: Box<Maker<T>>| *maker)
    }

    /// The network for this matrix, with what takes over from it.
    ///
    /// # Errors
    /// [`NetworkError`], if the matrix is none that it takes, or nothing can take over.
    pub fn guarded(&self, a: &Csr<f64>, grid: Option<Grid>) -> Result<Guarded<f64>, NetworkError> {
        let network: Box<dyn Preconditioner<f64>> = match self.typed.role {
            Role::Levels => Box::new(Mgnet::new(
                &self.model,
                a,
                MgnetConfig {
                    grid,
                    ..MgnetConfig::default()
                },
            )?),
            _ => Box::new(OnnxPrecond::new(&self.model, a, OnnxConfig { grid })?),
        };
        // what takes a matrix to predict levels for can be taken by gmg as well
        let usual = (self.typed.role == Role::Levels).then(|| Precond::Gmg(GmgConfig::default()));
        let classical = match self.typed.fallback.or(usual) {
            Some(Precond::Gmg(mut gmg)) => {
                gmg.grid = gmg.grid.or(grid);
                Precond::Gmg(gmg).build(a).map_err(SolveError::Precond)?
            }
            Some(precond) => precond.build(a).map_err(SolveError::Precond)?,
            None => fallback(a)?,
        };
        let config = GuardedConfig {
            trials: self.typed.trials,
            ..GuardedConfig::default()
        };
        Ok(Guarded::new(network, classical, config))
    }
}

/// How a model that was typed is loaded; with these threads where none are typed.
pub fn config(typed: &registry::Network, library: Option<&Path>, threads: usize) -> ModelConfig {
    ModelConfig {
        library: library.map(Path::to_path_buf),
        contract: typed.contract.clone(),
        threads: typed.threads.unwrap_or(threads),
        device: typed.device,
    }
}
