"""Writes the small ONNX models that the tests, the examples of docs/methods/onnx.md and the benches run.

    python3 -m venv env && env/bin/pip install -r models/training/requirements.txt
    env/bin/python models/training/test_models.py            # writes models/tests/data/*.onnx

Nothing is trained: the weights are those of textbook methods, or random with a fixed seed, so that the
files are the same whenever and wherever they are made. But `whole32` is the shipped `mgnet` in one graph.
"""

import json
import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper

from onnx_graph import IR, OPSET, Graph, shifted

HERE = Path(__file__).resolve().parent
OUT = HERE.parent / "tests" / "data"
SHIPPED = HERE.parent / "onnx" / "mgnet2d.onnx"
sys.path.append(str(HERE / "mgnet"))
import whole  # noqa: E402


def contract(**changes):
    """What the models for −Δu = f with u = 0 on the boundary say of themselves."""
    base = {
        "version": 1,
        "layout": "NCHW",
        "dimensions": 2,
        "size_multiple": 1,
        "inputs": [{"name": "r", "fields": ["residual"]}],
        "output": "z",
        "scaling": "unit_norm",
        "boundary": "dirichlet",
        "stencil": "5-point Laplacian, constant coefficients",
        "linear": True,
        "symmetric": True,
        "positive": True,
        "equivariance": ["scale", "sign", "reflection"],
        "trained": {"on": "nothing: textbook weights"},
        "versions": {"script": "models/training/test_models.py"},
    }
    base.update(changes)
    return {key: value for key, value in base.items() if value is not None}


BATCHED = ["N", "C", "H", "W"]


def laplacian(dimensions):
    """The 5- or 7-point stencil, as the weights of a convolution."""
    stencil = np.zeros((3,) * dimensions)
    centre = (1,) * dimensions
    stencil[centre] = 2 * dimensions
    for d in range(dimensions):
        for side in (0, 2):
            at = list(centre)
            at[d] = side
            stencil[tuple(at)] = -1
    return stencil[None, None]


class Cycle:
    """A symmetric V-cycle for the constant-coefficient Laplacian with convolutions.

    Smoother: a Chebyshev polynomial of degree 2 for the eigenvalues from 1/4 to 1 of A/λmax. Transfer:
    linear interpolation between cell centres and its transpose. Coarse operators: the stencil again.
    With a symmetric smoother on both sides it is a symmetric positive definite matrix.
    """

    def __init__(self, graph, dimensions, levels):
        self.graph, self.d, self.levels = graph, dimensions, levels
        self.a = graph.constant(laplacian(dimensions))
        line = np.array([1.0, 3.0, 3.0, 1.0]) / 4
        weights = line
        for _ in range(dimensions - 1):
            weights = np.multiply.outer(weights, line)
        # the energy of a coarse function is 2^(d-2) times that of the stencil: half of it to each transfer
        self.transfer = graph.constant(weights[None, None] / 2 ** ((dimensions - 2) / 2))
        most = 4 * dimensions
        low, high = most / 4, most
        centre, half = (high + low) / 2, (high - low) / 2
        roots = [centre + half * np.cos(np.pi * (2 * k + 1) / 4) for k in range(2)]
        self.steps = [graph.constant(1 / root) for root in roots]
        self.pads = [1] * (2 * dimensions)

    def residual(self, x, r):
        ax = self.graph.node("Conv", x, self.a, pads=self.pads, kernel_shape=[3] * self.d)
        return self.graph.node("Sub", r, ax)

    def smooth(self, x, r, steps):
        """x ← x + τ(r − Ax), for each τ; x is None for zero."""
        for step in steps:
            rest = r if x is None else self.residual(x, r)
            move = self.graph.node("Mul", rest, step)
            x = move if x is None else self.graph.node("Add", x, move)
        return x

    def run(self, r, level=0):
        if level == self.levels - 1:
            return self.smooth(None, r, self.steps * 4)
        x = self.smooth(None, r, self.steps)
        rest = self.residual(x, r)
        strided = dict(strides=[2] * self.d, pads=self.pads, kernel_shape=[4] * self.d)
        coarse = self.graph.node("Conv", rest, self.transfer, **strided)
        e = self.run(coarse, level + 1)
        x = self.graph.node("Add", x, self.graph.node("ConvTranspose", e, self.transfer, **strided))
        return self.smooth(x, r, self.steps)


