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
#[cfg(feature = "onnx")]
mod network;
mod options;
mod samples;
mod tables;

pub use families::{FAMILIES, FamilyError, SAMPLE_OPTIONS, family, sequence};
#[cfg(feature = "onnx")]
pub use network::{Network, network};
pub use samples::{SAMPLES, sample_family, sample_grid};
pub use tables::{PRECONDS, SOLVERS};

use options::Options;
use resolvent_solvers::precond::{
    ChebyshevConfig, FsaiConfig, GmgConfig, Ic0Config, IctConfig, Ilu0Config, IlutConfig,
    JacobiConfig, SsorConfig,
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
    /// A model without its file.
    #[error(
        "`{spec}`: give the file of the model, as in onnx:model.onnx or onnx:model.onnx,layout=NCHW"
    )]
    Model {
        /// as typed
        spec: String,
    },
    /// A network where a classical preconditioner is needed.
    #[error(
        "`{spec}` is for `resolvent solve`, `resolvent sequence` and `resolvent dataset`; in code, any solver takes it (module `network`)"
    )]
    OnlySolve {
        /// as typed
        spec: String,
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
            ..FcgConfig::default()
        }),
        "dcdm" => Method::Fcg(FcgConfig {
            directions: o.whole("directions", 2)?,
            true_residual: o.flag("true-residual", false)?,
            ..FcgConfig::dcdm()
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
                strategy: match o.word("strategy", &["a", "b", "singular"])? {
                    Some(0) => Strategy::A,
                    Some(1) => Strategy::B,
                    Some(_) => Strategy::Singular,
                    None => default.strategy,
                },
                lag: o.whole("lag", default.lag)?,
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

/// Reads a preconditioner; `None` for `auto`. Models, `onnx:…` and `mgnet`, are read by `network`.
///
/// # Errors
/// [`RegistryError`], which lists what there is.
pub fn precond(spec: &str) -> Result<Option<Precond>, RegistryError> {
    let name = spec.split(':').next().unwrap_or(spec);
    if ["onnx", "mgnet"].contains(&name) {
        return Err(RegistryError::OnlySolve { spec: spec.into() });
    }
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
        "gmg" => Precond::Gmg(GmgConfig {
            degree: o.count("degree", GmgConfig::default().degree)?,
            grid: o.grid("grid")?,
            islands: o.flag("islands", GmgConfig::default().islands)?,
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
