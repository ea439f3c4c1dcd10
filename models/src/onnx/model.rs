//! A model: its file, its contract, and the sessions that run it.

use super::contract::{CONTRACT_KEY, Contract};
use super::error::OnnxError;
use super::install::digest;
use super::layout::Layout;
use super::port::{Port, matched, words};
use super::{runtime, shuffled};
use ort::session::Session;
use ort::session::builder::SessionBuilder;
use std::borrow::Cow;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

/// Where a model runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Device {
    /// On the processor.
    #[default]
    Cpu,
    /// On the NVIDIA GPU with this number, and nowhere else: what cannot run there is an error. Takes the
    /// feature `cuda`. It has not been run on a GPU yet.
    Cuda(i32),
}

/// How a model is loaded.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelConfig {
    /// The library, instead of the one that is found.
    pub library: Option<PathBuf>,
    /// Takes the place of the contract in the file.
    pub contract: Option<Contract>,
    /// Threads of each session. More than 1 pays on large grids where one system is solved at a time.
    pub threads: usize,
    /// Where it runs.
    pub device: Device,
}

impl Default for ModelConfig {
    fn default() -> Self {
        Self {
            library: None,
            contract: None,
            threads: 1,
            device: Device::Cpu,
        }
    }
}

/// What a file holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Inspection {
    /// Inputs of the graph.
    pub inputs: Vec<Port>,
    /// Outputs of the graph.
    pub outputs: Vec<Port>,
    /// What wrote it.
    pub producer: Option<String>,
    /// The contract in the file, or what is wrong with it.
    pub contract: Result<Contract, OnnxError>,
}

/// A model. Cheap to clone: clones share its sessions.
#[derive(Clone)]
pub struct Model {
    shared: Arc<Shared>,
}

struct Shared {
    path: PathBuf,
    /// The file, where it is not the one at `path`.
    bytes: Option<Cow<'static, [u8]>>,
    config: ModelConfig,
    contract: Contract,
    inputs: Vec<Port>,
    output: Port,
    /// Sessions nobody is using.
    idle: Mutex<Vec<Session>>,
    loading: Duration,
    /// Counted when somebody asks.
    weights: OnceLock<usize>,
}

impl fmt::Debug for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Model")
            .field("path", &self.shared.path)
            .field("contract", &self.shared.contract)
            .finish_non_exhaustive()
    }
}

impl Model {
    /// Loads the library, if it is not loaded yet, and the model; checks the graph against its contract.
    ///
    /// # Errors
    /// [`OnnxError`].
    pub fn load(path: &Path, config: ModelConfig) -> Result<Self, OnnxError> {
        let shipped = path.as_os_str() == SHIPPED;
        Self::from(path, shipped.then_some(Cow::Borrowed(MGNET)), config)
    }

    /// The same model with the weights of each convolution and matrix product shuffled and their signs drawn;
    /// biases and other constants stay. It tells whether the weights matter; what training has added, the
    /// same model before its training tells.
    ///
    /// # Errors
    /// [`OnnxError::ModelIo`], [`OnnxError::NoWeights`], and those of [`load`](Self::load).
    pub fn with_shuffled_weights(&self, seed: u64) -> Result<Self, OnnxError> {
        let path = self.path();
        let mut file = self.file()?.into_owned();
        if shuffled::shuffle(&mut file, seed) == 0 {
            return Err(OnnxError::NoWeights { path: path.into() });
        }
        Self::from(path, Some(Cow::Owned(file)), self.shared.config.clone())
    }

    /// The numbers that its convolutions and matrix products multiply by: what an application costs, a
    /// multiplication and an addition for each in every cell, or fewer on coarser levels. 0 where the file
    /// cannot be read any more. The first call reads it.
    pub fn weights(&self) -> usize {
        let count = || self.file().map_or(0, |file| shuffled::count(&file));
        *self.shared.weights.get_or_init(count)
    }

