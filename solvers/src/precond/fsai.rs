//! FSAI: a factorised sparse approximate inverse, M⁻¹ = Gᴴ G with G lower triangular.
//!
//! Among all G of a given pattern, the rows of this one minimise ‖I − G L‖_F, L the Cholesky factor
//! of A, up to a scaling that makes diag(G A Gᴴ) = 1. L is not needed: with S the columns of row i
//! and A_SS = C Cᴴ (dense, of the order of the row's length), gᵢ is the conjugate of C⁻ᴴ e, e the
//! last unit vector. Positive definite whatever was rounded; applied with two products, no solves.
//!
//! | setup | Σᵢ mᵢ³/3 flops, mᵢ the length of row i of G | apply | 4·nnz(G) flops | memory | 24 bytes per entry of G, 4 per entry of A, and 1 vector |
//!
//! - L. Yu. Kolotilina, A. Yu. Yeremin, SIAM J. Matrix Anal. Appl. 14:45–58, 1993,
//!   doi:10.1137/0614004.

use super::{Linearity, PrecondError, Preconditioner};
use crate::{LinearOperator, kernels};
use resolvent_matrices::{Csr, CsrRef, MatrixError, Real, Scalar, TransposePlan};

const NAME: &str = "fsai";
/// Not in the row at hand.
const NONE: u32 = u32::MAX;

/// Configuration of [`Fsai`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FsaiConfig {
    /// G has the pattern of tril(A) (1) or of tril(A²) (2).
    pub power: usize,
}

impl Default for FsaiConfig {
    /// The pattern of tril(A).
    fn default() -> Self {
        Self { power: 1 }
    }
}

/// The approximate inverse Gᴴ G of a Hermitian positive definite matrix. Only the lower triangle
/// of A is read for values; the pattern is taken to be symmetric.
#[derive(Debug, Clone)]
pub struct Fsai<T: Scalar> {
    config: FsaiConfig,
    /// Row pointers and columns of A.
    a_ptr: Vec<u32>,
    a_col: Vec<u32>,
    g: Csr<T>,
    plan: TransposePlan,
    adjoint: Csr<T>,
    /// Where in the row at hand a column stands.
    marker: Vec<u32>,
    /// A_SS, then C, by rows; and the row of G.
    dense: Vec<T>,
    row: Vec<T>,
    /// G r.
    half: Vec<T>,
}

impl<T: Scalar> Fsai<T> {
    /// Computes G.
    ///
    /// # Errors
    /// [`PrecondError::Pivot`] if a block A_SS is not positive definite (then A is not),
    /// [`PrecondError::Config`] for another power than 1 and 2, [`PrecondError::NeedsEntries`],
    /// [`PrecondError::Matrix`] if A is not square or the pattern outgrows 32-bit indices.
    pub fn new(a: &dyn LinearOperator<T>, config: FsaiConfig) -> Result<Self, PrecondError> {
        let csr = a
            .as_csr()
            .ok_or(PrecondError::NeedsEntries { precond: NAME })?;
        let csr = csr.to_u32()?;
        let a = csr.view();
        let n = a.square()?;
        let g = match config.power {
            1 | 2 => lower_pattern(a, config.power)?,
            other => {
                return Err(PrecondError::Config {
                    precond: NAME,
                    problem: format!("power is {other}, 1 or 2 is needed"),
                });
            }
        };
        let plan = TransposePlan::new(g.view());
        let longest = (0..n).map(|i| g.row_range(i).len()).max().unwrap_or(0);
        let mut fsai = Self {
            config,
            a_ptr: a.row_ptr().to_vec(),
            a_col: a.col_idx().to_vec(),
            adjoint: g.view().adjoint(),
            g,
            plan,
            marker: vec![NONE; n],
            dense: vec![T::ZERO; longest * longest],
            row: vec![T::ZERO; longest],
            half: vec![T::ZERO; n],
        };
        fsai.compute(a)?;
        // found now, so that no application has to
        fsai.g.runs();
        fsai.adjoint.runs();
        Ok(fsai)
    }

    /// Entries of G.
    pub fn nnz(&self) -> usize {
        self.g.nnz()
    }

