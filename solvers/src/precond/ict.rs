//! ICT: incomplete Cholesky with a threshold and a number per row, M = L Lᴴ.
//!
//! Lᴴ = U is found row by row, from the upper triangle of A and the rows of U before it:
//!   uₖⱼ = (aₖⱼ − Σ_{i<k} ūᵢₖ uᵢⱼ)/uₖₖ        uₖₖ = √(aₖₖ − Σ_{i<k} |uᵢₖ|²)
//! A numerator wⱼ is dropped if |wⱼ| < τ √(aₖₖ aⱼⱼ); of what is left, the p largest by |wⱼ|/√aⱼⱼ are
//! kept. Both measures are those of the matrix scaled to a unit diagonal, so scaling A from both
//! sides changes nothing. Where a pivot fails, A + σ·diag(A) is tried with growing σ, as in IC(0).
//!
//! | setup | O(n p (p + log p)) flops at most p entries a row | apply | 4·nnz(L) flops | memory | 16 bytes per entry of L, twice, and 4 vectors |
//!
//! - C.-J. Lin, J. J. Moré, SIAM J. Sci. Comput. 21:24–45, 1999, doi:10.1137/S1064827597327334.
//! - T. A. Manteuffel, Math. Comp. 34:473–497, 1980, doi:10.1090/S0025-5718-1980-0559197-0.

use super::factor::{Candidate, Factor, check_drop_tol, select};
use super::triangular::{Factors, Form, TriangularPair, Upper};
use super::{Linearity, PrecondError, Preconditioner, pattern};
use crate::LinearOperator;
use resolvent_matrices::{CsrRef, Real, Scalar};

const NAME: &str = "ict";
/// No row.
const NONE: u32 = u32::MAX;

/// Configuration of [`Ict`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct IctConfig {
    /// τ: what is smaller, in the matrix scaled to a unit diagonal, is dropped (≥ 0).
    pub drop_tol: f64,
    /// p: entries kept at most in a row of Lᴴ, the diagonal not counted.
    pub fill: usize,
    /// First shift σ tried when a pivot fails (> 0).
    pub shift_start: f64,
    /// Shifts tried, each four times the one before, until the matrix is refused.
    pub max_tries: usize,
    /// Store the factor with half the bits (`f64` → `f32`), still exactly linear and positive
    /// definite.
    pub low_precision: bool,
}

impl Default for IctConfig {
    /// τ = 10⁻³, 10 entries a row, σ from 10⁻³ on, 16 tries, full precision.
    fn default() -> Self {
        Self {
            drop_tol: 1e-3,
            fill: 10,
            shift_start: 1e-3,
            max_tries: 16,
            low_precision: false,
        }
    }
}

/// The incomplete Cholesky factor of a Hermitian matrix with a positive diagonal, with fill. Only
/// the upper triangle of A is read. The pattern of L depends on the values, so
/// [`Preconditioner::update`] begins anew and allocates.
#[derive(Debug, Clone)]
pub struct Ict<T: Scalar> {
    config: IctConfig,
    n: usize,
    entries: usize,
    shift: f64,
    solves: TriangularPair<T>,
}

