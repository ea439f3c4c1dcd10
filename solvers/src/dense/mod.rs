//! Dense algebra on the small matrices of Krylov methods.

mod givens;

pub(crate) use givens::Givens;
