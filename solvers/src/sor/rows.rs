//! A matrix row by row, in a given order of the rows.
//!
//! x stays in its own numbering. Entries of a row to rows that come before it in the order multiply
//! new values when the order is walked forward, the others old ones; backward it is the other way
//! round. In an order by levels of A + Aᵀ rows that are tied to each other keep their natural order,
//! so that the iterates are those of the natural order; in an order by colours they are others.

use super::relax::{FROM_ZERO, RESIDUAL};
use crate::kernels::prefetch;
use crate::kernels::simd::simd;
use resolvent_matrices::{CsrRef, Scalar};
use std::cell::Cell;

/// Rows in the order in which they are done.
#[derive(Debug, Clone)]
pub(super) struct Rows<T: Scalar> {
    order: Vec<u32>,
    /// Where each row begins: first what comes before it in the order, from `mid` on what comes
    /// after.
    ptr: Vec<u32>,
    mid: Vec<u32>,
    col: Vec<u32>,
    val: Vec<T>,
    diagonal: Vec<T>,
    /// Which values of the matrix these are.
    source: Vec<u32>,
    diagonal_source: Vec<u32>,
}

impl<T: Scalar> Rows<T> {
    /// Of a matrix with a full diagonal.
    pub fn new(a: CsrRef<'_, T, u32>, order: Vec<u32>) -> Self {
        let n = order.len();
        let mut place = vec![0; n];
        for (p, &i) in order.iter().enumerate() {
            place[i as usize] = p;
        }
        let mut rows = Self {
            order: Vec::new(),
            ptr: vec![0],
            mid: Vec::with_capacity(n),
            col: Vec::with_capacity(a.nnz()),
            val: Vec::new(),
            diagonal: vec![T::ZERO; n],
            source: Vec::with_capacity(a.nnz()),
            diagonal_source: Vec::with_capacity(n),
        };
        for (p, &i) in order.iter().enumerate() {
            let i = i as usize;
            let entries = || a.row(i).0.iter().zip(a.row_ptr()[i]..);
            for after in [false, true] {
                let part = entries().filter(|(j, _)| match place[**j as usize] {
                    q if q == p => false,
                    q => (q > p) == after,
                });
                for (&j, k) in part {
                    rows.col.push(j);
                    rows.source.push(k);
                }
                let end = if after { &mut rows.ptr } else { &mut rows.mid };
                end.push(rows.col.len() as u32);
            }
            let own = entries().find(|(j, _)| **j as usize == i);
            rows.diagonal_source.extend(own.map(|(_, k)| k));
        }
        rows.val = vec![T::ZERO; rows.col.len()];
        rows.order = order;
        rows
    }

    /// Takes the values of a matrix of this pattern.
    pub fn fill(&mut self, values: &[T]) {
        let take = |out: &mut [T], source: &[u32]| {
            let pairs = out.iter_mut().zip(source);
            pairs.for_each(|(out, &k)| *out = values[k as usize]);
        };
        take(&mut self.val, &self.source);
        take(&mut self.diagonal, &self.diagonal_source);
    }

    /// One sweep from `old` to `new`, which may be the same; returns ‖b − A·old‖₂² where asked to.
    pub fn sweep(
        &self,
        forward: bool,
        what: u8,
        omega: T,
        b: &[T],
        old: &[Cell<T>],
        new: &[Cell<T>],
    ) -> T::Real {
        let places = 0..self.order.len();
        if forward {
            relax(self, (places, Ahead), what, omega, b, old, new)
        } else {
            relax(self, (places.rev(), Behind), what, omega, b, old, new)
        }
    }

    /// Memory held, in bytes.
    pub fn bytes(&self) -> usize {
        let n = self.order.len();
        self.val.len() * (size_of::<T>() + 8) + n * (size_of::<T>() + 16)
    }
}

/// Which part of a row multiplies old values, and which new ones.
trait Parts {
    fn old_new<'a, A>(before: &'a [A], after: &'a [A]) -> (&'a [A], &'a [A]);
}

/// Forward.
struct Ahead;
impl Parts for Ahead {
    fn old_new<'a, A>(before: &'a [A], after: &'a [A]) -> (&'a [A], &'a [A]) {
        (after, before)
    }
}

/// Backward.
struct Behind;
impl Parts for Behind {
    fn old_new<'a, A>(before: &'a [A], after: &'a [A]) -> (&'a [A], &'a [A]) {
        (before, after)
    }
}

simd! {
    fn relax<T: Scalar, P: Parts, O: Iterator<Item = usize>>(
        a: &Rows<T>,
        places: (O, P),
        what: u8,
        omega: T,
        b: &[T],
        old: &[Cell<T>],
        new: &[Cell<T>],
    ) -> T::Real {
        let mut squared = T::Real::default();
        for p in places.0 {
            let i = a.order[p] as usize;
            let (first, mid, end) = (a.ptr[p] as usize, a.mid[p] as usize, a.ptr[p + 1] as usize);
            prefetch(&a.val[first..end]);
            prefetch(&a.col[first..end]);
            let (v_old, v_new) = P::old_new(&a.val[first..mid], &a.val[mid..end]);
            let (c_old, c_new) = P::old_new(&a.col[first..mid], &a.col[mid..end]);
            let mut c = b[i];
            if what != FROM_ZERO {
                for (&v, &j) in v_old.iter().zip(c_old) {
                    c -= v * old[j as usize].get(); // cᵢ = bᵢ − Σ aᵢⱼ xⱼ
                }
            }
            let (x, d, mut now) = (old[i].get(), a.diagonal[p], c);
            if what == RESIDUAL {
                let mut r = c - d * x;
                for (&v, &j) in v_new.iter().zip(c_new) {
                    r -= v * old[j as usize].get(); // rᵢ = cᵢ − aᵢᵢxᵢ − Σ aᵢⱼ xⱼ
                }
                squared += r.abs2();
            }
            for (&v, &j) in v_new.iter().zip(c_new) {
                now -= v * new[j as usize].get(); // cᵢ − Σ aᵢⱼ x⁺ⱼ
            }
            now *= omega / d;
            if what != FROM_ZERO {
                now += (T::ONE - omega) * x;
            }
            new[i].set(now); // x⁺ᵢ = ω/aᵢᵢ (…) + (1−ω) xᵢ
        }
        squared
    }
}
