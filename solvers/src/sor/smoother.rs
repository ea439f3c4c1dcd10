//! A few sweeps at a time, as multigrid wants them.
//!
//! x ← x after `sweeps` sweeps on A x = b, nothing else: no residual, no test. In place on one
//! thread; on several, from one vector to another and back. From x = 0 the first sweep leaves out
//! what zeros would be multiplied with. No sweep allocates.

use super::sweep::Sweep;
use super::{Direction, Order};
use crate::LinearOperator;
use crate::precond::PrecondError;
use crate::precond::split::check_omega;
use resolvent_matrices::Scalar;

const NAME: &str = "smoother";

/// Configuration of [`Smoother`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SmootherConfig {
    /// Relaxation ω in (0, 2).
    pub omega: f64,
    /// Direction; symmetric is two passes a sweep.
    pub direction: Direction,
    /// Order of the rows.
    pub order: Order,
}

impl Default for SmootherConfig {
    /// Gauss–Seidel, forward, in the natural order.
    fn default() -> Self {
        Self {
            omega: 1.0,
            direction: Direction::Forward,
            order: Order::Natural,
        }
    }
}

/// Sweeps of one matrix.
///
/// ```
/// use resolvent_matrices::Csr;
/// use resolvent_solvers::{Smoother, SmootherConfig};
/// let a = Csr::from_triplets(2, 2, [(0, 0, 2.0), (0, 1, -1.0), (1, 0, -1.0), (1, 1, 2.0)])?;
/// let mut smoother = Smoother::new(&a, SmootherConfig::default())?;
/// let mut x = [0.0f64; 2];
/// smoother.smooth_from_zero(&[1.0, 1.0], &mut x, 1)?;
/// assert_eq!(x, [0.5, 0.75]); // Gauss–Seidel, once
/// smoother.smooth(&[1.0, 1.0], &mut x, 40)?;
/// assert!((x[0] - 1.0).abs() < 1e-12);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Smoother<T: Scalar> {
    config: SmootherConfig,
    sweep: Sweep<T>,
    /// The iterate beside x.
    other: Vec<T>,
}

impl<T: Scalar> Smoother<T> {
    /// Takes the entries of A.
    ///
    /// # Errors
    /// [`PrecondError::Diagonal`] where the diagonal is zero, missing or not finite, or of a
    /// Hermitian matrix not of one sign; [`PrecondError::Config`] for an ω outside of (0, 2),
    /// [`PrecondError::NeedsEntries`], [`PrecondError::Matrix`] if A is not square.
    pub fn new(a: &dyn LinearOperator<T>, config: SmootherConfig) -> Result<Self, PrecondError> {
        check_omega(NAME, config.omega)?;
        let sweep = Sweep::new(NAME, a, config.order)?;
        Ok(Self {
            config,
            other: vec![T::ZERO; sweep.rows()],
            sweep,
        })
    }

    /// Takes the values of the next matrix; of the same pattern, allocates nothing.
    ///
    /// # Errors
    /// As [`Smoother::new`].
    pub fn update(&mut self, a: &dyn LinearOperator<T>) -> Result<(), PrecondError> {
        self.sweep.update(a)?;
        self.other.resize(self.sweep.rows(), T::ZERO);
        Ok(())
    }

    /// Takes another ω, for nothing.
    ///
    /// # Errors
    /// [`PrecondError::Config`] outside of (0, 2).
    pub fn set_omega(&mut self, omega: f64) -> Result<(), PrecondError> {
        check_omega(NAME, omega)?;
        self.config.omega = omega;
        Ok(())
    }

    /// x ← x after so many sweeps.
    ///
    /// # Errors
    /// [`PrecondError::Shape`] if b or x has another length than A has rows.
    pub fn smooth(&mut self, b: &[T], x: &mut [T], sweeps: usize) -> Result<(), PrecondError> {
        self.run(b, x, sweeps, false)
    }

    /// The same from x = 0, whatever stands in x.
    ///
    /// # Errors
    /// As [`Smoother::smooth`].
    pub fn smooth_from_zero(
        &mut self,
        b: &[T],
        x: &mut [T],
        sweeps: usize,
    ) -> Result<(), PrecondError> {
        if sweeps == 0 {
            x.fill(T::ZERO);
        }
        self.run(b, x, sweeps, true)
    }

