//! Two threads play two processes that each hold half of the unknowns: sums go through a barrier,
//! and the operator exchanges its halo. The methods are the same as on one process, and so is the
//! answer.

use resolvent_solvers::matrices::Csr;
use resolvent_solvers::precond::{Guarded, GuardedConfig, Jacobi};
use resolvent_solvers::{
    Bicgstab, BicgstabConfig, Cg, CgConfig, Fcg, FcgConfig, Fgmres, Gcrodr, GcrodrConfig, Gmres,
    GmresConfig, LinearOperator, Linearity, Minres, MinresConfig, Nullspace, PrecondError,
    Preconditioner, Rcg, RcgConfig, Reduce, SolveReport, Solver, System,
};
use std::sync::{Barrier, Mutex};

const N: usize = 120;

/// What two ranks say to each other.
struct Shared {
    barrier: Barrier,
    sums: Mutex<[Vec<f64>; 2]>,
    halo: Mutex<[f64; 2]>,
}

#[derive(Clone, Copy)]
struct Rank<'s> {
    rank: usize,
    shared: &'s Shared,
}

impl Reduce<f64> for Rank<'_> {
    fn all_sum(&self, partial: &mut [f64]) {
        self.shared.sums.lock().unwrap()[self.rank] = partial.to_vec();
        self.shared.barrier.wait();
        {
            let sums = self.shared.sums.lock().unwrap();
            for (i, p) in partial.iter_mut().enumerate() {
                *p = sums[0][i] + sums[1][i];
            }
        }
        self.shared.barrier.wait();
    }
}

/// The diagonal of row i of the tridiagonal test matrix; off it, −1.3 below and −0.7 above where
/// `skew`, else −1.
fn diagonal(i: usize) -> f64 {
    2.05 + 0.1 * (i % 3) as f64
}

fn links(skew: bool) -> (f64, f64) {
    if skew { (-1.3, -0.7) } else { (-1.0, -1.0) }
}

/// Half of the rows; one number of the other half is needed.
struct Half<'s> {
    rank: Rank<'s>,
    skew: bool,
}

impl LinearOperator<f64> for Half<'_> {
    fn nrows(&self) -> usize {
        N / 2
    }
    fn apply(&self, x: &[f64], y: &mut [f64]) {
        let (Rank { rank, shared }, n) = (self.rank, N / 2);
        shared.halo.lock().unwrap()[rank] = if rank == 0 { x[n - 1] } else { x[0] };
        shared.barrier.wait();
        let other = shared.halo.lock().unwrap()[1 - rank];
        shared.barrier.wait();
        let (below, above) = links(self.skew);
        for i in 0..n {
            let before = if i > 0 {
                x[i - 1]
            } else if rank == 1 {
                other
            } else {
                0.0
            };
            let after = if i + 1 < n {
                x[i + 1]
            } else if rank == 0 {
                other
            } else {
                0.0
            };
            y[i] = diagonal(rank * n + i) * x[i] + below * before + above * after;
        }
    }
}

/// Jacobi on half of the rows.
struct Scale(usize);

impl Preconditioner<f64> for Scale {
    fn name(&self) -> &'static str {
        "scale"
    }
    fn update(&mut self, _: &dyn LinearOperator<f64>) -> Result<(), PrecondError> {
        Ok(())
    }
    fn apply(&mut self, r: &[f64], z: &mut [f64]) -> Result<(), PrecondError> {
        for i in 0..r.len() {
            z[i] = r[i] / diagonal(self.0 + i);
        }
        Ok(())
    }
    fn linearity(&self) -> Linearity {
        Linearity::FixedHpd
    }
    fn bytes(&self) -> usize {
        0
    }
}

fn rhs(i: usize) -> f64 {
    ((i * 7) % 13) as f64 - 5.5
}

type Make = fn(usize) -> Box<dyn Solver<f64>>;

/// The preconditioner of the half that begins with this row.
type OfHalf = fn(usize) -> Box<dyn Preconditioner<f64>>;

fn on_one(make: Make, skew: bool) -> (SolveReport<f64>, Vec<f64>) {
    let (below, above) = links(skew);
    let entries = (0..N).flat_map(|i| {
        let left = (i > 0).then(|| (i, i - 1, below));
        let right = (i + 1 < N).then(|| (i, i + 1, above));
        [Some((i, i, diagonal(i))), left, right]
            .into_iter()
            .flatten()
    });
    let a = Csr::from_triplets(N, N, entries).unwrap();
    let b: Vec<f64> = (0..N).map(rhs).collect();
    let (mut m, mut x) = (Jacobi::new(&a).unwrap(), vec![0.0; N]);
    let report = make(N)
        .solve(System::new(&a, &b, &mut m), &mut x, &mut ())
        .unwrap();
    (report, x)
}

