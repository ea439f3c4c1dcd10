//! GMRES(m): the generalised minimal residual method, restarted, for any nonsingular A.
//!
//! Over x₀ + M⁻¹ K_k(AM⁻¹, r₀), minimises ‖b − Ax‖₂ itself (right preconditioning):
//!   w = A M⁻¹ v_k    orthogonalise w against V    min ‖β e₁ − H̄ y‖ by Givens rotations
//! and only after m steps, or when the tolerance is met, x ← x + M⁻¹ V y, r = b − Ax, and again.
//!
//! | per iteration | 1 A, 1 M⁻¹, 2 reductions (k + 1 with modified Gram–Schmidt), 4k vectors read |
//! | per cycle | 1 A, 1 M⁻¹ more | memory | n(m + 2) + m²/2 scalars |
//!
//! It differs from the textbook in that every cycle begins with the recomputed residual, so that
//! what is claimed is always true of x; in that the Gram–Schmidt process is classical and done
//! twice (one block product instead of k dependent inner products); and in that it gives up when
//! several full cycles in a row have not reduced the residual.
//!
//! The default m = 50 costs 400 bytes per unknown in double precision. Work per step grows with
//! the position k in the cycle: on average 2m vectors read for orthogonality, which for a five-
//! to seven-point matrix (about 10 vectors' worth of bytes) is most of the time, so much larger m
//! pays only where restarting hurts; smaller m stalls sooner.
//!
//! - Y. Saad, M. H. Schultz, GMRES, SIAM J. Sci. Stat. Comput. 7(3):856–869, 1986,
//!   doi:10.1137/0907058.

use crate::arnoldi::{Arnoldi, Growth, Orthogonalization};
use crate::precond::Distrust;
use crate::run::{Run, Verdict};
use crate::{
    Linearity, Observer, SolveError, SolveReport, Solver, StopReason, Stopping, System, kernels,
};
use resolvent_matrices::{Real, Scalar};

/// Configuration of [`Gmres`] and [`Fgmres`](crate::Fgmres).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GmresConfig<R> {
    /// When to stop. `max_iters` counts the steps inside all cycles.
    pub stopping: Stopping<R>,
    /// m: steps between restarts, at least 1; more than n is as good as n.
    pub restart: usize,
    /// How the basis is orthogonalised.
    pub orthogonalization: Orthogonalization,
    /// Full cycles in a row, each reducing the residual by less than a thousandth, after which the
    /// solve ends [`StopReason::Stagnated`]; at least 1.
    pub stagnation_cycles: usize,
}

impl<R: Real> Default for GmresConfig<R> {
    fn default() -> Self {
        Self {
            stopping: Stopping::default(),
            restart: 50,
            orthogonalization: Orthogonalization::default(),
            stagnation_cycles: 5,
        }
    }
}

impl<R: Real> GmresConfig<R> {
    /// The vectors a cycle on n unknowns can use.
    pub(crate) fn length(&self, n: usize) -> usize {
        self.restart.min(n).max(1)
    }

    pub(crate) fn check(&self, solver: &'static str) -> Result<(), SolveError> {
        let named = [
            ("restart", self.restart),
            ("stagnation_cycles", self.stagnation_cycles),
        ];
        for (name, value) in named {
            if value == 0 {
                let problem = format!("{name} is 0, at least 1 is needed");
                return Err(SolveError::Config { solver, problem });
            }
        }
        Ok(())
    }
}

/// GMRES(m), with the basis it uses again from solve to solve.
#[derive(Debug, Clone)]
pub struct Gmres<T: Scalar> {
    config: GmresConfig<T::Real>,
    arnoldi: Arnoldi<T>,
    z: Vec<T>,
}

impl<T: Scalar> Gmres<T> {
    /// Allocates the m + 2 vectors of a solve of size `n`.
    pub fn new(n: usize, config: GmresConfig<T::Real>) -> Self {
        Self {
            config,
            arnoldi: Arnoldi::new(n, config.length(n), config.orthogonalization),
            z: vec![T::ZERO; n],
        }
    }
}

impl<T: Scalar> Solver<T> for Gmres<T> {
    fn name(&self) -> &'static str {
        "gmres"
    }

    fn solve(
        &mut self,
        system: System<'_, T>,
        x: &mut [T],
        observer: &mut dyn Observer<T>,
    ) -> Result<SolveReport<T::Real>, SolveError> {
        let Self { config, arnoldi, z } = self;
        config.check("gmres")?;
        let n = z.len();
        let run = Run::start(
            "gmres",
            Linearity::Fixed,
            n,
            config.stopping,
            system,
            x,
            observer,
        )?;
        restarted(run, arnoldi, Directions::Image(z), config, x)
    }

    fn workspace_bytes(&self) -> usize {
        self.arnoldi.bytes() + size_of_val(self.z.as_slice())
    }
}