impl<T: Scalar> Ict<T> {
    /// Factorises the upper triangle of A.
    ///
    /// # Errors
    /// [`PrecondError::Diagonal`] where the diagonal is not real and positive,
    /// [`PrecondError::Pivot`] if no shift helps, [`PrecondError::NeedsEntries`],
    /// [`PrecondError::Config`], [`PrecondError::Matrix`] if A is not square or L outgrows 32-bit
    /// indices.
    pub fn new(a: &dyn LinearOperator<T>, config: IctConfig) -> Result<Self, PrecondError> {
        check_drop_tol(NAME, config.drop_tol)?;
        if config.shift_start.is_nan() || config.shift_start <= 0.0 {
            let got = config.shift_start;
            return Err(PrecondError::Config {
                precond: NAME,
                problem: format!("shift_start is {got}, a positive number is needed"),
            });
        }
        let csr = a
            .as_csr()
            .ok_or(PrecondError::NeedsEntries { precond: NAME })?;
        let csr = csr.to_u32()?;
        let n = csr.view().square()?;
        let mut e = Elimination::new(csr.view(), config)?;
        let mut shift = 0.0;
        let mut first_failure = None;
        for _ in 0..=config.max_tries {
            match e.attempt(csr.view(), shift)? {
                Ok(()) => return Self::finish(e, n, shift),
                Err(failure) => {
                    first_failure.get_or_insert(failure);
                    shift = config.shift_start.max(shift * 4.0);
                }
            }
        }
        let (row, pivot) = first_failure.unwrap_or_default();
        Err(PrecondError::Pivot {
            precond: NAME,
            row,
            found: pivot.to_string(),
            hint: "; no diagonal shift helped: the matrix may be far from positive definite, use minres or gmres with ilut",
        })
    }

    fn finish(e: Elimination<T>, n: usize, shift: f64) -> Result<Self, PrecondError> {
        let upper = e.upper.finish(n)?;
        let lower = upper.view().adjoint();
        let (below, above) = (pattern(&lower), pattern(&upper));
        let mut solves = TriangularPair::new(below, above, e.config.low_precision);
        solves.fill(Factors {
            lower: (below, lower.values()),
            upper: (above, Upper::Values(upper.values())),
            inverse: &e.inverse,
            form: Form::Cholesky,
        });
        Ok(Self {
            config: e.config,
            n,
            entries: lower.nnz() + n,
            shift,
            solves,
        })
    }

    /// The shift σ that the factorisation needed; 0 if none.
    pub fn shift(&self) -> f64 {
        self.shift
    }

    /// Entries of L, the diagonal counted.
    pub fn nnz(&self) -> usize {
        self.entries
    }
}

/// The factor so far, and scratch.
struct Elimination<T: Scalar> {
    config: IctConfig,
    upper: Factor<T>,
    /// 1/uₖₖ.
    inverse: Vec<T>,
    /// √aₖₖ.
    scale: Vec<f64>,
    /// Row k at hand by column, and the last row in which each column occurred.
    work: Vec<T>,
    seen: Vec<u32>,
    columns: Vec<u32>,
    kept: Vec<Candidate<T>>,
    /// Row i of U has been used up to entry `next[i]`; rows whose next column is k hang in the
    /// list that begins at `head[k]` and goes on through `link`.
    next: Vec<u32>,
    head: Vec<u32>,
    link: Vec<u32>,
}

impl<T: Scalar> Elimination<T> {
    fn new(a: CsrRef<'_, T, u32>, config: IctConfig) -> Result<Self, PrecondError> {
        let n = a.nrows();
        let mut scale = Vec::with_capacity(n);
        for row in 0..n {
            let d = a.get(row, row);
            let positive = d.re() > T::Real::ZERO && d.im() == T::Real::ZERO;
            if !positive || !d.is_finite() {
                return Err(PrecondError::Diagonal {
                    precond: NAME,
                    row,
                    found: d.to_string(),
                    needed: "a positive real number",
                });
            }
            scale.push(d.re().to_f64().sqrt());
        }
        Ok(Self {
            config,
            upper: Factor::new(n),
            inverse: Vec::with_capacity(n),
            scale,
            work: vec![T::ZERO; n],
            seen: vec![NONE; n],
            columns: Vec::new(),
            kept: Vec::new(),
            next: vec![0; n],
            head: vec![NONE; n],
            link: vec![NONE; n],
        })
    }

    /// The factorisation of A + σ·diag(A); where a pivot fails, its row and itself.
    fn attempt(
        &mut self,
        a: CsrRef<'_, T, u32>,
        shift: f64,
    ) -> Result<Result<(), (usize, f64)>, PrecondError> {
        self.upper.clear();
        self.inverse.clear();
        self.seen.fill(NONE);
        self.head.fill(NONE);
        for k in 0..a.nrows() {
            if let Err(pivot) = self.row(a, k, T::Real::from_f64(1.0 + shift))? {
                return Ok(Err((k, pivot)));
            }
        }
        Ok(Ok(()))
    }

