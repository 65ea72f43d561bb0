#!/usr/bin/env python3
"""Makes the models in this folder: SqueezeNet as onnx's model zoo has it (from Caffe, of opset 7, and from PyTorch), as onnx's own
light_squeezenet, and as tf2onnx converts Keras' network of ../keras/make.py, with its logits in logits.json.

    make.py        needs onnx, onnxruntime, and for the last keras, tf_keras, tensorflow-cpu and tf2onnx

Of the first each tensor is made by a node of type ConstantOfShape, as light_squeezenet has them, filled with its number in the order
of the network, divided by 1,000: so the files are small.
"""

import json
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

FOLDER = Path(__file__).resolve().parent
SIZES = [(16, 64), (16, 64), (32, 128), (32, 128), (48, 192), (48, 192), (64, 256), (64, 256)]


class Layout:
    def __init__(self, opset):
        self.opset, self.nodes, self.shapes, self.size, self.number = opset, [], [], 224, 0

    def add(self, kind, inputs, output, **attributes):
        self.nodes.append(helper.make_node(kind, inputs, output if isinstance(output, list) else [output], **attributes))
        return output[0] if isinstance(output, list) else output

    def constant(self, name, values):
        self.shapes.append(numpy_helper.from_array(np.array(values, np.int64), name))
        return name

    def filled(self, name, shape):
        self.number += 1
        value = numpy_helper.from_array(np.array([self.number / 1000], np.float32))
        return self.add("ConstantOfShape", [self.constant(name + "__SHAPE", shape)], name, value=value)

    def conv(self, x, name, inputs, filters, kernel, stride=1, pad=0):
        weights = [self.filled(name + "_w_0", [filters, inputs, kernel, kernel]), self.filled(name + "_b_0", [filters])]
        x = self.add("Conv", [x, *weights], name + "_1", kernel_shape=[kernel] * 2, strides=[stride] * 2, pads=[pad] * 4)
        self.size = (self.size + 2 * pad - kernel) // stride + 1
        return self.add("Relu", [x], name + "_2")

    def pool(self, x, name):
        # A pixel of padding behind, where Caffe's window hangs over.
        over = (self.size - 3) % 2
        self.size = (self.size - 3 + over) // 2 + 1
        return self.add("MaxPool", [x], name, kernel_shape=[3, 3], strides=[2, 2], pads=[0, 0, over, over])

    def body(self, stem, pools):
        filters, kernel = stem
        x = self.pool(self.conv("data_0", "conv1", 3, filters, kernel, 2), "pool1_1")
        for number, (squeeze, expand) in enumerate(SIZES, 2):
            name = f"fire{number}/"
            x = self.conv(x, name + "squeeze1x1", filters, squeeze, 1)
            halves = [self.conv(x, name + "expand1x1", squeeze, expand, 1), self.conv(x, name + "expand3x3", squeeze, expand, 3, pad=1)]
            x, filters = self.add("Concat", halves, name + "concat_1", axis=1), 2 * expand
            if number in pools:
                x = self.pool(x, f"pool{number}_1")
        return x

    def save(self, name, output, is_listed):
        inputs = [helper.make_tensor_value_info("data_0", TensorProto.FLOAT, [1, 3, 224, 224])]
        if is_listed:
            inputs += [helper.make_tensor_value_info(t.name, t.data_type, t.dims) for t in self.shapes]
        shape = [1, 7] if output == "flat" else [1, 7, 1, 1]
        outputs = [helper.make_tensor_value_info(output, TensorProto.FLOAT, shape)]
        graph = helper.make_graph(self.nodes, "squeezenet", inputs, outputs, self.shapes)
        # Caffe's, converted, say IR version 3, in which each constant stands among the inputs.
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", self.opset)], ir_version=3 if is_listed else 8)
        onnx.checker.check_model(model)
        onnxruntime.InferenceSession(model.SerializeToString()).run(None, {"data_0": np.zeros((1, 3, 224, 224), np.float32)})
        onnx.save(model, FOLDER / name)


def zoo():
    onnxruntime.set_default_logger_severity(3)
    for name, stem, pools in (("zoo-1.0.onnx", (96, 7), (4, 8)), ("zoo-1.1-caffe.onnx", (64, 3), (3, 5))):
        layout = Layout(9)
        x = layout.add("Dropout", [layout.body(stem, pools)], ["fire9/concat_2", "_fire9/concat_mask_1"], ratio=0.5)
        pad = 1 if stem[1] == 7 else 0
        x = layout.conv(x, "conv10", 512, 7, 1, pad=pad)
        x = layout.add("AveragePool", [x], "pool10_1", kernel_shape=[layout.size] * 2, strides=[1, 1])
        layout.save(name, layout.add("Softmax", [x], "softmaxout_1", axis=1), True)
    # PyTorch's, when view() was traced to what computes a shape.
    layout = Layout(9)
    x = layout.conv(layout.add("Dropout", [layout.body((64, 3), (3, 5))], "drop", ratio=0.5), "conv10", 512, 7, 1)
    x = layout.add("AveragePool", [x], "pool10", kernel_shape=[13, 13], strides=[13, 13], pads=[0] * 4)
    count = layout.add("Gather", [layout.add("Shape", [x], "shape"), layout.constant("zero", 0)], "count", axis=0)
    minus = layout.add("Constant", [], "minus", value=numpy_helper.from_array(np.array([-1], np.int64)))
    shape = layout.add("Concat", [layout.add("Unsqueeze", [count], "counts", axes=[0]), minus], "to", axis=0)
    layout.save("zoo-1.1-pytorch.onnx", layout.add("Reshape", [x, shape], "flat"), False)


def converted():
    sys.path.insert(0, str(FOLDER.parent / "keras"))
    import keras
    import make as keras_make
    import tensorflow
    import tf2onnx

    pixels = keras_make.tutorial_input()
    network = keras_make.cifar(keras, 3, "_")
    keras_make.randomize(network, np.random.default_rng(3))
    signature = (tensorflow.TensorSpec((None, 32, 32, 3), tensorflow.float32, name="x"),)
    model, _ = tf2onnx.convert.from_function(tensorflow.function(lambda x: network(x)), input_signature=signature)
    onnx.save(model, FOLDER / "tf2onnx.onnx")
    (FOLDER / "logits.json").write_text(json.dumps({"tf2onnx.onnx": np.asarray(network(pixels))[0].tolist()}, indent=1) + "\n")


if __name__ == "__main__":
    zoo()
    converted()
