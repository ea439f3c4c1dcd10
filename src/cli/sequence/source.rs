//! Where the systems of a sequence come from.

use super::files::Files;
use super::generated::Generated;
use super::{folder, manifest, petsc};
use crate::cli::error::CliError;
use crate::cli::input::{Double, MatrixJson};
use resolvent::matrices::sequences::AnySequence;
use resolvent::petsc::PetscOptions;
use resolvent::registry;
use resolvent::solvers::{Change, Guess};
use resolvent::{Complex, Csr, Grid};
use std::path::Path;

/// The system at hand.
pub struct Current<'a, T> {
    pub a: &'a Csr<T>,
    pub b: &'a [T],
    /// x*, where it is known.
    pub exact: Option<&'a [T]>,
    /// Since the system before in its stream.
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
    /// What must be the same for a run to go on: the name, and of files how many bytes there are.
    fn identity(&self) -> String {
        self.name()
    }
    fn len(&self) -> usize;
    /// The initial guess that belongs to it.
    fn guess(&self) -> Guess;
    /// The equations whose systems alternate; one without a name where there is but one.
    fn streams(&self) -> Vec<String> {
        vec![String::new()]
    }
    /// Which of them system `index` is of.
    fn stream(&self, _index: usize) -> usize {
        0
    }
    /// The grid of the unknowns, where it is known beforehand.
    fn grid(&self) -> Option<Grid> {
        None
    }
    /// Whether its systems can be had in any order, one equation's, none from the solution of another.
    fn free(&self) -> bool;
    /// Which of the systems as they come is the one at this place.
    fn number(&self, index: usize) -> usize {
        index
    }
    /// Reads or generates system `index`; `solution` is that of the one before in its stream, empty
    /// for the first.
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

/// Opens what was typed: a folder, a manifest, a file of PETSc, or a generator. `rhs` is a second file
/// of PETSc.
pub fn open(
    text: &str,
    rhs: Option<&Path>,
    options: PetscOptions,
    seed: u64,
) -> Result<AnySource, CliError> {
    let path = Path::new(text);
    let binary = path.is_file() && petsc::meant(path);
    if rhs.is_some() && !binary {
        return Err(CliError::RhsOfPetsc(text.into()));
    }
    if binary || path.is_dir() || path.is_file() {
        let pairs = match rhs {
            Some(rhs) if !rhs.is_file() => return Err(CliError::MissingDump(rhs.into())),
            _ if binary => petsc::systems(path, rhs, options)?,
            _ if path.is_dir() => folder::list(path, options)?,
            _ => manifest::list(path)?,
        };
        if pairs.is_empty() {
            return Err(CliError::NoSystems(path.into()));
        }
        let files = Files::new(text, pairs, options, seed)?;
        return Ok(if files.is_complex() {
            AnySource::Complex(Box::new(files.of()))
        } else {
            AnySource::Real(Box::new(files.of()))
        });
    }
    let looks_like_a_path =
        text.contains(['/', '\\']) || text.ends_with(".csv") || petsc::named(path);
    if looks_like_a_path {
        return Err(CliError::NoSource(text.into()));
    }
    let family = registry::sequence(text, seed).map_err(CliError::Family)?;
    Ok(match family {
        AnySequence::Real(family) => AnySource::Real(Box::new(Generated::new(family))),
        AnySequence::Complex(family) => AnySource::Complex(Box::new(Generated::new(family))),
    })
}
