//! The small eigenvalue problems of recycling: which combinations of the directions at hand are
//! worth keeping.
//!
//! With A Ẑ = W G, W orthonormal, the harmonic Ritz values θ of the directions V̂ solve
//!   GᴴG y = θ Gᴴ S y,   S = Wᴴ V̂
//! which for G = QR is the standard problem (R⁻¹ Qᴴ S) y = θ⁻¹ y: no generalised solver is needed.
//! or, for the least ‖A Ẑ y‖/‖V̂ y‖ instead (singular values of AM⁻¹), the Hermitian problem
//!   R⁻ᴴ N R⁻¹ e = σ⁻² e,   N = V̂ᴴ V̂,   y = R⁻¹ e.
//! In real arithmetic a complex pair gives its real and its imaginary part, and is never split.
//! The eigenvectors kept, P, are orthonormalised, G P = F R, and Ẑ P R⁻¹, W F are the new U and C.
//!
//! Everything is allocated beforehand.

use super::{Eigen, Strategy, Target};
use resolvent_matrices::{Real, Scalar};

/// The small problem of at most m directions, and the combinations chosen.
#[derive(Debug)]
pub(crate) struct Pencil<T: Scalar> {
    /// m + 1: the columns of all matrices are this far apart.
    ld: usize,
    /// G, (p + 1) × p.
    pub g: Vec<T>,
    /// S, (p + 1) × p; for singular values N, p × p, of which the upper triangle is read.
    pub s: Vec<T>,
    q: Vec<T>,
    r: Vec<T>,
    /// P R⁻¹: the new U in terms of Ẑ; a column is `ld` numbers.
    pub directions: Vec<T>,
    /// F: the new C in terms of W.
    pub images: Vec<T>,
    /// Singular values are asked for.
    singular: bool,
    eigen: Eigen,
}

impl<T: Scalar> Pencil<T> {
    /// For m directions, of which at most `most` are kept.
    pub fn new(m: usize, most: usize, strategy: Strategy) -> Self {
        let singular = strategy == Strategy::Singular;
        let ld = m + 1;
        let square = || vec![T::ZERO; ld * m];
        Self {
            ld,
            g: square(),
            s: square(),
            q: square(),
            r: square(),
            directions: vec![T::ZERO; ld * most.max(1)],
            images: vec![T::ZERO; ld * most.max(1)],
            singular,
            eigen: Eigen::new::<T>(m, singular),
        }
    }

    /// Chooses among p directions: k, or one more or less where that keeps a pair together, never
    /// more than `most`. Returns how many; 0 if there is no answer.
    pub fn choose(&mut self, p: usize, k: usize, most: usize, target: Target) -> usize {
        let ld = self.ld;
        let finite = |m: &[T]| m.iter().all(|v| v.is_finite());
        let size = p * ld;
        if p == 0 || !finite(&self.g[..size]) || !finite(&self.s[..size]) {
            return 0;
        }
        let chosen = if p <= k {
            self.directions[..p * ld].fill(T::ZERO);
            (0..p).for_each(|j| self.directions[j * ld + j] = T::ONE); // all of them
            p
        } else if self.factor(p) && self.eigenvectors(p, target) {
            self.gather(p, k, most)
        } else {
            0
        };
        self.pairs(p, chosen)
    }

