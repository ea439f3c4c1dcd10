"""Random 5-point problems on a plane of cells: what `mgnet` is trained on.

A problem is (east, north, link), arrays of N x N, as `GmgLevel` of the Rust crate has them: conductances of
the faces towards the next cell along x and y (0 at the sides), and of the link to a Dirichlet value. The
first index is y.
"""

import sys
from pathlib import Path

import numpy as np
import scipy.fft
import scipy.sparse as sp
import scipy.sparse.linalg as spla

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import islands  # noqa: E402


def gaussian(rng, n, tau, alpha):
    """A Gaussian field with the covariance (-Laplace + tau^2)^(-alpha), scaled to unit variance."""
    k = np.pi * np.arange(n)
    amplitude = (k[:, None] ** 2 + k[None, :] ** 2 + tau**2) ** (-alpha / 2)
    amplitude[0, 0] = 0.0
    field = scipy.fft.idctn(amplitude * rng.standard_normal((n, n)), norm="ortho")
    return field / field.std()


def log_uniform(rng, low, high):
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def faces(k, sides):
    """Finite volumes: harmonic means between cells, half a cell towards sides with a value."""
    n = k.shape[0]
    east, north, link = np.zeros((n, n)), np.zeros((n, n)), np.zeros((n, n))
    total = lambda a, b: np.where(a + b > 0, 2 * a * b / np.where(a + b > 0, a + b, 1), 0)
    east[:, :-1] = total(k[:, :-1], k[:, 1:])
    north[:-1, :] = total(k[:-1, :], k[1:, :])
    west_fixed, east_fixed, south_fixed, north_fixed = sides
    link[:, 0] += 2 * k[:, 0] * west_fixed
    link[:, -1] += 2 * k[:, -1] * east_fixed
    link[0, :] += 2 * k[0, :] * south_fixed
    link[-1, :] += 2 * k[-1, :] * north_fixed
    return east, north, link


def some_sides(rng, neumann=0.0):
    """Which of the four sides have a value; none of them with probability `neumann`."""
    if rng.random() < neumann:
        return np.zeros(4)
    sides = (rng.random(4) < 0.6).astype(float)
    return sides if sides.any() else np.ones(4)


def holes(rng, n):
    """Cells that are solid: discs, boxes, or a random field above a threshold."""
    y, x = (np.mgrid[0:n, 0:n] + 0.5) / n
    kind = rng.integers(3)
    if kind == 2:
        field = gaussian(rng, n, log_uniform(rng, 5, 60), 2.0)
        return field > rng.uniform(0.3, 1.2)
    solid = np.zeros((n, n), bool)
    for _ in range(rng.integers(1, 12)):
        cx, cy = rng.random(2)
        rx, ry = rng.uniform(0.02, 0.15, 2)
        if kind == 0:
            solid |= (x - cx) ** 2 + (y - cy) ** 2 < rx**2
        else:
            solid |= (abs(x - cx) < rx) & (abs(y - cy) < ry)
    return solid


def masked(rng, n):
    """Poisson around obstacles, some insulated and some of value 0; mixed sides, some pure Neumann."""
    solid = holes(rng, n)
    k = np.where(solid, 0.0, 1.0)
    east, north, link = faces(k, some_sides(rng, neumann=0.15))
    # obstacles of value 0: free cells beside them have a link
    fixed = solid & (gaussian(rng, n, 4.0, 2.0) > rng.uniform(-1.5, 1.5))
    if link.any() or rng.random() < 0.5:
        beside = np.zeros((n, n))
        beside[:, 1:] += fixed[:, :-1]
        beside[:, :-1] += fixed[:, 1:]
        beside[1:, :] += fixed[:-1, :]
        beside[:-1, :] += fixed[1:, :]
        link = link + np.where(solid, 0.0, beside * rng.choice([1.0, 2.0]))
    return east, north, link


def lognormal(rng, n):
    """exp(sigma g), sigma up to 3."""
    g = gaussian(rng, n, log_uniform(rng, 1, 30), rng.uniform(1.5, 3.0))
    return faces(np.exp(rng.uniform(0.3, 3.0) * g), some_sides(rng))


