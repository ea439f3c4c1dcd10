use super::*;
use crate::LinearOperator;
use crate::precond::Identity;
use resolvent_matrices::generate::{random_vector, zoo};
use resolvent_matrices::{Complex, Csr};
use std::time::Duration;

fn solve<T: Scalar>(
    direct: &mut Direct<T>,
    a: &Csr<T>,
    b: &[T],
    x: &mut [T],
) -> Result<SolveReport<T::Real>, SolveError> {
    direct.solve(System::new(a, b, &mut Identity), x, &mut ())
}

fn every_nonsingular_problem<T: Scalar>(kind: Kind) {
    let tiny = T::Real::EPSILON.to_f64() > 1e-10;
    let rtol = T::Real::from_f64(if tiny { 1e-4 } else { 1e-11 });
    for p in zoo::<T>().unwrap() {
        if p.properties.constant_nullspace || kind == Kind::Ldlt && !p.properties.hermitian {
            continue;
        }
        let stopping = Stopping {
            rtol,
            ..Stopping::default()
        };
        let mut direct = Direct::new(DirectConfig {
            stopping,
            kind,
            ..DirectConfig::default()
        });
        let mut x = vec![T::ZERO; p.matrix.nrows()];
        let report = solve(&mut direct, &p.matrix, &p.rhs, &mut x).unwrap();
        assert!(report.converged(), "{} {}: {report:?}", T::NAME, p.name);
    }
}

#[test]
fn solves_every_nonsingular_problem_of_the_zoo() {
    for kind in [Kind::Auto, Kind::Ldlt, Kind::Lu] {
        every_nonsingular_problem::<f64>(kind);
        every_nonsingular_problem::<f32>(kind);
        every_nonsingular_problem::<Complex<f64>>(kind);
        every_nonsingular_problem::<Complex<f32>>(kind);
    }
}

fn shifted(shift: f64) -> Csr<f64> {
    let n = 60;
    let entries = (0..n).flat_map(|i| {
        [
            (i, i, 2.0 - shift),
            (i, (i + 1) % n, -1.0),
            ((i + 1) % n, i, -1.0),
        ]
    });
    Csr::from_triplets(n, n, entries).unwrap()
}

#[test]
fn analysis_and_factors_are_used_again() {
    let mut direct = Direct::new(DirectConfig::default());
    let b = random_vector::<f64>(60, 1);
    let mut x = vec![0.0; 60];
    for (shift, symbolic, numeric) in [(-1.0, 1, 1), (-1.0, 1, 1), (-2.0, 1, 2)] {
        x.fill(0.0);
        assert!(
            solve(&mut direct, &shifted(shift), &b, &mut x)
                .unwrap()
                .converged()
        );
        assert_eq!(
            (direct.symbolic_count(), direct.numeric_count()),
            (symbolic, numeric)
        );
    }
    // indefinite with a positive diagonal: LLᴴ fails, LU takes over
    x.fill(0.0);
    assert!(
        solve(&mut direct, &shifted(0.5), &b, &mut x)
            .unwrap()
            .converged()
    );
    direct.forget();
    x.fill(0.0);
    assert!(
        solve(&mut direct, &shifted(0.5), &b, &mut x)
            .unwrap()
            .converged()
    );
}

#[test]
fn a_singular_matrix_is_told_and_x_stays_finite() {
    let a = Csr::from_triplets(
        3,
        3,
        [
            (0, 0, 1.0),
            (0, 1, 2.0),
            (1, 0, 2.0),
            (1, 1, 4.0),
            (2, 2, 1.0),
        ],
    )
    .unwrap();
    let mut x = vec![0.0; 3];
    let report = solve(
        &mut Direct::new(DirectConfig::default()),
        &a,
        &[1.0, 0.0, 1.0],
        &mut x,
    )
    .unwrap();
    assert!(
        !report.converged() && x.iter().all(|x| x.is_finite()),
        "{report:?} {x:?}"
    );
    let empty = Csr::from_triplets(2, 2, [(0, 0, 3.0)]).unwrap();
    let mut x = vec![0.0; 2];
    let report = solve(
        &mut Direct::new(DirectConfig::default()),
        &empty,
        &[1.0, 1.0],
        &mut x,
    )
    .unwrap();
    assert!(
        !report.converged() && x.iter().all(|x| x.is_finite()),
        "{report:?} {x:?}"
    );
}

#[test]
fn many_columns_share_the_factors() {
    let a = shifted(-1.0);
    let b = random_vector::<f64>(60 * 3, 2);
    let mut direct = Direct::new(DirectConfig::default());
    let mut x = vec![0.0; 180];
    let reports = direct
        .solve_many(System::new(&a, &b, &mut Identity), &mut x, &mut ())
        .unwrap();
    assert!(reports.len() == 3 && reports.iter().all(SolveReport::converged));
    assert_eq!(direct.numeric_count(), 1);
    for (b, x) in b.chunks(60).zip(x.chunks(60)) {
        let mut r = vec![0.0; 60];
        a.residual(b, x, &mut r);
        assert!(kernels::norm_squared(&r).sqrt() < 1e-12);
    }
}

#[test]
fn limits_are_looked_at_before_the_factorisation() {
    let a = shifted(-1.0);
    let b = vec![1.0; 60];
    let small = DirectConfig {
        max_bytes: Some(100),
        ..DirectConfig::default()
    };
    let error = solve(&mut Direct::new(small), &a, &b, &mut vec![0.0; 60]).unwrap_err();
    assert!(error.to_string().contains("allowed"), "{error}");
    let stopping = Stopping {
        max_time: Some(Duration::ZERO),
        ..Stopping::default()
    };
    let mut hurried = Direct::new(DirectConfig {
        stopping,
        ..DirectConfig::default()
    });
    let report = solve(&mut hurried, &a, &b, &mut vec![0.0; 60]).unwrap();
    assert_eq!(
        (report.reason, hurried.numeric_count()),
        (StopReason::TimeLimit, 0)
    );
    let prediction = Direct::predict(a.view(), Kind::Auto).unwrap();
    assert!(
        prediction.factor_nnz >= 119 && prediction.bytes > 119 * 8,
        "{prediction:?}"
    );
}

#[test]
fn edges() {
    let mut direct = Direct::new(DirectConfig::default());
    let one = Csr::from_triplets(1, 1, [(0, 0, 4.0)]).unwrap();
    let mut x = [0.0];
    assert!(
        solve(&mut direct, &one, &[2.0], &mut x)
            .unwrap()
            .converged()
            && x == [0.5]
    );
    x = [7.0];
    assert!(
        solve(&mut direct, &one, &[0.0], &mut x)
            .unwrap()
            .converged()
            && x == [0.0]
    );
    let wide = Csr::from_triplets(1, 2, [(0, 0, 1.0)]).unwrap();
    assert!(solve(&mut direct, &wide, &[1.0], &mut [0.0]).is_err());
}

#[test]
fn threads_agree() {
    let a = shifted(-1.0);
    let b = random_vector::<f64>(60, 3);
    let run = |threads| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        let mut x = vec![0.0; 60];
        pool.install(|| solve(&mut Direct::new(DirectConfig::default()), &a, &b, &mut x).unwrap());
        x
    };
    for (one, two) in run(1).iter().zip(run(2)) {
        assert!((one - two).abs() < 1e-13);
    }
}
