"""The V-cycle of `gmg` in a box, in JAX: as `../mgnet/cycle.py`, with one more direction.

Arrays are (z, y, x, batch): with the batch last, XLA on a CPU makes tight loops of it. Sizes are powers of
two. A level is (east, north, up, link). See docs/methods/gmg.md for the formulas.
"""

import sys
from pathlib import Path

import jax
import jax.numpy as jnp

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import islands  # noqa: E402
from chebyshev import factors  # noqa: E402

AXES = (2, 1, 0)  # of x, y, z: the directions of the faces


def shift(a, axis, by):
    """The values of the next cell (by = 1) or of the one before (-1); 0 outside."""
    pads = [(0, 0)] * a.ndim
    pads[axis] = (0, 1) if by > 0 else (1, 0)
    cut = [slice(None)] * a.ndim
    cut[axis] = slice(1, None) if by > 0 else slice(None, -1)
    return jnp.pad(a, pads)[tuple(cut)]


def around(a):
    """Next along x, before along x, next along y, ...: six arrays, 0 outside."""
    p = jnp.pad(a, ((1, 1), (1, 1), (1, 1), (0, 0)))
    inside, out = slice(1, -1), []
    for axis in AXES:
        for there in (slice(2, None), slice(None, -2)):
            cut = [inside, inside, inside]
            cut[axis] = there
            out.append(p[tuple(cut)])
    return out


def both(level):
    """The faces of a cell on all six sides, as `around`."""
    return [side for face, axis in zip(level[:3], AXES) for side in (face, shift(face, axis, -1))]


def diagonal(level):
    return level[3] + sum(both(level))


def operator(level):
    """A, as `product` takes it."""
    return (level[3], *both(level))


def energy(level, u):
    """u . A u, as a sum of squares."""
    link = level[3]
    nexts = around(u)[::2]
    return (link * u**2 + sum(f * (u - v) ** 2 for f, v in zip(level[:3], nexts))).sum((0, 1, 2))


@jax.custom_vjp
def apply(s, x):
    """S x for (1 in cells with a row, the six couplings); S is symmetric."""
    return s[0] * x - sum(f * v for f, v in zip(s[1:], around(x)))


def _backward(saved, g):
    s, x = saved
    return (g * x, *[-g * v for v in around(x)]), apply(s, g)


apply.defvjp(lambda s, x: (apply(s, x), (s, x)), _backward)


@jax.custom_vjp
def product(a, u):
    """A u for (link, the six faces), by fluxes: nothing cancels where u is smooth."""
    return a[0] * u + sum(f * (u - v) for f, v in zip(a[1:], around(u)))


def _product_backward(a, g):
    return tuple(jnp.zeros_like(f) for f in a), product(a, g)  # the problem itself is given


product.defvjp(lambda a, u: (product(a, u), a), _product_backward)


def positive(a):
    """Where a > 0: a, else 1, so that it can be divided by; and 1 or 0."""
    alive = a > 0
    return jnp.where(alive, a, 1.0), alive.astype(a.dtype)


def scaled(level):
    """S = D^-1/2 A D^-1/2, D^-1/2, and which cells anything holds to others."""
    sides = both(level)
    d, alive = positive(level[3] + sum(sides))
    root = alive / jnp.sqrt(d)
    s = tuple(f * root * v for f, v in zip(sides, around(root)))
    held = (sum(sides) > 0).astype(root.dtype)
    return dict(s=(alive, *s), root=root, held=held, d=d * alive)


