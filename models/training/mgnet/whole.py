"""Writes a whole `mgnet` as ONNX: the network, its levels and the V-cycle in one graph, for one size.

    env/bin/python models/training/mgnet/whole.py --levels models/onnx/mgnet2d.onnx --size 64 --out whole64.onnx
    resolvent solve A.mtx --solver cg --precond onnx:whole64.onnx

The portable form: any ONNX runtime runs it, and it is the oracle of the Rust crate, which takes the levels
alone. Every application predicts the levels anew, so that it is slower. Sizes are powers of two;
smaller grids are padded. The coarsest level is inverted exactly; where it falls into parts, at most one of
them may be without a value given at the boundary, else z is not finite.
"""

import argparse
import json
import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import helper, numpy_helper

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import cycle  # noqa: E402
from network import COUPLING, OUTPUTS, STEP, TINY  # noqa: E402
from onnx_graph import Graph, shifted  # noqa: E402

HUGE = 1e18


class Shared(Graph):
    """A graph that holds equal constants once."""

    def constant(self, value, dtype=None):
        value = np.asarray(value, dtype or self.dtype)
        key = (value.dtype.str, value.shape, value.tobytes())
        known = self.__dict__.setdefault("constants", {})
        if key not in known:
            known[key] = super().constant(value, value.dtype)
        return known[key]


