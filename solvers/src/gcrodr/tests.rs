//! Tests of GCRO-DR.

use super::*;
use crate::precond::{Identity, Ilu0, Ilu0Config, Jacobi};
use crate::recycling::fingerprint;
use crate::testing::*;
use crate::{Gmres, GmresConfig, LinearOperator, Nullspace, RecyclingVerdict, kernels};
use resolvent_matrices::{Complex, Csr};

/// Deflated restarting: every solve begins anew.
pub(super) fn reset<R: Real>(restart: usize, k: usize) -> GcrodrConfig<R> {
    GcrodrConfig {
        restart,
        k,
        reset: true,
        ..GcrodrConfig::default()
    }
}

/// Recycling, come what may.
pub(super) fn always<R: Real>(restart: usize, k: usize) -> GcrodrConfig<R> {
    GcrodrConfig {
        automatic: false,
        reset: false,
        ..reset(restart, k)
    }
}

contract_for_all_scalars!(convection(8, 0.6), Linearity::Variable, |n, stopping| {
    let config = GcrodrConfig {
        stopping,
        ..reset(10, 4)
    };
    Box::new(Gcrodr::new(n, config))
});

mod nothing_to_solve;
mod singular;

mod strategy_b {
    use super::*;
    contract_for_all_scalars!(convection(8, 0.6), Linearity::Variable, |n, stopping| {
        let config = GcrodrConfig {
            stopping,
            strategy: Strategy::B,
            ..reset(9, 3)
        };
        Box::new(Gcrodr::new(n, config))
    });
}

/// Solves for b from x = 0 with Jacobi.
pub(super) fn solve<T: Scalar>(
    solver: &mut dyn Solver<T>,
    a: &Csr<T>,
    b: &[T],
) -> (SolveReport<T::Real>, Vec<T>) {
    let mut m = Jacobi::new(a).unwrap();
    let mut x = vec![T::ZERO; b.len()];
    let report = solver.solve(System::new(a, b, &mut m), &mut x, &mut ());
    (report.unwrap(), x)
}

/// ‖AU − C‖ and ‖CᴴC − I‖, the largest entries.
fn defects<T: Scalar>(solver: &Gcrodr<T>, a: &dyn LinearOperator<T>) -> (f64, f64) {
    let (n, k) = (solver.n, solver.cycle.k);
    let column = |block: &[T], j: usize| block[j * n..(j + 1) * n].to_vec();
    let (mut image, mut gram) = (0.0f64, 0.0f64);
    for j in 0..k {
        let (u, c) = (column(&solver.cycle.z, j), column(&solver.cycle.w, j));
        let mut au = vec![T::ZERO; n];
        a.apply(&u, &mut au);
        let size = kernels::norm_squared(&u).to_f64().sqrt();
        for (a, c) in au.iter().zip(&c) {
            image = image.max((*a - *c).abs().to_f64() / size.max(1.0));
        }
        for i in 0..k {
            let dot = kernels::dot(&column(&solver.cycle.w, i), &c);
            let one = if i == j { T::ONE } else { T::ZERO };
            gram = gram.max((dot - one).abs().to_f64());
        }
    }
    (image, gram)
}

fn keeps_its_space<T: Scalar>(strategy: Strategy) {
    let n = 20;
    let mut solver = Gcrodr::<T>::new(
        n * n,
        GcrodrConfig {
            strategy,
            ..always(20, 8)
        },
    );
    let eps = T::Real::EPSILON.to_f64();
    for t in 0..30 {
        let a = convection::<T>(n, 0.3 + 0.002 * t as f64);
        let (report, x) = solve(&mut solver, &a, &vector(n * n, t));
        assert!(report.converged(), "{t}: {report:?}");
        assert!(true_residual(&a, &vector(n * n, t), &x) < 20.0 * 1e4 * eps.max(1e-12));
        let (image, gram) = defects(&solver, &a);
        assert!(gram < 1e3 * eps, "system {t}: CᴴC − I = {gram:e}");
        assert!(image < 1e4 * eps, "system {t}: AU − C = {image:e}");
        let recycling = report.recycling.unwrap();
        assert!(recycling.kept == 8 || recycling.kept == 9 || recycling.kept == 7);
        assert_eq!(recycling.dimension > 0, t > 0);
        assert_eq!(recycling.setup_matvecs, recycling.dimension);
    }
}

