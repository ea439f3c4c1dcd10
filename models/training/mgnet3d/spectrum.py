"""What holds the cycle of `gmg` up in a box: Ritz values of M^-1 A, and iterations of CG to 1e-8.

    env/bin/python models/training/mgnet3d/spectrum.py 32 1000

Rough binary fields of N^3 cells, in double precision. Four preconditioners: two levels, the coarse one the exact Galerkin
operator; two levels, the coarse one with the conductances of `gmg`; the V-cycle; the V-cycle with islands on the finest level. Low values that the
first one has too are those of interpolation, and no coarse conductances can mend them. Of the five lowest values of the
V-cycle: how much of the Ritz vector is on how many parts of the better material, the largest part left out.
"""

import sys

import jax
import numpy as np
import scipy.ndimage
import scipy.sparse as sp
import scipy.sparse.linalg as sl

import cycle
import families
import train
from families import islands

jax.config.update("jax_enable_x64", True)


def matrix(level):
    """A of (east, north, up, link), and its diagonal."""
    link = np.asarray(level[3], float)
    index, diagonal, parts = np.arange(link.size).reshape(link.shape), link.ravel().copy(), []
    for face, axis in zip(level[:3], families.AXES):
        here, there = families.before(axis)
        i, j, v = index[here].ravel(), index[there].ravel(), np.asarray(face, float)[here].ravel()
        np.add.at(diagonal, i, v)
        np.add.at(diagonal, j, v)
        parts.append(sp.coo_matrix((-v, (i, j)), (link.size, link.size)))
    off = sum(parts)
    return (off + off.T + sp.diags(diagonal)).tocsr(), diagonal


def coarser(level):
    """By the rule of `gmg`."""
    return [np.asarray(a)[..., 0] for a in train.default(tuple(np.asarray(a)[..., None] for a in level))]


class Level:
    def __init__(self, level, degree=3):
        self.omega = cycle.factors(degree)
        self.a, diagonal = matrix(level)
        self.root = 1 / np.sqrt(diagonal)
        self.s = (sp.diags(self.root) @ self.a @ sp.diags(self.root)).tocsr()
        blocks = np.kron(np.arange(len(diagonal) // 8).reshape([n // 2 for n in level[3].shape]), np.ones((2, 2, 2), int))
        p0 = sp.diags(1 / self.root) @ sp.csr_matrix((np.ones(blocks.size), (np.arange(blocks.size), blocks.ravel())))
        self.p = (p0 - self.s @ p0).tocsr()

    def apply(self, r, coarse):
        r, x = self.root * r, 0
        for w in self.omega:
            x = x + w * (r - self.s @ x) if np.ndim(x) else w * r
        x = x + self.p @ coarse(self.p.T @ (r - self.s @ x))
        for w in self.omega[::-1]:
            x = x + w * (r - self.s @ x)
        return self.root * x


def two_levels(level, galerkin):
    fine = Level(level)
    coarse = fine.p.T @ fine.s @ fine.p if galerkin else matrix(coarser(level))[0]
    solve = sl.splu(coarse.tocsc()).solve
    return lambda r: fine.apply(r, solve)


def vcycle(level):
    levels = []
    while level[3].shape[0] > 2:
        levels.append(Level(level, 4 if levels else 3))
        level = coarser(level)
    solve = sl.splu(matrix(level)[0].tocsc()).solve
    visit = lambda k, r: levels[k].apply(r, lambda c: visit(k + 1, c)) if k < len(levels) else solve(r)
    return lambda r: visit(0, r)


def localised(a, m, high, values=5, steps=60):
    """Where the lowest Ritz vectors of M^-1 A are: Lanczos in the product of A."""
    v = m(np.random.default_rng(2).standard_normal(a.shape[0]))
    v /= np.sqrt(v @ (a @ v))
    basis, images, t = [v], [a @ v], np.zeros((steps, steps))
    for k in range(steps):
        w = m(images[k])
        for _ in range(2):
            c = np.array([w @ image for image in images])
            w = w - np.array(basis).T @ c
            t[: len(c), k] += c
        w /= np.sqrt(w @ (a @ w))
        basis.append(w)
        images.append(a @ w)
    ritz, small = np.linalg.eigh(np.triu(t) + np.triu(t, 1).T)
    part, count = scipy.ndimage.label(high)
    size = np.bincount(part.ravel(), minlength=count + 1)
    size[0] = 0
    for k in range(values):
        energy = a.diagonal() * (np.array(basis[:steps]).T @ small[:, k]) ** 2
        on = np.bincount(part.ravel(), energy / energy.sum(), count + 1)
        on[0] = on[size.argmax()] = 0
        most = np.argsort(-on)
        few = np.searchsorted(np.cumsum(on[most]), 0.9 * on.sum()) + 1
        print(f"   {ritz[k]:.3f}: {on.sum():.3f} on {few} parts of {', '.join(str(size[p]) for p in most[:few])} cells", flush=True)


def conjugate_gradients(a, b, m):
    """Iterations to 1e-8, and the Ritz values of as many and more."""
    r, p, rz, steps, shares, arrived = b.copy(), 0, 1, [], [], None
    while arrived is None or len(steps) < min(60, arrived + 20):
        z = m(r)
        before, rz = rz, r @ z
        shares.append(rz / before)
        p = z + (shares[-1] * p if len(steps) else 0)
        q = a @ p
        steps.append(rz / (p @ q))
        r = r - steps[-1] * q
        if arrived is None and np.linalg.norm(r) < 1e-8 * np.linalg.norm(b):
            arrived = len(steps)
    main = [1 / s + (shares[k] / steps[k - 1] if k else 0) for k, s in enumerate(steps)]
    side = [np.sqrt(shares[k + 1]) / steps[k] for k in range(len(steps) - 1)]
    return arrived, np.linalg.eigvalsh(np.diag(main) + np.diag(side, 1) + np.diag(side, -1))


if __name__ == "__main__":
    n, contrast = int(sys.argv[1]), float(sys.argv[2])
    rng = np.random.default_rng(777)
    for _ in range(4):
        high = families.gaussian(rng, n, 10.0, 2.0) > 0
        level = families.faces(np.where(high, contrast, 1.0), np.ones(6))
        a, b = matrix(level)[0], rng.standard_normal(n**3)
        plain = vcycle(level)
        todo = [("Galerkin", two_levels(level, True)), ("two levels", two_levels(level, False)), ("V-cycle", plain)]
        for name, m in [*todo, ("islands", islands.in_double(a, plain, level[:3], level[3]))]:
            count, ritz = conjugate_gradients(a, b, m)
            low, high_end = (" ".join(f"{v:.3f}" for v in part) for part in (ritz[:5], ritz[-3:]))
            print(f"{name:11}{count:4} iterations   {low} ... {high_end}", flush=True)
        localised(a, plain, high)