class Whole:
    """The graph of `cycle.precondition` on planes (1, 1, h, w)."""

    def __init__(self, levels):
        self.g, self.levels = Shared(), levels
        # positions and factors; then weights; then scalings
        self.channels = levels.output[0].type.tensor_type.shape.dim[1].dim_value

    def op(self, name, *inputs, **attributes):
        inputs = [self.g.constant(i) if isinstance(i, (int, float)) else i for i in inputs]
        return self.g.node(name, *inputs, **attributes)

    add = lambda self, *a: self.op("Add", *a[:2]) if len(a) == 2 else self.add(self.add(*a[:2]), *a[2:])
    sub = lambda self, a, b: self.op("Sub", a, b)
    mul = lambda self, *a: self.op("Mul", *a[:2]) if len(a) == 2 else self.mul(self.mul(*a[:2]), *a[2:])
    div = lambda self, a, b: self.op("Div", a, b)

    def number(self, condition):
        return self.op("Cast", condition, to=onnx.TensorProto.FLOAT)

    def above(self, a):
        """1 where a > 0, else 0."""
        return self.number(self.op("Greater", a, 0))

    def along(self, a, dy, dx):
        return shifted(self.g, a, dy, dx)

    def sum(self, a):
        return self.op("ReduceSum", a, self.g.constant([1, 2, 3], np.int64), keepdims=1)

    def depth(self, a):
        return self.op("SpaceToDepth", a, blocksize=2)

    def space(self, a):
        return self.op("DepthToSpace", a, blocksize=2)

    def channel(self, a, first, last=None):
        ends = [first, first + 1 if last is None else last, 1]
        return self.op("Slice", a, *[self.g.constant([v], np.int64) for v in ends])

    def beside(self, a):
        """The next along x and y; past a side, the cell itself."""
        last = np.iinfo(np.int64).max
        for axis in (3, 2):
            pads = np.zeros(8, np.int64)
            pads[axis + 4] = 1
            padded = self.op("Pad", a, self.g.constant(pads, np.int64), mode="edge")
            yield self.op("Slice", padded, *[self.g.constant([v], np.int64) for v in (1, last, axis)])

    def ratios(self, east, north, link):
        """`network.ratios`"""
        near = self.add(*self.faces(east, north))
        link = self.mul(link, self.above(near))
        floor = self.op("Max", self.add(near, link), TINY)
        log_d = self.op("Log", floor)
        couplings, steps = [], []
        for face, there in zip((east, north), self.beside(log_d)):
            mean = self.mul(self.add(log_d, there), 0.5)
            coupling = self.sub(self.op("Log", self.op("Max", face, TINY)), mean)
            couplings.append(self.op("Clip", coupling, -COUPLING, 0))
            steps.append(self.op("Clip", self.sub(there, log_d), -STEP, STEP))
        return self.op("Concat", *couplings, *steps, self.div(link, floor), axis=1)

    def network(self, east, north, link):
        """The graph of the levels, its names made new."""
        names = {"ratios": self.ratios(east, north, link)}
        for weight in self.levels.initializer:
            value = numpy_helper.to_array(weight)
            names[weight.name] = self.g.constant(value, value.dtype)
        for node in self.levels.node:
            attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
            out = self.g.node(node.op_type, *[names.get(i, i) for i in node.input], **attributes)
            names[node.output[0]] = out
        return names["fields"]

    # ---- levels ------------------------------------------------------------------------------

    def faces(self, east, north):
        return east, self.along(east, 0, -1), north, self.along(north, -1, 0)

    def scaled(self, level, sigma):
        east, north, link = level
        e, w, n, s = self.faces(east, north)
        near = self.add(e, w, n, s)
        d = self.div(self.add(near, link), sigma)
        alive = self.above(d)
        root = self.div(alive, self.op("Sqrt", self.add(d, self.sub(1, alive))))
        east = self.mul(east, root, self.along(root, 0, 1))
        north = self.mul(north, root, self.along(root, 1, 0))
        return dict(s=(self.mul(sigma, alive), *self.faces(east, north)), root=root, held=self.above(near), d=d)

    def product(self, s, x):
        """S x"""
        sigma, *faces = s
        beside = [self.along(x, *step) for step in ((0, 1), (0, -1), (1, 0), (-1, 0))]
        return self.sub(self.mul(sigma, x), self.add(*[self.mul(f, x) for f, x in zip(faces, beside)]))

    def through(self, l, m, r, held_l, held_r, mix):
        def behind(f, held):
            there = self.above(f)
            series = self.div(self.mul(0.5, there), self.add(f, self.sub(1, there)))
            return self.add(series, self.mul(self.sub(1, there), held, HUGE))

        chain = self.div(m, self.add(1, self.mul(m, self.add(behind(l, held_l), behind(r, held_r)))))
        return self.add(chain, self.mul(mix, self.sub(self.mul(0.5, m), chain)))

    def coarser(self, level, held, fields):
        east, north, _ = level
        e, n, held = self.depth(east), self.depth(north), self.depth(held)
        at = self.channel
        e_next, held_x = self.along(e, 0, 1), self.along(held, 0, 1)
        n_next, held_y = self.along(n, 1, 0), self.along(held, 1, 0)
        coarse_east = [
            self.through(at(e, k), at(e, k + 1), at(e_next, k), at(held, k), at(held_x, k + 1), at(fields, k // 2))
            for k in (0, 2)
        ]
        coarse_north = [
            self.through(at(n, k), at(n, k + 2), at(n_next, k), at(held, k), at(held_y, k + 2), at(fields, 2 + k))
            for k in (0, 1)
        ]
        factors = [at(fields, 4), at(fields, 5)]
        east, north = (self.mul(self.add(*c), f) for c, f in zip((coarse_east, coarse_north), factors))
        return east, north, self.links(level)

    def links(self, level):
        east, north, link = level
        near = [self.depth(a) for a in self.faces(east, north)]
        best, least = self.op("Max", *near), self.op("Min", *near)
        link, inner = self.depth(link), self.above(least)
        reaction = self.add(self.mul(link, inner), self.mul(self.sub(1, inner), HUGE))
        reaction = self.op("ReduceMin", reaction, axes=[1], keepdims=1)
        reaction = self.mul(reaction, self.number(self.op("Less", reaction, 0.1 * HUGE)))
        shared = self.op("Min", link, reaction)
        own, twice = self.sub(link, shared), self.mul(2, best)
        series = self.div(self.mul(own, twice), self.op("Max", self.add(own, twice), 1e-18))
        all_of = self.mul(self.above(best), self.add(shared, series))
        return self.op("ReduceSum", all_of, self.g.constant([1], np.int64), keepdims=1)

    def inverse(self, level, size):
        """-S^-1 of the coarsest level, (1, 1, n, n), by sweeping one row after the other."""
        east, north, link = level
        one = self.scaled(level, self.add(self.mul(link, 0), 1))
        h, w = size
        n = h * w
        column = lambda a: self.op("Reshape", a, self.g.constant([1, 1, n, 1], np.int64))
        beside = lambda step: self.g.constant(np.eye(n, k=step)[None, None])
        sigma, e, _, north, _ = one["s"]
        upper = self.add(self.mul(column(e), beside(1)), self.mul(column(north), beside(w)))
        lower = self.op("Transpose", upper, perm=[0, 1, 3, 2])
        m = self.sub(self.g.constant(np.eye(n)[None, None]), self.add(upper, lower))
        # q q^T where nothing holds the constant
        q = column(self.op("Sqrt", one["d"]))
        qq = self.mul(q, self.op("Transpose", q, perm=[0, 1, 3, 2]))
        loose = self.sub(1, self.above(self.sum(link)))
        total = self.op("Max", self.sum(one["d"]), 1e-18)
        m = self.add(m, self.mul(self.div(qq, total), loose))
        axis = self.g.constant([3], np.int64)
        for k in range(n):
            ends = [self.g.constant([v], np.int64) for v in (k, k + 1)]
            unit = np.zeros((1, 1, n, 1), np.float32)
            unit[0, 0, k, 0] = 1
            line = self.op("Slice", m, *ends, axis)
            pivot = self.op("Slice", line, *ends, self.g.constant([2], np.int64))
            v = self.sub(line, self.g.constant(unit))
            outer = self.mul(v, self.op("Transpose", v, perm=[0, 1, 3, 2]))
            m = self.sub(m, self.div(outer, pivot))
            m = self.sub(m, self.g.constant(2 * unit * unit.transpose(0, 1, 3, 2)))
        return m, one["root"]

    # ---- the cycle ---------------------------------------------------------------------------

    def hierarchy(self, level, size):
        levels = []
        while size[0] * size[1] > 16:
            fields = self.network(*level)
            weights, scalings = self.cells(fields, OUTPUTS), self.cells(fields, OUTPUTS + 4)
            fine = self.scaled(level, scalings)
            fine["weight"] = weights
            level = self.coarser(level, fine["held"], fields)
            levels.append(fine)
            size = (size[0] // 2, size[1] // 2)
        inverse, root = self.inverse(level, size)
        levels.append(dict(inverse=inverse, root=root, size=size))
        for fine, coarse in zip(levels[:-1], levels[1:]):
            alive = self.above(fine["root"])
            wide = self.spread(coarse["root"])
            share = self.div(self.mul(fine["held"], wide), self.add(fine["root"], self.sub(1, alive)))
            fine["share"] = self.mul(share, fine["weight"])
        return levels

    def cells(self, fields, first):
        """Numbers of cells from the channels from `first` on; 1 where there are none."""
        there = first < self.channels
        channels = self.channel(fields, first, first + 4) if there else self.channel(fields, 0, 4)
        return self.space(channels if there else self.add(self.mul(channels, 0), 1))

    def spread(self, a):
        return self.space(self.op("Concat", a, a, a, a, axis=1))

    def blocks(self, a):
        return self.op("ReduceSum", self.depth(a), self.g.constant([1], np.int64), keepdims=1)

    def vcycle(self, levels, r, degree=3):
        level = levels[0]
        if "inverse" in level:
            (h, w), shape = level["size"], lambda *s: self.g.constant(s, np.int64)
            x = self.op("MatMul", level["inverse"], self.op("Reshape", r, shape(1, 1, h * w, 1)))
            return self.op("Neg", self.op("Reshape", x, shape(1, 1, h, w)))
        s, share, omega = level["s"], level["share"], [float(w) for w in cycle.factors(degree)]
        x, residual = None, r
        for w in omega:
            step = self.mul(w, residual)
            x = step if x is None else self.add(x, step)
            residual = self.sub(residual, self.mul(w, self.product(s, residual)))
        coarse = self.blocks(self.mul(share, self.sub(residual, self.product(s, residual))))
        e = self.mul(share, self.spread(self.vcycle(levels[1:], coarse, 4)))
        x = self.add(x, self.sub(e, self.product(s, e)))
        for w in omega[::-1]:
            x = self.add(x, self.mul(w, self.sub(r, self.product(s, x))))
        return x

    def write(self, path, size, contract):
        east, north, excess = (self.channel("a", k) for k in range(3))
        near = self.add(*self.faces(east, north))
        # what a row sums to by rounding alone is no link
        link = self.mul(excess, self.above(self.sub(excess, self.mul(near, 1e-6))))
        levels = self.hierarchy((east, north, link), size)
        root = levels[0]["root"]
        z = self.mul(root, self.vcycle(levels, self.mul(root, "r")))
        self.op("Identity", z, output="z")
        plane = lambda channels: [1, channels, *size]
        self.g.write(path, [("r", plane(1)), ("a", plane(3))], [("z", plane(1))], contract)


def write(levels, size, out):
    """The cycle of the model in the file `levels`, for (ny, nx) cells."""
    model = onnx.load(levels)
    said = {p.key: json.loads(p.value) for p in model.metadata_props}["resolvent.contract"]
    contract = {
        "version": 1,
        "layout": "NCHW",
        "inputs": [
            {"name": "r", "fields": ["residual"]},
            {"name": "a", "fields": ["east", "north", "excess"]},
        ],
        "output": "z",
        "linear": True,
        "symmetric": True,
        "positive": True,
        "equivariance": ["scale", "sign"],
        "versions": {"script": "models/training/mgnet/whole.py"},
        **{key: said[key] for key in ("boundary", "stencil", "trained") if key in said},
    }
    Whole(model.graph).write(out, size, contract)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--levels", required=True, help="the model of the levels")
    parser.add_argument("--size", default=64, type=int, help="cells along a side, a power of two from 8")
    parser.add_argument("--out", required=True, help="the file")
    a = parser.parse_args()
    if a.size < 8 or a.size & (a.size - 1):
        parser.error("--size: a power of two from 8")
    write(a.levels, (a.size, a.size), a.out)


if __name__ == "__main__":
    main()