def vcycle(name, change=None, dimensions=2, levels=4, shape=None, **claims):
    graph = Graph()
    z = Cycle(graph, dimensions, levels).run("r")
    if change:
        z = change(graph, z)
    graph.node("Identity", z, output="z")
    claims = {"size_multiple": 2 ** (levels - 1), **claims}
    meta = None if claims.get("layout", "") is None else contract(dimensions=dimensions, **claims)
    axes = BATCHED if dimensions == 2 else ["N", "C", "D", "H", "W"]
    graph.save(OUT / f"{name}.onnx", [("r", 1)], "z", shape or axes, meta)


def nonlinear(graph, z):
    """z + z|z|/(1 + |z|)/4: still a direction of descent, but not linear."""
    size = graph.node("Abs", z)
    bent = graph.node("Div", graph.node("Mul", z, size), graph.node("Add", size, graph.constant(0.05)))
    return graph.node("Add", z, graph.node("Mul", bent, graph.constant(0.25)))


def pointwise(name, build, **claims):
    graph = Graph()
    graph.node("Identity", build(graph), output="z")
    lies = contract(stencil=None, trained=None, **claims)
    graph.save(OUT / f"{name}.onnx", [("r", 1)], "z", BATCHED, lies)


def random_weights():
    """Three layers of random convolutions: what a network is before it has learnt anything."""
    rng = np.random.default_rng(7)
    graph = Graph()
    x = "r"
    for inputs, outputs in [(1, 6), (6, 6), (6, 1)]:
        weights = graph.constant(rng.normal(size=(outputs, inputs, 3, 3)) / np.sqrt(9 * inputs))
        bias = graph.constant(rng.normal(size=outputs) / 10)
        x = graph.node("Conv", x, weights, bias, pads=[1, 1, 1, 1], kernel_shape=[3, 3])
        if outputs > 1:
            x = graph.node("Relu", x)
    graph.node("Identity", x, output="z")
    claims = dict(linear=False, symmetric=False, positive=False, equivariance=["scale"], trained=None)
    graph.save(OUT / "random.onnx", [("r", 1)], "z", BATCHED, contract(**claims))


def one_node():
    graph = Graph()
    weights = graph.constant(np.array([[[[0, 1, 0], [1, 8, 1], [0, 1, 0]]]]) / 16)
    graph.node("Conv", "r", weights, output="z", pads=[1, 1, 1, 1], kernel_shape=[3, 3])
    graph.save(OUT / "one_node.onnx", [("r", 1)], "z", BATCHED, contract())


def f64_conv():
    graph = Graph(np.float64)
    weights = graph.constant(laplacian(2))
    graph.node("Conv", "r", weights, output="z", pads=[1, 1, 1, 1], kernel_shape=[3, 3])
    graph.save(OUT / "f64_conv.onnx", [("r", 1)], "z", BATCHED, contract())


def f64_add():
    """In float64 with operators that ONNX Runtime has in float64: loads, and is of the wrong type."""
    graph = Graph(np.float64)
    graph.node("Add", "r", "r", output="z")
    graph.save(OUT / "f64_add.onnx", [("r", 1)], "z", BATCHED, contract())


def wrong_rank():
    graph = Graph()
    graph.node("Identity", "r", output="z")
    graph.save(OUT / "wrong_rank.onnx", [("r", 1)], "z", ["N", "H", "W"], contract())


def wrong_channels():
    graph = Graph()
    weights = graph.constant(np.ones((1, 3, 1, 1)) / 3)
    graph.node("Conv", "r", weights, output="z", kernel_shape=[1, 1])
    graph.save(OUT / "wrong_channels.onnx", [("r", 3)], "z", BATCHED, contract())


