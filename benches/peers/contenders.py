"""Who is measured, on what, and the command that does it."""
import glob
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
CG_ITERATIONS = 100  # of the stage cg-iteration


@dataclass(frozen=True)
class Contender:
    stage: str  # spmv, ic0, read, read-memory, cg-iteration, solve, bandwidth
    system: str
    peer: str
    method: str
    threads: int

    def key(self):
        return (self.stage, self.system, self.peer, self.method, self.threads)

    def label(self):
        return f"{self.stage} {self.system} {self.peer} {self.method}".strip() + f" ({self.threads} t)"


class Places:
    """Where the programs are; a peer that is not there is absent, not an error."""

    def __init__(self, home, target):
        self.python = self._first(home / "venv/bin/python")
        self.eigen = self._first(home / "bin/eigen_worker")
        self.bandwidth = self._first(home / "bin/bandwidth")
        self.rust = self._first(home / "target/release/rust-worker")
        self.mpirun = shutil.which("mpirun")
        self.resolvent = self._first(target / "release/resolvent")
        self.kernels = self._first(target / "release/examples/kernels_bench")
        self.modules = self._modules()

    @staticmethod
    def _first(path):
        return str(path) if path.exists() else None

    def _modules(self):
        import importlib.util

        found = {p for p, m in (("scipy", "scipy"), ("pyamg", "pyamg"), ("amgcl", "pyamgcl"), ("petsc", "petsc4py"))
                 if importlib.util.find_spec(m)}
        if glob.glob("/usr/lib/petscdir/*/*-real/lib/python3/dist-packages/petsc4py"):
            found.add("petsc")
        return found

    def missing(self):
        """Name of each peer that is absent, with what brings it."""
        gone = [f"{p} (a Python package)" for p in ("scipy", "pyamg", "amgcl", "petsc") if p not in self.modules]
        for name, path in (("eigen", self.eigen), ("faer, kryst", self.rust), ("bandwidth", self.bandwidth),
                           ("two ranks of petsc", self.mpirun)):
            if path is None:
                gone.append(f"{name} (setup.sh builds or installs it)")
        return gone

    def command(self, c, files, rtol, out):
        """argv of one measurement, or None where the peer is absent. `files` are mtx, rhs, sys."""
        mtx, rhs, binary = (str(f) for f in files)
        solving = c.stage in ("solve", "cg-iteration")
        limit = str(CG_ITERATIONS if c.stage == "cg-iteration" else 20000)
        if c.stage == "bandwidth":
            return self.bandwidth and [self.bandwidth, str(c.threads)]
        if c.peer == "ours":
            if not solving:
                return self.kernels and [self.kernels, c.stage, mtx, str(c.threads)]
            argv = [self.resolvent, "solve", mtx, "--rhs", rhs, "--threads", str(c.threads), "--json", "--quiet",
                    "--rtol", repr(rtol), "--out", str(out)]
            solver, _, precond = c.method.partition("+")
            argv += ["--solver", solver] + (["--precond", precond] if precond else [])
            if c.stage == "cg-iteration":
                argv += ["--max-iters", limit]
            return self.resolvent and argv
        stage = "solve" if solving else c.stage
        tail = [c.method, mtx if stage == "read" else binary, str(c.threads), repr(rtol), limit, str(out)]
        if c.peer == "eigen":
            return self.eigen and [self.eigen, stage, *tail]
        if c.peer in ("faer", "kryst"):
            return self.rust and [self.rust, stage, c.peer, *tail]
        if c.peer not in self.modules:
            return None
        argv = [os.sys.executable, str(HERE / "py_worker.py"), stage, c.peer, *tail]
        if c.peer == "petsc" and c.threads > 1:
            ranks = [self.mpirun, "--allow-run-as-root", "--oversubscribe", "-n", str(c.threads)]
            return self.mpirun and ranks + argv
        return argv


def environment(c):
    """One rank of PETSc is one thread; the others take their threads from here."""
    threads = "1" if c.peer == "petsc" else str(c.threads)
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "RAYON_NUM_THREADS")
    return dict(os.environ, PYTHONHASHSEED="0", OMP_PROC_BIND="false", **{n: threads for n in names})


