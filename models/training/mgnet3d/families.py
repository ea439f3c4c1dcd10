"""Random 7-point problems on a box of cells: what `mgnet` in three dimensions is trained on.

A problem is (east, north, up, link, b), arrays of N x N x N, as `GmgLevel` of the Rust crate has them:
conductances of the faces towards the next cell along x, y and z (0 at the sides), of the link to a
Dirichlet value, and a right-hand side. The first index is z.
"""

import sys
from pathlib import Path

import numpy as np
import scipy.fft
import scipy.sparse as sp

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import islands  # noqa: E402

AXES = (2, 1, 0)  # of x, y, z


def gaussian(rng, n, tau, alpha):
    """A Gaussian field with the covariance (-Laplace + tau^2)^(-alpha), scaled to unit variance."""
    k2 = (np.pi * np.arange(n)) ** 2
    amplitude = (k2[:, None, None] + k2[:, None] + k2 + tau**2) ** (-alpha / 2)
    amplitude[0, 0, 0] = 0.0
    field = scipy.fft.idctn(amplitude * rng.standard_normal((n, n, n)), norm="ortho")
    return field / field.std()


def log_uniform(rng, low, high):
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def before(axis):
    """All cells but the last along an axis, and all but the first."""
    cut = [slice(None)] * 3
    cut[axis] = slice(None, -1)
    first = tuple(cut)
    cut[axis] = slice(1, None)
    return first, tuple(cut)


def side(axis, last):
    cut = [slice(None)] * 3
    cut[axis] = -1 if last else 0
    return tuple(cut)


def faces(k, sides):
    """Finite volumes: harmonic means between cells, half a cell towards sides with a value."""
    out = [np.zeros(k.shape) for _ in range(4)]
    for d, axis in enumerate(AXES):
        here, there = before(axis)
        a, b = k[here], k[there]
        out[d][here] = np.where(a + b > 0, 2 * a * b / np.where(a + b > 0, a + b, 1), 0)
        for last in (0, 1):
            cut = side(axis, last)
            out[3][cut] += 2 * k[cut] * sides[2 * d + last]
    return out


def some_sides(rng, neumann=0.0):
    """Which of the six sides have a value; none of them with probability `neumann`."""
    if rng.random() < neumann:
        return np.zeros(6)
    sides = (rng.random(6) < 0.6).astype(float)
    return sides if sides.any() else np.ones(6)


def holes(rng, n):
    """Cells that are solid: balls, boxes, or a random field above a threshold."""
    z, y, x = (np.mgrid[0:n, 0:n, 0:n] + 0.5) / n
    kind = rng.integers(3)
    if kind == 2:
        return gaussian(rng, n, log_uniform(rng, 5, 40), 2.5) > rng.uniform(0.3, 1.2)
    solid = np.zeros((n, n, n), bool)
    for _ in range(rng.integers(2, 16)):
        (cx, cy, cz), (rx, ry, rz) = rng.random(3), rng.uniform(0.04, 0.22, 3)
        if kind == 0:
            solid |= (x - cx) ** 2 + (y - cy) ** 2 + (z - cz) ** 2 < rx**2
        else:
            solid |= (abs(x - cx) < rx) & (abs(y - cy) < ry) & (abs(z - cz) < rz)
    return solid


def masked(rng, n):
    """Poisson around obstacles, some insulated and some of value 0; mixed sides, some pure Neumann."""
    solid = holes(rng, n)
    out = faces(np.where(solid, 0.0, 1.0), some_sides(rng, neumann=0.15))
    # obstacles of value 0: free cells beside them have a link
    fixed = solid & (gaussian(rng, n, 4.0, 2.5) > rng.uniform(-1.5, 1.5))
    if out[3].any() or rng.random() < 0.5:
        beside = np.zeros(solid.shape)
        for axis in AXES:
            here, there = before(axis)
            beside[there] += fixed[here]
            beside[here] += fixed[there]
        out[3] += np.where(solid, 0.0, beside * rng.choice([1.0, 2.0]))
    return out


def lognormal(rng, n):
    """exp(sigma g), sigma up to 3."""
    g = gaussian(rng, n, log_uniform(rng, 1, 20), rng.uniform(2.0, 3.5))
    return faces(np.exp(rng.uniform(0.3, 3.0) * g), some_sides(rng))


