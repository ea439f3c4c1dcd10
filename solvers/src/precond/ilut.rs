//! ILUT: incomplete LU with two rules for what to keep, a threshold and a number per row.
//!
//! Row i of A is eliminated with the rows of U before it, in increasing order of columns. An entry
//! wⱼ of the work row is dropped if |wⱼ| < τ‖aᵢ‖₂; of what is left, the p largest are kept on
//! either side of the diagonal. To the left, wₖ is measured before the division by uₖₖ that makes
//! it lᵢₖ: it is then the error that dropping it makes in row i of L U, and scaling the rows of A
//! changes nothing. Pivots as in ILU(0).
//!
//! | setup | O(n p (p + log)) flops at most p entries a row | apply | 2·(nnz(L) + nnz(U)) ≤ 4pn flops | memory | the factors twice, and 4 vectors |
//!
//! - Y. Saad, Numer. Linear Algebra Appl. 1:387–402, 1994, doi:10.1002/nla.1680010405.

use super::factor::{Candidate, Factor, check_drop_tol, select};
use super::pivot::{Pivots, row_size};
use super::triangular::{Factors, Form, TriangularPair, Upper};
use super::{Linearity, PrecondError, Preconditioner, pattern};
use crate::LinearOperator;
use resolvent_matrices::{CsrRef, Real, Scalar};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

const NAME: &str = "ilut";

/// Configuration of [`Ilut`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct IlutConfig {
    /// τ: entries below τ times the 2-norm of the row of A are dropped (≥ 0).
    pub drop_tol: f64,
    /// p: entries kept at most in a row of each strict triangle.
    pub fill: usize,
    /// As [`Ilu0Config::pivot_floor`](super::Ilu0Config::pivot_floor).
    pub pivot_floor: Option<f64>,
    /// Store the factors with half the bits (`f64` → `f32`), still exactly linear.
    pub low_precision: bool,
}

impl Default for IlutConfig {
    /// τ = 10⁻³, 10 entries a row and triangle, zero pivots refused, full precision.
    fn default() -> Self {
        Self {
            drop_tol: 1e-3,
            fill: 10,
            pivot_floor: None,
            low_precision: false,
        }
    }
}

/// The incomplete LU factors of a square matrix, with fill. Their pattern depends on the values, so
/// [`Preconditioner::update`] begins anew and allocates.
#[derive(Debug, Clone)]
pub struct Ilut<T: Scalar> {
    config: IlutConfig,
    n: usize,
    entries: usize,
    replaced: usize,
    solves: TriangularPair<T>,
}

impl<T: Scalar> Ilut<T> {
    /// Factorises A.
    ///
    /// # Errors
    /// [`PrecondError::Pivot`] on a pivot that cannot be used, [`PrecondError::Failed`] on entries
    /// that are not finite, [`PrecondError::NeedsEntries`], [`PrecondError::Config`],
    /// [`PrecondError::Matrix`] if A is not square or the factors outgrow 32-bit indices.
    pub fn new(a: &dyn LinearOperator<T>, config: IlutConfig) -> Result<Self, PrecondError> {
        check_drop_tol(NAME, config.drop_tol)?;
        let csr = a
            .as_csr()
            .ok_or(PrecondError::NeedsEntries { precond: NAME })?;
        let csr = csr.to_u32()?;
        let n = csr.view().square()?;
        let mut e = Elimination::new(n, config)?;
        for i in 0..n {
            e.row(csr.view(), i)?;
        }
        let (lower, upper) = (e.lower.finish(n)?, e.upper.finish(n)?);
        let (below, above) = (pattern(&lower), pattern(&upper));
        let mut solves = TriangularPair::new(below, above, config.low_precision);
        solves.fill(Factors {
            lower: (below, lower.values()),
            upper: (above, Upper::Values(upper.values())),
            inverse: &e.inverse,
            form: Form::Lu,
        });
        Ok(Self {
            config,
            n,
            entries: lower.nnz() + upper.nnz() + n,
            replaced: e.pivots.replaced,
            solves,
        })
    }

    /// Entries of L and U, the unit diagonal of L not counted.
    pub fn nnz(&self) -> usize {
        self.entries
    }

    /// Pivots that were replaced; 0 without a [`IlutConfig::pivot_floor`].
    pub fn replaced_pivots(&self) -> usize {
        self.replaced
    }
}

