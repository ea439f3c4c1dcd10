//! No preconditioner allocates in `apply`, nor, where the pattern of the matrix settles its own, in
//! `update`. This binary has one test and its own global allocator, which counts.

mod counting;

use counting::{allocations, count_this_thread};
use resolvent_solvers::matrices::Csr;
use resolvent_solvers::precond::{
    Chebyshev, ChebyshevConfig, Fsai, FsaiConfig, Gmg, GmgConfig, Ic0, Ic0Config, Ict, IctConfig,
    Identity, Ilu0, Ilu0Config, Ilut, IlutConfig, Jacobi, Ssor, SsorConfig,
};
use resolvent_solvers::{Complex, Preconditioner, Scalar};

fn count(work: impl FnOnce()) -> usize {
    let before = allocations();
    work();
    allocations() - before
}

/// A Laplacian with a second off-diagonal, diagonally dominant.
fn matrix<T: Scalar>(n: usize) -> Csr<T> {
    let entries = (0..n).flat_map(|i| {
        let near = [1, 20].into_iter().flat_map(move |d| {
            let left = (i >= d).then(|| (i, i - d, T::from_f64(-1.0)));
            let right = (i + d < n).then(|| (i, i + d, T::from_f64(-1.0)));
            left.into_iter().chain(right)
        });
        near.chain([(i, i, T::from_f64(4.5))])
    });
    Csr::from_triplets(n, n, entries).unwrap()
}

/// The same without couplings from one line of 20 to the next.
fn plane<T: Scalar>(n: usize) -> Csr<T> {
    let within = |i: usize, j: usize| i.abs_diff(j) != 1 || i / 20 == j / 20;
    matrix::<T>(n).view().filter(within)
}

/// A Laplacian on layers of 5 lines of 20.
fn solid<T: Scalar>(n: usize) -> Csr<T> {
    let entries = (0..n).flat_map(|i| {
        let near = [(1, i % 20), (20, i / 20 % 5), (100, i / 100)];
        let down = near.into_iter().filter(|&(_, place)| place > 0);
        let down: Vec<_> = down.map(|(d, _)| i - d).collect();
        down.into_iter()
            .flat_map(move |j| [(i, j, T::from_f64(-1.0)), (j, i, T::from_f64(-1.0))])
            .chain([(i, i, T::from_f64(6.5))])
    });
    Csr::from_triplets(n, n, entries.collect::<Vec<_>>()).unwrap()
}

/// Each, and whether its update keeps everything it has.
fn all<T: Scalar>(a: &Csr<T>) -> Made<T> {
    let half = Ic0Config {
        low_precision: true,
        ..Ic0Config::default()
    };
    vec![
        (Box::new(Identity), true),
        (Box::new(Jacobi::new(a).unwrap()), true),
        (Box::new(Ic0::new(a, Ic0Config::default()).unwrap()), true),
        (Box::new(Ic0::new(a, half).unwrap()), true),
        (Box::new(Ilu0::new(a, Ilu0Config::default()).unwrap()), true),
        (Box::new(Ssor::new(a, SsorConfig::default()).unwrap()), true),
        (Box::new(Fsai::new(a, FsaiConfig::default()).unwrap()), true),
        (
            Box::new(Fsai::new(a, FsaiConfig { power: 2 }).unwrap()),
            true,
        ),
        (
            Box::new(Chebyshev::new(a, ChebyshevConfig::default()).unwrap()),
            true,
        ),
        (
            Box::new(Ilut::new(a, IlutConfig::default()).unwrap()),
            false,
        ),
        (Box::new(Ict::new(a, IctConfig::default()).unwrap()), false),
    ]
}

fn allocates_nothing<T: Scalar>(n: usize) {
    count_all(&matrix::<T>(n), all);
    if !T::IS_COMPLEX {
        let gmg = |a: &Csr<T>| -> Made<T> {
            let without = GmgConfig {
                islands: false,
                ..GmgConfig::default()
            };
            vec![
                (Box::new(Gmg::new(a, without).unwrap()), true),
                // which islands there are depends on the numbers
                (Box::new(Gmg::new(a, GmgConfig::default()).unwrap()), false),
            ]
        };
        count_all(&plane::<T>(n), gmg);
        count_all(&solid::<T>(n), gmg);
    }
}

type Made<T> = Vec<(Box<dyn Preconditioner<T>>, bool)>;

fn count_all<T: Scalar>(a: &Csr<T>, all: impl Fn(&Csr<T>) -> Made<T>) {
    let n = a.nrows();
    let r: Vec<T> = (0..n).map(|i| T::from_f64((i % 11) as f64 - 4.0)).collect();
    let mut z = vec![T::ZERO; n];
    for (mut m, update) in all(a) {
        let apply = count(|| m.apply(&r, &mut z).unwrap());
        assert_eq!(apply, 0, "apply of {} on {}", m.name(), T::NAME);
        let dot = count(|| assert!(m.apply_dot(&r, &mut z).unwrap().is_finite()));
        assert_eq!(dot, 0, "apply_dot of {} on {}", m.name(), T::NAME);
        let renewal = count(|| m.update(a).unwrap());
        assert_eq!(
            renewal == 0,
            update,
            "update of {} on {}: {renewal}",
            m.name(),
            T::NAME
        );
        let again = count(|| m.apply(&r, &mut z).unwrap());
        assert_eq!(again, 0, "apply of {} after update", m.name());
    }
}

#[test]
fn an_application_allocates_nothing() {
    count_this_thread();
    allocates_nothing::<f64>(500);
    allocates_nothing::<f32>(500);
    allocates_nothing::<Complex<f64>>(500);
    allocates_nothing::<Complex<f32>>(500);
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(2)
        .start_handler(|_| count_this_thread())
        .build()
        .unwrap();
    pool.install(|| rayon::join(|| (), || ())); // threads are awake and have their queues
    pool.install(|| allocates_nothing::<f64>(70_000));
}
