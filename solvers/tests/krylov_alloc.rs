//! No method allocates in `solve`; SOR, and CG with SSOR, not after they have seen the matrix. This binary has one test and its own global allocator, which
//! counts.

mod counting;

use counting::{allocations, count_this_thread};
use resolvent_solvers::matrices::Csr;
use resolvent_solvers::precond::{Identity, Jacobi, Ssor, SsorConfig};
use resolvent_solvers::{
    Bicgstab, BicgstabConfig, Cg, CgConfig, Complex, EnergyConfig, EnergyEstimator, Fcg, FcgConfig,
    Fgmres, Gcrodr, GcrodrConfig, Gmres, GmresConfig, Minres, MinresConfig, Orthogonalization,
    Preconditioner, Rcg, RcgConfig, Scalar, Solver, Sor, SorConfig, Stopping, System,
};

/// A 1-D Laplacian, diagonally dominant, of a size that is split over threads.
fn matrix<T: Scalar>(n: usize) -> Csr<T> {
    let entries = (0..n).flat_map(|i| {
        let left = (i > 0).then(|| (i, i - 1, T::from_f64(-1.0)));
        let right = (i + 1 < n).then(|| (i, i + 1, T::from_f64(-1.0)));
        [Some((i, i, T::from_f64(2.5))), left, right]
    });
    Csr::from_triplets(n, n, entries.flatten()).unwrap()
}

fn solvers<T: Scalar>(n: usize) -> Vec<Box<dyn Solver<T>>> {
    let stopping = Stopping::default();
    let gmres = GmresConfig {
        stopping,
        restart: 10,
        ..Default::default()
    };
    let orthogonalization = Orthogonalization::Modified;
    vec![
        Box::new(Cg::new(
            n,
            CgConfig {
                stopping,
                flexible: false,
                ..Default::default()
            },
        )),
        Box::new(Cg::new(
            n,
            CgConfig {
                stopping,
                flexible: true,
                ..Default::default()
            },
        )),
        Box::new(Fcg::new(
            n,
            FcgConfig {
                stopping,
                true_residual: true,
                ..FcgConfig::dcdm()
            },
        )),
        Box::new(Minres::new(n, MinresConfig { stopping })),
        Box::new(Bicgstab::new(n, BicgstabConfig { stopping })),
        Box::new(Gmres::new(n, gmres)),
        Box::new(Gmres::new(
            n,
            GmresConfig {
                orthogonalization,
                ..gmres
            },
        )),
        Box::new(Fgmres::new(n, gmres)),
        Box::new(Gcrodr::new(
            n,
            GcrodrConfig {
                restart: 10,
                k: 4,
                automatic: false,
                ..Default::default()
            },
        )),
        Box::new(Gcrodr::new(
            n,
            GcrodrConfig {
                restart: 10,
                k: 4,
                lag: 2,
                automatic: false,
                ..Default::default()
            },
        )),
        Box::new(Rcg::new(
            n,
            RcgConfig {
                window: 5,
                k: 3,
                automatic: false,
                ..Default::default()
            },
        )),
    ]
}

fn allocates_nothing<T: Scalar>(n: usize) {
    let a = matrix::<T>(n);
    a.runs(); // of the pattern: found once, at the first product otherwise
    let b: Vec<T> = (0..n).map(|i| T::from_f64((i % 11) as f64 - 4.0)).collect();
    let mut m = Jacobi::new(&a).unwrap();
    for mut solver in solvers::<T>(n) {
        let mut x = vec![T::ZERO; n];
        let before = allocations();
        let report = solver
            .solve(System::new(&a, &b, &mut m), &mut x, &mut ())
            .unwrap();
        let count = allocations() - before;
        assert!(
            report.converged() && report.iterations > 10,
            "{}: {report:?}",
            solver.name()
        );
        assert_eq!(count, 0, "{} on {} allocated", solver.name(), T::NAME);
    }
}

/// Another matrix in each solve; where A repeats, `rcg` makes room for that once.
fn recycling_allocates_nothing<T: Scalar>(n: usize) {
    let mut a = matrix::<T>(n);
    a.runs();
    let mut m = Jacobi::new(&a).unwrap();
    for mut solver in solvers::<T>(n).into_iter().rev().take(3) {
        let mut seen = 0;
        for t in 0..8 {
            if t < 4 {
                let drift = T::from_f64(1.01);
                a.values_mut().iter_mut().for_each(|v| *v *= drift);
                a.runs();
                m.update(&a).unwrap();
            }
            let b: Vec<T> = (0..n)
                .map(|i| T::from_f64(((i * (t + 3)) % 11) as f64 - 4.0))
                .collect();
            let mut x = vec![T::ZERO; n];
            let before = allocations();
            let system = System::new(&a, &b, &mut m);
            let report = solver.solve(system, &mut x, &mut ()).unwrap();
            let count = allocations() - before;
            let room = if t == 4 && solver.name() == "rcg" {
                2
            } else {
                0
            };
            assert!(report.converged(), "{}: {report:?}", solver.name());
            assert!(count <= room, "{} on {}: {count}", solver.name(), T::NAME);
            seen += report.recycling.map_or(0, |r| r.dimension);
        }
        assert!(seen > 0, "{}", solver.name());
    }
}

/// From the second solve on, with another ω.
fn allocates_nothing_again<T: Scalar>(n: usize) {
    let a = matrix::<T>(n);
    let b: Vec<T> = (0..n).map(|i| T::from_f64((i % 11) as f64 - 4.0)).collect();
    let (mut sor, mut cg) = (
        Sor::new(
            n,
            SorConfig {
                adaptive: true,
                ..Default::default()
            },
        ),
        Cg::new(n, CgConfig::default()),
    );
    let (mut none, mut ssor) = (Identity, Ssor::new(&a, SsorConfig::default()).unwrap());
    let mut estimator = EnergyEstimator::new(EnergyConfig::default());
    for round in 0..3 {
        let mut x = vec![T::ZERO; n];
        let before = allocations();
        let omega = 1.0 + 0.05 * round as f64;
        sor.set_omega(omega);
        let system = System::new(&a, &b, &mut none);
        let first = sor.solve(system, &mut x, &mut ()).unwrap();
        x.fill(T::ZERO);
        ssor.update(&a).unwrap();
        ssor.set_omega(omega).unwrap();
        let system = System::new(&a, &b, &mut ssor);
        let second = cg.solve(system, &mut x, &mut estimator).unwrap();
        assert!(estimator.above().is_some() && estimator.below().is_some());
        let count = allocations() - before;
        assert!(first.converged() && second.converged() && first.iterations > 10);
        assert!(
            round == 0 || count == 0,
            "{} allocations on {}",
            count,
            T::NAME
        );
    }
}

#[test]
fn a_solve_allocates_nothing() {
    count_this_thread();
    allocates_nothing_again::<f64>(500);
    allocates_nothing_again::<Complex<f64>>(500);
    recycling_allocates_nothing::<f64>(500);
    recycling_allocates_nothing::<Complex<f64>>(500);
    allocates_nothing::<f64>(500);
    allocates_nothing::<Complex<f64>>(500);
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(2)
        .start_handler(|_| count_this_thread())
        .build()
        .unwrap();
    pool.install(|| rayon::join(|| (), || ())); // threads are awake and have their queues
    pool.install(|| {
        allocates_nothing::<f64>(70_000);
        allocates_nothing::<Complex<f64>>(70_000);
    });
}
