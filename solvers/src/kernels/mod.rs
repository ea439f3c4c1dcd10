//! The loops everything else is made of: sparse matrix times vector, inner products, updates.
//!
//! Every function runs in the rayon pool it is called in, and on one thread outside of any pool.
//! Sums are taken over a tree whose shape depends on the length alone, so a result has the same
//! bits whatever the number of threads. Nothing here allocates. Lengths that do not match are a
//! mistake of the caller and panic; the solvers check theirs first.
//!
//! [`mod@reference`] holds the slow and obviously right twin of each, which the tests compare with.

mod block;
mod par;
pub mod reference;
pub(crate) mod simd;
mod spmm;
mod spmv;
#[cfg(test)]
mod tests;
mod vector;

pub(crate) use block::{COMBINE_ROWS, block_combine};
pub use block::{block_axpy, block_dot};
pub(crate) use par::parallel;
pub use spmm::spmm;
pub(crate) use spmv::prefetch;
pub use spmv::{residual, spmv, spmv_dot};
pub use vector::{
    axpy, axpy_norm_squared, combine, copy, dot, multiply, multiply_dot, norm_squared, scale,
    shift, sub_from, sum, weighted_distance_squared, xpby, xpby_dot,
};