fn on_two(make: Make, skew: bool, precond: OfHalf) -> [(SolveReport<f64>, Vec<f64>); 2] {
    let shared = Shared {
        barrier: Barrier::new(2),
        sums: Mutex::default(),
        halo: Mutex::default(),
    };
    let half = |rank: usize| {
        let rank = Rank {
            rank,
            shared: &shared,
        };
        let first = rank.rank * N / 2;
        let a = Half { rank, skew };
        let b: Vec<f64> = (first..first + N / 2).map(rhs).collect();
        let mut x = vec![0.0; N / 2];
        let nullspace = Nullspace::none();
        let system = System {
            a: &a,
            b: &b,
            m: &mut *precond(first),
            nullspace: &nullspace,
            comm: &rank,
        };
        let report = make(N / 2).solve(system, &mut x, &mut ()).unwrap();
        (report, x)
    };
    std::thread::scope(|scope| {
        let other = scope.spawn(|| half(1));
        [half(0), other.join().unwrap()]
    })
}

#[test]
fn two_ranks_walk_the_path_of_one() {
    let cases: [(Make, bool); 7] = [
        (|n| Box::new(Cg::new(n, CgConfig::default())), false),
        (|n| Box::new(Minres::new(n, MinresConfig::default())), false),
        (|n| Box::new(Fcg::new(n, FcgConfig::default())), false),
        (
            |n| {
                Box::new(Gmres::new(
                    n,
                    GmresConfig {
                        restart: 30,
                        ..Default::default()
                    },
                ))
            },
            true,
        ),
        (|n| Box::new(Rcg::new(n, RcgConfig::default())), false),
        (
            |n| {
                Box::new(Gcrodr::new(
                    n,
                    GcrodrConfig {
                        restart: 20,
                        k: 6,
                        ..Default::default()
                    },
                ))
            },
            true,
        ),
        (
            |n| Box::new(Bicgstab::new(n, BicgstabConfig::default())),
            true,
        ),
    ];
    for (make, skew) in cases {
        let (one, x) = on_one(make, skew);
        let [(first, mut y), (second, rest)] = on_two(make, skew, |first| Box::new(Scale(first)));
        y.extend(rest);
        let name = make(1).name();
        assert!(
            one.converged() && first.converged() && second.converged(),
            "{name} {first:?}"
        );
        assert_eq!(first.iterations, second.iterations, "{name}");
        assert_eq!(first.residual_norm, second.residual_norm, "{name}");
        assert!(
            first.iterations.abs_diff(one.iterations) <= 2,
            "{name} {first:?} {one:?}"
        );
        let difference = x
            .iter()
            .zip(&y)
            .map(|(x, y)| (x - y).abs())
            .fold(0.0, f64::max);
        assert!(difference < 1e-6, "{name}: {difference}");
    }
}

/// Good for a few applications, and then, in the second half, no numbers any more.
struct Failing(Scale, usize);

impl Preconditioner<f64> for Failing {
    fn name(&self) -> &'static str {
        "failing"
    }
    fn update(&mut self, _: &dyn LinearOperator<f64>) -> Result<(), PrecondError> {
        Ok(())
    }
    fn apply(&mut self, r: &[f64], z: &mut [f64]) -> Result<(), PrecondError> {
        self.0.apply(r, z)?;
        self.1 += 1;
        if self.0.0 > 0 && self.1 > 4 {
            z[3] = f64::NAN;
        }
        Ok(())
    }
    fn linearity(&self) -> Linearity {
        Linearity::NearlyHpd
    }
    fn bytes(&self) -> usize {
        0
    }
}

#[test]
fn one_rank_falls_back_and_the_other_goes_along() {
    let cases: [(Make, bool); 7] = [
        (|n| Box::new(Cg::new(n, CgConfig::default())), false),
        (|n| Box::new(Fcg::new(n, FcgConfig::default())), false),
        (|n| Box::new(Rcg::new(n, RcgConfig::default())), false),
        (|n| Box::new(Gmres::new(n, GmresConfig::default())), true),
        (|n| Box::new(Fgmres::new(n, GmresConfig::default())), true),
        (|n| Box::new(Gcrodr::new(n, GcrodrConfig::default())), true),
        (
            |n| Box::new(Bicgstab::new(n, BicgstabConfig::default())),
            true,
        ),
    ];
    for (make, skew) in cases {
        let (_, x) = on_one(make, skew);
        let [(first, mut y), (second, rest)] = on_two(make, skew, |first| {
            let config = GuardedConfig {
                relative_cost: Some(1.0),
                ..GuardedConfig::default()
            };
            let failing = Box::new(Failing(Scale(first), 0));
            Box::new(Guarded::new(failing, Box::new(Scale(first)), config))
        });
        y.extend(rest);
        let name = make(1).name();
        assert!(first.converged() && second.converged(), "{name} {first:?}");
        assert!(second.fallback.is_some(), "{name}");
        let far = x.iter().zip(&y).map(|(x, y)| (x - y).abs());
        assert!(far.fold(0.0, f64::max) < 1e-6, "{name}");
    }
}
