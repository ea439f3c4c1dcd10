//! The factors of one matrix, by faer.

use super::{Kind, Prediction, may_be_definite};
use crate::SolveError;
use faer::dyn_stack::{MemBuffer, MemStack, StackReq};
use faer::linalg::cholesky::llt::factor::LltError;
use faer::perm::PermRef;
use faer::sparse::linalg::{LuError, cholesky, lu};
use faer::sparse::{FaerError, SparseColMatRef, SymbolicSparseColMatRef};
use faer::{Conj, MatMut, Par, Side};
use resolvent_matrices::{CsrRef, Real, Scalar, TransposePlan};

/// Analysis and factors.
pub(super) struct Factor<T: Scalar> {
    kind: Numeric<T>,
    plan: TransposePlan,
    row_ptr: Vec<u32>,
    col_idx: Vec<u32>,
    /// Values of A as they were factorised; empty before.
    values: Vec<T>,
    /// The scaled matrix by columns.
    scaled: Vec<T>,
    /// Powers of two: A' = diag(rows) A diag(cols).
    rows: Vec<T::Real>,
    cols: Vec<T::Real>,
    prediction: Prediction,
    buffer: MemBuffer,
    buffer_columns: usize,
}

enum Numeric<T: Scalar> {
    Llt {
        symbolic: cholesky::SymbolicCholesky<u32>,
        values: Vec<T::Faer>,
    },
    Ldlt {
        symbolic: cholesky::SymbolicCholesky<u32>,
        values: Vec<T::Faer>,
        /// Below the diagonal of D, whose blocks are of order 1 and 2.
        subdiagonal: Vec<T::Faer>,
        /// Order of the pivots within the supernodes, and its inverse.
        perm: [Vec<u32>; 2],
    },
    Lu {
        symbolic: lu::SymbolicLu<u32>,
        numeric: lu::NumericLu<u32, T::Faer>,
    },
}

fn failed(error: FaerError) -> SolveError {
    let problem = match error {
        FaerError::OutOfMemory => "memory ran out; use an iterative method".to_owned(),
        FaerError::IndexOverflow => {
            "the factors have more entries than 32-bit indices reach; use an iterative method"
                .to_owned()
        }
        other => format!("{other:?}"),
    };
    SolveError::Factorization {
        solver: "direct",
        problem,
    }
}

/// Threads for faer: those of the pool we are in.
fn par() -> Par {
    match rayon::current_thread_index() {
        Some(_) if rayon::current_num_threads() > 1 => Par::rayon(rayon::current_num_threads()),
        _ => Par::Seq,
    }
}

fn buffer(req: StackReq) -> Result<MemBuffer, SolveError> {
    MemBuffer::try_new(req).map_err(|_| failed(FaerError::OutOfMemory))
}

impl<T: Scalar> Factor<T> {
    /// Symbolic analysis.
    pub fn analyse(a: CsrRef<'_, T, u32>, kind: Kind) -> Result<Self, SolveError> {
        let n = a.square()?;
        let plan = TransposePlan::new(a);
        let kind = match kind {
            Kind::Auto if may_be_definite(a) => Kind::Llt,
            Kind::Auto => Kind::Lu,
            kind => kind,
        };
        let columns =
            SymbolicSparseColMatRef::new_checked(n, n, plan.row_ptr(), None, plan.col_idx());
        let analyse = |columns| {
            cholesky::factorize_symbolic_cholesky(
                columns,
                Side::Lower,
                cholesky::SymmetricOrdering::Amd,
                Default::default(),
            )
            .map_err(failed)
        };
        let (kind, entries) = if kind != Kind::Lu {
            let symbolic = analyse(columns)?;
            let entries = symbolic.len_val();
            let values = Vec::new();
            let numeric = if kind == Kind::Llt {
                Numeric::Llt { symbolic, values }
            } else {
                Numeric::Ldlt {
                    symbolic,
                    values,
                    subdiagonal: vec![T::as_faer(&[T::ZERO])[0]; n],
                    perm: [vec![0; n], vec![0; n]],
                }
            };
            (numeric, entries)
        } else {
            let both = a.add(T::ONE, a.transpose().view(), T::ONE)?; // its pattern is symmetric
            let pattern =
                SymbolicSparseColMatRef::new_checked(n, n, both.row_ptr(), None, both.col_idx());
            let entries = 2 * analyse(pattern)?.len_val();
            let symbolic =
                lu::factorize_symbolic_lu(columns, Default::default()).map_err(failed)?;
            let numeric = lu::NumericLu::new();
            (Numeric::Lu { symbolic, numeric }, entries)
        };
        Ok(Self {
            kind,
            row_ptr: a.row_ptr().to_vec(),
            col_idx: a.col_idx().to_vec(),
            values: Vec::new(),
            scaled: vec![T::ZERO; a.nnz()],
            rows: vec![T::Real::ONE; n],
            cols: vec![T::Real::ONE; n],
            prediction: Prediction {
                factor_nnz: entries,
                // Σ (entries of column)², were all columns alike
                flops: entries as f64 * entries as f64 / n.max(1) as f64,
                bytes: entries * (size_of::<T>() + 4),
            },
            plan,
            buffer: MemBuffer::new(StackReq::EMPTY),
            buffer_columns: 0,
        })
    }

