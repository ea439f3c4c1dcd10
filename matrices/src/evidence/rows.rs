//! What single rows and columns say.

use super::{rounding, size};
use crate::{CsrRef, Scalar};
use num_complex::Complex;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sign {
    Missing,
    Zero,
    Positive,
    Negative,
    NonReal,
}

/// One row.
pub(super) struct Row {
    pub sign: Sign,
    pub weak: bool,
    pub strict: bool,
    pub sums_to_zero: bool,
}

/// All rows, and what they say together.
pub(super) struct Rows {
    pub rows: Vec<Row>,
    /// √|aᵢᵢ|
    pub root_diagonal: Vec<f64>,
    pub finite: bool,
    pub largest: f64,
    pub bandwidth: usize,
    pub nonpositive_off_diagonals: bool,
}

impl Rows {
    /// One pass over the entries.
    pub fn of<T: Scalar>(a: CsrRef<'_, T, u32>) -> Self {
        let mut all = Self {
            rows: Vec::with_capacity(a.nrows()),
            root_diagonal: Vec::with_capacity(a.nrows()),
            finite: true,
            largest: 0.0,
            bandwidth: 0,
            nonpositive_off_diagonals: true,
        };
        for i in 0..a.nrows() {
            let (mut sign, mut diagonal) = (Sign::Missing, 0.0);
            let (mut sum, mut others) = (Complex::new(0.0, 0.0), 0.0);
            let (columns, values) = a.row(i);
            if let (Some(&first), Some(&last)) = (columns.first(), columns.last()) {
                let widest = i.abs_diff(first as usize).max(i.abs_diff(last as usize));
                all.bandwidth = all.bandwidth.max(widest);
            }
            for (&j, &v) in columns.iter().zip(values) {
                let (c, norm) = (v.to_c64(), size(v));
                sum += c;
                all.finite &= v.is_finite();
                all.largest = all.largest.max(norm);
                if i != j as usize {
                    others += norm;
                    all.nonpositive_off_diagonals &= c.im == 0.0 && c.re <= 0.0;
                    continue;
                }
                diagonal = norm;
                sign = match c.re.partial_cmp(&0.0) {
                    _ if c.im != 0.0 => Sign::NonReal,
                    Some(std::cmp::Ordering::Greater) => Sign::Positive,
                    Some(std::cmp::Ordering::Less) => Sign::Negative,
                    _ => Sign::Zero,
                };
            }
            let rounding = rounding::<T>(columns.len());
            all.root_diagonal.push(diagonal.sqrt());
            all.rows.push(Row {
                sign,
                weak: diagonal - others >= -rounding * diagonal,
                strict: diagonal - others > rounding * diagonal,
                sums_to_zero: norm(sum) <= rounding * (diagonal + others),
            });
        }
        all
    }

    pub fn count(&self, is: impl Fn(&Row) -> bool) -> usize {
        self.rows.iter().filter(|row| is(row)).count()
    }
}

/// |c|, without the work of a hypotenuse where there is none.
fn norm(c: Complex<f64>) -> f64 {
    if c.im == 0.0 { c.re.abs() } else { c.norm() }
}

/// How many columns sum to zero up to rounding, and how many have no entry.
pub(super) fn columns<T: Scalar>(a: CsrRef<'_, T, u32>) -> (usize, usize) {
    #[derive(Clone, Copy, Default)]
    struct Column {
        sum: Complex<f64>,
        size: f64,
        terms: usize,
    }
    let mut columns = vec![Column::default(); a.ncols()];
    for (&j, &v) in a.col_idx().iter().zip(a.values()) {
        let column = &mut columns[j as usize];
        column.sum += v.to_c64();
        column.size += size(v);
        column.terms += 1;
    }
    let zero = |c: &&Column| norm(c.sum) <= rounding::<T>(c.terms) * c.size;
    let empty = |c: &&Column| c.terms == 0;
    (
        columns.iter().filter(zero).count(),
        columns.iter().filter(empty).count(),
    )
}

/// Whether every row of A sums to zero up to rounding, so that the constant vector is in its null
/// space. Looks at rows until one does not.
pub fn constant_nullspace<T: Scalar>(a: CsrRef<'_, T, u32>) -> bool {
    let zero_sum = |i: usize| {
        let (_, values) = a.row(i);
        let sum: Complex<f64> = values.iter().map(|v| v.to_c64()).sum();
        let sizes: f64 = values.iter().map(|&v| size(v)).sum();
        norm(sum) <= rounding::<T>(values.len()) * sizes
    };
    a.nrows() > 0 && (0..a.nrows()).all(zero_sum)
}
