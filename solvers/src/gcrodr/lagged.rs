//! Spaces of earlier systems, used as they are: their images are those of the matrices they came
//! from, and no products are spent on bringing them up to date.
//!
//! A pair (u, c = A_s u) of system s is put to use in system t by what it preconditions,
//!   M_t⁻¹ v + Σ σ u (c, v)
//! which adds about σ to the eigenvalue of A_t M_t⁻¹ that the pair stood for, more or less exactly as
//! A_t is like A_s. The residual does not come into it: nothing can be false here, only useless. σ is the
//! edge of what the space of its system held, so that the next space is made of other directions,
//! those that come after it in the spectrum.
//!
//! - B. Carpentieri, I. S. Duff, L. Giraud, A class of spectral two-level preconditioners, SIAM J. Sci.
//!   Comput. 25(2):749–765, 2003, doi:10.1137/S1064827502408591. There the images are those of A.

use crate::kernels;
use crate::run::Run;
use resolvent_matrices::{Real, Scalar};

/// Pairs (u, c) of the last systems, in a ring.
#[derive(Debug)]
pub(super) struct Lagged<T: Scalar> {
    n: usize,
    /// Pairs that there is room for, that are there, and where the next one goes.
    pub room: usize,
    pub pairs: usize,
    pub next: usize,
    /// σ u and c, column after column.
    pub u: Vec<T>,
    pub c: Vec<T>,
    h: Vec<T>,
}

impl<T: Scalar> Lagged<T> {
    pub fn new(n: usize, room: usize) -> Self {
        Self {
            n,
            room,
            pairs: 0,
            next: 0,
            u: vec![T::ZERO; n * room],
            c: vec![T::ZERO; n * room],
            h: vec![T::ZERO; room],
        }
    }

    /// Whether spaces are kept this way at all.
    pub fn wanted(&self) -> bool {
        self.room > 0
    }

    pub fn clear(&mut self) {
        (self.pairs, self.next) = (0, 0);
    }

    /// Takes the columns of a space in place of the oldest; v̂ is what M⁻¹ was applied to for u, so that
    /// |θ| = ‖c‖/‖v̂‖ is about the eigenvalue of u.
    pub fn take(&mut self, run: &Run<'_, '_, T>, u: &[T], c: &[T], v: &[T]) {
        let n = self.n;
        let mut sigma = T::Real::ZERO;
        for v in v.chunks_exact(n) {
            let theta = T::Real::ONE / run.norm(v); // ‖c‖ = 1
            if theta.is_finite() {
                sigma = sigma.max(theta);
            }
        }
        for (u, c) in u.chunks_exact(n).zip(c.chunks_exact(n)) {
            let place = self.next * n..(self.next + 1) * n;
            self.u[place.clone()].copy_from_slice(u);
            self.c[place.clone()].copy_from_slice(c);
            kernels::scale(T::from_real(sigma), &mut self.u[place]);
            self.next = (self.next + 1) % self.room;
            self.pairs = (self.pairs + 1).min(self.room);
        }
    }

    /// z ← z + Σ σ u (c, v).
    pub fn add(&mut self, run: &Run<'_, '_, T>, v: &[T], z: &mut [T]) {
        let size = self.pairs * self.n;
        let h = &mut self.h[..self.pairs];
        run.dots(&self.c[..size], v, h); // h = Cᴴ v
        kernels::block_axpy(&self.u[..size], h, z); // z ← z + σ U h
    }

