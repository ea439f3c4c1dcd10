//! What the entries of a matrix say about it: symmetry, diagonal, dominance, definiteness.
//!
//! Everything here is cheap, O(n + nnz): what it proves holds up to the rounding of a row sum,
//! what it cannot prove is called possible or unknown. `auto` and `resolvent info` read it.
//! - R. S. Varga, Geršgorin and His Circles, Springer, 2004, doi:10.1007/978-3-642-17798-9
//!   (dominance and location of eigenvalues).
//! - P. Shivakumar, K. Chew, A sufficient condition for nonvanishing of determinants, Proc. AMS
//!   43(1):63–66, 1974, doi:10.2307/2039326 (weakly chained dominance).

mod dominance;
mod rows;
mod symmetry;

use crate::{CsrRef, Scalar};
use dominance::dominance;
pub use rows::constant_nullspace;
use rows::{Rows, Sign};
use symmetry::Symmetry;

/// How a diagonal dominates its rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dominance {
    /// |a_ii| > Σ_{j≠i} |a_ij| in every row: nonsingular.
    Strict,
    /// |a_ii| ≥ Σ_{j≠i} |a_ij| in every row, and from each row a chain of entries leads to a row
    /// where it is strict: nonsingular.
    Chained,
    /// |a_ii| ≥ Σ_{j≠i} |a_ij| in every row; possibly singular.
    Weak,
}

/// Why a Hermitian matrix has eigenvalues of both signs, or none of the sign hoped for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IndefiniteProof {
    /// a_ii > 0 and a_jj < 0.
    Diagonal {
        /// a row with a positive diagonal
        positive: usize,
        /// a row with a negative diagonal
        negative: usize,
    },
    /// a_ii a_jj < |a_ij|²: a principal minor of order 2 is negative.
    Minor {
        /// one row
        i: usize,
        /// the other row
        j: usize,
    },
}

/// What is known of the sign of xᴴAx, for a matrix that is Hermitian up to rounding: files and
/// assembly loops leave a few bits of difference, [`Evidence::non_hermitian`] up to 16 ε.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Definiteness {
    /// Hermitian and positive definite ([`Dominance::Weak`]: semidefinite), proven by dominance.
    Positive(Dominance),
    /// Hermitian with a positive diagonal, and no principal minor of order 2 speaks against it.
    PossiblyPositive,
    /// Hermitian and negative definite ([`Dominance::Weak`]: semidefinite), proven by dominance.
    Negative(Dominance),
    /// Hermitian with a negative diagonal, and no principal minor of order 2 speaks against it.
    PossiblyNegative,
    /// Hermitian with eigenvalues of both signs, proven.
    Indefinite(IndefiniteProof),
    /// Nothing is known: not Hermitian up to rounding, not square, not finite, or a diagonal without a sign.
    Unknown,
}

/// The evidence.
#[derive(Debug, Clone, PartialEq)]
pub struct Evidence {
    /// As many rows as columns; without it, all of the symmetries below are false.
    pub square: bool,
    /// No NaN, no infinity.
    pub finite: bool,
    /// a_ij is stored exactly where a_ji is.
    pub structurally_symmetric: bool,
    /// A = Aᵀ, bit for bit.
    pub symmetric: bool,
    /// A = Aᴴ, bit for bit.
    pub hermitian: bool,
    /// A = −Aᵀ, bit for bit.
    pub skew_symmetric: bool,
    /// ‖A − Aᵀ‖_F / ‖A‖_F; NaN unless square and finite. Rounding alone gives about 1e-16.
    pub asymmetry: f64,
    /// ‖A − Aᴴ‖_F / ‖A‖_F; NaN unless square and finite.
    pub non_hermitian: f64,
    /// Diagonal entries that are not stored.
    pub missing_diagonals: usize,
    /// Diagonal entries that are stored and zero.
    pub zero_diagonals: usize,
    /// Diagonal entries that are real and positive.
    pub positive_diagonals: usize,
    /// Diagonal entries that are real and negative.
    pub negative_diagonals: usize,
    /// Diagonal entries with an imaginary part.
    pub nonreal_diagonals: usize,
    /// Rows with |a_ii| ≥ Σ_{j≠i} |a_ij| up to rounding, the strict ones among them.
    pub weakly_dominant_rows: usize,
    /// Rows with |a_ii| > Σ_{j≠i} |a_ij| by more than rounding.
    pub strictly_dominant_rows: usize,
    /// Dominance of the whole matrix, if every row has it.
    pub dominance: Option<Dominance>,
    /// max |i − j| over the stored entries.
    pub bandwidth: usize,
    /// Rows without entries.
    pub empty_rows: usize,
    /// Columns without entries.
    pub empty_columns: usize,
    /// Real, all off-diagonal entries ≤ 0 (a Z-matrix).
    pub nonpositive_off_diagonals: bool,
    /// A nonsingular M-matrix, proven: the above, a positive diagonal, and strict or chained
    /// dominance.
    pub m_matrix: bool,
    /// Rows whose entries sum to zero, up to rounding.
    pub zero_row_sums: usize,
    /// Columns whose entries sum to zero, up to rounding.
    pub zero_column_sums: usize,
    /// Every row sums to zero: A·1 = 0, the constant vector is in the null space.
    pub constant_nullspace: bool,
    /// The sign of xᴴAx.
    pub definiteness: Definiteness,
}