#[test]
fn the_images_are_those_of_the_space_and_orthonormal() {
    for strategy in [Strategy::A, Strategy::B, Strategy::Singular] {
        keeps_its_space::<f32>(strategy);
        keeps_its_space::<f64>(strategy);
        keeps_its_space::<Complex<f32>>(strategy);
        keeps_its_space::<Complex<f64>>(strategy);
    }
}

/// diag of small and large numbers with something above the diagonal: restarts hurt.
pub(super) fn hard<T: Scalar>(n: usize) -> Csr<T> {
    let number = |i: usize| {
        let size = if i < 8 {
            0.002 * (i + 1) as f64
        } else {
            1.0 + i as f64 / n as f64
        };
        T::from_c64(Complex::new(
            size,
            if i.is_multiple_of(2) {
                0.1 * size
            } else {
                -0.1 * size
            },
        ))
    };
    let diagonal = (0..n).map(|i| (i, i, number(i)));
    let above = (0..n - 1).map(|i| (i, i + 1, T::from_f64(0.05)));
    Csr::from_triplets(n, n, diagonal.chain(above)).unwrap()
}

fn deflates<T: Scalar>(strategy: Strategy) {
    let (n, eps) = (400, T::Real::EPSILON.to_f64());
    let (a, b) = (hard::<T>(n), vector::<T>(n, 5));
    let count = |solver: &mut dyn Solver<T>| {
        let mut x = vec![T::ZERO; n];
        let mut none = Identity;
        let system = System::new(&a, &b, &mut none);
        solver.solve(system, &mut x, &mut ()).unwrap()
    };
    let stopping = Stopping {
        rtol: T::Real::from_f64(1e-8f64.max(1e4 * eps)),
        ..Stopping::default()
    };
    let restart = 20;
    let gmres = GmresConfig {
        stopping,
        restart,
        ..Default::default()
    };
    let full = count(&mut Gmres::new(
        n,
        GmresConfig {
            restart: n,
            ..gmres
        },
    ));
    let restarted = count(&mut Gmres::new(n, gmres));
    let config = GcrodrConfig {
        stopping,
        strategy,
        ..reset(restart, 10)
    };
    let deflated = count(&mut Gcrodr::new(n, config));
    assert!(deflated.converged(), "{deflated:?}");
    assert!(
        eps > 1e-10 || deflated.iterations >= full.iterations,
        "GMRES is optimal"
    );
    assert!(
        deflated.iterations <= 3 * full.iterations,
        "{} {}",
        deflated.iterations,
        full.iterations
    );
    assert!(
        !restarted.converged() || 2 * deflated.iterations < restarted.iterations,
        "{} {}",
        deflated.iterations,
        restarted.iterations
    );
    let mut recycled = Gcrodr::new(
        n,
        GcrodrConfig {
            reset: false,
            automatic: false,
            ..config
        },
    );
    let first = count(&mut recycled);
    assert!(eps > 1e-10 || first.iterations == deflated.iterations);
    let second = count(&mut recycled);
    // the same A: C is used again
    assert!(eps > 1e-10 || second.recycling.unwrap().setup_matvecs == 0);
    assert!(
        eps > 1e-10 || 2 * second.iterations < first.iterations,
        "{} {strategy:?}: {second:?} {first:?}",
        T::NAME
    );
    recycled.forget();
    assert_eq!(count(&mut recycled).iterations, first.iterations);
}

#[test]
fn deflated_restarts_and_recycling_save_iterations() {
    for strategy in [Strategy::A, Strategy::B, Strategy::Singular] {
        deflates::<f32>(strategy);
        deflates::<f64>(strategy);
        deflates::<Complex<f32>>(strategy);
        deflates::<Complex<f64>>(strategy);
    }
}

#[test]
fn the_first_cycle_is_that_of_fgmres() {
    let a = convection::<f64>(9, 0.3);
    let b = vector::<f64>(81, 6);
    let mut short = Gcrodr::new(81, reset(81, 20));
    let gmres = GmresConfig {
        restart: 81,
        ..Default::default()
    };
    let (one, x) = solve(&mut short, &a, &b);
    let (other, y) = solve(&mut Gmres::new(81, gmres), &a, &b);
    assert_eq!(
        (one.iterations, one.matvecs),
        (other.iterations, other.matvecs)
    );
    assert!(distance(&x, &y) < 1e-12);
}

