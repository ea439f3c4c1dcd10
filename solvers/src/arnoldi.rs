//! The Arnoldi process and the least-squares problem on top of it, for the GMRES family.
//!
//! With w = A z_k for a z_k of the caller's choice (M⁻¹v_k, or anything in the flexible method),
//! orthogonalisation against v₀ … v_k gives the next column of H̄:
//!   h = Vᴴw    w ← w − V h    h_{k+1,k} = ‖w‖    v_{k+1} = w/h_{k+1,k}
//! and min ‖β e₁ − H̄ y‖ is kept solved by one Givens rotation a column: the last entry of the
//! rotated right-hand side is ‖b − A x‖₂ of the minimiser without forming it.
//!
//! Classical Gram–Schmidt is done twice, each pass one block product and one message between
//! processes; ‖w‖ travels with the second pass: by Pythagoras ‖w − V c‖² = ‖w‖² − ‖c‖², recomputed
//! where that cancels. The basis is then orthogonal to working precision.
//!
//! - L. Giraud, J. Langou, M. Rozložník, J. van den Eshof, Rounding error analysis of the classical
//!   Gram–Schmidt orthogonalization process, Numer. Math. 101:87–100, 2005,
//!   doi:10.1007/s00211-005-0615-4.

use crate::dense::Givens;
use crate::kernels;
use crate::run::Run;
use resolvent_matrices::{Real, Scalar};

/// How the Krylov basis is orthogonalised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Orthogonalization {
    /// Classical Gram–Schmidt, twice: two block products and two messages a step, orthogonal to
    /// working precision.
    #[default]
    ClassicalTwice,
    /// Modified Gram–Schmidt: half the work, one message per basis vector, orthogonality lost in
    /// proportion to the condition number (which GMRES survives).
    Modified,
}

/// A basis V of at most m + 1 vectors, and the QR factors of H̄.
#[derive(Debug, Clone)]
pub(crate) struct Arnoldi<T: Scalar> {
    n: usize,
    m: usize,
    orthogonalization: Orthogonalization,
    /// n × (m + 1), column after column.
    v: Vec<T>,
    /// R, upper triangular: column j has j + 1 entries and begins at j(j + 1)/2.
    r: Vec<T>,
    rotations: Vec<Givens<T>>,
    /// The rotated right-hand side.
    g: Vec<T>,
    h: Vec<T>,
    correction: Vec<T>,
    /// Columns of H̄ done.
    k: usize,
}

/// What a step of Arnoldi came to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Growth<R> {
    /// The space grew; the least residual norm over it.
    Grown(R),
    /// A maps the space into itself and the least residual over it is zero.
    Invariant,
    /// A maps the space into itself and is singular there.
    Singular,
    /// NaN or infinity appeared; the step is not counted.
    NonFinite,
}

impl<T: Scalar> Arnoldi<T> {
    pub fn new(n: usize, m: usize, orthogonalization: Orthogonalization) -> Self {
        Self {
            n,
            m,
            orthogonalization,
            v: vec![T::ZERO; n * (m + 1)],
            r: vec![T::ZERO; m * (m + 1) / 2],
            rotations: vec![Givens::default(); m],
            g: vec![T::ZERO; m + 1],
            h: vec![T::ZERO; m + 1],
            correction: vec![T::ZERO; m + 1],
            k: 0,
        }
    }

    /// Columns of H̄ done.
    pub fn len(&self) -> usize {
        self.k
    }

    /// Whether there is no room for another column.
    pub fn full(&self) -> bool {
        self.k == self.m
    }

    /// The place of the first vector, where the residual is to be put.
    pub fn first(&mut self) -> &mut [T] {
        &mut self.v[..self.n]
    }

    /// Begins with the residual in [`Arnoldi::first`], of norm β > 0.
    pub fn start(&mut self, beta: T::Real) {
        self.k = 0;
        self.g[0] = T::from_real(beta);
        kernels::scale(T::from_real(T::Real::ONE / beta), self.first()); // v₀ = r/β
    }

    /// v_k, and the place for w = A z_k.
    pub fn step(&mut self) -> (&[T], &mut [T]) {
        let (basis, rest) = self.v.split_at_mut((self.k + 1) * self.n);
        (&basis[self.k * self.n..], &mut rest[..self.n])
    }

