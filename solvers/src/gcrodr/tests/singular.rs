//! Singular vectors instead of harmonic Ritz vectors.

use super::*;

contract_for_all_scalars!(convection(8, 0.6), Linearity::Variable, |n, stopping| {
    let config = GcrodrConfig {
        stopping,
        strategy: Strategy::Singular,
        ..reset(9, 3)
    };
    Box::new(Gcrodr::new(n, config))
});

/// Upper triangular with one very small singular value that no eigenvalue shows: all of them are 1.
fn far_from_normal<T: Scalar>(n: usize) -> Csr<T> {
    let diagonal = (0..n).map(|i| (i, i, T::ONE));
    let above = (0..n - 1).map(|i| (i, i + 1, T::from_f64(if i < 12 { -1.5 } else { -0.1 })));
    Csr::from_triplets(n, n, diagonal.chain(above)).unwrap()
}

/// ‖AU y‖/‖U y‖ at its least is σ_min(A), and U has its vector.
#[test]
fn the_least_singular_value_is_found() {
    fn one<T: Scalar>() {
        let n = 60;
        let a = far_from_normal::<T>(n);
        let config = GcrodrConfig {
            strategy: Strategy::Singular,
            stopping: Stopping {
                rtol: T::Real::from_f64(1e-13),
                max_iters: 200,
                ..Stopping::default()
            },
            ..always(30, 3)
        };
        let mut solver = Gcrodr::<T>::new(n, config);
        for t in 0..12 {
            let (mut none, mut x) = (Identity, vec![T::ZERO; n]);
            let b = vector::<T>(n, t + 2);
            let system = System::new(&a, &b, &mut none);
            solver.solve(system, &mut x, &mut ()).unwrap();
        }
        // σ_min by inverse iteration with (AᴴA)⁻¹
        let adjoint = {
            let entry = |i: usize, j: usize| a.view().get(j, i).conj();
            let entries = (0..n).flat_map(|i| (0..n).map(move |j| (i, j)));
            let entries = entries.map(|(i, j)| (i, j, entry(i, j)));
            Csr::from_triplets(n, n, entries.filter(|e| e.2 != T::ZERO)).unwrap()
        };
        let mut v = vector::<T>(n, 1);
        let mut sigma = 0.0;
        for _ in 0..30 {
            let w = dense_solution(&a, &dense_solution(&adjoint, &v));
            let size = kernels::norm_squared(&w).to_f64().sqrt();
            sigma = (1.0 / size).sqrt();
            v = w;
            kernels::scale(T::from_f64(1.0 / size), &mut v);
        }
        assert!(sigma < 1e-2, "{sigma}");
        // over the span of U, C being orthonormal, the least ‖Au‖/‖u‖ is 1/‖U‖: by the power method for UᴴU
        let (k, u) = (solver.cycle.k, &solver.cycle.z);
        let column = |j: usize| &u[j * n..(j + 1) * n];
        let mut y = vec![T::ONE; k];
        let mut least = 0.0;
        for _ in 0..200 {
            let mut uy = vec![T::ZERO; n];
            kernels::block_axpy(&u[..k * n], &y, &mut uy);
            y = (0..k).map(|j| kernels::dot(column(j), &uy)).collect(); // y ← UᴴU y
            let size = kernels::norm_squared(&y).to_f64().sqrt();
            least = (1.0 / size).sqrt();
            kernels::scale(T::from_f64(1.0 / size), &mut y);
        }
        // a Ritz value: never below, and near
        assert!(
            least < 1.25 * sigma && least > 0.999 * sigma,
            "{least} {sigma}"
        );
    }
    one::<f64>();
    one::<Complex<f64>>();
}

#[test]
fn another_preconditioner_makes_the_space_anew() {
    let mut solver = Gcrodr::<f64>::new(
        144,
        GcrodrConfig {
            strategy: Strategy::Singular,
            ..always(20, 8)
        },
    );
    for t in 0..4 {
        let a = convection::<f64>(12, 0.3 + 0.02 * t as f64);
        let mut m = Ilu0::new(&a, Ilu0Config::default()).unwrap();
        let (b, mut x) = (vector::<f64>(144, t + 3), vec![0.0; 144]);
        let report = solver.solve(System::new(&a, &b, &mut m), &mut x, &mut ());
        let report = report.unwrap();
        assert!(report.converged());
        let space = report.recycling.unwrap();
        // one more than iterations for each vector brought up to date
        assert_eq!(report.precond_applies, report.iterations + space.dimension);
        let (image, gram) = defects(&solver, &a);
        assert!(image < 1e-11 && gram < 1e-12);
    }
}
