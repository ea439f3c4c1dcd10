//! Solve sequences of sparse linear systems, and get faster with every one.
//!
//! This package is the door to the crates of the project: [`matrices`] (storage, Matrix Market
//! files, problem generators), [`solvers`] (methods, preconditioners, sequences) and [`models`] (what
//! learns, and networks), with their main types
//! here, and the [`registry`] that turns names such as `gmres:restart=30` into them. It is also
//! the command `resolvent`.

pub use resolvent_matrices as matrices;
pub use resolvent_models as models;
pub use resolvent_solvers as solvers;

pub use resolvent_matrices::generate;
pub use resolvent_matrices::{
    Complex, Csr, CsrRef, Evidence, Grid, MatrixError, Scalar, mtx, petsc,
};
pub use resolvent_solvers::{
    Auto, AutoConfig, Cg, CgCoefficients, CgConfig, LinearOperator, Method, Nullspace, Observer,
    Precond, Preconditioner, SolveError, SolveReport, Solver, Step, StopReason, Stopping, System,
};

pub use resolvent_solvers::precond;

#[cfg(feature = "dataset")]
pub mod dataset;
pub mod network;
pub mod registry;

/// Compiles and runs the Rust in pages; `tests/cli/docs.rs` sees to it that none is left out.
#[cfg(doctest)]
mod pages {
    macro_rules! pages {
        ($($name:ident = $path:literal),* $(,)?) => {
            $(#[doc = include_str!(concat!("../", $path))] struct $name;)*
        };
    }
    pages! {
        Readme = "README.md",
        Gcrodr = "docs/methods/gcrodr.md",
        Rcg = "docs/methods/rcg.md",
        Families = "docs/methods/families.md",
        Orderings = "docs/methods/orderings.md",
        Onnx = "docs/methods/onnx.md",
        Sequence = "docs/methods/sequence.md",
        Tuner = "docs/methods/tuner.md",
    }
}