    pub fn prediction(&self) -> Prediction {
        self.prediction
    }

    pub fn is_llt(&self) -> bool {
        matches!(self.kind, Numeric::Llt { .. })
    }

    pub fn is_lu(&self) -> bool {
        matches!(self.kind, Numeric::Lu { .. })
    }

    pub fn has_pattern_of(&self, a: CsrRef<'_, T, u32>) -> bool {
        self.row_ptr == a.row_ptr() && self.col_idx == a.col_idx()
    }

    /// Whether these are the factors of A.
    pub fn is_of(&self, a: CsrRef<'_, T, u32>) -> bool {
        self.values == a.values() && !self.values.is_empty()
    }

    /// Numeric factorisation; false if a pivot failed.
    pub fn factorize(&mut self, a: CsrRef<'_, T, u32>) -> Result<bool, SolveError> {
        self.values.clear();
        self.scale(a);
        let n = a.nrows();
        let pattern = SymbolicSparseColMatRef::new_checked(
            n,
            n,
            self.plan.row_ptr(),
            None,
            self.plan.col_idx(),
        );
        let matrix = SparseColMatRef::new(pattern, T::as_faer(&self.scaled));
        let par = par();
        let done = match &mut self.kind {
            Numeric::Llt { symbolic, values } => {
                let zero = T::as_faer(&[T::ZERO])[0];
                values.resize(symbolic.len_val(), zero);
                let req =
                    symbolic.factorize_numeric_llt_scratch::<T::Faer>(par, Default::default());
                let mut buffer = buffer(req)?;
                match symbolic.factorize_numeric_llt(
                    values,
                    matrix,
                    Side::Lower,
                    Default::default(),
                    par,
                    MemStack::new(&mut buffer),
                    Default::default(),
                ) {
                    Ok(_) => true,
                    Err(LltError::NonPositivePivot { .. }) => false,
                }
            }
            Numeric::Ldlt {
                symbolic,
                values,
                subdiagonal,
                perm: [forward, inverse],
            } => {
                let zero = T::as_faer(&[T::ZERO])[0];
                values.resize(symbolic.len_val(), zero);
                let req = symbolic
                    .factorize_numeric_intranode_lblt_scratch::<T::Faer>(par, Default::default());
                // a pivot that vanishes is not reported: the residual shows it
                symbolic.factorize_numeric_intranode_lblt(
                    values,
                    subdiagonal,
                    forward,
                    inverse,
                    matrix,
                    Side::Lower,
                    par,
                    MemStack::new(&mut buffer(req)?),
                    Default::default(),
                );
                true
            }
            Numeric::Lu { symbolic, numeric } => {
                let req = symbolic.factorize_numeric_lu_scratch::<T::Faer>(par, Default::default());
                let mut buffer = buffer(req)?;
                match symbolic.factorize_numeric_lu(
                    numeric,
                    matrix,
                    par,
                    MemStack::new(&mut buffer),
                    Default::default(),
                ) {
                    Ok(_) => true,
                    Err(LuError::SymbolicSingular { .. }) => false,
                    Err(LuError::Generic(error)) => return Err(failed(error)),
                }
            }
        };
        if done {
            self.values.extend_from_slice(a.values());
            self.reserve(1)?;
        }
        Ok(done)
    }

