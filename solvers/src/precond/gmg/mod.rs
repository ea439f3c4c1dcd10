//! Geometric multigrid (GMG) for 5-point matrices on planes of cells and 7-point ones on boxes: one
//! V-cycle, matrix-free.
//!
//! Without a matrix: the cycle reads conductances of faces, 8 bytes a cell (12 in a box). With S = D⁻½ A D⁻½, every
//! level is
//!   M⁻¹ = q(S) r̂ before and after,  x ← x + P M_c⁻¹ Pᵀ (r − S x) between,  P = (I − S) P₀,
//! where 1 − λ q(λ) is a Chebyshev polynomial below 1 in size on (0, 2], and P₀ is piecewise constant on
//! 2×2 cells (2×2×2 in a box). So P interpolates linearly where coefficients are smooth, and follows
//! them where they jump. The coarse operator is of the same kind again, with conductances from the finer ones, or from
//! whoever fills [`GmgLevel`]; the coarsest is inverted exactly. Whatever these are, M is symmetric
//! positive definite: the smoother contracts in the norm of S, it is the same polynomial before and
//! after, restriction is the transpose of interpolation, and M_c is positive definite in turn. The
//! cycle is done in single precision, on numbers free of units, under a solver in double.
//!
//! | setup | O(nnz), 2–4 cycles | apply | 3·`degree`+1 stencil passes in 2 sweeps over the level, 60 bytes a cell, × 4/3 (8/7 in a box), and up to a tenth for the degree of the coarser levels | memory | 50 bytes a cell |
//!
//! - A. Brandt, Math. Comp. 31:333–390, 1977, doi:10.1090/S0025-5718-1977-0431719-X.
//! - P. Vaněk, J. Mandel, M. Brezina, Computing 56:179–196, 1996, doi:10.1007/BF02238511 (P = (I − S)P₀).
//! - M. Adams, M. Brezina, J. Hu, R. Tuminaro, J. Comput. Phys. 188:593–610, 2003,
//!   doi:10.1016/S0021-9991(03)00194-3 (Chebyshev smoothers).
//! - A. McAdams, E. Sifakis, J. Teran, A parallel multigrid Poisson solver for fluids simulation on large
//!   grids, SCA 2010, doi:10.2312/SCA/SCA10/065-073 (a symmetric cycle on masked cells for CG).

mod bands;
mod cells;
mod coarsen;
mod coarsest;
mod cycle;
mod ends;
mod field;
mod islands;
mod layers;
mod level;
mod polynomial;
mod read;
#[cfg(test)]
mod reference;
mod rows;
mod rule;
mod stencil;
mod sweep;
#[cfg(test)]
mod tests;
mod tile;

use super::{Linearity, PrecondError, Preconditioner};
use crate::LinearOperator;
use cells::Cells;
use cycle::Hierarchy;
use islands::Islands;
pub use level::GmgLevel;
use resolvent_matrices::{Grid, Real, Scalar};
pub use rule::GmgRule;

const NAME: &str = "gmg";

/// Configuration of [`Gmg`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GmgConfig {
    /// The cells, NX × NY or NX × NY × NZ; `None` finds them from the matrix.
    pub grid: Option<Grid>,
    /// Degree of the smoothing polynomial of the finest level, before and after: 1 to 4. That of the others is one
    /// more, up to 4.
    pub degree: usize,
    /// Small parts that conduct well inside and badly outwards get unknowns of their own, where there are any.
    pub islands: bool,
}

impl Default for GmgConfig {
    /// The grid found, degree 3, islands.
    fn default() -> Self {
        Self {
            grid: None,
            degree: 3,
            islands: true,
        }
    }
}

/// A V-cycle for a real symmetric 5- or 7-point matrix whose diagonal outweighs its rows.
#[derive(Debug, Clone)]
pub struct Gmg {
    config: GmgConfig,
    cells: Cells,
    /// Where the cells without rows are not in the matrix, an update cannot find them anew.
    masked: bool,
    hierarchy: Hierarchy,
    islands: Islands,
    /// What the islands leave of a residual.
    rest: Vec<f64>,
}

impl Gmg {
    /// Reads A, of which every cell of the grid is a row: cells without equation are rows of their own
    /// diagonal. O(nnz).
    ///
    /// # Errors
    /// [`PrecondError::Grid`] where A is not a symmetric matrix of neighbours on that grid with off-diagonal
    /// entries ≤ 0 that the diagonal outweighs, [`PrecondError::Diagonal`] where that is not positive,
    /// [`PrecondError::Failed`] for numbers that are not finite or too far apart for single precision,
    /// [`PrecondError::Config`] for a degree that is not 1 to 4, [`PrecondError::NeedsEntries`],
    /// [`PrecondError::Matrix`] if A is not square.
    pub fn new<T: Scalar>(
        a: &dyn LinearOperator<T>,
        config: GmgConfig,
    ) -> Result<Self, PrecondError> {
        Self::build(a, config, None)
    }

