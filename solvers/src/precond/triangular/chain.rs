//! The chain yᵢ = tᵢ − aᵢ yᵢ₋₁ along a line, without waiting for every link.
//!
//! Put into itself twice (cyclic reduction), its links are four rows long, and four chains run
//! side by side:
//!
//!   sᵢ = tᵢ − aᵢtᵢ₋₁      bᵢ = aᵢaᵢ₋₁      yᵢ = (sᵢ + bᵢsᵢ₋₂) + bᵢbᵢ₋₂yᵢ₋₄
//!
//! Only the last step waits for rows before.
//! - R. W. Hockney, J. ACM 12:95–113, 1965, doi:10.1145/321250.321259.

use super::stored::Stored;
use resolvent_matrices::Scalar;

/// Links of the chain that run side by side.
pub(super) const LANES: usize = 4;
/// How far back the links reach that make one row, in rows.
pub(super) const BACK: usize = LANES - 1;

/// t, s and y of the LANES rows before, by increasing row; going backward, "before" is above.
pub(super) struct Chain<T> {
    t: [T; LANES],
    s: [T; LANES],
    y: [T; LANES],
}

impl<T: Scalar> Chain<T> {
    /// After a row with y = `last`: that is its own t and s, too, since links that reach further
    /// are zero.
    #[inline(always)]
    pub fn after<const FORWARD: bool>(last: T) -> Self {
        let mut rows = [T::ZERO; LANES];
        rows[if FORWARD { LANES - 1 } else { 0 }] = last;
        Self {
            t: rows,
            s: rows,
            y: rows,
        }
    }

    /// From t to y in the next LANES rows; `links` are theirs and those of the BACK rows before.
    #[inline(always)]
    pub fn step<S: Stored<T>, const FORWARD: bool>(&mut self, links: &[S], rows: &mut [T]) {
        let a = |back: usize| -> [T; LANES] {
            let from = if FORWARD { BACK - back } else { back };
            std::array::from_fn(|j| links[from + j].wide())
        };
        let t: [T; LANES] = std::array::from_fn(|j| rows[j]);
        let [a0, a1, a2, a3] = [a(0), a(1), a(2), a(3)];
        let t1 = back::<T, 1, FORWARD>(&self.t, &t);
        let s: [T; LANES] = std::array::from_fn(|j| t[j] - a0[j] * t1[j]);
        let s2 = back::<T, 2, FORWARD>(&self.s, &s);
        let y: [T; LANES] = std::array::from_fn(|j| {
            let b = a0[j] * a1[j];
            let c = b * (a2[j] * a3[j]);
            (s[j] + b * s2[j]) + c * self.y[j]
        });
        rows.copy_from_slice(&y);
        *self = Self { t, s, y };
    }
}

/// What stands K rows back.
#[inline(always)]
fn back<T: Copy, const K: usize, const FORWARD: bool>(
    before: &[T; LANES],
    now: &[T; LANES],
) -> [T; LANES] {
    std::array::from_fn(|j| match FORWARD {
        true if j >= K => now[j - K],
        true => before[LANES + j - K],
        false if j + K < LANES => now[j + K],
        false => before[j + K - LANES],
    })
}
