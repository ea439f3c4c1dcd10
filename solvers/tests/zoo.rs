//! Every problem of the zoo × method × preconditioner × scalar, in one table.
//!
//! What must converge and what must be refused is listed in `expected`; everything else may end as
//! it likes, so long as the report tells the truth: the residual it states is that of the x it
//! hands back, and `Converged` means that the tolerance is met.

use resolvent_matrices::generate::{Problem, Spectrum, zoo};
use resolvent_solvers::matrices::Complex;
use resolvent_solvers::precond::{Ic0Config, JacobiConfig};
use resolvent_solvers::{
    BicgstabConfig, CgConfig, FcgConfig, GmresConfig, LinearOperator, Method, MinresConfig,
    Nullspace, Precond, Real, Scalar, StopReason, Stopping, System, Tagged, Tags,
};

/// What a row of the table promises.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expected {
    Converges,
    /// The preconditioner says that it cannot be built.
    Refused,
    /// The part of b outside of the range is found and named.
    Inconsistent,
    /// Any outcome, told truthfully.
    Truth,
}

fn methods<R: Real>() -> Vec<Method<R>> {
    let gmres = GmresConfig {
        restart: 200,
        ..GmresConfig::default()
    };
    vec![
        Method::Cg(CgConfig::default()),
        Method::Fcg(FcgConfig::default()),
        Method::Minres(MinresConfig::default()),
        Method::Bicgstab(BicgstabConfig::default()),
        Method::Gmres(gmres),
        Method::Fgmres(gmres),
    ]
}

fn preconds() -> Vec<Precond> {
    vec![
        Precond::None,
        Precond::Jacobi(JacobiConfig::default()),
        Precond::Ic0(Ic0Config::default()),
    ]
}

fn expected<T: Scalar>(p: &Problem<T>, method: &str, precond: &str) -> Expected {
    let positive_diagonal = (0..p.matrix.nrows()).all(|i| {
        let d = p.matrix.view().get(i, i);
        d.re() > T::Real::ZERO && d.im() == T::Real::ZERO
    });
    let spd = p.properties.spectrum == Spectrum::Positive;
    let definite_precond = ["none", "ic0"].contains(&precond) || positive_diagonal;
    if precond == "ic0" && !positive_diagonal {
        return Expected::Refused;
    }
    if !p.properties.consistent {
        // each of these keeps the residual of the consistent part going down
        return match (method, precond) {
            ("cg" | "fcg" | "gmres" | "fgmres", "none" | "jacobi") => Expected::Inconsistent,
            _ => Expected::Truth,
        };
    }
    if p.name.starts_with("badly-scaled") && precond == "none" {
        return Expected::Truth; // six decades of scaling are what a preconditioner is for
    }
    match p.properties.spectrum {
        Spectrum::Positive | Spectrum::Semidefinite if method == "bicgstab" => {
            if spd && precond == "ic0" {
                Expected::Converges
            } else {
                Expected::Truth
            }
        }
        Spectrum::Positive | Spectrum::Semidefinite => Expected::Converges,
        Spectrum::Indefinite => match method {
            "minres" | "gmres" | "fgmres" if definite_precond && precond != "ic0" => {
                Expected::Converges
            }
            _ => Expected::Truth,
        },
        Spectrum::Unknown => match method {
            "gmres" | "fgmres" if precond != "ic0" => Expected::Converges,
            _ => Expected::Truth,
        },
    }
}

/// Runs one row; a text if it breaks its promise.
fn row<T: Scalar>(p: &Problem<T>, method: Method<T::Real>, precond: Precond) -> Result<(), String> {
    let n = p.matrix.nrows();
    let promise = expected(p, method.name(), precond.name());
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
        Err(_) if promise == Expected::Refused => return Ok(()),
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
    let mut solver = method.build::<T>(n, stopping);
    let system = System::new(&a, &p.rhs, &mut *m).with_nullspace(&nullspace);
    let report = match solver.solve(system, &mut x, &mut ()) {
        Ok(report) => report,
        // what a method asks of its preconditioner is checked before it starts
        Err(_) if m.linearity() > method.tolerates() && promise != Expected::Converges => {
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
        Expected::Truth | Expected::Refused => true,
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
            for precond in preconds() {
                rows += 1;
                if let Err(text) = row(&problem, method, precond) {
                    let name = &problem.name;
                    broken.push(format!(
                        "{name} {}+{}: {text}",
                        method.name(),
                        precond.name()
                    ));
                }
            }
        }
    }
    assert!(rows >= 19 * 18);
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