def blocks(a):
    """Sums over 2 x 2 x 2 cells."""
    d, h, w, b = a.shape
    return a.reshape(d // 2, 2, h // 2, 2, w // 2, 2, b).sum((1, 3, 5))


def spread(a):
    d, h, w, b = a.shape
    wide = jnp.broadcast_to(a[:, None, :, None, :, None], (d, 2, h, 2, w, 2, b))
    return wide.reshape(2 * d, 2 * h, 2 * w, b)


def hierarchy(level, predict, numbers=()):
    """Levels as the cycle reads them. `predict(level)` gives the coarser level; `numbers` are those of the
    islands of the levels between the finest and the coarsest."""
    levels = []
    while level[0].shape[0] > 2:
        levels.append(scaled(level))
        if 0 < len(levels) - 1 <= len(numbers):
            number = numbers[len(levels) - 2]
            levels[-1]["islands"] = number, islands.reciprocal(number, level[:3], level[3])
        level = predict(level)
    levels.append(coarsest(level))
    for fine, coarse in zip(levels[:-1], levels[1:]):
        root, alive = positive(fine["root"])
        # P0 in scaled variables: sqrt(d / d_coarse)
        fine["share"] = fine["held"] * alive / root * spread(coarse["root"])
    return levels


def coarsest(level):
    """The dense inverse of S, q q^T added for the constant where no link is."""
    link = level[3]
    level = scaled(level)
    b = link.shape[-1]
    n = link.size // b
    unit = jnp.eye(n).reshape(n, *link.shape[:3], 1)
    dense = jax.vmap(lambda u: apply(level["s"], jnp.broadcast_to(u, link.shape)))(unit)
    dense = dense.reshape(n, n, b).transpose(2, 0, 1)
    dead = (level["root"] == 0).reshape(n, b).T
    dense = dense + jax.vmap(jnp.diag)(dead.astype(dense.dtype))
    q = jnp.sqrt(level["d"]).reshape(n, b).T
    q = q / jnp.sqrt((q**2).sum(-1, keepdims=True) + 1e-30)
    loose = (link.sum((0, 1, 2)) <= 0).astype(dense.dtype)
    dense = dense + (loose + 1e-7)[:, None, None] * q[:, :, None] * q[:, None, :]
    return dict(inverse=jnp.linalg.inv(dense + 1e-7 * jnp.eye(n)), root=level["root"])


def vcycle(levels, r, degree=3):
    """z = M^-1 r in scaled variables of the finest level."""
    level = levels[0]
    if "inverse" in level:
        b = r.shape[-1]
        return jnp.einsum("bij,jb->ib", level["inverse"], r.reshape(-1, b)).reshape(r.shape)
    if "islands" in level:
        inner = lambda r: smoothed(levels, r, degree)
        c = islands.scaled(*level["islands"], level["root"])
        return islands.between(inner, lambda x: apply(level["s"], x), c)(r)
    return smoothed(levels, r, degree)


def smoothed(levels, r, degree):
    """The cycle without the islands of this level."""
    s, share, omega = levels[0]["s"], levels[0]["share"], jnp.asarray(factors(degree), r.dtype)

    # loops and not their steps: what is written once is compiled once
    def before(state, w):
        x, residual = state
        return (x + w * residual, residual - w * apply(s, residual)), None

    def after(x, w):
        return x + w * (r - apply(s, x)), None

    (x, residual), _ = jax.lax.scan(before, (jnp.zeros_like(r), r), omega)
    coarse = blocks(share * (residual - apply(s, residual)))
    e = share * spread(vcycle(levels[1:], coarse, 4))
    return jax.lax.scan(after, x + e - apply(s, e), omega[::-1])[0]


def precondition(levels, r):
    root = levels[0]["root"]
    return root * vcycle(levels, root * r)


def dot(a, b):
    return (a * b).sum((0, 1, 2))


def safe(v, active):
    return jnp.where(active > 0, v, 1.0)


def solve(level, m, b, steps):
    """A^-1 b by CG, as far as single precision goes."""
    x, _ = run(level, m, jnp.zeros_like(b), b / jnp.sqrt(jnp.maximum(dot(b, b), 1e-30)), steps)
    return -x


def conjugate_gradients(level, m, error, steps):
    """Energies of the error, the first before any step."""
    error = error / jnp.sqrt(jnp.maximum(energy(level, error), 1e-30))
    _, energies = run(level, m, error, product(operator(level), error), steps)
    return jnp.concatenate([energy(level, error)[None], energies])


def run(level, m, error, r, steps):
    """CG for A e = r from 0: what is left of the error, and its energy after every step."""
    a = operator(level)

    def step(state, _):
        error, r, before, p, rz, first = state
        z = m(r)
        beta = dot(z, r - before) / safe(rz, rz > 0)
        rz = dot(r, z)
        first = jnp.where(first > 0, first, rz)
        # what has converged as far as single precision goes stays as it is
        active = (rz > 1e-12 * first).astype(rz.dtype)
        p = z + active * beta * p
        ap = product(a, p)
        alpha = active * rz / safe(dot(p, ap), active)
        error = error - alpha * p
        return (error, r - alpha * ap, r, p, active * rz, first), energy(level, error)

    nothing = jnp.zeros(r.shape[-1:], r.dtype)
    state = (error, r, r, jnp.zeros_like(r), nothing, nothing)
    (error, *_), energies = jax.lax.scan(step, state, None, length=steps)
    return error, energies
