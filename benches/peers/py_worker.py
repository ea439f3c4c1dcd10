#!/usr/bin/env python3
"""One measurement with a Python-callable library: SciPy, pyamg, AMGCL (pyamgcl) or PETSc (petsc4py).

usage: py_worker.py STAGE PEER METHOD SYSTEM.sys|FILE.mtx THREADS RTOL MAX_ITERS X_OUT

STAGE is solve (set up and solve once; the answer goes to X_OUT as raw doubles), spmv, or read.
Prints one JSON line. All workers, in any language, keep to this contract (README.md).
"""
import glob
import json
import os
import sys
import time

import numpy as np

SPMV_SECONDS = 0.5


def clocks():
    return time.process_time(), time.perf_counter()


def since(start):
    cpu, wall = clocks()
    return {"cpu": cpu - start[0], "wall": wall - start[1]}


def memory_mb(key):
    with open("/proc/self/status") as f:
        for line in f:
            if line.startswith(key):
                return int(line.split()[1]) / 1024
    return None


def reset_peak():
    try:
        with open("/proc/self/clear_refs", "w") as f:
            f.write("5")
    except OSError:
        pass
    return memory_mb("VmRSS")


def repeat(f, seconds):
    """Median time of a call, after one that is not counted."""
    f()
    cpu, wall, end = [], [], time.perf_counter() + seconds
    while time.perf_counter() < end or len(wall) < 5:
        start = clocks()
        f()
        spent = since(start)
        cpu.append(spent["cpu"])
        wall.append(spent["wall"])
    return {"cpu": float(np.median(cpu)), "wall": float(np.median(wall)), "calls": len(wall)}


# ---- each library: (a, b, method, rtol, max_iters) -> setup() -> solve() -> (x, iterations) -----

def scipy_method(a, b, method, rtol, max_iters):
    import scipy.sparse.linalg as sla

    name, _, precond = method.partition("+")
    if precond == "fft":
        from fft import fft_method

        return fft_method(a, b, method, rtol, max_iters)
    if name == "superlu":
        if precond == "symmetric":
            options = dict(permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options={"SymmetricMode": True})
        else:
            options = dict(permc_spec="COLAMD")

        def setup():
            factors = sla.splu(a.tocsc(), **options)
            return lambda: (factors.solve(b), 0)

        return setup

    count = [0]

    def counted(_):
        count[0] += 1

    def setup():
        m = None
        if precond == "jacobi":
            inverse = 1.0 / a.diagonal()
            m = sla.LinearOperator(a.shape, matvec=lambda v: inverse * v)
        elif precond == "ilut":
            factors = sla.spilu(a.tocsc(), drop_tol=1e-4, fill_factor=10)
            m = sla.LinearOperator(a.shape, matvec=factors.solve)

        def solve():
            options = dict(rtol=rtol, maxiter=max_iters, M=m, callback=counted)
            if name == "gmres":
                options.update(atol=0.0, restart=30, callback_type="pr_norm")
            elif name != "minres":
                options["atol"] = 0.0
            x, _ = getattr(sla, name)(a, b, **options)
            return x, count[0]

        return solve

    return setup


def pyamg_method(a, b, method, rtol, max_iters):
    import pyamg

    build = {
        "sa": lambda: pyamg.smoothed_aggregation_solver(a, max_coarse=500),
        "rs": lambda: pyamg.ruge_stuben_solver(a, max_coarse=500),
    }[method.partition("+")[2]]

    def setup():
        hierarchy = build()

        def solve():
            history = []
            x = hierarchy.solve(b, tol=rtol, accel="cg", maxiter=max_iters, residuals=history)
            return x, len(history) - 1

        return solve

    return setup


def amgcl_method(a, b, method, rtol, max_iters):
    import pyamgcl

    solver, _, precond = method.partition("+")

    def setup():
        if precond == "sa":
            m = pyamgcl.amg(a, {"coarsening.type": "smoothed_aggregation", "relax.type": "spai0"})
        elif precond == "rs":
            m = pyamgcl.amg(a, {"coarsening.type": "ruge_stuben", "relax.type": "gauss_seidel"})
        else:
            m = pyamgcl.relaxation(a, {"type": precond})

        def solve():
            s = pyamgcl.solver(m, {"type": solver, "tol": rtol, "maxiter": max_iters})
            return s(b), int(s.iters)

        return solve

    return setup


PETSC_PRECONDS = {
    "none": "-pc_type none",
    "jacobi": "-pc_type jacobi",
    "icc0": "-pc_type icc",
    "ilu0": "-pc_type ilu",
    "eisenstat": "-pc_type eisenstat",
    "hypre": "-pc_type hypre -pc_hypre_type boomeramg",
    "cholmod": "-pc_type cholesky -pc_factor_mat_solver_type cholmod",
    "umfpack": "-pc_type lu -pc_factor_mat_solver_type umfpack",
}


