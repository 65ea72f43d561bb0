#!/usr/bin/env python3
"""Prints what the reference implementation (PyPI: safetensors) reads from a file, as JSON.

usage: describe.py FILE

{"metadata": {…}, "tensors": {NAME: {"dtype": …, "shape": […], "hex": the little-endian elements}}}
"""
import json
import sys

from safetensors import safe_open


def main() -> None:
    with safe_open(sys.argv[1], framework="numpy") as file:
        tensors = {}
        for name in file.keys():
            array = file.get_tensor(name)
            tensors[name] = {"dtype": str(array.dtype), "shape": array.shape, "hex": array.tobytes().hex()}
        print(json.dumps({"metadata": file.metadata() or {}, "tensors": tensors}))


main()
