//! Tests of recycled CG.

use super::*;
use crate::precond::{Ic0, Ic0Config, Jacobi};
use crate::testing::*;
use crate::{Cg, CgConfig, Nullspace, Preconditioner, RecyclingVerdict};
use resolvent_matrices::{Complex, Csr};

contract_for_all_scalars!(hpd(8), Linearity::NearlyHpd, |n, stopping| {
    let config = RcgConfig {
        stopping,
        reset: true,
        ..RcgConfig::default()
    };
    Box::new(Rcg::new(n, config))
});

fn always<R: Real>(k: usize, window: usize) -> RcgConfig<R> {
    RcgConfig {
        k,
        window,
        automatic: false,
        ..RcgConfig::default()
    }
}

fn solve<T: Scalar>(
    solver: &mut dyn Solver<T>,
    a: &Csr<T>,
    m: &mut dyn Preconditioner<T>,
    b: &[T],
) -> (SolveReport<T::Real>, Vec<T>) {
    let mut x = vec![T::ZERO; b.len()];
    let report = solver.solve(System::new(a, b, m), &mut x, &mut ());
    (report.unwrap(), x)
}

/// The smallest k eigenvalues of M⁻¹A, by what is in U: θ = uᴴ A M⁻¹ A u/uᴴ A u.
fn quotients<T: Scalar>(solver: &Rcg<T>, a: &Csr<T>, m: &mut dyn Preconditioner<T>) -> Vec<f64> {
    use crate::LinearOperator;
    let n = solver.n;
    let (mut au, mut z) = (vec![T::ZERO; n], vec![T::ZERO; n]);
    let quotient = |j: usize| {
        let u = &solver.u[j * n..(j + 1) * n];
        a.apply(u, &mut au);
        m.apply(&au, &mut z).unwrap();
        kernels::dot(&au, &z).re().to_f64() / kernels::dot(u, &au).re().to_f64()
    };
    (0..solver.k).map(quotient).collect()
}

fn finds_the_lowest<T: Scalar>() {
    // of the Laplacian on 20 × 20 points with M = I: 4 sin² + 4 sin²
    let n = 20;
    let a = stencil::<T>(n, |_| T::from_f64(4.0), |_, _| -T::ONE);
    let mut m = crate::precond::Identity;
    let mut solver = Rcg::<T>::new(n * n, always(6, 12));
    let mut plain = Cg::<T>::new(n * n, CgConfig::default());
    let mut counts = Vec::new();
    for t in 0..6 {
        let b = vector::<T>(n * n, t + 1);
        let (report, x) = solve(&mut solver, &a, &mut m, &b);
        assert!(report.converged(), "{report:?}");
        let (cg, y) = solve(&mut plain, &a, &mut m, &b);
        assert!(distance(&x, &y) < 1e3 * T::Real::EPSILON.sqrt().to_f64());
        counts.push((report.iterations, cg.iterations));
        assert!(t == 0 || report.recycling.unwrap().setup_matvecs <= 6);
    }
    let (last, cg) = counts[5];
    assert!(last < cg * 7 / 10, "{counts:?}");
    let s = |i: usize| {
        (std::f64::consts::PI * i as f64 / (2.0 * (n + 1) as f64))
            .sin()
            .powi(2)
    };
    let mut exact: Vec<_> = (1..5)
        .flat_map(|i| (1..5).map(move |j| 4.0 * (s(i) + s(j))))
        .collect();
    exact.sort_by(f64::total_cmp);
    let mut found = quotients(&solver, &a, &mut m);
    found.sort_by(f64::total_cmp);
    // the smallest ones, up to multiplicity
    for (found, exact) in found.iter().zip(&exact).take(3) {
        assert!(
            (found / exact - 1.0).abs() < 0.05 || *found < exact * 1.8,
            "{found} {exact}"
        );
    }
    assert!(
        (found[0] / exact[0] - 1.0).abs() < 0.02,
        "{} {}",
        found[0],
        exact[0]
    );
}

#[test]
fn the_space_becomes_that_of_the_smallest_eigenvalues() {
    finds_the_lowest::<f32>();
    finds_the_lowest::<f64>();
    finds_the_lowest::<Complex<f32>>();
    finds_the_lowest::<Complex<f64>>();
}

