//! Direct solution by a sparse factorisation (faer): LLᴴ of Hermitian positive definite matrices, LU
//! with partial pivoting of all others, LDLᴴ of Hermitian ones where that is asked for.
//!
//! 1. A is scaled by powers of two: symmetrically for LLᴴ and LDLᴴ, by rows and then
//!    columns to entries of size one for LU. Nothing is rounded by that.
//! 2. The symbolic analysis (ordering, pattern of the factors) is kept for the next matrix of the
//!    same pattern; the factors are kept as well while the values are the same.
//! 3. x ← x + A⁻¹(b − Ax), until ‖b − Ax‖₂ meets the tolerance or stops halving (iterative
//!    refinement; at most `refinements` times after the first).
//!
//! Convergence is claimed on the recomputed residual, as everywhere. Before a factorisation begins
//! its size is predicted from the symbolic analysis, and it is refused if that is beyond
//! `max_bytes` or, at [`FLOPS_PER_SECOND`], beyond the time limit.
//!
//! | setup | the factorisation | per iteration | 2·nnz(L + U) flops and 1 A | memory | the factors |
//!
//! - Y. Chen, T. A. Davis, W. W. Hager, S. Rajamanickam, Algorithm 887: CHOLMOD, ACM TOMS 35(3),
//!   2008, doi:10.1145/1391989.1391995 (the supernodal method).
//! - N. J. Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., SIAM 2002, ch. 12
//!   (refinement).

mod factor;

use crate::run::Run;
use crate::solver::{check_columns, one_by_one};
use crate::{
    Linearity, Observer, SolveError, SolveReport, Solver, StopReason, Stopping, System, kernels,
};
use factor::Factor;
use resolvent_matrices::{CsrRef, Real, Scalar};

/// Rate at which a factorisation is assumed to run when its time is predicted.
pub const FLOPS_PER_SECOND: f64 = 2e9;

/// Which factorisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Kind {
    /// LLᴴ where A is Hermitian with a positive diagonal, and LU where that fails or cannot be.
    #[default]
    Auto,
    /// LLᴴ: A must be Hermitian positive definite; its lower triangle is read.
    Llt,
    /// LDLᴴ with pivots of order 1 and 2 within the supernodes: A must be Hermitian; its lower
    /// triangle is read. Half the work of LU, but pivots are not sought in all of the matrix: where
    /// they fail, the residual shows it and the solve ends `Stagnated` or `Singular`.
    Ldlt,
    /// LU with partial pivoting.
    Lu,
}

/// Configuration of [`Direct`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DirectConfig<R> {
    /// When to stop. `max_iters` does not matter.
    pub stopping: Stopping<R>,
    /// Which factorisation.
    pub kind: Kind,
    /// Steps of iterative refinement at most.
    pub refinements: usize,
    /// Largest size of the factors; `None`: no limit.
    pub max_bytes: Option<usize>,
    /// Most operations that are predicted for a factorisation that is begun; `None`: no limit.
    pub max_flops: Option<f64>,
}

impl<R: Real> Default for DirectConfig<R> {
    /// The kind that suits A, 5 refinements, no limit on memory.
    fn default() -> Self {
        Self {
            stopping: Stopping::default(),
            kind: Kind::Auto,
            refinements: 5,
            max_bytes: None,
            max_flops: None,
        }
    }
}

/// What a factorisation will take.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Prediction {
    /// Entries of the factors: exact for LLᴴ, an estimate (from the Cholesky factor of the pattern
    /// of A + Aᵀ) for LU.
    pub factor_nnz: usize,
    /// Floating-point operations, an estimate.
    pub flops: f64,
    /// Bytes of the factors.
    pub bytes: usize,
}

/// The direct solver, with the analysis and the factors it keeps from solve to solve.
pub struct Direct<T: Scalar> {
    config: DirectConfig<T::Real>,
    factor: Option<Factor<T>>,
    r: Vec<T>,
    symbolic_count: usize,
    numeric_count: usize,
}

impl<T: Scalar> Direct<T> {
    /// Allocates nothing: what is needed is known only when the matrix is.
    pub fn new(config: DirectConfig<T::Real>) -> Self {
        Self {
            config,
            factor: None,
            r: Vec::new(),
            symbolic_count: 0,
            numeric_count: 0,
        }
    }

    /// Symbolic analyses made so far.
    pub fn symbolic_count(&self) -> usize {
        self.symbolic_count
    }

    /// Numeric factorisations made so far.
    pub fn numeric_count(&self) -> usize {
        self.numeric_count
    }

    /// What the factors at hand took and take; `None` before there are any.
    pub fn factors(&self) -> Option<Prediction> {
        self.factor.as_ref().map(Factor::prediction)
    }

    /// How often a solve reads the factors at hand: L and Lᴴ are one.
    pub(crate) fn passes(&self) -> usize {
        let lu = self.factor.as_ref().is_some_and(Factor::is_lu);
        if lu { 1 } else { 2 }
    }

    /// What factorising A will take; the analysis is not kept.
    ///
    /// # Errors
    /// [`SolveError::Matrix`], [`SolveError::Factorization`] if memory runs out.
    pub fn predict(a: CsrRef<'_, T, u32>, kind: Kind) -> Result<Prediction, SolveError> {
        Ok(Factor::analyse(a, kind)?.prediction())
    }

