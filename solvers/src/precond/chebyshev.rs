//! Chebyshev polynomial: M⁻¹ = D^-½ q(S) D^-½ with S = D^-½ A D^-½ and D = diag(A).
//!
//! q makes 1 − λ q(λ) the Chebyshev polynomial of [λmax/ratio, λmax], scaled to 1 at 0. On that
//! interval it is as small as its degree allows, from 0 to its left end it falls from 1, and to its
//! right it stays below 1 until λmax(1 + 1/ratio). So q is positive on the spectrum of any positive
//! definite A, and M⁻¹ is too: a bound λmax that is a little too small does no harm, a wrong ratio
//! costs iterations only. No dot products and no solves: products with S are all it does.
//!
//! λmax ≤ the smaller of maxᵢ Σⱼ|aᵢⱼ|/aᵢᵢ (Gershgorin, safe) and θ + β, the largest Ritz value of a few
//! Lanczos steps and the norm of their last residual (safe in practice, and sharper).
//!
//! | setup | `lanczos_steps` products and a copy of A | apply | `degree` products with S and 3·`degree` vector updates | memory | a copy of A and 4 vectors |
//!
//! - Y. Saad, Iterative Methods for Sparse Linear Systems, 2nd ed., SIAM, 2003, algorithm 12.1,
//!   doi:10.1137/1.9780898718003.
//! - Y. Zhou, Y. Saad, M. L. Tiago, J. R. Chelikowsky, J. Comput. Phys. 219:172–184, 2006,
//!   doi:10.1016/j.jcp.2006.03.017 (the bound θ + β).

use super::noise::Noise;
use super::{Linearity, PrecondError, Preconditioner};
use crate::{LinearOperator, kernels};
use resolvent_matrices::{Csr, CsrRef, Real, Scalar};

const NAME: &str = "chebyshev";

/// Largest degree: an application is as many products.
const MOST_PRODUCTS: usize = 1000;
/// Seed of the vector that Lanczos begins with.
const SEED: u64 = 1;

/// Configuration of [`Chebyshev`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ChebyshevConfig {
    /// Degree of q: products with S per application.
    pub degree: usize,
    /// λmax over the left end of the interval on which residuals are made small (> 1). For use as a
    /// smoother 4 to 10, alone as a preconditioner 30 and more.
    pub ratio: f64,
    /// Lanczos steps to bound λmax; with 0, Gershgorin's bound is taken.
    pub lanczos_steps: usize,
}

impl Default for ChebyshevConfig {
    /// Degree 4, ratio 30, 10 Lanczos steps.
    fn default() -> Self {
        Self {
            degree: 4,
            ratio: 30.0,
            lanczos_steps: 10,
        }
    }
}

/// A polynomial in a Hermitian matrix with a positive diagonal, of which it holds a scaled copy.
#[derive(Debug, Clone)]
pub struct Chebyshev<T: Scalar> {
    config: ChebyshevConfig,
    s: Csr<T>,
    /// D^-½, for [`Csr::scale`] and for vectors.
    scale: Vec<T::Real>,
    factors: Vec<T>,
    residual: Vec<T>,
    step: Vec<T>,
    product: Vec<T>,
    /// Diagonals of the Lanczos matrix, the squares of the second.
    alpha: Vec<f64>,
    beta2: Vec<f64>,
    lambda_max: f64,
}

