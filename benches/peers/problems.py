#!/usr/bin/env python3
"""The test systems: written once as Matrix Market, the same bytes every time.

usage: problems.py [--data DIR] [NAME ...]

Each NAME gives NAME.mtx (symmetric ones: lower triangle) and NAME_b.mtx (n x 1 array), and NAME.sys,
the same system in binary for the workers (see `write_sys`). Files that are there are kept.
"""
import argparse
import os
import tempfile
from functools import reduce
from pathlib import Path

import numpy as np
import scipy.fft
import scipy.io
import scipy.sparse as sp

MAGIC = b"RSLVSYS1"


def default_data():
    return Path(os.environ.get("PEERS_DATA") or Path(tempfile.gettempdir()) / "resolvent-peers")


# ---- operators -------------------------------------------------------------------------------

def difference(n):
    """(n+1) x n: from n values to their n+1 differences, zero outside."""
    return sp.diags([np.ones(n), -np.ones(n)], [0, -1], shape=(n + 1, n))


def along(axis, op, shape):
    """`op` along one axis of a grid, the identity along the others; the last axis runs fastest."""
    return reduce(sp.kron, [op if d == axis else sp.identity(n) for d, n in enumerate(shape)])


def laplacian(shape, weights=None):
    """Sum over the axes of w G^T G with G the difference along that axis: zero Dirichlet values."""
    weights = weights or [1.0] * len(shape)
    terms = []
    for axis, (n, w) in enumerate(zip(shape, weights)):
        g = along(axis, difference(n), shape)
        terms.append(w * (g.T @ g))
    return sum(terms[1:], terms[0]).tocsr()


def face_means(k, axis):
    """Harmonic means of cell values on the faces across `axis`; half a cell to the boundary."""
    k = np.moveaxis(k, axis, 0)
    inner = 2.0 / (1.0 / k[1:] + 1.0 / k[:-1])
    return np.moveaxis(np.concatenate([2.0 * k[:1], inner, 2.0 * k[-1:]]), 0, axis)


def darcy_matrix(k):
    """-div(k grad u) on square cells by finite volumes, u = 0 on the boundary, times the cell area."""
    total = 0
    for axis, n in enumerate(k.shape):
        g = along(axis, difference(n), k.shape)
        total = total + g.T @ sp.diags(face_means(k, axis).ravel()) @ g
    return total.tocsr()


def gaussian_field(n, smoothness, inverse_length, rng):
    """Sample of N(0, (-Laplacian + inverse_length^2)^-smoothness) on n x n cells, no flux."""
    j = np.arange(n) ** 2
    eigenvalues = np.pi**2 * (j[:, None] + j[None, :]) + inverse_length**2
    c = rng.standard_normal((n, n)) * eigenvalues ** (-smoothness / 2)
    c[0, 0] = 0.0
    return scipy.fft.idctn(c, norm="ortho")


# ---- the systems -----------------------------------------------------------------------------

def normal_rhs(seed, n):
    return np.random.default_rng(seed).standard_normal(n)


def poisson(*shape):
    return laplacian(shape), normal_rhs(11, int(np.prod(shape)))


def darcy(n):
    """Permeability 12 where a Gaussian field is positive, 3 elsewhere; constant source."""
    field = gaussian_field(n, 2.0, 3.0, np.random.default_rng(12))
    return darcy_matrix(np.where(field > 0, 12.0, 3.0)), np.full(n * n, 1.0 / n**2)


def darcy_lognormal(n):
    """Permeability from 1e-2 to 1e2, the exponent a rougher Gaussian field."""
    field = gaussian_field(n, 1.5, 8.0, np.random.default_rng(13))
    k = 10.0 ** (4.0 * (field - field.min()) / np.ptp(field) - 2.0)
    return darcy_matrix(k), np.full(n * n, 1.0 / n**2)


def anisotropic(n, ratio=1e-2):
    return laplacian((n, n), [ratio, 1.0]), normal_rhs(14, n * n)


def convection_diffusion(n, peclet=1.0, angle=np.pi / 6):
    """-Laplacian + wind . grad by central differences, times h^2; `peclet` is |wind| h."""
    centred = sp.diags([0.5 * np.ones(n - 1), -0.5 * np.ones(n - 1)], [1, -1])
    wind = along(1, np.cos(angle) * centred, (n, n)) + along(0, np.sin(angle) * centred, (n, n))
    return (laplacian((n, n)) + peclet * wind).tocsr(), normal_rhs(15, n * n)


