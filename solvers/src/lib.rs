//! The classical core of `resolvent`: the words every solver shares, Krylov methods,
//! preconditioners, and the kernels under them.
//!
//! ```
//! use resolvent_matrices::Csr;
//! use resolvent_solvers::{Cg, CgConfig, Solver, System, precond::Jacobi};
//!
//! // 1-D Laplacian of order 3
//! let a = Csr::from_triplets(3, 3, [(0, 0, 2.0), (0, 1, -1.0), (1, 0, -1.0), (1, 1, 2.0),
//!                                   (1, 2, -1.0), (2, 1, -1.0), (2, 2, 2.0)])?;
//! let b = [1.0, 0.0, 1.0];
//! let mut x = [0.0f64; 3]; // in: the initial guess, out: the solution
//! let mut m = Jacobi::new(&a)?;
//! let mut cg = Cg::new(3, CgConfig::default());
//! let report = cg.solve(System::new(&a, &b, &mut m), &mut x, &mut ())?;
//! assert!(report.converged());
//! assert!(x.iter().all(|&xi| f64::abs(xi - 1.0) < 1e-8));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A solve prints nothing and, once the solver is built, allocates nothing in its loop. It runs in
//! the rayon pool it is called in, and on one thread when called outside of any pool.

mod arnoldi;
mod auto;
mod bicgstab;
mod cg;
mod choice;
mod condition;
mod dense;
mod direct;
mod fcg;
mod fgmres;
mod gcrodr;
mod gmres;
pub mod kernels;
mod minres;
mod nullspace;
mod observe;
mod operator;
pub mod orderings;
pub mod precond;
mod rcg;
mod recycling;
mod reduce;
mod report;
mod run;
mod sequence;
mod solver;
mod sor;
mod stopping;
#[cfg(test)]
mod testing;
mod way;

pub use arnoldi::Orthogonalization;
pub use auto::{Attempt, Auto, AutoConfig, Outcome, fallback, ways};
pub use bicgstab::{Bicgstab, BicgstabConfig};
pub use cg::{
    Cg, CgCoefficients, CgConfig, EnergyAbove, EnergyBelow, EnergyConfig, EnergyEstimator, Mu,
};
pub use choice::{Method, Precond};
pub use condition::condition;
pub use direct::{Direct, DirectConfig, FLOPS_PER_SECOND, Kind, Prediction};
pub use fcg::{Fcg, FcgConfig};
pub use fgmres::Fgmres;
pub use gcrodr::{Gcrodr, GcrodrConfig};
pub use gmres::{Gmres, GmresConfig};
pub use minres::{Minres, MinresConfig};
pub use nullspace::{Nullspace, NullspaceError};
pub use observe::{Observer, Step};
pub use operator::{LinearOperator, Tagged, Tags};
pub use precond::{Linearity, PrecondError, Preconditioner};
pub use rcg::{Rcg, RcgConfig};
pub use recycling::{RecycledState, Recycling, RecyclingVerdict, Strategy, Target};
pub use reduce::{Local, Reduce};
pub use report::{SolveError, SolveReport, StopReason};
pub use resolvent_matrices as matrices;
pub use resolvent_matrices::{Complex, Real, Scalar};
pub use sequence::{Backstop, Change, Guess, Maker, Sequence, SequenceConfig, Solved};
pub use solver::{Solver, System};
pub use sor::{
    CgRitz, Direction, Order, RitzEstimate, RitzTracker, Smoother, SmootherConfig, Sor, SorConfig,
    Tracked, lanczos_beta, young_omega,
};
pub use stopping::Stopping;
pub use way::Way;
