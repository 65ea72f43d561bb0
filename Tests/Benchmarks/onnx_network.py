"""The networks as ONNX graphs, for ONNX Runtime and OpenVINO."""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from networks import TOPOLOGIES


class Graph:
    def __init__(self, weights: np.ndarray):
        self.weights, self.offset = weights, 0
        self.nodes, self.initializers = [], []

    def node(self, kind: str, inputs: list[str], **attributes) -> str:
        name = f"t{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [name], **attributes))
        return name

    def parameter(self, *shape: int) -> str:
        count = int(np.prod(shape))
        name = f"p{len(self.initializers)}"
        self.initializers.append(numpy_helper.from_array(self.weights[self.offset : self.offset + count].reshape(shape), name))
        self.offset += count
        return name

    def convolution(self, x: str, inputs: int, filters: int, kernel: int, stride=1, padding=0) -> str:
        y = self.node(
            "Conv", [x, self.parameter(filters, inputs, kernel, kernel), self.parameter(filters)],
            kernel_shape=[kernel] * 2, strides=[stride] * 2, pads=[padding] * 4)
        return self.node("Relu", [y])


def build(architecture: str, classes: int, size: int, batch: int, weights: np.ndarray) -> onnx.ModelProto:
    (filters, kernel, stride, padding), pool, blocks = TOPOLOGIES[architecture]
    graph = Graph(weights)
    x, channels = graph.convolution("input", 3, filters, kernel, stride, padding), filters
    for block in blocks:
        if block == 0:
            x = graph.node("MaxPool", [x], kernel_shape=[pool] * 2, strides=[2] * 2, ceil_mode=int(pool == 3))
        else:
            squeeze, expand = block
            s = graph.convolution(x, channels, squeeze, 1)
            one, three = graph.convolution(s, squeeze, expand, 1), graph.convolution(s, squeeze, expand, 3, 1, 1)
            x, channels = graph.node("Concat", [one, three], axis=1), 2 * expand
    x = graph.node("GlobalAveragePool", [graph.convolution(x, channels, classes, 1)])
    x = graph.node("Flatten", [x])
    assert graph.offset == weights.size
    values = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
        for name, shape in (("input", [batch, 3, size, size]), (x, [batch, classes]))]
    model = helper.make_model(
        helper.make_graph(graph.nodes, architecture, values[:1], values[1:], graph.initializers),
        opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    onnx.checker.check_model(model)
    return model
