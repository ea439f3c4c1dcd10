//! β out of a solve by CG that had to be done anyway, for no product at all.
//!
//! CG with M = D is Lanczos on D^{-1/2}AD^{-1/2} from D^{-1/2}r₀ (see [`CgCoefficients::lanczos`]): its α and β give
//! T, and the end of the next step, T_{k,k+1} = √β_k/α_{k−1}, gives the bound of the residual,
//!   |λ − θ| ≤ T_{k,k+1} |s_k|,   T s = θ s, ‖s‖ = 1.
//! The ends of the spectrum of T by bisection on Sturm's count, s by inverse iteration: T − θI is
//! semidefinite there, and its factorisation needs no pivots.
//!
//! | k iterations of CG: O(1) each; the answer O(60 k) | memory | 2 k numbers |
//!
//! - B. N. Parlett, The Symmetric Eigenvalue Problem, SIAM 1998, ch. 3 and 13,
//!   doi:10.1137/1.9781611971163.

use super::{Ends, Tracked};
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

    /// β of D⁻¹A, below (no Ritz value lies outside of the spectrum) and with the bound of the residual on top;
    /// `matvecs` is 0. None before the third iteration, or where what was seen is not of a definite matrix.
    pub fn beta(&self) -> Option<Tracked> {
        // what the last iteration has not told yet: its T_{k,k+1}
        let k = self.off.len();
        let (t, end) = (&self.diagonal[..k], *self.off.last()?);
        let inner = &self.off[..k - 1];
        let tridiagonal = Tridiagonal { t, off: inner };
        let low = tridiagonal.eigenvalue(0);
        let second = if k > 1 {
            tridiagonal.eigenvalue(1)
        } else {
            low
        };
        if !(low > 0.0 && end.is_finite() && second.is_finite()) {
            return None;
        }
        let bound = end * tridiagonal.last_component(low);
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

/// A symmetric tridiagonal matrix whose entries beside the diagonal are positive.
struct Tridiagonal<'a> {
    t: &'a [f64],
    off: &'a [f64],
}

impl Tridiagonal<'_> {
    /// Eigenvalues below θ: negative pivots of T − θI.
    fn below(&self, theta: f64) -> usize {
        let mut pivot = 1.0;
        let mut count = 0;
        for (j, t) in self.t.iter().enumerate() {
            let square = if j > 0 { self.off[j - 1].powi(2) } else { 0.0 };
            pivot = t - theta - square / pivot;
            if pivot == 0.0 {
                pivot = f64::MIN_POSITIVE;
            }
            count += usize::from(pivot < 0.0);
        }
        count
    }

    /// The eigenvalue with `index` others below it, from below.
    fn eigenvalue(&self, index: usize) -> f64 {
        let beside = |j: usize| {
            let left = if j > 0 { self.off[j - 1] } else { 0.0 };
            left + self.off.get(j).copied().unwrap_or(0.0)
        };
        let rows = || self.t.iter().enumerate();
        let low = rows().map(|(j, t)| t - beside(j));
        let high = rows().map(|(j, t)| t + beside(j));
        // Gershgorin
        let mut low = low.fold(f64::INFINITY, f64::min);
        let mut high = high.fold(f64::NEG_INFINITY, f64::max);
        if low > 0.0 {
            low = 0.0;
        }
        for _ in 0..200 {
            let middle = 0.5 * (low + high);
            if middle <= low || middle >= high {
                break;
            }
            match self.below(middle) > index {
                true => high = middle,
                false => low = middle,
            }
        }
        low
    }

    /// |s_k| of the unit eigenvector of the least eigenvalue θ: two steps of inverse iteration, from
    /// signs that alternate as those of s do.
    fn last_component(&self, theta: f64) -> f64 {
        let k = self.t.len();
        let size = self.t.iter().fold(0.0f64, |m, t| m.max(t.abs()));
        let least = f64::EPSILON * size;
        let mut s: Vec<f64> = (0..k).map(|j| [1.0, -1.0][j % 2]).collect();
        let mut pivots = vec![0.0; k];
        for j in 0..k {
            let taken = match j {
                0 => 0.0,
                _ => self.off[j - 1].powi(2) / pivots[j - 1],
            };
            pivots[j] = (self.t[j] - theta - taken).max(least);
        }
        for _ in 0..3 {
            for j in 1..k {
                s[j] -= self.off[j - 1] / pivots[j - 1] * s[j - 1];
            }
            for j in (0..k).rev() {
                let right = if j + 1 < k {
                    self.off[j] * s[j + 1]
                } else {
                    0.0
                };
                s[j] = (s[j] - right) / pivots[j];
            }
            let norm = s.iter().map(|s| s * s).sum::<f64>().sqrt();
            s.iter_mut().for_each(|s| *s /= norm);
        }
        s.last().map_or(0.0, |s| s.abs())
    }
}
