use super::*;
use crate::precond::testing::{apply, close, iterations, updates};
use crate::precond::{Identity, Ilu0, Ilu0Config};
use resolvent_matrices::generate::{ConvectionDiffusion, RandomHpd, random_vector};
use resolvent_matrices::{Complex, Csr};

/// With nothing dropped it is the LU factorisation.
fn exact_without_dropping<T: Scalar>(tolerance: f64) {
    let a = ConvectionDiffusion {
        grid: resolvent_matrices::Grid::new(9, 8, 1),
        ..ConvectionDiffusion::default()
    };
    let mut a = a.generate::<T>().unwrap().matrix;
    let turn = random_vector::<T>(a.nnz(), 2);
    for (v, t) in a.values_mut().iter_mut().zip(turn) {
        *v += t * T::from_f64(0.1);
    }
    let n = a.nrows();
    let all = IlutConfig {
        drop_tol: 0.0,
        fill: n,
        ..IlutConfig::default()
    };
    let x = random_vector::<T>(n, 1);
    let mut b = vec![T::ZERO; n];
    a.view().mul_vec(&x, &mut b).unwrap();
    let mut m = Ilut::new(&a, all).unwrap();
    close(&apply(&mut m, &b), &x, tolerance);
    assert!(m.nnz() > a.nnz());
}

#[test]
fn is_lu_without_dropping() {
    exact_without_dropping::<f64>(1e-12);
    exact_without_dropping::<f32>(1e-3);
    exact_without_dropping::<Complex<f64>>(1e-12);
    exact_without_dropping::<Complex<f32>>(1e-3);
}

#[test]
fn keeps_no_more_than_told() {
    let a = RandomHpd::default().generate::<f64>().unwrap().matrix;
    for fill in [0, 1, 4] {
        let config = IlutConfig {
            drop_tol: 0.0,
            fill,
            ..IlutConfig::default()
        };
        let n = a.nrows();
        let nnz = Ilut::new(&a, config).unwrap().nnz();
        assert!(nnz <= n * (2 * fill + 1) && nnz >= n, "{fill} {nnz}");
    }
    let count = |drop_tol| {
        let config = IlutConfig {
            drop_tol,
            fill: 1000,
            ..IlutConfig::default()
        };
        Ilut::new(&a, config).unwrap().nnz()
    };
    assert!(count(0.1) < count(0.01) && count(0.01) < count(0.0));
}

#[test]
fn the_largest_are_kept_and_sorted() {
    let candidate = |col, size| Candidate {
        col,
        value: 0.0,
        size,
    };
    let mut row = vec![
        candidate(7, 1.0),
        candidate(3, 0.5),
        candidate(5, 2.0),
        candidate(1, 1.0),
    ];
    select(&mut row, 2);
    assert_eq!(row.iter().map(|c| c.col).collect::<Vec<_>>(), [1, 5]);
    select(&mut row, 0);
    assert!(row.is_empty());
}

#[test]
fn scaling_the_rows_scales_the_factors() {
    let a = ConvectionDiffusion::default()
        .generate::<f64>()
        .unwrap()
        .matrix;
    let n = a.nrows();
    let rows: Vec<f64> = (0..n).map(|i| 2f64.powi(i as i32 % 21 - 10)).collect();
    let mut scaled = a.clone();
    scaled.scale(&rows, &vec![1.0; n]).unwrap();
    let r = random_vector::<f64>(n, 5);
    let right: Vec<f64> = r.iter().zip(&rows).map(|(r, d)| r * d).collect();
    let z = apply(&mut Ilut::new(&a, IlutConfig::default()).unwrap(), &r);
    let mut m = Ilut::new(&scaled, IlutConfig::default()).unwrap();
    close(&apply(&mut m, &right), &z, 1e-12);
}

#[test]
fn is_better_than_ilu0() {
    let p = ConvectionDiffusion::default().generate::<f64>().unwrap();
    let a = &p.matrix;
    let plain = iterations(a, &mut Identity);
    let ilu0 = iterations(a, &mut Ilu0::new(a, Ilu0Config::default()).unwrap());
    let ilut = iterations(a, &mut Ilut::new(a, IlutConfig::default()).unwrap());
    let half = IlutConfig {
        low_precision: true,
        ..IlutConfig::default()
    };
    let half = iterations(a, &mut Ilut::new(a, half).unwrap());
    assert!(ilut < ilu0 && ilu0 < plain, "{ilut} {ilu0} {plain}");
    assert!(half.abs_diff(ilut) <= 2, "{half} {ilut}");
}

#[test]
fn new_values_and_new_patterns_are_taken() {
    let a = ConvectionDiffusion::default()
        .generate::<f64>()
        .unwrap()
        .matrix;
    let mut m = Ilut::new(&a, IlutConfig::default()).unwrap();
    updates(&mut m, &a, 2.0, 1e-13);
}

#[test]
fn zero_pivots_and_bad_thresholds_are_refused() {
    let a = Csr::from_triplets(2, 2, [(0, 1, 2.0), (1, 0, 2.0), (1, 1, 1.0)]).unwrap();
    assert!(matches!(
        Ilut::new(&a, IlutConfig::default()),
        Err(PrecondError::Pivot { row: 0, .. })
    ));
    let floor = IlutConfig {
        pivot_floor: Some(0.5),
        ..IlutConfig::default()
    };
    assert_eq!(Ilut::new(&a, floor).unwrap().replaced_pivots(), 1);
    let bad = IlutConfig {
        drop_tol: -1.0,
        ..IlutConfig::default()
    };
    assert!(matches!(
        Ilut::new(&a, bad),
        Err(PrecondError::Config { .. })
    ));
}