    /// G = QR; false if there is nothing in it.
    fn factor(&mut self, p: usize) -> bool {
        let (ld, rows) = (self.ld, p + 1);
        let Self { g, q, r, .. } = self;
        q[..p * ld].copy_from_slice(&g[..p * ld]);
        r[..p * ld].fill(T::ZERO);
        let mut largest = T::Real::ZERO;
        for j in 0..p {
            for _ in 0..2 {
                for i in 0..j {
                    let (done, rest) = q.split_at_mut(j * ld);
                    let h = project(&done[i * ld..][..rows], &mut rest[..rows]); // q ← q − qᵢ h
                    r[j * ld + i] += h;
                }
            }
            let column = &mut q[j * ld..][..rows];
            let norm = norm(column);
            largest = largest.max(norm);
            let floor = largest * T::Real::EPSILON;
            // a direction that A takes to nothing new: θ = 0 as well as can be said
            let (below, scale) = match norm > floor {
                true => (norm, T::Real::ONE / norm),
                false => (floor, T::Real::ZERO),
            };
            column.iter_mut().for_each(|v| *v = v.scale(scale));
            r[j * ld + j] = T::from_real(below);
        }
        largest.is_finite() && largest > T::Real::ZERO
    }

    /// Of whichever problem is posed, the one wanted most first; false if that fails.
    fn eigenvectors(&mut self, p: usize, target: Target) -> bool {
        match self.singular {
            true => self.singular(p, target),
            false => self.ritz(p, target),
        }
    }

    /// The eigenvalues θ⁻¹ of R⁻¹ Qᴴ S.
    fn ritz(&mut self, p: usize, target: Target) -> bool {
        let (ld, rows) = (self.ld, p + 1);
        let Self { s, q, r, .. } = self;
        // S ← R⁻¹ Qᴴ S, column by column
        for j in 0..p {
            let column = &mut s[j * ld..][..rows];
            let h = &mut self.directions[..p]; // room
            for i in 0..p {
                h[i] = dot(&q[i * ld..][..rows], column); // h = Qᴴ s
            }
            backward(r, ld, h); // h ← R⁻¹ h
            column[..p].copy_from_slice(h);
        }
        let s = &self.s;
        if !self.eigen.general(p, |i, j| s[j * ld + i].to_c64()) {
            return false;
        }
        // the smallest θ are the largest θ⁻¹
        self.eigen.sort(p, target == Target::Smallest);
        true
    }

    /// The eigenvalues σ⁻² of R⁻ᴴ N R⁻¹.
    fn singular(&mut self, p: usize, target: Target) -> bool {
        let ld = self.ld;
        let Self { s, r, .. } = self;
        for j in 0..p {
            for i in 0..j {
                s[i * ld + j] = s[j * ld + i].conj();
            }
        }
        for j in 0..p {
            forward(r, ld, &mut s[j * ld..][..p]); // N ← R⁻ᴴ N
        }
        for i in 0..p {
            let h = &mut self.directions[..p]; // room
            (0..p).for_each(|j| h[j] = s[j * ld + i].conj());
            forward(r, ld, h);
            (0..p).for_each(|j| s[j * ld + i] = h[j].conj()); // (R⁻ᴴ (R⁻ᴴ N)ᴴ)ᴴ
        }
        let s = &self.s;
        let middle =
            |i: usize, j: usize| (s[j * ld + i].to_c64() + s[i * ld + j].to_c64().conj()) * 0.5;
        if !self.eigen.hermitian(p, middle) {
            return false;
        }
        // the smallest σ are the largest σ⁻²
        self.eigen.sort(p, target == Target::Smallest);
        true
    }

    /// P ← the eigenvectors that are wanted most, of length 1.
    fn gather(&mut self, p: usize, k: usize, most: usize) -> usize {
        let (ld, mut chosen, mut at) = (self.ld, 0, 0);
        while chosen < k && at < p {
            let j = self.eigen.order[at];
            let width = if self.eigen.pair(j) { 2 } else { 1 };
            if chosen + width > most.max(k) {
                break; // no room for both
            }
            for part in 0..width {
                let source = j + part; // the columns of a pair are beside each other
                let column = &mut self.directions[chosen * ld..][..p];
                for (i, v) in column.iter_mut().enumerate() {
                    *v = T::from_c64(self.eigen.vector(i, source));
                }
                if self.singular {
                    backward(&self.r, ld, column); // y = R⁻¹ e
                }
                let length = norm(column);
                if length > T::Real::ZERO && length.is_finite() {
                    let scale = T::Real::ONE / length;
                    column.iter_mut().for_each(|v| *v = v.scale(scale));
                    chosen += 1;
                }
            }
            at += width;
        }
        chosen
    }

