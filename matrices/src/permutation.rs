//! Permutations, symmetric reordering P A Pᵀ, and the reverse Cuthill–McKee order.

use crate::{Csr, CsrRef, MatrixError, Scalar, TransposePlan};
use sprs::CsMatViewI;

/// A permutation of 0..n: place i of the new order holds what was at `perm[i]` in the old one.
///
/// As a matrix, (P x)_i = x_j with j = `perm[i]`. Keeps its inverse; 8 bytes per element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permutation {
    perm: Vec<u32>,
    inverse: Vec<u32>,
}

impl Permutation {
    /// A permutation from the old index at each new place.
    ///
    /// # Errors
    /// [`MatrixError::NotAPermutation`], [`MatrixError::TooLarge`].
    pub fn new(perm: Vec<u32>) -> Result<Self, MatrixError> {
        let n = perm.len();
        if n > i32::MAX as usize {
            return Err(MatrixError::TooLarge {
                what: "rows",
                got: n,
            });
        }
        const UNSEEN: u32 = u32::MAX;
        let mut inverse = vec![UNSEEN; n];
        for (new, &old) in perm.iter().enumerate() {
            match inverse.get_mut(old as usize) {
                Some(place) if *place == UNSEEN => *place = new as u32,
                _ => {
                    return Err(MatrixError::NotAPermutation {
                        n,
                        index: old as usize,
                    });
                }
            }
        }
        Ok(Self { perm, inverse })
    }

    /// The identity of order `n`.
    ///
    /// # Errors
    /// [`MatrixError::TooLarge`].
    pub fn identity(n: usize) -> Result<Self, MatrixError> {
        let top = u32::try_from(n).map_err(|_| MatrixError::TooLarge {
            what: "rows",
            got: n,
        })?;
        Self::new((0..top).collect())
    }

    /// Number of elements.
    pub fn len(&self) -> usize {
        self.perm.len()
    }

    /// Whether there is nothing to permute.
    pub fn is_empty(&self) -> bool {
        self.perm.is_empty()
    }

    /// The old index at each new place.
    pub fn as_slice(&self) -> &[u32] {
        &self.perm
    }

    /// The new place of each old index.
    pub fn inverse_slice(&self) -> &[u32] {
        &self.inverse
    }

    /// P⁻¹ = Pᵀ. O(1).
    pub fn inverse(self) -> Self {
        Self {
            perm: self.inverse,
            inverse: self.perm,
        }
    }

    /// The same order from back to front.
    pub fn reversed(mut self) -> Self {
        self.perm.reverse();
        let last = self.perm.len().saturating_sub(1) as u32;
        self.inverse
            .iter_mut()
            .for_each(|place| *place = last - *place);
        self
    }

    /// Into the new order: y = P x. Allocates nothing.
    ///
    /// # Errors
    /// [`MatrixError::Length`].
    pub fn apply<T: Copy>(&self, x: &[T], y: &mut [T]) -> Result<(), MatrixError> {
        gather(&self.perm, x, y)
    }

    /// Back to the old order: x = Pᵀ y. Allocates nothing.
    ///
    /// # Errors
    /// [`MatrixError::Length`].
    pub fn apply_inverse<T: Copy>(&self, y: &[T], x: &mut [T]) -> Result<(), MatrixError> {
        gather(&self.inverse, y, x)
    }
}

/// out[i] = from[index[i]].
fn gather<T: Copy>(index: &[u32], from: &[T], out: &mut [T]) -> Result<(), MatrixError> {
    for (what, got) in [("input vector", from.len()), ("output vector", out.len())] {
        if got != index.len() {
            return Err(MatrixError::Length {
                what,
                expected: index.len(),
                got,
            });
        }
    }
    for (out, &k) in out.iter_mut().zip(index) {
        *out = from[k as usize];
    }
    Ok(())
}

