"""Islands, as `gmg` corrects them: small parts that conduct well inside and badly outwards. `docs/methods/gmg.md` says
why; the numbers here are those of `solvers/src/precond/gmg/islands/`.

A problem is (faces along x, y[, z], link), the last index x; in JAX, the same with the batch as the last index.
"""

import jax
import jax.numpy as jnp
import numpy as np
import scipy.sparse as sp

HELD = 0.2  # of what the cells of an island hold in all, at most so much holds them to others
PART = 8  # an island has at most one cell in so many
MOST = 0.75  # where all of them together would be more of the finest level, there are none


def find(faces, link, finest=True):
    """The number of the island of each cell, from 1 (0: none), and the reciprocal of what it is divided by."""
    d, cells = link.ndim, link.size
    index = np.arange(cells).reshape(link.shape)
    left, right, values = [], [], []
    for k, face in enumerate(faces):
        on = face > 0
        left.append(index[on])
        right.append(index[on] + index.strides[d - 1 - k] // index.itemsize)
        values.append(face[on])
    i, j, c = (np.concatenate(parts) for parts in (left, right, values))
    link = link.ravel().astype(float)
    diagonal = link + np.bincount(i, c, cells) + np.bincount(j, c, cells)
    strong = c >= np.sqrt(diagonal[i] * diagonal[j]) / (4 * d)
    graph = sp.coo_matrix((np.ones(strong.sum()), (i[strong], j[strong])), (cells, cells))
    count, part = sp.csgraph.connected_components(graph, directed=False)
    apart = part[i] != part[j]
    out = np.bincount(part, link, count) + np.bincount(part[i[apart]], c[apart], count) + np.bincount(part[j[apart]], c[apart], count)
    active = np.count_nonzero(diagonal > 1.000001 * link)  # masked cells do not count
    size = np.bincount(part, minlength=count)
    good = (size > 1) & (size * PART <= active) & (out > 0) & (out < HELD * np.bincount(part, diagonal, count))
    good &= not finest or size[good].sum() <= MOST * active
    number = np.where(good, np.cumsum(good), 0)
    shared = apart & good[part[i]] & good[part[j]]  # between two islands: counts half as much again
    out += 0.5 * (np.bincount(part[i[shared]], c[shared], count) + np.bincount(part[j[shared]], c[shared], count))
    inverse = np.where(good, 1 / np.where(good, out, 1), 0)
    return number[part].reshape(index.shape), inverse[part].reshape(index.shape)


def reciprocal(number, faces, link):
    """The reciprocal of what each island is divided by, in all of its cells, given their numbers; in JAX."""
    held, d = link, number.ndim - 1
    for k, face in enumerate(faces):
        axis = d - 1 - k
        shifted = lambda a, ends: jnp.pad(a, [ends if i == axis else (0, 0) for i in range(d + 1)])
        beyond = jax.lax.slice_in_dim(shifted(number, (0, 1)), 1, None, axis=axis)
        out = jnp.where(beyond != number, face, 0.0)
        out = jnp.where((beyond > 0) & (number > 0), 1.5, 1.0) * out
        held = held + out + jax.lax.slice_in_dim(shifted(out, (1, 0)), 0, -1, axis=axis)
    sums = correction(number, 1.0, held)
    inside = (number > 0) & (sums > 0)
    return jnp.where(inside, 1 / jnp.where(inside, sums, 1.0), 0.0)


def correction(number, inverse, r):
    """C r: the sum of r over each island, over what holds it, in all of its cells. The batch comes last."""
    cells, b = r.size // r.shape[-1], r.shape[-1]
    at = (number.astype(jnp.int32) + (cells // 2 + 1) * jnp.arange(b)).ravel()
    sums = jax.ops.segment_sum(r.ravel(), at, (cells // 2 + 1) * b)
    return inverse * sums[at].reshape(r.shape)


def between(cycle, product, c):
    """z = C r, then the cycle on what is left, then C on what it leaves: r to z."""

    def apply(r):
        x = c(r)
        z = x + cycle(r - product(x))
        return z + c(r - product(z))

    return apply


def around(cycle, product, number, inverse):
    """The same given the numbers of islands and what C divides by."""
    return between(cycle, product, lambda r: correction(number, inverse, r))


def scaled(number, inverse, root):
    """C in scaled variables, D^1/2 C D^1/2, given D^-1/2 (0 in cells without a row)."""
    up = jnp.where(root > 0, 1 / jnp.where(root > 0, root, 1.0), 0.0)
    return lambda r: up * correction(number, inverse, up * r)


def in_double(a, inner, faces, link):
    """The same by a sparse matrix, in double precision; `inner` is given vectors of largest number 1."""
    number, inverse = (v.ravel() for v in find(faces, link))
    c = lambda r: inverse * np.bincount(number, r)[number]

    def apply(r):
        x = c(r)
        rest = r - a @ x
        size = np.abs(rest).max() or 1.0
        z = x + size * inner(rest / size)
        return z + c(r - a @ z)

    return apply