def half_size():
    """An output that is smaller than the input."""
    graph = Graph()
    graph.node("AveragePool", "r", output="z", kernel_shape=[2, 2], strides=[2, 2])
    kind = TensorProto.FLOAT
    model = helper.make_model(
        helper.make_graph(
            graph.nodes,
            "half_size",
            [helper.make_tensor_value_info("r", kind, BATCHED[:1] + [1, "H", "W"])],
            [helper.make_tensor_value_info("z", kind, BATCHED[:1] + [1, "h", "w"])],
        ),
        opset_imports=[helper.make_opsetid("", OPSET)],
        producer_name="resolvent",
    )
    model.ir_version = IR
    helper.set_model_props(model, {"resolvent.contract": json.dumps(contract(size_multiple=2))})
    onnx.checker.check_model(model)
    onnx.save(model, OUT / "half_size.onnx")


def bad_contract():
    graph = Graph()
    graph.node("Identity", "r", output="z")
    graph.save(OUT / "bad_contract.onnx", [("r", 1)], "z", BATCHED, contract(layout="NCWH", scalling="unit_norm"))


def fields(name, one_input):
    """Four sweeps of damped Jacobi from the coefficients of the matrix itself: for masks and any coefficients.

    The sides of the stencil come in as the field each of them is; a masked cell, and what is outside of
    the grid, has mask 0 and diagonal 0.
    """
    graph = Graph()
    names = ["residual", "mask", "diagonal", "west", "east", "south", "north"]
    if one_input:
        inputs = [("fields", len(names))]
        meta = [{"name": "fields", "fields": names}]
        where = {}
        for i, field in enumerate(names):
            bounds = [graph.constant([b], np.int64) for b in (i, i + 1, 1)]
            where[field] = graph.node("Slice", "fields", *bounds)
    else:
        inputs = [(field, 1) for field in names]
        meta = [{"name": field, "fields": [field]} for field in names]
        where = {field: field for field in names}
    sides = {"west": (0, -1), "east": (0, 1), "south": (-1, 0), "north": (1, 0)}
    one = graph.constant(1.0)
    outside = graph.node("Sub", one, where["mask"])
    inverse = graph.node("Div", where["mask"], graph.node("Add", where["diagonal"], outside))
    step = graph.node("Mul", inverse, graph.constant(0.9))
    r = where["residual"]
    x = graph.node("Mul", r, step)
    for _ in range(3):
        rest = graph.node("Sub", r, graph.node("Mul", where["diagonal"], x))
        for side, (dy, dx) in sides.items():
            link = graph.node("Mul", where[side], shifted(graph, x, dy, dx))
            rest = graph.node("Add", rest, link)
        x = graph.node("Add", x, graph.node("Mul", rest, step))
    # masked cells are equations by themselves
    graph.node("Add", x, graph.node("Mul", outside, r), output="z")
    claims = dict(inputs=meta, boundary="given", stencil="5-point, any coefficients", size_multiple=4)
    graph.save(OUT / f"{name}.onnx", inputs, "z", BATCHED, contract(equivariance=["scale", "sign"], **claims))


def levels(name, fields, ratios=None):
    """A model for `mgnet` that says the same of all cells, whatever goes in: conductances, or so many ratios."""
    graph = Graph()
    if ratios is None:
        total = graph.node("Add", graph.node("Add", "east", "north"), "link")
    else:
        total = graph.node("ReduceMax", "ratios", axes=[1], keepdims=1)
    nothing = graph.node("Mul", total, graph.constant(0.0))
    small = graph.node("MaxPool", nothing, kernel_shape=[2, 2], strides=[2, 2])
    values = graph.constant(np.reshape(fields, (1, -1, 1, 1)))
    graph.node("Add", small, values, output="fields")
    meta = contract(
        role="levels", layout="N1HW", size_multiple=2, inputs=None, output=None, scaling=None,
        boundary="given", stencil="5-point, any coefficients", equivariance=["scale", "sign"], trained=None,
    )
    plane = [1, 1, "H", "W"]
    outputs = [("fields", [1, len(fields), "H/2", "W/2"])]
    inputs = [("ratios", [1, ratios, "H", "W"])] if ratios else [(n, plane) for n in ("east", "north", "link")]
    graph.write(OUT / f"{name}.onnx", inputs, outputs, meta)


