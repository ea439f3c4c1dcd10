use super::*;
use crate::precond::testing::{apply, close, iterations};
use crate::precond::{Jacobi, JacobiConfig};
use resolvent_matrices::Complex;
use resolvent_matrices::generate::{Poisson, random_vector, zoo};

#[test]
fn the_largest_eigenvalue_of_a_second_difference() {
    let n = 30;
    let exact = 2.0 + 2.0 * (std::f64::consts::PI / (n as f64 + 1.0)).cos();
    let got = largest_eigenvalue(&vec![2.0; n], &vec![1.0; n]).unwrap();
    assert!((got - exact).abs() < 1e-8, "{got} {exact}");
    assert_eq!(largest_eigenvalue(&[], &[]), None);
}

/// On a diagonal matrix q(1)·(1/aᵢᵢ) is all there is, and 1 − q(1) the value of the Chebyshev
/// polynomial of degree + 1 at the end of the interval, over its value at 0.
fn value_of_the_polynomial<T: Scalar>(tolerance: f64) {
    let n = 12;
    let entries = (0..n).map(|i| (i, i, T::from_f64(1.0 + i as f64)));
    let a = Csr::from_triplets(n, n, entries).unwrap();
    let config = ChebyshevConfig {
        degree: 2,
        ratio: 3.0,
        lanczos_steps: 0,
    };
    let mut m = Chebyshev::new(&a, config).unwrap();
    assert_eq!(m.lambda_max(), 1.0);
    // interval [1/3, 1], so 0 is seen from it at 2: T₃(2) = 4·8 − 3·2 = 26
    let q = 1.0 + 1.0 / 26.0; // 1 − T₃(−1)/T₃(2)
    let r = random_vector::<T>(n, 1);
    let expected: Vec<T> = r
        .iter()
        .enumerate()
        .map(|(i, &r)| r * T::from_f64(q / (1.0 + i as f64)))
        .collect();
    close(&apply(&mut m, &r), &expected, tolerance);
}

#[test]
fn is_the_chebyshev_polynomial() {
    value_of_the_polynomial::<f64>(1e-14);
    value_of_the_polynomial::<f32>(1e-5);
    value_of_the_polynomial::<Complex<f64>>(1e-14);
    value_of_the_polynomial::<Complex<f32>>(1e-5);
}

/// The bound is one: λmax·x − D⁻¹A x has a nonnegative spectrum, here by a long power iteration.
#[test]
fn bounds_the_spectrum() {
    for p in zoo::<Complex<f64>>().unwrap() {
        if p.properties.spectrum != resolvent_matrices::generate::Spectrum::Positive {
            continue;
        }
        let mut m = Chebyshev::new(&p.matrix, ChebyshevConfig::default()).unwrap();
        let n = p.matrix.nrows();
        let (mut v, mut w) = (random_vector::<Complex<f64>>(n, 9), vec![T0; n]);
        let mut lambda = 0.0;
        for _ in 0..300 {
            m.s.view().mul_vec(&v, &mut w).unwrap();
            lambda = kernels::norm_squared(&w).sqrt() / kernels::norm_squared(&v).sqrt();
            kernels::scale(Complex::new(1.0 / lambda, 0.0), &mut w);
            std::mem::swap(&mut v, &mut w);
        }
        let bound = m.lambda_max();
        let close = bound >= lambda * (1.0 - 1e-12) && bound < 1.5 * lambda;
        assert!(close, "{}: {bound} {lambda}", p.name);
        assert!(apply(&mut m, &p.rhs).iter().all(|z| z.is_finite()));
    }
}
const T0: Complex<f64> = Complex::new(0.0, 0.0);

#[test]
fn higher_degrees_take_fewer_iterations() {
    let a = Poisson::default().generate::<f64>().unwrap().matrix;
    let jacobi = iterations(
        &a,
        &mut Jacobi::with_config(&a, JacobiConfig::default()).unwrap(),
    );
    let [two, six] = [2, 6].map(|degree| {
        let config = ChebyshevConfig {
            degree,
            ..ChebyshevConfig::default()
        };
        iterations(&a, &mut Chebyshev::new(&a, config).unwrap())
    });
    assert!(six < two && two < jacobi, "{six} {two} {jacobi}");
}

#[test]
fn new_values_and_new_patterns_are_taken() {
    let a = Poisson::default().generate::<f64>().unwrap().matrix;
    let mut m = Chebyshev::new(&a, ChebyshevConfig::default()).unwrap();
    let z = apply(&mut m, &vec![1.0; a.nrows()]);
    let mut scaled = a.clone();
    scaled.values_mut().iter_mut().for_each(|v| *v *= 4.0);
    m.update(&scaled).unwrap();
    let quarter: Vec<f64> = z.iter().map(|z| z / 4.0).collect();
    close(&apply(&mut m, &vec![1.0; a.nrows()]), &quarter, 1e-13);
    m.update(&Csr::identity(a.nrows()).unwrap()).unwrap();
    assert_eq!(m.lambda_max(), 1.0);
    m.update(&a).unwrap();
    assert_eq!(apply(&mut m, &vec![1.0; a.nrows()]), z);
    assert!(m.update(&Csr::identity(3).unwrap()).is_err());
}

#[test]
fn what_cannot_be_used_is_refused() {
    let a = Csr::from_triplets(2, 2, [(0, 0, 1.0), (1, 1, -1.0)]).unwrap();
    assert!(matches!(
        Chebyshev::new(&a, ChebyshevConfig::default()),
        Err(PrecondError::Diagonal { row: 1, .. })
    ));
    let bad = ChebyshevConfig {
        ratio: 1.0,
        ..ChebyshevConfig::default()
    };
    assert!(matches!(
        Chebyshev::new(&a, bad),
        Err(PrecondError::Config { .. })
    ));
}