impl<T: Scalar> Chebyshev<T> {
    /// Copies and scales A, and bounds its spectrum.
    ///
    /// # Errors
    /// [`PrecondError::Diagonal`] where the diagonal is not real and positive,
    /// [`PrecondError::Failed`] on entries that are not finite, [`PrecondError::Config`] for a
    /// ratio that is not above 1, [`PrecondError::NeedsEntries`], [`PrecondError::Matrix`] if A is
    /// not square.
    pub fn new(a: &dyn LinearOperator<T>, config: ChebyshevConfig) -> Result<Self, PrecondError> {
        if !(config.ratio > 1.0 && config.ratio.is_finite()) {
            return Err(PrecondError::Config {
                precond: NAME,
                problem: format!(
                    "ratio is {}, a finite number above 1 is needed",
                    config.ratio
                ),
            });
        }
        if !(1..=MOST_PRODUCTS).contains(&config.degree) {
            return Err(PrecondError::Config {
                precond: NAME,
                problem: format!(
                    "degree is {}, a number from 1 to {MOST_PRODUCTS} is needed",
                    config.degree
                ),
            });
        }
        let csr = a
            .as_csr()
            .ok_or(PrecondError::NeedsEntries { precond: NAME })?;
        let csr = csr.to_u32()?;
        let n = csr.view().square()?;
        let steps = config.lanczos_steps.min(n);
        let mut chebyshev = Self {
            config,
            s: csr.view().to_owned()?,
            scale: vec![T::Real::ZERO; n],
            factors: vec![T::ZERO; n],
            residual: vec![T::ZERO; n],
            step: vec![T::ZERO; n],
            product: vec![T::ZERO; n],
            alpha: Vec::with_capacity(steps),
            beta2: Vec::with_capacity(steps),
            lambda_max: 0.0,
        };
        chebyshev.s.runs(); // found now, so that no application has to
        chebyshev.read(csr.view())?;
        Ok(chebyshev)
    }

    /// The bound in use for the largest eigenvalue of D⁻¹A.
    pub fn lambda_max(&self) -> f64 {
        self.lambda_max
    }

    /// Takes the values of a matrix of the prepared pattern.
    fn read(&mut self, a: CsrRef<'_, T, u32>) -> Result<(), PrecondError> {
        self.s.update_values(a)?;
        let mut gershgorin = 0.0f64;
        for row in 0..a.nrows() {
            let d = a.get(row, row);
            let positive = d.re() > T::Real::ZERO && d.im() == T::Real::ZERO;
            if !positive || !d.is_finite() {
                return Err(PrecondError::Diagonal {
                    precond: NAME,
                    row,
                    found: d.to_string(),
                    needed: "a positive real number",
                });
            }
            let sum: f64 = a.row(row).1.iter().map(|v| v.abs().to_f64()).sum();
            if !sum.is_finite() {
                return Err(PrecondError::Failed {
                    precond: NAME,
                    problem: format!("row {row} ({} counted from 1) of A is not finite", row + 1),
                });
            }
            gershgorin = gershgorin.max(sum / d.re().to_f64());
            self.scale[row] = T::Real::ONE / d.re().sqrt();
            self.factors[row] = T::from_real(self.scale[row]);
        }
        self.s.scale(&self.scale, &self.scale)?;
        let lanczos = self.lanczos();
        self.lambda_max = lanczos.map_or(gershgorin, |bound| bound.min(gershgorin));
        Ok(())
    }

    /// θ + β after the configured number of steps; `None` without steps.
    fn lanczos(&mut self) -> Option<f64> {
        let Self {
            s,
            residual: previous,
            step: v,
            product: w,
            alpha,
            beta2,
            ..
        } = self;
        alpha.clear();
        beta2.clear();
        previous.fill(T::ZERO);
        Noise::new(SEED).fill(v);
        let norm = kernels::norm_squared(v).sqrt();
        kernels::scale(T::from_real(T::Real::ONE / norm), v);
        let mut beta = T::Real::ZERO;
        for _ in 0..self.config.lanczos_steps.min(s.nrows()) {
            let a = kernels::spmv_dot(s.view(), s.runs().as_slice(), v, w).re(); // w = Sv, α = vᴴw
            kernels::axpy(T::from_real(-beta), previous, w); // w = w − βv₋
            kernels::axpy(T::from_real(-a), v, w); // w = w − αv
            beta = kernels::norm_squared(w).sqrt();
            alpha.push(a.to_f64());
            beta2.push(beta.to_f64().powi(2));
            if beta.to_f64() <= T::Real::EPSILON.to_f64() * a.to_f64().abs() {
                break; // invariant subspace
            }
            kernels::scale(T::from_real(T::Real::ONE / beta), w);
            std::mem::swap(previous, v);
            std::mem::swap(v, w);
        }
        let theta = largest_eigenvalue(alpha, beta2)?;
        Some(theta + beta.to_f64())
    }
}

