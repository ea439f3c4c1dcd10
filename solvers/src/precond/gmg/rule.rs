//! Coarse levels from elsewhere than the default rule: a network, or an experiment.

use super::cells::Cells;
use super::cycle::Hierarchy;
use super::level::GmgLevel;
use super::read;
use super::{Gmg, GmgConfig, NAME, PrecondError};
use crate::LinearOperator;
use resolvent_matrices::Scalar;

/// How the next coarser level comes out of a level.
///
/// Whatever it says, the cycle is symmetric positive definite (docs/methods/gmg.md): a rule can cost
/// iterations only. [`GmgLevel`]'s constructors check every number.
pub trait GmgRule {
    /// Takes a level; gives it back, with [scalings](GmgLevel::with_scaling) and
    /// [weights](GmgLevel::with_weights) if there are any, and the level of half its cells along each
    /// direction (rounded up).
    ///
    /// # Errors
    /// Those of the rule.
    fn coarsen(&mut self, fine: GmgLevel) -> Result<(GmgLevel, GmgLevel), PrecondError>;
}

impl Gmg {
    /// As [`Gmg::new`], with coarse levels by a rule. [`Preconditioner::update`](super::Preconditioner)
    /// would take the default rule for the next matrix: [`Gmg::update_by`].
    ///
    /// # Errors
    /// Those of [`Gmg::new`] and of the rule; [`PrecondError::Config`] for levels of other sizes.
    pub fn by_rule<T: Scalar>(
        a: &dyn LinearOperator<T>,
        config: GmgConfig,
        rule: &mut dyn GmgRule,
    ) -> Result<Self, PrecondError> {
        let cells = Self::cells_of(a, config, None)?;
        let found = Found::new(a, cells, config, false, rule)?;
        let mut hierarchy = Hierarchy::with(found.levels, config.degree);
        hierarchy.unit = found.unit;
        hierarchy.fill()?;
        let mut gmg = Self::on(found.cells, hierarchy, config, false);
        gmg.find_islands();
        Ok(gmg)
    }

    /// Reads the next matrix on the same cells, with coarse levels by a rule. O(nnz), allocates.
    ///
    /// # Errors
    /// Those of [`Gmg::by_rule`], [`PrecondError::Shape`].
    pub fn update_by<T: Scalar>(
        &mut self,
        a: &dyn LinearOperator<T>,
        rule: &mut dyn GmgRule,
    ) -> Result<(), PrecondError> {
        self.check_rows(a)?;
        let found = Found::new(a, self.cells.clone(), self.config, self.masked, rule)?;
        self.cells = found.cells;
        self.hierarchy.replace(found.levels, self.config.degree);
        self.hierarchy.unit = found.unit;
        self.hierarchy.fill()?;
        self.find_islands();
        Ok(())
    }
}

/// What a rule makes of a matrix.
struct Found {
    cells: Cells,
    levels: Vec<GmgLevel>,
    unit: f64,
}

impl Found {
    /// Given the cells of the matrix before, or those that were found for this one.
    fn new<T: Scalar>(
        a: &dyn LinearOperator<T>,
        mut cells: Cells,
        config: GmgConfig,
        masked: bool,
        rule: &mut dyn GmgRule,
    ) -> Result<Self, PrecondError> {
        let csr = a
            .as_csr()
            .ok_or(PrecondError::NeedsEntries { precond: NAME })?;
        let csr = csr.to_u32()?;
        let mut next = GmgLevel::empty(cells.dims);
        let unit = match read::read(csr.view(), &cells, &mut next) {
            Err(PrecondError::Grid { .. }) if !masked => {
                // another grid: from the start
                cells = Gmg::new(a, config)?.cells;
                next = GmgLevel::empty(cells.dims);
                read::read(csr.view(), &cells, &mut next)?
            }
            unit => unit?,
        };
        let mut levels = Vec::new();
        while next.link.len() > super::coarsest::MOST {
            let (fine, coarse) = rule.coarsen(next)?;
            levels.push(fine);
            next = coarse;
        }
        levels.push(next);
        Gmg::check_levels(&levels)?;
        Ok(Self {
            cells,
            levels,
            unit,
        })
    }
}
