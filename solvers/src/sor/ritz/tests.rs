use super::*;
use crate::precond::Jacobi;
use crate::sor::young_omega;
use crate::testing::*;
use crate::{Cg, CgConfig, Solver, System};
use resolvent_matrices::{Complex, Csr};

/// The 5-point matrix: β = 4 cos(π/(m+1))/d.
fn model(m: usize, diagonal: f64) -> (Csr<f64>, f64) {
    let beta = 4.0 * (std::f64::consts::PI / (m + 1) as f64).cos() / diagonal;
    (stencil(m, |_| diagonal, |_, _| -1.0), beta)
}

#[test]
fn beta_of_a_grid_is_enclosed() {
    for (m, diagonal) in [(10, 4.0), (10, 3.9), (20, 4.4), (30, 4.0)] {
        let (a, beta) = model(m, diagonal);
        let ritz = lanczos_beta(&a, 20, None).unwrap();
        assert_eq!(ritz.matvecs, 20);
        assert!(
            ritz.beta() <= beta + 1e-12 && beta <= ritz.beta_upper() + 1e-12,
            "{m}"
        );
        // carried on from where it stood
        let ritz = lanczos_beta(&a, 20, Some(&ritz.vector)).unwrap();
        assert!(
            (ritz.beta() - beta).abs() < 1e-2 * (1.0 - beta),
            "{m} {}",
            ritz.beta()
        );
        let (got, best) = (young_omega(ritz.beta_upper()), young_omega(beta));
        assert!(got >= best - 1e-12 && got < best + 0.05, "{got} {best}");
    }
}

/// What CG with Jacobi sees of β.
fn by_cg(a: &Csr<f64>, b: &[f64], max_iters: usize) -> Option<Tracked> {
    let mut jacobi = Jacobi::new(a).unwrap();
    let mut config = CgConfig::default();
    config.stopping.max_iters = max_iters;
    let (mut x, mut ritz) = (vec![0.0; b.len()], CgRitz::default());
    let system = System::new(a, b, &mut jacobi);
    let mut cg = Cg::new(b.len(), config);
    cg.solve(system, &mut x, &mut ritz).unwrap();
    ritz.beta()
}

#[test]
fn cg_tells_beta_on_its_way() {
    for (m, diagonal) in [(10, 4.0), (20, 4.4), (40, 4.0), (60, 4.0)] {
        let (a, beta) = model(m, diagonal);
        let b = vector::<f64>(m * m, 5);
        let mut low = 0.0;
        for most in [2, 3, 8, 20, 1000] {
            let found = by_cg(&a, &b, most).unwrap();
            assert!(
                found.low >= low && found.low <= beta + 1e-12,
                "{m}, {most}: {found:?}, {beta}"
            );
            assert!(found.high < 1.0 && found.matvecs == 0);
            low = found.low;
        }
        // a solve to 1e-8 knows it to a hundredth of what is left to 1
        let found = by_cg(&a, &b, 1000).unwrap();
        let off = |x: f64| (x - beta).abs() / (1.0 - beta);
        assert!(
            off(found.low) < 0.01 && off(found.high) < 0.05,
            "{m}: {found:?}, {beta}"
        );
        assert!(beta <= found.high + 1e-12);
    }
}

#[test]
fn cg_and_lanczos_agree() {
    // the same process, from the same vector: D is a multiple of I
    let (a, _) = model(25, 4.2);
    let b = vector::<f64>(625, 9);
    for steps in [2, 5, 12, 24] {
        let lanczos = lanczos_beta(&a, steps, Some(&b)).unwrap();
        // one iteration more, which tells where the process would have gone on
        let cg = by_cg(&a, &b, steps + 1).unwrap();
        assert!((cg.low - (1.0 - lanczos.low)).abs() < 1e-10, "{steps}");
        let [cg, lanczos] = [cg.high, lanczos.beta_upper()];
        assert!(cg <= lanczos + 1e-10, "{steps}: {cg} {lanczos}");
    }
}

#[test]
fn cg_that_saw_too_little_says_nothing() {
    let (a, _) = model(10, 4.0);
    assert_eq!(by_cg(&a, &vector::<f64>(100, 1), 1), None);
    assert_eq!(by_cg(&a, &[0.0; 100], 10), None);
    let mut ritz = CgRitz::default();
    assert_eq!(ritz.beta(), None);
    ritz.forget();
    assert_eq!(ritz.beta(), None);
}