#[test]
fn the_coefficients_say_what_products_would() {
    // θ of the window against uᴴAM⁻¹Au of the vectors it made, over several windows and systems
    fn one<T: Scalar>() {
        let a = hpd::<T>(20);
        let mut m = Jacobi::new(&a).unwrap();
        let mut solver = Rcg::<T>::new(400, always(5, 7));
        for t in 0..3 {
            solve(&mut solver, &a, &mut m, &vector::<T>(400, t + 3));
            let products = quotients(&solver, &a, &mut m);
            for (theta, quotient) in solver.window.theta.iter().zip(&products) {
                assert!(
                    (theta / quotient - 1.0).abs() < 1e-6,
                    "system {t}: {theta} {quotient}"
                );
            }
        }
    }
    one::<f64>();
    one::<Complex<f64>>();
}

#[test]
fn changing_matrices_keep_what_they_share() {
    let mut solver = Rcg::<f64>::new(900, always(8, 16));
    let mut plain = Cg::<f64>::new(900, CgConfig::default());
    let (mut ours, mut theirs) = (0, 0);
    for t in 0..8u64 {
        let mut a = stencil::<f64>(30, |_| 4.0, |_, _| -1.0);
        let drift = 1.0 + 0.02 * t as f64;
        a.values_mut().iter_mut().for_each(|v| *v *= drift);
        let mut m = Ic0::new(&a, Ic0Config::default()).unwrap();
        let b = vector::<f64>(900, t);
        let (report, x) = solve(&mut solver, &a, &mut m, &b);
        let recycling = report.recycling.unwrap();
        assert!(
            report.converged() && true_residual(&a, &b, &x) < 1e-6,
            "{report:?}"
        );
        if t > 1 {
            assert_eq!((recycling.dimension, recycling.setup_matvecs), (8, 8));
            ours += report.iterations;
            theirs += solve(&mut plain, &a, &mut m, &b).0.iterations;
        }
    }
    assert!(ours * 10 < theirs * 7, "{ours} {theirs}");
}

#[test]
fn dependent_columns_and_those_without_energy_are_dropped() {
    let a = hpd::<f64>(12);
    let mut m = Jacobi::new(&a).unwrap();
    let b = vector::<f64>(144, 6);
    let mut solver = Rcg::new(144, always(8, 16));
    solve(&mut solver, &a, &mut m, &b);
    let mut state = solver.recycled().unwrap();
    let k = state.numbers[0] as usize;
    assert_eq!(k, 8);
    state.vectors[1] = state.vectors[0].clone();
    state.vectors[2] = vec![0.0; 144];
    state.vectors[3] = vec![f64::NAN; 144];
    assert!(solver.restore(&state));
    let (report, x) = solve(&mut solver, &a, &mut m, &b);
    assert!(report.converged());
    assert_eq!(report.recycling.unwrap().dimension, k - 3);
    assert!(distance(&x, &dense_solution(&a, &b)) < 1e-6);
}

#[test]
fn indefinite_matrices_are_told() {
    let a = shifted::<f64>(12, 2.0);
    let mut m = crate::precond::Identity;
    let b = vector::<f64>(144, 6);
    let mut solver = Rcg::new(144, always(8, 16));
    for _ in 0..3 {
        let (report, x) = solve(&mut solver, &a, &mut m, &b);
        assert!(
            report.converged() || report.reason == StopReason::IndefiniteOperator,
            "{report:?}"
        );
        assert!(x.iter().all(|x| x.is_finite()));
    }
}

#[test]
fn null_spaces_are_kept_out() {
    let a = hermitian(neumann::<f64>(12));
    let nullspace = Nullspace::constant();
    let mut m = Jacobi::new(&a).unwrap();
    let mut solver = Rcg::new(144, always(8, 16));
    for t in 0..3 {
        let (b, mut x) = (vector::<f64>(144, t + 5), vec![0.0; 144]);
        let system = System::new(&a, &b, &mut m).with_nullspace(&nullspace);
        let report = solver.solve(system, &mut x, &mut ()).unwrap();
        assert_eq!(report.reason, StopReason::Inconsistent); // b has a mean
        assert!(x.iter().sum::<f64>().abs() < 1e-9);
    }
}

