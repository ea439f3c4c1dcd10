//! The small eigenvalue problems of recycling: which combinations of the directions at hand are
//! worth keeping.
//!
//! With A Ẑ = W G, W orthonormal, the harmonic Ritz values θ of the directions V̂ solve
//!   GᴴG y = θ Gᴴ S y,   S = Wᴴ V̂
//! which for G = QR is the standard problem (R⁻¹ Qᴴ S) y = θ⁻¹ y: no generalised solver is needed.
//! In real arithmetic a complex pair gives its real and its imaginary part, and is never split.
//! The eigenvectors kept, P, are orthonormalised, G P = F R, and Ẑ P R⁻¹, W F are the new U and C.
//!
//! Everything is allocated beforehand.

use super::Target;
use faer::dyn_stack::{MemBuffer, MemStack, StackReq};
use faer::linalg::evd::{self, ComputeEigenvectors};
use faer::{Mat, Par};
use resolvent_matrices::{Complex, Real, Scalar};

type C64 = Complex<f64>;

/// Eigenvalues and eigenvectors of small dense matrices.
pub(crate) struct Eigen {
    work: Work,
    memory: MemBuffer,
    /// Of the last matrix.
    pub values: Vec<C64>,
    /// From the one wanted most.
    pub order: Vec<usize>,
}

enum Work {
    /// A, eigenvalues (real and imaginary parts), eigenvectors; of a complex pair two columns, real
    /// and imaginary part.
    Real(Mat<f64>, [Mat<f64>; 2], Mat<f64>),
    Complex(Mat<C64>, Mat<C64>, Mat<C64>),
}

impl std::fmt::Debug for Eigen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Eigen({:?})", self.values)
    }
}

impl Eigen {
    /// For matrices of order `most` at most.
    pub fn new<T: Scalar>(most: usize, hermitian: bool) -> Self {
        use ComputeEigenvectors::{No, Yes};
        let (size, par) = (most.max(1), Par::Seq);
        let all = 2..=size;
        let needs = |p| match (hermitian, T::IS_COMPLEX) {
            (true, false) => evd::self_adjoint_evd_scratch::<f64>(p, Yes, par, Default::default()),
            (true, true) => evd::self_adjoint_evd_scratch::<C64>(p, Yes, par, Default::default()),
            (false, false) => evd::evd_scratch::<f64>(p, No, Yes, par, Default::default()),
            (false, true) => evd::evd_scratch::<C64>(p, No, Yes, par, Default::default()),
        };
        let memory = all.map(needs).fold(StackReq::EMPTY, StackReq::or);
        let work = match T::IS_COMPLEX {
            false => Work::Real(
                Mat::zeros(size, size),
                [Mat::zeros(size, 1), Mat::zeros(size, 1)],
                Mat::zeros(size, size),
            ),
            true => Work::Complex(
                Mat::zeros(size, size),
                Mat::zeros(size, 1),
                Mat::zeros(size, size),
            ),
        };
        Self {
            work,
            memory: MemBuffer::new(memory),
            values: vec![C64::ZERO; size],
            order: vec![0; size],
        }
    }

    /// Of the matrix of order p with entries `entry(i, j)`; false if that fails.
    pub fn general(&mut self, p: usize, entry: impl Fn(usize, usize) -> C64) -> bool {
        let stack = MemStack::new(&mut self.memory);
        let (par, params) = (Par::Seq, Default::default());
        let done = match &mut self.work {
            Work::Real(a, [re, im], u) => {
                fill(a, p, |i, j| entry(i, j).re);
                let a = a.as_ref().submatrix(0, 0, p, p);
                let mut u = u.as_mut().submatrix_mut(0, 0, p, p);
                let done = match p {
                    0 | 1 => {
                        trivial(p, |x| re[(0, 0)] = x, a, u.as_mut());
                        im[(0, 0)] = 0.0;
                        Ok(())
                    }
                    _ => evd::evd_real::<f64>(
                        a,
                        re.as_mut().col_mut(0).subrows_mut(0, p).as_diagonal_mut(),
                        im.as_mut().col_mut(0).subrows_mut(0, p).as_diagonal_mut(),
                        None,
                        Some(u),
                        par,
                        stack,
                        params,
                    ),
                };
                for j in 0..p {
                    self.values[j] = C64::new(re[(j, 0)], im[(j, 0)]);
                }
                done.is_ok()
            }
            Work::Complex(a, s, u) => {
                fill(a, p, &entry);
                let a = a.as_ref().submatrix(0, 0, p, p);
                let mut u = u.as_mut().submatrix_mut(0, 0, p, p);
                let params = Default::default();
                let done = match p {
                    0 | 1 => {
                        trivial(p, |x| s[(0, 0)] = x, a, u.as_mut());
                        Ok(())
                    }
                    _ => evd::evd_cplx::<f64>(
                        a,
                        s.as_mut().col_mut(0).subrows_mut(0, p).as_diagonal_mut(),
                        None,
                        Some(u),
                        par,
                        stack,
                        params,
                    ),
                };
                for j in 0..p {
                    self.values[j] = s[(j, 0)];
                }
                done.is_ok()
            }
        };
        done && self.values[..p]
            .iter()
            .all(|v| v.re.is_finite() && v.im.is_finite())
    }