# ---- the groups: what is in one group is run in turns ------------------------------------------

def group(stage, system, names, threads):
    split = [name.partition(" ") for name in names]
    return [Contender(stage, system, peer, method or "-", threads) for peer, _, method in split]


IC0_SYSTEMS = ["poisson2d_512", "poisson3d_64", "poisson3d_100", "darcy_256"]
SPMV_SYSTEMS = ["poisson2d_1024", "poisson3d_100"]


def table_groups():
    """What the speed table of BENCHMARKS.md is made of."""
    groups = []
    for system in SPMV_SYSTEMS:
        groups.append(group("spmv", system, ["ours", "faer", "scipy", "petsc", "eigen"], 1))
        groups.append(group("spmv", system, ["ours", "eigen"], 2) + group("bandwidth", system, ["machine"], 2))
    for system in SPMV_SYSTEMS:
        for threads in (1, 2):
            names = ["ours cg+jacobi", "petsc cg+jacobi", "eigen cg+jacobi"]
            groups.append(group("cg-iteration", system, names, threads))
    for system in IC0_SYSTEMS:
        names = ["ours cg+ic0", "petsc cg+icc0"]
        groups.append(group("solve", system, names, 1) + group("solve", system, names, 2))
    groups.append(group("ic0", "poisson2d_300", ["ours"], 1))
    names = ["ours bicgstab+ilu0", "petsc bcgs+ilu0"]
    groups.append(group("solve", "convdiff_256", names, 1) + group("solve", "convdiff_256", names, 2))
    for threads in (1, 2):
        groups.append(group("read", "poisson3d_100", ["ours", "scipy mmread"], threads))
    groups.append(group("read-memory", "poisson3d_100", ["ours"], 2))
    return groups


POSITIVE_ITERATIVE = ["ours auto", "ours cg+ic0", "ours cg+jacobi", "petsc cg+icc0", "petsc cg+eisenstat",
                      "petsc cg+jacobi", "petsc cg+hypre", "amgcl cg+sa", "amgcl cg+rs", "pyamg cg+sa", "pyamg cg+rs",
                      "eigen cg+jacobi", "eigen cg+ic", "scipy cg+jacobi", "faer cg+jacobi", "kryst cg+jacobi"]
POSITIVE_DIRECT = ["ours direct", "faer llt", "petsc preonly+cholmod", "eigen llt", "scipy superlu+symmetric"]
CONVECTION = ["ours auto", "ours bicgstab+ilu0", "ours gmres+ilu0", "ours direct", "petsc bcgs+ilu0",
              "petsc gmres+ilu0", "petsc preonly+umfpack", "amgcl bicgstab+ilu0", "amgcl bicgstab+sa",
              "eigen bicgstab+ilut", "eigen lu", "scipy bicgstab+ilut", "scipy superlu", "kryst bicgstab+ilu0",
              "faer lu"]
INDEFINITE = ["ours auto", "ours minres+none", "ours direct", "petsc minres+none", "scipy minres+none",
              "petsc preonly+umfpack", "eigen ldlt", "scipy superlu+symmetric", "faer lu"]
THREADED = {"ours", "petsc", "amgcl", "eigen", "faer"}


def all_groups(threads):
    """Every peer on every system."""
    groups = []
    for system in ("poisson2d_512", "poisson3d_64", "darcy_256", "darcy_lognormal_256", "aniso_256",
                   "poisson2d_1024", "poisson3d_100"):
        names = list(POSITIVE_ITERATIVE)
        if "3d" not in system:  # in three dimensions the factors do not fit the time
            names += POSITIVE_DIRECT
        groups.append(group("solve", system, names, threads))
    groups.append(group("solve", "convdiff_256", CONVECTION, threads))
    groups.append(group("solve", "helmholtz_128", INDEFINITE, threads))
    if threads > 1:
        groups = [[c for c in g if c.peer in THREADED] for g in groups]
    return groups
