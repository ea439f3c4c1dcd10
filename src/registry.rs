//! Names of solvers and preconditioners, as typed: `cg`, `gmres:restart=30`, `ic0`.
//!
//! ```
//! use resolvent::registry;
//! let method = registry::solver::<f64>("gmres:restart=30")?;
//! assert_eq!(method.map(|m| m.name()), Some("gmres"));
//! assert!(registry::solver::<f64>("auto")?.is_none()); // the choice is left open
//! let wrong = registry::precond("ico0").unwrap_err().to_string();
//! assert!(wrong.contains("did you mean `ic0`?"));
//! # Ok::<(), registry::RegistryError>(())
//! ```

mod families;
mod options;
mod samples;

pub use families::{FAMILIES, FamilyError, SAMPLE_OPTIONS, family, sequence};
pub use samples::{SAMPLES, sample_family, sample_grid};

use options::Options;
use resolvent_solvers::precond::{
    ChebyshevConfig, FsaiConfig, Ic0Config, IctConfig, Ilu0Config, IlutConfig, JacobiConfig,
    SsorConfig,
};
use resolvent_solvers::{
    BicgstabConfig, CgConfig, DirectConfig, Direction, FcgConfig, GcrodrConfig, GmresConfig, Kind,
    Method, MinresConfig, Order, Orthogonalization, Precond, RcgConfig, Real, SorConfig, Strategy,
    Target,
};

/// Why a name or its options cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RegistryError {
    /// No such solver or preconditioner.
    #[error("there is no {kind} `{name}`{guess}; there are: {known}")]
    Unknown {
        /// `"solver"` or `"preconditioner"`
        kind: &'static str,
        /// as typed
        name: String,
        /// `"; did you mean …?"`, or nothing
        guess: String,
        /// all names
        known: String,
    },
    /// It has no such option.
    #[error("`{name}` has no option `{key}`{guess}; {known}")]
    UnknownKey {
        /// solver or preconditioner
        name: String,
        /// as typed
        key: String,
        /// `"; did you mean …?"`, or nothing
        guess: String,
        /// the options there are
        known: String,
    },
    /// The options are not `key=value,key=value`.
    #[error("`{name}`: found `{found}`, expected key=value,key=value")]
    Syntax {
        /// solver or preconditioner
        name: String,
        /// as typed
        found: String,
    },
    /// A value cannot be read.
    #[error("`{name}`: {key}={value} cannot be used; expected {expected}")]
    Value {
        /// solver or preconditioner
        name: String,
        /// option
        key: String,
        /// as typed
        value: String,
        /// what is allowed
        expected: String,
    },
}

/// One line of the tables of what there is.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    /// Name.
    pub name: &'static str,
    /// What it is for, in a line.
    pub about: &'static str,
    /// Options and what they mean.
    pub options: &'static [(&'static str, &'static str)],
}

const fn entry(
    name: &'static str,
    about: &'static str,
    options: &'static [(&'static str, &'static str)],
) -> Entry {
    Entry {
        name,
        about,
        options,
    }
}

/// The solvers.
pub const SOLVERS: &[Entry] = &[
    entry(
        "auto",
        "chosen from the matrix, with fallbacks (the default)",
        &[],
    ),
    entry(
        "cg",
        "conjugate gradients: Hermitian positive definite",
        &[("flexible", "take a varying preconditioner (false)")],
    ),
    entry(
        "fcg",
        "truncated flexible CG: positive definite, any preconditioner",
        &[
            ("directions", "directions kept (1)"),
            (
                "normalize",
                "show M the residual divided by its norm (false)",
            ),
        ],
    ),
    entry("minres", "MINRES: Hermitian, also indefinite", &[]),
    entry("bicgstab", "BiCGStab: any matrix, six vectors", &[]),
    entry("gmres", "GMRES(m): any matrix, m + 2 vectors", GMRES),
    entry(
        "fgmres",
        "GMRES(m) with a varying preconditioner, 2m + 1 vectors",
        GMRES,
    ),
    entry(
        "gcrodr",
        "GMRES(m) that keeps k vectors at restarts and from system to system, 2m + k + 2 vectors",
        &[
            ("restart", "m, dimension of a cycle (40, or --restart)"),
            ("k", "vectors kept, fewer than m (20)"),
            ("target", "eigenvalues kept: smallest or largest (smallest)"),
            ("strategy", "of the harmonic Ritz problem: a or b (a)"),
            (
                "reset",
                "begin every system anew: deflated restarting alone (false)",
            ),
            ("auto", "leave recycling out where it does not pay (true)"),
        ],
    ),
    entry(
        "rcg",
        "CG that keeps k vectors from system to system: Hermitian positive definite",
        &[
            ("k", "vectors kept (8)"),
            ("window", "directions between two refinements (16)"),
            ("target", "eigenvalues kept: smallest or largest (smallest)"),
            ("reset", "begin every system anew: plain CG (false)"),
            ("auto", "leave recycling out where it does not pay (true)"),
        ],
    ),
    entry(
        "sor",
        "successive over-relaxation: positive definite, or a dominant diagonal; no setup",
        &[
            ("omega", "relaxation, between 0 and 2 (1, or --omega)"),
            ("direction", "forward, backward or symmetric (forward)"),
            ("order", "natural or multicolour (natural)"),
            (
                "adaptive",
                "raise omega on the way by how fast the residual falls (false)",
            ),
        ],
    ),
    entry(
        "direct",
        "sparse Cholesky or LU with refinement: any nonsingular matrix",
        &[
            ("kind", "auto, llt, ldlt or lu (auto)"),
            ("refinements", "steps of refinement at most (5)"),
        ],
    ),
];

