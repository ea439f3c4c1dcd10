use super::*;
use crate::precond::testing::{apply, close, iterations, updates};
use crate::precond::{Ic0, Ic0Config};
use resolvent_matrices::generate::{Poisson, RandomHpd, random_vector};
use resolvent_matrices::{Complex, Csr};

/// With nothing dropped it is the Cholesky factorisation.
fn exact_without_dropping<T: Scalar>(tolerance: f64) {
    let a = RandomHpd {
        n: 60,
        condition: 100.0,
        ..RandomHpd::default()
    };
    let a = a.generate::<T>().unwrap().matrix;
    let all = IctConfig {
        drop_tol: 0.0,
        fill: 60,
        ..IctConfig::default()
    };
    let x = random_vector::<T>(60, 1);
    let mut b = vec![T::ZERO; 60];
    a.view().mul_vec(&x, &mut b).unwrap();
    let mut m = Ict::new(&a, all).unwrap();
    close(&apply(&mut m, &b), &x, tolerance);
    assert_eq!(m.shift(), 0.0);
}

#[test]
fn is_cholesky_without_dropping() {
    exact_without_dropping::<f64>(1e-12);
    exact_without_dropping::<f32>(1e-3);
    exact_without_dropping::<Complex<f64>>(1e-12);
    exact_without_dropping::<Complex<f32>>(1e-3);
}

#[test]
fn keeps_no_more_than_told() {
    let a = RandomHpd::default().generate::<f64>().unwrap().matrix;
    let n = a.nrows();
    let count = |drop_tol, fill| {
        let config = IctConfig {
            drop_tol,
            fill,
            ..IctConfig::default()
        };
        Ict::new(&a, config).unwrap().nnz()
    };
    assert_eq!(count(0.0, 0), n);
    assert!(count(0.0, 3) <= 4 * n);
    assert!(count(0.1, n) < count(0.01, n) && count(0.01, n) < count(0.0, n));
}

#[test]
fn scaling_from_both_sides_scales_the_factor() {
    let a = Poisson::default().generate::<f64>().unwrap().matrix;
    let n = a.nrows();
    let d: Vec<f64> = (0..n).map(|i| 2f64.powi(i as i32 % 21 - 10)).collect();
    let mut scaled = a.clone();
    scaled.scale(&d, &d).unwrap();
    let r = random_vector::<f64>(n, 5);
    let right: Vec<f64> = r.iter().zip(&d).map(|(r, d)| r * d).collect();
    let mut m = Ict::new(&scaled, IctConfig::default()).unwrap();
    let back = apply(&mut m, &right);
    let back: Vec<f64> = back.iter().zip(&d).map(|(z, d)| z * d).collect();
    let mut m = Ict::new(&a, IctConfig::default()).unwrap();
    close(&back, &apply(&mut m, &r), 1e-11);
}

#[test]
fn is_better_than_ic0() {
    let a = Poisson::default().generate::<f64>().unwrap().matrix;
    let ic0 = iterations(&a, &mut Ic0::new(&a, Ic0Config::default()).unwrap());
    let ict = iterations(&a, &mut Ict::new(&a, IctConfig::default()).unwrap());
    let half = IctConfig {
        low_precision: true,
        ..IctConfig::default()
    };
    let half = iterations(&a, &mut Ict::new(&a, half).unwrap());
    assert!(ict < ic0, "{ict} {ic0}");
    assert!(half.abs_diff(ict) <= 2, "{half} {ict}");
}

/// Kershaw's matrix is positive definite; on its own pattern the third pivot is negative.
#[test]
fn shifts_when_a_pivot_fails() {
    let rows = [
        [3.0, -2.0, 0.0, 2.0],
        [-2.0, 3.0, -2.0, 0.0],
        [0.0, -2.0, 3.0, -2.0],
        [2.0, 0.0, -2.0, 3.0],
    ];
    let entries = (0..16)
        .map(|k| (k / 4, k % 4, rows[k / 4][k % 4]))
        .filter(|e| e.2 != 0.0);
    let a = Csr::from_triplets(4, 4, entries).unwrap();
    let sparse = IctConfig {
        fill: 1,
        ..IctConfig::default()
    };
    let mut m = Ict::new(&a, sparse).unwrap();
    assert!(m.shift() > 0.0);
    let z = apply(&mut m, &[1.0, 2.0, 3.0, 4.0]);
    assert!(z.iter().all(|z| z.is_finite()));
    let none = IctConfig {
        max_tries: 0,
        ..sparse
    };
    assert!(matches!(
        Ict::new(&a, none),
        Err(PrecondError::Pivot { .. })
    ));
}

#[test]
fn new_values_and_new_patterns_are_taken() {
    let a = Poisson::default().generate::<f64>().unwrap().matrix;
    let mut m = Ict::new(&a, IctConfig::default()).unwrap();
    updates(&mut m, &a, 4.0, 1e-11);
}

#[test]
fn what_cannot_be_used_is_refused() {
    let a = Csr::from_triplets(2, 2, [(0, 0, 1.0), (1, 0, 1.0), (0, 1, 1.0)]).unwrap();
    assert!(matches!(
        Ict::new(&a, IctConfig::default()),
        Err(PrecondError::Diagonal { row: 1, .. })
    ));
    let bad = IctConfig {
        drop_tol: f64::NAN,
        ..IctConfig::default()
    };
    assert!(matches!(
        Ict::new(&a, bad),
        Err(PrecondError::Config { .. })
    ));
}
