//! Sparse matrices for `resolvent`: the scalar types, compressed-row storage with views from and
//! to faer, sprs and nalgebra, Matrix Market files, and generators of test problems.
//!
//! This crate depends on no other crate of the project.

mod csr;
mod error;
mod runs;
mod scalar;

pub use csr::{AnyCsr, Csr, Csr32, CsrRef, Index};
pub use error::MatrixError;
pub use num_complex::Complex;
pub use runs::{Run, Runs};
pub use scalar::{Real, Scalar};