    /// Memory held, in bytes.
    pub fn bytes(&self) -> usize {
        size_of_val(self.u.as_slice()) + size_of_val(self.c.as_slice())
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{always, reset, solve};
    use crate::testing::*;
    use crate::{Gcrodr, GcrodrConfig, SolveError, Solver, Strategy, Target};
    use resolvent_matrices::{Complex, Csr, Real, Scalar};

    fn lag<R: Real>(lag: usize) -> GcrodrConfig<R> {
        GcrodrConfig {
            lag,
            ..always(20, 6)
        }
    }

    /// One of a slow sequence, and its right-hand side.
    fn system<T: Scalar>(n: usize, t: u64) -> (Csr<T>, Vec<T>) {
        let mut a = convection::<T>(n, 0.3);
        let noise = vector::<f64>(a.nnz(), t / 3 + 1);
        let values = a.values_mut().iter_mut().zip(noise);
        values.for_each(|(v, noise)| *v = v.scale(T::Real::from_f64(1.0 + 0.002 * noise)));
        (a, vector(n * n, t + 50))
    }

    fn saves<T: Scalar>() {
        let n = 30;
        let mut solvers = [reset(20, 6), always(20, 6), lag(6)].map(|c| Gcrodr::<T>::new(n * n, c));
        let mut products = [0; 3];
        for t in 0..16 {
            let (a, b) = system::<T>(n, 3 * t);
            for (solver, sum) in solvers.iter_mut().zip(&mut products) {
                let (report, x) = solve(solver, &a, &b);
                assert!(report.converged(), "{t}: {report:?}");
                let size = b.iter().map(|b| b.abs2().to_f64()).sum::<f64>().sqrt();
                assert!(true_residual(&a, &b, &x) < 1.01e-8 * size);
                if t > 7 {
                    *sum += report.matvecs;
                }
                let recycling = report.recycling.unwrap();
                if solver.config.lag > 0 {
                    assert_eq!(recycling.setup_matvecs, 0);
                    assert!(recycling.dimension <= 6 * 7);
                    assert!(
                        recycling.dimension >= 5 * t.min(6) as usize,
                        "{t}: {recycling:?}"
                    );
                }
            }
        }
        let [reset, once, lagged] = products;
        assert!(lagged * 5 < reset * 4 && lagged < once, "{products:?}");
    }

    #[test]
    fn spaces_of_earlier_systems_save_products() {
        saves::<f64>();
        saves::<Complex<f64>>();
    }

    #[test]
    fn saved_they_go_on_to_the_same_bits() {
        fn one<T: Scalar>() {
            let n = 12;
            let config = GcrodrConfig {
                automatic: true,
                ..lag(3)
            };
            let (mut whole, mut parts) = (Gcrodr::<T>::new(n * n, config), None);
            for t in 0..24 {
                let (a, b) = system::<T>(n, t);
                let (_, x) = solve(&mut whole, &a, &b);
                if let Some(parts) = &mut parts {
                    assert!(solve(parts, &a, &b).1 == x, "system {t}");
                } else if t == 10 {
                    let mut again = Gcrodr::<T>::new(n * n, whole.config);
                    assert!(again.restore(&whole.recycled().unwrap()));
                    parts = Some(again);
                }
            }
        }
        one::<f64>();
        one::<Complex<f64>>();
        let mut full = Gcrodr::<f64>::new(144, lag(3));
        for t in 0..4 {
            let (a, b) = system::<f64>(12, 3 * t);
            solve(&mut full, &a, &b);
        }
        let state = full.recycled().unwrap();
        for room in [0, 1] {
            assert!(!Gcrodr::<f64>::new(144, lag(room)).restore(&state));
        }
        assert!(Gcrodr::<f64>::new(144, lag(4)).restore(&state));
    }

    #[test]
    fn only_with_the_smallest_and_strategy_a() {
        let (a, b) = system::<f64>(5, 0);
        let bad = [
            GcrodrConfig {
                strategy: Strategy::B,
                ..lag(2)
            },
            GcrodrConfig {
                target: Target::Largest,
                ..lag(2)
            },
        ];
        for config in bad {
            let mut x = vec![0.0; 25];
            let error = unpreconditioned(Gcrodr::new(25, config), &a, &b, &mut x).unwrap_err();
            assert!(matches!(error, SolveError::Config { .. }), "{error}");
        }
    }
}
