//! A sequence that is generated.

use super::source::{Current, Source};
use crate::cli::error::CliError;
use crate::cli::input::{Double, MatrixJson};
use resolvent::Grid;
use resolvent::matrices::sequences::{Family, Instance, Novelty};
use resolvent::solvers::{Change, Guess};

/// Generates one system after the other into the same place.
pub struct Generated<T: Double> {
    name: String,
    family: Box<dyn Family<T>>,
    system: Instance<T>,
}

impl<T: Double> Generated<T> {
    pub fn new(family: Box<dyn Family<T>>) -> Self {
        Self {
            name: family.name(),
            family,
            system: Instance::default(),
        }
    }

    fn failed(&self, source: resolvent::MatrixError) -> CliError {
        CliError::Family(source.into())
    }
}

impl<T: Double> Source<T> for Generated<T> {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn len(&self) -> usize {
        self.family.len()
    }

    fn guess(&self) -> Guess {
        match self.family.continues() {
            true => Guess::Previous,
            false => Guess::Zero,
        }
    }

    fn grid(&self) -> Option<Grid> {
        self.family.grid()
    }

    fn free(&self) -> bool {
        !self.family.follows()
    }

    fn next(&mut self, index: usize, solution: &[T]) -> Result<Current<'_, T>, CliError> {
        let made = self.family.next(index, solution, &mut self.system);
        made.map_err(|source| self.failed(source))?;
        let Instance {
            a,
            b,
            context,
            novelty,
        } = &self.system;
        Ok(Current {
            a,
            b,
            exact: None,
            change: match novelty {
                Novelty::Rhs => Change::Nothing,
                Novelty::Values => Change::Values,
                Novelty::Pattern => Change::Pattern,
            },
            context,
            matrix: MatrixJson {
                path: format!("{}#{}", self.name, index),
                rows: a.nrows(),
                cols: a.ncols(),
                nnz: a.nnz(),
                field: if T::IS_COMPLEX { "complex" } else { "real" },
                symmetry: "general",
            },
        })
    }

    fn save(&self) -> Vec<f64> {
        self.family.save()
    }

    fn restore(&mut self, index: usize, state: &[f64]) -> Result<(), CliError> {
        let restored = self.family.restore(index, state);
        restored.map_err(|source| self.failed(source))
    }
}