    /// SHA-256 of its file as it is now, in hexadecimal digits: whether it is still the same.
    ///
    /// # Errors
    /// [`OnnxError::ModelIo`].
    pub fn checksum(&self) -> Result<String, OnnxError> {
        digest(&*self.file()?).map_err(|error| OnnxError::ModelIo {
            path: self.path().into(),
            problem: error.to_string(),
        })
    }

    fn file(&self) -> Result<Cow<'_, [u8]>, OnnxError> {
        let path = self.path();
        match &self.shared.bytes {
            Some(bytes) => Ok(Cow::Borrowed(bytes)),
            None => std::fs::read(path)
                .map(Cow::Owned)
                .map_err(|error| OnnxError::ModelIo {
                    path: path.into(),
                    problem: error.to_string(),
                }),
        }
    }

    fn from(
        path: &Path,
        bytes: Option<Cow<'static, [u8]>>,
        config: ModelConfig,
    ) -> Result<Self, OnnxError> {
        let started = Instant::now();
        let session = session(path, bytes.as_deref(), &config)?;
        let found = inspect(path, &session);
        let contract = match &config.contract {
            Some(given) => {
                given.check().map_err(|problem| OnnxError::BadContract {
                    path: path.into(),
                    problem,
                })?;
                given.clone()
            }
            None => found.contract?,
        };
        let (contract, inputs, output) = matched(path, contract, found.inputs, found.outputs)?;
        let shared = Shared {
            path: path.into(),
            bytes,
            config,
            contract,
            inputs,
            output,
            idle: Mutex::new(vec![session]),
            loading: started.elapsed(),
            weights: OnceLock::new(),
        };
        Ok(Self {
            shared: Arc::new(shared),
        })
    }

    /// The model of [`mgnet`](crate::mgnet) that comes with this crate.
    ///
    /// # Errors
    /// [`OnnxError`], if there is no ONNX Runtime.
    pub fn shipped(config: ModelConfig) -> Result<Self, OnnxError> {
        Self::load(SHIPPED.as_ref(), config)
    }

    /// Looks at a file, whether it has a contract or not.
    ///
    /// # Errors
    /// [`OnnxError`], if it is no model or ONNX Runtime cannot run it.
    pub fn inspect(path: &Path, config: &ModelConfig) -> Result<Inspection, OnnxError> {
        let shipped = path.as_os_str() == SHIPPED;
        let session = session(path, shipped.then_some(MGNET), config)?;
        Ok(inspect(path, &session))
    }

    /// Its file.
    pub fn path(&self) -> &Path {
        &self.shared.path
    }

    /// Its contract, with the names of inputs and output filled in.
    pub fn contract(&self) -> &Contract {
        &self.shared.contract
    }

    /// Inputs of the graph, in the order of the contract.
    pub fn inputs(&self) -> &[Port] {
        &self.shared.inputs
    }

    /// The output of the graph that holds z.
    pub fn output(&self) -> &Port {
        &self.shared.output
    }

    /// What loading took, the library included if it had to be loaded.
    pub fn loading_time(&self) -> Duration {
        self.shared.loading
    }

    /// A session nobody is using; a new one if there is none.
    pub(crate) fn take(&self) -> Result<Session, OnnxError> {
        let idle = self
            .shared
            .idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop();
        match idle {
            Some(session) => Ok(session),
            None => {
                let Shared {
                    path,
                    bytes,
                    config,
                    ..
                } = &*self.shared;
                session(path, bytes.as_deref(), config)
            }
        }
    }

    /// Puts a session back.
    pub(crate) fn give_back(&self, session: Session) {
        let mut idle = self
            .shared
            .idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        idle.push(session);
    }

    /// Sessions nobody is using.
    pub fn idle_sessions(&self) -> usize {
        self.shared
            .idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .len()
    }
}

/// Stands for the file of the model that comes with the crate.
pub const SHIPPED: &str = "mgnet2d.onnx (shipped)";
static MGNET: &[u8] = include_bytes!("../../onnx/mgnet2d.onnx");

