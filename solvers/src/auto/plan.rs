//! From what a matrix shows to what is tried on it, in order.

use super::AutoConfig;
use super::knowledge::Knowledge;
use crate::precond::{
    ChebyshevConfig, FsaiConfig, GmgConfig, Ic0Config, IctConfig, Identity, Ilu0Config, IlutConfig,
    JacobiConfig, SsorConfig,
};
use crate::{
    BicgstabConfig, CgConfig, DirectConfig, FcgConfig, GmresConfig, LinearOperator, Method,
    MinresConfig, Precond, Preconditioner, SolveError, Way,
};
use resolvent_matrices::{Real, Scalar};

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

    /// What it is, if it needs nothing else.
    pub fn way(&self) -> Option<Way<R>> {
        let precond = self.precond.filter(|_| !self.negate)?;
        Some(Way {
            method: self.method,
            precond,
        })
    }
}

/// Iterations of an attempt that others can follow.
const BUDGET: usize = 2000;

/// Operations for each entry of A up to which a factorisation is what is tried first: about what
/// some three hundred iterations with an incomplete factorisation take.
const FLOPS_PER_ENTRY: f64 = 2400.0;

/// Restart length of a last resort.
const LONG_RESTART: usize = 300;

/// Smallest pivot of an ILUT that is to go on whatever it meets, as part of its row.
const PIVOT_FLOOR: f64 = 1e-6;

/// What to try, in order: never empty.
pub(super) fn plan<R: Real>(config: &AutoConfig<R>, known: &Knowledge) -> Vec<Candidate<R>> {
    let pairs: Vec<(Method<R>, Option<Precond>)> = match (config.method, config.precond) {
        _ if !known.has_entries() => {
            let method = config.method.unwrap_or(matrix_free(known));
            vec![(method, config.precond)]
        }
        (Some(method), _) if config.given => vec![(method, None)],
        (None, _) if config.given => given(known),
        (Some(method), Some(precond)) => vec![(method, Some(precond))],
        (Some(method), None) => {
            let preconds = preconds(&method, known).into_iter();
            preconds.map(|precond| (method, Some(precond))).collect()
        }
        (None, Some(precond)) => {
            let methods = methods(&precond, known).into_iter();
            methods.map(|method| (method, Some(precond))).collect()
        }
        (None, None) => free(known),
    };
    let bounded = |method| match method {
        Method::Direct(direct) => Method::Direct(DirectConfig {
            max_bytes: direct.max_bytes.or(config.max_bytes),
            ..direct
        }),
        other => other,
    };
    let candidate = |(method, precond): (Method<R>, Option<Precond>)| Candidate {
        method: bounded(method),
        precond,
        negate: method.needs_hermitian() && known.hermitian() && known.negative(),
        max_iters: BUDGET,
    };
    pairs.into_iter().map(candidate).collect()
}

/// With the preconditioner that comes with the system, of which nothing is asked; then as without.
fn given<R: Real>(known: &Knowledge) -> Vec<(Method<R>, Option<Precond>)> {
    let mut pairs = Vec::new();
    if known.hermitian() && known.maybe_definite() {
        let fcg = FcgConfig {
            directions: 2,
            ..FcgConfig::default()
        };
        pairs.push((Method::Fcg(fcg), None));
    }
    pairs.push((Method::Fgmres(GmresConfig::default()), None));
    pairs.extend(free(known));
    pairs
}

/// For an operator that only multiplies.
fn matrix_free<R: Real>(known: &Knowledge) -> Method<R> {
    match (known.hermitian(), known.maybe_definite()) {
        (true, true) => Method::Cg(CgConfig::default()),
        (true, false) => Method::Minres(MinresConfig::default()),
        _ => Method::Fgmres(GmresConfig::default()),
    }
}

/// Both choices are free.
fn free<R: Real>(known: &Knowledge) -> Vec<(Method<R>, Option<Precond>)> {
    let gmres = Method::Gmres(GmresConfig::default());
    let mut pairs = Vec::new();
    if !known.hermitian() && known.full_diagonal() {
        // cheap to try; where it works, it is far ahead
        pairs.push((Method::Bicgstab(BicgstabConfig::default()), Some(ilu0())));
    }
    if known.on_cells() {
        pairs.push((Method::Cg(CgConfig::default()), Some(gmg())));
    }
    if known.worth_factorizing() {
        let direct = DirectConfig {
            max_flops: Some(FLOPS_PER_ENTRY * known.entries() as f64),
            ..DirectConfig::default()
        };
        pairs.push((Method::Direct(direct), Some(Precond::None)));
    }
    if known.hermitian() {
        if known.maybe_definite() {
            let cg = Method::Cg(CgConfig::default());
            pairs.push((cg, Some(ic0())));
            pairs.push((cg, Some(ict())));
        }
        pairs.push((Method::Minres(MinresConfig::default()), Some(Precond::None)));
    }
    pairs.push((gmres, Some(ilut())));
    let direct = Method::Direct(DirectConfig::default());
    pairs.push((direct, Some(Precond::None)));
    // singular systems that have a solution, and matrices no factorisation gets through
    let last = if known.hermitian() {
        Method::Minres(MinresConfig::default())
    } else {
        Method::Gmres(GmresConfig {
            restart: LONG_RESTART,
            ..GmresConfig::default()
        })
    };
    pairs.push((last, Some(Precond::None)));
    pairs
}

