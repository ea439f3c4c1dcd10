//! CG for several right-hand sides side by side.
//!
//! Every column has its own α, β and end; the products with A and M⁻¹ are done for all columns that
//! are still on their way, so that A and M are read from memory once an iteration and not once a
//! column. The iterates are those of one column alone, up to rounding.

use super::{Cg, CgCoefficients};
use crate::precond::PrecondError;
use crate::run::{Run, Verdict};
use crate::solver::check_columns;
use crate::{
    LinearOperator, Linearity, Observer, Preconditioner, SolveError, SolveReport, Solver, Step,
    StopReason, System, kernels,
};
use resolvent_matrices::Scalar;
use std::ops::{ControlFlow, Range};
use std::sync::{Mutex, PoisonError};

/// Columns that walk side by side at most; each takes four vectors.
pub(super) const WIDTH: usize = 8;

/// One column on its way.
struct Walker<'s, 'o, T: Scalar> {
    run: Run<'s, 'o, T>,
    x: &'s mut [T],
    /// (r,z); 0 before the first direction.
    rho: T::Real,
    /// β of the direction at hand; 0 of the first.
    beta: T::Real,
    rnorm: T::Real,
    reason: Option<StopReason>,
}

/// What M declares itself to be; it is applied to all columns at once, not through this.
struct Declared(Linearity);

impl<T: Scalar> Preconditioner<T> for Declared {
    fn name(&self) -> &'static str {
        "declared"
    }
    fn update(&mut self, _: &dyn LinearOperator<T>) -> Result<(), PrecondError> {
        Ok(())
    }
    fn apply(&mut self, _: &[T], _: &mut [T]) -> Result<(), PrecondError> {
        Err(PrecondError::Failed {
            precond: "declared",
            problem: "applied to a single column".into(),
        })
    }
    fn linearity(&self) -> Linearity {
        self.0
    }
    fn bytes(&self) -> usize {
        0
    }
}

/// The observer, told which column the steps are of.
struct Watch<'a, 'o, T: Scalar> {
    column: usize,
    shared: &'a Mutex<&'o mut dyn Observer<T>>,
}

impl<T: Scalar> Observer<T> for Watch<'_, '_, T> {
    fn step(&mut self, step: &Step<'_, T>) -> ControlFlow<()> {
        let mut observer = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        observer.column(self.column);
        observer.step(step)
    }

    fn coefficients(&mut self, of: &CgCoefficients<T::Real>) {
        let mut observer = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        observer.column(self.column);
        observer.coefficients(of);
    }
}

impl<T: Scalar> Cg<T> {
    /// All columns, at most [`WIDTH`] at a time.
    pub(super) fn side_by_side(
        &mut self,
        system: System<'_, T>,
        x: &mut [T],
        observer: &mut dyn Observer<T>,
    ) -> Result<Vec<SolveReport<T::Real>>, SolveError> {
        let n = system.a.nrows();
        let columns = check_columns(n, system.b, x)?;
        let mut reports = Vec::with_capacity(columns);
        for first in (0..columns).step_by(WIDTH) {
            let width = WIDTH.min(columns - first);
            let part = first * n..(first + width) * n;
            let block = System {
                a: system.a,
                b: &system.b[part.clone()],
                m: &mut *system.m,
                nullspace: system.nullspace,
                comm: system.comm,
            };
            if width == 1 {
                observer.column(first);
                reports.push(self.solve(block, &mut x[part], observer)?);
            } else {
                self.block(block, &mut x[part], first, observer, &mut reports)?;
            }
        }
        Ok(reports)
    }

