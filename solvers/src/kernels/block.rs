//! A block of vectors against one vector: what orthogonalisation spends its time in.
//!
//! V has k columns of n numbers, one after the other. Both products read V once and the vector
//! once per 32 columns: rows are taken in pieces that stay in the first-level cache while the
//! columns pass by, four at a time.

use super::par::{LEAF, for_parts, sum_over};
use super::simd::simd;
use resolvent_matrices::Scalar;
use std::ops::{Add, Range};

/// Columns whose sums travel through the summation tree together.
const GROUP: usize = 32;
/// Independent partial sums of each of the four columns.
const LANES: usize = 8;

struct Sums<T>([T; GROUP]);

impl<T: Scalar> Add for Sums<T> {
    type Output = Self;
    fn add(mut self, other: Self) -> Self {
        self.0.iter_mut().zip(other.0).for_each(|(a, b)| *a += b);
        self
    }
}

simd! {
    fn dots_leaf<T: Scalar>(v: &[T], n: usize, rows: Range<usize>, w: &[T], sums: &mut [T]) {
        let column = |j: usize| &v[j * n + rows.start..j * n + rows.end];
        let mut four = sums.chunks_exact_mut(4);
        let mut j = 0;
        for sums in &mut four {
            let c: [&[T]; 4] = [column(j), column(j + 1), column(j + 2), column(j + 3)];
            let mut lanes = [[T::ZERO; LANES]; 4];
            let whole = w.len() / LANES * LANES;
            let c = c.map(|c| c.split_at(whole));
            for (i, w) in w[..whole].chunks_exact(LANES).enumerate() {
                for q in 0..4 {
                    let c = &c[q].0[i * LANES..(i + 1) * LANES];
                    for l in 0..LANES {
                        lanes[q][l] += c[l].conj() * w[l];
                    }
                }
            }
            for q in 0..4 {
                let tail: T = c[q].1.iter().zip(&w[whole..]).map(|(&a, &b)| a.conj() * b).sum();
                sums[q] = fold(lanes[q]) + tail;
            }
            j += 4;
        }
        for sum in four.into_remainder() {
            let mut lanes = [T::ZERO; LANES];
            let (cs, ws) = (column(j).chunks_exact(LANES), w.chunks_exact(LANES));
            let rest = cs.remainder().iter().zip(ws.remainder());
            let tail: T = rest.map(|(&a, &b)| a.conj() * b).sum();
            for (c, w) in cs.zip(ws) {
                for l in 0..LANES {
                    lanes[l] += c[l].conj() * w[l];
                }
            }
            *sum = fold(lanes) + tail;
            j += 1;
        }
    }
}

simd! {
    fn update_leaf<T: Scalar>(v: &[T], n: usize, start: usize, h: &[T], w: &mut [T]) {
        let len = w.len();
        let column = |j: usize| &v[j * n + start..j * n + start + len];
        let four = h.chunks_exact(4);
        let rest = four.remainder();
        let mut j = 0;
        for h in four {
            let (a, b, c, d) = (column(j), column(j + 1), column(j + 2), column(j + 3));
            for i in 0..len {
                w[i] += (h[0] * a[i] + h[1] * b[i]) + (h[2] * c[i] + h[3] * d[i]);
            }
            j += 4;
        }
        for &h in rest {
            for (w, &a) in w.iter_mut().zip(column(j)) {
                *w += h * a;
            }
            j += 1;
        }
    }
}

/// Adds the lanes up pairwise.
#[inline(always)]
fn fold<T: Scalar>(s: [T; LANES]) -> T {
    ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]))
}

