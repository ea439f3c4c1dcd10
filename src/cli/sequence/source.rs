//! Where the systems of a sequence come from.

use super::files::Files;
use super::generated::Generated;
use super::petsc::Dump;
use crate::cli::error::CliError;
use crate::cli::input::{Double, MatrixJson};
use resolvent::matrices::sequences::AnySequence;
use resolvent::registry;
use resolvent::solvers::{Change, Guess};
use resolvent::{Complex, Csr};

/// The system at hand.
pub struct Current<'a, T> {
    pub a: &'a Csr<T>,
    pub b: &'a [T],
    /// x*, where it is known.
    pub exact: Option<&'a [T]>,
    pub change: Change,
    /// As given with the system.
    pub context: &'a [f64],
    /// What it is called: a file, or the generator and a number.
    pub matrix: MatrixJson,
}

/// Systems in order.
pub trait Source<T: Double> {
    /// What it is, in a line.
    fn name(&self) -> String;
    fn len(&self) -> usize;
    /// The initial guess that belongs to it.
    fn guess(&self) -> Guess;
    /// Reads or generates system `index`; `solution` is that of the one before, empty for the
    /// first.
    fn next(&mut self, index: usize, solution: &[T]) -> Result<Current<'_, T>, CliError>;
    /// What it carries besides the last solution.
    fn save(&self) -> Vec<f64> {
        Vec::new()
    }
    /// Goes on as after system `index − 1`.
    fn restore(&mut self, _index: usize, _state: &[f64]) -> Result<(), CliError> {
        Ok(())
    }
}

/// A source of either field.
pub enum AnySource {
    Real(Box<dyn Source<f64>>),
    Complex(Box<dyn Source<Complex<f64>>>),
}

/// Opens what was typed: a folder, a manifest, a file of PETSc, or a generator.
pub fn open(text: &str, seed: u64) -> Result<AnySource, CliError> {
    let path = std::path::Path::new(text);
    if path.is_file() && super::petsc::meant(path) {
        let dump = Dump::open(text, seed)?;
        return Ok(if dump.is_complex() {
            AnySource::Complex(Box::new(dump.of()))
        } else {
            AnySource::Real(Box::new(dump.of()))
        });
    }
    if path.is_dir() || path.is_file() {
        let pairs = super::manifest::list(path)?;
        let files = Files::new(text, pairs, seed)?;
        return Ok(if files.is_complex() {
            AnySource::Complex(Box::new(files.of()))
        } else {
            AnySource::Real(Box::new(files.of()))
        });
    }
    let looks_like_a_path =
        text.contains(['/', '\\']) || text.ends_with(".csv") || super::petsc::named(path);
    if looks_like_a_path {
        return Err(CliError::NoSource(text.into()));
    }
    let family = registry::sequence(text, seed).map_err(CliError::Family)?;
    Ok(match family {
        AnySequence::Real(family) => AnySource::Real(Box::new(Generated::new(family))),
        AnySequence::Complex(family) => AnySource::Complex(Box::new(Generated::new(family))),
    })
}
