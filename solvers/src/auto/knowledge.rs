//! What a matrix shows of itself, as far as the choice of a method needs it.

use crate::{LinearOperator, Nullspace, SolveError, Tags};
use resolvent_matrices::{Definiteness, Evidence, Grid, Scalar};

/// What is known of the matrix.
pub(super) struct Knowledge {
    /// `None` of an operator that shows no entries.
    evidence: Option<Evidence>,
    declared: Tags,
    entries: usize,
    /// The unknowns stand on a grid of three dimensions, and there are many.
    solid: bool,
    /// Its numbers are real, and the unknowns stand on a plane, each with its four neighbours, or in a box,
    /// with six.
    cells: bool,
}

/// ‖A − Aᴴ‖_F/‖A‖_F up to which A is taken as Hermitian: rounding in its assembly.
const HERMITIAN: f64 = 1e-14;

/// Entries from which a grid of three dimensions is not worth a factorisation.
const LARGE: usize = 100_000;
/// Rows from which a 5-point matrix is worth a hierarchy of grids.
const MANY: usize = 1000;

impl Knowledge {
    /// Reads A; whether it is solid only if a factorisation is an option. O(n + nnz).
    pub fn of<T: Scalar>(a: &dyn LinearOperator<T>, free: bool) -> Result<Self, SolveError> {
        let (mut entries, mut solid, mut cells) = (0, false, false);
        let evidence = match a.as_csr() {
            Some(csr) => {
                let csr = csr.to_u32()?;
                entries = csr.view().nnz();
                if free && entries > LARGE {
                    solid = Grid::detect(csr.view()).is_some_and(|g| g.dimension() == 3);
                }
                let (rows, dimension) = (a.nrows(), |g: Grid| g.dimension());
                // 5 points a row in the plane, 7 in the box
                let few = rows >= MANY && (3 * rows + 1..=7 * rows).contains(&entries);
                let grid = || Grid::detect(csr.view()).map(dimension);
                cells = few
                    && !T::IS_COMPLEX
                    && match grid() {
                        Some(2) => entries <= 5 * rows,
                        Some(dimension) => dimension == 3,
                        None => false,
                    };
                Some(Evidence::gather(csr.view()))
            }
            None => None,
        };
        Ok(Self {
            entries,
            solid,
            cells,
            evidence,
            declared: a.tags(),
        })
    }

    /// Stored entries.
    pub fn entries(&self) -> usize {
        self.entries
    }

    /// Whether a factorisation may be the fastest way, as far as can be told before it is analysed:
    /// A is not known to be singular, and not a grid of three dimensions, where factors fill in.
    pub fn worth_factorizing(&self) -> bool {
        let singular = self
            .evidence
            .as_ref()
            .is_none_or(|e| e.constant_nullspace || e.empty_rows + e.empty_columns > 0);
        !(singular || self.solid)
    }

    /// Whether A may be a definite matrix of 5 points on a plane or 7 on a box, as far as its pattern says:
    /// what `gmg` is for.
    pub fn on_cells(&self) -> bool {
        self.cells && self.hermitian() && self.maybe_definite()
    }

    /// Whether A = Aᴴ, declared or up to rounding.
    pub fn hermitian(&self) -> bool {
        self.declared.hermitian
            || self
                .evidence
                .as_ref()
                .is_some_and(|e| e.non_hermitian <= HERMITIAN)
    }

    /// Whether −A is what may be positive definite.
    pub fn negative(&self) -> bool {
        self.evidence.as_ref().is_some_and(|e| {
            matches!(
                e.definiteness,
                Definiteness::Negative(_) | Definiteness::PossiblyNegative
            )
        })
    }

    /// Whether nothing speaks against A or −A being positive definite.
    pub fn maybe_definite(&self) -> bool {
        self.declared.positive_definite
            || self.evidence.as_ref().is_some_and(|e| {
                matches!(
                    e.definiteness,
                    Definiteness::Positive(_)
                        | Definiteness::PossiblyPositive
                        | Definiteness::Negative(_)
                        | Definiteness::PossiblyNegative
                )
            })
    }

    /// What the solvers are told of A, or of −A.
    pub fn tags(&self, negated: bool) -> Tags {
        Tags {
            hermitian: self.hermitian(),
            positive_definite: self.declared.positive_definite && !negated,
        }
    }

    /// Whether A shows its entries.
    pub fn has_entries(&self) -> bool {
        self.evidence.is_some()
    }

    /// Whether no diagonal entry is zero.
    pub fn full_diagonal(&self) -> bool {
        self.evidence
            .as_ref()
            .is_some_and(|e| e.missing_diagonals + e.zero_diagonals == 0)
    }

    /// The constants, where they are in the null space.
    pub fn nullspace<T: Scalar>(&self, n: usize) -> Nullspace<T> {
        let Some(evidence) = self.evidence.as_ref().filter(|e| e.constant_nullspace) else {
            return Nullspace::none();
        };
        let constant = Nullspace::constant();
        if self.hermitian() || evidence.zero_column_sums < n {
            return constant;
        }
        // of one vector that is not zero, orthonormalisation cannot fail
        let left = constant.with_left(vec![vec![T::ONE; n]]);
        left.unwrap_or_else(|_| Nullspace::constant())
    }
}