def binary(rng, n):
    """Two materials, the interface rough (new detail down to the cells), smooth, or blocks; beams."""
    contrast = log_uniform(rng, 1e3, 1e4) if rng.random() < 0.2 else log_uniform(rng, 10, 1e3)
    kind = rng.integers(6)
    if kind <= 2:  # a window of a large field, or a small one: rough on every level
        high = gaussian(rng, n, log_uniform(rng, 0.5, 25), 2.0) > rng.uniform(-0.6, 0.6)
    elif kind == 3:
        high = gaussian(rng, n, log_uniform(rng, 1, 12), 4.5) > rng.uniform(-0.6, 0.6)
    elif kind == 4:
        size = int(rng.choice([2, 3, 4, 5, 8]))
        blocks = rng.random((n // size + 1,) * 3) < rng.uniform(0.2, 0.7)
        high = np.kron(blocks, np.ones((size,) * 3, bool))[:n, :n, :n]
    else:  # beams
        high = np.zeros((n, n, n), bool)
        for _ in range(rng.integers(4, 30)):
            cut = []
            for _ in range(2):
                at = rng.integers(n)
                cut.append(slice(at, at + rng.integers(1, 4)))
            cut.insert(rng.integers(3), slice(rng.integers(0, n // 2), rng.integers(n // 2, n + 1)))
            high[tuple(cut)] = True
    if rng.random() < 0.5:
        high = ~high
    return faces(np.where(high, contrast, 1.0), some_sides(rng))


def rough(rng, n):
    """Two materials of high contrast, the interface rough: where the rule of `gmg` loses most."""
    contrast = log_uniform(rng, 100, 2e4)
    high = gaussian(rng, n, log_uniform(rng, 2, 25), 2.0) > rng.uniform(-0.6, 0.6)
    return faces(np.where(high, contrast, 1.0), some_sides(rng))


FAMILIES = {"masked": masked, "lognormal": lognormal, "binary": binary, "rough": rough}


def with_right_hand_side(rng, problem):
    """Free of units, and b random, of mean 0 on parts that float."""
    unit = max(a.max() for a in problem)
    problem = [a / unit for a in problem]
    shape = problem[3].shape
    cells = problem[3].size
    index = np.arange(cells).reshape(shape)
    pairs = [(index[here][f[here] > 0], index[there][f[here] > 0]) for f, axis in zip(problem, AXES) for here, there in [before(axis)]]
    rows, columns = (np.concatenate(side) for side in zip(*pairs))
    graph = sp.coo_matrix((np.ones(len(rows)), (rows, columns)), (cells, cells))
    count, part = sp.csgraph.connected_components(graph, directed=False)
    link = problem[3].ravel()
    alive = np.zeros(cells, bool)
    alive[rows] = alive[columns] = True
    alive |= link > 0
    b = np.where(alive, rng.standard_normal(cells), 0.0)
    floating = ~(np.bincount(part, link, count) > 0)[part] & alive
    if floating.any():
        size = np.maximum(np.bincount(part, floating, count), 1)
        b = b - np.where(floating, (np.bincount(part, b * floating, count) / size)[part], 0.0)
    return [*problem, b.reshape(shape)]


def pool(seed, n, count, shares):
    """`count` problems, right-hand sides and islands: float32 arrays (count, 7, n, n, n) and the name of each."""
    rng = np.random.default_rng(seed)
    names = list(shares)
    chance = np.array([shares[k] for k in names], float)
    picks = rng.choice(len(names), count, p=chance / chance.sum())
    out = np.empty((count, 7, n, n, n), np.float32)
    for at, pick in enumerate(picks):
        problem = with_right_hand_side(rng, FAMILIES[names[pick]](rng, n))
        out[at] = *problem, *islands.find(problem[:3], problem[3])
    return out, [names[p] for p in picks]


def turn(rng):
    """An order of the directions (axis k of what comes out is axis order[k]), and which are reversed."""
    return rng.permutation(3), rng.random(3) < 0.5


def turned(turn, problem):
    """The same problem with its directions exchanged and reversed: (7, n, n, n)."""
    order, reverse = turn
    faces_by_axis = {AXES[d]: problem[d] for d in range(3)}
    turned_faces = [turned_cells(turn, faces_by_axis[order[axis]]) for axis in AXES]
    for d, axis in enumerate(AXES):
        if reverse[axis]:
            turned_faces[d] = np.roll(turned_faces[d], -1, axis)  # the face of the last cell, 0, is the first now
    return np.stack([*turned_faces, *[turned_cells(turn, a) for a in problem[3:]]])


def turned_cells(turn, a):
    """Numbers of cells: (n, n, n)."""
    order, reverse = turn
    return np.flip(np.transpose(a, order), np.flatnonzero(reverse))
