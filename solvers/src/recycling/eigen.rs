//! Eigenvalues and eigenvectors of small dense matrices, by faer, on one thread and in storage that is
//! there from the start.

use faer::dyn_stack::{MemBuffer, MemStack, StackReq};
use faer::linalg::evd::{self, ComputeEigenvectors};
use faer::{Mat, Par};
use resolvent_matrices::{Complex, Scalar};

type C64 = Complex<f64>;

/// Eigenvalues and eigenvectors of small dense matrices.
pub(crate) struct Eigen {
    work: Work,
    memory: MemBuffer,
    /// Of the last matrix.
    pub values: Vec<C64>,
    /// From the one wanted most.
    pub order: Vec<usize>,
}

enum Work {
    /// A, eigenvalues (real and imaginary parts), eigenvectors; of a complex pair two columns, real
    /// and imaginary part.
    Real(Mat<f64>, [Mat<f64>; 2], Mat<f64>),
    Complex(Mat<C64>, Mat<C64>, Mat<C64>),
}

impl std::fmt::Debug for Eigen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Eigen({:?})", self.values)
    }
}

impl Eigen {
    /// For matrices of order `most` at most.
    pub fn new<T: Scalar>(most: usize, hermitian: bool) -> Self {
        use ComputeEigenvectors::{No, Yes};
        let (size, par) = (most.max(1), Par::Seq);
        let all = 2..=size;
        let needs = |p| match (hermitian, T::IS_COMPLEX) {
            (true, false) => evd::self_adjoint_evd_scratch::<f64>(p, Yes, par, Default::default()),
            (true, true) => evd::self_adjoint_evd_scratch::<C64>(p, Yes, par, Default::default()),
            (false, false) => evd::evd_scratch::<f64>(p, No, Yes, par, Default::default()),
            (false, true) => evd::evd_scratch::<C64>(p, No, Yes, par, Default::default()),
        };
        let memory = all.map(needs).fold(StackReq::EMPTY, StackReq::or);
        let work = match T::IS_COMPLEX {
            false => Work::Real(
                Mat::zeros(size, size),
                [Mat::zeros(size, 1), Mat::zeros(size, 1)],
                Mat::zeros(size, size),
            ),
            true => Work::Complex(
                Mat::zeros(size, size),
                Mat::zeros(size, 1),
                Mat::zeros(size, size),
            ),
        };
        Self {
            work,
            memory: MemBuffer::new(memory),
            values: vec![C64::ZERO; size],
            order: vec![0; size],
        }
    }

    /// Of the matrix of order p with entries `entry(i, j)`; false if that fails.
    pub fn general(&mut self, p: usize, entry: impl Fn(usize, usize) -> C64) -> bool {
        let stack = MemStack::new(&mut self.memory);
        let (par, params) = (Par::Seq, Default::default());
        let done = match &mut self.work {
            Work::Real(a, [re, im], u) => {
                fill(a, p, |i, j| entry(i, j).re);
                let a = a.as_ref().submatrix(0, 0, p, p);
                let mut u = u.as_mut().submatrix_mut(0, 0, p, p);
                let done = match p {
                    0 | 1 => {
                        trivial(p, |x| re[(0, 0)] = x, a, u.as_mut());
                        im[(0, 0)] = 0.0;
                        Ok(())
                    }
                    _ => evd::evd_real::<f64>(
                        a,
                        re.as_mut().col_mut(0).subrows_mut(0, p).as_diagonal_mut(),
                        im.as_mut().col_mut(0).subrows_mut(0, p).as_diagonal_mut(),
                        None,
                        Some(u),
                        par,
                        stack,
                        params,
                    ),
                };
                for j in 0..p {
                    self.values[j] = C64::new(re[(j, 0)], im[(j, 0)]);
                }
                done.is_ok()
            }
            Work::Complex(a, s, u) => {
                fill(a, p, &entry);
                let a = a.as_ref().submatrix(0, 0, p, p);
                let mut u = u.as_mut().submatrix_mut(0, 0, p, p);
                let params = Default::default();
                let done = match p {
                    0 | 1 => {
                        trivial(p, |x| s[(0, 0)] = x, a, u.as_mut());
                        Ok(())
                    }
                    _ => evd::evd_cplx::<f64>(
                        a,
                        s.as_mut().col_mut(0).subrows_mut(0, p).as_diagonal_mut(),
                        None,
                        Some(u),
                        par,
                        stack,
                        params,
                    ),
                };
                for j in 0..p {
                    self.values[j] = s[(j, 0)];
                }
                done.is_ok()
            }
        };
        done && self.values[..p]
            .iter()
            .all(|v| v.re.is_finite() && v.im.is_finite())
    }

