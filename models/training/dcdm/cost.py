"""What one application of a model costs: flop and bytes per unknown, counted node by node.

    env/bin/python models/training/dcdm/cost.py models/onnx/dcdm2d.onnx --size 64

Flop: 2 for each product of a convolution, 1 for each output of everything else. Bytes: what each node reads and
writes, weights left out; an upper bound, since a runtime fuses nodes and caches keep planes.
"""

import argparse

import numpy as np
import onnx


def cost(path, size):
    """Flop and bytes of one application, and weights."""
    model = onnx.load(path)
    for value in [*model.graph.input, *model.graph.output]:
        dims = value.type.tensor_type.shape.dim
        for k, dim in enumerate(dims):
            dim.dim_value = 1 if k == 0 else dim.dim_value or size
    model = onnx.shape_inference.infer_shapes(model, data_prop=True)
    shapes = {w.name: tuple(w.dims) for w in model.graph.initializer}
    weights = set(shapes)
    for value in [*model.graph.input, *model.graph.value_info, *model.graph.output]:
        shapes[value.name] = tuple(d.dim_value for d in value.type.tensor_type.shape.dim)
    flop = moved = 0
    for node in model.graph.node:
        if node.input[0] in weights:  # a cast of weights, done once
            weights.update(node.output)
            continue
        out = np.prod(shapes[node.output[0]])
        if node.op_type == "Conv":
            flop += 2 * out * np.prod(shapes[node.input[1]][1:])
        elif node.op_type not in ("Slice", "Identity", "Resize"):
            flop += out
        moved += 4 * (out + sum(np.prod(shapes[i]) for i in node.input if i and i not in weights))
    count = sum(int(np.prod(w.dims)) for w in model.graph.initializer if w.data_type == onnx.TensorProto.FLOAT16)
    return float(flop), float(moved), count


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+")
    parser.add_argument("--size", type=int, default=64)
    a = parser.parse_args()
    for path in a.models:
        axes = len(onnx.load(path).graph.output[0].type.tensor_type.shape.dim) - 2
        flop, moved, count = cost(path, a.size)
        n = a.size**axes
        print(f"{path}: {count} weights, {flop / n:.0f} flop and {moved / n:.0f} bytes per unknown at {a.size}^{axes}")


if __name__ == "__main__":
    main()