def levels3d(name, fields):
    """The same for boxes."""
    graph = Graph()
    total = graph.node("Add", graph.node("Add", "east", "north"), graph.node("Add", "up", "link"))
    nothing = graph.node("Mul", total, graph.constant(0.0))
    small = graph.node("MaxPool", nothing, kernel_shape=[2, 2, 2], strides=[2, 2, 2])
    values = graph.constant(np.reshape(fields, (1, -1, 1, 1, 1)))
    graph.node("Add", small, values, output="fields")
    meta = contract(
        role="levels", layout="N1DHW", dimensions=3, size_multiple=2, inputs=None, output=None, scaling=None,
        boundary="given", stencil="7-point, any coefficients", equivariance=["scale", "sign"], trained=None,
    )
    box = [1, 1, "D", "H", "W"]
    outputs = [("fields", [1, len(fields), "D/2", "H/2", "W/2"])]
    graph.write(OUT / f"{name}.onnx", [(n, box) for n in ("east", "north", "up", "link")], outputs, meta)


def boxes():
    rule = [0.5] * 12 + [1.0] * 11
    levels3d("levels3d_default", rule + [1.0] * 8)  # the rule of gmg
    levels3d("levels3d_faces", rule[:15])  # without weights and scalings
    poor = [1.0, 0.0] * 6 + [3.0, 0.1, 1.0] + [-0.5, 1.5, 0.2, 1.0] * 2 + [0.3, 1.0, 0.5, 0.9] * 2
    levels3d("levels3d_poor", poor)
    levels3d("levels3d_nan", rule + [float("nan")] * 8)
    levels3d("levels3d_outside", [2.0] * 12 + [1.0] * 11)
    levels3d("levels3d_channels", rule[1:])


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    vcycle("vcycle")
    solid = dict(layout="NCDHW", stencil="7-point Laplacian, constant coefficients")
    vcycle("vcycle3d", dimensions=3, levels=3, **solid)
    vcycle("vcycle32", shape=[1, 1, 32, 32])
    vcycle("no_contract", layout=None)
    vcycle("wrong_name", inputs=[{"name": "residual", "fields": ["residual"]}])
    vcycle("flipped", lambda g, z: g.node("Neg", z), positive=False)
    vcycle("flipped_lies", lambda g, z: g.node("Neg", z))
    nonlinear_claims = dict(linear=False, symmetric=False, positive=False)
    vcycle("nonlinear", nonlinear, **nonlinear_claims)
    pointwise("nan", lambda g: g.node("Sqrt", g.node("Sub", g.constant(-1.0), g.node("Mul", "r", "r"))))
    pointwise("zero", lambda g: g.node("Mul", "r", g.constant(0.0)))
    pointwise("huge", lambda g: g.node("Exp", g.node("Mul", g.node("Abs", "r"), g.constant(1e4))))
    random_weights()
    one_node()
    f64_conv()
    f64_add()
    wrong_rank()
    wrong_channels()
    half_size()
    bad_contract()
    fields("fields", one_input=False)
    fields("channels", one_input=True)
    boxes()
    rule = [0.5] * 4 + [1.0] * 6
    levels("levels_default", rule + [1.0] * 4)  # the rule of gmg
    levels("levels_weights", rule)  # without scalings
    levels("levels_poor", [1.0, 0.0, 1.0, 0.0, 3.0, 0.1, -0.5, 1.5, 0.2, 1.0, 0.3, 1.0, 0.5, 0.9])
    levels("levels_nan", rule + [float("nan")] * 4)
    levels("levels_outside", [2.0] * 4 + [1.0] * 6)
    levels("levels_huge", [0.5] * 4 + [1e17] * 2 + [1.0] * 8)  # beyond single precision after two levels
    levels("levels_nothing", [0.0] * 4 + [0.0] * 2 + [1.0] * 8)  # no coarse level couples
    levels("levels_channels", [0.5] * 12)
    levels("levels_ratios", rule[:6], ratios=5)  # without weights
    levels("levels_four_ratios", rule, ratios=4)
    whole.write(SHIPPED, (32, 32), OUT / "whole32.onnx")
    for path in sorted(OUT.glob("*.onnx")):
        print(f"{path.name:20} {path.stat().st_size / 1000:6.1f} kB")


if __name__ == "__main__":
    main()
