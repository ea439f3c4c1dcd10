"""Writes a trained `mgnet` as ONNX: the network of one level (`levels` in the contract)."""

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from network import HALF, MIDDLE, OUTPUTS, PLANES, SCALE  # noqa: E402
from onnx_graph import Graph  # noqa: E402


class Level:
    """The graph of `network.outputs` and the activations, on (1, PLANES, H, W) with H and W even."""

    def __init__(self, net):
        self.net, self.g = net, Graph()

    def outputs(self, ratios):
        """Channels as `network.outputs`, before their activations."""
        g, net = self.g, self.net
        if "w1" not in net:
            # the same everywhere
            nothing = g.constant(np.zeros((OUTPUTS, PLANES, 2, 2)))
            return self.g.node("Conv", ratios, nothing, g.constant(net["b3"]), kernel_shape=[2, 2], strides=[2, 2])
        x = ratios
        for k in (1, 2, 3):
            w, bias, stride = net[f"w{k}"].transpose(3, 2, 0, 1), net[f"b{k}"], 2 if k == 1 else 1
            if k == 1:
                w = w * SCALE[:, None, None]
            size = w.shape[2]
            how = dict(kernel_shape=[size] * 2, strides=[stride] * 2, pads=[(size - stride) // 2] * 4)
            x = g.node("Conv", x, g.constant(w), g.constant(bias), **how)
            x = x if k == 3 else g.node("Relu", x)
        return x

    def activated(self, out):
        """What `levels` models give: positions, factors."""
        middle, half = (self.g.constant(a.reshape(1, OUTPUTS, 1, 1)) for a in (MIDDLE, HALF))
        return self.g.node("Add", self.g.node("Mul", self.g.node("Tanh", out), half), middle)


def level(net, path, trained, stencil="5-point, off-diagonal entries <= 0, any coefficients and masks"):
    """Writes the network of one level."""
    graph = Level(net)
    graph.g.node("Identity", graph.activated(graph.outputs("ratios")), output="fields")
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
