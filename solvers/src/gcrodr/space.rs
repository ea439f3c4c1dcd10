//! The space: brought up to date for another A, and chosen anew after a cycle.

use super::{Cycle, Gcrodr};
use crate::SolveError;
use crate::kernels::{self, block_combine};
use crate::recycling::{Meter, Mode, Strategy, orthonormalize};
use crate::run::Run;
use resolvent_matrices::{Real, Scalar};

/// After so many changes of the space C is orthonormalised anew.
const REFRESH: usize = 16;

impl<T: Scalar> Gcrodr<T> {
    /// C = A U, orthonormal, unless A is as it was. Returns the products that took. At the beginning of a
    /// solve (`first`) the space goes to those of earlier systems instead, where these are kept.
    pub(super) fn bring(
        &mut self,
        run: &mut Run<'_, '_, T>,
        meter: &mut Meter,
        first: bool,
    ) -> Result<usize, SolveError> {
        let (same, matrix) = run.same_matrix(self.matrix);
        self.matrix = matrix;
        let (n, k) = (self.n, self.cycle.k);
        if k == 0 || same {
            return Ok(0);
        }
        if first && self.lagged.wanted() {
            self.stow(run);
            self.drop_space();
            self.changes = 0;
            return Ok(0);
        }
        let Cycle { w, z, .. } = &mut self.cycle;
        if self.config.strategy == Strategy::Singular {
            // of this AM⁻¹: where M is another, so is U
            for (v, u) in self.uv.chunks_exact(n).zip(z.chunks_exact_mut(n)).take(k) {
                run.precondition(v, u)?; // u = M⁻¹v
            }
        }
        run.apply_columns(&self.columns[..k], &z[..k * n], &mut w[..k * n]); // C = AU
        self.orthonormalize(run, meter);
        Ok(k)
    }

    /// C ← C R⁻¹ with CᴴC = I, U ← U R⁻¹; the residual beside C stays where it belongs.
    pub(super) fn orthonormalize(&mut self, run: &Run<'_, '_, T>, meter: &mut Meter) {
        let (n, k) = (self.n, self.cycle.k);
        let Cycle { w, z, .. } = &mut self.cycle;
        let h = &mut self.h;
        let kept = match self.config.strategy.keeps_arguments() {
            true => orthonormalize(run, n, k, w, &mut [z, &mut self.uv], h),
            false => orthonormalize(run, n, k, w, &mut [z], h),
        };
        meter.pass(4 * k * k);
        if kept < k {
            w.copy_within(k * n..(k + 1) * n, kept * n);
        }
        self.cycle.k = kept;
    }

    /// The space joins those of earlier systems, where these are kept.
    pub(super) fn stow(&mut self, run: &Run<'_, '_, T>) {
        if self.lagged.wanted() {
            let Cycle { w, z, .. } = &self.cycle;
            let size = self.n * self.cycle.k;
            self.lagged
                .take(run, &z[..size], &w[..size], &self.uv[..size]);
        }
    }

    /// A solve begins that is to do without a space.
    pub(super) fn do_without(&mut self, run: &Run<'_, '_, T>, mode: Mode) {
        match mode.keep {
            true => self.stow(run),
            false => self.lagged.clear(),
        }
        self.drop_space();
        self.changes = 0;
    }

    /// Pairs of earlier systems that precondition this solve.
    pub(super) fn earlier(&self, mode: Mode) -> usize {
        if mode.with { self.lagged.pairs } else { 0 }
    }

    /// Goes on without the space; the residual beside C stays where it belongs.
    pub(super) fn drop_space(&mut self) {
        let (n, k) = (self.n, self.cycle.k);
        self.cycle.w.copy_within(k * n..(k + 1) * n, 0);
        self.cycle.k = 0;
    }

    /// What is worth keeping of the space of this cycle becomes U.
    pub(super) fn choose(&mut self, run: &Run<'_, '_, T>, meter: &mut Meter) {
        let Self {
            n,
            cycle,
            pencil,
            uv,
            h,
            ..
        } = self;
        let (n, k, p) = (*n, cycle.k, cycle.p);
        let ld = cycle.w.len() / n.max(1);
        let scales = &mut h[..k];
        for (scale, u) in scales.iter_mut().zip(cycle.z.chunks_exact(n)) {
            *scale = T::from_real(kernels::norm_squared(u));
        }
        run.all_sum(scales);
        for scale in scales.iter_mut() {
            *scale = T::from_real(T::Real::ONE / scale.re().sqrt()); // d = 1/‖u‖: Ũ = U D
        }
        for j in 0..p {
            let (g, s) = (&mut pencil.g[j * ld..][..=p], &mut pencil.s[j * ld..][..=p]);
            g.fill(T::ZERO);
            s.fill(T::ZERO);
            if j < k {
                g[j] = scales[j]; // A ũ = d c
            } else {
                g[..j + 2].copy_from_slice(cycle.column(j));
            }
            match self.config.strategy {
                Strategy::A if j < k => {
                    run.dots(&cycle.w[..(p + 1) * n], &uv[j * n..(j + 1) * n], s); // Wᴴ ũᵥ
                    s.iter_mut().for_each(|s| *s *= scales[j]);
                }
                Strategy::Singular if j < k => {
                    let (before, v) = (&uv[..(j + 1) * n], &uv[j * n..(j + 1) * n]);
                    run.dots(before, v, &mut s[..=j]); // Ũᵥᴴ ũᵥ
                    let scaled = s.iter_mut().zip(scales.iter());
                    scaled.for_each(|(s, &d)| *s *= d * scales[j]);
                }
                Strategy::Singular => {
                    run.dots(&uv[..k * n], &cycle.w[j * n..(j + 1) * n], &mut s[..k]); // Ũᵥᴴ v
                    let scaled = s.iter_mut().zip(scales.iter());
                    scaled.for_each(|(s, &d)| *s *= d);
                    s[j] = T::ONE;
                }
                _ => s[j] = T::ONE,
            }
        }
        let chosen = pencil.choose(p, self.k, self.most, self.config.target);
        for column in pencil.directions.chunks_exact_mut(ld).take(chosen) {
            let scaled = column.iter_mut().zip(scales.iter());
            scaled.for_each(|(y, &d)| *y *= d); // in terms of U instead of Ũ
        }
        let (y, f) = (
            (pencil.directions.as_slice(), ld, chosen),
            (pencil.images.as_slice(), ld, chosen),
        );
        let Cycle { w, z, .. } = cycle;
        if self.config.strategy.keeps_arguments() {
            block_combine(n, uv, k, &w[k * n..p * n], y, &mut self.room); // Uᵥ ← V̂ Y
            meter.pass(k * (p + 1) + p * chosen / 2);
        }
        block_combine(n, z, p, &[], y, &mut self.room); // U ← Ẑ Y
        block_combine(n, w, p + 1, &[], f, &mut self.room); // C ← W F
        meter.pass(p * chosen + k);
        cycle.k = chosen;
        self.changes += 1;
        if self.changes.is_multiple_of(REFRESH) {
            self.orthonormalize(run, meter);
        }
    }
}