#[test]
fn the_space_grows_where_solves_are_short() {
    let a = convection::<f64>(16, 0.3);
    let mut solver = Gcrodr::new(256, always(40, 20));
    let mut m = Ilu0::new(&a, Ilu0Config::default()).unwrap();
    let mut counts = Vec::new();
    for t in 0..4 {
        let (b, mut x) = (vector::<f64>(256, t + 3), vec![0.0; 256]);
        let report = solver.solve(System::new(&a, &b, &mut m), &mut x, &mut ());
        let report = report.unwrap();
        let recycling = report.recycling.unwrap();
        assert!(report.converged(), "{report:?}");
        assert!(
            recycling.kept > recycling.dimension || t > 1,
            "{t}: {report:?}"
        );
        counts.push(report.iterations);
    }
    assert!(counts[3] < counts[0], "{counts:?}");
}

#[test]
fn dependent_columns_are_dropped() {
    let a = convection::<f64>(12, 0.3);
    let b = vector::<f64>(144, 6);
    let mut solver = Gcrodr::new(144, always(20, 8));
    solve(&mut solver, &a, &b);
    let mut state = solver.recycled().unwrap();
    let k = state.numbers[0] as usize;
    assert!(k >= 7);
    // twice the same vector, one of zeros, and one that is not finite
    for block in 0..3 {
        state.vectors[block * k + 1] = state.vectors[block * k].clone();
        state.vectors[block * k + 2] = vec![0.0; 144];
        state.vectors[block * k + 3] = vec![f64::NAN; 144];
    }
    state.numbers[2] = -1.0; // another A
    assert!(solver.restore(&state));
    let (report, x) = solve(&mut solver, &a, &b);
    assert!(report.converged());
    assert_eq!(report.recycling.unwrap().dimension, k - 3);
    assert!(distance(&x, &dense_solution(&a, &b)) < 1e-6);
    let (image, gram) = defects(&solver, &a);
    assert!(image < 1e-11 && gram < 1e-12);
}

#[test]
fn a_space_that_lies_is_found_out() {
    // C is said to belong to this A, and does not
    let (a, other) = (convection::<f64>(12, 0.3), convection::<f64>(12, 0.5));
    let b = vector::<f64>(144, 6);
    let mut solver = Gcrodr::new(144, always(20, 8));
    solve(&mut solver, &other, &b);
    let mut state = solver.recycled().unwrap();
    state.numbers[2] = fingerprint(&a).unwrap() as f64;
    assert!(solver.restore(&state));
    let (report, x) = solve(&mut solver, &a, &b);
    assert!(report.converged(), "{report:?}");
    assert!(distance(&x, &dense_solution(&a, &b)) < 1e-6);
}

#[test]
fn indefinite_matrices_are_solved() {
    let a = shifted::<f64>(12, 1.7);
    let b = vector::<f64>(144, 8);
    let mut solver = Gcrodr::new(144, always(30, 15));
    for _ in 0..3 {
        let (report, x) = solve(&mut solver, &a, &b);
        assert!(report.converged(), "{report:?}");
        assert!(distance(&x, &dense_solution(&a, &b)) < 1e-5);
    }
}

#[test]
fn null_spaces_are_kept_out() {
    let a = hermitian(neumann::<f64>(12));
    let nullspace = Nullspace::constant();
    let mut m = Jacobi::new(&a).unwrap();
    let mut solver = Gcrodr::new(144, always(20, 8));
    for t in 0..3 {
        let (b, mut x) = (vector::<f64>(144, t + 5), vec![0.0; 144]);
        let system = System::new(&a, &b, &mut m).with_nullspace(&nullspace);
        let report = solver.solve(system, &mut x, &mut ()).unwrap();
        assert_eq!(report.reason, StopReason::Inconsistent); // b has a mean
        let mean = b.iter().sum::<f64>() / 144.0;
        assert!((report.residual_norm - mean.abs() * 12.0).abs() < 1e-7);
        assert!(x.iter().sum::<f64>().abs() < 1e-9);
    }
}

