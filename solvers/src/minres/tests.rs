use super::*;
use crate::precond::Jacobi;
use crate::testing::*;
use crate::{Gmres, GmresConfig, Nullspace};
use resolvent_matrices::{Complex, Csr};

contract_for_all_scalars!(shifted(6, 1.3), Linearity::FixedHpd, |n, stopping| {
    Box::new(Minres::new(n, MinresConfig { stopping }))
});

fn plain<T: Scalar>(a: &Csr<T>, b: &[T], x: &mut [T]) -> SolveReport<T::Real> {
    let solver = Minres::new(b.len(), MinresConfig::default());
    unpreconditioned(solver, a, b, x).unwrap()
}

fn walks_with_gmres<T: Scalar>() {
    let a = shifted::<T>(7, 1.7); // indefinite
    let (n, b) = (49, vector::<T>(49, 3));
    let (mut short, mut long) = (Vec::new(), Vec::new());
    let (mut x, mut m) = (vec![T::ZERO; n], crate::precond::Identity);
    let mut minres = Minres::new(n, MinresConfig::default());
    let report = minres.solve(
        System::new(&a, &b, &mut m),
        &mut x,
        &mut history(&mut short),
    );
    assert!(report.unwrap().converged());
    assert!(distance(&x, &dense_solution(&a, &b)) < 1e4 * T::Real::EPSILON.to_f64().sqrt());
    let mut x = vec![T::ZERO; n];
    let mut gmres = Gmres::new(n, GmresConfig::default());
    let system = System::new(&a, &b, &mut m);
    gmres
        .solve(system, &mut x, &mut history(&mut long))
        .unwrap();
    let noise = 1e3 * T::Real::EPSILON.to_f64() * short[0];
    assert!(short.windows(2).all(|w| w[1] <= w[0] + noise), "{short:?}");
    for (s, l) in short.iter().zip(&long).take(15) {
        assert!(
            (s - l).abs() <= 1e3 * T::Real::EPSILON.to_f64() * short[0],
            "{s} {l}"
        );
    }
}

#[test]
fn without_preconditioner_it_is_gmres() {
    walks_with_gmres::<f32>();
    walks_with_gmres::<f64>();
    walks_with_gmres::<Complex<f32>>();
    walks_with_gmres::<Complex<f64>>();
}

#[test]
fn the_carried_residual_is_the_true_one() {
    let a = shifted::<Complex<f64>>(8, 1.3);
    let b = vector(64, 3);
    let inverse: Vec<_> = (0..64)
        .map(|i| Complex::from(1.0 + (i % 5) as f64))
        .collect();
    let mut m = Custom(
        Linearity::FixedHpd,
        |_, r: &[_], z: &mut [_]| {
            kernels::multiply(&inverse, r, z);
            Ok(())
        },
        0,
    );
    let mut seen = 0;
    let mut watch = |step: &crate::Step<'_, Complex<f64>>| {
        let truth = true_residual(&a, &b, step.x.unwrap());
        assert!(
            (truth - step.residual_norm).abs() < 1e-9 * 64.0,
            "{truth} {step:?}"
        );
        seen += 1;
        std::ops::ControlFlow::Continue(())
    };
    let mut x = vec![Complex::ZERO; 64];
    let mut minres = Minres::new(64, MinresConfig::default());
    let report = minres
        .solve(System::new(&a, &b, &mut m), &mut x, &mut watch)
        .unwrap();
    assert!(report.converged() && seen > 10, "{report:?}");
}

#[test]
fn ends_after_as_many_steps_as_there_are_eigenvalues() {
    let a = Csr::from_triplets(30, 30, (0..30).map(|i| (i, i, [1.0, -2.0, 5.0][i % 3]))).unwrap();
    let (b, mut x) = (vector::<f64>(30, 4), vec![0.0; 30]);
    let report = plain(&a, &b, &mut x);
    assert!(report.converged() && report.iterations == 3, "{report:?}");
}

fn singular<T: Scalar>() {
    let a = neumann::<T>(9);
    let mut b = vector::<T>(81, 5);
    let mean = b.iter().copied().sum::<T>() / T::from_f64(81.0);
    // nothing declared: the least-squares solution, and the truth about it
    let mut x = vec![T::ZERO; 81];
    let report = plain(&a, &b, &mut x);
    assert_eq!(report.reason, StopReason::Inconsistent, "{report:?}");
    let least = mean.abs().to_f64() * 9.0;
    let close = T::Real::EPSILON.to_f64().sqrt();
    assert!(
        (report.residual_norm.to_f64() - least).abs() < close,
        "{report:?} {least}"
    );
    // with a preconditioner, another norm is least, and it ends too
    let mut m = Custom(
        Linearity::FixedHpd,
        |_, r: &[T], z: &mut [T]| {
            for (i, z) in z.iter_mut().enumerate() {
                *z = r[i] * T::from_f64(1.0 + (i % 3) as f64);
            }
            Ok(())
        },
        0,
    );
    let mut minres = Minres::new(81, MinresConfig::default());
    let mut x = vec![T::ZERO; 81];
    let report = minres
        .solve(System::new(&a, &b, &mut m), &mut x, &mut ())
        .unwrap();
    assert_eq!(report.reason, StopReason::Inconsistent, "{report:?}");
    // a b in the range
    Nullspace::constant().project(&crate::Local, &mut b);
    let mut x = vec![T::ZERO; 81];
    assert!(plain(&a, &b, &mut x).converged());
    // declared
    let (a, nullspace, mut x) = (hermitian(a), Nullspace::constant(), vec![T::ZERO; 81]);
    let mut m = Jacobi::new(&a).unwrap();
    let system = System::new(&a, &b, &mut m).with_nullspace(&nullspace);
    let report = minres.solve(system, &mut x, &mut ()).unwrap();
    assert!(report.converged(), "{report:?}");
    assert!(x.iter().copied().sum::<T>().abs().to_f64() < 81.0 * close);
}

#[test]
fn singular_systems() {
    singular::<f64>();
    singular::<f32>();
    singular::<Complex<f32>>();
    singular::<Complex<f64>>();
}

#[test]
fn a_zero_matrix_and_an_indefinite_preconditioner() {
    let a = Csr::from_triplets(3, 3, [(0, 0, 0.0f64)]).unwrap();
    let report = plain(&a, &[1.0, 2.0, 2.0], &mut [0.0; 3]);
    assert_eq!(report.reason, StopReason::Inconsistent, "{report:?}");
    assert_eq!(report.residual_norm, 3.0);

    let a = hpd::<f64>(6);
    let b = vector::<f64>(36, 2);
    let mut m = Custom(
        Linearity::FixedHpd,
        |_, r: &[f64], z: &mut [f64]| {
            for (i, z) in z.iter_mut().enumerate() {
                *z = if i < 20 { -r[i] } else { r[i] };
            }
            Ok(())
        },
        0,
    );
    let mut minres = Minres::new(36, MinresConfig::default());
    let mut x = vec![0.0; 36];
    let report = minres
        .solve(System::new(&a, &b, &mut m), &mut x, &mut ())
        .unwrap();
    assert_eq!(report.reason, StopReason::IndefinitePreconditioner);
}
