"""What `mgnet` predicts on a level of a box: the next coarser level. The same on all levels.

Features of 2 x 2 x 2 cells are the channels of one coarse cell, so that the network works on an eighth of
the cells. Every feature is a ratio of conductances: the result does not depend on units.
"""

import jax
import jax.numpy as jnp
import numpy as np

from cycle import AXES, both, diagonal, shift

PLANES = 7  # coupling and step along x, y, z; the part of the link
FEATURES = 8 * PLANES
# of a coarse cell: where between series and Galerkin its faces are (4 east, 4 north, 4 up), three factors
POSITIONS, FACTORS = slice(0, 12), slice(12, 15)
OUTPUTS = 15
TINY = 1e-18
# Positions stay away from the chain, which is catastrophic where a path leads around a bad conductor;
# features of higher contrasts look like those of one that was trained on. An output is the middle of its range and a
# part of half of it.
MIDDLE = np.array([0.65] * 12 + [1.0] * 3, np.float32)
HALF = np.array([0.349999] * 12 + [0.7] * 3, np.float32)
COUPLING, STEP = 5.0, 8.0


def initial(seed, width=16):
    rng = np.random.default_rng(seed)
    layer = lambda inputs, outputs: rng.standard_normal((outputs, inputs)) * np.sqrt(2 / inputs)
    net = {
        "w1": layer(FEATURES, width),
        "b1": np.zeros(width),
        "w2": layer(width, width),
        "b2": np.zeros(width),
        "w3": 0.01 * layer(width, OUTPUTS),
        "b3": start(),
    }
    return {k: jnp.asarray(v, jnp.float32) for k, v in net.items()}


def start():
    """The outputs whose rule is that of `gmg`: the mean of both conductances."""
    return np.arctanh((np.array([0.5] * 12 + [1.0] * 3) - MIDDLE) / HALF)


def constants():
    """The control: the same outputs everywhere and along all directions, no network."""
    return {"kinds": jnp.asarray([start()[0], 0.0], jnp.float32)}


def depth(a):
    """(2d, 2h, 2w, b) to (8, d, h, w, b): the cells (z, y, x) = 000, 001, 010, ..."""
    d, h, w, b = a.shape
    a = a.reshape(d // 2, 2, h // 2, 2, w // 2, 2, b)
    return a.transpose(1, 3, 5, 0, 2, 4, 6).reshape(8, d // 2, h // 2, w // 2, b)


def past(a, axis):
    """The next along an axis; past a side, the cell itself: no unit comes in."""
    last = a.shape[axis] - 1
    return jnp.concatenate([jax.lax.slice_in_dim(a, 1, last + 1, axis=axis), jax.lax.slice_in_dim(a, last, last + 1, axis=axis)], axis)


def ratios(level):
    """What the crate gives a model as `ratios`: couplings along x, y, z, steps along them, what links hold."""
    d = diagonal(level)
    log_d = jnp.log(jnp.maximum(d, TINY))
    couplings, steps = [], []
    for face, axis in zip(level[:3], AXES):
        there = past(log_d, axis)
        log_face = jnp.log(jnp.maximum(face, TINY))
        couplings.append(jnp.clip(log_face - 0.5 * (log_d + there), -COUPLING, 0))
        steps.append(jnp.clip(there - log_d, -STEP, STEP))
    return couplings + steps + [level[3] / jnp.maximum(d, TINY)]


def features(level):
    *both, held = ratios(level)
    planes = [coupling / 4 + 0.5 for coupling in both[:3]] + [step / 4 for step in both[3:]] + [held]
    return jnp.concatenate([depth(p) for p in planes])


def dense(w, b, x):
    y = w @ x.reshape(x.shape[0], -1) + b[:, None]
    return y.reshape(w.shape[0], *x.shape[1:])


def outputs(net, level):
    """(OUTPUTS, d, h, w, b)"""
    if "kinds" in net:
        d, h, w, b = level[0].shape
        same = jnp.repeat(net["kinds"], np.array([12, 3]), total_repeat_length=OUTPUTS)
        return jnp.broadcast_to(same[:, None, None, None, None], (OUTPUTS, d // 2, h // 2, w // 2, b))
    x = jax.nn.relu(dense(net["w1"], net["b1"], features(level)))
    x = jax.nn.relu(dense(net["w2"], net["b2"], x))
    return dense(net["w3"], net["b3"], x)


def predict(net, level):
    """The coarser level of one whose sizes are even."""
    wide = lambda a: a[:, None, None, None, None]
    fields = wide(MIDDLE) + wide(HALF) * jnp.tanh(outputs(net, level))
    return coarser(level, fields[POSITIONS], fields[FACTORS])


# of each direction: the cells before its four faces, and how far on the cells behind are
FRONT = {2: (0, 2, 4, 6), 1: (0, 1, 4, 5), 0: (0, 1, 2, 3)}
BEHIND = {2: 1, 1: 2, 0: 4}


def coarser(level, position, factor):
    """The level of half the size, from positions and factors."""
    held = depth((sum(both(level)) > 0).astype(level[0].dtype))
    coarse = []
    for direction, axis in enumerate(AXES):
        face, on = depth(level[direction]), BEHIND[axis]
        # the numbers of the next coarse cell; 0 past the side
        face_next, held_next = shift(face, axis + 1, 1), shift(held, axis + 1, 1)
        total = sum(
            through(face[c], face[c + on], face_next[c], held[c], held_next[c + on], position[4 * direction + k])
            for k, c in enumerate(FRONT[axis])
        )
        coarse.append(factor[direction] * total)
    return (*coarse, links(level))


def through(l, m, r, held_l, held_r, position):
    """Between the chain of conductors (l, m, r) and half of m; a missing l or r is a wall if its cell is there."""
    behind = lambda f, held: jnp.where(f > 0, 0.5 / jnp.where(f > 0, f, 1.0), held * 1e18)
    chain = m / (1 + m * (behind(l, held_l) + behind(r, held_r)))
    return chain + position * (0.5 * m - chain)


def links(level):
    """Reactions are added up; what more a cell has goes in series with half a face."""
    near = jnp.stack([depth(a) for a in both(level)])
    best, least = near.max(0), near.min(0)
    link = depth(level[3])
    reaction = jnp.where(least > 0, link, jnp.inf).min(0, keepdims=True)
    reaction = jnp.where(jnp.isfinite(reaction), reaction, 0.0)
    shared = jnp.minimum(link, reaction)
    own = link - shared
    series = own * (2 * best / jnp.maximum(own + 2 * best, TINY))
    return jnp.where(best > 0, shared + series, 0.0).sum(0)
