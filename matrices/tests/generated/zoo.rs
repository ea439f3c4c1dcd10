//! What the generators promise, checked against eigenvalues and direct solves.

use crate::direct::{eigenvalues, solve};
use resolvent_matrices::generate::*;
use resolvent_matrices::{Complex, Definiteness, Evidence, Grid, Scalar};
use std::collections::HashSet;

fn promises_hold<T: Scalar<Faer = T, Real = f64> + faer::traits::ComplexField<Real = f64>>() {
    for p in zoo::<T>().unwrap() {
        let name = &p.name;
        let promised = p.properties;
        let e = Evidence::gather(p.matrix.view());
        assert!(e.finite && p.rhs.iter().all(|b| b.is_finite()), "{name}");
        assert!(
            p.matrix.nrows() <= 400 && p.rhs.len() == p.matrix.nrows(),
            "{name}"
        );
        assert_eq!(e.symmetric, promised.symmetric, "{name}");
        assert_eq!(e.hermitian, promised.hermitian, "{name}");
        assert_eq!(e.constant_nullspace, promised.constant_nullspace, "{name}");

        if promised.hermitian {
            let lambda = eigenvalues(&p.matrix);
            let (least, most) = (lambda[0], lambda[lambda.len() - 1]);
            let tiny = 1e-13 * least.abs().max(most);
            let spectrum = match () {
                _ if least > tiny => Spectrum::Positive,
                _ if least >= -tiny => Spectrum::Semidefinite,
                _ => Spectrum::Indefinite,
            };
            assert_eq!(
                promised.spectrum, spectrum,
                "{name}: from {least} to {most}"
            );
            let consistent = match e.definiteness {
                Definiteness::Positive(_) => least >= -tiny,
                Definiteness::Negative(_) => most <= tiny,
                Definiteness::Indefinite(_) => least < 0.0 && most > 0.0,
                _ => true,
            };
            assert!(consistent, "{name}: {:?}", e.definiteness);
        } else {
            assert_eq!(promised.spectrum, Spectrum::Unknown, "{name}");
        }

        let x = solve(&p.matrix, &p.rhs, promised.constant_nullspace);
        let mut r = vec![T::ZERO; x.len()];
        p.matrix.view().mul_vec(&x, &mut r).unwrap();
        let residual: f64 = r.iter().zip(&p.rhs).map(|(&r, &b)| (b - r).abs2()).sum();
        let rhs: f64 = p.rhs.iter().map(|b| b.abs2()).sum();
        // a Laplacian has a residual beside its right-hand side exactly if that has a mean
        let solved = residual.sqrt() <= 1e-9 * rhs.sqrt();
        assert_eq!(solved, promised.consistent, "{name}: {residual} of {rhs}");
        if let Some(exact) = &p.exact {
            let error: f64 = x.iter().zip(exact).map(|(&x, &e)| (x - e).abs2()).sum();
            let size: f64 = exact.iter().map(|x| x.abs2()).sum();
            assert!(
                error.sqrt() <= 1e-7 * size.sqrt(),
                "{name}: {error} of {size}"
            );
        }
        if let Some(grid) = p.grid.filter(|g| g.unknowns() != Some(1)) {
            assert_eq!(Grid::detect(p.matrix.view()), Some(grid), "{name}");
        }
    }
}

#[test]
fn every_promise_of_the_zoo_holds() {
    promises_hold::<f64>();
    promises_hold::<Complex<f64>>();
}

#[test]
fn single_precision_is_double_precision_rounded() {
    let doubles = zoo::<f64>().unwrap();
    let singles = zoo::<f32>().unwrap();
    assert_eq!(doubles.len(), singles.len());
    for (d, s) in doubles.iter().zip(&singles) {
        assert_eq!(d.name, s.name);
        assert_eq!(d.matrix.col_idx(), s.matrix.col_idx(), "{}", d.name);
        let rounded: Vec<f32> = d.matrix.values().iter().map(|&v| v as f32).collect();
        assert_eq!(rounded, s.matrix.values(), "{}", d.name);
        assert_eq!(d.properties, s.properties, "{}", d.name);
    }
    assert!(zoo::<Complex<f32>>().unwrap().len() > singles.len());
}

#[test]
fn names_are_unique() {
    let zoo = zoo::<Complex<f64>>().unwrap();
    let names: HashSet<_> = zoo.iter().map(|p| &p.name).collect();
    assert_eq!(names.len(), zoo.len());
}

#[test]
fn a_random_matrix_has_the_eigenvalues_asked_for() {
    let random = RandomHpd {
        n: 60,
        per_row: 10.0,
        condition: 1e4,
        seed: 3,
    };
    for lambda in [
        eigenvalues(&random.generate::<f64>().unwrap().matrix),
        eigenvalues(&random.generate::<Complex<f64>>().unwrap().matrix),
    ] {
        for (i, lambda) in lambda.iter().enumerate() {
            let expected = 1e4f64.powf(i as f64 / 59.0 - 1.0);
            assert!((lambda - expected).abs() < 1e-13, "{lambda} {expected}");
        }
    }
}

#[test]
fn a_magnetic_field_lifts_the_least_eigenvalue() {
    let least = |field| {
        let grid = Grid::new(12, 12, 1);
        let p = MagneticLaplacian { grid, field }
            .generate::<Complex<f64>>()
            .unwrap();
        eigenvalues(&p.matrix)[0]
    };
    // the diamagnetic inequality
    assert!(least(0.0) > 0.0 && least(20.0) > 1.01 * least(0.0));
}
