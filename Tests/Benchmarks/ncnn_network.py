"""The networks as ncnn's parameter and weight files (ncnn wiki, "param and model file structure")."""

import pathlib

import numpy as np

from networks import TOPOLOGIES


class Writer:
    def __init__(self, weights: np.ndarray):
        self.weights, self.offset, self.blobs = weights, 0, 0
        self.lines: list[str] = []
        self.binary: list[bytes] = []

    def layer(self, kind: str, inputs: list[str], outputs: int = 1, arguments: str = "") -> list[str]:
        names = [f"b{self.blobs + i}" for i in range(outputs)]
        self.blobs += outputs
        self.lines.append(
            f"{kind} l{len(self.lines)} {len(inputs)} {outputs} {' '.join(inputs + names)} {arguments}".rstrip())
        return names

    def take(self, count: int) -> bytes:
        self.offset += count
        return self.weights[self.offset - count : self.offset].astype("<f4").tobytes()

    def convolution(self, x: str, inputs: int, filters: int, kernel: int, stride=1, padding=0) -> str:
        count = filters * inputs * kernel * kernel
        # 0 filters, 1 kernel, 3 stride, 4 padding, 5 bias, 6 weights, 9 activation (1: ReLU); a zero tag says float32.
        self.binary += [b"\0\0\0\0", self.take(count), self.take(filters)]
        return self.layer(
            "Convolution", [x], 1, f"0={filters} 1={kernel} 3={stride} 4={padding} 5=1 6={count} 9=1")[0]


def write(architecture: str, classes: int, size: int, weights: np.ndarray, param: pathlib.Path, binary: pathlib.Path) -> None:
    (filters, kernel, stride, padding), pool, blocks = TOPOLOGIES[architecture]
    w = Writer(weights)
    w.lines.append(f"Input input 0 1 input 0={size} 1={size} 2=3")
    w.blobs += 1
    x, channels = w.convolution("input", 3, filters, kernel, stride, padding), filters
    for block in blocks:
        if block == 0:
            # 5: padding mode; 0 keeps windows that hang over the edge, 1 drops them.
            x = w.layer("Pooling", [x], 1, f"0=0 1={pool} 2=2 3=0 5={0 if pool == 3 else 1}")[0]
        else:
            squeeze, expand = block
            s = w.convolution(x, channels, squeeze, 1)
            a, b = w.layer("Split", [s], 2)
            x = w.layer("Concat", [w.convolution(a, squeeze, expand, 1), w.convolution(b, squeeze, expand, 3, 1, 1)], 1, "0=0")[0]
            channels = 2 * expand
    w.layer("Pooling", [w.convolution(x, channels, classes, 1)], 1, "0=1 4=1")
    w.lines[-1] = w.lines[-1].replace(f"b{w.blobs - 1}", "output")
    assert w.offset == weights.size
    param.write_text(f"7767517\n{len(w.lines)} {w.blobs}\n" + "\n".join(w.lines) + "\n")
    binary.write_bytes(b"".join(w.binary))