    /// Of a Hermitian matrix, from the smallest eigenvalue.
    pub fn hermitian(&mut self, p: usize, entry: impl Fn(usize, usize) -> C64) -> bool {
        let stack = MemStack::new(&mut self.memory);
        let par = Par::Seq;
        let done = match &mut self.work {
            Work::Real(a, [s, _], u) => {
                fill(a, p, |i, j| entry(i, j).re);
                let done = match p {
                    0 => Ok(()),
                    _ => evd::self_adjoint_evd::<f64>(
                        a.as_ref().submatrix(0, 0, p, p),
                        s.as_mut().col_mut(0).subrows_mut(0, p).as_diagonal_mut(),
                        Some(u.as_mut().submatrix_mut(0, 0, p, p)),
                        par,
                        stack,
                        Default::default(),
                    ),
                };
                for j in 0..p {
                    self.values[j] = C64::new(s[(j, 0)], 0.0);
                }
                done.is_ok()
            }
            Work::Complex(a, s, u) => {
                fill(a, p, &entry);
                let done = match p {
                    0 => Ok(()),
                    _ => evd::self_adjoint_evd::<C64>(
                        a.as_ref().submatrix(0, 0, p, p),
                        s.as_mut().col_mut(0).subrows_mut(0, p).as_diagonal_mut(),
                        Some(u.as_mut().submatrix_mut(0, 0, p, p)),
                        par,
                        stack,
                        Default::default(),
                    ),
                };
                for j in 0..p {
                    self.values[j] = C64::new(s[(j, 0)].re, 0.0);
                }
                done.is_ok()
            }
        };
        done && self.values[..p].iter().all(|v| v.re.is_finite())
    }

    /// Puts the eigenvalues in order; the two of a pair stay beside each other.
    fn sort(&mut self, p: usize, largest_first: bool) {
        let (order, values) = (&mut self.order[..p], &self.values);
        order.iter_mut().enumerate().for_each(|(i, o)| *o = i);
        let size = |i: usize| values[i].norm_sqr();
        order.sort_unstable_by(|&i, &j| {
            let by_size = size(i).total_cmp(&size(j));
            let by_size = if largest_first {
                by_size.reverse()
            } else {
                by_size
            };
            by_size.then(i.cmp(&j))
        });
    }

    /// Number `i` of eigenvector `j`; in real arithmetic, of the real or the imaginary part of one.
    pub fn vector(&self, i: usize, j: usize) -> C64 {
        match &self.work {
            Work::Real(_, _, u) => C64::new(u[(i, j)], 0.0),
            Work::Complex(_, _, u) => u[(i, j)],
        }
    }

    /// Whether eigenvalue `j` is the first of a complex pair that takes two columns.
    fn pair(&self, j: usize) -> bool {
        matches!(self.work, Work::Real(..)) && self.values[j].im != 0.0
    }
}

fn fill<E: Copy>(a: &mut Mat<E>, p: usize, entry: impl Fn(usize, usize) -> E) {
    for j in 0..p {
        for i in 0..p {
            a[(i, j)] = entry(i, j);
        }
    }
}

/// Of order 0 or 1.
fn trivial<E: Copy + From<f64>>(
    p: usize,
    mut value: impl FnMut(E),
    a: faer::MatRef<'_, E>,
    mut u: faer::MatMut<'_, E>,
) {
    if p == 1 {
        value(a[(0, 0)]);
        u[(0, 0)] = E::from(1.0);
    }
}

/// A harmonic Ritz problem of at most m directions, and the combinations chosen.
#[derive(Debug)]
pub(crate) struct Pencil<T: Scalar> {
    /// m + 1: the columns of all matrices are this far apart.
    ld: usize,
    /// G, (p + 1) × p.
    pub g: Vec<T>,
    /// S, (p + 1) × p.
    pub s: Vec<T>,
    q: Vec<T>,
    r: Vec<T>,
    /// P R⁻¹: the new U in terms of Ẑ; a column is `ld` numbers.
    pub directions: Vec<T>,
    /// F: the new C in terms of W.
    pub images: Vec<T>,
    eigen: Eigen,
}

impl<T: Scalar> Pencil<T> {
    /// For m directions, of which at most `most` are kept.
    pub fn new(m: usize, most: usize) -> Self {
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
            eigen: Eigen::new::<T>(m, false),
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
        } else if self.ritz(p, target) {
            self.gather(p, k, most)
        } else {
            0
        };
        self.pairs(p, chosen)
    }

    /// The eigenvalues θ⁻¹ of R⁻¹ Qᴴ S.
    fn ritz(&mut self, p: usize, target: Target) -> bool {
        let (ld, rows) = (self.ld, p + 1);
        let Self { g, s, q, r, .. } = self;
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
        if !(largest > T::Real::ZERO) {
            return false;
        }
        // S ← R⁻¹ Qᴴ S, column by column; g is no longer needed as it is in q and r, but for later
        for j in 0..p {
            let column = &mut s[j * ld..][..rows];
            let h = &mut self.directions[..p]; // room
            for i in 0..p {
                h[i] = dot(&q[i * ld..][..rows], column); // h = Qᴴ s
            }
            for i in (0..p).rev() {
                h[i] /= r[i * ld + i];
                let hi = h[i];
                for l in 0..i {
                    h[l] -= r[i * ld + l] * hi; // h ← R⁻¹ h
                }
            }
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