    /// One block of columns, of which `first` is the first.
    fn block(
        &mut self,
        system: System<'_, T>,
        x: &mut [T],
        first: usize,
        observer: &mut dyn Observer<T>,
        reports: &mut Vec<SolveReport<T::Real>>,
    ) -> Result<(), SolveError> {
        let System {
            a,
            b,
            m,
            nullspace,
            comm,
        } = system;
        let n = a.nrows();
        let width = b.len() / n.max(1);
        let column = |j: usize| -> Range<usize> { j * n..(j + 1) * n };
        let zeros = || vec![T::ZERO; width * n];
        let (mut r, mut z, mut p, mut q) = (zeros(), zeros(), zeros(), zeros());

        let shared = Mutex::new(observer);
        let mut declared: Vec<Declared> = (0..width).map(|_| Declared(m.linearity())).collect();
        let mut watches: Vec<Watch<'_, '_, T>> = (0..width)
            .map(|j| Watch {
                column: first + j,
                shared: &shared,
            })
            .collect();
        let mut walkers = Vec::with_capacity(width);
        let parts = declared.iter_mut().zip(&mut watches);
        for (j, ((m, watch), x)) in parts.zip(x.chunks_exact_mut(n)).enumerate() {
            let system = System {
                a,
                b: &b[column(j)],
                m,
                nullspace,
                comm,
            };
            let (needs, stopping) = (self.config.needs(), self.config.stopping);
            let mut run = Run::start("cg", needs, self.r.len(), stopping, system, x, watch)?;
            let rnorm = run.residual(x, &mut r[column(j)]); // r = b − Ax
            walkers.push(Walker {
                run,
                x,
                rho: T::Real::ZERO,
                beta: T::Real::ZERO,
                rnorm,
                reason: None,
            });
        }
        let polak_ribiere = m.linearity() > Linearity::FixedHpd;
        let mut walking: Vec<usize> = (0..width).collect();
        loop {
            for &j in &walking {
                let w = &mut walkers[j];
                match w.run.check(&mut w.rnorm, w.x, &mut r[column(j)]) {
                    Verdict::Go => {}
                    Verdict::Restart => w.rho = T::Real::ZERO,
                    Verdict::Stop(reason) => w.reason = Some(reason),
                }
            }
            walking.retain(|&j| walkers[j].reason.is_none());
            if walking.is_empty() {
                break;
            }
            m.apply_many(n, &walking, &r, &mut z)?; // z = M⁻¹r
            for &j in &walking {
                let (w, r, z) = (&mut walkers[j], &r[column(j)], &mut z[column(j)]);
                let (p, q) = (&mut p[column(j)], &q[column(j)]);
                w.reason = w.turn(polak_ribiere, r, z, p, q);
            }
            walking.retain(|&j| walkers[j].reason.is_none());
            a.apply_many(&walking, &p, &mut q); // q = Ap
            for &j in &walking {
                let (w, p, q) = (&mut walkers[j], &p[column(j)], &mut q[column(j)]);
                w.reason = w.advance(polak_ribiere, p, q, &mut r[column(j)]);
            }
        }
        for (j, w) in walkers.into_iter().enumerate() {
            let reason = w.reason.unwrap_or(StopReason::MaxIterations);
            reports.push(w.run.finish(reason, w.rnorm, w.x, &mut r[column(j)]));
        }
        Ok(())
    }
}

impl<T: Scalar> Walker<'_, '_, T> {
    /// The next direction.
    fn turn(
        &mut self,
        polak_ribiere: bool,
        r: &[T],
        z: &mut [T],
        p: &mut [T],
        q: &[T],
    ) -> Option<StopReason> {
        self.run.count(0, 1);
        self.run.project(z);
        let rho_new = self.run.dot(r, z).re(); // (r,z)
        if !rho_new.is_finite() {
            return Some(StopReason::NonFinite);
        }
        if rho_new <= T::Real::ZERO {
            return Some(StopReason::IndefinitePreconditioner);
        }
        if self.rho == T::Real::ZERO {
            self.beta = T::Real::ZERO;
            p.copy_from_slice(z); // p = z
        } else {
            let numerator = if polak_ribiere {
                -self.run.dot(q, z).re() // (r⁺ − r, z) = −(αAp, z), and q holds αAp
            } else {
                rho_new
            };
            self.beta = numerator / self.rho;
            kernels::xpby(z, T::from_real(self.beta), p); // p ← z + βp
        }
        self.rho = rho_new;
        None
    }

