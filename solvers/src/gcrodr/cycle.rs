//! One cycle: the Arnoldi process beside a space that is already there.
//!
//! Ẑ = [U Z] and W = [C V], with AU = C, give A Ẑ = W G,
//!   G = [I B; 0 H̄],   B = Cᴴ A Z,   V and H̄ those of Arnoldi with (I − CCᴴ)A
//! and for a residual r = V e₁ β orthogonal to C the least residual over Ẑ is at
//!   y₂ = argmin ‖β e₁ − H̄ y‖,   y₁ = −B y₂.

use crate::arnoldi::{Growth, orthogonalize};
use crate::dense::Givens;
use crate::kernels;
use crate::run::Run;
use resolvent_matrices::{Real, Scalar};

#[derive(Debug)]
pub(super) struct Cycle<T: Scalar> {
    n: usize,
    m: usize,
    /// Columns of U and C.
    pub k: usize,
    /// Columns of Ẑ, those of U included.
    pub p: usize,
    /// W = [C V], n × (m + 1), column after column.
    pub w: Vec<T>,
    /// Ẑ = [U Z], n × m.
    pub z: Vec<T>,
    /// Columns k … p of G, m + 1 numbers apart.
    g: Vec<T>,
    /// R of H̄ = QR, likewise, from row 0.
    r: Vec<T>,
    rotations: Vec<Givens<T>>,
    /// The rotated right-hand side.
    rhs: Vec<T>,
    h: Vec<T>,
    room: Vec<T>,
}

impl<T: Scalar> Cycle<T> {
    pub fn new(n: usize, m: usize) -> Self {
        let vector = |len| vec![T::ZERO; len];
        Self {
            n,
            m,
            k: 0,
            p: 0,
            w: vector(n * (m + 1)),
            z: vector(n * m),
            g: vector((m + 1) * m),
            r: vector((m + 1) * m),
            rotations: vec![Givens::default(); m],
            rhs: vector(m + 1),
            h: vector(m + 1),
            room: vector(m + 2),
        }
    }

    /// Where the residual is to be put: the first column of V.
    pub fn first(&mut self) -> &mut [T] {
        &mut self.w[self.k * self.n..][..self.n]
    }

    /// Whether there is no room for another column.
    pub fn full(&self) -> bool {
        self.p == self.m
    }

    /// r ← r − C Cᴴ r, x ← x + U Cᴴ r, with the residual in [`Cycle::first`]; returns ‖r‖. Twice,
    /// so that r is orthogonal to C however much of it that removes.
    pub fn deflate(&mut self, run: &Run<'_, '_, T>, x: &mut [T]) -> T::Real {
        let Self { n, k, w, z, h, .. } = self;
        let (c, rest) = w.split_at_mut(*k * *n);
        let r = &mut rest[..*n];
        for _ in 0..2 {
            let h = &mut h[..*k];
            run.dots(c, r, h); // h = Cᴴ r
            kernels::block_axpy(&z[..*k * *n], h, x); // x ← x + U h
            h.iter_mut().for_each(|h| *h = -*h);
            kernels::block_axpy(c, h, r); // r ← r − C h
        }
        run.norm(r)
    }

    /// Begins with a residual of norm β > 0 in [`Cycle::first`].
    pub fn start(&mut self, beta: T::Real) {
        self.p = self.k;
        self.rhs[0] = T::from_real(beta);
        kernels::scale(T::from_real(T::Real::ONE / beta), self.first()); // v₀ = r/β
    }

    /// v, the place for z = M⁻¹v, and the place for w = A z.
    pub fn step(&mut self) -> (&[T], &mut [T], &mut [T]) {
        let (n, p) = (self.n, self.p);
        let (basis, rest) = self.w.split_at_mut((p + 1) * n);
        (
            &basis[p * n..],
            &mut self.z[p * n..(p + 1) * n],
            &mut rest[..n],
        )
    }

    /// Takes z and w = A z, as written to the places that [`Cycle::step`] gave.
    pub fn extend(&mut self, run: &Run<'_, '_, T>) -> Growth<T::Real> {
        let (n, k, p, ld) = (self.n, self.k, self.p, self.m + 1);
        let (basis, rest) = self.w.split_at_mut((p + 1) * n);
        let w = &mut rest[..n];
        let h = &mut self.h[..=p];
        let next = orthogonalize(run, basis, w, h, &mut self.room[..p + 2]);
        let size = h.iter().fold(next * next, |s, a| s + a.abs2()).sqrt(); // ‖A z‖
        if !size.is_finite() {
            return Growth::NonFinite;
        }
        let noise = size * T::Real::EPSILON * T::Real::from_f64(10.0);
        let invariant = next <= noise;
        let below = if invariant { T::Real::ZERO } else { next };

        let g = &mut self.g[p * ld..][..p + 2];
        g[..=p].copy_from_slice(h);
        g[p + 1] = T::from_real(below);
        let j = p - k; // column of H̄
        let h = &mut h[k..];
        for i in 0..j {
            (h[i], h[i + 1]) = self.rotations[i].apply(h[i], h[i + 1]);
        }
        if invariant && h[j].abs() <= noise {
            return Growth::Singular; // the column adds nothing to what R can solve
        }
        let (rotation, rho) = Givens::new(h[j], T::from_real(below));
        h[j] = rho;
        self.rotations[j] = rotation;
        self.r[j * ld..][..=j].copy_from_slice(h);
        (self.rhs[j], self.rhs[j + 1]) = rotation.apply(self.rhs[j], T::ZERO);
        self.p += 1;
        if invariant {
            w.fill(T::ZERO);
            return Growth::Invariant;
        }
        kernels::scale(T::from_real(T::Real::ONE / next), w); // v = w/‖w‖
        Growth::Grown(self.rhs[j + 1].abs())
    }

    /// x ← x + Ẑ y, y being the minimiser.
    pub fn update(&mut self, x: &mut [T]) {
        let (k, p, ld) = (self.k, self.p, self.m + 1);
        let (y1, y2) = self.h[..p].split_at_mut(k);
        y2.copy_from_slice(&self.rhs[..p - k]);
        for j in (0..y2.len()).rev() {
            let column = &self.r[j * ld..][..=j];
            y2[j] /= column[j];
            let yj = y2[j];
            for i in 0..j {
                y2[i] -= column[i] * yj; // y₂ = R⁻¹ Qᴴ e₁ β
            }
        }
        y1.fill(T::ZERO);
        for (j, &y) in y2.iter().enumerate() {
            let b = &self.g[(k + j) * ld..][..k];
            y1.iter_mut().zip(b).for_each(|(y1, &b)| *y1 -= b * y); // y₁ = −B y₂
        }
        kernels::block_axpy(&self.z[..p * self.n], &self.h[..p], x); // x ← x + Ẑ y
    }

    /// Column j of G, for the columns of Z.
    pub fn column(&self, j: usize) -> &[T] {
        &self.g[j * (self.m + 1)..][..j + 2]
    }

    /// Memory held, in bytes.
    pub fn bytes(&self) -> usize {
        let scalars = [
            &self.w, &self.z, &self.g, &self.r, &self.rhs, &self.h, &self.room,
        ];
        let bytes = |s: &&Vec<T>| size_of_val(s.as_slice());
        scalars.iter().map(bytes).sum::<usize>() + size_of_val(self.rotations.as_slice())
    }
}
