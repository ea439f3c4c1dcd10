//! The matrix as sweeps take it, along the [lines](super::stencil) of a grid or by [rows](super::rows).

use super::lanes::Lanes;
use super::relax::{self, FROM_ZERO, PLAIN, RESIDUAL, Vectors};
use super::rows::Rows;
use super::stencil::Stencil;
use super::{Order, colour};
use crate::LinearOperator;
use crate::precond::PrecondError;
use crate::precond::triangular::{Pattern, natural_levels};
use resolvent_matrices::{Csr, CsrRef, Scalar};
use std::cell::Cell;

/// The matrix, ready for sweeps with any ω.
#[derive(Debug, Clone)]
pub(super) struct Sweep<T: Scalar> {
    /// Who asks, for errors.
    name: &'static str,
    order: Order,
    engine: Engine<T>,
    /// Pattern it was made for, and where the diagonal stands in it.
    ptr: Vec<u32>,
    col: Vec<u32>,
    diagonal: Vec<u32>,
}

#[derive(Debug, Clone)]
enum Engine<T: Scalar> {
    Lines(Box<Lines<T>>),
    Rows(Rows<T>),
}

#[derive(Debug, Clone)]
struct Lines<T: Scalar> {
    stencil: Stencil<T>,
    lanes: Lanes,
    /// What each line adds to ‖r‖².
    squared: Vec<T::Real>,
}

impl<T: Scalar> Sweep<T> {
    /// Takes the entries of A.
    ///
    /// # Errors
    /// [`PrecondError::Diagonal`] where the diagonal is zero, missing or not finite, or of a
    /// Hermitian matrix not of one sign; [`PrecondError::NeedsEntries`], [`PrecondError::Matrix`] if
    /// A is not square.
    pub fn new(
        name: &'static str,
        a: &dyn LinearOperator<T>,
        order: Order,
    ) -> Result<Self, PrecondError> {
        let csr = a
            .as_csr()
            .ok_or(PrecondError::NeedsEntries { precond: name })?;
        let csr = csr.to_u32()?;
        let a = csr.view();
        let n = a.square()?;
        let mut diagonal = Vec::with_capacity(n);
        for i in 0..n {
            let at = a.row(i).0.binary_search(&(i as u32));
            let at = at.map_err(|_| refuse(name, i, T::ZERO, NOT_ZERO))?;
            diagonal.push(a.row_ptr()[i] + at as u32);
        }
        check(name, a, &diagonal)?;
        let lines = match order {
            Order::Natural => Stencil::new(a),
            Order::Multicolour => None,
        };
        let engine = match (lines, order) {
            (Some(stencil), _) => Engine::Lines(Box::new(Lines {
                lanes: Lanes::new(&stencil.lines),
                squared: vec![T::Real::default(); stencil.lines.len()],
                stencil,
            })),
            (None, Order::Natural) => {
                let (lower, upper) = (a.filter(|i, j| j < i), a.filter(|i, j| j > i));
                let order = natural_levels(pattern(&lower), pattern(&upper));
                Engine::Rows(Rows::new(a, order))
            }
            (None, Order::Multicolour) => Engine::Rows(Rows::new(a, colour::by_colour(a).0)),
        };
        let mut sweep = Self {
            name,
            order,
            engine,
            ptr: a.row_ptr().to_vec(),
            col: a.col_idx().to_vec(),
            diagonal,
        };
        sweep.fill(a.values());
        Ok(sweep)
    }

    /// Takes the values of the next matrix; of the same pattern, allocates nothing.
    pub fn update(&mut self, a: &dyn LinearOperator<T>) -> Result<(), PrecondError> {
        let precond = self.name;
        let csr = a.as_csr().ok_or(PrecondError::NeedsEntries { precond })?;
        let csr = csr.to_u32()?;
        let view = csr.view();
        if view.row_ptr() != self.ptr || view.col_idx() != self.col {
            *self = Self::new(self.name, a, self.order)?; // another pattern: from the start
            return Ok(());
        }
        view.square()?;
        check(self.name, view, &self.diagonal)?;
        self.fill(view.values());
        Ok(())
    }

    fn fill(&mut self, values: &[T]) {
        match &mut self.engine {
            Engine::Lines(lines) => lines.stencil.fill(values),
            Engine::Rows(rows) => rows.fill(values),
        }
    }

    /// Rows of the matrix.
    pub fn rows(&self) -> usize {
        self.diagonal.len()
    }

    /// x⁺ by one sweep from x; returns ‖b − Ax‖₂² if asked to, and else 0.
    pub fn apart(
        &mut self,
        forward: bool,
        residual: bool,
        omega: f64,
        (b, x, next): (&[T], &mut [T], &mut [T]),
    ) -> T::Real {
        let n = self.rows();
        assert_eq!((b.len(), x.len(), next.len()), (n, n, n), "sweep: lengths");
        let omega = T::from_f64(omega);
        match &mut self.engine {
            Engine::Lines(lines) => {
                let v = Vectors {
                    b: b.as_ptr(),
                    old: x.as_ptr(),
                    new: next.as_mut_ptr(),
                    n,
                    omega,
                };
                match (forward, residual) {
                    (true, false) => lines.sweep::<true, PLAIN>(v, true),
                    (true, true) => lines.sweep::<true, RESIDUAL>(v, true),
                    (false, false) => lines.sweep::<false, PLAIN>(v, true),
                    (false, true) => lines.sweep::<false, RESIDUAL>(v, true),
                }
            }
            Engine::Rows(rows) => {
                let x = Cell::from_mut(x).as_slice_of_cells();
                let next = Cell::from_mut(next).as_slice_of_cells();
                let what = if residual { RESIDUAL } else { PLAIN };
                rows.sweep(forward, what, omega, b, x, next)
            }
        }
    }

