//! The systems that a model is judged on.

use super::super::args::RefereeArgs;
use super::entrant::Interruptible;
use crate::cli::args::Tolerance;
use crate::cli::error::CliError;
use crate::cli::machine;
use crate::cli::sequence::source::{self, AnySource, Source};
use crate::cli::solve::check_grid;
use resolvent::generate::random_vector;
use resolvent::petsc::PetscOptions;
use resolvent::solvers::precond::Identity;
use resolvent::solvers::ways;
use resolvent::{
    Auto, AutoConfig, Csr, Grid, LinearOperator, Method, Nullspace, Solver, Stopping, System,
};
use std::time::Duration;

/// One system, and when a solve of it ends.
pub struct Problem<'a> {
    pub a: &'a Csr<f64>,
    pub b: &'a [f64],
    pub grid: Option<Grid>,
    pub tolerance: &'a Tolerance,
    pub max_time: Duration,
}

/// The systems of one family or folder.
pub struct Group {
    source: Box<dyn Source<f64>>,
    pub count: usize,
}

/// A system at hand.
pub struct At {
    pub a: Csr<f64>,
    pub b: Vec<f64>,
    pub grid: Option<Grid>,
    /// That of the family or folder.
    own: Vec<f64>,
}

impl Group {
    /// All that were typed, families first.
    pub fn all(args: &RefereeArgs) -> Result<Vec<Self>, CliError> {
        let folders = args.matrices.iter().map(|path| path.display().to_string());
        let names = args.family.iter().cloned().chain(folders);
        names.map(|name| Self::open(&name, args)).collect()
    }

    fn open(name: &str, args: &RefereeArgs) -> Result<Self, CliError> {
        let opened = source::open(name, None, PetscOptions::default(), args.common.seed)?;
        let AnySource::Real(source) = opened else {
            return Err(CliError::ComplexReferee(name.into()));
        };
        let count = source.len().min(args.systems);
        Ok(Self { source, count })
    }

    pub fn name(&self) -> String {
        self.source.name()
    }

    /// System `index`; `solution` is that of the one before.
    pub fn next(
        &mut self,
        index: usize,
        solution: &[f64],
        args: &RefereeArgs,
    ) -> Result<At, CliError> {
        let known = self.source.grid();
        let current = self.source.next(index, solution)?;
        let a = current.a.clone();
        let own = current.b.to_vec();
        let b = match args.given_rhs {
            true => own.clone(),
            false => random(&a, args.common.seed.wrapping_add(1 + index as u64)),
        };
        let known = known.filter(|grid| grid.unknowns() == Some(a.nrows()));
        let grid = match known {
            Some(grid) => Some(grid),
            None => check_grid(args.grid.as_deref(), a.nrows())?,
        };
        Ok(At { a, b, grid, own })
    }

    /// The solution of a system with its own right-hand side, for the next one where that follows on it.
    pub fn solution(&self, index: usize, at: &At, limit: Duration) -> Result<Vec<f64>, CliError> {
        let alone = self.source.free() || self.source.streams().len() > 1;
        if alone || index + 1 == self.count {
            return Ok(Vec::new());
        }
        let mut auto = Auto::new(AutoConfig {
            stopping: Stopping {
                max_time: Some(limit),
                ..Stopping::default()
            },
            max_bytes: Some(machine::memory_for_factors()),
            ..AutoConfig::default()
        });
        let mut x = vec![0.0; at.own.len()];
        let none = Nullspace::none();
        let mut m = Identity;
        let system = System::new(&at.a, &at.own, &mut m).with_nullspace(&none);
        auto.solve_many(system, &mut x, &mut Interruptible)?;
        Ok(x)
    }
}

/// What kind of matrix it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Symmetric, and nothing speaks against positive definite.
    Definite,
    General,
}

impl Kind {
    /// # Errors
    /// [`CliError::Negative`] for one that is symmetric and negative.
    pub fn of(a: &Csr<f64>, name: &str) -> Result<Self, CliError> {
        let cg = |way: &resolvent::solvers::Way<f64>| matches!(way.method, Method::Cg(_));
        if !ways::<f64>(a)?.iter().any(cg) {
            return Ok(Self::General);
        }
        match a.view().get(0, 0) < 0.0 {
            true => Err(CliError::Negative(name.into())),
            false => Ok(Self::Definite),
        }
    }
}

/// Uniform in (−1, 1), without the constants where these are the null space of A.
fn random(a: &Csr<f64>, seed: u64) -> Vec<f64> {
    let n = a.nrows();
    let mut b = random_vector::<f64>(n, seed);
    let mut sums = vec![0.0; n];
    a.apply(&vec![1.0; n], &mut sums);
    let largest = a
        .values()
        .iter()
        .fold(0.0, |most: f64, v| most.max(v.abs()));
    if sums.iter().all(|s| s.abs() <= 1e-12 * largest) {
        let mean = b.iter().sum::<f64>() / n as f64;
        b.iter_mut().for_each(|b| *b -= mean);
    }
    b
}
