//! Null spaces of singular systems: a pure-Neumann pressure is known up to a constant.
//!
//! With an orthonormal basis Q of null(A), the solver keeps M⁻¹r orthogonal to it
//! (z ← z − Q Qᴴz), so that x gains no component along it. Where A is Hermitian, null(Aᴴ) is the
//! same space and the residual is projected too: the part of b outside of range(A) is set aside,
//! and if it is larger than the tolerance the solve ends
//! [`StopReason::Inconsistent`](crate::StopReason::Inconsistent).

use crate::reduce::{Reduce, norm};
use crate::{LinearOperator, kernels};
use resolvent_matrices::{Real, Scalar};

/// An orthonormal basis of null(A), and of null(Aᴴ) where it differs.
#[derive(Debug, Clone, Default)]
pub struct Nullspace<T> {
    right: Basis<T>,
    left: Option<Basis<T>>,
}

#[derive(Debug, Clone, Default)]
enum Basis<T> {
    #[default]
    None,
    Constant,
    Vectors(Vec<Vec<T>>),
}

/// Why vectors cannot serve as a null space.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum NullspaceError {
    /// The vectors differ in length.
    #[error("null-space vector {index} has {got} entries, the first has {expected}")]
    Length {
        /// which, 0-based
        index: usize,
        /// length of the first
        expected: usize,
        /// its length
        got: usize,
    },
    /// A vector depends on those before it, is zero, or is not finite.
    #[error("null-space vector {index} is zero, not finite, or a combination of those before it")]
    Dependent {
        /// which, 0-based
        index: usize,
    },
    /// A does not take a vector to zero.
    #[error(
        "null-space vector {index} is not in the null space: ‖A·q‖ = {product:.1e} for the unit vector q, where ‖A‖ = {scale:.1e}"
    )]
    NotInNullspace {
        /// which, 0-based
        index: usize,
        /// ‖A·q‖₂
        product: f64,
        /// ‖A‖_F
        scale: f64,
    },
}

impl<T: Scalar> Nullspace<T> {
    /// A is nonsingular.
    pub const fn none() -> Self {
        Self {
            right: Basis::None,
            left: None,
        }
    }

    /// A·1 = 0: the constant vector, as of a pure-Neumann problem.
    pub const fn constant() -> Self {
        Self {
            right: Basis::Constant,
            left: None,
        }
    }

    /// The span of the given vectors, which are orthonormalised here (on one process).
    ///
    /// # Errors
    /// [`NullspaceError`].
    pub fn vectors(vectors: Vec<Vec<T>>) -> Result<Self, NullspaceError> {
        Ok(Self {
            right: Basis::Vectors(orthonormal(vectors)?),
            left: None,
        })
    }

    /// The same, with null(Aᴴ) spanned by other vectors (A not Hermitian).
    ///
    /// # Errors
    /// [`NullspaceError`].
    pub fn with_left(self, vectors: Vec<Vec<T>>) -> Result<Self, NullspaceError> {
        Ok(Self {
            left: Some(Basis::Vectors(orthonormal(vectors)?)),
            ..self
        })
    }

    /// Whether there is none.
    pub fn is_none(&self) -> bool {
        matches!(self.right, Basis::None)
    }

    /// Whether A·q is small for every unit vector q of the basis: at most √ε·‖A‖_F, where the
    /// entries of A are known (elsewhere there is nothing to compare with, and no check). One
    /// product a vector.
    ///
    /// # Errors
    /// [`NullspaceError::NotInNullspace`].
    pub fn check(
        &self,
        a: &dyn LinearOperator<T>,
        comm: &dyn Reduce<T>,
    ) -> Result<(), NullspaceError> {
        let Some(csr) = a.as_csr() else {
            return Ok(());
        };
        let n = a.ncols();
        let mut size = [T::from_f64(n as f64)];
        comm.all_sum(&mut size);
        let unit = size[0].re().sqrt();
        let constant = || vec![vec![T::from_real(T::Real::ONE / unit); n]];
        let vectors = match &self.right {
            Basis::None => return Ok(()),
            Basis::Constant => &constant(),
            Basis::Vectors(vectors) => vectors,
        };
        let scale = norm(comm, csr.values());
        let mut product = vec![T::ZERO; a.nrows()];
        for (index, q) in vectors.iter().enumerate().filter(|(_, q)| q.len() == n) {
            a.apply(q, &mut product); // A q
            let size = norm(comm, &product);
            if size > T::Real::EPSILON.sqrt() * scale {
                return Err(NullspaceError::NotInNullspace {
                    index,
                    product: size.to_f64(),
                    scale: scale.to_f64(),
                });
            }
        }
        Ok(())
    }

