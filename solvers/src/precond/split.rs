//! A = D + L + U: the diagonal and the strict triangles, what every relaxation works with.

use super::{PrecondError, pattern};
use crate::LinearOperator;
use crate::precond::triangular::Pattern;
use resolvent_matrices::{Csr, CsrRef, MatrixError, Scalar};

/// The parts of a square matrix whose diagonal has no zero.
#[derive(Debug, Clone)]
pub(crate) struct Split<T: Scalar> {
    /// Who asks, for errors.
    name: &'static str,
    /// Strict triangles of A.
    pub lower: Csr<T>,
    pub upper: Csr<T>,
    /// 1/aᵢᵢ.
    pub inverse: Vec<T>,
    /// A is Hermitian with a positive diagonal.
    pub positive: bool,
    /// For each row of the upper triangle, the first entry not seen yet.
    next: Vec<u32>,
}

impl<T: Scalar> Split<T> {
    /// Takes A apart. O(nnz).
    ///
    /// # Errors
    /// [`PrecondError::Diagonal`] where the diagonal is zero, missing or not finite, or of a
    /// Hermitian matrix not of one sign; [`PrecondError::NeedsEntries`], [`PrecondError::Matrix`] if
    /// A is not square.
    pub fn new(name: &'static str, a: &dyn LinearOperator<T>) -> Result<Self, PrecondError> {
        let csr = a
            .as_csr()
            .ok_or(PrecondError::NeedsEntries { precond: name })?;
        let csr = csr.to_u32()?;
        let n = csr.view().square()?;
        let mut split = Self {
            name,
            lower: csr.view().filter(|i, j| j < i),
            upper: csr.view().filter(|i, j| j > i),
            inverse: vec![T::ZERO; n],
            positive: false,
            next: vec![0; n],
        };
        split.take(csr.view())?;
        Ok(split)
    }

    /// Takes the values of the next matrix; false if it has another pattern. Allocates nothing.
    pub fn update(&mut self, a: &dyn LinearOperator<T>) -> Result<bool, PrecondError> {
        let precond = self.name;
        if a.nrows() != self.inverse.len() {
            return Err(PrecondError::Shape {
                precond,
                expected: self.inverse.len(),
                got: a.nrows(),
            });
        }
        let csr = a.as_csr().ok_or(PrecondError::NeedsEntries { precond })?;
        let csr = csr.to_u32()?;
        csr.view().square()?;
        match self.take(csr.view()) {
            Err(PrecondError::Matrix(_)) => Ok(false),
            other => other.map(|()| true),
        }
    }

    pub fn lower_pattern(&self) -> Pattern<'_> {
        pattern(&self.lower)
    }

    pub fn upper_pattern(&self) -> Pattern<'_> {
        pattern(&self.upper)
    }

    /// Memory held, in bytes.
    pub fn bytes(&self) -> usize {
        (self.lower.nnz() + self.upper.nnz()) * (size_of::<T>() + 4)
            + self.inverse.len() * (size_of::<T>() + 4)
    }

    /// Copies the values of a matrix of the prepared pattern.
    fn take(&mut self, a: CsrRef<'_, T, u32>) -> Result<(), PrecondError> {
        for i in 0..a.nrows() {
            let (cols, values) = a.row(i);
            let below = cols.partition_point(|&j| (j as usize) < i);
            let stored = cols.get(below).is_some_and(|&j| j as usize == i);
            let above = below + usize::from(stored);
            let (left, right) = (self.lower.row_range(i), self.upper.row_range(i));
            if self.lower.col_idx()[left.clone()] != cols[..below]
                || self.upper.col_idx()[right.clone()] != cols[above..]
            {
                return Err(PrecondError::Matrix(MatrixError::PatternDiffers {
                    what: format!("row {i} (counted from 0) is not the one that was prepared"),
                }));
            }
            let d = if stored { values[below] } else { T::ZERO };
            if d == T::ZERO || !d.is_finite() {
                return Err(self.diagonal(i, d, "a finite number other than zero"));
            }
            self.inverse[i] = T::ONE / d;
            self.lower.values_mut()[left].copy_from_slice(&values[..below]);
            self.upper.values_mut()[right].copy_from_slice(&values[above..]);
        }
        self.positive = self.judge(a)?;
        Ok(())
    }

    /// Whether A is Hermitian with a positive diagonal.
    fn judge(&mut self, a: CsrRef<'_, T, u32>) -> Result<bool, PrecondError> {
        let real = self.inverse.iter().all(|d| d.im() == T::Real::ZERO);
        let n = self.inverse.len();
        self.next.copy_from_slice(&self.upper.row_ptr()[..n]);
        if !real || !hermitian(self.lower.view(), self.upper.view(), &mut self.next) {
            return Ok(false);
        }
        let positive = |i: &usize| self.inverse[*i].re() > T::Real::ZERO;
        match (0..n).find(positive) {
            None => Ok(n == 0), // all negative: −A may be definite, which is no use to CG
            Some(_) => match (0..n).find(|i| !positive(i)) {
                None => Ok(true),
                Some(i) => Err(self.diagonal(
                    i,
                    a.get(i, i),
                    "a number with the sign of the other diagonal entries",
                )),
            },
        }
    }

    fn diagonal(&self, row: usize, found: T, needed: &'static str) -> PrecondError {
        PrecondError::Diagonal {
            precond: self.name,
            row,
            found: found.to_string(),
            needed,
        }
    }
}

/// Refuses an ω outside of (0, 2).
pub(crate) fn check_omega(name: &'static str, omega: f64) -> Result<(), PrecondError> {
    if omega > 0.0 && omega < 2.0 {
        return Ok(());
    }
    Err(PrecondError::Config {
        precond: name,
        problem: format!("omega is {omega}, a number between 0 and 2 is needed"),
    })
}

/// Whether U = Lᴴ, bit for bit: rows of L are read in order, so that the image of the next entry
/// (i, j) is the first of row j of U not seen yet.
fn hermitian<T: Scalar>(
    lower: CsrRef<'_, T, u32>,
    upper: CsrRef<'_, T, u32>,
    next: &mut [u32],
) -> bool {
    if lower.nnz() != upper.nnz() {
        return false;
    }
    (0..lower.nrows()).all(|i| {
        let mut row = lower.row_iter(i);
        row.all(|(j, v)| {
            let at = next[j] as usize;
            next[j] += 1;
            at < upper.row_ptr()[j + 1] as usize
                && upper.col_idx()[at] as usize == i
                && upper.values()[at] == v.conj()
        })
    })
}
