//! Which combinations of the directions of CG are worth keeping, from CG's own coefficients.
//!
//! Directions scaled to pᴴAp = 1 are A-orthonormal among each other and to the space B they are added
//! to. For u in the span of [B P] the Rayleigh quotient of M⁻¹A in the inner product of A is
//! yᴴFy/yᴴy with F = [B P]ᴴ A M⁻¹ A [B P], and since M⁻¹Ap_j = (z_j − z_{j+1})/α_j,
//!   PᴴAM⁻¹AP is tridiagonal: (1 + β_{j+1})/α_j, −√β_{j+1}/√(α_j α_{j+1})
//!   UᴴAM⁻¹Ap_j = (μ_j − μ_{j+1})/√(α_j ρ_j),   μ_j = Cᴴ z_j, which deflation computes anyway.
//! Nothing of length n is multiplied for it but, once a system, Cᴴ M⁻¹ C. The eigenvectors of the k
//! smallest (or largest) eigenvalues, and those without the last direction, are the new B of 2k
//! columns: with both, going on is nearly as good as having kept all directions (Stathopoulos and
//! Orginos). At the end of a solve the best k remain.

use crate::recycling::{Eigen, Target};
use resolvent_matrices::{Complex, Real, Scalar};

type C64 = Complex<f64>;

#[derive(Debug)]
pub(super) struct Window<T: Scalar> {
    /// Columns of U, of B at most, and of P at most.
    k: usize,
    most: usize,
    length: usize,
    /// Columns of B at the end of a solve.
    want: usize,
    /// Columns of B.
    pub kept: usize,
    /// Directions done.
    pub done: usize,
    /// B is still U.
    first: bool,
    /// Of direction j.
    alpha: Vec<f64>,
    rho: Vec<f64>,
    /// μ_j, `most` numbers each.
    mu: Vec<T>,
    /// F of B.
    block: Vec<C64>,
    /// B = U K + …, K being k × kept, columns `most` numbers apart.
    mix: Vec<C64>,
    /// What the direction before this window has of each column of B, and its α and ρ.
    tail: Vec<C64>,
    before: Option<(f64, f64)>,
    /// F, of order most + length.
    f: Vec<C64>,
    eigen: Eigen,
    /// The new B in terms of [B P], columns `most + length` numbers apart.
    pub combination: Vec<T>,
    /// Eigenvalues of the columns of B.
    pub theta: Vec<f64>,
    room: Vec<C64>,
}

impl<T: Scalar> Window<T> {
    pub fn new(want: usize, length: usize) -> Self {
        let most = 2 * want;
        let size = most + length;
        Self {
            k: 0,
            most,
            length,
            want,
            kept: 0,
            done: 0,
            first: true,
            alpha: vec![0.0; length],
            rho: vec![0.0; length + 1],
            mu: vec![T::ZERO; most * (length + 1)],
            block: vec![C64::ZERO; most * most],
            mix: vec![C64::ZERO; most * most],
            tail: vec![C64::ZERO; most],
            before: None,
            f: vec![C64::ZERO; size * size],
            eigen: Eigen::new::<T>(size, true),
            combination: vec![T::ZERO; size * most],
            theta: vec![0.0; most],
            room: vec![C64::ZERO; size],
        }
    }

    /// How far the columns of a combination are apart.
    pub fn step(&self) -> usize {
        self.most + self.length
    }

    /// Whether B is still U.
    pub fn first(&self) -> bool {
        self.first
    }

    /// The last direction is taken back.
    pub fn pop(&mut self) {
        self.done = self.done.saturating_sub(1);
    }

    pub fn full(&self) -> bool {
        self.done == self.length
    }

    /// Begins a solve that deflates with U of k columns; B = U.
    pub fn begin(&mut self, k: usize) {
        (self.k, self.kept, self.done, self.before) = (k, k, 0, None);
        self.first = true;
        self.block.fill(C64::ZERO);
        self.mix.fill(C64::ZERO);
        self.tail.fill(C64::ZERO);
        (0..k).for_each(|j| self.mix[j * self.most + j] = C64::ONE);
    }

    /// Column j of Cᴴ M⁻¹ C.
    pub fn set_block(&mut self, j: usize, column: &[T]) {
        for (i, v) in column.iter().enumerate() {
            self.block[j * self.most + i] = v.to_c64();
        }
    }

    /// Where Cᴴ z of the direction to come, or of the z after the last one, belongs.
    pub fn mu(&mut self) -> &mut [T] {
        &mut self.mu[self.done * self.most..][..self.k]
    }

    /// (r, z) likewise.
    pub fn set_rho<R: Real>(&mut self, rho: R) {
        self.rho[self.done] = rho.to_f64();
    }

    /// A direction is done.
    pub fn push<R: Real>(&mut self, alpha: R) {
        self.alpha[self.done] = alpha.to_f64();
        self.done += 1;
    }

    /// Chooses the new B among B and the directions done, whose last z must be known; `last`: for the
    /// next system. Returns its columns; 0 if there is no answer. [`Window::next`] then begins the
    /// next window.
    pub fn choose(&mut self, target: Target, last: bool) -> usize {
        let (kept, s) = (self.kept, self.done);
        let size = kept + s;
        if size == 0 {
            return 0;
        }
        self.assemble();
        let step = self.step();
        let want = if last { self.want } else { self.most };
        let chosen = if size <= want {
            self.combination[..step * size].fill(T::ZERO);
            for j in 0..size {
                self.combination[j * step + j] = T::ONE; // all of them
            }
            size
        } else {
            let first = self.ritz(size, 0, target);
            match last {
                true => first,
                false => first + self.ritz(size - 1, first, target),
            }
        };
        if chosen == 0 {
            return 0;
        }
        self.carry(size, chosen);
        for c in 0..chosen {
            let column = &mut self.combination[c * step + kept..][..s];
            for (j, v) in column.iter_mut().enumerate() {
                let length = (self.rho[j] / self.alpha[j]).sqrt(); // (pᴴAp)^½
                *v = v.scale(T::Real::from_f64(1.0 / length));
            }
        }
        let mut all = self.combination[..step * chosen].iter();
        match all.all(|v| v.is_finite()) {
            true => chosen,
            false => 0,
        }
    }