    /// P ← an orthonormal basis of its span; then G P = F R, P ← P R⁻¹. Returns the columns left.
    fn pairs(&mut self, p: usize, chosen: usize) -> usize {
        let (ld, rows) = (self.ld, p + 1);
        let floor = T::Real::EPSILON * T::Real::from_f64(1e3);
        let mut kept = 0;
        for j in 0..chosen {
            let y = &mut self.directions;
            y.copy_within(j * ld..j * ld + p, kept * ld);
            let (done, rest) = y.split_at_mut(kept * ld);
            let column = &mut rest[..p];
            let before = norm(column);
            for _ in 0..2 {
                (0..kept).for_each(|i| {
                    project(&done[i * ld..][..p], column);
                });
            }
            let after = norm(column);
            if after > floor * before {
                let scale = T::Real::ONE / after;
                column.iter_mut().for_each(|v| *v = v.scale(scale));
                kept += 1;
            }
        }
        let (chosen, mut kept) = (kept, 0);
        for j in 0..chosen {
            let Self {
                g,
                directions: y,
                images: f,
                ..
            } = &mut *self;
            y.copy_within(j * ld..j * ld + p, kept * ld);
            let (f_done, rest) = f.split_at_mut(kept * ld);
            let (y_done, y_rest) = y.split_at_mut(kept * ld);
            let (column, follower) = (&mut rest[..rows], &mut y_rest[..p]);
            column.fill(T::ZERO);
            for (l, &y) in follower.iter().enumerate() {
                let g = &g[l * ld..][..rows];
                column.iter_mut().zip(g).for_each(|(f, &g)| *f += g * y); // f = G y
            }
            let before = norm(column);
            for _ in 0..2 {
                for i in 0..kept {
                    let h = project(&f_done[i * ld..][..rows], column); // f ← f − fᵢ h
                    let done = &y_done[i * ld..][..p];
                    follower
                        .iter_mut()
                        .zip(done)
                        .for_each(|(y, &d)| *y -= d * h);
                }
            }
            let after = norm(column);
            if after > floor * before && after.is_finite() {
                let scale = T::Real::ONE / after;
                column.iter_mut().for_each(|v| *v = v.scale(scale));
                follower.iter_mut().for_each(|v| *v = v.scale(scale));
                kept += 1;
            }
        }
        kept
    }
}

/// h ← R⁻¹ h.
fn backward<T: Scalar>(r: &[T], ld: usize, h: &mut [T]) {
    for i in (0..h.len()).rev() {
        h[i] /= r[i * ld + i];
        let hi = h[i];
        for l in 0..i {
            h[l] -= r[i * ld + l] * hi;
        }
    }
}

/// h ← R⁻ᴴ h.
fn forward<T: Scalar>(r: &[T], ld: usize, h: &mut [T]) {
    for i in 0..h.len() {
        let (done, rest) = h.split_at_mut(i);
        let column = &r[i * ld..][..i];
        rest[0] -= dot(column, done);
        rest[0] /= r[i * ld + i].conj();
    }
}

/// (x, y) = xᴴ y.
fn dot<T: Scalar>(x: &[T], y: &[T]) -> T {
    x.iter().zip(y).map(|(&x, &y)| x.conj() * y).sum()
}

fn norm<T: Scalar>(x: &[T]) -> T::Real {
    x.iter().fold(T::Real::ZERO, |s, v| s + v.abs2()).sqrt()
}

/// h = qᴴ x, x ← x − q h; returns h.
fn project<T: Scalar>(q: &[T], x: &mut [T]) -> T {
    let h = dot(q, x);
    x.iter_mut().zip(q).for_each(|(x, &q)| *x -= q * h);
    h
}
