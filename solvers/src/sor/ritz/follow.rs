//! Along a sequence: the Ritz vector of the matrix before, for one product, and Lanczos again where it
//! no longer serves.

use super::{Ends, NAME, RitzTracker, Tracked, indefinite};
use crate::precond::PrecondError;
use crate::{LinearOperator, kernels};
use resolvent_matrices::{Real, Scalar};

/// Lanczos processes for the first matrix, at most; for those that follow, one.
const FIRST: usize = 6;

impl<T: Scalar> RitzTracker<T> {
    /// β of the next matrix, from both sides. That it is Hermitian is looked at where its size is
    /// new.
    ///
    /// # Errors
    /// As [`lanczos_beta`](super::lanczos_beta); the vector is kept.
    pub fn track(&mut self, a: &dyn LinearOperator<T>) -> Result<Tracked, PrecondError> {
        let follows = self.vector.len() == a.nrows() && self.gap > 0.0;
        let processes = if follows { 1 } else { FIRST };
        let mut matvecs = 0;
        if follows {
            let looked = self.look(a)?;
            if looked.close() {
                return Ok(looked.tracked(1));
            }
            matvecs += 1;
        }
        for process in 1.. {
            let ends = self.step(a)?;
            matvecs += ends.steps;
            if ends.close() || process == processes {
                return Ok(ends.tracked(matvecs));
            }
        }
        unreachable!("the last process returns")
    }

    /// The value and the bound of the vector at hand, for one product.
    fn look(&mut self, a: &dyn LinearOperator<T>) -> Result<Ends, PrecondError> {
        let csr = a
            .as_csr()
            .ok_or(PrecondError::NeedsEntries { precond: NAME })?;
        let csr = csr.to_u32()?;
        let n = csr.view().square()?;
        self.take(csr.view())?;
        let Self {
            vector,
            scale,
            w,
            u,
            ..
        } = self;
        w.resize(n, T::ZERO);
        u.resize(n, T::ZERO);
        kernels::multiply(scale, vector, u);
        a.apply(u, w);
        kernels::multiply(scale, w, u); // u = Ã v
        let size = kernels::norm_squared(vector).to_f64();
        let theta = kernels::dot(vector, u).re().to_f64() / size; // θ
        kernels::axpy(T::from_f64(-theta), vector, u); // u ← Ãv − θv
        let residual = (kernels::norm_squared(u).to_f64() / size).sqrt();
        if !(theta > 0.0 && residual.is_finite()) {
            return Err(indefinite(theta));
        }
        Ok(Ends {
            low: (theta, residual),
            high: (1.0, 0.0),
            gap: self.gap,
            steps: 1,
        })
    }
}