    /// The eigenvectors wanted most of the leading part of F of order `size`, orthonormal and added to
    /// the `at` columns chosen before. Returns how many they are.
    fn ritz(&mut self, size: usize, at: usize, target: Target) -> usize {
        let (step, f) = (self.step(), &self.f);
        if !self.eigen.hermitian(size, |i, j| f[j * step + i]) {
            return 0;
        }
        let tiny = T::Real::from_f64(1e-6);
        let mut chosen = at;
        for c in 0..self.want.min(size) {
            let j = match target {
                Target::Smallest => c,
                Target::Largest => size - 1 - c,
            };
            let (done, rest) = self.combination.split_at_mut(chosen * step);
            let column = &mut rest[..step];
            column.fill(T::ZERO);
            for (i, v) in column[..size].iter_mut().enumerate() {
                *v = T::from_c64(self.eigen.vector(i, j));
            }
            for _ in 0..2 {
                for y in done
                    .chunks_exact(step)
                    .take(if at > 0 { chosen } else { 0 })
                {
                    let h: T = y.iter().zip(&*column).map(|(&y, &v)| y.conj() * v).sum();
                    column.iter_mut().zip(y).for_each(|(v, &y)| *v -= y * h);
                }
            }
            let norm = column
                .iter()
                .fold(T::Real::ZERO, |s, v| s + v.abs2())
                .sqrt();
            if norm > tiny {
                let scale = T::Real::ONE / norm;
                column.iter_mut().for_each(|v| *v = v.scale(scale));
                chosen += 1;
            }
        }
        chosen - at
    }

    /// F of [B P].
    fn assemble(&mut self) {
        let (kept, s, step, most) = (self.kept, self.done, self.step(), self.most);
        let size = kept + s;
        self.f[..size * step].fill(C64::ZERO);
        for j in 0..kept {
            for i in 0..kept {
                self.f[j * step + i] = self.block[j * most + i];
            }
        }
        for j in 0..s {
            let (alpha, rho) = (self.alpha[j], self.rho[j]);
            let beta = self.rho[j + 1] / rho;
            let at = kept + j;
            self.f[at * step + at] = C64::from((1.0 + beta) / alpha);
            if j + 1 < s {
                let beside = C64::from(-(beta / (alpha * self.alpha[j + 1])).sqrt());
                self.f[at * step + at + 1] = beside;
                self.f[(at + 1) * step + at] = beside;
            }
            // Uᴴ A M⁻¹ A p = (μ_j − μ_{j+1})/√(αρ), and B = U K + …
            let unit = 1.0 / (alpha * rho).sqrt();
            for c in 0..kept {
                let mix = &self.mix[c * most..][..self.k];
                let sum: C64 = mix
                    .iter()
                    .enumerate()
                    .map(|(i, m)| {
                        let mu = |j: usize| self.mu[j * most + i].to_c64();
                        m.conj() * (mu(j) - mu(j + 1)) * unit
                    })
                    .sum();
                self.f[at * step + c] += sum;
            }
            if let (0, Some((before, before_rho))) = (j, self.before) {
                // the direction before this one is in B
                let beside = -(self.rho[0] / before_rho / (before * alpha)).sqrt();
                for c in 0..kept {
                    self.f[at * step + c] += self.tail[c] * beside;
                }
            }
            for c in 0..kept {
                self.f[c * step + at] = self.f[at * step + c].conj();
            }
        }
    }

    /// The block, K and the tail of the new B.
    fn carry(&mut self, size: usize, chosen: usize) {
        let (kept, step, most) = (self.kept, self.step(), self.most);
        let y = |i: usize, c: usize| self.combination[c * step + i].to_c64();
        let room = &mut self.room;
        for c in 0..chosen {
            for (i, value) in room[..size].iter_mut().enumerate() {
                *value = (0..size).map(|j| self.f[j * step + i] * y(j, c)).sum(); // F y
            }
            for r in 0..chosen {
                let product = (0..size).map(|i| y(i, r).conj() * room[i]);
                self.block[c * most + r] = product.sum(); // Yᴴ F Y
            }
            self.theta[c] = self.block[c * most + c].re;
        }
        for i in 0..self.k {
            for (c, value) in room[..chosen].iter_mut().enumerate() {
                *value = (0..kept).map(|l| self.mix[l * most + i] * y(l, c)).sum();
            }
            for (c, value) in room[..chosen].iter().enumerate() {
                self.mix[c * most + i] = *value; // K ← K Y
            }
        }
        for c in 0..chosen {
            self.tail[c] = match self.done {
                0 => C64::ZERO,
                done => y(kept + done - 1, c).conj(),
            };
        }
    }

    /// Begins the next window with B of so many columns.
    pub fn next(&mut self, chosen: usize) {
        let s = self.done;
        self.before = s.checked_sub(1).map(|j| (self.alpha[j], self.rho[j]));
        (self.kept, self.done, self.first) = (chosen, 0, false);
        self.rho[0] = self.rho[s];
        let most = self.most;
        self.mu.copy_within(s * most..(s + 1) * most, 0);
    }
}