impl<T: Scalar> CsrRef<'_, T, u32> {
    /// P A Pᵀ: row and column i are the old row and column `perm[i]`.
    ///
    /// O(nnz log(longest row)).
    ///
    /// # Errors
    /// [`MatrixError::NotSquare`], [`MatrixError::Length`].
    pub fn permute(&self, p: &Permutation) -> Result<Csr<T>, MatrixError> {
        let n = self.square()?;
        if p.len() != n {
            return Err(MatrixError::Length {
                what: "permutation",
                expected: n,
                got: p.len(),
            });
        }
        let mut row_ptr = Vec::with_capacity(n + 1);
        let mut col_idx = Vec::with_capacity(self.nnz());
        let mut values = Vec::with_capacity(self.nnz());
        let mut row: Vec<(u32, T)> = Vec::new();
        row_ptr.push(0);
        for &old in p.as_slice() {
            row.clear();
            row.extend(
                self.row_iter(old as usize)
                    .map(|(j, v)| (p.inverse_slice()[j], v)),
            );
            row.sort_unstable_by_key(|&(j, _)| j);
            col_idx.extend(row.iter().map(|&(j, _)| j));
            values.extend(row.iter().map(|&(_, v)| v));
            row_ptr.push(col_idx.len() as u32);
        }
        Ok(Csr::trusted(n, n, row_ptr, col_idx, values))
    }

    /// The reverse Cuthill–McKee order of the pattern of A + Aᵀ, which keeps the bandwidth small.
    ///
    /// Rows that couple with no other come last, in their old order. Through
    /// `sprs::linalg::reverse_cuthill_mckee` with its pseudo-peripheral starting vertices: about
    /// O(nnz log(longest row)) per connected component of more than one row, plus O(n) for each.
    /// - E. Cuthill, J. McKee, Reducing the bandwidth of sparse symmetric matrices, Proc. 24th
    ///   National Conference of the ACM, 157–172, 1969, doi:10.1145/800195.805928.
    ///
    /// # Errors
    /// [`MatrixError::NotSquare`]; [`MatrixError::TooLarge`] where A + Aᵀ has too many entries.
    pub fn rcm(&self) -> Result<Permutation, MatrixError> {
        let n = self.square()?;
        let (row_ptr, col_idx) = self.graph()?;
        // sprs looks for each new component from the first row on: leave the single rows out
        let coupled: Vec<u32> = (0..n as u32)
            .filter(|&i| row_ptr[i as usize] < row_ptr[i as usize + 1])
            .collect();
        let mut place = vec![0u32; n];
        for (k, &i) in coupled.iter().enumerate() {
            place[i as usize] = k as u32;
        }
        let small_ptr: Vec<u32> = std::iter::once(0)
            .chain(coupled.iter().map(|&i| row_ptr[i as usize + 1]))
            .collect();
        let small_idx: Vec<u32> = col_idx.iter().map(|&j| place[j as usize]).collect();
        let weights = vec![(); small_idx.len()];
        let shape = (coupled.len(), coupled.len());
        let graph = CsMatViewI::try_new(shape, &small_ptr[..], &small_idx[..], &weights[..])
            .map_err(|(.., error)| MatrixError::PatternDiffers {
                what: format!("the graph of A + Aᵀ is malformed: {error}"),
            })?;
        let order = sprs::linalg::reverse_cuthill_mckee(graph).perm.vec();
        let single = (0..n as u32).filter(|&i| row_ptr[i as usize] == row_ptr[i as usize + 1]);
        Permutation::new(
            order
                .into_iter()
                .map(|k| coupled[k as usize])
                .chain(single)
                .collect(),
        )
    }

    /// The adjacency of A + Aᵀ without its diagonal: pointers and sorted neighbours. O(n + nnz).
    fn graph(&self) -> Result<(Vec<u32>, Vec<u32>), MatrixError> {
        let plan = TransposePlan::new(*self);
        let mut row_ptr = vec![0u32];
        let mut col_idx = Vec::with_capacity(self.nnz());
        for i in 0..self.nrows() {
            let mut left = self.row(i).0.iter().copied().peekable();
            let range = plan.row_ptr()[i] as usize..plan.row_ptr()[i + 1] as usize;
            let mut right = plan.col_idx()[range].iter().copied().peekable();
            while let Some(j) = match (left.peek(), right.peek()) {
                (Some(a), Some(b)) => Some(*a.min(b)),
                (a, b) => a.or(b).copied(),
            } {
                left.next_if_eq(&j);
                right.next_if_eq(&j);
                if j as usize != i {
                    col_idx.push(j);
                }
            }
            row_ptr.push(
                u32::try_from(col_idx.len()).map_err(|_| MatrixError::TooLarge {
                    what: "entries",
                    got: col_idx.len(),
                })?,
            );
        }
        Ok((row_ptr, col_idx))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_go_there_and_back() {
        let p = Permutation::new(vec![2, 0, 1]).unwrap();
        let (x, mut y, mut z) = ([10, 11, 12], [0; 3], [0; 3]);
        p.apply(&x, &mut y).unwrap();
        assert_eq!(y, [12, 10, 11]);
        p.apply_inverse(&y, &mut z).unwrap();
        assert_eq!(z, x);
        p.clone().inverse().apply(&y, &mut z).unwrap();
        assert_eq!(z, x);
        let r = p.reversed();
        assert_eq!(r, Permutation::new(vec![1, 0, 2]).unwrap());
        assert!(r.apply(&x[..2], &mut y).is_err());
        assert!(r.apply(&x, &mut y[..2]).is_err());
    }

    #[test]
    fn what_is_no_permutation_is_refused() {
        for (perm, index) in [
            (vec![0, 0], 0),
            (vec![1, 2], 2),
            (vec![u32::MAX], 4294967295),
        ] {
            let n = perm.len();
            assert_eq!(
                Permutation::new(perm),
                Err(MatrixError::NotAPermutation { n, index })
            );
        }
    }

    #[test]
    fn the_reverse_cuthill_mckee_order_narrows_a_shuffled_band() {
        // a path 0-7-3-5-1 with the edges stored on one side only, and three single rows
        let edges = [(0, 7), (3, 7), (3, 5), (1, 5)];
        let a = Csr::from_triplets(8, 8, edges.map(|(i, j)| (i, j, 1.0))).unwrap();
        let p = a.view().rcm().unwrap();
        let b = a.view().permute(&p).unwrap();
        for (i, j, _) in b.view().triplets() {
            assert_eq!(i.abs_diff(j), 1);
        }
        assert_eq!(p.as_slice()[5..], [2, 4, 6]);
        let none = Csr::<f64>::identity(3).unwrap().view().rcm().unwrap();
        assert_eq!(none.as_slice(), [0, 1, 2]);
        assert!(
            Csr::<f64>::identity(0)
                .unwrap()
                .view()
                .rcm()
                .unwrap()
                .is_empty()
        );
    }
}
