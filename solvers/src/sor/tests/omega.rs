//! The best ω, and the adapted one.

use super::*;

/// The 5-point matrix on m × m points: consistently ordered, ρ(Jacobi) = 4 cos(π/(m+1))/d.
pub(super) fn model(m: usize, diagonal: f64) -> (Csr<f64>, f64) {
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
fn an_omega_too_high_to_begin_with_comes_down() {
    for (m, diagonal) in [(10, 3.9), (10, 4.2), (30, 4.0)] {
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
            (report.iterations, sor.last_omega(), sor.last_beta())
        };
        let best = young_omega(beta);
        let young = run(best, false);
        assert_eq!(young.2, None);
        let high = 2.0 - (2.0 - best) / 5.0;
        let (fixed, adapted) = (run(high, false), run(high, true));
        assert!(
            adapted.0 < 2 * fixed.0 / 3 && adapted.0 < 4 * young.0,
            "{m} {diagonal}: {adapted:?}, fixed {fixed:?}, best {young:?}"
        );
        let seen = run(1.0, true).2.unwrap();
        let ratio = (1.0 - seen) / (1.0 - beta);
        assert!(ratio > 0.5 && ratio < 2.0, "{seen} {beta}");
    }
}

/// Shifted Laplacians of “Learning to Relax” (n = 100, c = −0.15 + 0.6 Beta): the adapted ω needs
/// no more than the classical rule is known to.
#[test]
fn adapting_on_the_family_of_learning_to_relax() {
    // quantiles of Beta(½, 3/2) and of Beta(2, 6), from the middle of 24 equal parts of [0, 1]
    let inverse = |cdf: &dyn Fn(f64) -> f64, p: f64| {
        let (mut low, mut high) = (0.0, 1.0);
        for _ in 0..60 {
            let middle = 0.5 * (low + high);
            if cdf(middle) < p {
                low = middle
            } else {
                high = middle
            }
        }
        low
    };
    let high = |x: f64| {
        let t = x.sqrt().asin();
        (2.0 * t + (2.0 * t).sin()) / std::f64::consts::PI
    };
    let low = |x: f64| 1.0 - (1.0 - x).powi(6) * (1.0 + 6.0 * x);
    let families: [(&dyn Fn(f64) -> f64, f64); 2] = [(&high, 77.0), (&low, 55.0)];
    for (cdf, most) in families {
        let (mut adapted, mut young) = (0, 0);
        for k in 0..24 {
            let c = -0.15 + 0.6 * inverse(cdf, (k as f64 + 0.5) / 24.0);
            let (a, beta) = model(10, 4.0 + c);
            let b = vector::<f64>(100, 100 + k);
            let count = |omega, adaptive| {
                let config = SorConfig {
                    omega,
                    adaptive,
                    ..Default::default()
                };
                solve(config, &a, &b, &mut vec![0.0; 100]).iterations
            };
            adapted += count(1.0, true);
            young += count(young_omega(beta), false);
        }
        let mean = adapted as f64 / 24.0;
        assert!(mean <= most, "{mean} iterations");
        assert!((adapted as f64) < 1.35 * young as f64, "{adapted} {young}");
    }
}

#[test]
fn red_and_black_keep_the_rate_of_young() {
    let (a, beta) = model(20, 4.0);
    let b = vector::<f64>(400, 4);
    for direction in [Direction::Forward, Direction::Backward] {
        for order in [Order::Natural, Order::Multicolour] {
            let count = |omega| {
                let config = SorConfig {
                    omega,
                    direction,
                    order,
                    ..Default::default()
                };
                solve(config, &a, &b, &mut vec![0.0; 400]).iterations
            };
            let best = young_omega(beta);
            let (low, at, high) = (count(best - 0.1), count(best), count(best + 0.1));
            assert!(at < low && at < high, "{order:?}: {low} {at} {high}");
            // ω* − 1 a sweep, and some for the double eigenvalue
            let expected = (1e-8f64).ln() / (best - 1.0).ln();
            assert!(
                (at as f64) < 1.6 * expected && at as f64 > expected,
                "{at} {expected}"
            );
        }
    }
}

#[test]
fn symmetric_sweeps_are_not_adapted() {
    let (a, _) = model(10, 4.0);
    let mut sor = Sor::new(
        a.nrows(),
        SorConfig {
            direction: Direction::Symmetric,
            adaptive: true,
            ..SorConfig::default()
        },
    );
    let (b, mut x) = (vec![1.0; a.nrows()], vec![0.0; a.nrows()]);
    let ended = sor.solve(System::new(&a, &b, &mut Identity), &mut x, &mut ());
    assert!(ended.unwrap_err().to_string().contains("one direction"));
}
