"""ONNX graphs, written node by node."""

import json
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

OPSET, IR = 17, 9


class Graph:
    """Nodes and weights of a graph, added one after the other."""

    def __init__(self, dtype=np.float32):
        self.nodes, self.weights, self.count, self.dtype = [], [], 0, dtype

    def constant(self, value, dtype=None):
        value = np.asarray(value, dtype or self.dtype)
        name = f"w{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(value, name))
        return name

    def node(self, op, *inputs, output=None, **attributes):
        self.count += 1
        output = output or f"v{self.count}"
        self.nodes.append(helper.make_node(op, list(inputs), [output], **attributes))
        return output

    def save(self, path, inputs, output, shape, contract=None):
        """Inputs are pairs of a name and the number of channels, which `shape` calls C; of the output, 1."""
        sizes = lambda channels: [channels if d == "C" else d for d in shape]
        self.write(path, [(name, sizes(c)) for name, c in inputs], [(output, sizes(1))], contract)

    def write(self, path, inputs, outputs, contract=None):
        """Inputs and outputs are pairs of a name and sizes, which are numbers or names."""
        kind = TensorProto.DOUBLE if self.dtype == np.float64 else TensorProto.FLOAT
        info = lambda name, sizes: helper.make_tensor_value_info(name, kind, sizes)
        graph = helper.make_graph(
            self.nodes,
            Path(path).stem,
            [info(*i) for i in inputs],
            [info(*o) for o in outputs],
            self.weights,
        )
        opset = [helper.make_opsetid("", OPSET)]
        model = helper.make_model(graph, opset_imports=opset, producer_name="resolvent")
        model.ir_version = IR
        if contract is not None:
            helper.set_model_props(model, {"resolvent.contract": json.dumps(contract)})
        onnx.checker.check_model(model)
        onnx.save(model, path)


def shifted(graph, x, dy, dx):
    """What stands dy lines and dx columns away: zeros from outside."""
    pads = [0, 0, max(-dy, 0), max(-dx, 0), 0, 0, max(dy, 0), max(dx, 0)]
    padded = graph.node("Pad", x, graph.constant(pads, np.int64))
    big = np.iinfo(np.int64).max
    start = graph.constant([max(dy, 0), max(dx, 0)], np.int64)
    end = graph.constant([dy if dy < 0 else big, dx if dx < 0 else big], np.int64)
    return graph.node("Slice", padded, start, end, graph.constant([2, 3], np.int64))
