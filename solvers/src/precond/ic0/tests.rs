use super::*;
use crate::{Cg, CgConfig, Solver, System};
use resolvent_matrices::generate::{MagneticLaplacian, Poisson, random_vector};
use resolvent_matrices::{Complex, Grid};

fn apply<T: Scalar>(m: &mut dyn Preconditioner<T>, r: &[T]) -> Vec<T> {
    let mut z = vec![T::ZERO; r.len()];
    m.apply(r, &mut z).unwrap();
    z
}

/// On a tridiagonal matrix nothing fills in: IC(0) is Cholesky and M⁻¹ = A⁻¹.
fn exact_without_fill<T: Scalar>(tolerance: f64) {
    let n = 50;
    let off = T::from_c64(Complex::new(-0.8, 0.5));
    let entries = (0..n).flat_map(|i| {
        let row = [
            (i, i, T::from_f64(2.5)),
            (i, i + 1, off),
            (i + 1, i, off.conj()),
        ];
        row.into_iter().filter(move |e| e.0 < n && e.1 < n)
    });
    let a = Csr::from_triplets(n, n, entries).unwrap();
    let x = random_vector::<T>(n, 1);
    let mut b = vec![T::ZERO; n];
    a.view().mul_vec(&x, &mut b).unwrap();
    let mut m = Ic0::new(&a, Ic0Config::default()).unwrap();
    for (x, z) in x.iter().zip(apply(&mut m, &b)) {
        assert!((*x - z).abs().to_f64() < tolerance, "{x} {z}");
    }
    assert_eq!(m.shift(), 0.0);
}

#[test]
fn is_cholesky_where_nothing_fills_in() {
    exact_without_fill::<f64>(1e-13);
    exact_without_fill::<f32>(1e-5);
    exact_without_fill::<Complex<f64>>(1e-13);
    exact_without_fill::<Complex<f32>>(1e-5);
}

/// M = L Lᴴ agrees with A on the pattern of A, which is what defines IC(0).
#[test]
fn reproduces_a_on_its_pattern() {
    let a = MagneticLaplacian::default()
        .generate::<Complex<f64>>()
        .unwrap()
        .matrix;
    let m = Ic0::new(&a, Ic0Config::default()).unwrap();
    let n = a.nrows();
    let l = |i: usize, j: usize| {
        if i == j {
            Complex::new(1.0, 0.0) / m.inverse[i]
        } else {
            m.lower.view().get(i, j)
        }
    };
    for (i, j, v) in a.view().triplets().filter(|t| t.1 <= t.0) {
        let product: Complex<f64> = (0..=j).map(|k| l(i, k) * l(j, k).conj()).sum();
        assert!((product - v).norm() < 1e-12, "({i}, {j}) of {n}");
    }
}

/// Kershaw's matrix is positive definite and its third pivot is negative.
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
    let mut m = Ic0::new(&a, Ic0Config::default()).unwrap();
    assert!(m.shift() > 0.0);
    assert!(
        apply(&mut m, &[1.0, 2.0, 3.0, 4.0])
            .iter()
            .all(|z| z.is_finite())
    );
    let none = Ic0Config {
        max_tries: 0,
        ..Ic0Config::default()
    };
    assert!(matches!(
        Ic0::new(&a, none),
        Err(PrecondError::Pivot { .. })
    ));
}

#[test]
fn wants_a_positive_diagonal() {
    let a = Csr::from_triplets(2, 2, [(0, 0, 1.0), (1, 0, 1.0), (0, 1, 1.0)]).unwrap();
    assert!(matches!(
        Ic0::new(&a, Ic0Config::default()),
        Err(PrecondError::Diagonal { row: 1, .. })
    ));
}

#[test]
fn cuts_the_iterations_of_cg_in_full_and_half_precision() {
    let p = Poisson {
        grid: Grid::new(40, 40, 1),
        ..Poisson::default()
    }
    .generate::<f64>()
    .unwrap();
    let n = p.matrix.nrows();
    let b = random_vector::<f64>(n, 3);
    let iterations = |m: &mut dyn Preconditioner<f64>| {
        let mut x = vec![0.0; n];
        let mut cg = Cg::new(n, CgConfig::default());
        let report = cg
            .solve(System::new(&p.matrix, &b, m), &mut x, &mut ())
            .unwrap();
        assert!(report.converged());
        report.iterations
    };
    let plain = iterations(&mut super::super::Identity);
    let full = iterations(&mut Ic0::new(&p.matrix, Ic0Config::default()).unwrap());
    let half = Ic0Config {
        low_precision: true,
        ..Ic0Config::default()
    };
    let half = iterations(&mut Ic0::new(&p.matrix, half).unwrap());
    assert!(full * 2 < plain, "{full} {plain}");
    assert!(half.abs_diff(full) <= 2, "{half} {full}");
}

#[test]
fn new_values_and_new_patterns_are_taken() {
    let p = Poisson {
        grid: Grid::new(20, 20, 1),
        ..Poisson::default()
    }
    .generate::<f64>()
    .unwrap()
    .matrix;
    let mut twice = p.clone();
    twice.values_mut().iter_mut().for_each(|v| *v *= 2.0);
    let r = random_vector::<f64>(p.nrows(), 4);
    let mut m = Ic0::new(&p, Ic0Config::default()).unwrap();
    let z = apply(&mut m, &r);
    m.update(&twice).unwrap();
    for (a, b) in z.iter().zip(apply(&mut m, &r)) {
        assert!((a - 2.0 * b).abs() < 1e-14);
    }
    m.update(&Csr::identity(p.nrows()).unwrap()).unwrap();
    assert_eq!(apply(&mut m, &r), r);
    assert!(m.update(&Csr::identity(3).unwrap()).is_err());
}
