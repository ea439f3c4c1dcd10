//! Every problem of the zoo × method × preconditioner × scalar, in one table.
//!
//! What must converge and what must be refused is listed in `expected`; everything else may end as
//! it likes, so long as the report tells the truth: the residual it states is that of the x it
//! hands back, and `Converged` means that the tolerance is met.

use resolvent_matrices::generate::{Problem, Spectrum, zoo};
use resolvent_solvers::matrices::Complex;
use resolvent_solvers::precond::{
    ChebyshevConfig, FsaiConfig, GmgConfig, Ic0Config, IctConfig, Ilu0Config, IlutConfig,
    JacobiConfig, SsorConfig,
};
use resolvent_solvers::{
    Auto, AutoConfig, BicgstabConfig, CgConfig, DirectConfig, FcgConfig, GcrodrConfig, GmresConfig,
    LinearOperator, Method, MinresConfig, Nullspace, Precond, RcgConfig, Real, Scalar, Solver,
    StopReason, Stopping, System, Tagged, Tags,
};

/// What a row of the table promises.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expected {
    Converges,
    /// The preconditioner says that it cannot be built.
    Refused,
    /// The preconditioner may say so; if it is built, any outcome, told truthfully.
    MayBeRefused,
    /// The part of b outside of the range is found and named.
    Inconsistent,
    /// Any outcome, told truthfully.
    Truth,
}

/// The methods of the table; `None` is `auto`.
fn methods<R: Real>() -> Vec<Option<Method<R>>> {
    let gmres = GmresConfig {
        restart: 200,
        ..GmresConfig::default()
    };
    vec![
        Some(Method::Cg(CgConfig::default())),
        Some(Method::Fcg(FcgConfig::default())),
        Some(Method::Minres(MinresConfig::default())),
        Some(Method::Bicgstab(BicgstabConfig::default())),
        Some(Method::Gmres(gmres)),
        Some(Method::Fgmres(gmres)),
        Some(Method::Gcrodr(GcrodrConfig {
            restart: 200,
            k: 20,
            ..GcrodrConfig::default()
        })),
        Some(Method::Rcg(RcgConfig::default())),
        Some(Method::Direct(DirectConfig::default())),
        None,
    ]
}

fn preconds() -> Vec<Precond> {
    vec![
        Precond::None,
        Precond::Jacobi(JacobiConfig::default()),
        Precond::Ssor(SsorConfig::default()),
        Precond::Ic0(Ic0Config::default()),
        Precond::Ict(IctConfig::default()),
        Precond::Fsai(FsaiConfig::default()),
        Precond::Gmg(GmgConfig::default()),
        Precond::Chebyshev(ChebyshevConfig::default()),
        Precond::Ilu0(Ilu0Config::default()),
        Precond::Ilut(IlutConfig::default()),
    ]
}

/// Needs a positive diagonal, and is positive definite.
const CHOLESKY: [&str; 4] = ["ic0", "ict", "fsai", "chebyshev"];

fn expected<T: Scalar>(p: &Problem<T>, method: &str, precond: &str) -> Expected {
    let positive_diagonal = (0..p.matrix.nrows()).all(|i| {
        let d = p.matrix.view().get(i, i);
        d.re() > T::Real::ZERO && d.im() == T::Real::ZERO
    });
    if CHOLESKY.contains(&precond) && !positive_diagonal {
        return Expected::Refused;
    }
    if precond == "gmg" {
        return Expected::MayBeRefused; // for a few matrices only
    }
    let spectrum = p.properties.spectrum;
    let (simple, lu) = (
        ["none", "jacobi"].contains(&precond),
        ["ilu0", "ilut"].contains(&precond),
    );
    let nonsingular = spectrum != Spectrum::Semidefinite && p.properties.consistent;
    match method {
        "direct" if nonsingular => return Expected::Converges,
        "direct" => return Expected::Truth,
        "auto" if p.properties.consistent => return Expected::Converges,
        _ => {}
    }
    if !p.properties.consistent {
        // each of these keeps the residual of the consistent part going down
        return match method {
            "cg" | "rcg" | "fcg" | "gmres" | "fgmres" | "gcrodr" if simple => {
                Expected::Inconsistent
            }
            _ if simple => Expected::Truth,
            _ => Expected::MayBeRefused,
        };
    }
    if p.name.starts_with("badly-scaled") && precond == "none" {
        return Expected::Truth; // six decades of scaling are what a preconditioner is for
    }
    match spectrum {
        Spectrum::Positive => match method {
            "bicgstab" if simple || precond == "chebyshev" || precond == "fsai" => Expected::Truth,
            "cg" | "rcg" | "minres" if lu => Expected::Truth, // not for an M that is not Hermitian
            _ => Expected::Converges,
        },
        Spectrum::Semidefinite if method == "bicgstab" => Expected::MayBeRefused,
        Spectrum::Semidefinite if simple || precond == "ic0" => Expected::Converges,
        Spectrum::Semidefinite => Expected::MayBeRefused,
        Spectrum::Indefinite => match method {
            "minres" if precond == "none" || precond == "jacobi" && positive_diagonal => {
                Expected::Converges
            }
            "gmres" | "fgmres" | "gcrodr"
                if precond == "none" || precond == "jacobi" && positive_diagonal =>
            {
                Expected::Converges
            }
            _ => Expected::MayBeRefused,
        },
        Spectrum::Unknown => match method {
            "gmres" | "fgmres" | "gcrodr" if simple || lu => Expected::Converges,
            "bicgstab" if lu => Expected::Converges,
            _ => Expected::MayBeRefused,
        },
    }
}