/// The preconditioners for a method that is given.
fn preconds<R: Real>(method: &Method<R>, known: &Knowledge) -> Vec<Precond> {
    let definite = known.hermitian() && known.maybe_definite();
    let mut all = Vec::new();
    match method {
        Method::Direct(_) | Method::Sor(_) => {}
        Method::Cg(_) | Method::Fcg(_) => {
            all.extend(known.on_cells().then(gmg));
            all.extend([ic0(), ict()]);
        }
        Method::Minres(_) if definite => all.push(ic0()),
        Method::Minres(_) => {}
        _ if definite && !known.negative() => all.extend([ic0(), ict()]),
        _ if known.full_diagonal() => all.extend([ilu0(), ilut()]),
        _ => all.push(ilut()),
    }
    all.push(Precond::None);
    all
}

/// The methods for a preconditioner that is given.
fn methods<R: Real>(precond: &Precond, known: &Knowledge) -> Vec<Method<R>> {
    let mut all = Vec::new();
    let lu = matches!(precond, Precond::Ilu0(_) | Precond::Ilut(_));
    if known.hermitian() && !lu {
        if known.maybe_definite() {
            all.push(Method::Cg(CgConfig::default()));
        }
        // MINRES does not bear what is positive definite up to rounding only
        if !matches!(precond, Precond::Gmg(_)) {
            all.push(Method::Minres(MinresConfig::default()));
        }
    }
    all.push(Method::Bicgstab(BicgstabConfig::default()));
    all.push(Method::Gmres(GmresConfig::default()));
    all
}

fn gmg() -> Precond {
    Precond::Gmg(GmgConfig::default())
}

fn ic0() -> Precond {
    Precond::Ic0(Ic0Config::default())
}

fn ict() -> Precond {
    Precond::Ict(IctConfig::default())
}

fn ilu0() -> Precond {
    Precond::Ilu0(Ilu0Config::default())
}

fn ilut() -> Precond {
    Precond::Ilut(IlutConfig {
        pivot_floor: Some(PIVOT_FLOOR),
        ..IlutConfig::default()
    })
}

/// The classical preconditioner to fall back on where another one fails: IC(0) where A may be positive
/// definite, ILU(0) or ILUT elsewhere, the diagonal or none where those cannot be built.
///
/// # Errors
/// [`SolveError`] if A has more entries than 32-bit indices reach. O(n + nnz).
pub fn fallback<T: Scalar>(
    a: &dyn LinearOperator<T>,
) -> Result<Box<dyn Preconditioner<T>>, SolveError> {
    let known = Knowledge::of(a, false)?;
    let mut choices = Vec::new();
    if known.hermitian() && known.maybe_definite() {
        choices.push(ic0());
    } else if known.has_entries() {
        choices.extend([ilu0(), ilut()]);
    }
    choices.push(Precond::Jacobi(JacobiConfig::default()));
    let built = choices.iter().find_map(|choice| choice.build(a).ok());
    Ok(built.unwrap_or_else(|| Box::new(Identity)))
}

/// Every method with every preconditioner that makes sense for A: what a comparison tries, the
/// likeliest to win first.
///
/// # Errors
/// [`SolveError`] if A has more entries than 32-bit indices reach. O(n + nnz).
pub fn ways<T: Scalar>(a: &dyn LinearOperator<T>) -> Result<Vec<Way<T::Real>>, SolveError> {
    let known = Knowledge::of(a, false)?;
    let jacobi = Precond::Jacobi(JacobiConfig::default());
    let ilut = Precond::Ilut(IlutConfig::default());
    let ssor = Precond::Ssor(SsorConfig::default());
    let chebyshev = Precond::Chebyshev(ChebyshevConfig::default());
    let fsai = Precond::Fsai(FsaiConfig::default());
    let mut ways = Vec::new();
    let mut with = |method: Method<T::Real>, preconds: &[Precond]| {
        ways.extend(preconds.iter().map(|&precond| Way { method, precond }));
    };
    if known.hermitian() && known.maybe_definite() {
        let cg = Method::Cg(CgConfig::default());
        if known.on_cells() {
            with(cg, &[gmg()]);
        }
        with(
            cg,
            &[ic0(), ict(), ssor, chebyshev, fsai, jacobi, Precond::None],
        );
    }
    with(Method::Direct(DirectConfig::default()), &[Precond::None]);
    let mut general = vec![ilut];
    if known.full_diagonal() {
        general.extend([ilu0(), jacobi]);
    }
    general.push(Precond::None);
    with(Method::Bicgstab(BicgstabConfig::default()), &general);
    with(Method::Gmres(GmresConfig::default()), &general);
    if known.hermitian() {
        with(Method::Minres(MinresConfig::default()), &[Precond::None]);
    }
    Ok(ways)
}
