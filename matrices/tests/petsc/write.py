"""Writes the files beside it with petsc4py: tridiag(-1, 2 + t/2, -1) of order 5, b = 1+10t ... 5+10t, t = 0, 1, ...

    python3 write.py 2 -ksp_view_mat binary -ksp_view_rhs binary -viewer_binary_filename complex.bin
    python3 write.py 3 -ksp_view_mat binary:A.bin -ksp_view_rhs binary:b.bin
    python3 write.py 2 grouped.bin        # all matrices, then all vectors
"""

import sys

import petsc4py

petsc4py.init(sys.argv)
from petsc4py import PETSc  # noqa: E402

ORDER = 5
SHIFT = 0.25j if PETSc.ScalarType(0).dtype.kind == "c" else 0.0


def system(t):
    a = PETSc.Mat().createAIJ([ORDER, ORDER], nnz=3)
    a.setUp()
    for i in range(ORDER):
        a[i, i] = 2 + 0.5 * t + SHIFT
        for j in (i - 1, i + 1):
            if 0 <= j < ORDER:
                a[i, j] = -1
    a.assemble()
    b = a.createVecRight()
    b[:] = [i + 1 + 10 * t for i in range(ORDER)]
    b.assemble()
    return a, b


systems = [system(t) for t in range(int(sys.argv[1]))]
if sys.argv[2].endswith(".bin"):
    viewer = PETSc.Viewer().createBinary(sys.argv[2], "w")
    for item in [a for a, _ in systems] + [b for _, b in systems]:
        item.view(viewer)
else:
    ksp = PETSc.KSP().create()
    ksp.setFromOptions()
    for a, b in systems:
        ksp.setOperators(a)
        ksp.solve(b, b.duplicate())