/// Runs one row; a text if it breaks its promise.
fn row<T: Scalar>(
    p: &Problem<T>,
    method: Option<Method<T::Real>>,
    precond: Precond,
) -> Result<(), String> {
    let n = p.matrix.nrows();
    let name = method.map_or("auto", |method| method.name());
    let promise = expected(p, name, precond.name());
    let a = Tagged {
        operator: p.matrix.view(),
        tags: Tags {
            hermitian: p.properties.hermitian,
            positive_definite: p.properties.spectrum == Spectrum::Positive,
        },
    };
    let mut m = match precond.build::<T>(&a) {
        Ok(m) if promise == Expected::Refused => return Err(format!("{} was built", m.name())),
        Ok(m) => m,
        Err(_) if [Expected::Refused, Expected::MayBeRefused].contains(&promise) => return Ok(()),
        Err(error) => return Err(error.to_string()),
    };
    let stopping = Stopping {
        max_iters: 2000,
        ..Stopping::default()
    };
    let nullspace = if p.properties.constant_nullspace {
        Nullspace::constant()
    } else {
        Nullspace::none()
    };
    let mut x = vec![T::ZERO; n];
    let mut solver: Box<dyn Solver<T>> = match method {
        Some(method) => method.build::<T>(n, stopping),
        None => Box::new(Auto::new(AutoConfig {
            stopping,
            ..AutoConfig::default()
        })),
    };
    let system = System::new(&a, &p.rhs, &mut *m).with_nullspace(&nullspace);
    let report = match solver.solve(system, &mut x, &mut ()) {
        Ok(report) => report,
        // what a method asks of its preconditioner is checked before it starts
        Err(_)
            if method.is_some_and(|method| m.linearity() > method.tolerates())
                && promise != Expected::Converges =>
        {
            return Ok(());
        }
        Err(error) => return Err(error.to_string()),
    };

    // the truth, in the arithmetic of the problem
    let mut r = vec![T::ZERO; n];
    a.residual(&p.rhs, &x, &mut r);
    let norm = |v: &[T]| v.iter().map(|v| v.abs2().to_f64()).sum::<f64>().sqrt();
    let (truth, b) = (norm(&r), norm(&p.rhs));
    let size = b + p.matrix.view().norm_inf().to_f64() * norm(&x);
    let slack = 100.0 * T::Real::EPSILON.to_f64() * size;
    let stated = report.residual_norm.to_f64();
    let nonfinite = report.reason == StopReason::NonFinite;
    if !nonfinite && (stated - truth).abs() > slack + 1e-3 * truth {
        return Err(format!("states {stated:e}, true residual {truth:e}"));
    }
    if report.converged() && truth > stopping.rtol.to_f64() * b + slack {
        return Err(format!("claims convergence at {:e}", truth / b));
    }
    let kept = match promise {
        Expected::Converges => report.converged(),
        Expected::Inconsistent => report.reason == StopReason::Inconsistent,
        Expected::Truth | Expected::Refused | Expected::MayBeRefused => true,
    };
    if kept {
        Ok(())
    } else {
        Err(format!(
            "{promise:?} expected: {} after {} iterations at {:e}",
            report.reason,
            report.iterations,
            truth / b
        ))
    }
}

fn table<T: Scalar>() {
    let mut broken = Vec::new();
    let mut rows = 0;
    for problem in zoo::<T>().unwrap() {
        for method in methods::<T::Real>() {
            let chooses = [None, Some("direct")].contains(&method.map(|m| m.name()));
            for precond in preconds() {
                if chooses && precond != Precond::None {
                    continue; // these bring their own
                }
                rows += 1;
                if let Err(text) = row(&problem, method, precond) {
                    let (name, method) = (&problem.name, method.map_or("auto", |m| m.name()));
                    broken.push(format!("{name} {method}+{}: {text}", precond.name()));
                }
            }
        }
    }
    assert!(rows >= 19 * 50);
    assert!(
        broken.is_empty(),
        "{} of {rows} rows, {}:\n{}",
        broken.len(),
        T::NAME,
        broken.join("\n")
    );
}

#[test]
fn double() {
    table::<f64>();
}

#[test]
fn single() {
    table::<f32>();
}

#[test]
fn double_complex() {
    table::<Complex<f64>>();
}

#[test]
fn single_complex() {
    table::<Complex<f32>>();
}