def helmholtz(n, wavenumber=20.0):
    """-Laplacian - k^2 on the unit square, times h^2: symmetric and indefinite."""
    shift = (wavenumber / (n + 1)) ** 2
    return (laplacian((n, n)) - shift * sp.identity(n * n)).tocsr(), normal_rhs(16, n * n)


SYSTEMS = {
    "poisson2d_512": lambda: poisson(512, 512),
    "poisson2d_1024": lambda: poisson(1024, 1024),
    "poisson3d_64": lambda: poisson(64, 64, 64),
    "poisson3d_100": lambda: poisson(100, 100, 100),
    "darcy_256": lambda: darcy(256),
    "darcy_lognormal_256": lambda: darcy_lognormal(256),
    "aniso_256": lambda: anisotropic(256),
    "convdiff_256": lambda: convection_diffusion(256),
    "helmholtz_128": lambda: helmholtz(128),
    "poisson2d_300": lambda: poisson(300, 300),  # IC(0) apply against one product
}
SYMMETRIC_POSITIVE = [n for n in SYSTEMS if not n.startswith(("convdiff", "helmholtz"))]


# ---- files -----------------------------------------------------------------------------------

def write_sys(path, a, b):
    """MAGIC, u64 n, u64 nnz, u32 row pointers, u32 columns, f64 values, f64 right-hand side."""
    a = a.tocsr()
    a.sort_indices()
    partial = path.with_suffix(".partial")
    with open(partial, "wb") as f:
        f.write(MAGIC)
        np.array([a.shape[0], a.nnz], np.uint64).tofile(f)
        a.indptr.astype(np.uint32).tofile(f)
        a.indices.astype(np.uint32).tofile(f)
        a.data.astype(float).tofile(f)
        np.asarray(b, float).ravel().tofile(f)
    partial.rename(path)


def read_sys(path):
    with open(path, "rb") as f:
        if f.read(8) != MAGIC:
            raise SystemExit(f"{path} is not a system file: delete it and run again")
        n, nnz = (int(v) for v in np.fromfile(f, np.uint64, 2))
        ptr = np.fromfile(f, np.int32, n + 1)
        col = np.fromfile(f, np.int32, nnz)
        val = np.fromfile(f, float, nnz)
        b = np.fromfile(f, float, n)
    return sp.csr_matrix((val, col, ptr), shape=(n, n)), b


def ensure(name, data):
    """Paths (A.mtx, b.mtx, .sys) of a system, made if they are not there."""
    mtx, rhs, binary = data / f"{name}.mtx", data / f"{name}_b.mtx", data / f"{name}.sys"
    if not (mtx.exists() and rhs.exists()):
        if name not in SYSTEMS:
            raise SystemExit(f"no system {name}: neither in {data} nor one of {', '.join(SYSTEMS)}")
        data.mkdir(parents=True, exist_ok=True)
        a, b = SYSTEMS[name]()
        a.sort_indices()
        symmetry = "general" if name.startswith("convdiff") else "symmetric"
        for target, content, kind in ((mtx, a.tocoo(), symmetry), (rhs, b.reshape(-1, 1), "general")):
            partial = target.with_suffix(".partial.mtx")
            scipy.io.mmwrite(partial, content, symmetry=kind, precision=17)
            partial.rename(target)
    if not binary.exists() or binary.stat().st_mtime < max(mtx.stat().st_mtime, rhs.stat().st_mtime):
        write_sys(binary, scipy.io.mmread(mtx), scipy.io.mmread(rhs))
    return mtx, rhs, binary


def main():
    cli = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    cli.add_argument("--data", type=Path, default=default_data(), help="where the files go")
    cli.add_argument("names", nargs="*", metavar="NAME", help="default: all")
    args = cli.parse_args()
    for name in args.names or SYSTEMS:
        a, _ = read_sys(ensure(name, args.data)[2])
        print(f"{name}: {a.shape[0]} unknowns, {a.nnz} entries", flush=True)


if __name__ == "__main__":
    main()
