"""Computes the logits of a model's file in double precision, with NumPy alone: convolutions as the padded windows that they are.

    convolve.py MODEL INPUT LOGITS

MODEL is a file of sqzd's; INPUT is float32, [row][column][channel], as the network takes it; LOGITS are written as float64."""
import sys

import numpy
import safetensors

WINDOWS = numpy.lib.stride_tricks.sliding_window_view


def padded(x, padding):
    return numpy.pad(x, ((0, 0), (padding, padding), (padding, padding)))


def convolution(x, name, stride=1, padding=0):
    weight, bias = tensors[name + ".weight"], tensors[name + ".bias"]
    windows = WINDOWS(padded(x, padding), weight.shape[2:], axis=(1, 2))[:, ::stride, ::stride]
    y = numpy.tensordot(weight, windows, axes=((1, 2, 3), (0, 3, 4)))
    return numpy.maximum(y + bias[:, None, None], 0)


def pool(x, kernel):
    if kernel == 3:  # windows that hang over the edge count
        over = [(size - 3) % 2 for size in x.shape[1:]]
        x = numpy.pad(x, ((0, 0), (0, over[0]), (0, over[1])), constant_values=-numpy.inf)
    return WINDOWS(x, (kernel, kernel), axis=(1, 2))[:, ::2, ::2].max(axis=(3, 4))


def fire(x, name):
    x = convolution(x, name + ".squeeze")
    return numpy.concatenate([convolution(x, name + ".expand1x1"), convolution(x, name + ".expand3x3", padding=1)])


with safetensors.safe_open(sys.argv[1], "np") as file:
    metadata = file.metadata()
    tensors = {name: file.get_tensor(name).astype(numpy.float64) for name in file.keys()}
assert metadata["bypass"] == "none"
# Pools by their number among torchvision's modules.
kernel, pools, stride, padding = {
    "squeezenet-cifar": (2, (2, 5), 1, 1),
    "squeezenet-1.0": (3, (2, 6, 11), 2, 0),
}[metadata["architecture"]]
x = numpy.fromfile(sys.argv[2], numpy.float32).astype(numpy.float64)
side = round((x.size / 3) ** 0.5)
x = convolution(x.reshape(side, side, 3).transpose(2, 0, 1), "features.0", stride, padding)
last = max(int(name.split(".")[1]) for name in tensors if name.startswith("features."))
for index in range(2, last + 1):
    x = pool(x, kernel) if index in pools else fire(x, f"features.{index}")
x = convolution(x, "classifier.1", padding=int(metadata.get("classifierPadding", 0)))
x.mean(axis=(1, 2)).tofile(sys.argv[3])