#[test]
fn a_sequence_is_followed_for_one_product() {
    for m in [10, 40] {
        let (mut tracker, mut matvecs) = (RitzTracker::default(), 0);
        for step in 0..60 {
            let (a, beta) = model(m, 4.25 + 0.2 * (0.2 * step as f64).sin());
            let found = tracker.track(&a).unwrap();
            assert!(found.low <= beta + 1e-12, "{m} {step}: {found:?}");
            let ratio = (1.0 - found.high) / (1.0 - beta);
            assert!((0.85..1.02).contains(&ratio), "{m} {step}: {ratio}");
            matvecs += found.matvecs;
        }
        assert!(matvecs < 60 * 4, "{m}: {matvecs}");
        let (a, _) = model(m, 4.3);
        tracker.track(&a).unwrap();
        assert_eq!(tracker.track(&a).unwrap().matvecs, 1);
    }
}

#[test]
fn what_was_carried_goes_on_the_same() {
    let matrices: Vec<_> = (0..6).map(|t| model(12, 4.1 + 0.05 * t as f64).0).collect();
    let mut one = RitzTracker::<f64>::default();
    let all: Vec<_> = matrices.iter().map(|a| one.track(a).unwrap()).collect();
    let mut first = RitzTracker::<f64>::default();
    matrices[..3].iter().for_each(|a| drop(first.track(a)));
    let mut second = RitzTracker::<f64>::default();
    let (vector, gap) = first.carried();
    second.carry(vector, gap);
    let rest: Vec<_> = matrices[3..]
        .iter()
        .map(|a| second.track(a).unwrap())
        .collect();
    assert_eq!(all[3..], rest);
}

#[test]
fn jumping_coefficients() {
    // conductivities of 1 and 10⁴ on a chequerboard of 4 × 4 squares
    let m = 24;
    let k = |i: usize| {
        if (i % m / 6 + i / m / 6).is_multiple_of(2) {
            1.0
        } else {
            1e4
        }
    };
    let link = |i: usize, j: usize| -2.0 * k(i) * k(j) / (k(i) + k(j));
    let diagonal = |i: usize| {
        let (c, r) = (i % m, i / m);
        let mut sum = 0.0;
        for (inside, j) in [
            (c > 0, i.wrapping_sub(1)),
            (c + 1 < m, i + 1),
            (r > 0, i.wrapping_sub(m)),
            (r + 1 < m, i + m),
        ] {
            sum -= if inside { link(i, j) } else { -2.0 * k(i) };
        }
        sum
    };
    let a = stencil::<f64>(m, diagonal, link);
    let mut tracker = RitzTracker::new(8);
    let mut upper = 1.0;
    for _ in 0..60 {
        upper = tracker.track(&a).unwrap().high;
    }
    let exact = lanczos_beta(&a, 32, Some(&tracker.vector)).unwrap();
    assert!(exact.residual_bound < 1e-6, "{exact:?}");
    assert!(upper >= exact.beta() && upper < 1.0);
    assert!(
        1.0 - upper > 0.5 * (1.0 - exact.beta()),
        "{upper} {}",
        exact.beta()
    );
}

#[test]
fn of_complex_and_of_single_numbers() {
    let real = lanczos_beta(&hpd::<f64>(9), 24, None).unwrap();
    let single = lanczos_beta(&hpd::<f32>(9), 24, None).unwrap();
    assert!((real.low - single.low).abs() < 1e-4 && (real.high - single.high).abs() < 1e-4);
    let complex = lanczos_beta(&hpd::<Complex<f64>>(9), 32, None).unwrap();
    assert!(complex.low > 0.0 && complex.high < 2.0);
    let one = Csr::from_triplets(1, 1, [(0, 0, 3.0)]).unwrap();
    let ritz = lanczos_beta(&one, 5, None).unwrap();
    assert!((ritz.low - 1.0).abs() < 1e-15 && ritz.residual_bound < 1e-15);
    let none = Csr::<f64>::from_triplets(0, 0, []).unwrap();
    assert_eq!(lanczos_beta(&none, 5, None).unwrap().beta(), 0.0);
}

#[test]
fn what_has_no_beta_is_refused() {
    let refused = |a: &Csr<f64>| lanczos_beta(a, 20, None).unwrap_err().to_string();
    assert!(refused(&convection(8, 0.3)).contains("not Hermitian"));
    assert!(refused(&shifted(8, 3.0)).contains("not positive definite"));
    let signed = stencil::<f64>(6, |i| if i == 7 { -4.0 } else { 4.0 }, |_, _| -1.0);
    assert!(refused(&signed).contains("row 7"));
    let start = [1.0; 3];
    let short = lanczos_beta(&hpd::<f64>(5), 4, Some(&start));
    assert!(matches!(short, Err(PrecondError::Shape { got: 3, .. })));
}
