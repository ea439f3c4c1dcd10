//! What the tests of all methods share: small matrices, dense answers, preconditioners that
//! misbehave, and the contract that every solver is held to.

use crate::precond::{Identity, Jacobi, PrecondError};
use crate::{
    LinearOperator, Linearity, Preconditioner, SolveError, SolveReport, Solver, Step, StopReason,
    Stopping, System, Tagged, Tags, kernels,
};
use faer::linalg::solvers::Solve;
use resolvent_matrices::{Complex, Csr, Real, Scalar};
use std::ops::ControlFlow;
use std::time::Duration;

/// A solver under test, for n unknowns.
pub type Make<'f, T> =
    &'f dyn Fn(usize, Stopping<<T as Scalar>::Real>) -> Box<dyn Solver<T> + 'static>;

/// The 5-point stencil on nx × nx points: `diagonal(i)`, and `link(i, j)` to each neighbour.
pub fn stencil<T: Scalar>(
    nx: usize,
    diagonal: impl Fn(usize) -> T,
    link: impl Fn(usize, usize) -> T,
) -> Csr<T> {
    let n = nx * nx;
    let mut entries = Vec::new();
    for i in 0..n {
        entries.push((i, i, diagonal(i)));
        let (column, row) = (i % nx, i / nx);
        let neighbours = [
            (column > 0, i.wrapping_sub(1)),
            (column + 1 < nx, i + 1),
            (row > 0, i.wrapping_sub(nx)),
            (row + 1 < nx, i + nx),
        ];
        for (_, j) in neighbours.into_iter().filter(|(inside, _)| *inside) {
            entries.push((i, j, link(i, j)));
        }
    }
    Csr::from_triplets(n, n, entries).unwrap()
}

/// e^{iθ(j) − iθ(i)}: makes a symmetric stencil Hermitian and truly complex; 1 for a real type.
fn phase<T: Scalar>(i: usize, j: usize) -> T {
    let theta = |k: usize| 0.37 * (k * k % 17) as f64;
    if T::IS_COMPLEX {
        T::from_c64(Complex::from_polar(1.0, theta(j) - theta(i)))
    } else {
        T::ONE
    }
}

/// Hermitian positive definite: the Laplacian, with a varying diagonal.
pub fn hpd<T: Scalar>(nx: usize) -> Csr<T> {
    shifted(nx, 0.0)
}

/// The same minus σ on the diagonal: Hermitian, indefinite for σ inside (0, 8).
pub fn shifted<T: Scalar>(nx: usize, sigma: f64) -> Csr<T> {
    let diagonal = |i: usize| T::from_f64(4.0 + 0.1 * (i % 7) as f64 - sigma);
    stencil(nx, diagonal, |i, j| -phase::<T>(i, j))
}

/// Not Hermitian: convection–diffusion with cell Péclet number 2p, damped and complex where it can
/// be.
pub fn convection<T: Scalar>(nx: usize, p: f64) -> Csr<T> {
    let diagonal = |i: usize| T::from_c64(Complex::new(4.0 + 0.1 * (i % 5) as f64, 0.5));
    let link = |i: usize, j: usize| T::from_f64(if j < i { -1.0 - p } else { -1.0 + p });
    stencil(nx, diagonal, link)
}

/// The Laplacian with no boundary values: singular, null space the constants.
pub fn neumann<T: Scalar>(nx: usize) -> Csr<T> {
    let degree = |i: usize| {
        let (c, r) = (i % nx, i / nx);
        [c > 0, c + 1 < nx, r > 0, r + 1 < nx]
            .iter()
            .filter(|&&inside| inside)
            .count()
    };
    stencil(nx, |i| T::from_f64(degree(i) as f64), |_, _| -T::ONE)
}

/// n numbers in (−1, 1), the same every time.
pub fn vector<T: Scalar>(n: usize, seed: u64) -> Vec<T> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    };
    (0..n)
        .map(|_| T::from_c64(Complex::new(next(), next())))
        .collect()
}

/// The answer of a dense LU factorisation.
pub fn dense_solution<T: Scalar>(a: &Csr<T>, b: &[T]) -> Vec<T> {
    let n = a.nrows();
    let dense = faer::Mat::<T::Faer>::from_fn(n, n, |i, j| T::as_faer(&[a.view().get(i, j)])[0]);
    let rhs = faer::Mat::<T::Faer>::from_fn(n, 1, |i, _| T::as_faer(&b[i..=i])[0]);
    let x = dense.partial_piv_lu().solve(&rhs);
    (0..n).map(|i| T::from_faer(x[(i, 0)])).collect()
}

