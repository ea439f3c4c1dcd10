//! Coarse levels from elsewhere than the default rule: a network, or an experiment.

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
        let mut gmg = Self::allocate(a, config, None)?;
        gmg.update_by(a, rule)?;
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
        let csr = a
            .as_csr()
            .ok_or(PrecondError::NeedsEntries { precond: NAME })?;
        let csr = csr.to_u32()?;
        let unit = read::unit(csr.view())?;
        let mut finest = GmgLevel::empty(self.cells.dims);
        if let Err(error) = read::read(csr.view(), &self.cells, unit, &mut finest) {
            if self.masked || !matches!(error, PrecondError::Grid { .. }) {
                return Err(error);
            }
            // another grid: from the start
            self.cells = Self::new(a, self.config)?.cells;
            finest = GmgLevel::empty(self.cells.dims);
            read::read(csr.view(), &self.cells, unit, &mut finest)?;
        }
        let mut levels = Vec::with_capacity(self.hierarchy.levels().len());
        let mut next = finest;
        while next.link.len() > super::coarsest::MOST {
            let (fine, coarse) = rule.coarsen(next)?;
            levels.push(fine);
            next = coarse;
        }
        levels.push(next);
        Self::check_levels(&levels)?;
        self.hierarchy = Hierarchy::with(levels, self.config.degree);
        self.hierarchy.unit = unit;
        self.hierarchy.fill()?;
        self.find_islands();
        Ok(())
    }
}
