//! β = ρ(I − D⁻¹A) of a Hermitian positive definite A, estimated: what [`young_omega`](super::young_omega)
//! asks for.
//!
//! Lanczos on Ã = D^{-1/2} A D^{-1/2}, whose eigenvalues are those of D⁻¹A:
//!   Ã vⱼ = βⱼ₋₁ vⱼ₋₁ + αⱼ vⱼ + βⱼ vⱼ₊₁        T s = θ s,   ‖Ã (V s) − θ V s‖ = βₖ |sₖ|
//! θ lies inside of the spectrum, so that 1 − θ is a β that is too small, and a β that is 1 % low
//! costs SOR up to twice its iterations: the bound of the residual is added.
//!
//! Along a sequence of matrices the Ritz vector v of the one before is tried first, for one product:
//!   θ = vᴴÃv ≥ λ,   λ ≥ θ − ρ, and ≥ θ − ρ²/(θ₂ − θ),   ρ = ‖Ãv − θv‖
//! with the second Ritz value θ₂ of the last Lanczos process. Where that bound lies further from θ
//! than a twentieth of θ, Lanczos begins again from v.
//!
//! | k products, k reorthogonalisations; followed: 1 product | memory | k + 3 vectors |
//!
//! - B. N. Parlett, The Symmetric Eigenvalue Problem, SIAM 1998, ch. 12–13,
//!   doi:10.1137/1.9781611971163.

mod eigen;
mod follow;
mod of_cg;

use crate::precond::PrecondError;
use crate::{LinearOperator, kernels};
use eigen::eigen;
pub use of_cg::CgRitz;
use resolvent_matrices::{CsrRef, Real, Scalar};

const NAME: &str = "ritz";
/// Steps at most.
const MAX_STEPS: usize = 32;
/// How far below 1 an upper estimate of β stays.
const TINY: f64 = 1e-9;
/// The bound takes at most this part of the distance of β from 1.
const MOST: f64 = 0.75;

/// Ends of the spectrum of D⁻¹A, as far as a few steps see them.
#[derive(Debug, Clone, PartialEq)]
pub struct RitzEstimate<T> {
    /// Smallest Ritz value: not below the smallest eigenvalue.
    pub low: f64,
    /// Largest Ritz value: not above the largest eigenvalue.
    pub high: f64,
    /// An eigenvalue lies this near to `low`.
    pub residual_bound: f64,
    /// An eigenvalue lies this near to `high`.
    pub high_bound: f64,
    /// Products with A.
    pub matvecs: usize,
    /// Ritz vector of `low` for D^{-1/2} A D^{-1/2}, of length 1: where to begin with the next
    /// matrix.
    pub vector: Vec<T>,
}

impl<T> RitzEstimate<T> {
    /// β, from inside: max(1 − low, high − 1).
    pub fn beta(&self) -> f64 {
        (1.0 - self.low).max(self.high - 1.0).min(1.0 - TINY)
    }

    /// β with the residual bound on top, below 1.
    pub fn beta_upper(&self) -> f64 {
        let ends = Ends {
            low: (self.low, self.residual_bound),
            high: (self.high, self.high_bound),
            gap: 0.0,
            steps: self.matvecs,
        };
        ends.upper()
    }
}

/// `steps` steps of Lanczos (at most 32) from `start`, or from a vector that is no eigenvector of
/// anything usual.
///
/// # Errors
/// [`PrecondError::Diagonal`] where the diagonal is not positive, [`PrecondError::Failed`] if A is
/// not Hermitian or seen not to be positive definite, [`PrecondError::Shape`] if `start` has another
/// length, [`PrecondError::NeedsEntries`], [`PrecondError::Matrix`] if A is not square.
pub fn lanczos_beta<T: Scalar>(
    a: &dyn LinearOperator<T>,
    steps: usize,
    start: Option<&[T]>,
) -> Result<RitzEstimate<T>, PrecondError> {
    let mut tracker = RitzTracker::new(steps);
    if let Some(start) = start {
        if start.len() != a.nrows() {
            return Err(PrecondError::Shape {
                precond: NAME,
                expected: a.nrows(),
                got: start.len(),
            });
        }
        tracker.vector.extend_from_slice(start);
    }
    let ends = tracker.step(a)?;
    Ok(RitzEstimate {
        low: ends.low.0,
        high: ends.high.0,
        residual_bound: ends.low.1,
        high_bound: ends.high.1,
        matvecs: ends.steps,
        vector: tracker.vector,
    })
}

/// β of one matrix of a sequence.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tracked {
    /// Not above β.
    pub low: f64,
    /// β with the bound on top; below 1.
    pub high: f64,
    /// Products with A that it took.
    pub matvecs: usize,
}