    fn row(
        &mut self,
        a: CsrRef<'_, T, u32>,
        k: usize,
        grow: T::Real,
    ) -> Result<Result<(), f64>, PrecondError> {
        self.columns.clear();
        let mut scaled = T::Real::ZERO;
        for (j, v) in a.row_iter(k).filter(|e| e.0 >= k) {
            if j == k {
                scaled = v.re() * grow;
            } else {
                self.work[j] = v;
                self.seen[j] = k as u32;
                self.columns.push(j as u32);
            }
        }
        let mut pivot = scaled;
        let mut i = self.head[k];
        while i != NONE {
            let following = self.link[i as usize];
            let (at, end) = (
                self.next[i as usize] as usize,
                self.upper.row(i as usize).end,
            );
            let u = self.upper.val[at]; // uᵢₖ
            pivot -= u.abs2();
            for e in at + 1..end {
                let j = self.upper.col[e];
                if self.seen[j as usize] != k as u32 {
                    self.seen[j as usize] = k as u32;
                    self.work[j as usize] = T::ZERO;
                    self.columns.push(j);
                }
                self.work[j as usize] -= u.conj() * self.upper.val[e]; // wⱼ − ūᵢₖ uᵢⱼ
            }
            self.hang(i, at + 1, end);
            i = following;
        }
        let positive = pivot > scaled * T::Real::EPSILON; // false for NaN
        if !positive || !pivot.is_finite() {
            return Ok(Err(pivot.to_f64()));
        }
        let inverse = T::from_real(T::Real::ONE / pivot.sqrt());
        self.inverse.push(inverse);
        self.kept.clear();
        for &col in &self.columns {
            let w = self.work[col as usize];
            let size = w.abs().to_f64() / self.scale[col as usize];
            let small = size < self.config.drop_tol * self.scale[k];
            if !small && w != T::ZERO {
                let value = w * inverse;
                self.kept.push(Candidate { col, value, size });
            }
        }
        select(&mut self.kept, self.config.fill);
        self.upper
            .push_row(self.kept.iter().map(|c| (c.col, c.value)))?;
        let own = self.upper.row(k);
        self.hang(k as u32, own.start, own.end);
        Ok(Ok(()))
    }

    /// Row `i`, used up to entry `at`, waits for the row of its next column.
    fn hang(&mut self, i: u32, at: usize, end: usize) {
        if at < end {
            let head = &mut self.head[self.upper.col[at] as usize];
            self.next[i as usize] = at as u32;
            self.link[i as usize] = *head;
            *head = i;
        }
    }
}

impl<T: Scalar> Preconditioner<T> for Ict<T> {
    fn name(&self) -> &'static str {
        NAME
    }

    fn update(&mut self, a: &dyn LinearOperator<T>) -> Result<(), PrecondError> {
        if a.nrows() != self.n {
            return Err(PrecondError::Shape {
                precond: NAME,
                expected: self.n,
                got: a.nrows(),
            });
        }
        *self = Self::new(a, self.config)?;
        Ok(())
    }

    fn apply(&mut self, r: &[T], z: &mut [T]) -> Result<(), PrecondError> {
        self.solves.solve(r, z); // z = L⁻ᴴ L⁻¹ r
        Ok(())
    }

    fn apply_many(
        &mut self,
        _: usize,
        columns: &[usize],
        r: &[T],
        z: &mut [T],
    ) -> Result<(), PrecondError> {
        self.solves.solve_many(columns, r, z);
        Ok(())
    }

    fn linearity(&self) -> Linearity {
        Linearity::FixedHpd
    }

    fn bytes(&self) -> usize {
        self.solves.bytes()
    }
}

#[cfg(test)]
mod tests;
