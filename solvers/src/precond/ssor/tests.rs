use super::*;
use crate::precond::testing::{apply, close, iterations, updates};
use crate::precond::{Identity, Jacobi};
use crate::testing::{convection, hpd};
use resolvent_matrices::generate::random_vector;
use resolvent_matrices::{Complex, Csr, Real};

/// M z by its definition.
fn times_m<T: Scalar>(a: &Csr<T>, omega: f64, z: &[T]) -> Vec<T> {
    let n = a.nrows();
    let w = T::from_f64(omega);
    let part = |z: &[T], keep: fn(usize, usize) -> bool| -> Vec<T> {
        (0..n)
            .map(|i| {
                let row = a.view().row_iter(i).filter(|&(j, _)| keep(i, j));
                a.view().get(i, i) * z[i] + row.map(|(j, v)| w * v * z[j]).sum::<T>()
            })
            .collect()
    };
    let mut y = part(z, |i, j| j > i); // (D + ωU) z
    for (i, y) in y.iter_mut().enumerate() {
        *y /= a.view().get(i, i);
    }
    let mut m = part(&y, |i, j| j < i);
    let scale = T::from_f64(1.0 / (omega * (2.0 - omega)));
    m.iter_mut().for_each(|m| *m *= scale);
    m
}

/// An unsymmetric pattern whose tril(A) has fewer levels than A + Aᵀ: a solve that took its order
/// from the triangles apart would give other iterates.
fn lopsided<T: Scalar>(n: usize) -> Csr<T> {
    let entries = (0..n).flat_map(|i| {
        let right = (i + 1 < n).then(|| (i, i + 1, T::from_f64(-0.7)));
        let far = (i >= 40).then(|| (i, i - 40, T::from_f64(-0.9)));
        let own = (i, i, T::from_c64(Complex::new(3.0, 0.5)));
        right.into_iter().chain(far).chain([own])
    });
    Csr::from_triplets(n, n, entries).unwrap()
}

fn is_what_it_is_defined_to_be<T: Scalar>() {
    let tolerance = 2e3 * T::Real::EPSILON.to_f64();
    for a in [hpd::<T>(12), convection::<T>(12, 0.8), lopsided::<T>(200)] {
        let r = random_vector::<T>(a.nrows(), 7);
        let mut m = Ssor::new(&a, SsorConfig::default()).unwrap();
        for omega in [0.3, 1.0, 1.7] {
            m.set_omega(omega).unwrap();
            assert_eq!(m.omega(), omega);
            let z = apply(&mut m, &r);
            close(&times_m(&a, omega, &z), &r, tolerance);
        }
    }
}

#[test]
fn is_m_in_every_scalar() {
    is_what_it_is_defined_to_be::<f64>();
    is_what_it_is_defined_to_be::<f32>();
    is_what_it_is_defined_to_be::<Complex<f64>>();
    is_what_it_is_defined_to_be::<Complex<f32>>();
}

#[test]
fn declares_itself_by_the_matrix() {
    let of = |a: &Csr<Complex<f64>>| Ssor::new(a, SsorConfig::default()).unwrap().linearity();
    assert_eq!(of(&hpd(6)), Linearity::FixedHpd);
    assert_eq!(of(&convection(6, 0.5)), Linearity::Fixed);
    assert_eq!(of(&lopsided(60)), Linearity::Fixed);
}

#[test]
fn a_good_omega_saves_iterations() {
    let a = hpd::<f64>(40);
    let with = |omega| {
        let config = SsorConfig {
            omega,
            ..SsorConfig::default()
        };
        iterations(&a, &mut Ssor::new(&a, config).unwrap())
    };
    let none = iterations(&a, &mut Identity);
    let jacobi = iterations(&a, &mut Jacobi::new(&a).unwrap());
    let (plain, good) = (with(1.0), with(1.5));
    assert!(
        good < plain && 2 * plain < none.max(jacobi),
        "{none} {jacobi} {plain} {good}"
    );
}

#[test]
fn new_values_and_new_patterns_are_taken() {
    let a = hpd::<f64>(20);
    let mut m = Ssor::new(&a, SsorConfig::default()).unwrap();
    updates(&mut m, &a, 2.0, 1e-13);
}

#[test]
fn what_cannot_be_used_is_refused() {
    let at = |d: [f64; 2]| {
        let t = [(0, 0, d[0]), (0, 1, 1.0), (1, 0, 1.0), (1, 1, d[1])];
        Ssor::new(&Csr::from_triplets(2, 2, t).unwrap(), SsorConfig::default())
    };
    assert!(matches!(
        at([1.0, 0.0]),
        Err(PrecondError::Diagonal { row: 1, .. })
    ));
    assert!(matches!(
        at([1.0, -2.0]),
        Err(PrecondError::Diagonal { row: 1, .. })
    ));
    assert!(at([-3.0, -2.0]).unwrap().linearity() == Linearity::Fixed);
    for omega in [0.0, 2.0, -1.0, f64::NAN] {
        let config = SsorConfig {
            omega,
            ..SsorConfig::default()
        };
        let refused = Ssor::new(&Csr::<f64>::identity(2).unwrap(), config);
        assert!(matches!(refused, Err(PrecondError::Config { .. })));
    }
}
