//! What learns: tuners that choose ω, or whole configurations, across a sequence of systems from
//! what their solves cost; and networks as preconditioners.
//!
//! [`Tuned`] is the way in to tuning: a sequence that tunes itself. [`tuner`] has the learners by themselves.
//! [`onnx`] runs ONNX models as preconditioners, and [`mgnet`] is multigrid whose levels one predicts.

mod arm;
mod context;
#[cfg(feature = "onnx")]
pub mod mgnet;
#[cfg(feature = "onnx")]
pub mod onnx;
mod tuned;
pub mod tuner;

pub use arm::{Arm, fine_grid, paper_grid, ssor_beta, ssor_omega};
pub use context::MatrixContext;
pub use resolvent_matrices as matrices;
pub use resolvent_solvers as solvers;
pub use tuned::{
    Choice, ContextKind, CostKind, Tuned, TunedConfig, TunedError, TunedSolve, TunedState,
    TunerKind,
};
