//! What to do about pivots of LU factorisations that are zero or tiny.

use super::PrecondError;
use resolvent_matrices::{Real, Scalar};

/// The rule for pivots, and how often it had to step in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pivots {
    precond: &'static str,
    floor: Option<f64>,
    /// Pivots replaced since [`Pivots::restart`].
    pub replaced: usize,
}

impl Pivots {
    /// # Errors
    /// [`PrecondError::Config`] for a floor that is not in (0, 1].
    pub fn new(precond: &'static str, floor: Option<f64>) -> Result<Self, PrecondError> {
        match floor {
            Some(f) if !(f > 0.0 && f <= 1.0) => Err(PrecondError::Config {
                precond,
                problem: format!("pivot_floor is {f}, a number in (0, 1] is needed"),
            }),
            _ => Ok(Self {
                precond,
                floor,
                replaced: 0,
            }),
        }
    }

    pub fn restart(&mut self) {
        self.replaced = 0;
    }

    /// 1/pivot of a row of A whose largest entry is `size` in modulus; of the replacement, where
    /// the pivot is too small.
    pub fn invert<T: Scalar>(
        &mut self,
        row: usize,
        pivot: T,
        size: T::Real,
    ) -> Result<T, PrecondError> {
        let mut pivot = pivot;
        if let Some(floor) = self.floor {
            let least = T::Real::from_f64(floor) * size;
            let modulus = pivot.abs();
            if modulus < least {
                self.replaced += 1;
                let phase = if modulus > T::Real::ZERO {
                    pivot.scale(T::Real::ONE / modulus)
                } else {
                    T::ONE
                };
                pivot = phase.scale(least);
            }
        }
        let inverse = T::ONE / pivot;
        if pivot != T::ZERO && pivot.is_finite() && inverse.is_finite() {
            return Ok(inverse);
        }
        Err(PrecondError::Pivot {
            precond: self.precond,
            row,
            found: pivot.to_string(),
            hint: match (pivot == T::ZERO, self.floor) {
                (true, None) => "; set a floor for pivots (1e-3, say), or reorder the rows",
                (true, Some(_)) => "; the row of A is zero",
                (false, _) => {
                    "; the factorisation overflowed: scale the matrix, or set a floor for pivots"
                }
            },
        })
    }
}

/// The largest modulus among `values`.
///
/// # Errors
/// [`PrecondError::Failed`] if one is not finite.
pub(super) fn row_size<T: Scalar>(
    precond: &'static str,
    row: usize,
    values: &[T],
) -> Result<T::Real, PrecondError> {
    let mut size = T::Real::ZERO;
    for v in values {
        if !v.is_finite() {
            return Err(PrecondError::Failed {
                precond,
                problem: format!(
                    "row {row} ({} counted from 1) of A has an entry {v}, not a finite number",
                    row + 1
                ),
            });
        }
        size = Real::max(size, v.abs());
    }
    Ok(size)
}
