//! What the tests of preconditioners share.

use super::Preconditioner;
use crate::{Gmres, GmresConfig, Solver, System};
use resolvent_matrices::generate::random_vector;
use resolvent_matrices::{Complex, Csr, Scalar};

/// M⁻¹ r.
pub fn apply<T: Scalar>(m: &mut dyn Preconditioner<T>, r: &[T]) -> Vec<T> {
    let mut z = vec![T::from_f64(f64::NAN); r.len()];
    m.apply(r, &mut z).unwrap();
    z
}

/// Every difference is below `tolerance`.
pub fn close<T: Scalar>(x: &[T], y: &[T], tolerance: f64) {
    assert_eq!(x.len(), y.len());
    for (i, (&x, &y)) in x.iter().zip(y).enumerate() {
        use resolvent_matrices::Real;
        assert!((x - y).abs().to_f64() < tolerance, "{i}: {x} {y}");
    }
}

/// 2.5 on the diagonal, the given numbers below and above it.
pub fn tridiagonal<T: Scalar>(n: usize, below: Complex<f64>, above: Complex<f64>) -> Csr<T> {
    let entries = (0..n).flat_map(|i| {
        let row = [
            (i, i, T::from_f64(2.5)),
            (i, i + 1, T::from_c64(above)),
            (i + 1, i, T::from_c64(below)),
        ];
        row.into_iter().filter(move |e| e.0 < n && e.1 < n)
    });
    Csr::from_triplets(n, n, entries).unwrap()
}

/// Iterations of GMRES for a random right-hand side.
pub fn iterations<T: Scalar>(a: &Csr<T>, m: &mut dyn Preconditioner<T>) -> usize {
    let n = a.nrows();
    let b = random_vector::<T>(n, 3);
    let mut x = vec![T::ZERO; n];
    let config = GmresConfig {
        restart: 60,
        ..GmresConfig::default()
    };
    let report = Gmres::new(n, config)
        .solve(System::new(a, &b, m), &mut x, &mut ())
        .unwrap();
    assert!(report.converged(), "{}: {report:?}", m.name());
    report.iterations
}

/// `m` was made for `a`: takes `factor`·A, the identity, A again, and refuses another size.
pub fn updates<T: Scalar>(m: &mut dyn Preconditioner<T>, a: &Csr<T>, factor: f64, tolerance: f64) {
    let n = a.nrows();
    let r = random_vector::<T>(n, 4);
    let z = apply(m, &r);
    let mut scaled = a.clone();
    let factor = T::from_f64(factor);
    scaled.values_mut().iter_mut().for_each(|v| *v *= factor);
    m.update(&scaled).unwrap();
    let mut again = apply(m, &r);
    again.iter_mut().for_each(|v| *v *= factor);
    close(&again, &z, tolerance);
    m.update(&Csr::identity(n).unwrap()).unwrap();
    close(&apply(m, &r), &r, tolerance);
    m.update(a).unwrap();
    assert_eq!(apply(m, &r), z);
    assert!(m.update(&Csr::identity(3).unwrap()).is_err());
}