/// ‖x − y‖₂/‖y‖₂.
pub fn distance<T: Scalar>(x: &[T], y: &[T]) -> f64 {
    let difference: Vec<T> = x.iter().zip(y).map(|(&a, &b)| a - b).collect();
    let norm = |v: &[T]| kernels::reference::norm_squared(v).to_f64().sqrt();
    norm(&difference) / norm(y)
}

/// ‖b − Ax‖₂.
pub fn true_residual<T: Scalar>(a: &dyn LinearOperator<T>, b: &[T], x: &[T]) -> f64 {
    let mut r = vec![T::ZERO; b.len()];
    a.residual(b, x, &mut r);
    kernels::reference::norm_squared(&r).to_f64().sqrt()
}

/// A with its symmetry declared.
pub fn hermitian<T: Scalar>(a: Csr<T>) -> Tagged<Csr<T>> {
    let (hermitian, positive_definite) = (true, false);
    Tagged {
        operator: a,
        tags: Tags {
            hermitian,
            positive_definite,
        },
    }
}

/// A preconditioner made of a function of (number of the call, r, z).
pub struct Custom<F>(pub Linearity, pub F, pub usize);

impl<T: Scalar, F> Preconditioner<T> for Custom<F>
where
    F: FnMut(usize, &[T], &mut [T]) -> Result<(), PrecondError> + Send,
{
    fn name(&self) -> &'static str {
        "custom"
    }
    fn update(&mut self, _: &dyn LinearOperator<T>) -> Result<(), PrecondError> {
        Ok(())
    }
    fn apply(&mut self, r: &[T], z: &mut [T]) -> Result<(), PrecondError> {
        self.2 += 1;
        (self.1)(self.2, r, z)
    }
    fn linearity(&self) -> Linearity {
        self.0
    }
    fn bytes(&self) -> usize {
        0
    }
}

/// Solves without a preconditioner.
pub fn unpreconditioned<T: Scalar>(
    mut solver: impl Solver<T>,
    a: &dyn LinearOperator<T>,
    b: &[T],
    x: &mut [T],
) -> Result<SolveReport<T::Real>, SolveError> {
    solver.solve(System::new(a, b, &mut Identity), x, &mut ())
}

/// Records the residual norms a solve shows.
pub fn history<T: Scalar>(norms: &mut Vec<f64>) -> impl FnMut(&Step<'_, T>) -> ControlFlow<()> {
    |step| {
        norms.push(step.residual_norm.to_f64());
        ControlFlow::Continue(())
    }
}

