//! What the entries of a matrix say about it: symmetry, diagonal, dominance, definiteness.
//!
//! Everything here is cheap, O(n + nnz): what it proves holds up to the rounding of a row sum,
//! what it cannot prove is called possible or unknown. `auto` and `resolvent info` read it.
//! - R. S. Varga, Geršgorin and His Circles, Springer, 2004, doi:10.1007/978-3-642-17798-9
//!   (dominance and location of eigenvalues).
//! - P. Shivakumar, K. Chew, A sufficient condition for nonvanishing of determinants, Proc. AMS
//!   43(1):63–66, 1974, doi:10.2307/2039326 (weakly chained dominance).

use crate::{CsrRef, Real, Scalar, TransposePlan};

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
    /// Reads `a`. O(n + nnz) time; memory for a few vectors and the pattern of the transpose.
    pub fn gather<T: Scalar>(a: CsrRef<'_, T, u32>) -> Self {
        let (nrows, ncols) = (a.nrows(), a.ncols());
        let square = nrows == ncols;
        let finite = a.values().iter().all(|v| v.is_finite());
        let plan = TransposePlan::new(a);
        let rows: Vec<Row> = (0..nrows).map(|i| Row::of(a, i)).collect();
        let symmetry = Symmetry::of(a, &plan, square);
        let count = |is: fn(&&Row) -> bool| rows.iter().filter(is).count();
        let diagonals = nrows.min(ncols);
        let sign = |s: Sign| rows[..diagonals].iter().filter(|r| r.sign == s).count();
        let zero_row_sums = count(|row| row.sums_to_zero);
        let zero_column_sums = (0..ncols).filter(|&j| {
            let range = plan.row_ptr()[j] as usize..plan.row_ptr()[j + 1] as usize;
            let sources = plan.source()[range].iter();
            sums_to_zero(sources.map(|&k| a.values()[k as usize]))
        });
        let dominance = if square && finite {
            dominance(a, &rows, &plan)
        } else {
            None
        };
        let positive_diagonals = sign(Sign::Positive);
        let nonpositive_off_diagonals =
            finite && a.triplets().all(|(i, j, v)| i == j || is_nonpositive(v));
        let definite = matches!(dominance, Some(Dominance::Strict | Dominance::Chained));
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
            weakly_dominant_rows: count(|row| row.weak),
            strictly_dominant_rows: count(|row| row.strict),
            dominance,
            bandwidth: a
                .triplets()
                .map(|(i, j, _)| i.abs_diff(j))
                .max()
                .unwrap_or(0),
            empty_rows: empties(a.row_ptr()),
            empty_columns: empties(plan.row_ptr()),
            nonpositive_off_diagonals,
            m_matrix: nonpositive_off_diagonals && definite && positive_diagonals == nrows,
            zero_row_sums,
            zero_column_sums: zero_column_sums.count(),
            constant_nullspace: nrows > 0 && zero_row_sums == nrows,
            definiteness: if symmetry.non_hermitian <= rounding::<T>(3) && finite && nrows > 0 {
                definiteness(a, &rows, dominance)
            } else {
                Definiteness::Unknown
            },
        }
    }
}

/// Rows (or, of a transposed pattern, columns) that hold nothing.
fn empties(row_ptr: &[u32]) -> usize {
    row_ptr.windows(2).filter(|w| w[0] == w[1]).count()
}

fn is_nonpositive<T: Scalar>(v: T) -> bool {
    v.im() == T::Real::ZERO && v.re() <= T::Real::ZERO
}

/// The relative error that summing `terms` numbers in their own precision may have, generously.
fn rounding<T: Scalar>(terms: usize) -> f64 {
    4.0 * (terms + 1) as f64 * T::Real::EPSILON.to_f64()
}

