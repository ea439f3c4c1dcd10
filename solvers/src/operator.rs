//! What a solver needs of A.

use crate::kernels;
use resolvent_matrices::{AnyCsr, Csr, CsrRef, Scalar};

/// What is known of an operator, declared by whoever made it and never guessed.
///
/// [`resolvent_matrices::evidence`](resolvent_matrices) finds it from the entries of a matrix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tags {
    /// A = Aᴴ.
    pub hermitian: bool,
    /// xᴴAx > 0 for every x ≠ 0 (outside of the null space, if one is declared).
    pub positive_definite: bool,
}

/// A linear map on vectors of `ncols` numbers, of which this process holds `nrows` rows.
pub trait LinearOperator<T: Scalar>: Sync {
    /// Number of rows (held here).
    fn nrows(&self) -> usize;

    /// Number of columns.
    fn ncols(&self) -> usize {
        self.nrows()
    }

    /// y ← A x. Overwrites all of `y`. A distributed operator exchanges its halo in here.
    fn apply(&self, x: &[T], y: &mut [T]);

    /// y ← A x; returns this process's share of xᴴ y, computed on the way where the operator can.
    fn apply_dot(&self, x: &[T], y: &mut [T]) -> T {
        self.apply(x, y); // y = Ax
        kernels::dot(x, y)
    }

    /// r ← b − A x, in one pass where the operator can.
    fn residual(&self, b: &[T], x: &[T], r: &mut [T]) {
        self.apply(x, r); // r = Ax
        kernels::sub_from(b, r); // r = b − r
    }

    /// yⱼ ← A xⱼ for the listed columns j; x holds columns of `ncols` numbers one after the other,
    /// y of `nrows`. A matrix reads its entries once for all of them.
    fn apply_many(&self, columns: &[usize], x: &[T], y: &mut [T]) {
        let (m, n) = (self.ncols(), self.nrows());
        for &j in columns {
            self.apply(&x[j * m..(j + 1) * m], &mut y[j * n..(j + 1) * n]); // yⱼ = Axⱼ
        }
    }

    /// What is declared of A; nothing by default.
    fn tags(&self) -> Tags {
        Tags::default()
    }

    /// The entries, for methods that need them (factorisations, sweeps). Of a matrix-free
    /// operator, `None`.
    fn as_csr(&self) -> Option<AnyCsr<'_, T>> {
        None
    }
}

impl<T: Scalar> LinearOperator<T> for Csr<T> {
    fn nrows(&self) -> usize {
        Csr::nrows(self)
    }
    fn ncols(&self) -> usize {
        Csr::ncols(self)
    }
    fn apply(&self, x: &[T], y: &mut [T]) {
        kernels::spmv(self.view(), self.runs().as_slice(), x, y); // y = Ax
    }
    fn apply_dot(&self, x: &[T], y: &mut [T]) -> T {
        kernels::spmv_dot(self.view(), self.runs().as_slice(), x, y) // y = Ax, xᴴy
    }
    fn apply_many(&self, columns: &[usize], x: &[T], y: &mut [T]) {
        kernels::spmm(self.view(), self.runs().as_slice(), columns, x, y); // yⱼ = Axⱼ
    }
    fn residual(&self, b: &[T], x: &[T], r: &mut [T]) {
        kernels::residual(self.view(), self.runs().as_slice(), b, x, r); // r = b − Ax
    }
    fn as_csr(&self) -> Option<AnyCsr<'_, T>> {
        Some(AnyCsr::U32(self.view()))
    }
}

