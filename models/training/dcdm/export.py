"""Writes the networks of DCDM as ONNX, weights stored in half precision."""

import json
import sys
from pathlib import Path

import numpy as np
import onnx

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from onnx_graph import Graph  # noqa: E402

import equivariant as variant  # noqa: E402
import faithful  # noqa: E402


class Net:
    """Convolutions on planes or boxes, N C (D) H W; weights come as (…, in, out)."""

    def __init__(self, weights, d):
        self.g, self.d, self.weights, self.known = Graph(), d, weights, {}

    def weight(self, name):
        """A weight of a convolution: stored in half precision, a cast in the graph."""
        return self.stored(name, np.moveaxis(self.weights[name], (-1, -2), (0, 1)))

    def stored(self, name, w):
        if name not in self.known:
            self.known[name] = self.g.node("Cast", self.g.constant(w, np.float16), output=f"{name}.f32", to=1)
        return self.known[name]

    def conv(self, x, name, stride=1, bias=None):
        k = self.weights[name].shape[0]
        pads = [0 if k < 3 else 1] * (2 * self.d)
        also = [self.stored(bias, self.weights[bias])] if bias else []
        how = dict(kernel_shape=[k] * self.d, strides=[stride] * self.d, pads=pads)
        return self.g.node("Conv", x, self.weight(name), *also, **how)

    def scalar(self, value):
        if value not in self.known:
            self.known[value] = self.g.constant(value)
        return self.known[value]

    def half(self, x):
        two = [2] * self.d
        return self.g.node("AveragePool", x, kernel_shape=two, strides=two)

    def nearest(self, x):
        if "scales" not in self.known:
            self.known["scales"] = self.g.constant([1, 1] + [2] * self.d, np.float32)
        how = dict(mode="nearest", coordinate_transformation_mode="asymmetric", nearest_mode="floor")
        return self.g.node("Resize", x, "", self.known["scales"], **how)

    def channels(self, x, first, last):
        ends = [self.g.constant([v], np.int64) for v in (first, last, 1)]
        return self.g.node("Slice", x, *ends)

    def write(self, path, inputs, z, contract):
        g, axes = self.g, ["D", "H", "W"][3 - self.d :]
        g.node("Identity", z, output="z")
        shape = lambda channels: ["N", channels, *axes]
        graph_inputs = [(name, shape(len(fields))) for name, fields in inputs]
        contract = {
            "version": 1,
            "layout": "NC" + "".join(axes),
            "dimensions": self.d,
            "inputs": [{"name": name, "fields": fields} for name, fields in inputs],
            "output": "z",
            "linear": False,
            "symmetric": False,
            "positive": False,
            **contract,
            "versions": {"script": "models/training/dcdm"},
        }
        g.write(path, graph_inputs, [("z", shape(1))], contract)


def equivariant(weights, path, levels, trained):
    """The graph of `equivariant.network`. A product with a gate and the convolution before it are apart, as
    in training; gates are computed in every application, since nothing is kept between them."""
    d = weights["lift"].ndim - 2
    n = Net(weights, d)
    op = n.g.node
    width = weights["lift"].shape[-1]
    leaky = lambda x: op("LeakyRelu", x, alpha=variant.SLOPE)

    geometry, gates = "geometry", []
    for k in range(levels):
        a = op("Relu", n.conv(geometry, "geometry"))
        all_gates = op("Add", n.conv(a, "gates"), n.scalar(1.0))
        gates.append([n.channels(all_gates, i * width, (i + 1) * width) for i in range(variant.GATES)])
        if k + 1 < levels:
            grow = n.g.constant(np.array([1.0, 2.0]).reshape(1, 2, *[1] * d))
            geometry = op("Mul", n.half(geometry), grow)

    def level(h, k):
        g1, g2, g3, g4 = gates[k]
        inner = leaky(op("Mul", g1, n.conv(h, "c1")))
        h = op("Add", h, op("Mul", g2, n.conv(inner, "c2")))
        if k + 1 < levels:
            h = op("Add", h, n.nearest(n.conv(level(n.conv(h, "down", 2), k + 1), "up")))
        inner = leaky(op("Mul", g3, n.conv(h, "c3")))
        return op("Add", h, op("Mul", g4, n.conv(inner, "c4")))

    z = n.conv(level(n.conv("r", "lift"), 0), "out")
    contract = {
        "size_multiple": 2 ** (levels - 1),
        "scaling": "unit_rms",
        "boundary": "given",
        "stencil": f"{2 * d + 1}-point Laplacian with masked cells",
        "equivariance": ["scale"],
        "trained": trained,
    }
    n.write(path, [("r", ["residual"]), ("geometry", ["mask", "excess"])], z, contract)


def paper(weights, path, trained):
    """The graph of `faithful.network`."""
    d = weights["first"].ndim - 2
    n = Net(weights, d)
    add = lambda x, y: n.g.node("Add", x, y)

    def conv(name, x, relu):
        y = n.conv(x, name, bias=name + ".b")
        return n.g.node("Relu", y) if relu else y

    z = faithful.wire(conv, n.half, n.nearest, add, "r")
    contract = {
        "size_multiple": 2,
        "scaling": "unit_rms",
        "boundary": "dirichlet",
        "stencil": f"{2 * d + 1}-point Laplacian, constant coefficients",
        "equivariance": [],
        "trained": trained,
    }
    n.write(path, [("r", ["residual"])], z, contract)


def read_paper(path, like):
    """Weights of a file that `paper` wrote, and what it says of its training."""
    model = onnx.load(path)
    stored = {w.name: onnx.numpy_helper.to_array(w).astype(np.float32) for w in model.graph.initializer}
    casts = {n.output[0]: stored[n.input[0]] for n in model.graph.node if n.op_type == "Cast"}
    back = lambda w: w if w.ndim == 1 else np.moveaxis(w, (0, 1), (-1, -2))
    meta = {p.key: p.value for p in model.metadata_props}
    trained = json.loads(meta["resolvent.contract"])["trained"]
    return {k: back(casts[f"{k}.f32"]).reshape(v.shape) for k, v in like.items()}, trained