    /// Of a Hermitian matrix, from the smallest eigenvalue.
    pub fn hermitian(&mut self, p: usize, entry: impl Fn(usize, usize) -> C64) -> bool {
        let stack = MemStack::new(&mut self.memory);
        let par = Par::Seq;
        let done = match &mut self.work {
            Work::Real(a, [s, _], u) => {
                fill(a, p, |i, j| entry(i, j).re);
                let done = match p {
                    0 => Ok(()),
                    _ => evd::self_adjoint_evd::<f64>(
                        a.as_ref().submatrix(0, 0, p, p),
                        s.as_mut().col_mut(0).subrows_mut(0, p).as_diagonal_mut(),
                        Some(u.as_mut().submatrix_mut(0, 0, p, p)),
                        par,
                        stack,
                        Default::default(),
                    ),
                };
                for j in 0..p {
                    self.values[j] = C64::new(s[(j, 0)], 0.0);
                }
                done.is_ok()
            }
            Work::Complex(a, s, u) => {
                fill(a, p, &entry);
                let done = match p {
                    0 => Ok(()),
                    _ => evd::self_adjoint_evd::<C64>(
                        a.as_ref().submatrix(0, 0, p, p),
                        s.as_mut().col_mut(0).subrows_mut(0, p).as_diagonal_mut(),
                        Some(u.as_mut().submatrix_mut(0, 0, p, p)),
                        par,
                        stack,
                        Default::default(),
                    ),
                };
                for j in 0..p {
                    self.values[j] = C64::new(s[(j, 0)].re, 0.0);
                }
                done.is_ok()
            }
        };
        done && self.values[..p].iter().all(|v| v.re.is_finite())
    }

    /// Puts the eigenvalues in order; the two of a pair stay beside each other.
    pub fn sort(&mut self, p: usize, largest_first: bool) {
        let (order, values) = (&mut self.order[..p], &self.values);
        order.iter_mut().enumerate().for_each(|(i, o)| *o = i);
        let size = |i: usize| values[i].norm_sqr();
        order.sort_unstable_by(|&i, &j| {
            let by_size = size(i).total_cmp(&size(j));
            let by_size = if largest_first {
                by_size.reverse()
            } else {
                by_size
            };
            by_size.then(i.cmp(&j))
        });
    }

    /// Number `i` of eigenvector `j`; in real arithmetic, of the real or the imaginary part of one.
    pub fn vector(&self, i: usize, j: usize) -> C64 {
        match &self.work {
            Work::Real(_, _, u) => C64::new(u[(i, j)], 0.0),
            Work::Complex(_, _, u) => u[(i, j)],
        }
    }

    /// Whether eigenvalue `j` is the first of a complex pair that takes two columns.
    pub fn pair(&self, j: usize) -> bool {
        matches!(self.work, Work::Real(..)) && self.values[j].im != 0.0
    }
}

fn fill<E: Copy>(a: &mut Mat<E>, p: usize, entry: impl Fn(usize, usize) -> E) {
    for j in 0..p {
        for i in 0..p {
            a[(i, j)] = entry(i, j);
        }
    }
}

/// Of order 0 or 1.
fn trivial<E: Copy + From<f64>>(
    p: usize,
    mut value: impl FnMut(E),
    a: faer::MatRef<'_, E>,
    mut u: faer::MatMut<'_, E>,
) {
    if p == 1 {
        value(a[(0, 0)]);
        u[(0, 0)] = E::from(1.0);
    }
}