    /// G for the values of a matrix of the prepared pattern.
    fn compute(&mut self, a: CsrRef<'_, T, u32>) -> Result<(), PrecondError> {
        if a.row_ptr() != self.a_ptr || a.col_idx() != self.a_col {
            return Err(PrecondError::Matrix(MatrixError::PatternDiffers {
                what: "entries stand in other places than in the matrix prepared".to_owned(),
            }));
        }
        let (ptr, col, g) = self.g.pattern_and_values_mut();
        for i in 0..a.nrows() {
            let range = ptr[i] as usize..ptr[i + 1] as usize;
            let set = &col[range.clone()];
            let m = set.len();
            let block = &mut self.dense[..m * m];
            gather(a, set, &mut self.marker, block);
            let row = &mut self.row[..m];
            if let Err((at, pivot)) = last_row_of_inverse_factor(block, row) {
                return Err(PrecondError::Pivot {
                    precond: NAME,
                    row: set[at] as usize,
                    found: pivot.to_string(),
                    hint: "; the matrix is not positive definite: use minres, or gmres with ilut",
                });
            }
            g[range].copy_from_slice(row);
        }
        self.plan
            .apply_conj(self.g.values(), self.adjoint.values_mut())?;
        Ok(())
    }
}

/// A zero matrix with the pattern of tril(A^power), its diagonal complete.
fn lower_pattern<T: Scalar>(a: CsrRef<'_, T, u32>, power: usize) -> Result<Csr<T>, PrecondError> {
    let n = a.nrows();
    let mut seen = vec![NONE; n];
    let mut ptr = Vec::with_capacity(n + 1);
    let mut col: Vec<u32> = Vec::new();
    ptr.push(0);
    for i in 0..n {
        let start = col.len();
        let mut add = |j: u32| {
            if j as usize <= i && seen[j as usize] != i as u32 {
                seen[j as usize] = i as u32;
                col.push(j);
            }
        };
        add(i as u32);
        for &j in a.row(i).0 {
            add(j);
            if power == 2 {
                a.row(j as usize).0.iter().for_each(|&k| add(k));
            }
        }
        col[start..].sort_unstable();
        ptr.push(u32::try_from(col.len()).map_err(|_| MatrixError::TooLarge {
            what: "entries",
            got: col.len(),
        })?);
    }
    let values = vec![T::ZERO; col.len()];
    Ok(Csr::new(n, n, ptr, col, values)?)
}

/// The lower triangle of A_SS, by rows of S.len().
fn gather<T: Scalar>(a: CsrRef<'_, T, u32>, set: &[u32], marker: &mut [u32], block: &mut [T]) {
    let m = set.len();
    block.fill(T::ZERO);
    for (p, &j) in set.iter().enumerate() {
        marker[j as usize] = p as u32;
    }
    for (p, &i) in set.iter().enumerate() {
        let (cols, values) = a.row(i as usize);
        for (&j, &v) in cols.iter().zip(values).take_while(|e| *e.0 <= i) {
            let q = marker[j as usize];
            if q != NONE {
                block[p * m + q as usize] = v;
            }
        }
    }
    for &j in set {
        marker[j as usize] = NONE;
    }
}

/// row ← the last row of C⁻¹, where C Cᴴ is the Hermitian matrix whose lower triangle is given and
/// overwritten with C. Where a pivot is not positive, its place and itself.
fn last_row_of_inverse_factor<T: Scalar>(c: &mut [T], row: &mut [T]) -> Result<(), (usize, f64)> {
    let m = row.len();
    for p in 0..m {
        for q in 0..p {
            let mut sum = c[p * m + q];
            for k in 0..q {
                sum -= c[p * m + k] * c[q * m + k].conj();
            }
            c[p * m + q] = sum.scale(T::Real::ONE / c[q * m + q].re());
        }
        let diagonal = c[p * m + p];
        let mut pivot = diagonal.re();
        for k in 0..p {
            pivot -= c[p * m + k].abs2();
        }
        let positive = pivot > diagonal.re() * T::Real::EPSILON && diagonal.im() == T::Real::ZERO;
        if !positive || !pivot.is_finite() {
            return Err((p, pivot.to_f64()));
        }
        c[p * m + p] = T::from_real(pivot.sqrt());
    }
    // g C = eᵀ, from the last column to the first
    row.fill(T::ZERO);
    if let Some(last) = row.last_mut() {
        *last = T::ONE;
    }
    for q in (0..m).rev() {
        let value = row[q].scale(T::Real::ONE / c[q * m + q].re());
        row[q] = value;
        for k in 0..q {
            row[k] -= value * c[q * m + k];
        }
    }
    Ok(())
}

