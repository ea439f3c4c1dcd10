//! Preconditioners that are ONNX models, run by ONNX Runtime.
//!
//! ```no_run
//! use resolvent_matrices::{Csr, generate::Poisson};
//! use resolvent_models::onnx::{Model, ModelConfig, OnnxConfig, OnnxPrecond};
//! use resolvent_solvers::precond::{Guarded, GuardedConfig, Ic0, Ic0Config};
//!
//! let a: Csr<f64> = Poisson::default().generate()?.matrix; // on a grid
//! let model = Model::load("vcycle.onnx".as_ref(), ModelConfig::default())?;
//! let network = OnnxPrecond::new(&model, &a, OnnxConfig::default())?;
//! let fallback = Ic0::new(&a, Ic0Config::default())?;
//! let mut m = Guarded::new(Box::new(network), Box::new(fallback), GuardedConfig::default());
//! // m is a preconditioner for cg, fcg, fgmres, gcrodr …
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The library is not linked: it is looked for when the first model is loaded ([`runtime`]), and a
//! program that loads none never looks. What a file expects and promises is its [`Contract`], one entry of
//! its metadata; a file without one works where the caller gives it. Solvers compute in f64 and networks
//! in f32: the residual is scaled to norm 1 and converted straight into the input tensor, the answer
//! straight out of the output tensor, and nothing is allocated.
//!
//! A network never has to be right: put it into [`Guarded`](resolvent_solvers::precond::Guarded).

mod adapter;
mod check;
mod contract;
mod discover;
mod error;
mod fields;
mod install;
mod layout;
mod model;
mod pace;
mod padding;
mod port;
pub mod runtime;
mod session;
mod shuffled;

pub use adapter::{OnnxConfig, OnnxPrecond};
pub use check::{Claim, ModelCheck, check};
pub use contract::{CONTRACT_KEY, Contract, Equivariance, Field, Input, Role, Scaling};
pub use discover::{Origin, Tried};
pub use error::OnnxError;
pub use install::{Installed, VERSION, install};
pub use layout::Layout;
pub use model::{Device, Inspection, Model, ModelConfig, SHIPPED};
pub use port::Port;
pub(crate) use port::{ROLE_LEVELS_OUTPUT, ROLE_LEVELS_RATIOS};
