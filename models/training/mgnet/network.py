"""What `mgnet` predicts on a level: the next coarser level. The same on all levels.

The first layer takes the 4 x 4 cells around a coarse one, so that the rest works on a quarter of the cells, each by itself. Every feature is a ratio of conductances: the result does not depend on units.
"""

import jax
import jax.numpy as jnp
import numpy as np

from cycle import diagonal, down, left

PLANES = 5  # coupling and step along x, y; the part of the link
SCALE = np.array([0.25] * 4 + [1.0], np.float32)  # of the planes, before the first layer
# of a coarse cell: where between series and Galerkin its faces are (2 east, 2 north), two factors
OUTPUTS = 6
TINY = 1e-18
# Bounds: what is right at a contrast of 1e3 is wrong at 1e6 without them. Positions stay away from the chain
# alone, and logarithms beyond these look the same to the network. An output is the middle of its range and a part of half of it.
MIDDLE = np.array([0.65] * 4 + [1.0] * 2, np.float32)
HALF = np.array([0.349999] * 4 + [0.7] * 2, np.float32)
COUPLING, STEP = 5.0, 8.0


def initial(seed, width=16):
    rng = np.random.default_rng(seed)
    layer = lambda k, i, o: rng.standard_normal((k, k, i, o)) * np.sqrt(2 / (k * k * i))
    net = {
        "w1": layer(4, PLANES, width),
        "b1": np.zeros(width),
        "w2": layer(1, width, width),
        "b2": np.zeros(width),
        "w3": 0.01 * layer(1, width, OUTPUTS),
        "b3": start(),
    }
    return {k: jnp.asarray(v, jnp.float32) for k, v in net.items()}


def start():
    """The outputs whose rule is that of `gmg`: the mean of both conductances."""
    return np.arctanh((np.array([0.5] * 4 + [1.0] * 2) - MIDDLE) / HALF)


def constants():
    """The control: the same outputs everywhere, no network."""
    return {"b3": jnp.asarray(start(), jnp.float32)}


def depth(a):
    """(2h, 2w, b) to (4, h, w, b): the cells (y, x) = 00, 01, 10, 11."""
    h, w, b = a.shape
    a = a.reshape(h // 2, 2, w // 2, 2, b)
    return a.transpose(1, 3, 0, 2, 4).reshape(4, h // 2, w // 2, b)


def ratios(level):
    """The planes that the crate gives a model as `ratios`: couplings along x and y, steps along both, what links hold."""
    east, north, link = level
    d = diagonal(east, north, link)
    log_d = jnp.log(jnp.maximum(d, TINY))
    coupling = lambda a, there: jnp.clip(jnp.log(jnp.maximum(a, TINY)) - 0.5 * (log_d + there), -COUPLING, 0)
    step = lambda there: jnp.clip(there - log_d, -STEP, STEP)
    # past a side, the cell itself: no unit comes in
    right = jnp.concatenate([log_d[:, 1:], log_d[:, -1:]], 1)
    up = jnp.concatenate([log_d[1:], log_d[-1:]], 0)
    return [coupling(east, right), coupling(north, up), step(right), step(up), link / jnp.maximum(d, TINY)]


def conv(x, w, b, stride=1):
    around = [((w.shape[0] - stride) // 2,) * 2] * 2
    return jax.lax.conv_general_dilated(x, w, (stride, stride), around, dimension_numbers=("NHWC", "HWIO", "NHWC")) + b


def outputs(net, level):
    """(OUTPUTS, h, w, b)"""
    h, w, b = level[0].shape
    if "w1" not in net:
        return jnp.broadcast_to(net["b3"][:, None, None, None], (OUTPUTS, h // 2, w // 2, b))
    x = jnp.stack(ratios(level), -1).transpose(2, 0, 1, 3) * SCALE
    x = jax.nn.relu(conv(x, net["w1"], net["b1"], stride=2))
    x = jax.nn.relu(conv(x, net["w2"], net["b2"]))
    return conv(x, net["w3"], net["b3"]).transpose(3, 1, 2, 0)


def predict(net, level):
    """The coarser level of one whose sizes are even."""
    return activated(outputs(net, level), level)


def activated(out, level):
    """The same from outputs."""
    wide = lambda a: a[:, None, None, None]
    fields = wide(MIDDLE) + wide(HALF) * jnp.tanh(out)
    return coarser(level, fields[0:4], fields[4:6])


def coarser(level, mix, factor):
    """The level of half the size, from positions and factors."""
    east, north, link = level
    near = east + left(east) + north + down(north)
    held = depth((near > 0).astype(east.dtype))
    e, n = depth(east), depth(north)
    # the numbers of the next coarse cell; 0 past the side
    along_x = lambda a: jnp.pad(a, ((0, 0), (0, 0), (0, 1), (0, 0)))[:, :, 1:]
    along_y = lambda a: jnp.pad(a, ((0, 0), (0, 1), (0, 0), (0, 0)))[:, 1:]
    # left of a face, the face itself, right of it: rows 0 and 1, columns 0 and 1
    e_next, held_next = along_x(e), along_x(held)
    coarse_east = sum(
        through(e[k], e[k + 1], e_next[k], held[k], held_next[k + 1], mix[k // 2]) for k in (0, 2)
    )
    n_next, held_next = along_y(n), along_y(held)
    coarse_north = sum(
        through(n[k], n[k + 2], n_next[k], held[k], held_next[k + 2], mix[2 + k]) for k in (0, 1)
    )
    return coarse_east * factor[0], coarse_north * factor[1], links(level)


def through(l, m, r, held_l, held_r, mix):
    """Between the chain of conductors (l, m, r) and half of m; a missing l or r is a wall if its cell is there."""
    behind = lambda f, held: jnp.where(f > 0, 0.5 / jnp.where(f > 0, f, 1.0), held * 1e18)
    chain = m / (1 + m * (behind(l, held_l) + behind(r, held_r)))
    return chain + mix * (0.5 * m - chain)


def links(level):
    """Reactions are added up; what more a cell has goes in series with half a face."""
    east, north, link = level
    west, south = left(east), down(north)
    near = [depth(a) for a in (east, west, north, south)]
    best = jnp.maximum(jnp.maximum(near[0], near[1]), jnp.maximum(near[2], near[3]))
    least = jnp.minimum(jnp.minimum(near[0], near[1]), jnp.minimum(near[2], near[3]))
    link = depth(link)
    reaction = jnp.where(least > 0, link, jnp.inf).min(0, keepdims=True)
    reaction = jnp.where(jnp.isfinite(reaction), reaction, 0.0)
    shared = jnp.minimum(link, reaction)
    own = link - shared
    series = own * (2 * best / jnp.maximum(own + 2 * best, TINY))
    return jnp.where(best > 0, shared + series, 0.0).sum(0)