impl Evidence {
    /// Reads `a`. O(n + nnz) time and memory for a few vectors; where the pattern is not symmetric,
    /// for that of the transpose too.
    pub fn gather<T: Scalar>(a: CsrRef<'_, T, u32>) -> Self {
        let (nrows, ncols) = (a.nrows(), a.ncols());
        let square = nrows == ncols;
        let rows = Rows::of(a);
        let finite = rows.finite;
        let symmetry = Symmetry::of(a, rows.largest, square);
        let sign = |s: Sign| {
            let diagonals = &rows.rows[..nrows.min(ncols)];
            diagonals.iter().filter(|r| r.sign == s).count()
        };
        let zero_row_sums = rows.count(|row| row.sums_to_zero);
        let empty_rows = a.row_ptr().windows(2).filter(|w| w[0] == w[1]).count();
        let (zero_column_sums, empty_columns) = if symmetry.symmetric || symmetry.hermitian {
            (zero_row_sums, empty_rows)
        } else {
            rows::columns(a)
        };
        let dominance = if square && finite {
            dominance(a, &rows)
        } else {
            None
        };
        let positive_diagonals = sign(Sign::Positive);
        let nonpositive_off_diagonals = finite && rows.nonpositive_off_diagonals;
        let definite = matches!(dominance, Some(Dominance::Strict | Dominance::Chained));
        let nearly_hermitian = symmetry.non_hermitian <= rounding::<T>(3);
        Self {
            square,
            finite,
            structurally_symmetric: symmetry.structural,
            symmetric: symmetry.symmetric,
            hermitian: symmetry.hermitian,
            skew_symmetric: symmetry.skew,
            asymmetry: if finite { symmetry.asymmetry } else { f64::NAN },
            non_hermitian: if finite {
                symmetry.non_hermitian
            } else {
                f64::NAN
            },
            missing_diagonals: sign(Sign::Missing),
            zero_diagonals: sign(Sign::Zero),
            positive_diagonals,
            negative_diagonals: sign(Sign::Negative),
            nonreal_diagonals: sign(Sign::NonReal),
            weakly_dominant_rows: rows.count(|row| row.weak),
            strictly_dominant_rows: rows.count(|row| row.strict),
            dominance,
            bandwidth: rows.bandwidth,
            empty_rows,
            empty_columns,
            nonpositive_off_diagonals,
            m_matrix: nonpositive_off_diagonals && definite && positive_diagonals == nrows,
            zero_row_sums,
            zero_column_sums,
            constant_nullspace: nrows > 0 && zero_row_sums == nrows,
            definiteness: if nearly_hermitian && finite && nrows > 0 {
                definiteness(a, &rows, dominance)
            } else {
                Definiteness::Unknown
            },
        }
    }
}

/// The relative error that summing `terms` numbers in their own precision may have, generously.
fn rounding<T: Scalar>(terms: usize) -> f64 {
    use crate::Real;
    4.0 * (terms + 1) as f64 * T::Real::EPSILON.to_f64()
}

/// |v|; in double precision, where squares of singles cannot overflow.
#[inline(always)]
fn size<T: Scalar>(v: T) -> f64 {
    let v = v.to_c64();
    if T::IS_COMPLEX { v.norm() } else { v.re.abs() }
}

/// Of a finite matrix that is Hermitian up to rounding.
fn definiteness<T: Scalar>(
    a: CsrRef<'_, T, u32>,
    rows: &Rows,
    dominance: Option<Dominance>,
) -> Definiteness {
    let first = |sign| rows.rows.iter().position(|row| row.sign == sign);
    let (positive, negative) = (first(Sign::Positive), first(Sign::Negative));
    if let (Some(positive), Some(negative)) = (positive, negative) {
        return Definiteness::Indefinite(IndefiniteProof::Diagonal { positive, negative });
    }
    let certain = 1.0 + 8.0 * f64::EPSILON; // the products below are rounded
    let roots = &rows.root_diagonal; // as a ratio of square roots: squares overflow
    for i in 0..a.nrows() {
        for (j, v) in a.row_iter(i) {
            if i < j && size(v) > certain * roots[i] * roots[j] {
                return Definiteness::Indefinite(IndefiniteProof::Minor { i, j });
            }
        }
    }
    let all = |sign| rows.rows.iter().all(|row| row.sign == sign);
    match dominance {
        Some(proof) if negative.is_none() => Definiteness::Positive(proof),
        Some(proof) => Definiteness::Negative(proof),
        None if all(Sign::Positive) => Definiteness::PossiblyPositive,
        None if all(Sign::Negative) => Definiteness::PossiblyNegative,
        None => Definiteness::Unknown,
    }
}

#[cfg(test)]
mod tests;
