//! FGMRES(m): GMRES with a preconditioner that may change from one application to the next.
//!
//! Minimises ‖b − Ax‖₂ over x₀ + span{z₀ … z_{k−1}}, z_k = M_k⁻¹v_k, which are all kept:
//!   w = A z_k    orthogonalise w against V    min ‖β e₁ − H̄ y‖    x ← x + Z y
//! For a fixed M it makes the iterates of GMRES, with m more vectors and one M⁻¹ a cycle less.
//!
//! | per iteration | 1 A, 1 M⁻¹, 2 reductions | per cycle | 1 A more | memory | n(2m + 1) + m²/2 scalars |
//!
//! It differs from the textbook as GMRES does (see there; the cycles are the same code). A
//! preconditioner whose output adds nothing new to the space while the residual is not zero ends
//! the solve with a breakdown.
//!
//! - Y. Saad, A flexible inner–outer preconditioned GMRES algorithm, SIAM J. Sci. Comput.
//!   14(2):461–469, 1993, doi:10.1137/0914028.

use crate::arnoldi::Arnoldi;
use crate::gmres::{Directions, GmresConfig, restarted};
use crate::run::Run;
use crate::{Linearity, Observer, SolveError, SolveReport, Solver, System};
use resolvent_matrices::Scalar;

/// FGMRES(m), with the bases it uses again from solve to solve.
#[derive(Debug, Clone)]
pub struct Fgmres<T: Scalar> {
    config: GmresConfig<T::Real>,
    arnoldi: Arnoldi<T>,
    z: Vec<T>,
}

impl<T: Scalar> Fgmres<T> {
    /// Allocates the 2m + 1 vectors of a solve of size `n`.
    pub fn new(n: usize, config: GmresConfig<T::Real>) -> Self {
        let m = config.length(n);
        Self {
            config,
            arnoldi: Arnoldi::new(n, m, config.orthogonalization),
            z: vec![T::ZERO; n * m],
        }
    }
}

impl<T: Scalar> Solver<T> for Fgmres<T> {
    fn name(&self) -> &'static str {
        "fgmres"
    }

    fn solve(
        &mut self,
        system: System<'_, T>,
        x: &mut [T],
        observer: &mut dyn Observer<T>,
    ) -> Result<SolveReport<T::Real>, SolveError> {
        let Self { config, arnoldi, z } = self;
        config.check("fgmres")?;
        let (needed, n) = (Linearity::Variable, arnoldi.first().len());
        let run = Run::start("fgmres", needed, n, config.stopping, system, x, observer)?;
        restarted(run, arnoldi, Directions::All(z), config, x)
    }

    fn workspace_bytes(&self) -> usize {
        self.arnoldi.bytes() + size_of_val(self.z.as_slice())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::precond::Jacobi;
    use crate::testing::*;
    use crate::{Gmres, StopReason};
    use resolvent_matrices::{Complex, Real};

    contract_for_all_scalars!(convection(8, 0.6), Linearity::Variable, |n, stopping| {
        let config = GmresConfig {
            stopping,
            restart: 20,
            ..Default::default()
        };
        Box::new(Fgmres::new(n, config))
    });

    fn same_as_gmres<T: Scalar>() {
        let a = convection::<T>(9, 0.3);
        let b = vector::<T>(81, 6);
        let mut m = Jacobi::new(&a).unwrap();
        let config = GmresConfig {
            restart: 10,
            ..Default::default()
        };
        let (mut x, mut y) = (vec![T::ZERO; 81], vec![T::ZERO; 81]);
        let (mut f, mut g) = (Fgmres::new(81, config), Gmres::new(81, config));
        let flexible = f
            .solve(System::new(&a, &b, &mut m), &mut x, &mut ())
            .unwrap();
        let fixed = g
            .solve(System::new(&a, &b, &mut m), &mut y, &mut ())
            .unwrap();
        assert_eq!(flexible.iterations, fixed.iterations);
        assert_eq!(flexible.matvecs, fixed.matvecs);
        assert!(distance(&x, &y) < 100.0 * T::Real::EPSILON.to_f64());
    }

    #[test]
    fn a_fixed_preconditioner_makes_it_gmres() {
        same_as_gmres::<f32>();
        same_as_gmres::<f64>();
        same_as_gmres::<Complex<f32>>();
        same_as_gmres::<Complex<f64>>();
    }

    #[test]
    fn converges_with_a_preconditioner_that_changes() {
        let a = convection::<f64>(9, 0.3);
        let b = vector::<f64>(81, 6);
        let mut m = Custom(
            Linearity::Variable,
            |call, r: &[f64], z: &mut [f64]| {
                for (i, z) in z.iter_mut().enumerate() {
                    *z = r[i] * (1.0 + 0.3 * ((i * call) as f64).sin()) - 0.1 * r[i] * r[i].abs();
                }
                Ok(())
            },
            0,
        );
        let mut x = vec![0.0; 81];
        let system = System::new(&a, &b, &mut m);
        let report = Fgmres::new(81, GmresConfig::default()).solve(system, &mut x, &mut ());
        assert!(report.unwrap().converged());
        assert!(distance(&x, &dense_solution(&a, &b)) < 1e-7);
    }

    #[test]
    fn a_preconditioner_that_answers_zero_is_a_breakdown() {
        let a = convection::<f64>(4, 0.3);
        let b = vector::<f64>(16, 6);
        let mut m = Custom(
            Linearity::Variable,
            |call, r: &[f64], z: &mut [f64]| {
                z.copy_from_slice(r);
                if call > 3 {
                    z.fill(0.0);
                }
                Ok(())
            },
            0,
        );
        let mut x = vec![0.0; 16];
        let system = System::new(&a, &b, &mut m);
        let report = Fgmres::new(16, GmresConfig::default()).solve(system, &mut x, &mut ());
        let report = report.unwrap();
        assert_eq!(
            (report.reason, report.iterations),
            (StopReason::Breakdown, 4)
        );
        assert!(report.residual_norm < report.rhs_norm);
    }
}
