//! The engine under the incomplete factorisations: z ← U⁻¹ D⁻¹ L⁻¹ r, sparse, with L and U unit
//! triangular and D diagonal.
//!
//! In the natural order of a grid every row waits for the one before it, and a plain loop runs at
//! the latency of that chain, three to five times slower than memory allows. Two ways out, chosen
//! from the pattern:
//! - [`lines`]: on a grid, rows repeat the one before shifted by a column. Such rows are solved
//!   eight at a time in the natural order, the chain within the eight by a prefix scan; values
//!   stand as they are read, and no columns are.
//! - [`levels`]: rows that do not wait for each other are made neighbours in memory.
//!
//! A factor with a diagonal (Cholesky) is brought to unit form once, when its values come: one
//! division per row is left, between the two sweeps.
//!
//! | apply | 2·nnz(L) + 2·nnz(U) + n flops, each factor read once | memory | (size of value + 4)·(nnz(L) + nnz(U)) + vectors; lines: without the 4 |

#[cfg(target_arch = "x86_64")]
mod avx2;
mod chain;
mod levels;
mod lines;
mod stored;
mod sweep;
#[cfg(test)]
mod tests;

use levels::Levels;
use lines::Lines;
use resolvent_matrices::Scalar;
use std::ops::Range;

/// The strict triangle of a factor in natural numbering, as a factorisation makes it: row
/// pointers and columns.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pattern<'a> {
    /// Row pointers.
    pub ptr: &'a [u32],
    /// Columns, increasing within a row.
    pub col: &'a [u32],
}

impl Pattern<'_> {
    fn rows(&self) -> usize {
        self.ptr.len() - 1
    }

    fn row(&self, i: usize) -> Range<usize> {
        self.ptr[i] as usize..self.ptr[i + 1] as usize
    }
}

/// Strict triangles with values, and what is on the diagonals.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Factors<'a, T> {
    /// Strict lower triangle of L, by rows.
    pub lower: (Pattern<'a>, &'a [T]),
    /// Strict upper triangle of U, by rows.
    pub upper: (Pattern<'a>, Upper<'a, T>),
    /// Inverse diagonal of U, and of L if it is not unit.
    pub inverse: &'a [T],
    /// What the triangles are to each other.
    pub form: Form<T>,
}

/// What M is made of.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Form<T> {
    /// M = L U, L with a diagonal of ones.
    Lu,
    /// M = L U, L with the diagonal of U.
    Cholesky,
    /// M = (D + ωL) D⁻¹ (D + ωU)/(ω(2 − ω)), D the diagonal whose inverse is given.
    Relaxed(T),
    /// L ← I + ωSLS, U ← I + ωSUS with the diagonal S given in the place of the inverse: one sweep
    /// each way of a matrix that is scaled to a unit diagonal.
    Scaled(T),
}

/// The values of U.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Upper<'a, T> {
    /// As they are.
    Values(&'a [T]),
    /// U = Lᴴ: where each entry comes from in L, and the values of L.
    Adjoint(&'a [u32], &'a [T]),
}

impl<T: Scalar> Factors<'_, T> {
    /// Entry `k`, in row `i`, of L with its columns scaled to a unit diagonal.
    #[inline(always)]
    fn unit_lower_value(&self, i: usize, k: usize) -> T {
        let value = self.lower.1[k];
        let inverse = || self.inverse[self.lower.0.col[k] as usize];
        match self.form {
            Form::Lu => value,
            Form::Cholesky => value * inverse(),
            Form::Relaxed(omega) => value * (omega * inverse()),
            Form::Scaled(omega) => value * (omega * self.inverse[i] * inverse()),
        }
    }

    /// Entry `k`, in row `i`, of U with its rows scaled to a unit diagonal.
    #[inline(always)]
    fn unit_upper_value(&self, i: usize, k: usize) -> T {
        let value = match self.upper.1 {
            Upper::Values(values) => values[k],
            Upper::Adjoint(source, lower) => lower[source[k] as usize].conj(),
        };
        match self.form {
            Form::Relaxed(omega) => value * (omega * self.inverse[i]),
            Form::Scaled(omega) => {
                let column = self.upper.0.col[k] as usize;
                value * (omega * self.inverse[i] * self.inverse[column])
            }
            _ => value * self.inverse[i],
        }
    }

    /// Row `i` of D⁻¹, which stands between the two.
    #[inline(always)]
    fn middle(&self, i: usize) -> T {
        let inverse = self.inverse[i];
        match self.form {
            Form::Lu => inverse,
            Form::Cholesky => inverse * inverse,
            Form::Relaxed(omega) => inverse * (omega * (T::ONE + T::ONE - omega)),
            Form::Scaled(_) => T::ONE,
        }
    }
}

