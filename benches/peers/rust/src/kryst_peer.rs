//! kryst: its CSR product and its Krylov methods.

use crate::{Clock, Failure, Job, Seconds, Solved, System, repeat};
use kryst::context::ksp_context::{KspContext, SolverType};
use kryst::context::pc_context::PcType;
use kryst::error::KError;
use kryst::matrix::op::{CsrOp, LinOp};
use kryst::matrix::sparse::CsrMatrix;
use std::str::FromStr;
use std::sync::Arc;

fn matrix(s: &System) -> CsrMatrix<f64> {
    let wide = |v: &[u32]| v.iter().map(|&i| i as usize).collect();
    CsrMatrix::from_csr(s.n(), s.n(), wide(&s.ptr), wide(&s.col), s.val.clone())
}

pub fn spmv(s: &System) -> Seconds {
    let a = matrix(s);
    let mut y = vec![0.0; s.n()];
    repeat(|| a.spmv(&s.b, &mut y))
}

pub fn solve(method: &str, s: &System, job: &Job) -> Result<Solved, Failure> {
    let (solver, precond) = method.split_once('+').ok_or("a method is SOLVER+PRECOND")?;
    let op: Arc<dyn LinOp<S = f64>> = Arc::new(CsrOp::new(Arc::new(matrix(s))));
    let say = |e: KError| format!("{e:?}");
    let mut ksp = KspContext::new();
    ksp.set_type(SolverType::from_str(solver).map_err(say)?).map_err(say)?;
    ksp.set_pc_type(PcType::from_str(precond).map_err(say)?, None).map_err(say)?;
    if solver == "gmres" {
        ksp.set_restart(30);
    }
    ksp.set_tolerances(job.rtol, 1e-300, 1e30, job.max_iters);
    ksp.set_operators(op, None);
    let clock = Clock::start();
    ksp.setup().map_err(say)?;
    let setup = clock.read();
    let mut x = vec![0.0; s.n()];
    let clock = Clock::start();
    let stats = ksp.solve(&s.b, &mut x).map_err(say)?;
    Ok(Solved { setup, solve: clock.read(), iterations: stats.iterations, x })
}