    /// Reads A, of which those cells of the grid have a row that `mask` says, in the grid's order.
    /// O(nnz + cells).
    ///
    /// # Errors
    /// Those of [`Gmg::new`], and [`PrecondError::Grid`] for a mask of another size.
    pub fn masked<T: Scalar>(
        a: &dyn LinearOperator<T>,
        grid: Grid,
        mask: &[bool],
        config: GmgConfig,
    ) -> Result<Self, PrecondError> {
        Self::build(a, config, Some((grid, mask)))
    }

    /// A cycle of these levels, the finest first, each of half the cells of the one before along each
    /// direction (rounded up): what a network predicts. The last has 16 cells at most and is solved exactly. Rows
    /// of A are the cells of the first; A is `unit` (above 0) times what these say. An
    /// [`update`](Preconditioner::update) makes all of them anew, by the default rule.
    ///
    /// # Errors
    /// [`PrecondError::Config`] for levels of other sizes, a unit that is not positive, a degree that is
    /// not 1 to 4; [`PrecondError::Pivot`].
    pub fn from_levels(
        levels: Vec<GmgLevel>,
        unit: f64,
        config: GmgConfig,
    ) -> Result<Self, PrecondError> {
        check(config)?;
        let wrong = |problem: String| PrecondError::Config {
            precond: NAME,
            problem,
        };
        if !(unit > 0.0 && unit.is_finite()) {
            return Err(wrong(format!(
                "the unit is {unit}, a positive number is needed"
            )));
        }
        Self::check_levels(&levels)?;
        let first = &levels[0];
        let cells = Cells::of(first.dims);
        let mut hierarchy = Hierarchy::with(levels, config.degree);
        hierarchy.unit = unit;
        hierarchy.fill()?;
        let mut gmg = Self::on(cells, hierarchy, config, false);
        gmg.find_islands();
        Ok(gmg)
    }

    /// Sizes of levels: the first as it is, every other of half the cells of the one before.
    fn check_levels(levels: &[GmgLevel]) -> Result<(), PrecondError> {
        let wrong = |problem: String| {
            Err(PrecondError::Config {
                precond: NAME,
                problem,
            })
        };
        let Some(first) = levels.first() else {
            return wrong("no levels were given".into());
        };
        let mut dims = first.dims;
        for (l, level) in levels.iter().enumerate() {
            let last = l + 1 == levels.len();
            if level.dims != dims || (last && level.link.len() > coarsest::MOST) {
                let [nx, ny, nz] = dims;
                return wrong(format!(
                    "level {l} has {} cells; {} are needed there, and {} at most on the last",
                    cells::name(level.grid()),
                    cells::name(Grid::new(nx, ny, nz)),
                    coarsest::MOST
                ));
            }
            dims = level.halves();
        }
        Ok(())
    }

    fn build<T: Scalar>(
        a: &dyn LinearOperator<T>,
        config: GmgConfig,
        masked: Option<(Grid, &[bool])>,
    ) -> Result<Self, PrecondError> {
        let mut gmg = Self::allocate(a, config, masked)?;
        let csr = a
            .as_csr()
            .ok_or(PrecondError::NeedsEntries { precond: NAME })?;
        let csr = csr.to_u32()?;
        let read = gmg.hierarchy.read(csr.view(), &gmg.cells);
        let found = masked.is_none() && config.grid.is_none();
        if found && matches!(read, Err(PrecondError::Grid { .. })) {
            // where most cells are masked, a box looks like a plane at first
            if let Ok(cells) = Cells::find(csr.view(), true)
                && cells != gmg.cells
            {
                gmg.hierarchy = Hierarchy::new(&cells, config.degree);
                gmg.cells = cells;
                gmg.hierarchy.read(csr.view(), &gmg.cells)?;
                gmg.find_islands();
                return Ok(gmg);
            }
        }
        read?;
        gmg.find_islands();
        Ok(gmg)
    }

    fn find_islands(&mut self) {
        if self.config.islands {
            let finest = &self.hierarchy.levels()[0];
            let found = Islands::finest(finest, &self.cells, self.hierarchy.unit);
            self.hierarchy.find_islands(found.is_some());
            self.islands = found.unwrap_or_default();
            let rows = if self.islands.is_empty() {
                0
            } else {
                self.cells.rows()
            };
            self.rest.resize(rows, 0.0);
        }
    }

    /// Levels without numbers for the grid of A.
    fn allocate<T: Scalar>(
        a: &dyn LinearOperator<T>,
        config: GmgConfig,
        masked: Option<(Grid, &[bool])>,
    ) -> Result<Self, PrecondError> {
        let cells = Self::cells_of(a, config, masked)?;
        let hierarchy = Hierarchy::new(&cells, config.degree);
        Ok(Self::on(cells, hierarchy, config, masked.is_some()))
    }