impl<T: Scalar> LinearOperator<T> for CsrRef<'_, T, u32> {
    fn nrows(&self) -> usize {
        CsrRef::nrows(self)
    }
    fn ncols(&self) -> usize {
        CsrRef::ncols(self)
    }
    fn apply(&self, x: &[T], y: &mut [T]) {
        kernels::spmv(*self, &[], x, y); // y = Ax
    }
    fn apply_dot(&self, x: &[T], y: &mut [T]) -> T {
        kernels::spmv_dot(*self, &[], x, y) // y = Ax, xᴴy
    }
    fn apply_many(&self, columns: &[usize], x: &[T], y: &mut [T]) {
        kernels::spmm(*self, &[], columns, x, y); // yⱼ = Axⱼ
    }
    fn residual(&self, b: &[T], x: &[T], r: &mut [T]) {
        kernels::residual(*self, &[], b, x, r); // r = b − Ax
    }
    fn as_csr(&self) -> Option<AnyCsr<'_, T>> {
        Some(AnyCsr::U32(*self))
    }
}

impl<T: Scalar> LinearOperator<T> for CsrRef<'_, T, usize> {
    fn nrows(&self) -> usize {
        CsrRef::nrows(self)
    }
    fn ncols(&self) -> usize {
        CsrRef::ncols(self)
    }
    fn apply(&self, x: &[T], y: &mut [T]) {
        kernels::spmv(*self, &[], x, y); // y = Ax
    }
    fn apply_dot(&self, x: &[T], y: &mut [T]) -> T {
        kernels::spmv_dot(*self, &[], x, y) // y = Ax, xᴴy
    }
    fn apply_many(&self, columns: &[usize], x: &[T], y: &mut [T]) {
        kernels::spmm(*self, &[], columns, x, y); // yⱼ = Axⱼ
    }
    fn residual(&self, b: &[T], x: &[T], r: &mut [T]) {
        kernels::residual(*self, &[], b, x, r); // r = b − Ax
    }
    fn as_csr(&self) -> Option<AnyCsr<'_, T>> {
        Some(AnyCsr::Usize(*self))
    }
}

impl<T: Scalar, A: LinearOperator<T> + ?Sized> LinearOperator<T> for &A {
    fn nrows(&self) -> usize {
        (**self).nrows()
    }
    fn ncols(&self) -> usize {
        (**self).ncols()
    }
    fn apply(&self, x: &[T], y: &mut [T]) {
        (**self).apply(x, y);
    }
    fn apply_dot(&self, x: &[T], y: &mut [T]) -> T {
        (**self).apply_dot(x, y)
    }
    fn residual(&self, b: &[T], x: &[T], r: &mut [T]) {
        (**self).residual(b, x, r);
    }
    fn apply_many(&self, columns: &[usize], x: &[T], y: &mut [T]) {
        (**self).apply_many(columns, x, y);
    }
    fn tags(&self) -> Tags {
        (**self).tags()
    }
    fn as_csr(&self) -> Option<AnyCsr<'_, T>> {
        (**self).as_csr()
    }
}

/// A matrix with what is declared of it.
#[derive(Debug, Clone, Copy)]
pub struct Tagged<A> {
    /// The operator.
    pub operator: A,
    /// What is declared of it.
    pub tags: Tags,
}

impl<T: Scalar, A: LinearOperator<T>> LinearOperator<T> for Tagged<A> {
    fn nrows(&self) -> usize {
        self.operator.nrows()
    }
    fn ncols(&self) -> usize {
        self.operator.ncols()
    }
    fn apply(&self, x: &[T], y: &mut [T]) {
        self.operator.apply(x, y);
    }
    fn apply_dot(&self, x: &[T], y: &mut [T]) -> T {
        self.operator.apply_dot(x, y)
    }
    fn residual(&self, b: &[T], x: &[T], r: &mut [T]) {
        self.operator.residual(b, x, r);
    }
    fn apply_many(&self, columns: &[usize], x: &[T], y: &mut [T]) {
        self.operator.apply_many(columns, x, y);
    }
    fn tags(&self) -> Tags {
        self.tags
    }
    fn as_csr(&self) -> Option<AnyCsr<'_, T>> {
        self.operator.as_csr()
    }
}
