//! `auto` on systems of every kind, all with known answers.

use super::*;
use crate::precond::{Identity, Ilu0Config, JacobiConfig};
use crate::testing::{convection, hpd, neumann, shifted, true_residual, vector};
use crate::{BicgstabConfig, CgConfig, GmresConfig, LinearOperator, MinresConfig, Step};
use resolvent_matrices::Complex;
use std::ops::ControlFlow;

/// Solves for one right-hand side, and looks whether what is claimed is true.
fn solve<T: Scalar>(
    a: &dyn LinearOperator<T>,
    b: &[T],
    config: AutoConfig<T::Real>,
) -> (SolveReport<T::Real>, Vec<Attempt>) {
    let mut x = vec![T::ZERO; b.len()];
    let mut auto = Auto::new(config);
    let mut none = Identity;
    let system = System::new(a, b, &mut none);
    let report = auto.solve(system, &mut x, &mut ()).unwrap();
    let truth = true_residual(a, b, &x);
    let claimed = report.residual_norm.to_f64();
    let scale = report.rhs_norm.to_f64() * T::Real::EPSILON.to_f64() * 1e3;
    assert!(
        (truth - claimed).abs() <= scale + 1e-3 * truth,
        "{truth} {claimed}"
    );
    if report.converged() {
        let rtol = config.stopping.rtol.to_f64();
        assert!(truth <= rtol * report.rhs_norm.to_f64() * 1.001);
    }
    (report, auto.attempts().to_vec())
}

fn converges<T: Scalar>(a: &Csr<T>) -> Vec<Attempt> {
    let (report, attempts) = solve(a, &vector(a.nrows(), 1), AutoConfig::default());
    assert!(report.converged(), "{attempts:?}");
    assert_eq!(attempts.last().unwrap().reason(), "converged");
    attempts
}

fn every_kind<T: Scalar>() {
    assert_eq!(converges(&hpd::<T>(12)).len(), 1);
    let mut negative = hpd::<T>(12);
    negative.values_mut().iter_mut().for_each(|v| *v = -*v);
    assert_eq!(converges(&negative).len(), 1);
    converges(&shifted::<T>(12, 2.0));
    converges(&convection::<T>(12, 0.8));
}

#[test]
fn solves_every_kind_in_every_scalar() {
    every_kind::<f64>();
    every_kind::<f32>();
    every_kind::<Complex<f64>>();
    every_kind::<Complex<f32>>();
}

#[test]
fn the_constants_are_found() {
    let a = neumann::<f64>(9);
    let mut b = vector::<f64>(81, 3);
    let mean = b.iter().sum::<f64>() / 81.0;
    b.iter_mut().for_each(|b| *b -= mean);
    assert!(solve(&a, &b, AutoConfig::default()).0.converged());
    b[0] += 1.0; // no x gives this
    let (report, _) = solve(&a, &b, AutoConfig::default());
    assert_eq!(report.reason, StopReason::Inconsistent);
    // what is left is the part along the constants: 1/81 in each row
    assert!((report.residual_norm - 1.0 / 9.0).abs() < 1e-6);
}

#[test]
fn attempts_that_fail_are_listed_and_followed() {
    // diagonal 0.5 and off-diagonals 1 in pairs: positive diagonal, indefinite
    let entries = (0..20).flat_map(|i| [(i, i, 0.5), (i, i ^ 1, 1.0), (i, (i + 2) % 20, 0.0)]);
    let a = Csr::from_triplets(20, 20, entries).unwrap();
    let config = AutoConfig {
        precond: Some(Precond::Jacobi(JacobiConfig::default())),
        method: None,
        ..AutoConfig::default()
    };
    let (report, attempts) = solve(&a, &vector(20, 5), config);
    assert!(report.converged());
    assert!(attempts.iter().all(|attempt| attempt.precond == "jacobi"));
}

#[test]
fn a_given_pair_is_the_only_attempt() {
    let a = shifted::<f64>(8, 2.0);
    let config = AutoConfig {
        method: Some(Method::Cg(CgConfig::default())),
        precond: Some(Precond::None),
        ..AutoConfig::default()
    };
    let (report, attempts) = solve(&a, &vector(64, 2), config);
    assert_eq!(report.reason, StopReason::IndefiniteOperator);
    assert_eq!(attempts.len(), 1);
    assert_eq!(attempts[0].reason(), "indefinite_operator");
}