/// Follows β along a sequence of matrices, each begun with the Ritz vector of the one before.
/// Matrices of the same size allocate nothing from the second on.
#[derive(Debug, Clone)]
pub struct RitzTracker<T: Scalar> {
    steps: usize,
    vector: Vec<T>,
    /// θ₂ − θ of the last Lanczos process; 0 before there is one.
    gap: f64,
    /// Rows and entries of the matrix that was seen to be Hermitian.
    hermitian: Option<(usize, usize)>,
    /// D^{-1/2}.
    scale: Vec<T>,
    /// V, column after column.
    basis: Vec<T>,
    w: Vec<T>,
    u: Vec<T>,
    /// For each row, the first entry above the diagonal not seen yet.
    next: Vec<u32>,
}

impl<T: Scalar> Default for RitzTracker<T> {
    /// With processes of 12 steps.
    fn default() -> Self {
        Self::new(12)
    }
}

/// The vector serves as long as its value is known to this part of itself.
const CLOSE: f64 = 0.05;

impl<T: Scalar> RitzTracker<T> {
    /// With Lanczos processes of so many steps, 2 to 32.
    pub fn new(steps: usize) -> Self {
        Self {
            steps: steps.clamp(2, MAX_STEPS),
            vector: Vec::new(),
            gap: 0.0,
            hermitian: None,
            scale: Vec::new(),
            basis: Vec::new(),
            w: Vec::new(),
            u: Vec::new(),
            next: Vec::new(),
        }
    }

    /// What is carried to the next matrix: the Ritz vector and θ₂ − θ.
    pub fn carried(&self) -> (&[T], f64) {
        (&self.vector, self.gap)
    }

    /// Goes on with what another one has carried.
    pub fn carry(&mut self, vector: &[T], gap: f64) {
        self.vector.clear();
        self.vector.extend_from_slice(vector);
        self.gap = gap;
    }

    /// Begins anew with the next matrix.
    pub fn forget(&mut self) {
        self.vector.clear();
        self.gap = 0.0;
    }
}

fn indefinite(ritz: f64) -> PrecondError {
    PrecondError::Failed {
        precond: NAME,
        problem: format!("not positive definite: a Ritz value of D⁻¹A is {ritz:.3e}"),
    }
}

impl<T: Scalar> RitzTracker<T> {
    fn step(&mut self, a: &dyn LinearOperator<T>) -> Result<Ends, PrecondError> {
        let csr = a
            .as_csr()
            .ok_or(PrecondError::NeedsEntries { precond: NAME })?;
        let csr = csr.to_u32()?;
        let n = csr.view().square()?;
        self.take(csr.view())?;
        let size = kernels::norm_squared(&self.vector);
        if self.vector.len() != n || size == T::Real::ZERO || !size.is_finite() {
            self.vector.clear();
            let number = |i: usize| T::from_f64(1.0 + 0.5 * (1.7 * i as f64).sin());
            self.vector.extend((0..n).map(number));
        }
        let steps = self.steps.min(n);
        let Self {
            vector,
            scale,
            basis,
            w,
            u,
            ..
        } = self;
        basis.resize((self.steps + 1) * n, T::ZERO);
        w.resize(n, T::ZERO);
        u.resize(n, T::ZERO);
        let (mut alpha, mut beta) = ([0.0; MAX_STEPS], [0.0; MAX_STEPS]);
        unit(vector, &mut basis[..n]); // v₁
        let mut k = 0;
        while k < steps {
            let (old, new) = basis.split_at_mut((k + 1) * n);
            kernels::multiply(scale, &old[k * n..], u);
            a.apply(u, w);
            kernels::multiply(scale, w, u); // u = Ã vₖ
            for pass in 0..2 {
                for (j, v) in old.chunks_exact(n).enumerate() {
                    let h = kernels::dot(v, u);
                    kernels::axpy(-h, v, u); // u ← u − V Vᴴ u
                    if pass == 0 && j == k {
                        alpha[k] = h.re().to_f64(); // αₖ = vₖᴴ Ã vₖ
                    }
                }
            }
            beta[k] = kernels::norm_squared(u).to_f64().sqrt();
            k += 1;
            let invariant = beta[k - 1] <= 1e3 * T::Real::EPSILON.to_f64();
            if invariant || !beta[k - 1].is_finite() {
                break;
            }
            unit(u, &mut new[..n]); // vₖ₊₁
        }
        let (theta, s) = eigen(&alpha[..k], &beta[..k]);
        let by = |other: fn(f64, f64) -> bool| {
            (0..k).fold(0, |best, j| {
                if other(theta[j], theta[best]) {
                    j
                } else {
                    best
                }
            })
        };
        let (low, high) = (by(|x, y| x < y), by(|x, y| x > y));
        if n > 0 && !(theta[low] > 0.0 && theta[high].is_finite()) {
            return Err(indefinite(theta[low]));
        }
        if n == 0 {
            return Ok(Ends::of_nothing());
        }
        vector.fill(T::ZERO);
        for (j, v) in basis.chunks_exact(n).take(k).enumerate() {
            kernels::axpy(T::from_f64(s[j][low]), v, vector); // V s
        }
        let bound = |j: usize| beta[k - 1] * s[k - 1][j].abs();
        let others = (0..k).filter(|&j| j != low).map(|j| theta[j]);
        let second = others.fold(f64::INFINITY, f64::min);
        self.gap = (second - theta[low]).clamp(0.0, 2.0);
        Ok(Ends {
            low: (theta[low], bound(low)),
            high: (theta[high], bound(high)),
            gap: self.gap,
            steps: k,
        })
    }

