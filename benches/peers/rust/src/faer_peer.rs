//! faer: its CG, sparse Cholesky and LU, and the product of its CSR matrix.

use crate::{Clock, Failure, Job, Seconds, Solved, System, repeat};
use faer::dyn_stack::{MemBuffer, MemStack, StackReq};
use faer::linalg::solvers::SolveCore;
use faer::matrix_free::conjugate_gradient::{
    CgParams, conjugate_gradient, conjugate_gradient_scratch,
};
use faer::matrix_free::{InitialGuessStatus, LinOp, Precond};
use faer::sparse::{SparseRowMat, SymbolicSparseRowMat};
use faer::{Mat, MatMut, MatRef, Par, Side};

fn parallelism(threads: usize) -> Par {
    let par = if threads > 1 { Par::rayon(threads) } else { Par::Seq };
    faer::set_global_parallelism(par);
    par
}

fn matrix(s: &System) -> SparseRowMat<u32, f64> {
    let pattern =
        SymbolicSparseRowMat::new_checked(s.n(), s.n(), s.ptr.clone(), None, s.col.clone());
    SparseRowMat::new(pattern, s.val.clone())
}

fn column(v: &[f64]) -> Mat<f64> {
    Mat::from_fn(v.len(), 1, |i, _| v[i])
}

pub fn spmv(s: &System, threads: usize) -> Result<Seconds, Failure> {
    let par = parallelism(threads);
    let a = matrix(s);
    let x = column(&s.b);
    let mut y = Mat::zeros(s.n(), 1);
    let mut memory = MemBuffer::new(a.as_ref().apply_scratch(1, par));
    Ok(repeat(|| a.as_ref().apply(y.as_mut(), x.as_ref(), par, MemStack::new(&mut memory))))
}

pub fn solve(method: &str, s: &System, job: &Job) -> Result<Solved, Failure> {
    let par = parallelism(job.threads);
    let a = matrix(s);
    let b = column(&s.b);
    let answer = |x: Mat<f64>| (0..x.nrows()).map(|i| x[(i, 0)]).collect();
    match method {
        "llt" | "lu" => {
            let a = a.to_col_major().map_err(|e| format!("{e:?}"))?;
            let clock = Clock::start();
            let factors: Box<dyn SolveCore<f64>> = if method == "llt" {
                Box::new(a.sp_cholesky(Side::Lower).map_err(|e| format!("{e:?}"))?)
            } else {
                Box::new(a.sp_lu().map_err(|e| format!("{e:?}"))?)
            };
            let setup = clock.read();
            let clock = Clock::start();
            let mut x = b;
            factors.solve_in_place_with_conj(faer::Conj::No, x.as_mut());
            Ok(Solved { setup, solve: clock.read(), iterations: 0, x: answer(x) })
        }
        "cg+jacobi" => {
            let clock = Clock::start();
            let m = Jacobi(s.diagonal().iter().map(|d| 1.0 / d).collect());
            let params = CgParams {
                rel_tolerance: job.rtol,
                max_iters: job.max_iters,
                // `Zero` gives wrong answers in 0.24.4
                initial_guess: InitialGuessStatus::MaybeNonZero,
                ..Default::default()
            };
            let mut memory = MemBuffer::new(conjugate_gradient_scratch(&m, a.as_ref(), 1, par));
            let setup = clock.read();
            let mut x = Mat::zeros(s.n(), 1);
            let stack = MemStack::new(&mut memory);
            let clock = Clock::start();
            let info = conjugate_gradient(
                x.as_mut(), &m, a.as_ref(), b.as_ref(), params, |_| {}, par, stack,
            );
            let solve = clock.read();
            // running out of iterations is wanted when one iteration is timed
            let iterations = info.map_or(job.max_iters, |i| i.iter_count);
            Ok(Solved { setup, solve, iterations, x: answer(x) })
        }
        _ => Err(format!("no method {method}").into()),
    }
}

/// diag(A)⁻¹.
#[derive(Debug)]
struct Jacobi(Vec<f64>);

impl LinOp<f64> for Jacobi {
    fn apply_scratch(&self, _: usize, _: Par) -> StackReq {
        StackReq::EMPTY
    }
    fn nrows(&self) -> usize {
        self.0.len()
    }
    fn ncols(&self) -> usize {
        self.0.len()
    }
    fn apply(&self, mut out: MatMut<'_, f64>, rhs: MatRef<'_, f64>, _: Par, _: &mut MemStack) {
        for j in 0..rhs.ncols() {
            for (i, d) in self.0.iter().enumerate() {
                out[(i, j)] = d * rhs[(i, j)];
            }
        }
    }
    fn conj_apply(&self, out: MatMut<'_, f64>, rhs: MatRef<'_, f64>, p: Par, s: &mut MemStack) {
        self.apply(out, rhs, p, s);
    }
}

impl Precond<f64> for Jacobi {
    fn apply_in_place_scratch(&self, _: usize, _: Par) -> StackReq {
        StackReq::EMPTY
    }
    fn apply_in_place(&self, mut rhs: MatMut<'_, f64>, _: Par, _: &mut MemStack) {
        for j in 0..rhs.ncols() {
            for (i, d) in self.0.iter().enumerate() {
                rhs[(i, j)] *= d;
            }
        }
    }
    fn conj_apply_in_place(&self, rhs: MatMut<'_, f64>, p: Par, s: &mut MemStack) {
        self.apply_in_place(rhs, p, s);
    }
}