    /// x ← one sweep from x, or from 0 whatever stands in x; on one thread.
    pub fn in_place(&mut self, forward: bool, from_zero: bool, omega: f64, b: &[T], x: &mut [T]) {
        let n = self.rows();
        assert_eq!((b.len(), x.len()), (n, n), "sweep: lengths");
        let omega = T::from_f64(omega);
        match &mut self.engine {
            Engine::Lines(lines) => {
                let new = x.as_mut_ptr();
                let v = Vectors {
                    b: b.as_ptr(),
                    old: new.cast_const(),
                    new,
                    n,
                    omega,
                };
                match (forward, from_zero) {
                    (true, false) => lines.sweep::<true, PLAIN>(v, false),
                    (true, true) => lines.sweep::<true, FROM_ZERO>(v, false),
                    (false, false) => lines.sweep::<false, PLAIN>(v, false),
                    (false, true) => lines.sweep::<false, FROM_ZERO>(v, false),
                };
            }
            Engine::Rows(rows) => {
                let x = Cell::from_mut(x).as_slice_of_cells();
                let what = if from_zero { FROM_ZERO } else { PLAIN };
                rows.sweep(forward, what, omega, b, x, x);
            }
        }
    }

    /// Whether sweeps from one vector to another run on several threads here and now.
    pub fn shared_out(&self) -> bool {
        match &self.engine {
            Engine::Lines(lines) => lines.lanes.shared_out(),
            Engine::Rows(_) => false,
        }
    }

    /// Memory held, in bytes.
    pub fn bytes(&self) -> usize {
        let engine = match &self.engine {
            Engine::Lines(lines) => lines.stencil.bytes() + lines.lanes.bytes(),
            Engine::Rows(rows) => rows.bytes(),
        };
        engine + 4 * (self.ptr.len() + self.col.len() + self.diagonal.len())
    }
}

impl<T: Scalar> Lines<T> {
    /// `apart`: old and new values are not the same vector.
    fn sweep<const FORWARD: bool, const WHAT: u8>(
        &mut self,
        v: Vectors<T>,
        apart: bool,
    ) -> T::Real {
        let Self {
            stencil,
            lanes,
            squared,
        } = self;
        let shared = Shared(v, squared.as_mut_ptr());
        let stencil = &*stencil;
        lanes.run(FORWARD, apart, &|l| {
            let Shared(v, squared) = shared.get();
            let line = &stencil.lines[l];
            let val = stencil.values(line);
            // SAFETY: the caller's vectors have as many numbers as the matrix has rows, which the
            // lines were cut for. `Lanes` does every line once, and after those whose new values it
            // reads. Old values are read from a vector that nobody writes; in place, line after
            // line on this thread, before they are replaced.
            unsafe {
                let sum = relax::line::<T, FORWARD, WHAT>(line, val, v);
                if WHAT == RESIDUAL {
                    *squared.add(l) = sum;
                }
            }
        });
        if WHAT == RESIDUAL {
            squared.iter().copied().sum()
        } else {
            T::Real::default()
        }
    }
}

/// What the threads of a sweep share.
#[derive(Clone, Copy)]
struct Shared<T: Scalar>(Vectors<T>, *mut T::Real);

// SAFETY: rows and lines are shared out among the threads by `Lanes`.
unsafe impl<T: Scalar> Send for Shared<T> {}
// SAFETY: as above.
unsafe impl<T: Scalar> Sync for Shared<T> {}

impl<T: Scalar> Shared<T> {
    fn get(self) -> Self {
        self
    }
}

fn pattern<T: Scalar>(triangle: &Csr<T>) -> Pattern<'_> {
    Pattern {
        ptr: triangle.row_ptr(),
        col: triangle.col_idx(),
    }
}

const NOT_ZERO: &str = "a finite number other than zero";

/// Looks at the diagonal.
fn check<T: Scalar>(
    name: &'static str,
    a: CsrRef<'_, T, u32>,
    diagonal: &[u32],
) -> Result<(), PrecondError> {
    let d = |i: usize| a.values()[diagonal[i] as usize];
    let (mut above, mut below) = (false, false);
    for i in 0..diagonal.len() {
        if d(i) == T::ZERO || !d(i).is_finite() {
            return Err(refuse(name, i, d(i), NOT_ZERO));
        }
        above |= d(i).re() > T::Real::default();
        below |= d(i).re() <= T::Real::default();
    }
    if above && below && hermitian(a) {
        let wrong = (0..diagonal.len()).find(|&i| d(i).re() <= T::Real::default());
        let needed = "a number with the sign of the other diagonal entries";
        return wrong.map_or(Ok(()), |i| Err(refuse(name, i, d(i), needed)));
    }
    Ok(())
}

fn hermitian<T: Scalar>(a: CsrRef<'_, T, u32>) -> bool {
    let row = |i| a.row_iter(i);
    (0..a.nrows()).all(|i| row(i).all(|(j, v)| a.get(j, i) == v.conj()))
}

fn refuse<T: Scalar>(
    precond: &'static str,
    row: usize,
    found: T,
    needed: &'static str,
) -> PrecondError {
    PrecondError::Diagonal {
        precond,
        row,
        found: found.to_string(),
        needed,
    }
}
