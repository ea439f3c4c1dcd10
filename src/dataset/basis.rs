//! One matrix, right-hand sides that are combinations of few: the few are solved, and every sample is
//! combined from their solutions.
//!
//! Let b₁, …, b_r be right-hand sides that the others are combinations of. Elimination with the largest
//! entry of what is left as pivot makes l₁, …, l_r of them, l_j with 1 in its own pivot row and 0 in the
//! pivot rows before:
//!   l_j = (b_j − Σ_{i<j} c_i l_i)/pivot,   A y_j = l_j,
//! and for any b of their span, going through its pivot rows,
//!   c_j = b(row_j) − Σ_{i<j} c_i l_i(row_j),   x = Σ c_j y_j:
//! r vectors are read instead of a factor, or of a matrix as often as there are iterations. The residual
//! of x is recomputed as ever; where it is too large, b lay elsewhere, and x is where the solve begins.
//!
//! Memory: r vectors a thread.

use super::DatasetError;
use super::chain::{self, Plan};
use super::request::Request;
use super::source::Source;
use resolvent_matrices::families::{Assembled, Description, SampleFamily};
use resolvent_matrices::{Csr, Scalar};
use resolvent_solvers::{Change, Observer, Sequence, Stopping, kernels};

/// Right-hand sides that the others may be combinations of, at most: with more, combining reads as much
/// as a factorisation of a plane problem does.
const MOST: usize = 32;
/// Samples that share the cost of a right-hand side that is solved, at least.
const SHARE: u64 = 8;
/// Numbers that a right-hand side is sketched by.
const BUCKETS: usize = 4 * MOST;
/// What of a right-hand side may be left outside of the span, in rtol.
const OUTSIDE: f64 = 1e-2;
/// The residual of what is combined is that of r solves: each is solved to this part of rtol.
const EXACTER: f64 = 1e-2;

/// The samples whose right-hand sides the first 64 are combinations of; empty where they are
/// not of few, where the solve of each would not be shared by many, and where A is not the same for all.
///
/// # Errors
/// [`DatasetError`] for samples that cannot be made.
pub fn find<T: Scalar<Real = f64>>(
    request: &Request,
    family: &dyn SampleFamily<T>,
    description: &Description,
    stop: &(dyn Fn() -> bool + Sync),
) -> Result<Vec<u64>, DatasetError> {
    let most = MOST.min((request.samples / SHARE) as usize);
    if family.steps() > 1 || most == 0 {
        return Ok(Vec::new());
    }
    let mut source = Source::new(request, description)?;
    let (mut inputs, mut system) = (description.new_inputs(), Assembled::default());
    let mut eliminated = Eliminated::default();
    let mut samples = Vec::new();
    for sample in 0..(2 * MOST as u64).min(request.samples) {
        if stop() {
            return Ok(Vec::new());
        }
        source
            .assemble(family, sample, &mut inputs, &mut system)
            .map_err(chain::blamed(request.first + sample))?;
        let sketch = sketch(&system.b);
        if eliminated.take(&sketch, OUTSIDE * request.rtol) {
            samples.push(sample);
        }
        if samples.len() > most {
            return Ok(Vec::new());
        }
    }
    Ok(samples)
}

/// Sums of the entries in buckets with signs: vectors that are dependent stay so, and others become
/// so with vanishing probability only. (A count sketch: Charikar, Chen, Farach-Colton 2002,
/// doi:10.1007/3-540-45465-9_59.)
fn sketch<T: Scalar>(b: &[T]) -> Vec<T> {
    let mut sums = vec![T::ZERO; BUCKETS];
    for (row, value) in b.iter().enumerate() {
        // the finalizer of SplitMix64: bucket and sign from the bits of the row
        let mut z = (row as u64).wrapping_add(0x9e37_79b9_7f4a_7c15);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^= z >> 31;
        let bucket = (z % BUCKETS as u64) as usize;
        match z >> 63 {
            0 => sums[bucket] += *value,
            _ => sums[bucket] -= *value,
        }
    }
    sums
}