    /// The length of the vectors, where they are given.
    pub(crate) fn len(&self) -> Option<usize> {
        match &self.right {
            Basis::Vectors(q) => q.first().map(Vec::len),
            _ => None,
        }
    }

    /// v ← v − Q Qᴴ v: out of null(A). Returns the 2-norm of what was removed.
    pub fn project(&self, comm: &dyn Reduce<T>, v: &mut [T]) -> T::Real {
        self.right.project(comm, v)
    }

    /// v ← v − Q Qᴴ v with Q a basis of null(Aᴴ), if that is known: given, or A is Hermitian.
    /// Returns the 2-norm of what was removed.
    pub fn project_left(&self, comm: &dyn Reduce<T>, hermitian: bool, v: &mut [T]) -> T::Real {
        match &self.left {
            Some(left) => left.project(comm, v),
            None if hermitian => self.right.project(comm, v),
            None => T::Real::ZERO,
        }
    }
}

impl<T: Scalar> Basis<T> {
    fn project(&self, comm: &dyn Reduce<T>, v: &mut [T]) -> T::Real {
        match self {
            Self::None => T::Real::ZERO,
            Self::Constant => {
                let mut sums = [kernels::sum(v), T::from_f64(v.len() as f64)];
                comm.all_sum(&mut sums);
                if sums[1] == T::ZERO {
                    return T::Real::ZERO;
                }
                let mean = sums[0] / sums[1];
                kernels::shift(-mean, v); // v ← v − mean(v)
                mean.abs() * sums[1].re().sqrt()
            }
            Self::Vectors(basis) => {
                let mut removed = T::Real::ZERO;
                for q in basis {
                    let mut c = [kernels::dot(q, v)]; // c = qᴴv
                    comm.all_sum(&mut c);
                    kernels::axpy(-c[0], q, v); // v ← v − c q
                    removed += c[0].abs2();
                }
                removed.sqrt()
            }
        }
    }
}

/// Modified Gram–Schmidt, twice.
fn orthonormal<T: Scalar>(mut vectors: Vec<Vec<T>>) -> Result<Vec<Vec<T>>, NullspaceError> {
    for index in 0..vectors.len() {
        let (done, rest) = vectors.split_at_mut(index);
        let v = &mut rest[0];
        if let Some(first) = done.first()
            && first.len() != v.len()
        {
            return Err(NullspaceError::Length {
                index,
                expected: first.len(),
                got: v.len(),
            });
        }
        let before = kernels::norm_squared(v).sqrt();
        for _ in 0..2 {
            for q in done.iter() {
                kernels::axpy(-kernels::dot(q, v), q, v); // v ← v − q qᴴv
            }
        }
        let after = kernels::norm_squared(v).sqrt();
        let floor = before * T::Real::EPSILON.sqrt();
        if !after.is_finite() || after <= floor {
            return Err(NullspaceError::Dependent { index });
        }
        kernels::scale(T::from_real(T::Real::ONE / after), v); // v ← v/‖v‖
    }
    Ok(vectors)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Local;

    #[test]
    fn constant_removes_the_mean() {
        let mut v = [1.0f64, 2.0, 6.0];
        let removed: f64 = Nullspace::constant().project(&Local, &mut v);
        assert!((removed - f64::sqrt(27.0)).abs() < 1e-14);
        assert_eq!(v, [-2.0, -1.0, 3.0]);
    }

    #[test]
    fn vectors_are_orthonormalised_and_projected_out() {
        let space = Nullspace::vectors(vec![vec![1.0, 1.0, 0.0], vec![1.0, 0.0, 0.0]]).unwrap();
        let mut v = [3.0, 4.0, 5.0];
        space.project(&Local, &mut v);
        assert!(f64::abs(v[0]) < 1e-15 && f64::abs(v[1]) < 1e-15 && v[2] == 5.0);
    }

    #[test]
    fn dependent_or_ragged_vectors_are_refused() {
        let dependent = Nullspace::vectors(vec![vec![1.0, 1.0], vec![2.0, 2.0]]);
        assert_eq!(
            dependent.unwrap_err(),
            NullspaceError::Dependent { index: 1 }
        );
        let ragged = Nullspace::vectors(vec![vec![1.0, 1.0], vec![2.0]]);
        assert!(matches!(
            ragged.unwrap_err(),
            NullspaceError::Length { index: 1, .. }
        ));
        assert!(Nullspace::vectors(vec![vec![f64::NAN]]).is_err());
    }
}
