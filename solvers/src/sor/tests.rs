use super::*;
use crate::precond::Identity;
use crate::testing::*;
use crate::{LinearOperator, StopReason};
use resolvent_matrices::{Complex, Csr};

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

/// One sweep as it is written in every book.
fn textbook<T: Scalar>(
    a: &Csr<T>,
    b: &[T],
    omega: f64,
    x: &mut [T],
    rows: impl Iterator<Item = usize>,
) {
    let omega = T::from_f64(omega);
    for i in rows {
        let rest: T = a
            .view()
            .row_iter(i)
            .filter(|&(j, _)| j != i)
            .map(|(j, v)| v * x[j])
            .sum();
        x[i] = (T::ONE - omega) * x[i] + omega * (b[i] - rest) / a.view().get(i, i);
    }
}

/// tril(A) has fewer levels than A + Aᵀ: rows done in the order of its levels alone would be
/// updated before rows that still need their old values.
fn lopsided<T: Scalar>(n: usize) -> Csr<T> {
    let entries = (0..n).flat_map(|i| {
        let right = (i + 1 < n).then(|| (i, i + 1, T::from_f64(-0.7)));
        let far = (i >= 40).then(|| (i, i - 40, T::from_f64(-0.9)));
        let own = (i, i, T::from_c64(Complex::new(3.0, 0.5)));
        right.into_iter().chain(far).chain([own])
    });
    Csr::from_triplets(n, n, entries).unwrap()
}

fn walks_in_natural_order<T: Scalar>() {
    let tolerance = 1e3 * T::Real::EPSILON.to_f64();
    for a in [hpd::<T>(12), convection(12, 0.8), lopsided(200)] {
        let n = a.nrows();
        let b = vector::<T>(n, 1);
        for direction in [
            Direction::Forward,
            Direction::Backward,
            Direction::Symmetric,
        ] {
            for omega in [0.6, 1.0, 1.4] {
                let stopping = Stopping {
                    max_iters: 7,
                    ..Default::default()
                };
                let config = SorConfig {
                    stopping,
                    omega,
                    direction,
                    adaptive: false,
                };
                let (mut x, mut y) = (vector::<T>(n, 2), vector::<T>(n, 2));
                let report = solve(config, &a, &b, &mut x);
                for _ in 0..report.iterations {
                    if direction != Direction::Backward {
                        textbook(&a, &b, omega, &mut y, 0..n);
                    }
                    if direction != Direction::Forward {
                        textbook(&a, &b, omega, &mut y, (0..n).rev());
                    }
                }
                let apart = distance(&x, &y);
                assert!(apart < tolerance, "{direction:?} omega {omega}: {apart}");
            }
        }
    }
}

#[test]
fn natural_order_in_every_scalar() {
    walks_in_natural_order::<f64>();
    walks_in_natural_order::<f32>();
    walks_in_natural_order::<Complex<f64>>();
    walks_in_natural_order::<Complex<f32>>();
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

/// The 5-point matrix on m × m points: consistently ordered, ρ(Jacobi) = 4 cos(π/(m+1))/d.
fn model(m: usize, diagonal: f64) -> (Csr<f64>, f64) {
    let beta = 4.0 * (std::f64::consts::PI / (m + 1) as f64).cos() / diagonal;
    (stencil(m, |_| diagonal, |_, _| -1.0), beta)
}

#[test]
fn young_is_best_and_steep_on_one_side() {
    assert_eq!(young_omega(0.0), 1.0);
    assert!((young_omega(0.8) - 1.25).abs() < 1e-15);
    assert!(young_omega(1.5) < 2.0);
    let (a, beta) = model(20, 4.0);
    let b = vector::<f64>(400, 4);
    let count = |omega| {
        let config = SorConfig {
            omega,
            ..Default::default()
        };
        solve(config, &a, &b, &mut vec![0.0; 400]).iterations
    };
    let best = count(young_omega(beta));
    assert!(count(young_omega(0.99 * beta)) as f64 > 1.3 * best as f64);
    assert!((count(young_omega(beta) + 0.02) as f64) < 1.2 * best as f64);
    assert!(count(1.0) > 5 * best);
}

#[test]
fn adapting_comes_near_young_and_never_diverges() {
    for (m, diagonal) in [(10, 3.9), (10, 4.0), (10, 4.4), (30, 4.0)] {
        let (a, beta) = model(m, diagonal);
        let b = vector::<f64>(m * m, 4);
        let run = |omega, adaptive| {
            let config = SorConfig {
                omega,
                adaptive,
                ..Default::default()
            };
            let mut sor = Sor::new(m * m, config);
            let mut x = vec![0.0; m * m];
            let report = sor.solve(System::new(&a, &b, &mut Identity), &mut x, &mut ());
            let report = report.unwrap();
            assert!(report.converged());
            (report.iterations, sor.last_omega())
        };
        let (young, adapted) = (run(young_omega(beta), false).0, run(1.0, true));
        assert!(
            adapted.0 < 2 * young,
            "{m} {diagonal}: {adapted:?} against {young}"
        );
        assert!(adapted.1 <= young_omega(beta) + 0.06, "{adapted:?}");
    }
    // not consistently ordered, and not even an M-matrix
    let link = |i: usize, j: usize| if (i + j).is_multiple_of(3) { 0.4 } else { -0.9 };
    let a = stencil::<f64>(
        15,
        |i| 4.0 + (i % 3) as f64,
        |i, j| link(i.min(j), i.max(j)),
    );
    let b = vector::<f64>(225, 4);
    let config = SorConfig {
        adaptive: true,
        omega: 1.9,
        ..Default::default()
    };
    assert!(solve(config, &a, &b, &mut vec![0.0; 225]).converged());
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