    /// The step along it.
    fn advance(
        &mut self,
        polak_ribiere: bool,
        p: &[T],
        q: &mut [T],
        r: &mut [T],
    ) -> Option<StopReason> {
        self.run.count(1, 0);
        let pq = self.run.dot(p, q).re(); // (p,q)
        if !pq.is_finite() {
            return Some(StopReason::NonFinite);
        }
        if pq <= T::Real::ZERO {
            return Some(StopReason::IndefiniteOperator);
        }
        let step = self.rho / pq; // α = (r,z)/(p,Ap)
        let alpha = T::from_real(step);
        kernels::axpy(alpha, p, self.x); // x ← x + αp
        self.run.coefficients(self.rho, self.beta, step);
        let partial = if polak_ribiere {
            kernels::scale(alpha, q); // q ← αAp
            kernels::axpy_norm_squared(-T::ONE, q, r) // r ← r − q
        } else {
            kernels::axpy_norm_squared(-alpha, q, r) // r ← r − αAp
        };
        self.rnorm = self.run.norm_from(partial);
        self.run.advance();
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::CgConfig;
    use crate::precond::{Ic0, Ic0Config, Identity};
    use crate::testing::{hpd, vector};
    use resolvent_matrices::{Complex, Csr, Real};

    /// Eleven columns, a zero one and an easy one among them, beside each of them alone.
    fn as_alone<T: Scalar>() {
        let a: Csr<T> = hpd(30);
        let n = a.nrows();
        let mut b = vector::<T>(11 * n, 1);
        b[2 * n..3 * n].fill(T::ZERO);
        let mut easy = vec![T::ZERO; n];
        let x5 = vector::<T>(n, 2);
        a.view().mul_vec(&x5, &mut easy).unwrap();
        b[5 * n..6 * n].copy_from_slice(&easy);
        let mut start = vec![T::ZERO; 11 * n];
        start[5 * n..6 * n].copy_from_slice(&x5);
        let ms: [&mut dyn Preconditioner<T>; 2] = [
            &mut Identity,
            &mut Ic0::new(&a, Ic0Config::default()).unwrap(),
        ];
        for m in ms {
            let mut cg = Cg::new(n, CgConfig::default());
            let mut seen = [0usize; 11];
            struct Count<'a>(&'a mut [usize; 11], usize);
            impl<T: Scalar> Observer<T> for Count<'_> {
                fn step(&mut self, step: &Step<'_, T>) -> ControlFlow<()> {
                    self.0[self.1] = step.k;
                    ControlFlow::Continue(())
                }
                fn column(&mut self, index: usize) {
                    self.1 = index;
                }
            }
            let mut x = start.clone();
            let system = System::new(&a, &b, m);
            let reports = cg
                .solve_many(system, &mut x, &mut Count(&mut seen, 0))
                .unwrap();
            assert_eq!(reports.len(), 11);
            for (j, report) in reports.iter().enumerate() {
                let column = j * n..(j + 1) * n;
                let mut alone = start[column.clone()].to_vec();
                let system = System::new(&a, &b[column.clone()], m);
                let one = cg.solve(system, &mut alone, &mut ()).unwrap();
                assert!(report.converged(), "{report:?}");
                assert_eq!(seen[j], report.iterations);
                assert!(one.iterations.abs_diff(report.iterations) <= 1);
                assert_eq!(
                    one.matvecs - one.iterations,
                    report.matvecs - report.iterations
                );
                let size = report.rhs_norm.to_f64().max(1.0);
                for (x, y) in x[column].iter().zip(&alone) {
                    assert!((*x - *y).abs().to_f64() < 1e-4 * size, "{x} {y}");
                }
            }
            assert_eq!((reports[2].iterations, reports[5].iterations), (0, 0));
        }
    }

    #[test]
    fn side_by_side_is_as_alone() {
        as_alone::<f64>();
        as_alone::<f32>();
        as_alone::<Complex<f64>>();
        as_alone::<Complex<f32>>();
    }

    #[test]
    fn one_that_fails_does_not_stop_the_others() {
        // indefinite; b of the first column is an eigenvector with a positive eigenvalue
        let a = Csr::from_triplets(2, 2, [(0, 0, 1.0), (1, 1, -1.0)]).unwrap();
        let mut cg = Cg::new(2, CgConfig::default());
        let mut none = Identity;
        let system = System::new(&a, &[1.0, 0.0, 0.0, 1.0], &mut none);
        let mut x = [0.0; 4];
        let reports = cg.solve_many(system, &mut x, &mut ()).unwrap();
        assert_eq!(reports[0].reason, StopReason::Converged);
        assert_eq!(reports[1].reason, StopReason::IndefiniteOperator);
        assert_eq!(x[..2], [1.0, 0.0]);
    }
}
