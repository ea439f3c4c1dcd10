//! Sequences of related systems A₁x₁ = b₁, A₂x₂ = b₂, …, one family a file.
//!
//! A family is a plain struct of parameters with a `Default`; `start` makes a [`Family`] of it, which
//! writes one system after the other into the same [`Instance`]: where the pattern stays, nothing is
//! allocated from the second system on. What is random about system t depends on the seed and t
//! alone. In a time-dependent family the right-hand side depends on the solution before, which is
//! handed in.
//!
//! ```
//! use resolvent_matrices::sequences::{Instance, ShiftedLaplacians};
//!
//! let mut family = ShiftedLaplacians { systems: 10, ..Default::default() }.start(0)?;
//! let mut system = Instance::default();
//! for t in 0..family.len() {
//!     family.next(t, &[], &mut system)?; // A + cₜI and a random right-hand side
//!     assert_eq!(system.a.nrows(), 100);
//! }
//! # Ok::<(), resolvent_matrices::MatrixError>(())
//! ```

mod adversarial;
mod darcy_gauss;
mod heat2d;
mod heat2d_jump;
mod impes;
mod newton;
mod noise;
mod obstacles;
mod projection;
mod samples;
mod shifted;
#[cfg(test)]
mod tests;

pub use adversarial::{Adversarial, Kind};
pub use darcy_gauss::DarcyGauss;
pub use heat2d::Heat2d;
pub use heat2d_jump::Heat2dJump;
pub use impes::Impes;
pub use newton::{Newton, Nonlinear};
pub use obstacles::{Obstacles, Walls};
pub use projection::Projection;
pub use samples::Samples;
pub use shifted::{ShiftedLaplacians, Variance};

use crate::{Csr, Grid, MatrixError, Scalar};
use num_complex::Complex;

/// What a system has new over the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Novelty {
    /// A right-hand side.
    Rhs,
    /// Values on the same pattern, and a right-hand side.
    Values,
    /// Everything.
    Pattern,
}

/// One system of a sequence.
#[derive(Debug, Clone)]
pub struct Instance<T = f64> {
    /// A.
    pub a: Csr<T>,
    /// b.
    pub b: Vec<T>,
    /// The numbers that describe it, as the family names them.
    pub context: Vec<f64>,
    /// What is new.
    pub novelty: Novelty,
}

impl<T> Default for Instance<T> {
    /// Nothing yet.
    fn default() -> Self {
        Self {
            a: Csr::default(),
            b: Vec::new(),
            context: Vec::new(),
            novelty: Novelty::Pattern,
        }
    }
}

/// Systems in order.
pub trait Family<T: Scalar = f64>: Send {
    /// Family and parameters, as in `heat2d:nx=50,systems=500`.
    fn name(&self) -> String;

    /// Number of systems.
    fn len(&self) -> usize;

    /// Whether there is none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether a solve is meant to begin at the solution before, and not at zero.
    fn continues(&self) -> bool;

    /// The grid whose cells or points are the unknowns, where that is so and does not change.
    fn grid(&self) -> Option<Grid> {
        None
    }

    /// Whether a system depends on the solution of the one before, so that they have one order only.
    fn follows(&self) -> bool {
        self.continues()
    }

    /// Writes system `index` into `out`, which holds the one before or nothing; `solution` is that of
    /// the system before, empty for the first (and for all, where it is not used).
    ///
    /// # Errors
    /// [`MatrixError`].
    fn next(
        &mut self,
        index: usize,
        solution: &[T],
        out: &mut Instance<T>,
    ) -> Result<(), MatrixError>;

    /// What it carries from system to system besides the last solution.
    fn save(&self) -> Vec<f64> {
        Vec::new()
    }

    /// Goes on with what was saved after system `index − 1`.
    ///
    /// # Errors
    /// [`MatrixError::Length`] where it is not that of this family.
    fn restore(&mut self, _index: usize, _state: &[f64]) -> Result<(), MatrixError> {
        Ok(())
    }
}

/// Systems of either field in order.
pub enum AnySequence {
    /// Real ones.
    Real(Box<dyn Family>),
    /// Complex ones.
    Complex(Box<dyn Family<Complex<f64>>>),
}

/// The 5-point matrix on m × m points: 4 on the diagonal, −1 to each neighbour; and where the
/// diagonal stands.
fn five_point(m: usize) -> Result<(Csr<f64>, Vec<usize>), MatrixError> {
    let n = m * m;
    let entries = (0..n).flat_map(|i| {
        let (column, row) = (i % m, i / m);
        let links = [
            (row > 0, i.wrapping_sub(m)),
            (column > 0, i.wrapping_sub(1)),
            (column + 1 < m, i + 1),
            (row + 1 < m, i + m),
        ];
        let links = links.into_iter().filter(|(inside, _)| *inside);
        links.map(move |(_, j)| (i, j, -1.0)).chain([(i, i, 4.0)])
    });
    let a = Csr::from_triplets(n, n, entries)?;
    let place = |i: usize| {
        let (columns, _) = a.view().row(i);
        a.row_range(i).start + columns.partition_point(|&j| (j as usize) < i)
    };
    let diagonal = (0..n).map(place).collect();
    Ok((a, diagonal))
}

/// Writes Σ link(i, j) (xᵢ − xⱼ) + own(i) xᵢ, over the neighbours j of i, on the pattern of A.
fn write_fluxes(a: &mut Csr<f64>, link: impl Fn(usize, usize) -> f64, own: impl Fn(usize) -> f64) {
    for i in 0..a.nrows() {
        let range = a.row_range(i);
        let (mut sum, mut diagonal) = (own(i), range.start);
        for at in range {
            let j = a.col_idx()[at] as usize;
            if j == i {
                diagonal = at;
                continue;
            }
            let link = link(i, j);
            a.values_mut()[at] = -link;
            sum += link;
        }
        a.values_mut()[diagonal] = sum;
    }
}

/// Whether the solution before is still to be taken in by a family that has made `made` systems: not
/// if system `index` was made already and is asked for again.
fn turn(generator: &'static str, made: usize, index: usize) -> Result<bool, MatrixError> {
    if made == index || made == index + 1 {
        return Ok(made == index);
    }
    let problem = format!("system {index} cannot follow on {made} systems: they are made in order");
    Err(MatrixError::Parameter { generator, problem })
}

/// Refuses what has the wrong length.
fn carried(what: &'static str, expected: usize, got: usize) -> Result<(), MatrixError> {
    if expected == got {
        return Ok(());
    }
    Err(MatrixError::Length {
        what,
        expected,
        got,
    })
}