    /// The scaled matrix by columns.
    fn scale(&mut self, a: CsrRef<'_, T, u32>) {
        let largest = |values: &[T]| values.iter().fold(T::Real::ZERO, |m, v| m.max(v.abs()));
        if !matches!(self.kind, Numeric::Lu { .. }) {
            for i in 0..a.nrows() {
                let size = match self.is_llt() {
                    true => a.get(i, i).re(),
                    false => largest(a.row(i).1),
                };
                self.rows[i] = power_of_two(size.sqrt());
            }
            self.cols.copy_from_slice(&self.rows);
        } else {
            self.cols.fill(T::Real::ZERO);
            for i in 0..a.nrows() {
                self.rows[i] = power_of_two(largest(a.row(i).1));
                for (j, v) in a.row_iter(i) {
                    self.cols[j] = self.cols[j].max(v.abs() * self.rows[i]);
                }
            }
            for c in &mut self.cols {
                *c = power_of_two(*c);
            }
        }
        let mut at = 0;
        let (ptr, source) = (self.plan.row_ptr(), self.plan.source());
        for j in 0..a.ncols() {
            for k in ptr[j] as usize..ptr[j + 1] as usize {
                let i = self.plan.col_idx()[k] as usize;
                let value = a.values()[source[k] as usize];
                self.scaled[at] = value.scale(self.rows[i]).scale(self.cols[j]);
                at += 1;
            }
        }
    }

    /// Room to solve for so many columns.
    fn reserve(&mut self, columns: usize) -> Result<(), SolveError> {
        if columns > self.buffer_columns {
            let par = par();
            self.buffer = buffer(match &self.kind {
                Numeric::Llt { symbolic, .. } | Numeric::Ldlt { symbolic, .. } => {
                    symbolic.solve_in_place_scratch::<T::Faer>(columns, par)
                }
                Numeric::Lu { symbolic, .. } => {
                    symbolic.solve_in_place_scratch::<T::Faer>(columns, par)
                }
            })?;
            self.buffer_columns = columns;
        }
        Ok(())
    }

    /// x ← A⁻¹ x, for columns one after the other.
    pub fn solve(&mut self, x: &mut [T], columns: usize) -> Result<(), SolveError> {
        self.reserve(columns)?;
        let n = self.rows.len();
        for x in x.chunks_exact_mut(n) {
            x.iter_mut()
                .zip(&self.rows)
                .for_each(|(x, &s)| *x = x.scale(s));
        }
        let rhs = MatMut::from_column_major_slice_mut(T::as_faer_mut(x), n, columns);
        let stack = MemStack::new(&mut self.buffer);
        match &self.kind {
            Numeric::Llt { symbolic, values } => cholesky::LltRef::new(symbolic, values)
                .solve_in_place_with_conj(Conj::No, rhs, par(), stack),
            Numeric::Ldlt {
                symbolic,
                values,
                subdiagonal,
                perm: [forward, inverse],
            } => {
                let perm = PermRef::new_checked(forward, inverse, n);
                cholesky::IntranodeLbltRef::new(symbolic, values, subdiagonal, perm)
                    .solve_in_place_with_conj(Conj::No, rhs, par(), stack);
            }
            Numeric::Lu { symbolic, numeric } => lu::LuRef::new_unchecked(symbolic, numeric)
                .solve_in_place_with_conj(Conj::No, rhs, par(), stack),
        }
        for x in x.chunks_exact_mut(n) {
            x.iter_mut()
                .zip(&self.cols)
                .for_each(|(x, &s)| *x = x.scale(s));
        }
        Ok(())
    }

    pub fn bytes(&self) -> usize {
        self.prediction.bytes + self.scaled.len() * (2 * size_of::<T>() + 12)
    }
}

/// The power of two next to 1/size; 1 where there is nothing to scale.
fn power_of_two<R: Real>(size: R) -> R {
    let size = size.to_f64();
    if size > 0.0 && size.is_finite() {
        let exponent = -size.log2().round();
        // within the range of a single, so that no scaled entry can leave it by that alone
        R::from_f64(exponent.clamp(-100.0, 100.0).exp2())
    } else {
        R::ONE
    }
}