/// Loads a model, from the file at `path` unless it is here.
fn session(path: &Path, bytes: Option<&[u8]>, config: &ModelConfig) -> Result<Session, OnnxError> {
    if cfg!(not(feature = "cuda")) && config.device != Device::Cpu {
        return Err(OnnxError::NoCuda);
    }
    let io = |problem: String| OnnxError::ModelIo {
        path: path.into(),
        problem,
    };
    if bytes.is_none() {
        readable(path).map_err(io)?;
    }
    let environment = runtime::environment(config.library.as_deref())?;
    let built = Session::builder(&environment).and_then(|builder| settings(builder, config));
    let builder = built.map_err(|error| match config.device {
        Device::Cpu => OnnxError::RuntimeFailed {
            path: path.into(),
            problem: error.to_string(),
        },
        Device::Cuda(_) => OnnxError::Cuda {
            problem: error.to_string().trim_end_matches('.').into(),
        },
    });
    let mut builder = builder?;
    let committed = match bytes {
        Some(bytes) => builder.commit_from_memory(bytes),
        None => builder.commit_from_file(path),
    };
    committed.map_err(|error| {
        let problem = said(&error, path);
        let path = path.into();
        match error.code() {
            ort::ErrorCode::NoSuchFile => OnnxError::ModelIo { path, problem },
            ort::ErrorCode::NotImplemented => OnnxError::UnsupportedOp { path, problem },
            ort::ErrorCode::ExecutionProviderFailure => OnnxError::Cuda { problem },
            _ if config.device != Device::Cpu && problem.contains("fallback") => {
                OnnxError::Cuda { problem }
            }
            _ => OnnxError::BadModel { path, problem },
        }
    })
}

/// Whether there is a file that can be opened.
fn readable(path: &Path) -> Result<(), String> {
    let about = std::fs::metadata(path).map_err(|error| error.to_string())?;
    if !about.is_file() {
        return Err("it is no file".into());
    }
    std::fs::File::open(path).map_err(|error| error.to_string())?;
    Ok(())
}

/// What ONNX Runtime says, without what it says of itself.
fn said(error: &ort::Error, path: &Path) -> String {
    let text = error.message().trim();
    let text = text
        .strip_prefix(&format!("Load model from {} failed:", path.display()))
        .unwrap_or(text);
    text.trim_end_matches('.').to_owned()
}

fn settings(builder: SessionBuilder, config: &ModelConfig) -> ort::Result<SessionBuilder> {
    let builder = builder
        .with_intra_threads(config.threads.max(1))?
        .with_inter_threads(1)?
        // threads that wait must not take the cores of those that compute
        .with_intra_op_spinning(false)?
        .with_inter_op_spinning(false)?
        .with_log_level(ort::logging::LogLevel::Fatal)?;
    #[cfg(feature = "cuda")]
    if let Device::Cuda(device) = config.device {
        let cuda = ort::ep::CUDA::default()
            .with_device_id(device)
            .with_tf32(false)
            .with_conv_algorithm_search(ort::ep::cuda::ConvAlgorithmSearch::Heuristic)
            .build()
            .error_on_failure();
        return Ok(builder
            .with_execution_providers([cuda])?
            .with_disable_cpu_fallback()?);
    }
    Ok(builder)
}

fn inspect(path: &Path, session: &Session) -> Inspection {
    let inputs: Vec<_> = session.inputs().iter().map(Port::of).collect();
    let outputs = session.outputs().iter().map(Port::of).collect();
    let metadata = session.metadata().ok();
    let entry = metadata.as_ref().and_then(|m| m.custom(CONTRACT_KEY));
    let contract = match entry {
        Some(json) => Contract::parse(&json).map_err(|problem| OnnxError::BadContract {
            path: path.into(),
            problem,
        }),
        None => Err(OnnxError::NoContract {
            path: path.into(),
            layout: Layout::likely(inputs.first().map_or(0, |port| port.sizes.len())),
            multiple: " (and multiple=… where sizes must be multiples of a number)",
            inputs: words(&inputs),
        }),
    };
    Inspection {
        inputs,
        outputs,
        producer: metadata
            .and_then(|m| m.producer())
            .filter(|p| !p.is_empty()),
        contract,
    }
}