    /// Memory held, in bytes.
    pub fn bytes(&self) -> usize {
        self.sweep.bytes() + size_of_val(self.other.as_slice())
    }

    fn run(
        &mut self,
        b: &[T],
        x: &mut [T],
        sweeps: usize,
        from_zero: bool,
    ) -> Result<(), PrecondError> {
        let expected = self.sweep.rows();
        if let Some(got) = [b.len(), x.len()].into_iter().find(|&n| n != expected) {
            return Err(PrecondError::Shape {
                precond: NAME,
                expected,
                got,
            });
        }
        let omega = self.config.omega;
        let per_sweep = 1 + usize::from(self.config.direction == Direction::Symmetric);
        let forward = |pass: usize| match self.config.direction {
            Direction::Forward => true,
            Direction::Backward => false,
            Direction::Symmetric => pass.is_multiple_of(2),
        };
        let passes = sweeps * per_sweep;
        if !self.sweep.shared_out() {
            for pass in 0..passes {
                let zero = from_zero && pass == 0;
                self.sweep.in_place(forward(pass), zero, omega, b, x);
            }
            return Ok(());
        }
        if from_zero {
            x.fill(T::ZERO);
        }
        let (mut now, mut next) = (&mut *x, &mut *self.other);
        for pass in 0..passes {
            self.sweep
                .apart(forward(pass), false, omega, (b, now, next));
            (now, next) = (next, now);
        }
        if !passes.is_multiple_of(2) {
            next.copy_from_slice(now); // x is the one beside
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sor::{Sor, SorConfig};
    use crate::testing::*;
    use crate::{Solver, Stopping, System, precond::Identity};
    use resolvent_matrices::Complex;

    fn is_what_the_solver_does<T: Scalar>() {
        let a = convection::<T>(20, 0.3);
        let n = a.nrows();
        let b = vector::<T>(n, 3);
        for direction in [
            Direction::Forward,
            Direction::Backward,
            Direction::Symmetric,
        ] {
            for order in [Order::Natural, Order::Multicolour] {
                let stopping = Stopping {
                    max_iters: 3,
                    ..Default::default()
                };
                let config = SorConfig {
                    stopping,
                    omega: 1.2,
                    direction,
                    order,
                    ..Default::default()
                };
                let mut x = vec![T::ZERO; n];
                let mut sor = Sor::new(n, config);
                let mut none = Identity;
                sor.solve(System::new(&a, &b, &mut none), &mut x, &mut ())
                    .unwrap();
                let config = SmootherConfig {
                    omega: 1.2,
                    direction,
                    order,
                };
                let mut smoother = Smoother::new(&a, config).unwrap();
                let (mut y, mut z) = (vec![T::ZERO; n], vec![T::from_f64(7.0); n]);
                smoother.smooth(&b, &mut y, 3).unwrap();
                smoother.smooth_from_zero(&b, &mut z, 2).unwrap();
                smoother.smooth(&b, &mut z, 1).unwrap();
                assert!(x == y && distance(&x, &z) < 1e-6, "{direction:?} {order:?}");
            }
        }
    }

    #[test]
    fn smooths_as_the_solver_does() {
        is_what_the_solver_does::<f64>();
        is_what_the_solver_does::<f32>();
        is_what_the_solver_does::<Complex<f64>>();
    }

    #[test]
    fn misuse_is_refused() {
        let a = hpd::<f64>(5);
        let mut smoother = Smoother::new(&a, SmootherConfig::default()).unwrap();
        assert!(smoother.set_omega(2.0).is_err());
        let refused = smoother.smooth(&[0.0; 24], &mut [0.0; 25], 1);
        assert!(matches!(refused, Err(PrecondError::Shape { got: 24, .. })));
        let mut x = [1.0; 25];
        smoother.smooth_from_zero(&[1.0; 25], &mut x, 0).unwrap();
        assert_eq!(x, [0.0; 25]);
    }
}
