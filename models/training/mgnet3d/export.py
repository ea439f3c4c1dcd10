"""Writes a trained `mgnet` of boxes as ONNX: the network of one level (`levels` in the contract)."""

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from network import HALF, MIDDLE, OUTPUTS, PLANES  # noqa: E402
from onnx_graph import Graph  # noqa: E402


class Level:
    """The graph of `network.predict` up to the fields, on (1, PLANES, D, H, W), sizes even."""

    def __init__(self, net):
        self.net, self.g = net, Graph()

    def outputs(self, ratios):
        """Channels as `network.outputs`, before their activations."""
        g, net = self.g, self.net
        how = dict(kernel_shape=[2] * 3, strides=[2] * 3)
        if "kinds" in net:
            same = np.repeat(net["kinds"], [12, 3])
            return g.node("Conv", ratios, g.constant(np.zeros((OUTPUTS, PLANES, 2, 2, 2))), g.constant(same), **how)
        # the cells of 2 x 2 x 2 as a kernel of stride 2; the scaling of the features into the weights
        w = net["w1"].reshape(-1, PLANES, 2, 2, 2)
        bias = net["b1"] + 0.5 * w[:, :3].sum((1, 2, 3, 4))
        w = w * np.array([0.25] * 6 + [1.0]).reshape(1, -1, 1, 1, 1)
        x = g.node("Conv", ratios, g.constant(w), g.constant(bias), **how)
        for k in (2, 3):
            w = net[f"w{k}"][:, :, None, None, None]
            x = g.node("Conv", g.node("Relu", x), g.constant(w), g.constant(net[f"b{k}"]), kernel_shape=[1] * 3)
        return x

    def activated(self, out):
        """What `levels` models give: positions, factors."""
        middle, half = (self.g.constant(a.reshape(1, OUTPUTS, 1, 1, 1)) for a in (MIDDLE, HALF))
        return self.g.node("Add", self.g.node("Mul", self.g.node("Tanh", out), half), middle)


def level(net, path, trained, stencil="7-point, off-diagonal entries <= 0, any coefficients and masks"):
    """Writes the network of one level."""
    graph = Level(net)
    graph.g.node("Identity", graph.activated(graph.outputs("ratios")), output="fields")
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
    fields = [1, OUTPUTS, "D/2", "H/2", "W/2"]
    graph.g.write(path, [("ratios", [1, PLANES, "D", "H", "W"])], [("fields", fields)], contract)