#[test]
fn a_given_pair_that_cannot_be_built_is_an_error() {
    let a = Csr::from_triplets(2, 2, [(0, 1, 1.0), (1, 0, 1.0)]).unwrap();
    let mut auto = Auto::new(AutoConfig {
        method: Some(Method::Bicgstab(crate::BicgstabConfig::default())),
        precond: Some(Precond::Ilu0(Ilu0Config::default())),
        ..AutoConfig::default()
    });
    let mut none = Identity;
    let system = System::new(&a, &[1.0, 2.0], &mut none);
    let failed = auto.solve(system, &mut [0.0; 2], &mut ());
    assert!(matches!(failed, Err(SolveError::Precond(_))));
}

#[test]
fn columns_share_the_choice_and_keep_their_order() {
    let a = shifted::<f64>(10, 2.0);
    let b = [vector::<f64>(100, 1), vec![0.0; 100], vector(100, 2)].concat();
    let mut x = vec![0.0; 300];
    let mut auto = Auto::new(AutoConfig::default());
    let mut none = Identity;
    let system = System::new(&a, &b, &mut none);
    let reports = auto.solve_many(system, &mut x, &mut ()).unwrap();
    assert_eq!(reports.len(), 3);
    for (report, (b, x)) in reports.iter().zip(b.chunks(100).zip(x.chunks(100))) {
        assert!(report.converged());
        assert!(true_residual(&a, b, x) <= 1.001e-8 * report.rhs_norm);
    }
    assert!(x[100..200].iter().all(|&x| x == 0.0));
}

/// A that only multiplies.
struct MatrixFree(Csr<f64>);

impl LinearOperator<f64> for MatrixFree {
    fn nrows(&self) -> usize {
        self.0.nrows()
    }
    fn apply(&self, x: &[f64], y: &mut [f64]) {
        self.0.apply(x, y);
    }
}

#[test]
fn without_entries_the_given_preconditioner_is_used() {
    let a = MatrixFree(convection(10, 0.5));
    let (report, attempts) = solve(&a, &vector(100, 4), AutoConfig::default());
    assert!(report.converged());
    assert_eq!(
        (attempts[0].solver, attempts[0].precond),
        ("fgmres", "none")
    );
}

#[test]
fn the_observer_can_stop_it_and_hears_what_begins() {
    struct Stop(Vec<(&'static str, &'static str)>);
    impl Observer<f64> for Stop {
        fn step(&mut self, step: &Step<'_, f64>) -> ControlFlow<()> {
            if step.k == 2 {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        }
        fn begin(&mut self, solver: &'static str, precond: &'static str) {
            self.0.push((solver, precond));
        }
    }
    let a = convection::<f64>(20, 0.9);
    let b = vector(400, 6);
    let mut stop = Stop(Vec::new());
    let mut auto = Auto::new(AutoConfig {
        method: Some(Method::Gmres(crate::GmresConfig::default())),
        ..AutoConfig::default()
    });
    let mut none = Identity;
    let system = System::new(&a, &b, &mut none);
    let report = auto.solve(system, &mut vec![0.0; 400], &mut stop).unwrap();
    assert_eq!(report.reason, StopReason::Interrupted);
    assert_eq!(stop.0, [("gmres", "ilu0")]); // it does not go on with something else
}

#[test]
fn time_that_has_run_out_is_said_so() {
    let a = hpd::<f64>(30);
    let mut config = AutoConfig::default();
    config.stopping.max_time = Some(Duration::ZERO);
    let (report, _) = solve(&a, &vector(900, 1), config);
    assert_eq!(report.reason, StopReason::TimeLimit);
}

#[test]
fn misuse_is_an_error() {
    let mut auto = Auto::new(AutoConfig::default());
    let mut none = Identity;
    let rectangular = Csr::from_triplets(2, 3, [(0, 0, 1.0)]).unwrap();
    let system = System::new(&rectangular, &[0.0; 2], &mut none);
    let failed = auto.solve(system, &mut [0.0; 2], &mut ());
    assert!(matches!(failed, Err(SolveError::NotSquare { .. })));
    let a = hpd::<f64>(2);
    let system = System::new(&a, &[0.0; 3], &mut none);
    let failed = auto.solve(system, &mut [0.0; 4], &mut ());
    assert!(matches!(failed, Err(SolveError::Shape { what: "b", .. })));
}

#[test]
fn right_hand_sides_of_any_size() {
    fn at<T: Scalar>(sizes: &[f64]) {
        let a = hpd::<T>(6);
        let x = vector::<T>(36, 1);
        for method in [
            Method::Cg(CgConfig::default()),
            Method::Minres(MinresConfig::default()),
            Method::Bicgstab(BicgstabConfig::default()),
            Method::Gmres(GmresConfig::default()),
        ] {
            for &size in sizes {
                let size = T::Real::from_f64(size);
                let mut b = vec![T::ZERO; 36];
                a.apply(&x, &mut b);
                b.iter_mut().for_each(|v| *v = v.scale(size));
                let config = AutoConfig {
                    method: Some(method),
                    ..AutoConfig::default()
                };
                let mut auto = Auto::new(config);
                let mut found = vec![T::ZERO; 36];
                let mut seen = T::Real::ZERO;
                let mut first = |step: &Step<'_, T>| {
                    if step.k == 0 {
                        seen = step.residual_norm;
                    }
                    ControlFlow::Continue(())
                };
                let mut none = Identity;
                let system = System::new(&a, &b, &mut none);
                let report = auto.solve(system, &mut found, &mut first).unwrap();
                assert!(report.converged(), "{method:?} {size}: {report:?}");
                assert!(seen == report.rhs_norm);
                let unit = T::Real::ONE / size;
                let error = found
                    .iter()
                    .zip(&x)
                    .map(|(f, x)| (f.scale(unit) - *x).abs());
                let worst = error.fold(T::Real::ZERO, Real::max);
                assert!(worst.to_f64() < 1e-3, "{method:?} {size}: {worst}");
            }
        }
    }
    at::<f64>(&[1e-290, 1e-200, 1e-162, 1e-80, 1.0, 1e80, 1e160, 1e290]);
    at::<Complex<f64>>(&[1e-200, 1e200]);
    at::<f32>(&[1e-30, 1e-20, 1e-10, 1.0, 1e10, 1e20, 1e30]);
    at::<Complex<f32>>(&[1e-25, 1e25]);
}

