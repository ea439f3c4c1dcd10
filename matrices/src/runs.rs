//! Runs of rows that repeat the row before them, shifted by one column.
//!
//! On a grid most rows are like that: row i + 1 has the columns of row i plus one. A product with
//! such a run needs the columns of its first row only, so a third of the memory traffic of a
//! compressed-row matrix goes away, and the values stay where they are. Found once per pattern, in
//! one pass over the columns.

use crate::{CsrRef, Index};

/// Shorter runs are not worth a change of loop.
const MIN_ROWS: usize = 16;

/// Rows `first..first + rows`, all of `len` entries; row `first + i` has the columns of row
/// `first` plus i.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    /// First row.
    pub first: usize,
    /// Number of rows.
    pub rows: usize,
    /// Entries in each row.
    pub len: usize,
}

/// The runs of a pattern, in increasing order of rows and disjoint; empty where runs hold fewer
/// than half of the entries.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Runs(Box<[Run]>);

impl Runs {
    /// Finds the runs of `a`. O(nnz).
    pub fn of<T: crate::Scalar, I: Index>(a: CsrRef<'_, T, I>) -> Self {
        let (ptr, col) = (a.row_ptr(), a.col_idx());
        let mut runs = Vec::new();
        let mut covered = 0;
        let mut first = 0;
        for i in 1..=a.nrows() {
            let goes_on = i < a.nrows() && {
                let (above, start, end) = (ptr[i - 1].at(), ptr[i].at(), ptr[i + 1].at());
                end - start == start - above
                    && col[above..start]
                        .iter()
                        .zip(&col[start..end])
                        .all(|(c, d)| c.at() + 1 == d.at())
            };
            if !goes_on {
                let (rows, len) = (i - first, ptr[first + 1].at() - ptr[first].at());
                if rows >= MIN_ROWS && len > 0 {
                    covered += rows * len;
                    runs.push(Run { first, rows, len });
                }
                first = i;
            }
        }
        if covered * 2 < a.nnz() {
            runs.clear();
        }
        Self(runs.into_boxed_slice())
    }

    /// The runs.
    pub fn as_slice(&self) -> &[Run] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Csr;

    #[test]
    fn a_tridiagonal_matrix_is_one_run_and_its_two_ends() {
        let n = 100;
        let t = (0..n).flat_map(|i| {
            (i.max(1) - 1..(i + 2).min(n)).map(move |j| (i, j, if i == j { 2.0 } else { -1.0 }))
        });
        let a = Csr::from_triplets(n, n, t).unwrap();
        let run = Run {
            first: 1,
            rows: n - 2,
            len: 3,
        };
        assert_eq!(Runs::of(a.view()).as_slice(), [run]);
    }

    #[test]
    fn a_matrix_without_structure_has_none() {
        let t = (0..100).map(|i| (i, i * 37 % 100, 1.0));
        let a = Csr::from_triplets(100, 100, t).unwrap();
        assert!(Runs::of(a.view()).as_slice().is_empty());
        assert!(
            Runs::of(Csr::<f64>::from_triplets(0, 0, []).unwrap().view())
                .as_slice()
                .is_empty()
        );
    }
}