/// Of the symmetric tridiagonal matrix with diagonal α and squared off-diagonal β² (its last number
/// not used), by bisection on the inertia. `None` if it is empty.
fn largest_eigenvalue(alpha: &[f64], beta2: &[f64]) -> Option<f64> {
    let radius = |i: usize| {
        let left = if i > 0 { beta2[i - 1].sqrt() } else { 0.0 };
        let right = if i + 1 < alpha.len() {
            beta2[i].sqrt()
        } else {
            0.0
        };
        left + right
    };
    let mut low = alpha.iter().copied().reduce(f64::max)?;
    let mut high = (0..alpha.len())
        .map(|i| alpha[i] + radius(i))
        .fold(low, f64::max);
    let all_below = |x: f64| {
        let mut d = 1.0;
        alpha.iter().enumerate().all(|(i, a)| {
            let before = if i > 0 { beta2[i - 1] } else { 0.0 };
            d = a - x - before / d;
            d < 0.0
        })
    };
    while high - low > 1e-10 * high.abs() {
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high {
            break;
        }
        if all_below(middle) {
            high = middle;
        } else {
            low = middle;
        }
    }
    Some(high)
}

impl<T: Scalar> Preconditioner<T> for Chebyshev<T> {
    fn name(&self) -> &'static str {
        NAME
    }

    fn update(&mut self, a: &dyn LinearOperator<T>) -> Result<(), PrecondError> {
        if a.nrows() != self.scale.len() {
            return Err(PrecondError::Shape {
                precond: NAME,
                expected: self.scale.len(),
                got: a.nrows(),
            });
        }
        let csr = a
            .as_csr()
            .ok_or(PrecondError::NeedsEntries { precond: NAME })?;
        let csr = csr.to_u32()?;
        match self.read(csr.view()) {
            Err(PrecondError::Matrix(_)) => {
                *self = Self::new(&csr.view(), self.config)?; // another pattern: from the start
                Ok(())
            }
            other => other,
        }
    }

    fn apply(&mut self, r: &[T], z: &mut [T]) -> Result<(), PrecondError> {
        let Self {
            s,
            factors,
            residual,
            step,
            product,
            ..
        } = self;
        let high = self.lambda_max;
        let low = high / self.config.ratio;
        let (centre, radius) = (0.5 * (high + low), 0.5 * (high - low));
        let sigma = centre / radius;
        let mut rho = 1.0 / sigma;
        kernels::multiply(factors, r, residual); // h = D^-½ r
        kernels::copy(residual, step);
        kernels::scale(T::from_f64(1.0 / centre), step); // d = h/θ
        kernels::copy(step, z); // z = d
        for _ in 0..self.config.degree {
            kernels::spmv(s.view(), s.runs().as_slice(), step, product);
            kernels::axpy(-T::ONE, product, residual); // h = h − Sd
            let next = 1.0 / (2.0 * sigma - rho);
            kernels::scale(T::from_f64(next * rho), step);
            kernels::axpy(T::from_f64(2.0 * next / radius), residual, step); // d = ρ₊ρ d + 2ρ₊/δ h
            kernels::axpy(T::ONE, step, z); // z = z + d
            rho = next;
        }
        kernels::copy(z, product);
        kernels::multiply(factors, product, z); // z = D^-½ z
        Ok(())
    }

    fn linearity(&self) -> Linearity {
        Linearity::FixedHpd
    }

    fn bytes(&self) -> usize {
        let n = self.scale.len();
        self.s.nnz() * (size_of::<T>() + 4)
            + n * (4 * size_of::<T>() + size_of::<T::Real>() + 4)
            + (self.alpha.capacity() + self.beta2.capacity()) * 8
    }
}

#[cfg(test)]
mod tests;