#[test]
fn a_null_space_that_is_none_is_refused() {
    let a = hpd::<f64>(6);
    let b = vector::<f64>(36, 1);
    let (constant, mut none) = (Nullspace::constant(), Identity);
    let system = System::new(&a, &b, &mut none).with_nullspace(&constant);
    let mut auto = Auto::new(AutoConfig::default());
    let error = auto.solve(system, &mut [0.0; 36], &mut ()).unwrap_err();
    assert!(matches!(error, SolveError::Nullspace(_)), "{error}");
}

#[test]
fn methods_for_hermitian_matrices_say_so_of_others() {
    let a = convection::<f64>(12, 0.9);
    let b = vector::<f64>(144, 1);
    for method in [
        Method::Minres(MinresConfig::default()),
        Method::Cg(CgConfig::default()),
    ] {
        let config = AutoConfig {
            method: Some(method),
            precond: Some(Precond::None),
            ..AutoConfig::default()
        };
        let (report, _) = solve(&a, &b, config);
        assert_eq!(report.reason, StopReason::NotHermitian, "{method:?}");
    }
}

#[test]
fn an_inconsistent_column_does_not_hold_up_the_others() {
    let a = neumann::<f64>(9);
    let mut b = vector::<f64>(162, 3);
    let mean = b[81..].iter().sum::<f64>() / 81.0;
    b[81..].iter_mut().for_each(|b| *b -= mean);
    b[0] += 10.0;
    let mut x = vec![0.0; 162];
    let mut auto = Auto::new(AutoConfig::default());
    let mut none = Identity;
    let system = System::new(&a, &b, &mut none);
    let reports = auto.solve_many(system, &mut x, &mut ()).unwrap();
    assert_eq!(reports[0].reason, StopReason::Inconsistent);
    assert!(reports[1].converged());
    // converged in the first attempt
    let first = &auto.attempts()[0];
    assert!(
        reports[1].iterations < first.iterations,
        "{:?}",
        auto.attempts()
    );
}

#[test]
fn attempts_that_were_too_slow_are_made_again() {
    // a spectrum that no method without a preconditioner gets through in the budget of an attempt
    let n = 3000;
    let entries = (0..n).map(|i| {
        let sign = if i % 3 == 0 { -1.0 } else { 1.0 };
        (i, i, sign * (1.0 + i as f64))
    });
    let a = Csr::from_triplets(n, n, entries).unwrap();
    let config = AutoConfig {
        precond: Some(Precond::None),
        stopping: Stopping {
            max_iters: 60_000,
            ..Stopping::default()
        },
        ..AutoConfig::default()
    };
    let (report, attempts) = solve(&a, &vector(n, 1), config);
    let ends: Vec<_> = attempts.iter().map(|a| (a.solver, a.reason())).collect();
    assert!(report.converged(), "{ends:?}");
    assert_eq!(ends[0], ("minres", "too_slow"));
    assert_eq!(*ends.last().unwrap(), ("minres", "converged"));
}
