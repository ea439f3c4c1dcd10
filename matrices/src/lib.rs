//! Sparse matrices for `resolvent`: the scalar types, compressed-row storage with views from and
//! to faer, sprs and nalgebra, Matrix Market files, and generators of test problems.
//!
//! This crate depends on no other crate of the project.

mod csr;
mod error;
mod evidence;
mod grid;
mod ops;
mod permutation;
mod runs;
mod scalar;
mod transpose;
mod views;

#[cfg(feature = "mtx")]
pub mod mtx;

#[cfg(feature = "mtx")]
pub mod petsc;

#[cfg(feature = "generate")]
pub mod families;

#[cfg(feature = "generate")]
pub mod fields;

#[cfg(feature = "generate")]
pub mod generate;

#[cfg(feature = "generate")]
pub mod sequences;

pub use csr::{AnyCsr, Csr, Csr32, CsrRef, Index};
pub use error::MatrixError;
pub use evidence::{Definiteness, Dominance, Evidence, IndefiniteProof, constant_nullspace};
pub use grid::Grid;
pub use num_complex::Complex;
pub use permutation::Permutation;
pub use runs::{Run, Runs};
pub use scalar::{Real, Scalar};
pub use transpose::TransposePlan;
