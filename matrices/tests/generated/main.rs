//! The generators judged from outside: discretisation order, promised properties, independent
//! oracles.
#![cfg(feature = "generate")]

mod conversions;
mod direct;
mod evidence;
mod grids;
mod orders;
mod zoo;
