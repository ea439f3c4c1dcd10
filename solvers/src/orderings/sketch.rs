//! A few numbers for a matrix, between which distances are about those between the matrices.
//!
//! Each entry a_ij goes, with a sign, into one of d sums; which one and with which sign is a hash of
//! (i, j). The expectation of ‖s(A) − s(B)‖₂² is ‖A − B‖_F², its standard deviation at most
//! √(2/d) of that.
//!
//! - M. Charikar, K. Chen, M. Farach-Colton, Finding frequent items in data streams, Theoretical
//!   Computer Science 312(1):3–15, 2004, doi:10.1016/S0304-3975(03)00400-6.

use resolvent_matrices::{Csr, Real, Scalar};

/// Sums of entries by their places.
#[derive(Debug, Clone, PartialEq)]
pub struct Sketch {
    sums: Vec<f64>,
}

impl Sketch {
    /// A sketch of so many sums.
    pub fn new(dims: usize) -> Self {
        Self {
            sums: vec![0.0; dims.max(1)],
        }
    }

    /// The sums of A and b, in place of those before. Entries that are complex count as two
    /// real numbers each. O(nnz + n).
    pub fn of<T: Scalar>(&mut self, a: &Csr<T>, b: &[T]) -> &[f64] {
        self.sums.fill(0.0);
        for row in 0..a.nrows() {
            let range = a.row_range(row);
            let entries = a.col_idx()[range.clone()].iter().zip(&a.values()[range]);
            for (&column, &value) in entries {
                self.add(row as u64, u64::from(column), value);
            }
        }
        for (row, &value) in b.iter().enumerate() {
            self.add(row as u64, u64::from(u32::MAX), value);
        }
        &self.sums
    }

    /// The sums of numbers that belong together, such as a field.
    pub fn of_field(&mut self, values: &[f64]) -> &[f64] {
        self.sums.fill(0.0);
        for (i, &value) in values.iter().enumerate() {
            self.add(i as u64, 0, value);
        }
        &self.sums
    }

    fn add<T: Scalar>(&mut self, row: u64, column: u64, value: T) {
        let mut hash = mixed(row << 32 | column);
        for part in [value.re().to_f64(), value.im().to_f64()] {
            let sum = (hash >> 1) as usize % self.sums.len();
            match hash & 1 {
                0 => self.sums[sum] += part,
                _ => self.sums[sum] -= part,
            }
            hash = mixed(hash);
        }
    }
}

/// The finaliser of SplitMix64 after one step of its sequence.
fn mixed(x: u64) -> u64 {
    let x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let x = (x ^ x >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ x >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ x >> 31
}
