//! Points, distances, principal components.

use faer::{MatMut, MatRef, Side};

/// N points of d coordinates each.
#[derive(Debug, Clone, PartialEq)]
pub struct Points {
    dims: usize,
    coords: Vec<f64>,
}

/// Points that principal components are found from; of more, so many spread evenly.
const SAMPLE: usize = 4096;

impl Points {
    /// No points yet, of so many coordinates.
    pub fn new(dims: usize) -> Self {
        Self {
            dims,
            coords: Vec::new(),
        }
    }

    /// One more point. Coordinates that are missing are zero, those beyond d are left out, and what is
    /// not finite counts as zero.
    pub fn push(&mut self, point: &[f64]) {
        let finite = |x: &f64| if x.is_finite() { *x } else { 0.0 };
        let given = point.iter().take(self.dims).map(finite);
        self.coords.extend(given);
        let missing = self.dims.saturating_sub(point.len());
        self.coords.extend(std::iter::repeat_n(0.0, missing));
    }

    /// N; of points without coordinates 0.
    pub fn len(&self) -> usize {
        self.coords.len().checked_div(self.dims).unwrap_or(0)
    }

    /// N = 0.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// d.
    pub fn dims(&self) -> usize {
        self.dims
    }

    /// Point i.
    ///
    /// # Panics
    /// If there are not so many.
    pub fn point(&self, i: usize) -> &[f64] {
        &self.coords[i * self.dims..(i + 1) * self.dims]
    }

    /// The same points in their leading principal components, at most `most` of them, and no more than
    /// it takes to keep nine tenths of the variance; at least one. O(min(N, 4096) d² + d³ + N d·`most`).
    ///
    /// Distances along the components are kept as they are, not scaled to equal variance: a direction
    /// in which the points hardly differ should not decide who is near.
    pub fn principal(&self, most: usize) -> Self {
        let (n, d) = (self.len(), self.dims);
        if n < 2 || d <= 1 {
            return self.clone();
        }
        let mean = self.mean();
        let taken: Vec<usize> = (0..n).step_by(n.div_ceil(SAMPLE)).collect();
        let centred: Vec<f64> = taken
            .iter()
            .flat_map(|&i| self.point(i).iter().zip(&mean).map(|(x, m)| x - m))
            .collect();
        let centred = MatRef::from_column_major_slice(&centred, d, taken.len());
        let covariance = centred * centred.transpose(); // C = Σ (x − x̄)(x − x̄)ᵀ
        let Ok(eigen) = covariance.self_adjoint_eigen(Side::Lower) else {
            return self.clone();
        };
        // eigenvalues come in rising order
        let values: Vec<f64> = (0..d).rev().map(|k| eigen.S()[k].max(0.0)).collect();
        let total: f64 = values.iter().sum();
        let mut kept = 0.0;
        let enough = values.iter().position(|value| {
            kept += value;
            kept >= 0.9 * total
        });
        let dims = enough.map_or(d, |k| k + 1).clamp(1, most.max(1));
        let basis = eigen.U().subcols(d - dims.min(d), dims.min(d));
        let mut coords = vec![0.0; n * basis.ncols()];
        let all = MatRef::from_column_major_slice(&self.coords, d, n);
        faer::linalg::matmul::matmul(
            MatMut::from_column_major_slice_mut(&mut coords, basis.ncols(), n),
            faer::Accum::Replace,
            basis.transpose(), // y = Vᵀ x
            all,
            1.0,
            faer::Par::Seq,
        );
        Self {
            dims: basis.ncols(),
            coords,
        }
    }

    fn mean(&self) -> Vec<f64> {
        let mut mean = vec![0.0; self.dims];
        for point in self.coords.chunks(self.dims) {
            mean.iter_mut().zip(point).for_each(|(m, x)| *m += x);
        }
        mean.iter_mut().for_each(|m| *m /= self.len() as f64);
        mean
    }
}

/// ‖p − q‖₂.
pub fn euclidean(p: &[f64], q: &[f64]) -> f64 {
    // eight sums side by side, which fit in vector registers
    let (heads, tail) = p.as_chunks::<8>();
    let (others, rest) = q.as_chunks::<8>();
    let mut sums = [0.0; 8];
    for (p, q) in heads.iter().zip(others) {
        for k in 0..8 {
            sums[k] += (p[k] - q[k]) * (p[k] - q[k]);
        }
    }
    let last = tail.iter().zip(rest).map(|(x, y)| (x - y) * (x - y));
    (sums.iter().sum::<f64>() + last.sum::<f64>()).sqrt()
}

/// ‖p − q‖₁.
pub fn manhattan(p: &[f64], q: &[f64]) -> f64 {
    p.iter().zip(q).map(|(x, y)| (x - y).abs()).sum()
}

/// ‖p − q‖_∞.
pub fn chebyshev(p: &[f64], q: &[f64]) -> f64 {
    p.iter()
        .zip(q)
        .map(|(x, y)| (x - y).abs())
        .fold(0.0, f64::max)
}
