"""The network of Kaneda et al., ICML 2023, for grids of 64^3, on planes or boxes, with its biases.

    first: 1 -> 16, linear; all others 3^d, 16 -> 16, ReLU
    fine:    a = c(first), b = c(a), a = c(b) + a, b = c(a)
    coarse:  p = mean of 2^d of b; three times: p = c(c(p)) + p
    fine:    u = nearest(p) + b; twice: u = c(c(u)) + u;  z = 16 -> 1 of u, linear
"""

import numpy as np
import tensorflow as tf

import equivariant

CONVOLUTIONS = 14


def initial(seed, d, width=16):
    """Weights (…, in, out) and biases as Keras begins them: uniform of Glorot, zeros."""
    rng = np.random.default_rng(seed)

    def draw(shape):
        field = np.prod(shape[:-2])
        limit = np.sqrt(6 / (field * (shape[-2] + shape[-1])))
        return rng.uniform(-limit, limit, shape)

    k3 = (3,) * d
    net = {"first": draw(k3 + (1, width)), "first.b": np.zeros(width)}
    for k in range(CONVOLUTIONS):
        net[f"c{k}"], net[f"c{k}.b"] = draw(k3 + (width, width)), np.zeros(width)
    net["last"], net["last.b"] = draw((1,) * d + (width, 1)), np.zeros(1)
    return {k: v.astype(np.float32) for k, v in net.items()}


def wire(conv, half, nearest, add, r):
    """The network in terms of convolutions by name; training and export give their own."""
    c = lambda k, x: conv(f"c{k}", x, True)
    a = c(0, conv("first", r, False))
    a = add(c(2, c(1, a)), a)
    b = c(3, a)
    p = half(b)
    for k in (4, 6, 8):
        p = add(c(k + 1, c(k, p)), p)
    u = add(nearest(p), b)
    for k in (10, 12):
        u = add(c(k + 1, c(k, u)), u)
    return conv("last", u, False)


def network(net, r):
    """z of r (batch, …)."""

    def conv(name, x, relu):
        y = equivariant.conv(x, net[name]) + net[name + ".b"]
        return tf.nn.relu(y) if relu else y

    return wire(conv, equivariant.half, equivariant.nearest, tf.add, r[..., None])[..., 0]