/// The factors so far, and scratch.
struct Elimination<T> {
    config: IlutConfig,
    pivots: Pivots,
    lower: Factor<T>,
    upper: Factor<T>,
    inverse: Vec<T>,
    /// The row at hand by column, and the last row in which each column occurred.
    work: Vec<T>,
    seen: Vec<u32>,
    /// Columns left of the diagonal that are still to be eliminated, the next one on top.
    ahead: BinaryHeap<Reverse<u32>>,
    /// Columns right of the diagonal.
    behind: Vec<u32>,
    left: Vec<Candidate<T>>,
    right: Vec<Candidate<T>>,
}

impl<T: Scalar> Elimination<T> {
    fn new(n: usize, config: IlutConfig) -> Result<Self, PrecondError> {
        Ok(Self {
            config,
            pivots: Pivots::new(NAME, config.pivot_floor)?,
            lower: Factor::new(n),
            upper: Factor::new(n),
            inverse: Vec::with_capacity(n),
            work: vec![T::ZERO; n],
            seen: vec![u32::MAX; n],
            ahead: BinaryHeap::new(),
            behind: Vec::new(),
            left: Vec::new(),
            right: Vec::new(),
        })
    }

    fn row(&mut self, a: CsrRef<'_, T, u32>, i: usize) -> Result<(), PrecondError> {
        let (cols, values) = a.row(i);
        let size = row_size(NAME, i, values)?;
        let threshold = self.config.drop_tol * norm(values, size);
        self.left.clear();
        self.right.clear();
        self.behind.clear();
        self.work[i] = T::ZERO;
        self.seen[i] = i as u32;
        for (&j, &v) in cols.iter().zip(values) {
            self.meet(i, j);
            self.work[j as usize] = v;
        }
        while let Some(Reverse(col)) = self.ahead.pop() {
            let k = col as usize;
            let w = self.work[k];
            let modulus = w.abs().to_f64();
            if modulus < threshold || w == T::ZERO {
                continue;
            }
            let l = w * self.inverse[k];
            self.left.push(Candidate {
                col,
                value: l,
                size: modulus,
            });
            for at in self.upper.row(k) {
                let (j, u) = (self.upper.col[at], self.upper.val[at]);
                if self.seen[j as usize] != i as u32 {
                    self.meet(i, j);
                    self.work[j as usize] = T::ZERO;
                }
                self.work[j as usize] -= l * u; // wⱼ − lᵢₖ uₖⱼ
            }
        }
        for &col in &self.behind {
            let value = self.work[col as usize];
            let size = value.abs().to_f64();
            if size >= threshold && value != T::ZERO {
                self.right.push(Candidate { col, value, size });
            }
        }
        select(&mut self.left, self.config.fill);
        select(&mut self.right, self.config.fill);
        self.inverse
            .push(self.pivots.invert(i, self.work[i], size)?);
        self.lower
            .push_row(self.left.iter().map(|c| (c.col, c.value)))?;
        self.upper
            .push_row(self.right.iter().map(|c| (c.col, c.value)))?;
        Ok(())
    }

    /// A column that occurs in row i for the first time.
    fn meet(&mut self, i: usize, j: u32) {
        self.seen[j as usize] = i as u32;
        match (j as usize).cmp(&i) {
            std::cmp::Ordering::Less => self.ahead.push(Reverse(j)),
            std::cmp::Ordering::Equal => {}
            std::cmp::Ordering::Greater => self.behind.push(j),
        }
    }
}

/// ‖v‖₂ where no entry is larger than `size`; safe from overflow.
fn norm<T: Scalar>(v: &[T], size: T::Real) -> f64 {
    let size = size.to_f64();
    if size == 0.0 {
        return 0.0;
    }
    let scaled = v.iter().map(|v| (v.abs().to_f64() / size).powi(2));
    size * scaled.sum::<f64>().sqrt()
}

impl<T: Scalar> Preconditioner<T> for Ilut<T> {
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
        self.solves.solve(r, z); // z = U⁻¹ L⁻¹ r
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
        Linearity::Fixed
    }

    fn bytes(&self) -> usize {
        self.solves.bytes()
    }
}

#[cfg(test)]
mod tests;