#[test]
fn a_saved_space_goes_on_to_the_same_bits() {
    fn one<T: Scalar>() {
        let system = |t: usize| {
            let mut a = hpd::<T>(12);
            let drift = T::from_f64(1.0 + 0.01 * (t / 3) as f64);
            a.values_mut().iter_mut().for_each(|v| *v *= drift);
            (a, vector::<T>(144, t as u64))
        };
        let config = RcgConfig {
            k: 4,
            window: 6,
            ..RcgConfig::default()
        };
        let (mut whole, mut parts) = (Rcg::<T>::new(144, config), None);
        for t in 0..16 {
            let (a, b) = system(t);
            let mut m = Jacobi::new(&a).unwrap();
            let (_, x) = solve(&mut whole, &a, &mut m, &b);
            if let Some(parts) = &mut parts {
                assert!(solve(parts, &a, &mut m, &b).1 == x, "system {t}");
            } else if t == 4 {
                let mut again = Rcg::<T>::new(144, config);
                assert!(again.restore(&whole.recycled().unwrap()));
                parts = Some(again);
            }
        }
    }
    one::<f64>();
    one::<Complex<f64>>();
    one::<f32>();
}

#[test]
fn a_reset_is_plain_cg_and_forget_begins_anew() {
    let a = hpd::<f64>(12);
    let mut m = Jacobi::new(&a).unwrap();
    let b = vector::<f64>(144, 6);
    let mut reset = Rcg::new(
        144,
        RcgConfig {
            reset: true,
            ..Default::default()
        },
    );
    let mut recycling = Rcg::new(144, always(8, 16));
    let (cg, x) = solve(&mut Cg::new(144, CgConfig::default()), &a, &mut m, &b);
    for _ in 0..2 {
        let (report, y) = solve(&mut reset, &a, &mut m, &b);
        assert_eq!(report.iterations, cg.iterations);
        assert!(x == y);
        assert_eq!(report.recycling.unwrap().verdict, RecyclingVerdict::Reset);
        recycling.forget();
        assert_eq!(
            solve(&mut recycling, &a, &mut m, &b).0.iterations,
            cg.iterations
        );
    }
    assert!(solve(&mut recycling, &a, &mut m, &b).0.iterations < cg.iterations);
}

#[test]
fn senseless_sizes_are_refused() {
    let a = hpd::<f64>(3);
    let (b, mut x) = ([1.0; 9], [0.0; 9]);
    for (k, window) in [(0, 5), (3, 1)] {
        let error = unpreconditioned(Rcg::new(9, always(k, window)), &a, &b, &mut x).unwrap_err();
        assert!(
            matches!(error, SolveError::Config { solver: "rcg", .. }),
            "{error}"
        );
    }
}

/// The same matrix, no preconditioner, a right-hand side that follows on the last solution.
#[test]
fn a_matrix_that_repeats_is_solved_every_time() {
    for n in [48usize, 160] {
        // I + (dt/h²)(−Δ), as of implicit steps of the heat equation
        let stencil = (0..n * n).flat_map(|i: usize| {
            let near = [
                (!i.is_multiple_of(n), i.wrapping_sub(1)),
                (i % n + 1 < n, i + 1),
                (i >= n, i.wrapping_sub(n)),
                (i + n < n * n, i + n),
            ];
            let beside = near.into_iter().filter(|(inside, _)| *inside);
            beside
                .map(move |(_, j)| (i, j, -(n as f64)))
                .chain([(i, i, 1.0 + 4.0 * n as f64)])
        });
        let a = resolvent_matrices::Csr::from_triplets(n * n, n * n, stencil).unwrap();
        let size = n * n;
        let config = RcgConfig {
            automatic: false,
            ..RcgConfig::default()
        };
        let (mut rcg, mut b) = (Rcg::<f64>::new(size, config), vec![1.0; size]);
        let mut first = 0;
        for step in 0..30 {
            let mut x = vec![0.0; size];
            let report = rcg
                .solve(
                    System::new(&a, &b, &mut crate::precond::Identity),
                    &mut x,
                    &mut (),
                )
                .unwrap();
            assert!(report.converged(), "{n}, step {step}: {report:?}");
            first = if step == 0 { report.iterations } else { first };
            assert!(report.iterations <= 2 * first, "{n}, step {step}");
            b.copy_from_slice(&x);
        }
    }
}

#[test]
fn a_system_without_work_changes_nothing() {
    let n = 12;
    let mut solver = Rcg::<f64>::new(n * n, RcgConfig::default());
    let a = hpd::<f64>(n);
    let mut m = Jacobi::new(&a).unwrap();
    for t in 0..16 {
        solve(&mut solver, &a, &mut m, &vector(n * n, t));
        let before = solver.recycled();
        let (report, _) = solve(&mut solver, &a, &mut m, &vec![0.0; n * n]);
        assert!(report.converged() && report.iterations == 0);
        assert!(solver.recycled() == before, "system {t}");
    }
}