/// Holds a solver to what is promised of all of them, on a nonsingular A it is meant for, of at
/// least 30 unknowns and enough iterations.
pub fn contract<T: Scalar>(a: &Csr<T>, needed: Linearity, make: Make<'_, T>) {
    let n = a.nrows();
    let b = vector::<T>(n, 1);
    let stopping = Stopping::<T::Real>::default();
    let a = &hermitian(a.clone()); // the tag matters with a null space only
    let mut m = Jacobi::new(&a.operator).unwrap();
    let exact = dense_solution(&a.operator, &b);
    let accuracy = stopping.rtol.to_f64() * 100.0;

    // it solves, and reports what is so
    let mut solver = make(n, stopping);
    let mut cold = vec![T::ZERO; n];
    let mut steps = Vec::new();
    let mut watch = |step: &Step<'_, T>| {
        steps.push(step.k);
        ControlFlow::Continue(())
    };
    let first = solver
        .solve(System::new(a, &b, &mut m), &mut cold, &mut watch)
        .unwrap();
    assert!(first.converged(), "{first:?}");
    assert!(
        distance(&cold, &exact) < accuracy,
        "{}",
        distance(&cold, &exact)
    );
    let recomputed = true_residual(a, &b, &cold);
    let reported = first.residual_norm.to_f64();
    assert!(
        (recomputed - reported).abs() <= 1e-3 * reported,
        "{recomputed} {reported}"
    );
    assert!(first.relative_residual() <= stopping.rtol && first.iterations > 4);
    steps.dedup();
    let all: Vec<usize> = (0..=first.iterations).collect();
    assert_eq!(steps, all, "the observer sees every iteration once");
    assert!(solver.workspace_bytes() >= 4 * n * size_of::<T>());

    // the same again, from the same workspace: the same bits
    let again = |solver: &mut dyn Solver<T>| {
        let (mut m, mut x) = (Jacobi::new(&a.operator).unwrap(), vec![T::ZERO; n]);
        let report = solver
            .solve(System::new(a, &b, &mut m), &mut x, &mut ())
            .unwrap();
        assert_eq!(report.iterations, first.iterations);
        assert!(x == cold, "a workspace used before changes nothing");
    };
    again(&mut *solver);

    // b = 0, whatever the guess; and nothing to solve at all
    let mut x = vector::<T>(n, 2);
    let zero = vec![T::ZERO; n];
    let report = solver
        .solve(System::new(a, &zero, &mut m), &mut x, &mut ())
        .unwrap();
    assert!(report.converged() && report.iterations == 0 && x == zero);
    assert_eq!(report.relative_residual(), T::Real::ZERO);
    let empty = Csr::<T>::from_triplets(0, 0, []).unwrap();
    let mut none = Jacobi::new(&empty).unwrap();
    let report = make(0, stopping).solve(System::new(&empty, &[], &mut none), &mut [], &mut ());
    assert!(report.unwrap().converged());

    // warm starts
    let mut x = exact.clone();
    let report = solver
        .solve(System::new(a, &b, &mut m), &mut x, &mut ())
        .unwrap();
    assert!(
        report.converged() && report.iterations == 0 && x == exact,
        "{report:?}"
    );
    let mut x: Vec<T> = exact.iter().map(|&e| e * T::from_f64(1.001)).collect();
    let report = solver
        .solve(System::new(a, &b, &mut m), &mut x, &mut ())
        .unwrap();
    assert!(report.converged() && report.iterations < first.iterations);

    // NaN from M, at once or later; from A; in b; M that fails: x stays finite, all is well after
    for at in [1, 4] {
        let mut nan = Custom(
            Linearity::FixedHpd,
            |call, r: &[T], z: &mut [T]| {
                z.copy_from_slice(r);
                if call >= at {
                    z[n / 2] = T::from_f64(f64::NAN);
                }
                Ok(())
            },
            0,
        );
        let mut x = vec![T::ZERO; n];
        let report = solver
            .solve(System::new(a, &b, &mut nan), &mut x, &mut ())
            .unwrap();
        assert_eq!(
            report.reason,
            StopReason::NonFinite,
            "call {at}: {report:?}"
        );
        assert!(x.iter().all(|x| x.is_finite()), "call {at}");
        again(&mut *solver);
    }
    let mut bad = a.operator.clone();
    bad.values_mut()[0] = T::from_f64(f64::NAN);
    let mut x = vec![T::ZERO; n];
    let report = solver
        .solve(System::new(&bad, &b, &mut m), &mut x, &mut ())
        .unwrap();
    assert_eq!(report.reason, StopReason::NonFinite);
    let mut bad = b.clone();
    bad[1] = T::from_f64(f64::INFINITY);
    let report = solver
        .solve(System::new(a, &bad, &mut m), &mut x, &mut ())
        .unwrap();
    assert_eq!(report.reason, StopReason::NonFinite);
    let failure = PrecondError::Failed {
        precond: "custom",
        problem: "on purpose".into(),
    };
    let mut failing = Custom(
        Linearity::FixedHpd,
        |call, r: &[T], z: &mut [T]| {
            z.copy_from_slice(r);
            if call >= 3 {
                Err(failure.clone())
            } else {
                Ok(())
            }
        },
        0,
    );
    let mut x = vec![T::ZERO; n];
    let error = solver
        .solve(System::new(a, &b, &mut failing), &mut x, &mut ())
        .unwrap_err();
    assert_eq!(error, SolveError::Precond(failure.clone()));
    again(&mut *solver);

    // being stopped
    let mut stop = |step: &Step<'_, T>| {
        if step.k == 2 {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    };
    let mut x = vec![T::ZERO; n];
    let report = solver
        .solve(System::new(a, &b, &mut m), &mut x, &mut stop)
        .unwrap();
    assert_eq!(
        (report.reason, report.iterations),
        (StopReason::Interrupted, 2)
    );
    assert!(true_residual(a, &b, &x) > 0.0 && x.iter().any(|&x| x != T::ZERO));
    again(&mut *solver);
    let ended = |stopping: Stopping<T::Real>| -> SolveReport<T::Real> {
        let (mut m, mut x) = (Jacobi::new(&a.operator).unwrap(), vec![T::ZERO; n]);
        let system = System::new(a, &b, &mut m);
        make(n, stopping).solve(system, &mut x, &mut ()).unwrap()
    };
    for max_iters in [0, 3] {
        let report = ended(Stopping {
            max_iters,
            ..stopping
        });
        assert_eq!(
            (report.reason, report.iterations),
            (StopReason::MaxIterations, max_iters)
        );
    }
    let max_time = Some(Duration::ZERO);
    assert_eq!(
        ended(Stopping {
            max_time,
            ..stopping
        })
        .reason,
        StopReason::TimeLimit
    );
    let dtol = T::Real::from_f64(1e-9);
    assert_eq!(
        ended(Stopping { dtol, ..stopping }).reason,
        StopReason::Diverged
    );
    let atol = first.rhs_norm * T::Real::from_f64(0.01);
    let loose = ended(Stopping { atol, ..stopping });
    assert!(loose.converged() && loose.iterations < first.iterations);

    // more than rounding allows is not claimed
    let rtol = T::Real::EPSILON * T::Real::from_f64(1e-3);
    let report = ended(Stopping {
        rtol,
        max_iters: 3000,
        ..stopping
    });
    let limit = T::Real::EPSILON.to_f64() * 1e3;
    assert!(!report.converged() && report.corrections <= 3, "{report:?}");
    assert!(report.relative_residual().to_f64() < limit, "{report:?}");
    if report.reason == StopReason::Stagnated {
        assert!(report.backward_error.unwrap().to_f64() < limit);
    }

    // misuse
    let short = &b[1..];
    let error = solver
        .solve(System::new(a, short, &mut m), &mut cold, &mut ())
        .unwrap_err();
    assert!(
        matches!(error, SolveError::Shape { what: "b", .. }),
        "{error}"
    );
    let error = solver
        .solve(System::new(a, &b, &mut m), &mut cold[1..], &mut ())
        .unwrap_err();
    assert!(
        matches!(error, SolveError::Shape { what: "x", .. }),
        "{error}"
    );
    let wide = Csr::<T>::from_triplets(n, n + 1, [(0, 0, T::ONE)]).unwrap();
    let error = solver
        .solve(System::new(&wide, &b, &mut m), &mut cold, &mut ())
        .unwrap_err();
    assert!(matches!(error, SolveError::NotSquare { .. }), "{error}");
    let system = System::new(a, &b, &mut m);
    let error = make(n + 1, stopping)
        .solve(system, &mut cold, &mut ())
        .unwrap_err();
    assert!(matches!(error, SolveError::Shape { .. }), "{error}");
    if needed < Linearity::Variable {
        let mut loose = Custom(Linearity::Variable, |_, _: &[T], _: &mut [T]| Ok(()), 0);
        let system = System::new(a, &b, &mut loose);
        let error = solver.solve(system, &mut cold, &mut ()).unwrap_err();
        assert!(matches!(error, SolveError::NeedsLinearity { needed: n, .. } if n == needed));
    }
}

/// The contract for all four scalars.
macro_rules! contract_for_all_scalars {
    ($matrix:expr, $needed:expr, $make:expr) => {
        #[test]
        fn keeps_the_contract_f32() {
            $crate::testing::contract::<f32>(&$matrix, $needed, &$make);
        }
        #[test]
        fn keeps_the_contract_f64() {
            $crate::testing::contract::<f64>(&$matrix, $needed, &$make);
        }
        #[test]
        fn keeps_the_contract_c32() {
            $crate::testing::contract::<resolvent_matrices::Complex<f32>>(
                &$matrix, $needed, &$make,
            );
        }
        #[test]
        fn keeps_the_contract_c64() {
            $crate::testing::contract::<resolvent_matrices::Complex<f64>>(
                &$matrix, $needed, &$make,
            );
        }
    };
}
pub(crate) use contract_for_all_scalars;