/// Rows in an order in which rows that are tied to each other keep their natural one and others are
/// neighbours, from the patterns of both triangles; the natural order where that gains nothing.
pub(crate) fn natural_levels(lower: Pattern<'_>, upper: Pattern<'_>) -> Vec<u32> {
    levels::level_order(lower, upper)
}

/// L and U, ready to be solved with.
#[derive(Debug, Clone)]
pub(crate) enum TriangularPair<T: Scalar> {
    /// In natural order, by lines of a grid.
    Lines(Lines<T>),
    /// Row by row, by levels where that helps.
    Levels(Levels<T>),
}

impl<T: Scalar> TriangularPair<T> {
    /// Symbolic part: storage for strict triangles of the given patterns, with values of half the
    /// bits if `half`. Values come with [`TriangularPair::fill`].
    pub fn new(lower: Pattern<'_>, upper: Pattern<'_>, half: bool) -> Self {
        match Lines::new(lower, upper, half) {
            Some(lines) => Self::Lines(lines),
            None => Self::Levels(Levels::new(lower, upper, half)),
        }
    }

    /// Numeric part. Allocates nothing.
    pub fn fill(&mut self, factors: Factors<'_, T>) {
        match self {
            Self::Lines(lines) => lines.fill(factors),
            Self::Levels(levels) => levels.fill(factors),
        }
    }

    /// z ← U⁻¹ D⁻¹ L⁻¹ r.
    ///
    /// # Panics
    /// If a vector has the wrong length.
    pub fn solve(&mut self, r: &[T], z: &mut [T]) {
        self.solve_many(&[0], r, z);
    }

    /// The same for the listed columns of r and z, which hold n numbers each, one after the other.
    ///
    /// # Panics
    /// If r and z differ in length, or lack one of the columns.
    pub fn solve_many(&mut self, columns: &[usize], r: &[T], z: &mut [T]) {
        assert_eq!(r.len(), z.len(), "triangular solve: lengths of r and z");
        match self {
            Self::Lines(lines) => lines.solve(columns, r, z),
            Self::Levels(levels) => {
                let n = levels.rows();
                for &j in columns {
                    levels.solve(&r[j * n..(j + 1) * n], &mut z[j * n..(j + 1) * n]);
                }
            }
        }
    }

    /// z ← L⁻¹ r.
    ///
    /// # Panics
    /// If a vector has the wrong length.
    pub fn solve_lower(&mut self, r: &[T], z: &mut [T]) {
        match self {
            Self::Lines(lines) => lines.solve_lower(r, z),
            Self::Levels(levels) => levels.solve_lower(r, z),
        }
    }

    /// z ← U⁻¹ r, without D.
    ///
    /// # Panics
    /// If a vector has the wrong length.
    pub fn solve_upper(&mut self, r: &[T], z: &mut [T]) {
        match self {
            Self::Lines(lines) => lines.solve_upper(r, z),
            Self::Levels(levels) => levels.solve_upper(r, z),
        }
    }

    /// Memory held, in bytes.
    pub fn bytes(&self) -> usize {
        match self {
            Self::Lines(lines) => lines.bytes(),
            Self::Levels(levels) => levels.bytes(),
        }
    }
}