    /// Makes the factors of A ready; `Some` reason if that cannot be.
    fn prepare(&mut self, a: CsrRef<'_, T, u32>) -> Result<Option<StopReason>, SolveError> {
        let kept = self.factor.take().filter(|f| f.has_pattern_of(a));
        let mut factor = match kept {
            Some(factor) => factor,
            None => {
                self.symbolic_count += 1;
                Factor::analyse(a, self.config.kind)?
            }
        };
        loop {
            if factor.is_of(a) {
                break;
            }
            let prediction = factor.prediction();
            if let Some(limit) = self.config.max_bytes
                && prediction.bytes > limit
            {
                return Err(SolveError::Factorization {
                    solver: "direct",
                    problem: format!(
                        "the factors would take {} MB, {} MB are allowed; use an iterative method",
                        prediction.bytes >> 20,
                        limit >> 20
                    ),
                });
            }
            if let Some(limit) = self.config.max_flops
                && prediction.flops > limit
            {
                return Err(SolveError::Factorization {
                    solver: "direct",
                    problem: format!(
                        "{:.1e} operations are predicted, {limit:.1e} are allowed; use an iterative method",
                        prediction.flops
                    ),
                });
            }
            if let Some(limit) = self.config.stopping.max_time
                && prediction.flops / FLOPS_PER_SECOND > limit.as_secs_f64()
            {
                self.factor = Some(factor);
                return Ok(Some(StopReason::TimeLimit));
            }
            self.numeric_count += 1;
            if factor.factorize(a)? {
                break;
            }
            if factor.is_llt() && self.config.kind == Kind::Auto {
                self.symbolic_count += 1;
                factor = Factor::analyse(a, Kind::Lu)?;
            } else {
                return Ok(Some(StopReason::Singular));
            }
        }
        self.factor = Some(factor);
        Ok(None)
    }
}

impl<T: Scalar> Solver<T> for Direct<T> {
    fn name(&self) -> &'static str {
        "direct"
    }

    fn solve(
        &mut self,
        system: System<'_, T>,
        x: &mut [T],
        observer: &mut dyn Observer<T>,
    ) -> Result<SolveReport<T::Real>, SolveError> {
        let a = system.a;
        let n = a.nrows();
        let stopping = self.config.stopping;
        let mut run = Run::start(
            "direct",
            Linearity::Variable,
            n,
            stopping,
            system,
            x,
            observer,
        )?;
        self.r.resize(n, T::ZERO);
        let mut r = std::mem::take(&mut self.r);
        let mut rnorm = run.residual(x, &mut r); // r = b − Ax
        if run.met(rnorm) {
            let report = run.finish(StopReason::Converged, rnorm, x, &mut r);
            self.r = r;
            return Ok(report);
        }
        let csr = a
            .as_csr()
            .ok_or(SolveError::NeedsEntries { method: "direct" })?;
        let csr = csr.to_u32()?;
        if let Some(reason) = self.prepare(csr.view())? {
            let report = run.finish(reason, rnorm, x, &mut r);
            self.r = r;
            return Ok(report);
        }
        let Some(factor) = &mut self.factor else {
            unreachable!("prepared above");
        };
        let mut step = r.clone();
        let reason = loop {
            if let Some(reason) = run.limits(rnorm, Some(x), Some(&r)) {
                break reason;
            }
            if run.met(rnorm) {
                break StopReason::Converged;
            }
            if run.iterations > self.config.refinements {
                break StopReason::Stagnated;
            }
            step.copy_from_slice(&r);
            factor.solve(&mut step, 1)?; // A⁻¹r
            if !kernels::norm_squared(&step).is_finite() {
                break StopReason::Singular;
            }
            kernels::axpy(T::ONE, &step, x); // x ← x + A⁻¹r
            run.advance();
            let before = rnorm;
            rnorm = run.residual(x, &mut r); // r = b − Ax
            let halved = rnorm <= before * T::Real::from_f64(0.5);
            if !halved && !run.met(rnorm) {
                if rnorm > before {
                    kernels::axpy(-T::ONE, &step, x); // it was better before
                    rnorm = run.residual(x, &mut r);
                }
                break StopReason::Stagnated;
            }
        };
        let report = run.finish(reason, rnorm, x, &mut r);
        self.r = r;
        Ok(report)
    }

    fn solve_many(
        &mut self,
        system: System<'_, T>,
        x: &mut [T],
        observer: &mut dyn Observer<T>,
    ) -> Result<Vec<SolveReport<T::Real>>, SolveError> {
        let System {
            a,
            b,
            m,
            nullspace,
            comm,
        } = system;
        let n = a.nrows();
        let columns = check_columns(n, b, x)?;
        if columns > 1
            && nullspace.is_none()
            && x.iter().all(|x| *x == T::ZERO)
            && let Some(csr) = a.as_csr()
            && self.prepare(csr.to_u32()?.view())?.is_none()
            && let Some(factor) = &mut self.factor
        {
            x.copy_from_slice(b);
            factor.solve(x, columns)?; // all columns in one pass over the factors
            if !kernels::norm_squared(x).is_finite() {
                x.fill(T::ZERO);
            }
        }
        // each column is then judged, and refined where it needs to be, with the same factors
        let system = System {
            a,
            b,
            m,
            nullspace,
            comm,
        };
        one_by_one(self, system, x, observer)
    }

    fn forget(&mut self) {
        self.factor = None;
    }

    fn workspace_bytes(&self) -> usize {
        size_of_val(self.r.as_slice()) + self.factor.as_ref().map_or(0, Factor::bytes)
    }
}

/// Whether A is Hermitian, up to rounding, with a positive diagonal.
fn may_be_definite<T: Scalar>(a: CsrRef<'_, T, u32>) -> bool {
    let tiny = a.norm_inf() * T::Real::EPSILON;
    (0..a.nrows()).all(|i| {
        let d = a.get(i, i);
        d.re() > T::Real::ZERO
            && d.im() == T::Real::ZERO
            && a.row_iter(i)
                .all(|(j, v)| (v - a.get(j, i).conj()).abs() <= tiny)
    })
}

#[cfg(test)]
mod tests;