const GMRES: &[(&str, &str)] = &[
    ("restart", "m, steps between restarts (50, or --restart)"),
    (
        "orthogonalization",
        "classical (twice) or modified Gram-Schmidt (classical)",
    ),
];

/// The preconditioners.
pub const PRECONDS: &[Entry] = &[
    entry("auto", "chosen with the solver (the default)", &[]),
    entry("none", "no preconditioner", &[]),
    entry(
        "jacobi",
        "the diagonal",
        &[("zero-as-one", "take zeros on the diagonal as 1 (false)")],
    ),
    entry(
        "ssor",
        "symmetric over-relaxation: no factorisation; positive definite, or any full diagonal",
        &[
            ("omega", "relaxation, between 0 and 2 (1, or --omega)"),
            ("f32", "store the entries in half the bits (false)"),
        ],
    ),
    entry(
        "ic0",
        "incomplete Cholesky on the pattern of A: positive definite",
        &[
            ("shift", "first diagonal shift when a pivot fails (1e-3)"),
            ("tries", "shifts tried, each four times the one before (16)"),
            ("f32", "store the factor in half the bits (false)"),
        ],
    ),
    entry(
        "ict",
        "incomplete Cholesky with fill: positive definite, hard",
        &[
            ("drop", "drop what is smaller, of a unit diagonal (1e-3)"),
            ("fill", "entries kept in a row (10)"),
            ("shift", "as of ic0 (1e-3)"),
            ("tries", "as of ic0 (16)"),
            ("f32", "store the factor in half the bits (false)"),
        ],
    ),
    entry(
        "fsai",
        "factorised sparse approximate inverse: positive definite, many threads",
        &[("power", "pattern of tril(A), 1, or of tril(A^2), 2 (1)")],
    ),
    entry(
        "chebyshev",
        "a polynomial in A: positive definite, no factor to store",
        &[
            ("degree", "products with A per application (4)"),
            (
                "ratio",
                "part of the spectrum it serves, largest over smallest (30)",
            ),
            ("lanczos", "steps that estimate the largest eigenvalue (10)"),
        ],
    ),
    entry(
        "ilu0",
        "incomplete LU on the pattern of A: any matrix with a good diagonal",
        &[
            (
                "floor",
                "replace pivots below this part of their row (refuse zeros)",
            ),
            ("f32", "store the factors in half the bits (false)"),
        ],
    ),
    entry(
        "ilut",
        "incomplete LU with fill: any matrix, hard",
        &[
            (
                "drop",
                "drop what is smaller than this part of its row (1e-3)",
            ),
            ("fill", "entries kept in a row of each factor (10)"),
            ("floor", "as of ilu0"),
            ("f32", "store the factors in half the bits (false)"),
        ],
    ),
];

