//! The operator of Eisenstat's trick: M⁻¹A from both sides in two triangular solves, no product.
//!
//! With S = D^{-1/2}, Ã = S A S = I + L̃ + L̃ᴴ and K = I + ωL̃:
//!   ω K⁻¹ Ã K⁻ᴴ u = t + K⁻¹(u − (2−ω) t),   t = K⁻ᴴ u        since ωÃ = K + Kᴴ − (2−ω) I
//! CG on ωK⁻¹ÃK⁻ᴴ x̂ = ωK⁻¹S b makes the iterates x = S K⁻ᴴ x̂ that CG with M = SSOR makes on A, at
//! one pass over the entries of A an iteration instead of two.
//!
//! - S. C. Eisenstat, Efficient implementation of a class of preconditioned conjugate gradient
//!   methods, SIAM J. Sci. Stat. Comput. 2(1):1–4, 1981, doi:10.1137/0902001.

use crate::kernels;
use crate::precond::triangular::TriangularPair;
use resolvent_matrices::{Real, Scalar};

/// What the trick needs beside the triangles.
#[derive(Debug, Clone, Default)]
pub(super) struct Halves<T> {
    /// S.
    pub scale: Vec<T>,
    w: Vec<T>,
    y: Vec<T>,
}

impl<T: Scalar> Halves<T> {
    /// Takes S = D^{-1/2} from 1/D, which is positive.
    pub fn fill(&mut self, inverse: &[T]) {
        self.scale.clear();
        let root = |d: &T| T::from_real(d.re().sqrt());
        self.scale.extend(inverse.iter().map(root));
        self.w.resize(inverse.len(), T::ZERO);
        self.y.resize(inverse.len(), T::ZERO);
    }

    pub fn bytes(&self) -> usize {
        3 * size_of_val(self.scale.as_slice())
    }
}

/// The operator, ready to be applied.
pub(crate) struct Eisenstat<'a, T: Scalar> {
    /// K and Kᴴ.
    solves: &'a mut TriangularPair<T>,
    scale: &'a [T],
    w: &'a mut [T],
    /// What is to be added to x, scaled: x = (x handed in) + S y.
    y: &'a mut [T],
    omega: T,
}

impl<'a, T: Scalar> Eisenstat<'a, T> {
    pub(super) fn new(
        solves: &'a mut TriangularPair<T>,
        halves: &'a mut Halves<T>,
        omega: f64,
    ) -> Self {
        let Halves { scale, w, y } = halves;
        y.fill(T::ZERO);
        Self {
            solves,
            scale,
            w,
            y,
            omega: T::from_f64(omega),
        }
    }

    /// ω.
    pub fn omega(&self) -> T::Real {
        self.omega.re()
    }

    /// r̂ ← ω K⁻¹ S r.
    pub fn reduce(&mut self, r: &[T], reduced: &mut [T]) {
        kernels::multiply(self.scale, r, self.w);
        kernels::scale(self.omega, self.w);
        self.solves.solve_lower(self.w, reduced);
    }

    /// t ← K⁻ᴴ u and q ← ω K⁻¹ Ã K⁻ᴴ u; returns (u, q).
    pub fn apply_dot(&mut self, u: &[T], t: &mut [T], q: &mut [T]) -> T {
        self.solves.solve_upper(u, t); // t = K⁻ᴴ u
        let two = T::ONE + T::ONE;
        kernels::combine(u, self.omega - two, t, self.w); // w = u − (2−ω) t
        self.solves.solve_lower(self.w, q); // q = K⁻¹ w
        kernels::xpby_dot(t, T::ONE, q, u) // q ← t + q, (u,q)
    }

    /// y ← y + αt: x̂ ← x̂ + αu, seen from x.
    pub fn advance(&mut self, alpha: T, t: &[T]) {
        kernels::axpy(alpha, t, self.y);
    }

    /// x ← x + S y, y ← 0.
    pub fn settle(&mut self, x: &mut [T]) {
        kernels::multiply(self.scale, self.y, self.w);
        kernels::axpy(T::ONE, self.w, x);
        self.y.fill(T::ZERO);
    }
}