def petsc_module():
    try:
        import petsc4py
    except ImportError:
        found = sorted(glob.glob("/usr/lib/petscdir/*/*-real/lib/python3/dist-packages"))
        if not found:
            raise
        sys.path.insert(0, found[-1])
        import petsc4py
    petsc4py.init(["worker"])
    from petsc4py import PETSc

    return PETSc


def petsc_matrix(PETSc, a):
    """The rows of this rank."""
    comm, n = PETSc.COMM_WORLD, a.shape[0]
    lo, hi = (n * (comm.getRank() + k) // comm.getSize() for k in (0, 1))
    ptr = a.indptr[lo : hi + 1]
    part = slice(ptr[0], ptr[-1])
    size = ((hi - lo, n), (hi - lo, n))
    return PETSc.Mat().createAIJ(size=size, csr=(ptr - ptr[0], a.indices[part], a.data[part]), comm=comm), lo, hi


def petsc_method(a, b, method, rtol, max_iters):
    PETSc = petsc_module()
    solver, _, precond = method.partition("+")
    matrix, lo, hi = petsc_matrix(PETSc, a)
    if precond in ("icc0", "cholmod"):
        matrix.setOption(PETSc.Mat.Option.SYMMETRIC, True)
    options = f"-ksp_type {solver} {PETSC_PRECONDS[precond]} -ksp_max_it {max_iters}"
    parallel = PETSc.COMM_WORLD.getSize() > 1
    if parallel and precond in ("icc0", "ilu0"):  # these exist on one rank only: block Jacobi of them
        options = options.replace("-pc_type", "-pc_type bjacobi -sub_pc_type")
    if precond != "eisenstat":  # which can only stop on its own norm
        if solver == "cg":
            options += " -ksp_norm_type unpreconditioned"
        elif solver in ("bcgs", "gmres"):
            options += " -ksp_pc_side right"
    PETSc.Options().insertString(options)
    rhs, x = matrix.createVecs()
    rhs.setArray(b[lo:hi])
    x.set(0.0)

    def setup():
        ksp = PETSc.KSP().create(PETSc.COMM_WORLD)
        ksp.setOperators(matrix)
        ksp.setFromOptions()
        ksp.setTolerances(rtol=rtol, atol=0.0, divtol=1e30)
        ksp.setUp()
        if parallel:
            ksp.setUpOnBlocks()

        def solve():
            ksp.solve(rhs, x)
            return x.getArray(), ksp.getIterationNumber()

        return solve

    return setup


METHODS = {"scipy": scipy_method, "pyamg": pyamg_method, "amgcl": amgcl_method, "petsc": petsc_method}


# ---- stages ----------------------------------------------------------------------------------

def solve_stage(peer, method, system, rtol, max_iters, out):
    from problems import read_sys

    a, b = read_sys(system)
    rank, offset, barrier = 0, 0, lambda: None
    setup = METHODS[peer](a, b, method, rtol, max_iters)
    if peer == "petsc":
        comm = petsc_module().COMM_WORLD
        rank, barrier = comm.getRank(), comm.Barrier
        offset = a.shape[0] * rank // comm.getSize()
    before = reset_peak()
    barrier()
    start = clocks()
    solve = setup()
    barrier()
    setup_seconds = since(start)
    start = clocks()
    x, iterations = solve()
    barrier()
    solve_seconds = since(start)
    growth = memory_mb("VmHWM") - before
    if rank == 0:
        np.zeros(a.shape[0]).tofile(out)
    barrier()
    with open(out, "r+b") as f:
        f.seek(8 * offset)
        np.asarray(x, float).tofile(f)
    barrier()
    if rank == 0:
        return dict(setup=setup_seconds, solve=solve_seconds, iterations=iterations, growth_mb=growth)
    return None


def spmv_stage(peer, system):
    from problems import read_sys

    a, b = read_sys(system)
    if peer == "scipy":
        return dict(product=repeat(lambda: a @ b, SPMV_SECONDS))
    PETSc = petsc_module()
    matrix, _, _ = petsc_matrix(PETSc, a)
    x, y = matrix.createVecs()
    x.setArray(b)
    return dict(product=repeat(lambda: matrix.mult(x, y), SPMV_SECONDS))


def read_stage(path, threads):
    import scipy.io
    from scipy.io import _fast_matrix_market

    _fast_matrix_market.PARALLELISM = threads
    before = reset_peak()
    start = clocks()
    a = scipy.io.mmread(path).tocsr()
    seconds = since(start)
    return dict(read=seconds, nnz=int(a.nnz), growth_mb=memory_mb("VmHWM") - before)


def main():
    stage, peer, method, path, threads, rtol, max_iters, out = sys.argv[1:]
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    if stage == "solve":
        result = solve_stage(peer, method, path, float(rtol), int(max_iters), out)
    elif stage == "spmv":
        result = spmv_stage(peer, path)
    else:
        result = read_stage(path, int(threads))
    if result is not None:
        print(json.dumps(result), flush=True)


main()