#[test]
fn preconditioners_may_vary() {
    let a = convection::<f64>(12, 0.3);
    let b = vector::<f64>(144, 6);
    for strategy in [Strategy::A, Strategy::B, Strategy::Singular] {
        let mut m = Custom(
            Linearity::Variable,
            |call, r: &[f64], z: &mut [f64]| {
                for (i, z) in z.iter_mut().enumerate() {
                    *z = r[i] * (1.0 + 0.3 * ((i * call) as f64).sin()) - 0.1 * r[i] * r[i].abs();
                }
                Ok(())
            },
            0,
        );
        let config = GcrodrConfig {
            strategy,
            ..always(20, 8)
        };
        let mut solver = Gcrodr::new(144, config);
        for _ in 0..4 {
            let mut x = vec![0.0; 144];
            let report = solver.solve(System::new(&a, &b, &mut m), &mut x, &mut ());
            assert!(report.unwrap().converged());
            assert!(distance(&x, &dense_solution(&a, &b)) < 1e-6);
        }
    }
}

#[test]
fn a_saved_space_goes_on_to_the_same_bits() {
    fn one<T: Scalar>() {
        let system = |t: usize| {
            (
                convection::<T>(12, 0.3 + 0.01 * (t / 2) as f64),
                vector::<T>(144, t as u64),
            )
        };
        let (mut whole, mut parts) = (Gcrodr::<T>::new(144, reset(20, 8)), None);
        whole = Gcrodr::new(
            144,
            GcrodrConfig {
                reset: false,
                ..whole.config
            },
        );
        for t in 0..14 {
            let (a, b) = system(t);
            let (_, x) = solve(&mut whole, &a, &b);
            if let Some(parts) = &mut parts {
                assert!(solve(parts, &a, &b).1 == x, "system {t}");
            } else if t == 4 {
                let mut again = Gcrodr::<T>::new(144, whole.config);
                assert!(again.restore(&whole.recycled().unwrap()));
                parts = Some(again);
            }
        }
    }
    one::<f64>();
    one::<Complex<f64>>();
    one::<f32>();
    let mut other = Gcrodr::<f64>::new(100, always(20, 8));
    let state = Gcrodr::<f64>::new(144, always(30, 8)).recycled().unwrap();
    assert!(other.restore(&state)); // nothing in it
    let mut full = Gcrodr::<f64>::new(144, always(20, 8));
    solve(&mut full, &convection(12, 0.3), &vector(144, 1));
    assert!(!other.restore(&full.recycled().unwrap()));
}

#[test]
fn what_does_not_pay_is_left_out() {
    // systems that have nothing to do with each other, each converging in a few steps
    let mut solver = Gcrodr::<f64>::new(144, GcrodrConfig::default());
    let mut verdicts = Vec::new();
    for t in 0..30u64 {
        let mut a = hpd::<f64>(12);
        let noise = vector::<f64>(a.nnz(), t + 1);
        for (i, v) in a.values_mut().iter_mut().enumerate() {
            *v = if *v > 0.0 {
                40.0
            } else {
                *v * (1.0 + noise[i])
            };
        }
        let (report, _) = solve(&mut solver, &a, &vector(144, t + 100));
        let recycling = report.recycling.unwrap();
        verdicts.push(recycling.verdict);
        if t == 29 {
            assert!(recycling.ratio.unwrap() > 1.0, "{recycling}");
            assert!(
                recycling.to_string().contains("does not pay"),
                "{recycling}"
            );
        }
    }
    assert_eq!(verdicts[0], RecyclingVerdict::Priming);
    assert_eq!(verdicts[2], RecyclingVerdict::Trial);
    assert_eq!(verdicts[3], RecyclingVerdict::Control);
    assert!(verdicts[10..].iter().all(|&v| v == RecyclingVerdict::Off));
}

#[test]
fn senseless_lengths_are_refused() {
    let a = hpd::<f64>(3);
    let (b, mut x) = ([1.0; 9], [0.0; 9]);
    for (restart, k, stagnation_cycles) in [(1, 1, 1), (5, 0, 1), (5, 5, 1), (5, 2, 0)] {
        let config = GcrodrConfig {
            restart,
            k,
            stagnation_cycles,
            ..Default::default()
        };
        let error = unpreconditioned(Gcrodr::new(9, config), &a, &b, &mut x).unwrap_err();
        assert!(
            matches!(
                error,
                SolveError::Config {
                    solver: "gcrodr",
                    ..
                }
            ),
            "{error}"
        );
    }
}