/// c_j = b(row_j) − Σ_{i<j} c_i l_i(row_j), with l(i, j) for l_i(row_j).
fn coefficients<T: Scalar>(rows: &[usize], l: impl Fn(usize, usize) -> T, b: &[T], c: &mut Vec<T>) {
    c.clear();
    for (j, row) in rows.iter().enumerate() {
        let known = (0..j).fold(T::ZERO, |sum, i| sum + c[i] * l(i, j));
        c.push(b[*row] - known);
    }
}

/// Vectors l_j and their pivot rows.
#[derive(Debug)]
struct Eliminated<T> {
    vectors: Vec<Vec<T>>,
    rows: Vec<usize>,
}

impl<T> Default for Eliminated<T> {
    fn default() -> Self {
        Self {
            vectors: Vec::new(),
            rows: Vec::new(),
        }
    }
}

impl<T: Scalar<Real = f64>> Eliminated<T> {
    /// c with b ≈ Σ c_j l_j.
    fn coefficients(&self, b: &[T], c: &mut Vec<T>) {
        coefficients(&self.rows, |i, j| self.vectors[i][self.rows[j]], b, c);
    }

    /// l_i(row_j) of all i and j: what [`coefficients`] reads.
    fn in_pivot_rows(&self) -> Vec<Vec<T>> {
        let of = |l: &Vec<T>| self.rows.iter().map(|row| l[*row]).collect();
        self.vectors.iter().map(of).collect()
    }

    /// Takes what b has outside of the span as another vector; false if that is no more than `outside`
    /// of it.
    fn take(&mut self, b: &[T], outside: f64) -> bool {
        let (mut left, mut c) = (b.to_vec(), Vec::new());
        self.coefficients(b, &mut c);
        for (l, c) in self.vectors.iter().zip(&c) {
            kernels::axpy(-*c, l, &mut left); // b − Σ c_j l_j
        }
        let norms = [&left[..], b].map(|v| kernels::norm_squared(v).sqrt());
        if norms[0] <= outside.max(100.0 * f64::EPSILON) * norms[1] {
            return false;
        }
        let largest = left
            .iter()
            .enumerate()
            .max_by(|(_, a), (_, b)| a.abs().total_cmp(&b.abs()));
        let Some((row, pivot)) = largest.map(|(row, pivot)| (row, *pivot)) else {
            return false;
        };
        kernels::scale(T::ONE / pivot, &mut left);
        for at in &self.rows {
            left[*at] = T::ZERO; // up to rounding it was
        }
        self.vectors.push(left);
        self.rows.push(row);
        true
    }
}

/// The solutions that samples are combined from.
#[derive(Debug)]
pub struct Basis<T> {
    /// The matrix that it is for.
    a: Csr<T>,
    rows: Vec<usize>,
    /// l_i(row_j).
    l: Vec<Vec<T>>,
    /// y_j = A⁻¹ l_j, one after the other.
    solutions: Vec<T>,
    c: Vec<T>,
}

impl<T: Scalar<Real = f64>> Basis<T> {
    /// Solves for the right-hand sides of these samples. `None` where one of them does not converge or
    /// has another matrix, and where the observer ends it.
    ///
    /// # Errors
    /// [`DatasetError`] for samples that cannot be made, and for setups that fail.
    pub fn new(
        family: &dyn SampleFamily<T>,
        description: &Description,
        source: &mut Source,
        plan: &Plan,
        samples: &[u64],
        observer: &mut dyn Observer<T>,
    ) -> Result<Option<Self>, DatasetError> {
        let stopping = Stopping {
            rtol: (EXACTER * plan.stopping.rtol).max(100.0 * f64::EPSILON),
            ..plan.stopping
        };
        let mut sequence: Sequence<T> = chain::sequence(
            &Plan {
                stopping,
                ..plan.clone()
            },
            description,
        );
        let (mut inputs, mut system) = (description.new_inputs(), Assembled::default());
        let mut basis = Self {
            a: Csr::default(),
            rows: Vec::new(),
            l: Vec::new(),
            solutions: Vec::new(),
            c: Vec::new(),
        };
        let mut eliminated = Eliminated::default();
        let mut change = Change::Pattern;
        for sample in samples {
            source.assemble(family, *sample, &mut inputs, &mut system)?;
            if basis.a.nrows() == 0 {
                basis.a = system.a.clone();
            }
            if !basis.serves(&system.a) {
                return Ok(None);
            }
            if !eliminated.take(&system.b, 0.0) {
                continue; // of fewer than the sketch has shown
            }
            let Some(l) = eliminated.vectors.last() else {
                continue;
            };
            sequence.advance(change);
            change = Change::Nothing;
            let mut y = vec![T::ZERO; l.len()];
            let way = Some(&plan.way);
            let solved = sequence.solve(&system.a, l, way, None, &mut y, observer)?;
            // one that stagnates above the smaller tolerance may still do
            if solved.report.relative_residual() > plan.stopping.rtol {
                return Ok(None);
            }
            basis.solutions.extend_from_slice(&y);
        }
        basis.l = eliminated.in_pivot_rows();
        basis.rows = eliminated.rows;
        Ok(Some(basis))
    }