impl<T: Scalar> Preconditioner<T> for Fsai<T> {
    fn name(&self) -> &'static str {
        NAME
    }

    fn update(&mut self, a: &dyn LinearOperator<T>) -> Result<(), PrecondError> {
        if a.nrows() != self.half.len() {
            return Err(PrecondError::Shape {
                precond: NAME,
                expected: self.half.len(),
                got: a.nrows(),
            });
        }
        let csr = a
            .as_csr()
            .ok_or(PrecondError::NeedsEntries { precond: NAME })?;
        let csr = csr.to_u32()?;
        match self.compute(csr.view()) {
            Err(PrecondError::Matrix(_)) => {
                *self = Self::new(&csr.view(), self.config)?; // another pattern: from the start
                Ok(())
            }
            other => other,
        }
    }

    fn apply(&mut self, r: &[T], z: &mut [T]) -> Result<(), PrecondError> {
        let Self {
            g, adjoint, half, ..
        } = self;
        kernels::spmv(g.view(), g.runs().as_slice(), r, half); // h = G r
        kernels::spmv(adjoint.view(), adjoint.runs().as_slice(), half, z); // z = Gᴴ h
        Ok(())
    }

    fn linearity(&self) -> Linearity {
        Linearity::FixedHpd
    }

    fn bytes(&self) -> usize {
        let n = self.half.len();
        self.g.nnz() * (2 * size_of::<T>() + 16)
            + self.a_col.len() * 4
            + (self.dense.len() + self.row.len() + n) * size_of::<T>()
            + n * 20
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::precond::Identity;
    use crate::precond::testing::{apply, close, iterations, updates};
    use resolvent_matrices::Complex;
    use resolvent_matrices::generate::{Poisson, RandomHpd, random_vector};

    /// On a full pattern G is the inverse of the Cholesky factor, and M⁻¹ = A⁻¹.
    fn exact_on_a_full_pattern<T: Scalar>(tolerance: f64) {
        let n = 24;
        let a = RandomHpd {
            n,
            per_row: n as f64,
            condition: 100.0,
            seed: 0,
        };
        let a = a.generate::<T>().unwrap().matrix;
        assert_eq!(a.nnz(), n * n);
        let x = random_vector::<T>(n, 1);
        let mut b = vec![T::ZERO; n];
        a.view().mul_vec(&x, &mut b).unwrap();
        let mut m = Fsai::new(&a, FsaiConfig::default()).unwrap();
        close(&apply(&mut m, &b), &x, tolerance);
    }

    #[test]
    fn is_the_inverse_on_a_full_pattern() {
        exact_on_a_full_pattern::<f64>(1e-12);
        exact_on_a_full_pattern::<f32>(1e-3);
        exact_on_a_full_pattern::<Complex<f64>>(1e-12);
        exact_on_a_full_pattern::<Complex<f32>>(1e-3);
    }

    /// G A agrees with the identity on the pattern of G, up to the diagonal; G A Gᴴ has ones there.
    #[test]
    fn solves_its_own_equations() {
        let a = RandomHpd::default();
        let a = a.generate::<Complex<f64>>().unwrap().matrix;
        let n = a.nrows();
        for power in [1, 2] {
            let m = Fsai::new(&a, FsaiConfig { power }).unwrap();
            for i in 0..n {
                let mut ga = vec![Complex::new(0.0, 0.0); n];
                for (k, g) in m.g.view().row_iter(i) {
                    a.view().row_iter(k).for_each(|(j, v)| ga[j] += g * v);
                }
                let row = m.g.view();
                assert!(row.row_iter(i).all(|(j, _)| j == i || ga[j].norm() < 1e-11));
                let one: Complex<f64> = row.row_iter(i).map(|(j, g)| ga[j] * g.conj()).sum();
                assert!((one - 1.0).norm() < 1e-11);
            }
        }
    }

    #[test]
    fn more_pattern_fewer_iterations() {
        let a = Poisson::default().generate::<f64>().unwrap().matrix;
        let plain = iterations(&a, &mut Identity);
        let [one, two] = [1, 2].map(|power| {
            let mut m = Fsai::new(&a, FsaiConfig { power }).unwrap();
            iterations(&a, &mut m)
        });
        assert!(two < one && one < plain, "{two} {one} {plain}");
    }

    #[test]
    fn new_values_and_new_patterns_are_taken() {
        let a = Poisson::default().generate::<f64>().unwrap().matrix;
        for power in [1, 2] {
            let mut m = Fsai::new(&a, FsaiConfig { power }).unwrap();
            updates(&mut m, &a, 4.0, 1e-13);
        }
    }

    #[test]
    fn what_cannot_be_used_is_refused() {
        let indefinite = [(0, 0, 1.0), (1, 0, 2.0), (0, 1, 2.0), (1, 1, 1.0)];
        let a = Csr::from_triplets(2, 2, indefinite).unwrap();
        assert!(matches!(
            Fsai::new(&a, FsaiConfig::default()),
            Err(PrecondError::Pivot { row: 1, .. })
        ));
        assert!(matches!(
            Fsai::new(&a, FsaiConfig { power: 3 }),
            Err(PrecondError::Config { .. })
        ));
    }
}
