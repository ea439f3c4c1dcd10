//! From what a matrix shows to what is tried on it, in order.

use super::AutoConfig;
use crate::precond::{Ic0Config, JacobiConfig};
use crate::{
    BicgstabConfig, CgConfig, GmresConfig, LinearOperator, Linearity, Method, MinresConfig,
    Nullspace, Precond, SolveError, Tags,
};
use resolvent_matrices::{Definiteness, Evidence, Real, Scalar};

/// One thing to try.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Candidate<R> {
    pub method: Method<R>,
    /// `None`: the preconditioner that came with the system.
    pub precond: Option<Precond>,
    /// Solve with −A.
    pub negate: bool,
    /// Iterations after which the next candidate is tried.
    pub max_iters: usize,
}

impl<R: Real> Candidate<R> {
    pub fn precond_name(&self, given: &'static str) -> &'static str {
        self.precond.map_or(given, |precond| precond.name())
    }
}

/// What is known of the matrix.
pub(super) struct Knowledge {
    /// `None` of an operator that shows no entries.
    evidence: Option<Evidence>,
    declared: Tags,
    declared_least: Linearity,
    n: usize,
}

/// ‖A − Aᴴ‖_F/‖A‖_F up to which A is taken as Hermitian: rounding in its assembly.
const HERMITIAN: f64 = 1e-14;

impl Knowledge {
    pub fn of<T: Scalar>(a: &dyn LinearOperator<T>) -> Result<Self, SolveError> {
        let evidence = match a.as_csr() {
            Some(csr) => Some(Evidence::gather(csr.to_u32()?.view())),
            None => None,
        };
        Ok(Self {
            evidence,
            declared: a.tags(),
            declared_least: Linearity::Variable,
            n: a.nrows(),
        })
    }

    pub fn hermitian(&self) -> bool {
        self.declared.hermitian
            || self
                .evidence
                .as_ref()
                .is_some_and(|e| e.non_hermitian <= HERMITIAN)
    }

    /// Whether −A is what may be positive definite.
    fn negative(&self) -> bool {
        self.evidence.as_ref().is_some_and(|e| {
            matches!(
                e.definiteness,
                Definiteness::Negative(_) | Definiteness::PossiblyNegative
            )
        })
    }

    fn maybe_definite(&self) -> bool {
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

/// What to try, in order: never empty.
pub(super) fn plan<R: Real>(config: &AutoConfig<R>, known: &Knowledge) -> Vec<Candidate<R>> {
    let _ = (known.n, known.declared_least);
    let candidate = |method, precond, max_iters| Candidate {
        method,
        precond,
        negate: false,
        max_iters,
    };
    if let (Some(method), Some(precond)) = (config.method, config.precond) {
        let mut given = candidate(method, Some(precond), usize::MAX);
        given.negate = method.needs_hermitian() && known.hermitian() && known.negative();
        return vec![given];
    }
    let jacobi = Precond::Jacobi(JacobiConfig {
        zero_diagonal_as_one: true,
    });
    let mut all = Vec::new();
    let gmres = Method::Gmres(GmresConfig::default());
    if known.hermitian() && known.maybe_definite() {
        for precond in [Precond::Ic0(Ic0Config::default()), jacobi] {
            let mut c = candidate(Method::Cg(CgConfig::default()), Some(precond), 2000);
            c.negate = known.negative();
            all.push(c);
        }
    }
    if known.hermitian() {
        all.push(candidate(
            Method::Minres(MinresConfig::default()),
            Some(Precond::None),
            2000,
        ));
    }
    all.push(candidate(gmres, Some(jacobi), 1000));
    all
}

/// A method with a preconditioner.
pub type Way<R> = (Method<R>, Precond);

/// Every method with every preconditioner that makes sense for A: what a comparison tries.
///
/// # Errors
/// [`SolveError`] if A has more entries than 32-bit indices reach. O(n + nnz).
pub fn ways<T: Scalar>(a: &dyn LinearOperator<T>) -> Result<Vec<Way<T::Real>>, SolveError> {
    let known = Knowledge::of(a)?;
    let jacobi = Precond::Jacobi(JacobiConfig::default());
    let full_diagonal = known
        .evidence
        .as_ref()
        .is_some_and(|e| e.missing_diagonals + e.zero_diagonals == 0);
    let mut ways = Vec::new();
    let mut with = |method: Method<T::Real>, preconds: &[Precond]| {
        ways.extend(preconds.iter().map(|precond| (method, *precond)));
    };
    if known.hermitian() && known.maybe_definite() {
        let ic0 = Precond::Ic0(Ic0Config::default());
        with(
            Method::Cg(CgConfig::default()),
            &[Precond::None, jacobi, ic0],
        );
    }
    if known.hermitian() {
        with(Method::Minres(MinresConfig::default()), &[Precond::None]);
    }
    let mut general = vec![Precond::None];
    if full_diagonal {
        general.push(jacobi);
    }
    with(Method::Gmres(GmresConfig::default()), &general);
    with(Method::Bicgstab(BicgstabConfig::default()), &general);
    Ok(ways)
}
