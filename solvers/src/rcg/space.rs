//! The space: brought up to date for another A, used, and refined.

use super::Rcg;
use crate::SolveError;
use crate::kernels::{self, block_combine};
use crate::recycling::{Meter, compact, follow};
use crate::run::Run;
use resolvent_matrices::{Real, Scalar};

impl<T: Scalar> Rcg<T> {
    /// C = AU, UᴴC = I and CᴴM⁻¹C. Returns the products that took.
    pub(super) fn bring(
        &mut self,
        run: &mut Run<'_, '_, T>,
        meter: &mut Meter,
        keep: bool,
    ) -> Result<usize, SolveError> {
        let (n, products) = (self.n, self.k);
        if products > 0 {
            let (u, c) = (&self.u[..products * n], &mut self.c[..products * n]);
            run.apply_columns(&self.columns[..products], u, c); // C = AU
            self.a_orthonormalize(run);
            meter.pass(3 * products * products);
        }
        self.window.begin(self.k);
        if keep {
            for j in 0..self.k {
                let h = &mut self.h[..self.k];
                run.precondition(&self.c[j * n..(j + 1) * n], &mut self.z)?; // z = M⁻¹c
                run.dots(&self.c[..self.k * n], &self.z, h); // Cᴴz
                self.window.set_block(j, h);
            }
            meter.pass(self.k * self.k);
        }
        Ok(products)
    }

    /// U ← U R⁻¹, C ← C R⁻¹ with UᴴC = I. Columns that add nothing, or of no positive energy, are
    /// dropped.
    fn a_orthonormalize(&mut self, run: &Run<'_, '_, T>) {
        let Self { n, k, u, c, h, .. } = self;
        let n = *n;
        let floor = T::Real::EPSILON * T::Real::from_f64(1e4);
        let mut kept = 0;
        for j in 0..*k {
            compact(n, j, kept, u);
            compact(n, j, kept, c);
            let here = kept * n..(kept + 1) * n;
            let before = run.dot(&u[here.clone()], &c[here.clone()]).re(); // uᴴAu
            if !before.is_finite() || before <= T::Real::ZERO {
                continue;
            }
            let mut after = before;
            for _ in 0..2 {
                let h = &mut h[..kept];
                run.dots(&c[..kept * n], &u[here.clone()], h); // h = Cᴴu
                h.iter_mut().for_each(|h| *h = -*h);
                follow(n, h, u); // u ← u − U h
                follow(n, h, c); // c ← c − C h
                let last = after;
                after = run.dot(&u[here.clone()], &c[here.clone()]).re();
                if after > last * T::Real::from_f64(0.5) {
                    break;
                }
            }
            if !after.is_finite() || after <= floor * before {
                continue;
            }
            let scale = T::from_real(T::Real::ONE / after.sqrt());
            kernels::scale(scale, &mut u[here.clone()]);
            kernels::scale(scale, &mut c[here]);
            kept += 1;
        }
        *k = kept;
    }

    /// x ← x + U Uᴴr, r ← r − C Uᴴr; returns ‖r‖.
    pub(super) fn deflate(&mut self, run: &mut Run<'_, '_, T>, x: &mut [T]) -> T::Real {
        let size = self.k * self.n;
        let h = &mut self.h[..self.k];
        run.dots(&self.u[..size], &self.r, h); // h = Uᴴr
        kernels::block_axpy(&self.u[..size], h, x); // x ← x + U h
        h.iter_mut().for_each(|h| *h = -*h);
        kernels::block_axpy(&self.c[..size], h, &mut self.r); // r ← r − C h
        run.moved();
        run.norm(&self.r)
    }

    /// B ← the combinations of B and of the directions done that are worth keeping. False if there
    /// is no answer: the space stays as it is. `last`: for the next system.
    pub(super) fn refine(&mut self, meter: &mut Meter, last: bool) -> bool {
        let Self {
            n,
            u,
            b,
            p,
            window,
            room,
            ..
        } = self;
        let (n, kept, done) = (*n, window.kept, window.done);
        let first = window.first();
        let chosen = window.choose(self.config.target, last);
        if chosen > 0 {
            let step = window.step();
            let y = (window.combination.as_slice(), step, chosen);
            if first {
                b[..kept * n].copy_from_slice(&u[..kept * n]); // B = U
            }
            block_combine(n, b, kept, &p[..done * n], y, room); // B ← [B P] Y
            meter.pass((kept + done) * chosen / 2);
            window.next(chosen);
        }
        chosen > 0
    }

    /// B becomes U.
    pub(super) fn succeed(&mut self) {
        if self.window.first() {
            return; // B = U
        }
        self.k = self.window.kept.min(self.h.len());
        std::mem::swap(&mut self.u, &mut self.b);
    }

    /// Refines with the directions of a window that is not full; the last one's z is not known.
    pub(super) fn close(&mut self, meter: &mut Meter) {
        self.window.pop();
        self.refine(meter, true);
    }
}
