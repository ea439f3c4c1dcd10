"""The V-cycle of `gmg` in JAX, its fields given or predicted; the same arithmetic as the Rust crate.

Arrays are (y, x, batch): with the batch last, XLA on a CPU makes tight loops of it. Sizes are 4 times a
power of two. See docs/methods/gmg.md for the formulas.
"""

import sys
from pathlib import Path

import jax
import jax.numpy as jnp

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import islands  # noqa: E402
from chebyshev import factors  # noqa: E402


def around(a):
    """The values of the next cell along x, the one before, the next along y, the one before; 0 outside."""
    p = jnp.pad(a, ((1, 1), (1, 1), (0, 0)))
    return p[1:-1, 2:], p[1:-1, :-2], p[2:, 1:-1], p[:-2, 1:-1]


def left(a):
    return jnp.pad(a, ((0, 0), (1, 0), (0, 0)))[:, :-1]


def down(a):
    return jnp.pad(a, ((1, 0), (0, 0), (0, 0)))[:-1]


def diagonal(east, north, link):
    return link + east + left(east) + north + down(north)


def energy(level, u):
    """u . A u, as a sum of squares."""
    east, north, link = level
    right, _, up, _ = around(u)
    return (east * (u - right) ** 2 + north * (u - up) ** 2 + link * u**2).sum((0, 1))


@jax.custom_vjp
def apply(s, x):
    """S x for (1 in cells with a row, east, west, north, south); S is symmetric."""
    alive, east, west, north, south = s
    right, left, up, down = around(x)
    return alive * x - east * right - west * left - north * up - south * down


def _forward(s, x):
    return apply(s, x), (s, x)


def _backward(saved, g):
    s, x = saved
    right, left, up, down = around(x)
    return (g * x, -g * right, -g * left, -g * up, -g * down), apply(s, g)


apply.defvjp(_forward, _backward)


@jax.custom_vjp
def product(level, u):
    """A u for (link, east, west, north, south), by fluxes: nothing cancels where u is smooth."""
    link, east, west, north, south = level
    right, left, up, down = around(u)
    return link * u + east * (u - right) + west * (u - left) + north * (u - up) + south * (u - down)


def _product_backward(saved, g):
    level, _ = saved
    return tuple(jnp.zeros_like(a) for a in level), product(level, g)  # the problem itself is given


product.defvjp(lambda level, u: (product(level, u), (level, u)), _product_backward)


def positive(a):
    """Where a > 0: a, else 1, so that it can be divided by; and 1 or 0."""
    alive = a > 0
    return jnp.where(alive, a, 1.0), alive.astype(a.dtype)


def scaled(level):
    """S = D^-1/2 A D^-1/2, D^-1/2, and which cells anything holds to others."""
    east, north, link = level
    d, alive = positive(diagonal(east, north, link))
    root = alive / jnp.sqrt(d)
    right, _, up, _ = around(root)
    e, n = east * root * right, north * root * up
    held = (east + left(east) + north + down(north) > 0).astype(root.dtype)
    return dict(s=(alive, e, left(e), n, down(n)), root=root, held=held, d=d * alive)


def blocks(a):
    """Sums over 2 x 2 cells."""
    h, w, b = a.shape
    return a.reshape(h // 2, 2, w // 2, 2, b).sum((1, 3))


def spread(a):
    return jnp.repeat(jnp.repeat(a, 2, 0), 2, 1)


def hierarchy(level, predict, numbers=()):
    """Levels as the cycle reads them. `predict(level)` gives the coarser level; `numbers` are those of the
    islands of the levels between the finest and the coarsest."""
    levels = []
    while level[0].shape[0] > 4:
        levels.append(scaled(level))
        if 0 < len(levels) - 1 <= len(numbers):
            number = numbers[len(levels) - 2]
            levels[-1]["islands"] = number, islands.reciprocal(number, level[:2], level[2])
        level = predict(level)
    levels.append(coarsest(level))
    for fine, coarse in zip(levels[:-1], levels[1:]):
        root, alive = positive(fine["root"])
        # P0 in scaled variables: sqrt(d / d_coarse)
        fine["share"] = fine["held"] * alive / root * spread(coarse["root"])
    return levels


def coarsest(level):
    """The dense inverse of S, q q^T added for the constant where no link is."""
    east, north, link = level
    level = scaled(level)
    h, w, b = link.shape
    n = h * w
    unit = jnp.eye(n).reshape(n, h, w, 1)
    dense = jax.vmap(lambda u: apply(level["s"], jnp.broadcast_to(u, link.shape)))(unit)
    dense = dense.reshape(n, n, b).transpose(2, 0, 1)
    dead = (level["root"] == 0).reshape(n, b).T
    dense = dense + jax.vmap(jnp.diag)(dead.astype(dense.dtype))
    q = jnp.sqrt(level["d"]).reshape(n, b).T
    q = q / jnp.sqrt((q**2).sum(-1, keepdims=True) + 1e-30)
    loose = (link.sum((0, 1)) <= 0).astype(dense.dtype)
    dense = dense + (loose + 1e-7)[:, None, None] * q[:, :, None] * q[:, None, :]
    return dict(inverse=jnp.linalg.inv(dense + 1e-7 * jnp.eye(n)), root=level["root"])


def vcycle(levels, r, degree=3):
    """z = M^-1 r in scaled variables of the finest level."""
    level = levels[0]
    if "inverse" in level:
        h, w, b = r.shape
        return jnp.einsum("bij,jb->ib", level["inverse"], r.reshape(h * w, b)).reshape(r.shape)
    if "islands" in level:
        inner = lambda r: smoothed(levels, r, degree)
        c = islands.scaled(*level["islands"], level["root"])
        return islands.between(inner, lambda x: apply(level["s"], x), c)(r)
    return smoothed(levels, r, degree)


def smoothed(levels, r, degree):
    """The cycle without the islands of this level."""
    level = levels[0]
    s, share, omega = level["s"], level["share"], factors(degree)
    x, residual = jnp.zeros_like(r), r
    for w in omega:
        x = x + w * residual
        residual = residual - w * apply(s, residual)
    coarse = blocks(share * (residual - apply(s, residual)))
    e = share * spread(vcycle(levels[1:], coarse, 4))
    x = x + e - apply(s, e)
    for w in omega[::-1]:
        x = x + w * (r - apply(s, x))
    return x


def precondition(levels, r):
    root = levels[0]["root"]
    return root * vcycle(levels, root * r)


def operator(level):
    """A, as `product` takes it."""
    east, north, link = level
    return (link, east, left(east), north, down(north))


def conjugate_gradients(level, m, error, steps):
    """Energies of the error, the first before any step."""
    a = operator(level)
    dot = lambda a, b: (a * b).sum((0, 1))
    error = error / jnp.sqrt(energy(level, error))
    first = energy(level, error)
    r = product(a, error)
    z = m(r)

    def step(state, _):
        error, r, p, rz = state
        # what has converged as far as single precision goes stays as it is
        active = (rz > 1e-12).astype(rz.dtype)
        safe = lambda v: jnp.where(active > 0, v, 1.0)
        ap = product(a, p)
        alpha = active * rz / safe(dot(p, ap))
        error = error - alpha * p
        r_new = r - alpha * ap
        z = m(r_new)
        beta = active * dot(z, r_new - r) / safe(rz)
        p = z + beta * p
        return (error, r_new, p, dot(r_new, z)), energy(level, error)

    _, energies = jax.lax.scan(step, (error, r, z, dot(r, z)), None, length=steps)
    return jnp.concatenate([first[None], energies])
