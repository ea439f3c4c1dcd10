use super::*;
use crate::precond::Identity;
use crate::testing::*;
use crate::{LinearOperator, StopReason};
use omega::model;
use resolvent_matrices::{Complex, Csr};

mod omega;
mod order;

fn solve<T: Scalar>(
    config: SorConfig<T::Real>,
    a: &dyn LinearOperator<T>,
    b: &[T],
    x: &mut [T],
) -> SolveReport<T::Real> {
    let mut sor = Sor::new(b.len(), config);
    sor.solve(System::new(a, b, &mut Identity), x, &mut ())
        .unwrap()
}

#[test]
fn keeps_the_contract_as_far_as_it_has_no_preconditioner() {
    let a = hpd::<f64>(8);
    let (b, exact) = (vector::<f64>(64, 1), dense_solution(&a, &vector(64, 1)));
    let config = SorConfig {
        omega: 1.2,
        ..Default::default()
    };
    let mut sor = Sor::new(64, config);
    let mut run = |b: &[f64], x: &mut [f64], stop_at: usize| {
        let mut seen = Vec::new();
        let mut watch = |step: &crate::Step<'_, f64>| {
            seen.push(step.k);
            if step.k == stop_at {
                std::ops::ControlFlow::Break(())
            } else {
                std::ops::ControlFlow::Continue(())
            }
        };
        let report = sor
            .solve(System::new(&a, b, &mut Identity), x, &mut watch)
            .unwrap();
        seen.dedup();
        assert_eq!(seen, (0..=report.iterations).collect::<Vec<_>>());
        report
    };
    let (mut x, mut again) = (vec![0.0; 64], vec![0.0; 64]);
    let first = run(&b, &mut x, usize::MAX);
    assert!(first.converged() && distance(&x, &exact) < 1e-6);
    run(&b, &mut again, usize::MAX);
    assert!(x == again, "the same workspace, the same bits");
    let warm = run(&b, &mut again, usize::MAX);
    assert!(warm.converged() && warm.iterations == 0 && x == again);
    again.fill(1.0);
    assert!(run(&[0.0; 64], &mut again, usize::MAX).converged() && again == vec![0.0; 64]);
    let stopped = run(&b, &mut again, 3);
    assert_eq!(
        (stopped.reason, stopped.iterations),
        (StopReason::Interrupted, 3)
    );
    again[5] = f64::NAN;
    assert_eq!(
        run(&b, &mut again, usize::MAX).reason,
        StopReason::NonFinite
    );
    let empty = Csr::<f64>::from_triplets(0, 0, []).unwrap();
    assert!(solve(config, &empty, &[], &mut []).converged());
    let mut short = Sor::new(63, config);
    let refused = short.solve(System::new(&a, &b, &mut Identity), &mut x, &mut ());
    assert!(matches!(refused, Err(SolveError::Shape { .. })));
}

#[test]
fn singular_systems_with_a_known_null_space() {
    let a = hermitian(neumann::<f64>(9));
    let nullspace = crate::Nullspace::constant();
    let mut b = vector::<f64>(81, 5);
    for reason in [StopReason::Inconsistent, StopReason::Converged] {
        let (mut x, mut none) = (vec![0.0; 81], Identity);
        let system = System::new(&a, &b, &mut none).with_nullspace(&nullspace);
        let config = SorConfig {
            omega: 1.6,
            ..Default::default()
        };
        let report = Sor::new(81, config).solve(system, &mut x, &mut ()).unwrap();
        assert_eq!(report.reason, reason);
        assert!(x.iter().sum::<f64>().abs() < 1e-10);
        nullspace.project(&crate::Local, &mut b);
    }
}

#[test]
fn the_residual_that_comes_for_nothing_is_the_true_one() {
    let a = convection::<f64>(12, 0.8);
    let b = vector::<f64>(144, 1);
    for direction in [
        Direction::Forward,
        Direction::Backward,
        Direction::Symmetric,
    ] {
        let mut seen = 0;
        let mut watch = |step: &crate::Step<'_, f64>| {
            let exact = true_residual(&a, &b, step.x.unwrap());
            assert!((step.residual_norm - exact).abs() <= 1e-12 * exact + 1e-14);
            seen += 1;
            std::ops::ControlFlow::Continue(())
        };
        let config = SorConfig {
            omega: 1.3,
            direction,
            ..Default::default()
        };
        let mut sor = Sor::new(144, config);
        let mut x = vec![0.0; 144];
        let report = sor.solve(System::new(&a, &b, &mut Identity), &mut x, &mut watch);
        assert!(report.unwrap().converged() && seen > 5);
    }
}

#[test]
fn new_values_and_new_omega_are_taken() {
    let (a, _) = model(10, 4.0);
    let (other, _) = model(10, 4.3);
    let b = vector::<f64>(100, 4);
    let mut sor = Sor::new(100, SorConfig::default());
    let count = |sor: &mut Sor<f64>, a: &Csr<f64>| {
        let mut x = vec![0.0; 100];
        let report = sor.solve(System::new(a, &b, &mut Identity), &mut x, &mut ());
        assert!(true_residual(a, &b, &x) < 1e-7);
        report.unwrap().iterations
    };
    let first = count(&mut sor, &a);
    sor.set_omega(1.5);
    assert!(count(&mut sor, &a) < first / 2);
    let here = count(&mut sor, &other);
    let there = count(
        &mut Sor::new(
            100,
            SorConfig {
                omega: 1.5,
                ..Default::default()
            },
        ),
        &other,
    );
    assert_eq!(here, there);
    assert_eq!(count(&mut sor, &hpd(10)), {
        let config = SorConfig {
            omega: 1.5,
            ..Default::default()
        };
        count(&mut Sor::new(100, config), &hpd(10))
    });
}

#[test]
fn misuse_is_refused() {
    let (a, _) = model(6, 4.0);
    let (b, mut x) = (vec![1.0; 36], vec![0.0; 36]);
    let mut fails = |a: &Csr<f64>, omega| {
        let mut sor = Sor::new(
            36,
            SorConfig {
                omega,
                ..Default::default()
            },
        );
        let refused = sor.solve(System::new(a, &b, &mut Identity), &mut x, &mut ());
        refused.unwrap_err().to_string()
    };
    for omega in [0.0, 2.0, -1.0, f64::NAN] {
        assert!(fails(&a, omega).contains("between 0 and 2"));
    }
    let signed = stencil::<f64>(6, |i| if i == 7 { -4.0 } else { 4.0 }, |_, _| -1.0);
    assert!(fails(&signed, 1.0).contains("row 7"));
    let holed = stencil::<f64>(6, |i| if i == 9 { 0.0 } else { 4.0 }, |_, _| -1.0);
    assert!(fails(&holed, 1.0).contains("row 9"));
    let missing = (0..36).filter(|&i| i != 11).map(|i| (i, i, 1.0));
    let missing = Csr::from_triplets(36, 36, missing.chain([(11, 10, 1.0)])).unwrap();
    assert!(fails(&missing, 1.0).contains("row 11"));
    let infinite = stencil::<f64>(6, |i| if i == 3 { f64::NAN } else { 4.0 }, |_, _| -1.0);
    assert!(fails(&infinite, 1.0).contains("row 3"));
}

#[test]
fn divergence_is_a_reason() {
    let a = convection::<f64>(12, 3.0);
    let b = vector::<f64>(144, 1);
    let config = SorConfig {
        omega: 1.95,
        ..Default::default()
    };
    let report = solve(config, &a, &b, &mut vec![0.0; 144]);
    assert_eq!(report.reason, StopReason::Diverged);
}
