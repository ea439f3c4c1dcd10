"""Writes a trained `mgnet` of boxes as ONNX: the network of one level (`levels` in the contract)."""

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from network import LEAST, OUTPUTS, PLANES  # noqa: E402
from onnx_graph import Graph  # noqa: E402


class Level:
    """The graph of `network.outputs` and the activations, on (1, PLANES, D, H, W), sizes even."""

    def __init__(self, net):
        self.net, self.g, self.known = net, Graph(), {}

    def op(self, name, *inputs, **attributes):
        """A node; numbers are scalars, each written once."""
        for value in (i for i in inputs if isinstance(i, float)):
            if value not in self.known:
                self.known[value] = self.g.constant(value)
        return self.g.node(name, *[self.known[i] if isinstance(i, float) else i for i in inputs], **attributes)

    def cut(self, a, first, last, axis):
        return self.op("Slice", a, *[self.g.constant([v], np.int64) for v in (first, last, axis)])

    def outputs(self, ratios):
        """Channels as `network.outputs`, before their activations."""
        op, g, net = self.op, self.g, self.net
        if "kinds" in net:
            zero = op("Mul", self.cut(ratios, 0, 1, 1), 0.0)
            zero = op("MaxPool", zero, kernel_shape=[2] * 3, strides=[2] * 3)
            same = np.repeat(net["kinds"], [12, 3]).reshape(1, OUTPUTS, 1, 1, 1)
            return op("Add", zero, g.constant(same))
        # the cells of 2 x 2 x 2 as a kernel of stride 2; the scaling of the features into the weights
        w = net["w1"].reshape(-1, PLANES, 2, 2, 2)
        bias = net["b1"] + 0.5 * w[:, :3].sum((1, 2, 3, 4))
        w = w * np.array([0.25] * 6 + [1.0]).reshape(1, -1, 1, 1, 1)
        x = op("Conv", ratios, g.constant(w), g.constant(bias), kernel_shape=[2] * 3, strides=[2] * 3)
        x = op("Relu", x)
        w = net["w2"].reshape(net["w2"].shape[0], 3, 3, 3, -1).transpose(0, 4, 1, 2, 3)
        x = op("Conv", x, g.constant(w), g.constant(net["b2"]), kernel_shape=[3] * 3, pads=[1] * 6)
        for k in (3, 4):
            w = net[f"w{k}"][:, :, None, None, None]
            x = op("Conv", op("Relu", x), g.constant(w), g.constant(net[f"b{k}"]), kernel_shape=[1] * 3)
        return x

    def activated(self, out):
        """What `levels` models give: positions, factors, weights (1)."""
        op = self.op
        position = op("Sigmoid", self.cut(out, 0, 12, 1))
        position = op("Add", op("Mul", position, float(1 - LEAST)), float(LEAST))
        # 1 is never passed by rounding
        position = op("Min", position, 1.0)
        factor = op("Exp", op("Tanh", self.cut(out, 12, 15, 1)))
        one = op("Clip", self.cut(out, 0, 8, 1), 1.0, 1.0)
        return op("Concat", position, factor, one, axis=1)


def level(net, path, trained, stencil="7-point, off-diagonal entries <= 0, any coefficients and masks"):
    """Writes the network of one level."""
    graph = Level(net)
    graph.op("Identity", graph.activated(graph.outputs("ratios")), output="fields")
    contract = {
        "version": 1,
        "role": "levels",
        "layout": "N1DHW",
        "dimensions": 3,
        "size_multiple": 2,
        "boundary": "given",
        "stencil": stencil,
        "linear": True,
        "symmetric": True,
        "positive": True,
        "equivariance": ["scale", "sign"],
        "trained": trained,
        "versions": {"script": "models/training/mgnet3d"},
    }
    fields = [1, OUTPUTS + 8, "D/2", "H/2", "W/2"]
    graph.g.write(path, [("ratios", [1, PLANES, "D", "H", "W"])], [("fields", fields)], contract)