    /// Takes w = A z_k, as written to the place that [`Arnoldi::step`] gave, into the basis.
    pub fn extend(&mut self, run: &Run<'_, '_, T>) -> Growth<T::Real> {
        let next = match self.orthogonalization {
            Orthogonalization::ClassicalTwice => self.classical_twice(run),
            Orthogonalization::Modified => self.modified(run),
        };
        let Self {
            n,
            k,
            h,
            g,
            r,
            rotations,
            ..
        } = self;
        let k = *k;
        let size = h[..=k].iter().fold(next * next, |s, a| s + a.abs2()).sqrt(); // ‖A z_k‖
        if !size.is_finite() {
            return Growth::NonFinite;
        }
        let noise = size * T::Real::EPSILON * T::Real::from_f64(10.0);
        let invariant = next <= noise;

        for i in 0..k {
            (h[i], h[i + 1]) = rotations[i].apply(h[i], h[i + 1]);
        }
        if invariant && h[k].abs() <= noise {
            return Growth::Singular; // the column adds nothing to what R can solve
        }
        let below = if invariant { T::Real::ZERO } else { next };
        let (rotation, rho) = Givens::new(h[k], T::from_real(below));
        h[k] = rho;
        rotations[k] = rotation;
        r[k * (k + 1) / 2..][..=k].copy_from_slice(&h[..=k]);
        (g[k], g[k + 1]) = rotation.apply(g[k], T::ZERO);
        self.k += 1;
        if invariant {
            return Growth::Invariant;
        }
        let v = &mut self.v[(k + 1) * *n..][..*n];
        kernels::scale(T::from_real(T::Real::ONE / next), v); // v_{k+1} = w/h_{k+1,k}
        Growth::Grown(self.g[k + 1].abs())
    }

    /// [`orthogonalize`] against all of V.
    fn classical_twice(&mut self, run: &Run<'_, '_, T>) -> T::Real {
        let columns = self.k + 1;
        let (basis, rest) = self.v.split_at_mut(columns * self.n);
        orthogonalize(
            run,
            basis,
            &mut rest[..self.n],
            &mut self.h[..columns],
            &mut self.correction[..=columns],
        )
    }

    /// For each v of V: h = (v, w), w ← w − h v; returns ‖w‖.
    fn modified(&mut self, run: &Run<'_, '_, T>) -> T::Real {
        let (basis, rest) = self.v.split_at_mut((self.k + 1) * self.n);
        let w = &mut rest[..self.n];
        for j in 0..=self.k {
            let v = &basis[j * self.n..][..self.n];
            self.h[j] = run.dot(v, w); // h = (v, w)
            kernels::axpy(-self.h[j], v, w); // w ← w − h v
        }
        run.norm(w)
    }

    /// y ← R⁻¹ g, the minimiser over the space of k vectors.
    pub fn solve(&mut self) -> &[T] {
        let y = &mut self.h[..self.k];
        y.copy_from_slice(&self.g[..self.k]);
        for j in (0..self.k).rev() {
            let column = &self.r[j * (j + 1) / 2..][..=j];
            y[j] /= column[j];
            let yj = y[j];
            for i in 0..j {
                y[i] -= column[i] * yj;
            }
        }
        y
    }

    /// V y with y = R⁻¹ g, written over the vector after those it needs.
    pub fn combination(&mut self) -> &[T] {
        self.solve();
        let (basis, rest) = self.v.split_at_mut(self.k * self.n);
        let u = &mut rest[..self.n];
        u.fill(T::ZERO);
        kernels::block_axpy(basis, &self.h[..self.k], u); // u = V y
        u
    }

    /// Memory held, in bytes.
    pub fn bytes(&self) -> usize {
        let scalars = [&self.v, &self.r, &self.g, &self.h, &self.correction];
        scalars
            .iter()
            .map(|s| size_of_val(s.as_slice()))
            .sum::<usize>()
            + size_of_val(self.rotations.as_slice())
    }
}

/// h = Vᴴw, w ← w − V h, by classical Gram–Schmidt, twice; returns ‖w‖. `c` has room for one number
/// more than V has columns.
pub(crate) fn orthogonalize<T: Scalar>(
    run: &Run<'_, '_, T>,
    basis: &[T],
    w: &mut [T],
    h: &mut [T],
    c: &mut [T],
) -> T::Real {
    let columns = h.len();
    run.dots(basis, w, h); // h = Vᴴw
    h.iter_mut().for_each(|a| *a = -*a);
    kernels::block_axpy(basis, h, w); // w ← w − V h

    kernels::block_dot(basis, w, &mut c[..columns]);
    c[columns] = T::from_real(kernels::norm_squared(w));
    run.all_sum(c); // c = Vᴴw, and ‖w‖² in the same message
    let before = c[columns].re();
    let c = &mut c[..columns];
    c.iter_mut().for_each(|a| *a = -*a);
    kernels::block_axpy(basis, c, w); // w ← w − V c
    for (h, &mut c) in h.iter_mut().zip(c.iter_mut()) {
        *h = -(*h + c); // h ← h + c, both with the sign turned back
    }
    let after = c.iter().fold(before, |s, a| s - a.abs2());
    let half = T::Real::from_f64(0.5);
    if after > half * before {
        after.sqrt()
    } else {
        run.norm(w)
    }
}