/// Reads a solver; `None` for `auto`.
///
/// # Errors
/// [`RegistryError`], which lists what there is.
pub fn solver<R: Real>(spec: &str) -> Result<Option<Method<R>>, RegistryError> {
    let o = Options::parse("solver", SOLVERS, spec)?;
    let method = match o.name() {
        "cg" => Method::Cg(CgConfig {
            flexible: o.flag("flexible", false)?,
            ..CgConfig::default()
        }),
        "fcg" => Method::Fcg(FcgConfig {
            directions: o.count("directions", 1)?,
            normalize: o.flag("normalize", false)?,
            ..FcgConfig::default()
        }),
        "minres" => Method::Minres(MinresConfig::default()),
        "bicgstab" => Method::Bicgstab(BicgstabConfig::default()),
        "gmres" => Method::Gmres(gmres(&o)?),
        "fgmres" => Method::Fgmres(gmres(&o)?),
        "gcrodr" => {
            let default = GcrodrConfig::default();
            let restart = o.count("restart", default.restart)?;
            Method::Gcrodr(GcrodrConfig {
                restart,
                k: o.count("k", default.k.min(restart / 2).max(1))?,
                target: target(&o)?,
                strategy: match o.word("strategy", &["a", "b"])? {
                    Some(1) => Strategy::B,
                    _ => default.strategy,
                },
                reset: o.flag("reset", default.reset)?,
                automatic: o.flag("auto", default.automatic)?,
                ..default
            })
        }
        "rcg" => {
            let default = RcgConfig::default();
            Method::Rcg(RcgConfig {
                k: o.count("k", default.k)?,
                window: o.count("window", default.window)?,
                target: target(&o)?,
                reset: o.flag("reset", default.reset)?,
                automatic: o.flag("auto", default.automatic)?,
                ..default
            })
        }
        "sor" => {
            let default = SorConfig::default();
            Method::Sor(SorConfig {
                omega: o.positive("omega", default.omega)?,
                direction: match o.word("direction", &["forward", "backward", "symmetric"])? {
                    Some(1) => Direction::Backward,
                    Some(2) => Direction::Symmetric,
                    _ => default.direction,
                },
                order: match o.word("order", &["natural", "multicolour"])? {
                    Some(1) => Order::Multicolour,
                    _ => default.order,
                },
                adaptive: o.flag("adaptive", default.adaptive)?,
                ..default
            })
        }
        "direct" => {
            let default = DirectConfig::default();
            Method::Direct(DirectConfig {
                kind: match o.word("kind", &["auto", "llt", "ldlt", "lu"])? {
                    Some(1) => Kind::Llt,
                    Some(2) => Kind::Ldlt,
                    Some(3) => Kind::Lu,
                    _ => default.kind,
                },
                refinements: o.count("refinements", default.refinements)?,
                ..default
            })
        }
        _ => return Ok(None),
    };
    Ok(Some(method))
}

fn target(o: &Options) -> Result<Target, RegistryError> {
    Ok(match o.word("target", &["smallest", "largest"])? {
        Some(1) => Target::Largest,
        _ => Target::Smallest,
    })
}

fn gmres<R: Real>(o: &Options) -> Result<GmresConfig<R>, RegistryError> {
    let default = GmresConfig::default();
    let orthogonalization = match o.word("orthogonalization", &["classical", "modified"])? {
        Some(1) => Orthogonalization::Modified,
        _ => default.orthogonalization,
    };
    Ok(GmresConfig {
        restart: o.count("restart", default.restart)?,
        orthogonalization,
        ..default
    })
}

/// Reads a preconditioner; `None` for `auto`.
///
/// # Errors
/// [`RegistryError`], which lists what there is.
pub fn precond(spec: &str) -> Result<Option<Precond>, RegistryError> {
    let o = Options::parse("preconditioner", PRECONDS, spec)?;
    let precond = match o.name() {
        "none" => Precond::None,
        "jacobi" => Precond::Jacobi(JacobiConfig {
            zero_diagonal_as_one: o.flag("zero-as-one", false)?,
        }),
        "ssor" => {
            let default = SsorConfig::default();
            Precond::Ssor(SsorConfig {
                omega: o.positive("omega", default.omega)?,
                low_precision: o.flag("f32", default.low_precision)?,
            })
        }
        "ic0" => {
            let default = Ic0Config::default();
            Precond::Ic0(Ic0Config {
                shift_start: o.positive("shift", default.shift_start)?,
                max_tries: o.count("tries", default.max_tries)?,
                low_precision: o.flag("f32", default.low_precision)?,
            })
        }
        "ict" => {
            let default = IctConfig::default();
            Precond::Ict(IctConfig {
                drop_tol: o.not_negative("drop", default.drop_tol)?,
                fill: o.count("fill", default.fill)?,
                shift_start: o.positive("shift", default.shift_start)?,
                max_tries: o.count("tries", default.max_tries)?,
                low_precision: o.flag("f32", default.low_precision)?,
            })
        }
        "fsai" => Precond::Fsai(FsaiConfig {
            power: o.count("power", FsaiConfig::default().power)?,
        }),
        "chebyshev" => {
            let default = ChebyshevConfig::default();
            Precond::Chebyshev(ChebyshevConfig {
                degree: o.count("degree", default.degree)?,
                ratio: o.positive("ratio", default.ratio)?,
                lanczos_steps: o.count("lanczos", default.lanczos_steps)?,
            })
        }
        "ilu0" => Precond::Ilu0(Ilu0Config {
            pivot_floor: o.fraction("floor")?,
            low_precision: o.flag("f32", false)?,
        }),
        "ilut" => {
            let default = IlutConfig::default();
            Precond::Ilut(IlutConfig {
                drop_tol: o.not_negative("drop", default.drop_tol)?,
                fill: o.count("fill", default.fill)?,
                pivot_floor: o.fraction("floor")?,
                low_precision: o.flag("f32", default.low_precision)?,
            })
        }
        _ => return Ok(None),
    };
    Ok(Some(precond))
}
