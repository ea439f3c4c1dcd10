//! What a matrix shows of itself, as far as the choice of a method needs it.

use crate::{LinearOperator, Nullspace, SolveError, Tags};
use resolvent_matrices::{Definiteness, Evidence, Scalar};

/// What is known of the matrix.
pub(super) struct Knowledge {
    /// `None` of an operator that shows no entries.
    evidence: Option<Evidence>,
    declared: Tags,
}

/// ‖A − Aᴴ‖_F/‖A‖_F up to which A is taken as Hermitian: rounding in its assembly.
const HERMITIAN: f64 = 1e-14;

impl Knowledge {
    /// Reads A. O(n + nnz).
    pub fn of<T: Scalar>(a: &dyn LinearOperator<T>) -> Result<Self, SolveError> {
        let evidence = match a.as_csr() {
            Some(csr) => Some(Evidence::gather(csr.to_u32()?.view())),
            None => None,
        };
        Ok(Self {
            evidence,
            declared: a.tags(),
        })
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
