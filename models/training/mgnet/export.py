"""Writes a trained `mgnet` as ONNX: the network of one level (`levels` in the contract)."""

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from network import LEAST, OUTPUTS, PLANES  # noqa: E402
from onnx_graph import Graph  # noqa: E402


class Level:
    """The graph of `network.outputs` and the activations, on (1, PLANES, H, W) with H and W even."""

    def __init__(self, net):
        self.net, self.g = net, Graph()
        self.known = {}

    def c(self, value):
        """A scalar, once."""
        if value not in self.known:
            self.known[value] = self.g.constant(value)
        return self.known[value]

    def op(self, name, *inputs, **attributes):
        inputs = [self.c(i) if isinstance(i, float) else i for i in inputs]
        return self.g.node(name, *inputs, **attributes)

    def channels(self, a, first, last):
        key = (first, last)
        if key not in self.known:
            self.known[key] = [self.g.constant([v], np.int64) for v in (first, last, 1)]
        return self.op("Slice", a, *self.known[key])

    def clip(self, a, low, high):
        return self.op("Clip", a, low, high)

    def outputs(self, ratios):
        """Channels as `network.outputs`, before their activations."""
        g, net = self.g, self.net
        if "w1" not in net:
            # the same everywhere
            zero = self.op("Mul", self.channels(ratios, 0, 1), 0.0)
            zero = self.op("MaxPool", zero, kernel_shape=[2, 2], strides=[2, 2])
            return self.op("Add", zero, g.constant(net["b4"].reshape(1, OUTPUTS, 1, 1)))
        x = ratios
        for k in (1, 2, 3, 4):
            w, bias = net[f"w{k}"].transpose(3, 2, 0, 1), net[f"b{k}"]
            if k == 1:
                # the cells of 2 x 2 as a kernel of stride 2; the scaling of the features into the weights
                w = w.reshape(w.shape[0], PLANES, 2, 2)
                bias = bias + 0.5 * w[:, :2].sum((1, 2, 3))
                w = w * np.array([0.25, 0.25, 0.25, 0.25, 1.0]).reshape(1, -1, 1, 1)
                how = dict(kernel_shape=[2, 2], strides=[2, 2])
            else:
                how = dict(kernel_shape=list(w.shape[2:]), pads=[w.shape[2] // 2] * 4)
            x = self.op("Conv", x, g.constant(w), g.constant(bias), **how)
            x = x if k == 4 else self.op("Relu", x)
        return x

    def activated(self, out):
        """What `levels` models give: positions, factors, weights, scalings."""
        op = self.op
        parts = [
            op("Add", op("Mul", op("Sigmoid", self.channels(out, 0, 4)), 1 - LEAST), LEAST),
            op("Exp", op("Tanh", self.channels(out, 4, 6))),
            self.clip(self.channels(out, 6, 10), 1.0, 1.0),
            op("Max", op("Sigmoid", self.channels(out, 10, 14)), 1e-6),  # rounding never makes it 0
        ]
        return op("Concat", *parts, axis=1)


def level(net, path, trained, stencil="5-point, off-diagonal entries <= 0, any coefficients and masks"):
    """Writes the network of one level."""
    graph = Level(net)
    graph.op("Identity", graph.activated(graph.outputs("ratios")), output="fields")
    contract = {
        "version": 1,
        "role": "levels",
        "layout": "N1HW",
        "dimensions": 2,
        "size_multiple": 2,
        "boundary": "given",
        "stencil": stencil,
        "linear": True,
        "symmetric": True,
        "positive": True,
        "equivariance": ["scale", "sign"],
        "trained": trained,
        "versions": {"script": "models/training/mgnet"},
    }
    fields = [1, OUTPUTS, "H/2", "W/2"]
    graph.g.write(path, [("ratios", [1, PLANES, "H", "W"])], [("fields", fields)], contract)
