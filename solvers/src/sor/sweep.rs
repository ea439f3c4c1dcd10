//! One sweep, and the residual it leaves.

use super::{Direction, NAME};
use crate::precond::PrecondError;
use crate::precond::split::Split;
use crate::precond::triangular::{Factors, Form, TriangularPair, Upper};
use crate::{LinearOperator, kernels};
use resolvent_matrices::{Csr, Scalar};

/// The matrix, split for sweeps with one ω.
#[derive(Debug, Clone)]
pub(super) struct Sweep<T: Scalar> {
    direction: Direction,
    omega: T,
    split: Split<T>,
    /// I + FL and I + FU.
    solves: TriangularPair<T>,
    /// What the first half of a sweep leaves out: G forward and symmetric, H backward.
    rest: Csr<T>,
    /// H, for the residual of a symmetric sweep.
    other: Option<Csr<T>>,
    /// D/ω, which takes F off.
    weight: Vec<T>,
    fb: Vec<T>,
    s: Vec<T>,
    next: Vec<T>,
}

impl<T: Scalar> Sweep<T> {
    pub fn new(
        a: &dyn LinearOperator<T>,
        direction: Direction,
        omega: f64,
    ) -> Result<Self, PrecondError> {
        let split = Split::new(NAME, a)?;
        let solves = TriangularPair::new(split.lower_pattern(), split.upper_pattern(), false);
        let csr = a
            .as_csr()
            .ok_or(PrecondError::NeedsEntries { precond: NAME })?;
        let csr = csr.to_u32()?;
        let upper = || csr.view().filter(|i, j| j >= i);
        let lower = || csr.view().filter(|i, j| j <= i);
        let vector = || vec![T::ZERO; csr.view().nrows()];
        let mut sweep = Self {
            direction,
            omega: T::ONE,
            solves,
            rest: if direction == Direction::Backward {
                lower()
            } else {
                upper()
            },
            other: (direction == Direction::Symmetric).then(lower),
            weight: vector(),
            fb: vector(),
            s: vector(),
            next: vector(),
            split,
        };
        sweep.fill(omega);
        Ok(sweep)
    }

    /// Takes the values of the next matrix.
    pub fn update(&mut self, a: &dyn LinearOperator<T>, omega: f64) -> Result<(), PrecondError> {
        if self.split.update(a)? {
            self.fill(omega);
        } else {
            *self = Self::new(a, self.direction, omega)?; // another pattern: from the start
        }
        Ok(())
    }

    /// Takes another ω; [`Sweep::begin`] comes next. Allocates nothing.
    pub fn fill(&mut self, omega: f64) {
        let omega = T::from_f64(omega);
        kernels::scale(omega / self.omega, &mut self.fb);
        self.omega = omega;
        let split = &self.split;
        self.solves.fill(Factors {
            lower: (split.lower_pattern(), split.lower.values()),
            upper: (split.upper_pattern(), Upper::Values(split.upper.values())),
            inverse: &split.inverse,
            form: Form::ByRows(self.omega),
        });
        let weights = self.weight.iter_mut().zip(&split.inverse);
        weights.for_each(|(w, &inverse)| *w = T::ONE / (self.omega * inverse));
        let backward = self.direction == Direction::Backward;
        let triangle = if backward { &split.lower } else { &split.upper };
        scaled(
            triangle,
            backward,
            self.omega,
            &split.inverse,
            &mut self.rest,
        );
        if let Some(other) = &mut self.other {
            scaled(&split.lower, true, self.omega, &split.inverse, other);
        }
    }

    /// Takes the right-hand side: F b.
    pub fn take(&mut self, b: &[T]) {
        kernels::multiply(&self.split.inverse, b, &mut self.fb);
        kernels::scale(self.omega, &mut self.fb);
    }

    /// s = F b − G x.
    pub fn begin(&mut self, x: &[T]) {
        self.rest.residual(&self.fb, x, &mut self.s);
    }

    /// x ← x⁺; returns this process's share of ‖b − Ax⁺‖₂².
    pub fn step(&mut self, x: &mut [T]) -> T::Real {
        let Self {
            solves,
            s,
            next,
            fb,
            ..
        } = self;
        let rest = match self.direction {
            Direction::Forward => {
                solves.solve_lower(s, x); // (I + FL) x⁺ = s
                &self.rest
            }
            Direction::Backward => {
                solves.solve_upper(s, x); // (I + FU) x⁺ = s
                &self.rest
            }
            Direction::Symmetric => {
                let two = T::ONE + T::ONE;
                solves.solve_lower(s, x);
                kernels::sub_from(fb, s);
                kernels::axpy(two - self.omega, x, s); // s ← Fb − s + (2−ω)x = Fb − Hx
                solves.solve_upper(s, x);
                self.other.as_ref().unwrap_or(&self.rest)
            }
        };
        rest.residual(fb, x, next); // s⁺ = Fb − Gx⁺ (symmetric: Fb − Hx⁺)
        let squared = kernels::weighted_distance_squared(&self.weight, next, s); // ‖F⁻¹(s⁺ − s)‖²
        if self.direction == Direction::Symmetric {
            let two = T::ONE + T::ONE;
            kernels::sub_from(fb, s);
            kernels::axpy(two - self.omega, x, s); // s ← Fb − s + (2−ω)x = Fb − Gx
        } else {
            std::mem::swap(s, next);
        }
        squared
    }

    /// Sweeps a step.
    pub fn passes(&self) -> usize {
        1 + usize::from(self.direction == Direction::Symmetric)
    }

    /// Memory held, in bytes.
    pub fn bytes(&self) -> usize {
        let entries = self.rest.nnz() + self.other.as_ref().map_or(0, Csr::nnz);
        self.split.bytes()
            + self.solves.bytes()
            + entries * (size_of::<T>() + 4)
            + 4 * size_of_val(self.s.as_slice())
    }
}

/// Values of F·triangle + (ω−1) I, the diagonal behind or before the entries of a row.
fn scaled<T: Scalar>(
    triangle: &Csr<T>,
    diagonal_last: bool,
    omega: T,
    inverse: &[T],
    out: &mut Csr<T>,
) {
    for (i, &inverse) in inverse.iter().enumerate() {
        let (from, to) = (triangle.row_range(i), out.row_range(i));
        let row = &mut out.values_mut()[to];
        let (diagonal, rest) = match diagonal_last {
            true => row.split_last_mut(),
            false => row.split_first_mut(),
        }
        .expect("the split has seen a diagonal entry in every row");
        *diagonal = omega - T::ONE;
        let values = rest.iter_mut().zip(&triangle.values()[from]);
        values.for_each(|(out, &v)| *out = omega * inverse * v);
    }
}