/// Whether |Σv| is as small as the rounding of a sum of this size.
fn sums_to_zero<T: Scalar>(values: impl Iterator<Item = T>) -> bool {
    let (mut sum, mut size, mut terms) = (T::ZERO.to_c64(), 0.0, 0);
    for v in values {
        sum += v.to_c64();
        size += v.to_c64().norm();
        terms += 1;
    }
    sum.norm() <= rounding::<T>(terms) * size
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sign {
    Missing,
    Zero,
    Positive,
    Negative,
    NonReal,
}

/// What one row says.
struct Row {
    sign: Sign,
    weak: bool,
    strict: bool,
    sums_to_zero: bool,
}

impl Row {
    fn of<T: Scalar>(a: CsrRef<'_, T, u32>, i: usize) -> Self {
        let (mut sign, mut diagonal, mut others) = (Sign::Missing, 0.0, 0.0);
        for (j, v) in a.row_iter(i) {
            let c = v.to_c64();
            if i != j {
                others += c.norm();
                continue;
            }
            diagonal = c.norm();
            sign = match c.re.partial_cmp(&0.0) {
                _ if c.im != 0.0 => Sign::NonReal,
                Some(std::cmp::Ordering::Greater) => Sign::Positive,
                Some(std::cmp::Ordering::Less) => Sign::Negative,
                _ => Sign::Zero,
            };
        }
        let slack = rounding::<T>(a.row(i).0.len()) * diagonal;
        Self {
            sign,
            weak: diagonal - others >= -slack,
            strict: diagonal - others > slack,
            sums_to_zero: sums_to_zero(a.row(i).1.iter().copied()),
        }
    }
}

/// Dominance of a square matrix: search backwards from the strict rows along the entries that are
/// not zero.
fn dominance<T: Scalar>(
    a: CsrRef<'_, T, u32>,
    rows: &[Row],
    plan: &TransposePlan,
) -> Option<Dominance> {
    if !rows.iter().all(|row| row.weak) {
        return None;
    }
    let mut reached: Vec<bool> = rows.iter().map(|row| row.strict).collect();
    let mut stack: Vec<u32> = (0..rows.len() as u32)
        .filter(|&i| reached[i as usize])
        .collect();
    if stack.len() == rows.len() {
        return Some(Dominance::Strict);
    }
    while let Some(j) = stack.pop() {
        let range = plan.row_ptr()[j as usize] as usize..plan.row_ptr()[j as usize + 1] as usize;
        for k in range {
            let i = plan.col_idx()[k];
            let linked = a.values()[plan.source()[k] as usize] != T::ZERO;
            if linked && !std::mem::replace(&mut reached[i as usize], true) {
                stack.push(i);
            }
        }
    }
    Some(if reached.iter().all(|&r| r) {
        Dominance::Chained
    } else {
        Dominance::Weak
    })
}

/// Of a finite matrix that is Hermitian up to rounding.
fn definiteness<T: Scalar>(
    a: CsrRef<'_, T, u32>,
    rows: &[Row],
    dominance: Option<Dominance>,
) -> Definiteness {
    let first = |sign| rows.iter().position(|row| row.sign == sign);
    let (positive, negative) = (first(Sign::Positive), first(Sign::Negative));
    if let (Some(positive), Some(negative)) = (positive, negative) {
        return Definiteness::Indefinite(IndefiniteProof::Diagonal { positive, negative });
    }
    let diagonal: Vec<f64> = (0..a.nrows()).map(|i| a.get(i, i).to_c64().re).collect();
    let certain = 1.0 + 8.0 * f64::EPSILON; // the products below are rounded
    for (i, j, v) in a.triplets().filter(|(i, j, _)| i < j) {
        // as a ratio of square roots: squares overflow
        let mean = diagonal[i].abs().sqrt() * diagonal[j].abs().sqrt();
        if v.to_c64().norm() > certain * mean {
            return Definiteness::Indefinite(IndefiniteProof::Minor { i, j });
        }
    }
    let all = |sign| rows.iter().all(|row| row.sign == sign);
    match dominance {
        Some(proof) if negative.is_none() => Definiteness::Positive(proof),
        Some(proof) => Definiteness::Negative(proof),
        None if all(Sign::Positive) => Definiteness::PossiblyPositive,
        None if all(Sign::Negative) => Definiteness::PossiblyNegative,
        None => Definiteness::Unknown,
    }
}

/// A compared with its transpose.
struct Symmetry {
    structural: bool,
    symmetric: bool,
    hermitian: bool,
    skew: bool,
    asymmetry: f64,
    non_hermitian: f64,
}

impl Symmetry {
    fn of<T: Scalar>(a: CsrRef<'_, T, u32>, plan: &TransposePlan, square: bool) -> Self {
        let mut s = Self {
            structural: square && a.row_ptr() == plan.row_ptr() && a.col_idx() == plan.col_idx(),
            symmetric: square,
            hermitian: square,
            skew: square,
            asymmetry: f64::NAN,
            non_hermitian: f64::NAN,
        };
        if !square {
            return s;
        }
        // scaled by the largest entry: squares overflow
        let largest = a
            .values()
            .iter()
            .map(|v| v.to_c64().norm())
            .fold(0.0, f64::max);
        let scale = if largest > 0.0 { 1.0 / largest } else { 1.0 };
        let (mut transpose, mut adjoint, mut size) = (0.0, 0.0, 0.0);
        for i in 0..a.nrows() {
            let range = plan.row_ptr()[i] as usize..plan.row_ptr()[i + 1] as usize;
            let mut mirrored = range
                .map(|k| {
                    (
                        plan.col_idx()[k] as usize,
                        a.values()[plan.source()[k] as usize],
                    )
                })
                .peekable();
            let mut row = a.row_iter(i).peekable();
            // both are sorted: walk them side by side
            while let Some(j) = match (row.peek(), mirrored.peek()) {
                (Some(x), Some(y)) => Some(x.0.min(y.0)),
                (x, y) => x.or(y).map(|e| e.0),
            } {
                let x = row.next_if(|e| e.0 == j).map_or(T::ZERO, |e| e.1);
                let y = mirrored.next_if(|e| e.0 == j).map_or(T::ZERO, |e| e.1);
                s.symmetric &= x == y;
                s.hermitian &= x == y.conj();
                s.skew &= x == -y;
                let (x, y) = (x.to_c64() * scale, y.to_c64() * scale);
                transpose += (x - y).norm_sqr();
                adjoint += (x - y.conj()).norm_sqr();
                size += x.norm_sqr();
            }
        }
        let relative = |part: f64| {
            if part > 0.0 {
                (part / size).sqrt()
            } else {
                part
            }
        };
        s.asymmetry = relative(transpose);
        s.non_hermitian = relative(adjoint);
        s
    }
}

#[cfg(test)]
mod tests;