    /// Takes D^{-1/2}; refuses what is not Hermitian with a positive diagonal.
    fn take(&mut self, a: CsrRef<'_, T, u32>) -> Result<(), PrecondError> {
        let n = a.nrows();
        self.scale.clear();
        self.next.clear();
        let known = self.hermitian == Some((n, a.nnz()));
        for i in 0..n {
            let (cols, values) = a.row(i);
            let at = cols.partition_point(|&j| (j as usize) < i);
            let stored = cols.get(at).is_some_and(|&j| j as usize == i);
            let d = if stored { values[at] } else { T::ZERO };
            if !(d.re() > T::Real::ZERO && d.is_finite() && d.im() == T::Real::ZERO) {
                return Err(PrecondError::Diagonal {
                    precond: NAME,
                    row: i,
                    found: d.to_string(),
                    needed: "a positive number",
                });
            }
            let root = T::Real::ONE / d.re().sqrt();
            self.scale.push(T::from_real(root));
            self.next.push(a.row_ptr()[i] + (at + 1) as u32);
        }
        if known {
            return Ok(());
        }
        self.hermitian = None;
        // entries below the diagonal, row after row, meet their images in the order of these
        let next = &mut self.next;
        let images = (0..n).all(|i| {
            let mut below = a.row_iter(i).take_while(|&(j, _)| j < i);
            below.all(|(j, v)| {
                let at = next[j] as usize;
                next[j] += 1;
                at < a.row_ptr()[j + 1] as usize
                    && a.col_idx()[at] as usize == i
                    && a.values()[at] == v.conj()
            })
        });
        if !images
            || next
                .iter()
                .zip(&a.row_ptr()[1..])
                .any(|(at, end)| at != end)
        {
            return Err(PrecondError::Failed {
                precond: NAME,
                problem: "the matrix is not Hermitian".into(),
            });
        }
        self.hermitian = Some((n, a.nnz()));
        Ok(())
    }
}

/// out ← x/‖x‖₂.
fn unit<T: Scalar>(x: &[T], out: &mut [T]) {
    let norm = kernels::norm_squared(x).sqrt();
    kernels::copy(x, out);
    kernels::scale(T::from_real(T::Real::ONE / norm), out);
}

/// A Ritz value and the bound of its residual, from both ends.
#[derive(Debug, Clone, Copy)]
struct Ends {
    low: (f64, f64),
    high: (f64, f64),
    /// From the lowest to the second.
    gap: f64,
    /// Products with A.
    steps: usize,
}

impl Ends {
    /// How far the lowest eigenvalue may lie below.
    fn off(&self) -> f64 {
        let bound = self.low.1;
        match self.gap > 0.0 {
            true => bound.min(bound * bound / self.gap),
            false => bound,
        }
    }

    fn close(&self) -> bool {
        self.off() <= CLOSE * self.low.0
    }

    fn tracked(&self, matvecs: usize) -> Tracked {
        let low = self.low.0;
        Tracked {
            low: (1.0 - low).clamp(0.0, 1.0 - TINY),
            high: (1.0 - low + self.off().min(MOST * low)).clamp(0.0, 1.0 - TINY),
            matvecs,
        }
    }

    fn of_nothing() -> Self {
        Self {
            low: (1.0, 0.0),
            high: (1.0, 0.0),
            gap: 0.0,
            steps: 0,
        }
    }

    /// The bound is taken for the lower end alone: of a consistently ordered matrix the ends are as
    /// far from 1, and the upper one is not what the steps are begun for.
    fn upper(&self) -> f64 {
        let (low, bound) = self.low;
        let below = 1.0 - low + bound.min(MOST * low);
        below.max(self.high.0 - 1.0).clamp(0.0, 1.0 - TINY)
    }
}

#[cfg(test)]
mod tests;