def binary(rng, n, most=1e3):
    """Two materials, the interface rough (new detail down to the cells), smooth, or blocks; channels."""
    contrast = log_uniform(rng, 10, most)
    kind = rng.integers(5)
    if kind <= 1:  # a window of a large field, or a small one: rough on every level
        high = gaussian(rng, n, log_uniform(rng, 0.5, 40), 2.0) > rng.uniform(-0.6, 0.6)
    elif kind == 2:
        high = gaussian(rng, n, log_uniform(rng, 1, 15), 4.0) > rng.uniform(-0.6, 0.6)
    elif kind == 3:
        size = int(rng.choice([2, 3, 4, 5, 8]))
        blocks = rng.random((n // size + 1, n // size + 1)) < rng.uniform(0.3, 0.7)
        high = np.kron(blocks, np.ones((size, size), bool))[:n, :n]
    else:  # thin channels
        high = np.zeros((n, n), bool)
        for _ in range(rng.integers(2, 14)):
            at, width, start = rng.integers(n), rng.integers(1, 4), rng.integers(0, n // 2)
            end = rng.integers(n // 2, n + 1)
            cut = np.s_[at : at + width, start:end] if rng.random() < 0.5 else np.s_[start:end, at : at + width]
            high[cut] = True
    if rng.random() < 0.5:
        high = ~high
    return faces(np.where(high, contrast, 1.0), some_sides(rng))


def rough(rng, n):
    """Two materials of high contrast, the interface rough: where the rule of `gmg` loses most."""
    contrast = log_uniform(rng, 100, 2e4)
    high = gaussian(rng, n, log_uniform(rng, 2, 40), 2.0) > rng.uniform(-0.6, 0.6)
    return faces(np.where(high, contrast, 1.0), some_sides(rng))


FAMILIES = {"masked": masked, "lognormal": lognormal, "binary": binary, "rough": rough}


def matrix(east, north, link):
    """A of a problem; cells without anything are rows of the identity."""
    n = east.shape[0]
    index = np.arange(n * n).reshape(n, n)
    diagonal = link.copy()
    rows, columns, values = [], [], []
    for a, p, q in [
        (east[:, :-1], index[:, :-1], index[:, 1:]),
        (north[:-1, :], index[:-1, :], index[1:, :]),
    ]:
        rows += [p.ravel(), q.ravel()]
        columns += [q.ravel(), p.ravel()]
        values += [-a.ravel(), -a.ravel()]
    diagonal[:, :-1] += east[:, :-1]
    diagonal[:, 1:] += east[:, :-1]
    diagonal[:-1, :] += north[:-1, :]
    diagonal[1:, :] += north[:-1, :]
    alive = diagonal > 0
    rows.append(index.ravel())
    columns.append(index.ravel())
    values.append(np.where(alive, diagonal, 1.0).ravel())
    shape = (n * n, n * n)
    a = sp.csc_matrix((np.concatenate(values), (np.concatenate(rows), np.concatenate(columns))), shape)
    a.eliminate_zeros()  # a face that does not conduct is no connection
    return a, alive


def with_error(rng, problem):
    """A problem and the error of x = 0 for a random right-hand side, scaled to a mean of 0 if A is singular."""
    east, north, link = problem
    # free of units, so that single precision holds everything
    unit = max(east.max(), north.max(), link.max())
    east, north, link = east / unit, north / unit, link / unit
    a, alive = matrix(east, north, link)
    count, part = sp.csgraph.connected_components(a, directed=False)
    held = np.bincount(part, link.ravel(), count) > 0
    b = np.where(alive.ravel(), rng.standard_normal(a.shape[0]), 0.0)
    floating = ~held[part] & alive.ravel()
    if floating.any():
        size = np.maximum(np.bincount(part, floating, count), 1)
        b = b - np.where(floating, (np.bincount(part, b * floating, count) / size)[part], 0.0)
        a = a + sp.diags(np.where(floating, 1e-9 * a.diagonal(), 0.0))
    error = spla.splu(sp.csc_matrix(a), permc_spec="MMD_AT_PLUS_A", options={"SymmetricMode": True}).solve(b)
    return east, north, link, error.reshape(east.shape)


def pool(seed, n, count, shares):
    """`count` problems with errors and islands: float32 arrays (count, 6, n, n) and the name of each."""
    rng = np.random.default_rng(seed)
    names = list(shares)
    chance = np.array([shares[k] for k in names], float)
    picks = rng.choice(len(names), count, p=chance / chance.sum())
    out = np.empty((count, 6, n, n), np.float32)
    for at, pick in enumerate(picks):
        east, north, link, error = with_error(rng, FAMILIES[names[pick]](rng, n))
        out[at] = east, north, link, error / np.abs(error).max(), *islands.find((east, north), link)
    return out, [names[p] for p in picks]
