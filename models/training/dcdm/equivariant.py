"""The scale-equivariant variant: a U-Net without biases, the same weights on every level.

In r it is positively homogeneous, N(t r) = t N(r) for t > 0: convolutions without biases, leaky ReLU, and
products with gates that depend on the geometry alone (the fields `mask` and `excess`).
    down:  h <- h + g2 conv3(leaky(g1 conv3(h)));  the next level gets conv2(h) with stride 2
    up:    h <- h + nearest(conv1(coarse));  h <- h + g4 conv3(leaky(g3 conv3(h)))
Before training it is nearly the sum over the levels of P P' r (of Bramble, Pasciak and Xu), since the
convolutions inside of the brackets begin small.
"""

import numpy as np
import tensorflow as tf

SLOPE = 0.2  # of the leaky ReLU below 0
GATES = 4


def initial(seed, d, width=16, features=16):
    """Weights by name, (…, in, out), as numpy arrays."""
    rng = np.random.default_rng(seed)
    k3, k2, k1 = (3,) * d, (2,) * d, (1,) * d
    draw = lambda shape, gain: gain * rng.standard_normal(shape) / np.sqrt(np.prod(shape[:-1]))
    net = {"lift": draw(k3 + (1, width), 0.1), "out": draw(k1 + (width, 1), 0.1)}
    first = rng.standard_normal(width)
    first /= np.linalg.norm(first)
    net["lift"][(1,) * d] += first
    net["out"][(0,) * d] += first[:, None]
    for name in ("c1", "c3"):
        net[name] = draw(k3 + (width, width), 1.0)
    for name in ("c2", "c4"):
        net[name] = draw(k3 + (width, width), 0.02)
    net["down"] = np.tile(np.eye(width) * 2.0 ** (2 - d), k2 + (1, 1)) + draw(k2 + (width, width), 0.02)
    net["up"] = np.eye(width).reshape(k1 + (width, width)) + draw(k1 + (width, width), 0.02)
    net["geometry"] = draw(k3 + (2, features), 1.0)
    net["gates"] = draw(k1 + (features, GATES * width), 0.1)
    return {k: v.astype(np.float32) for k, v in net.items()}


def conv(x, w, stride=1):
    if x.shape.rank == 4:
        return tf.nn.conv2d(x, w, stride, "SAME")
    return tf.nn.conv3d(x, w, (1, stride, stride, stride, 1), "SAME")


def nearest(x):
    d = x.shape.rank - 2
    if d == 2:
        return tf.image.resize(x, [2 * n for n in x.shape[1:3]], "nearest")
    for axis in range(1, d + 1):
        x = tf.repeat(x, 2, axis)
    return x


def half(x):
    d = x.shape.rank - 2
    return (tf.nn.avg_pool2d if d == 2 else tf.nn.avg_pool3d)(x, 2, 2, "VALID")


def gates(net, geometry, levels):
    """Of each level the factors of the convolutions; geometry is (batch, …, 2)."""
    out = []
    for level in range(levels):
        a = tf.nn.relu(conv(geometry, net["geometry"]))
        out.append(tf.split(1.0 + conv(a, net["gates"]), GATES, -1))
        if level + 1 < levels:
            geometry = half(geometry) * tf.constant([1.0, 2.0])  # links of coarse cells grow by 2
    return out


def network(net, g, r):
    """z of r (batch, …)."""
    leaky = lambda x: tf.nn.leaky_relu(x, SLOPE)

    def level(h, k):
        g1, g2, g3, g4 = g[k]
        h += g2 * conv(leaky(g1 * conv(h, net["c1"])), net["c2"])
        if k + 1 < len(g):
            h += nearest(conv(level(conv(h, net["down"], 2), k + 1), net["up"]))
        return h + g4 * conv(leaky(g3 * conv(h, net["c3"])), net["c4"])

    return conv(level(conv(r[..., None], net["lift"]), 0), net["out"])[..., 0]