/// h ← Vᴴ w for the `h.len()` columns of V, each as long as `w`.
///
/// # Panics
/// If `v` does not hold as many columns.
pub fn block_dot<T: Scalar>(v: &[T], w: &[T], h: &mut [T]) {
    let n = w.len();
    assert_eq!(v.len(), n * h.len(), "block_dot: size of V");
    for (group, h) in h.chunks_mut(GROUP).enumerate() {
        let v = &v[group * GROUP * n..][..h.len() * n];
        let k = h.len();
        let sums = sum_over(n, &|rows| {
            let mut sums = Sums([T::ZERO; GROUP]);
            dots_leaf(v, n, rows.clone(), &w[rows], &mut sums.0[..k]);
            sums
        });
        h.copy_from_slice(&sums.0[..k]); // hⱼ = vⱼᴴ w
    }
}

/// w ← w + V h for the `h.len()` columns of V, each as long as `w`.
///
/// # Panics
/// If `v` does not hold as many columns.
pub fn block_axpy<T: Scalar>(v: &[T], h: &[T], w: &mut [T]) {
    let n = w.len();
    assert_eq!(v.len(), n * h.len(), "block_axpy: size of V");
    for_parts(w, &|at, w| {
        for (piece, w) in w.chunks_mut(LEAF / 2).enumerate() {
            update_leaf(v, n, at + piece * (LEAF / 2), h, w); // w ← w + Σ hⱼ vⱼ
        }
    });
}

/// Rows that [`block_combine`] takes at a time.
pub(crate) const COMBINE_ROWS: usize = 64;
/// Rows whose sums are in registers.
const TILE: usize = 16;

simd! {
    /// Out of a piece of rows of all columns, the same rows of four combinations.
    fn combine_four<T: Scalar>(piece: &[T], t: [&[T]; 4], out: &mut [T]) {
        for at in (0..COMBINE_ROWS).step_by(TILE) {
            let mut sums = [[T::ZERO; TILE]; 4];
            for (l, column) in piece.chunks_exact(COMBINE_ROWS).enumerate() {
                let column = &column[at..at + TILE];
                for q in 0..4 {
                    let t = t[q][l];
                    for i in 0..TILE {
                        sums[q][i] += t * column[i];
                    }
                }
            }
            for q in 0..4 {
                out[q * COMBINE_ROWS + at..][..TILE].copy_from_slice(&sums[q]);
            }
        }
    }
}

/// The first k columns of X ← [X Y] T, X being n × `columns` (with room for k) and T given column by
/// column, `t_step` numbers apart. `room` holds [`COMBINE_ROWS`] numbers for each of the columns of X
/// and Y, and for k + 3 more.
///
/// On one thread: rows are independent, but the columns of X are not slices of their own.
pub(crate) fn block_combine<T: Scalar>(
    n: usize,
    x: &mut [T],
    columns: usize,
    y: &[T],
    (t, t_step, k): (&[T], usize, usize),
    room: &mut [T],
) {
    let size = columns + y.len().checked_div(n).unwrap_or(0);
    let (piece, out) = room.split_at_mut(size * COMBINE_ROWS);
    for start in (0..n).step_by(COMBINE_ROWS) {
        let rows = COMBINE_ROWS.min(n - start);
        for (l, piece) in piece.chunks_exact_mut(COMBINE_ROWS).enumerate() {
            let (block, l) = if l < columns {
                (&*x, l)
            } else {
                (y, l - columns)
            };
            piece[..rows].copy_from_slice(&block[l * n + start..][..rows]);
            piece[rows..].fill(T::ZERO);
        }
        for j in (0..k).step_by(4) {
            // beyond the last one, that one again
            let column = |q: usize| &t[(j + q).min(k - 1) * t_step..][..size];
            let four = [column(0), column(1), column(2), column(3)];
            combine_four(
                piece,
                four,
                &mut out[j * COMBINE_ROWS..][..4 * COMBINE_ROWS],
            ); // [X Y] tⱼ
        }
        for j in 0..k {
            let out = &out[j * COMBINE_ROWS..][..rows];
            x[j * n + start..][..rows].copy_from_slice(out);
        }
    }
}
