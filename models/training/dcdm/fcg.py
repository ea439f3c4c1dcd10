"""The method itself in TensorFlow: truncated flexible conjugate gradients on a batch of errors.

The exact error e is known, so that r = A e without drift, and what is minimised is (e, A e).
"""

import tensorflow as tf


def product(stencil, x):
    """A x, of faces and links (batch, d + 1, …) and x (batch, …)."""
    d = x.shape.rank - 1
    y = stencil[:, d] * x
    for axis in range(1, d + 1):
        size = [n - (k == axis) for k, n in enumerate(x.shape)]
        low = tf.slice(x, [0] * (d + 1), size)
        high = tf.slice(x, [int(k == axis) for k in range(d + 1)], size)
        flux = tf.slice(stencil[:, axis - 1], [0] * (d + 1), size) * (low - high)
        beside = lambda sides: tf.pad(flux, [[0, 0]] * axis + [sides] + [[0, 0]] * (d - axis))
        y += beside([0, 1]) - beside([1, 0])
    return y


def dot(x, y):
    """(x, y) of each problem, as (batch, 1, …)."""
    return tf.reduce_sum(x * y, axis=list(range(1, x.shape.rank)), keepdims=True)


def fcg(stencil, m, e, steps, kept=2):
    """e after some steps, and (e, A e) before each of them and at the end: (steps + 1, batch)."""
    directions, energy = [], []
    r = product(stencil, e)
    for _ in range(steps):
        energy.append(dot(e, r))
        sigma = tf.sqrt(dot(r, r) + 1e-30)
        p = m(r / sigma)
        for q, aq, qaq in directions[-kept:] if kept else []:
            p -= q * (dot(p, aq) / qaq)
        # the size of a direction does not matter; that of z does in single precision
        p /= tf.sqrt(dot(p, p) + 1e-30)
        ap = product(stencil, p)
        pap = dot(p, ap) + 1e-30
        directions.append((p, ap, pap))
        e -= p * (dot(p, r) / pap)
        r = product(stencil, e)
    energy.append(dot(e, r))
    return e, tf.stack([tf.reshape(x, [-1]) for x in energy])