    /// Whether it is for this matrix.
    pub fn serves(&self, a: &Csr<T>) -> bool {
        self.a.values() == a.values() && self.a.col_idx() == a.col_idx()
    }

    /// x ← Σ c_j y_j, the solution for b if that is a combination of the l_j. Flops: 2rn.
    pub fn combine(&mut self, b: &[T], x: &mut [T]) {
        coefficients(&self.rows, |i, j| self.l[i][j], b, &mut self.c);
        x.fill(T::ZERO);
        kernels::block_axpy(&self.solutions, &self.c, x); // x = Y c
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use resolvent_matrices::Complex;

    fn combination<T: Scalar<Real = f64>>(of: &[Vec<T>], with: &[T]) -> Vec<T> {
        let mut sum = vec![T::ZERO; of[0].len()];
        for (v, c) in of.iter().zip(with) {
            kernels::axpy(*c, v, &mut sum);
        }
        sum
    }

    #[test]
    fn coefficients_give_any_combination_back() {
        let numbers = |k: usize| {
            let of = move |i: usize| ((i * i + 1) as f64 * (0.7 + k as f64)).sin();
            (0..200)
                .map(|i| Complex::new(of(i), of(i + 7)))
                .collect::<Vec<_>>()
        };
        let vectors: Vec<_> = (0..6).map(numbers).collect();
        let mut eliminated = Eliminated::default();
        assert!(vectors.iter().all(|v| eliminated.take(v, 1e-10)));
        let with: Vec<_> = (0..6)
            .map(|k| Complex::new(k as f64 - 2.5, 1e-3 * k as f64))
            .collect();
        let b = combination(&vectors, &with);
        assert!(!eliminated.take(&b, 1e-10), "it adds nothing");
        let mut c = Vec::new();
        eliminated.coefficients(&b, &mut c);
        let again = combination(&eliminated.vectors, &c);
        let off = b
            .iter()
            .zip(&again)
            .fold(0.0, |m: f64, (b, a)| m.max((*b - *a).norm()));
        assert!(off < 1e-12, "{off}");
    }

    #[test]
    fn a_sketch_shows_the_rank() {
        let vectors: Vec<Vec<f64>> = (0..9)
            .map(|k| {
                (0..5000)
                    .map(|i| ((i * (k + 3)) as f64 * 0.37).cos())
                    .collect()
            })
            .collect();
        let mut eliminated = Eliminated::default();
        let mut taken = 0;
        for sample in 0..40 {
            let with: Vec<f64> = (0..9)
                .map(|k| (((sample * 9 + k) * (sample + 2)) as f64).sin())
                .collect();
            let b = combination(&vectors, &with);
            taken += usize::from(eliminated.take(&sketch(&b), 1e-10));
        }
        assert_eq!(taken, 9);
    }

    #[test]
    fn zero_is_a_combination_of_nothing() {
        let mut eliminated = Eliminated::default();
        assert!(!eliminated.take(&[0.0; 8], 1e-10));
        assert!(eliminated.take(&[0.0, 2.0, 0.0], 1e-10));
    }
}