/// Where the preconditioned vectors z_k = M⁻¹v_k go.
pub(crate) enum Directions<'w, T> {
    /// One place, overwritten: M is fixed, and x moves by M⁻¹(V y).
    Image(&'w mut [T]),
    /// n × m, all kept: M may vary, and x moves by Z y.
    All(&'w mut [T]),
}

/// The cycles of GMRES and FGMRES.
pub(crate) fn restarted<T: Scalar>(
    mut run: Run<'_, '_, T>,
    arnoldi: &mut Arnoldi<T>,
    mut directions: Directions<'_, T>,
    config: &GmresConfig<T::Real>,
    x: &mut [T],
) -> Result<SolveReport<T::Real>, SolveError> {
    let n = x.len();
    let meaningful = T::Real::from_f64(0.999);
    let mut best = T::Real::INFINITY; // residual norm when it last fell by a meaningful factor
    let mut stalled = 0;
    let mut claimed = false; // the recurrence has met the tolerance
    let mut broken = None; // why no further cycle can be made
    let (reason, rnorm) = loop {
        let rnorm = run.residual(x, arnoldi.first()); // r = b − Ax
        if let Some(reason) = run.limits(rnorm, Some(x), Some(arnoldi.first()))
            && !run.mended(reason, rnorm)
        {
            break (reason, rnorm);
        }
        if (claimed || run.met(rnorm))
            && let Verdict::Stop(reason) = run.judge(rnorm)
        {
            break (reason, rnorm);
        }
        if let Some(reason) = broken {
            break (reason, rnorm);
        }
        if rnorm > meaningful * best {
            stalled += 1;
            if stalled == config.stagnation_cycles {
                if !run.fall_back(Distrust::NoProgress) {
                    break (StopReason::Stagnated, rnorm);
                }
                stalled = 0;
            }
        } else {
            (best, stalled) = (rnorm, 0);
        }

        arnoldi.start(rnorm); // v₀ = r/‖r‖
        let mut ended = None;
        let changes = run.changes();
        loop {
            let k = arnoldi.len();
            let (v, w) = arnoldi.step();
            let z = match &mut directions {
                Directions::Image(z) => &mut **z,
                Directions::All(z) => &mut z[k * n..(k + 1) * n],
            };
            run.precondition(v, z)?; // z = M⁻¹v
            run.apply(z, w); // w = Az
            run.project_left(w);
            let growth = arnoldi.extend(&run);
            if growth == Growth::NonFinite {
                if !run.fall_back(Distrust::NonFinite) {
                    ended = Some(StopReason::NonFinite);
                }
                break;
            }
            run.advance();
            match growth {
                Growth::Grown(rnorm) => {
                    claimed = run.met(rnorm);
                    if claimed || arnoldi.full() {
                        break;
                    }
                    ended = run.limits(rnorm, None, None);
                    if ended.is_some() {
                        break;
                    }
                    if let Directions::All(_) = directions {
                        run.gained(None, rnorm);
                    }
                }
                Growth::Invariant => {
                    claimed = true;
                    break;
                }
                Growth::Singular | Growth::NonFinite => {
                    if !run.fall_back(Distrust::NoProgress) {
                        broken = Some(StopReason::Breakdown);
                    }
                    break;
                }
            }
        }

        if arnoldi.len() > 0 {
            match &mut directions {
                Directions::Image(_) if run.changed_since(changes) => {
                    claimed = false; // V was made with one M, and M is another now: begin anew
                }
                Directions::Image(z) => {
                    run.precondition(arnoldi.combination(), z)?; // z = M⁻¹(V y)
                    if run.changed_since(changes) {
                        claimed = false;
                    } else if run.norm(z).is_finite() {
                        kernels::axpy(T::ONE, z, x); // x ← x + z
                    } else {
                        ended = Some(StopReason::NonFinite);
                    }
                }
                Directions::All(z) => {
                    let y = arnoldi.solve();
                    kernels::block_axpy(&z[..y.len() * n], y, x); // x ← x + Z y
                }
            }
        }
        if let Some(reason) = ended {
            break (reason, rnorm);
        }
    };
    Ok(run.finish(reason, rnorm, x, arnoldi.first()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Fgmres;
    use crate::precond::Jacobi;
    use crate::testing::*;
    use resolvent_matrices::{Complex, Csr};

    contract_for_all_scalars!(convection(8, 0.6), Linearity::Fixed, |n, stopping| {
        let config = GmresConfig {
            stopping,
            restart: 20,
            ..Default::default()
        };
        Box::new(Gmres::new(n, config))
    });

    fn minimises<T: Scalar>(orthogonalization: Orthogonalization) {
        // the residual falls at every step, inside cycles and across them, and modified and
        // classical Gram–Schmidt walk the same path
        let a = convection::<T>(10, 0.4);
        let b = vector::<T>(100, 3);
        let mut m = Jacobi::new(&a).unwrap();
        let path = |orthogonalization, m: &mut Jacobi<T>| {
            let config = GmresConfig {
                orthogonalization,
                restart: 7,
                ..Default::default()
            };
            let (mut x, mut norms) = (vec![T::ZERO; 100], Vec::new());
            let mut watch = history(&mut norms);
            let report = Gmres::new(100, config).solve(System::new(&a, &b, m), &mut x, &mut watch);
            assert!(report.unwrap().converged());
            drop(watch);
            norms
        };
        let norms = path(orthogonalization, &mut m);
        let slack = 1.0 + 100.0 * T::Real::EPSILON.to_f64();
        assert!(norms.windows(2).all(|w| w[1] <= w[0] * slack), "{norms:?}");
        let other = path(Orthogonalization::ClassicalTwice, &mut m);
        let close = T::Real::EPSILON.to_f64().sqrt();
        for (x, y) in norms.iter().zip(&other).take(15) {
            assert!((x - y).abs() <= close * y, "{x} {y}");
        }
    }

    #[test]
    fn the_residual_never_grows() {
        for orthogonalization in [
            Orthogonalization::ClassicalTwice,
            Orthogonalization::Modified,
        ] {
            minimises::<f32>(orthogonalization);
            minimises::<f64>(orthogonalization);
            minimises::<Complex<f32>>(orthogonalization);
            minimises::<Complex<f64>>(orthogonalization);
        }
    }

    #[test]
    fn ends_after_as_many_steps_as_there_are_eigenvalues() {
        // happy breakdown: three distinct eigenvalues, not normal
        let entries = (0..30).map(|i| (i, i, [1.0, -2.0, 5.0][i % 3]));
        let a = Csr::from_triplets(30, 30, entries).unwrap();
        let (b, mut x) = (vector::<f64>(30, 4), vec![0.0; 30]);
        let stopping = Stopping {
            rtol: 1e-14,
            ..Default::default()
        };
        let config = GmresConfig {
            stopping,
            ..Default::default()
        };
        let report = unpreconditioned(Gmres::new(30, config), &a, &b, &mut x).unwrap();
        assert!(report.converged(), "{report:?}");
        assert_eq!(report.iterations, 3);
        assert!(distance(&x, &dense_solution(&a, &b)) < 1e-13);
    }

    #[test]
    fn a_cyclic_shift_needs_all_n_steps_and_stalls_with_fewer() {
        let n = 20;
        let entries = (0..n).map(|i| (i, (i + 1) % n, 1.0));
        let a = Csr::from_triplets(n, n, entries).unwrap();
        let mut b = vec![0.0; n];
        b[3] = 1.0;
        let solve = |restart| {
            let config = GmresConfig {
                restart,
                stagnation_cycles: 2,
                ..Default::default()
            };
            let mut x = vec![0.0; n];
            unpreconditioned(Gmres::new(n, config), &a, &b, &mut x).unwrap()
        };
        let full = solve(n);
        assert!(full.converged() && full.iterations == n, "{full:?}");
        let stalled = solve(n / 2);
        assert_eq!(
            (stalled.reason, stalled.iterations),
            (StopReason::Stagnated, n)
        );
    }

    #[test]
    fn a_singular_matrix_breaks_down_with_the_best_x() {
        // b is outside of the range: the best is to fit the first two unknowns
        let a = Csr::from_triplets(3, 3, [(0, 0, 1.0), (1, 1, 2.0)]).unwrap();
        let (b, mut x) = ([1.0, 1.0, 1.0], [0.0; 3]);
        let report =
            unpreconditioned(Gmres::new(3, GmresConfig::default()), &a, &b, &mut x).unwrap();
        assert_eq!(report.reason, StopReason::Breakdown, "{report:?}");
        assert!(f64::abs(report.residual_norm - 1.0) < 1e-12, "{report:?}");
    }

    #[test]
    fn null_spaces_are_kept_out() {
        let a = hermitian(neumann::<f64>(9));
        let nullspace = crate::Nullspace::constant();
        let (b, mut x) = (vector::<f64>(81, 5), vec![0.0; 81]);
        let mut m = Jacobi::new(&a).unwrap();
        let system = System::new(&a, &b, &mut m).with_nullspace(&nullspace);
        let report = Gmres::new(81, GmresConfig::default()).solve(system, &mut x, &mut ());
        let report = report.unwrap();
        assert_eq!(report.reason, StopReason::Inconsistent); // b has a mean
        let mean = b.iter().sum::<f64>() / 81.0;
        assert!((report.residual_norm - mean.abs() * 9.0).abs() < 1e-7);
        assert!(x.iter().sum::<f64>().abs() < 1e-10);
    }

    #[test]
    fn zero_lengths_are_refused() {
        let a = hpd::<f64>(3);
        let (b, mut x) = ([1.0; 9], [0.0; 9]);
        for (restart, stagnation_cycles) in [(0, 1), (1, 0)] {
            let config = GmresConfig {
                restart,
                stagnation_cycles,
                ..Default::default()
            };
            let error = unpreconditioned(Gmres::new(9, config), &a, &b, &mut x).unwrap_err();
            assert!(matches!(
                error,
                SolveError::Config {
                    solver: "gmres",
                    ..
                }
            ));
            let error = unpreconditioned(Fgmres::new(9, config), &a, &b, &mut x).unwrap_err();
            assert!(matches!(
                error,
                SolveError::Config {
                    solver: "fgmres",
                    ..
                }
            ));
        }
    }
}
