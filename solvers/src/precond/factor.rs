//! A triangular factor that grows row by row.

use super::PrecondError;
use resolvent_matrices::{Csr, MatrixError, Scalar};
use std::ops::Range;

/// Rows so far, columns increasing within each.
pub(super) struct Factor<T> {
    ptr: Vec<u32>,
    pub col: Vec<u32>,
    pub val: Vec<T>,
}

impl<T: Scalar> Factor<T> {
    /// Empty, with room for `n` row pointers.
    pub fn new(n: usize) -> Self {
        let mut ptr = Vec::with_capacity(n + 1);
        ptr.push(0);
        Self {
            ptr,
            col: Vec::new(),
            val: Vec::new(),
        }
    }

    /// Where row `i` stands.
    pub fn row(&self, i: usize) -> Range<usize> {
        self.ptr[i] as usize..self.ptr[i + 1] as usize
    }

    /// The next row.
    ///
    /// # Errors
    /// [`MatrixError::TooLarge`] where 32-bit row pointers do not reach.
    pub fn push_row(&mut self, row: impl Iterator<Item = (u32, T)>) -> Result<(), PrecondError> {
        for (col, val) in row {
            self.col.push(col);
            self.val.push(val);
        }
        let end = u32::try_from(self.col.len()).map_err(|_| MatrixError::TooLarge {
            what: "entries",
            got: self.col.len(),
        })?;
        self.ptr.push(end);
        Ok(())
    }

    /// Begins again; keeps the memory.
    pub fn clear(&mut self) {
        self.ptr.truncate(1);
        self.col.clear();
        self.val.clear();
    }

    /// The square matrix of order `n`, all of whose rows were given.
    pub fn finish(self, n: usize) -> Result<Csr<T>, PrecondError> {
        Ok(Csr::new(n, n, self.ptr, self.col, self.val)?)
    }
}

/// # Errors
/// [`PrecondError::Config`] for a threshold that is not finite and ≥ 0.
pub(super) fn check_drop_tol(precond: &'static str, drop_tol: f64) -> Result<(), PrecondError> {
    if drop_tol >= 0.0 && drop_tol.is_finite() {
        return Ok(());
    }
    Err(PrecondError::Config {
        precond,
        problem: format!("drop_tol is {drop_tol}, a finite number ≥ 0 is needed"),
    })
}

/// An entry of the row at hand, to be kept or not.
#[derive(Debug, Clone, Copy)]
pub(super) struct Candidate<T> {
    pub col: u32,
    pub value: T,
    pub size: f64,
}

/// Leaves the `fill` largest candidates, in order of columns; of equals, the ones to the left.
pub(super) fn select<T>(row: &mut Vec<Candidate<T>>, fill: usize) {
    if row.len() > fill {
        if fill > 0 {
            row.select_nth_unstable_by(fill - 1, |a, b| {
                b.size.total_cmp(&a.size).then(a.col.cmp(&b.col))
            });
        }
        row.truncate(fill);
    }
    row.sort_unstable_by_key(|c| c.col);
}
