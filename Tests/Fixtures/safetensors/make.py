#!/usr/bin/env python3
"""Makes the committed fixture types.safetensors with the reference implementation (PyPI: safetensors, numpy).

usage: make.py

One tensor for each type that numpy has, named as the type, with the elements 0, 1, 2, … (BOOL: 0, 1, 0, 1, …), besides a
scalar, an empty tensor and metadata.
"""
import pathlib

import numpy
from safetensors.numpy import save_file

TYPES = "bool uint8 int8 uint16 int16 float16 uint32 int32 float32 uint64 int64 float64 complex64".split()


def main() -> None:
    tensors = {name: (numpy.arange(6) % (2 if name == "bool" else 6)).astype(name).reshape(2, 3) for name in TYPES}
    tensors["scalar"] = numpy.array(42, dtype="int32")
    tensors["empty"] = numpy.zeros((0, 3), dtype="float32")
    here = pathlib.Path(__file__).parent
    save_file(tensors, here / "types.safetensors", metadata={"format": "np", "größe": "2×3"})


main()
