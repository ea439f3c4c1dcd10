//! A matrix compared with its transpose.

use crate::{CsrRef, Scalar, TransposePlan};

/// What the comparison shows.
pub(super) struct Symmetry {
    pub structural: bool,
    pub symmetric: bool,
    pub hermitian: bool,
    pub skew: bool,
    pub asymmetry: f64,
    pub non_hermitian: f64,
}

impl Symmetry {
    /// `largest` is the size of the largest entry.
    pub fn of<T: Scalar>(a: CsrRef<'_, T, u32>, largest: f64, square: bool) -> Self {
        let mut sums = Sums::new(largest, square);
        let structural = square && by_pairs(a, &mut sums);
        if square && !structural {
            sums = Sums::new(largest, true);
            by_transpose(a, &mut sums);
        }
        let relative = |part: f64| match (square, part > 0.0) {
            (false, _) => f64::NAN,
            (true, true) => (part / sums.size).sqrt(),
            (true, false) => part,
        };
        Self {
            structural,
            symmetric: sums.symmetric,
            hermitian: sums.hermitian,
            skew: sums.skew,
            asymmetry: relative(sums.transpose),
            non_hermitian: relative(sums.adjoint),
        }
    }
}

/// Sums over pairs of entries.
struct Sums {
    /// One over the largest entry: squares overflow.
    scale: f64,
    symmetric: bool,
    hermitian: bool,
    skew: bool,
    transpose: f64,
    adjoint: f64,
    size: f64,
}

impl Sums {
    fn new(largest: f64, square: bool) -> Self {
        Self {
            scale: if largest > 0.0 { 1.0 / largest } else { 1.0 },
            symmetric: square,
            hermitian: square,
            skew: square,
            transpose: 0.0,
            adjoint: 0.0,
            size: 0.0,
        }
    }

    /// x = aᵢⱼ beside y = aⱼᵢ.
    #[inline(always)]
    fn see<T: Scalar>(&mut self, x: T, y: T) {
        self.symmetric &= x == y;
        self.hermitian &= x == y.conj();
        self.skew &= x == -y;
        let (x, y) = (x.to_c64() * self.scale, y.to_c64() * self.scale);
        self.transpose += (x - y).norm_sqr();
        self.adjoint += (x - y.conj()).norm_sqr();
        self.size += x.norm_sqr();
    }
}

/// Every entry beside its mirror image, without a transpose; false if one has none. Rows are read
/// in order, so the image of the next entry (i, j), j > i, is the first of row j not seen yet.
fn by_pairs<T: Scalar>(a: CsrRef<'_, T, u32>, sums: &mut Sums) -> bool {
    let (ptr, col, val) = (a.row_ptr(), a.col_idx(), a.values());
    let n = a.nrows();
    let mut next = ptr[..n].to_vec();
    for i in 0..n {
        let end = ptr[i + 1] as usize;
        let mut k = next[i] as usize;
        if k < end && col[k] as usize == i {
            sums.see(val[k], val[k]);
            k += 1;
        }
        for k in k..end {
            let j = col[k] as usize;
            if j < i {
                return false; // row j has passed without it
            }
            let mirror = next[j];
            if mirror >= ptr[j + 1] || col[mirror as usize] as usize != i {
                return false;
            }
            next[j] += 1;
            let (x, y) = (val[k], val[mirror as usize]);
            sums.see(x, y);
            sums.see(y, x);
        }
    }
    true
}

/// The same for a pattern that is not symmetric: what has no mirror image is beside a zero.
fn by_transpose<T: Scalar>(a: CsrRef<'_, T, u32>, sums: &mut Sums) {
    let plan = TransposePlan::new(a);
    for i in 0..a.nrows() {
        let range = plan.row_ptr()[i] as usize..plan.row_ptr()[i + 1] as usize;
        let mut mirrored = range
            .map(|k| {
                let value = a.values()[plan.source()[k] as usize];
                (plan.col_idx()[k] as usize, value)
            })
            .peekable();
        let mut row = a.row_iter(i).peekable();
        // both are sorted: walk them side by side
        while let Some(j) = match (row.peek(), mirrored.peek()) {
            (Some(x), Some(y)) => Some(x.0.min(y.0)),
            (x, y) => x.or(y).map(|e| e.0),
        } {
            let x = row.next_if(|e| e.0 == j).map_or(T::ZERO, |e| e.1);
            let y = mirrored.next_if(|e| e.0 == j).map_or(T::ZERO, |e| e.1);
            sums.see(x, y);
        }
    }
}
