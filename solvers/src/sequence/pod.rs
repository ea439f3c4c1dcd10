//! The best combination of earlier solutions as initial guess.
//!
//! With an orthonormal basis Q of them and its image AQ, y solves QᴴAQ y = Qᴴb where that matrix is
//! Hermitian positive definite, else min ‖b − AQ y‖₂. The solutions are orthonormalised from the
//! newest to the oldest; one that adds nothing to those before it is left out. The images A x of the
//! solutions themselves are kept as long as A does not change, so that each costs one product.

use crate::{LinearOperator, kernels};
use resolvent_matrices::{Real, Scalar};
use std::collections::VecDeque;

/// Images of the solutions known, and room for the small problem.
#[derive(Debug)]
pub(super) struct Pod<T> {
    /// A x of each solution, the last one first; empty until computed.
    images: VecDeque<Vec<T>>,
    /// Q and AQ, column after column.
    q: Vec<T>,
    aq: Vec<T>,
    h: Vec<T>,
    /// QᴴAQ or the R of AQ, column after column, and the right-hand side.
    small: Vec<T>,
    y: Vec<T>,
}

impl<T> Default for Pod<T> {
    fn default() -> Self {
        Self {
            images: VecDeque::new(),
            q: Vec::new(),
            aq: Vec::new(),
            h: Vec::new(),
            small: Vec::new(),
            y: Vec::new(),
        }
    }
}

impl<T: Scalar> Pod<T> {
    /// Another matrix: the images are of no use any more.
    pub fn advance(&mut self) {
        self.images.iter_mut().for_each(Vec::clear);
    }

    /// A solution was put before the others, of which there are at most `most`.
    pub fn keep(&mut self, most: usize) {
        let mut place = match self.images.len() >= most {
            true => self.images.pop_back().unwrap_or_default(),
            false => Vec::new(),
        };
        place.clear();
        self.images.push_front(place);
    }

    /// x ← Q y; x is left alone if there is no answer. Returns the products with A.
    pub fn write<'v>(
        &mut self,
        known: impl Iterator<Item = &'v Vec<T>>,
        a: &dyn LinearOperator<T>,
        b: &[T],
        x: &mut [T],
    ) -> usize {
        let n = x.len();
        let (mut kept, mut products) = (0, 0);
        for (solution, image) in known.zip(&mut self.images) {
            if image.len() != n {
                image.resize(n, T::ZERO);
                a.apply(solution, image); // A x
                products += 1;
            }
            let room = (kept + 1) * n;
            for (block, column) in [(&mut self.q, solution), (&mut self.aq, &*image)] {
                if block.len() < room {
                    block.resize(room, T::ZERO);
                }
                block[room - n..room].copy_from_slice(column);
            }
            self.h.resize(kept + 1, T::ZERO);
            kept += usize::from(add(n, kept, &mut self.q, &mut self.aq, &mut self.h, 1e-7));
        }
        if kept > 0 && (self.galerkin(n, kept, b) || self.least_squares(n, kept, b)) {
            x.fill(T::ZERO);
            kernels::block_axpy(&self.q[..kept * n], &self.y[..kept], x); // x = Q y
        }
        products
    }

    /// QᴴAQ y = Qᴴb by Cholesky; false if the matrix is not Hermitian positive definite.
    fn galerkin(&mut self, n: usize, k: usize, b: &[T]) -> bool {
        let Self {
            q, aq, small, y, ..
        } = self;
        let q = &q[..k * n];
        small.resize(k * k, T::ZERO);
        y.resize(k, T::ZERO);
        kernels::block_dot(q, b, y); // Qᴴb
        for (column, aq) in small.chunks_exact_mut(k).zip(aq.chunks_exact(n)) {
            kernels::block_dot(q, aq, column); // Qᴴ A q
        }
        let largest = small.iter().fold(T::Real::ZERO, |m, v| m.max(v.abs()));
        let tolerance = largest * T::Real::EPSILON.sqrt() * T::Real::from_f64(1e-2);
        let twin = |i: usize, j: usize| (small[j * k + i] - small[i * k + j].conj()).abs();
        let apart = |i, j| twin(i, j) > tolerance || !twin(i, j).is_finite();
        if (0..k).any(|j| (0..j).any(|i| apart(i, j))) {
            return false;
        }
        for j in 0..k {
            for l in 0..j {
                let factor = small[l * k + j].conj();
                for i in j..k {
                    let below = small[l * k + i];
                    small[j * k + i] -= below * factor;
                }
            }
            let pivot = small[j * k + j].re();
            let least = largest * T::Real::EPSILON * T::Real::from_f64(100.0);
            if pivot <= least || !pivot.is_finite() {
                return false;
            }
            let scale = T::Real::ONE / pivot.sqrt();
            small[j * k + j..(j + 1) * k]
                .iter_mut()
                .for_each(|v| *v = v.scale(scale)); // L
        }
        for j in 0..k {
            y[j] /= small[j * k + j];
            for i in j + 1..k {
                let yj = y[j];
                y[i] -= small[j * k + i] * yj; // y ← L⁻¹ y
            }
        }
        for j in (0..k).rev() {
            for i in j + 1..k {
                let yi = y[i];
                y[j] -= small[j * k + i].conj() * yi;
            }
            y[j] /= small[j * k + j]; // y ← L⁻ᴴ y
        }
        y.iter().all(|v| v.is_finite())
    }

    /// min ‖b − AQ y‖₂: AQ is orthonormalised with Q following, and y is what b has of it.
    fn least_squares(&mut self, n: usize, k: usize, b: &[T]) -> bool {
        let mut kept = 0;
        for j in 0..k {
            for block in [&mut self.q, &mut self.aq] {
                block.copy_within(j * n..(j + 1) * n, kept * n);
            }
            kept += usize::from(add(n, kept, &mut self.aq, &mut self.q, &mut self.h, 1e-10));
        }
        self.y.clear();
        self.y.resize(k, T::ZERO);
        kernels::block_dot(&self.aq[..kept * n], b, &mut self.y[..kept]);
        self.y.iter().all(|v| v.is_finite())
    }
}

/// Orthonormalises column `kept` of V against those before it, with column `kept` of F following.
/// False if it adds less than the part `floor` of itself.
fn add<T: Scalar>(
    n: usize,
    kept: usize,
    v: &mut [T],
    f: &mut [T],
    h: &mut [T],
    floor: f64,
) -> bool {
    let (done, rest) = v.split_at_mut(kept * n);
    let (f_done, f_rest) = f.split_at_mut(kept * n);
    let (v, f, h) = (&mut rest[..n], &mut f_rest[..n], &mut h[..kept]);
    let before = kernels::norm_squared(v).sqrt();
    for _ in 0..2 {
        kernels::block_dot(done, v, h); // h = Qᴴv
        h.iter_mut().for_each(|h| *h = -*h);
        kernels::block_axpy(done, h, v); // v ← v − Q h
        kernels::block_axpy(f_done, h, f);
    }
    let after = kernels::norm_squared(v).sqrt();
    let floor = T::Real::from_f64(floor).max(T::Real::EPSILON * T::Real::from_f64(100.0));
    if after <= before * floor || !after.is_finite() {
        return false;
    }
    let scale = T::from_real(T::Real::ONE / after);
    kernels::scale(scale, v);
    kernels::scale(scale, f);
    true
}
