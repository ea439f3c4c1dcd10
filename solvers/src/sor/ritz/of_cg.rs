//! β out of a solve by CG that had to be done anyway, for no product at all.
//!
//! CG with M = D is Lanczos on D^{-1/2}AD^{-1/2} from D^{-1/2}r₀ (see [`CgCoefficients::lanczos`]): its α and β give
//! T, and the end of the next step, T_{k,k+1} = √β_k/α_{k−1}, gives the bound of the residual,
//!   |λ − θ| ≤ T_{k,k+1} |s_k|,   T s = θ s, ‖s‖ = 1.
//!
//! | k iterations of CG: O(1) each; the answer O(60 k) | memory | 2 k numbers |
//!
//! - B. N. Parlett, The Symmetric Eigenvalue Problem, SIAM 1998, ch. 3 and 13,
//!   doi:10.1137/1.9781611971163.

use super::{Ends, Tracked};
use crate::cg::ritz::Tridiagonal;
use crate::{CgCoefficients, Observer, Step};
use resolvent_matrices::{Real, Scalar};
use std::ops::ControlFlow;

/// Watches a solve by [`Cg`](crate::Cg) with [`Jacobi`](crate::precond::Jacobi) and reads β = ρ(I − D⁻¹A) off it,
/// for [`young_omega`](crate::young_omega).
///
/// ```
/// use resolvent_solvers::matrices::{Csr, generate::Poisson};
/// use resolvent_solvers::precond::Jacobi;
/// use resolvent_solvers::{Cg, CgConfig, CgRitz, Solver, System, young_omega};
///
/// let a: Csr<f64> = Poisson::default().generate()?.matrix;
/// let (b, mut x) = (vec![1.0; a.nrows()], vec![0.0; a.nrows()]);
/// let (mut jacobi, mut ritz) = (Jacobi::new(&a)?, CgRitz::default());
/// Cg::new(a.nrows(), CgConfig::default()).solve(System::new(&a, &b, &mut jacobi), &mut x, &mut ritz)?;
/// let beta = ritz.beta().expect("CG took at least two iterations");
/// assert!(beta.low <= beta.high && beta.high < 1.0);
/// let omega = young_omega(beta.high); // for every system like this one
/// assert!((1.3..2.0).contains(&omega), "{omega}");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct CgRitz {
    /// T_jj.
    diagonal: Vec<f64>,
    /// T_{j,j+1}.
    off: Vec<f64>,
    before: Option<CgCoefficients<f64>>,
    /// The directions have begun anew: T ends there.
    closed: bool,
}

impl CgRitz {
    /// Forgets what it saw, for the next solve; the memory is kept.
    pub fn forget(&mut self) {
        self.diagonal.clear();
        self.off.clear();
        (self.before, self.closed) = (None, false);
    }

    /// The least Ritz value of M⁻¹A, whatever M is: above its least eigenvalue, and near it after a solve to a
    /// small tolerance. None before the third iteration.
    pub fn least(&self) -> Option<f64> {
        self.tridiagonal()?.eigenvalue(0, 0.0)
    }

    fn tridiagonal(&self) -> Option<Tridiagonal<impl Fn(usize) -> [f64; 2]>> {
        self.off.last().filter(|end| end.is_finite())?;
        Some(Tridiagonal {
            len: self.off.len(),
            entries: |j: usize| [self.diagonal[j], self.off[j.max(1) - 1]],
        })
    }

    /// β of D⁻¹A, below (no Ritz value lies outside of the spectrum) and with the bound of the residual on top;
    /// `matvecs` is 0. None before the third iteration, or where what was seen is not of a definite matrix.
    pub fn beta(&self) -> Option<Tracked> {
        // what the last iteration has not told yet: its T_{k,k+1}
        let (k, t) = (self.off.len(), self.tridiagonal()?);
        let end = self.off.last().copied()?;
        let low = t.eigenvalue(0, 0.0)?;
        let second = t.eigenvalue(1, 0.0).unwrap_or(low);
        let bound = end * t.last_component(low);
        let ends = Ends {
            low: (low, bound),
            high: (low, bound),
            gap: second - low,
            steps: k,
        };
        Some(ends.tracked(0))
    }
}

impl<T: Scalar> Observer<T> for CgRitz {
    fn step(&mut self, _: &Step<'_, T>) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    fn coefficients(&mut self, of: &CgCoefficients<T::Real>) {
        let of = CgCoefficients {
            k: of.k,
            rho: of.rho.to_f64(),
            beta: of.beta.to_f64(),
            alpha: of.alpha.to_f64(),
        };
        self.closed |= self.before.is_some() && of.begins();
        if self.closed {
            return;
        }
        let [diagonal, off] = of.lanczos(self.before.as_ref());
        if self.before.is_some() {
            self.off.push(off);
        }
        self.diagonal.push(diagonal);
        self.before = Some(of);
    }
}