    /// Without islands.
    fn on(cells: Cells, hierarchy: Hierarchy, config: GmgConfig, masked: bool) -> Self {
        Self {
            config,
            hierarchy,
            cells,
            masked,
            islands: Islands::default(),
            rest: Vec::new(),
        }
    }

    /// Which cells the rows of A are.
    fn cells_of<T: Scalar>(
        a: &dyn LinearOperator<T>,
        config: GmgConfig,
        masked: Option<(Grid, &[bool])>,
    ) -> Result<Cells, PrecondError> {
        check(config)?;
        if T::IS_COMPLEX {
            return Err(PrecondError::Grid {
                precond: NAME,
                found: format!("its numbers are complex ({})", T::NAME),
            });
        }
        let csr = a
            .as_csr()
            .ok_or(PrecondError::NeedsEntries { precond: NAME })?;
        let csr = csr.to_u32()?;
        let rows = csr.view().square()?;
        match (masked, config.grid) {
            (Some((grid, mask)), _) => Cells::masked(grid, mask, rows),
            (None, Some(grid)) => Cells::all(grid, rows),
            (None, None) => Cells::find(csr.view(), false),
        }
    }

    fn check_rows<T: Scalar>(&self, a: &dyn LinearOperator<T>) -> Result<(), PrecondError> {
        if a.nrows() == self.cells.rows() {
            return Ok(());
        }
        Err(PrecondError::Shape {
            precond: NAME,
            expected: self.cells.rows(),
            got: a.nrows(),
        })
    }

    /// The levels in use, the finest first.
    pub fn levels(&self) -> &[GmgLevel] {
        self.hierarchy.levels()
    }

    /// How many [islands](GmgConfig::islands) the finest level has, and of how many cells in all.
    pub fn islands(&self) -> [usize; 2] {
        self.islands.count()
    }

    /// A is this times what the [levels](Gmg::levels) say.
    pub fn unit(&self) -> f64 {
        self.hierarchy.unit
    }
}

fn check(config: GmgConfig) -> Result<(), PrecondError> {
    if (1..=polynomial::MOST).contains(&config.degree) {
        return Ok(());
    }
    Err(PrecondError::Config {
        precond: NAME,
        problem: format!(
            "degree is {}, a number from 1 to {} is needed",
            config.degree,
            polynomial::MOST
        ),
    })
}

impl<T: Scalar> Preconditioner<T> for Gmg {
    fn name(&self) -> &'static str {
        NAME
    }

    fn update(&mut self, a: &dyn LinearOperator<T>) -> Result<(), PrecondError> {
        self.check_rows(a)?;
        let csr = a
            .as_csr()
            .ok_or(PrecondError::NeedsEntries { precond: NAME })?;
        let csr = csr.to_u32()?;
        match self.hierarchy.read(csr.view(), &self.cells) {
            Err(PrecondError::Grid { .. }) if !self.masked => {
                *self = Self::new(&csr.view(), self.config)?; // another grid: from the start
                Ok(())
            }
            other => {
                other?;
                self.find_islands();
                Ok(())
            }
        }
    }

    fn apply(&mut self, r: &[T], z: &mut [T]) -> Result<(), PrecondError> {
        if self.islands.is_empty() {
            return cycle(&mut self.hierarchy, &self.cells, r, z);
        }
        let rest = &mut self.rest[..];
        rest.iter_mut()
            .zip(r)
            .for_each(|(rest, r)| *rest = r.re().to_f64());
        self.islands.before(rest);
        cycle(&mut self.hierarchy, &self.cells, rest, z)?;
        self.islands.after(rest, z);
        Ok(())
    }

    fn linearity(&self) -> Linearity {
        Linearity::NearlyHpd
    }

    fn bytes(&self) -> usize {
        self.cells.bytes() + self.hierarchy.bytes() + self.islands.bytes() + 8 * self.rest.len()
    }
}

/// z ← B r, whatever the size of r.
fn cycle<R: Scalar, T: Scalar>(
    hierarchy: &mut Hierarchy,
    cells: &Cells,
    r: &[R],
    z: &mut [T],
) -> Result<(), PrecondError> {
    let size = |v: &R| v.re().to_f64().abs();
    let mut factor = 1.0;
    for _ in 0..3 {
        let most = f64::from(hierarchy.down(cells, r, factor));
        if (2.0f64.powi(-60)..2.0f64.powi(60)).contains(&most) {
            break;
        }
        // out of the range of single precision, or all zero: a factor brings it back
        let largest = r.iter().map(size).fold(0.0, f64::max);
        if largest == 0.0 {
            break;
        }
        if !largest.is_finite() {
            return Err(PrecondError::Failed {
                precond: NAME,
                problem: "the residual is not finite".into(),
            });
        }
        let now = if most > 0.0 && most.is_finite() {
            most
        } else {
            largest * factor
        };
        factor *= (-now.log2().round()).clamp(-1000.0, 1000.0).exp2();
    }
    hierarchy.up(cells, r, z, factor);
    Ok(())
}
