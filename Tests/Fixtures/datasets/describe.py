#!/usr/bin/env python3
"""Figures that tell one data set from another, computed by numpy straight from the users' files.

usage: describe.py cifar-10 FOLDER | idx FOLDER       prints {"train": {…}, "test": {…}} as JSON, each split with
    count      pictures
    pixels     sum of all bytes of all pictures
    labels     sum of all labels
    order      sum of (i mod 65521 + 1) × byte i over the pictures, then the labels, modulo 2⁶⁴: tells order and place
"""
import gzip
import json
import pathlib
import sys

import numpy


def weighted(array: numpy.ndarray) -> int:
    data = array.reshape(-1)
    total = 0
    step = 1024 * 65521
    weights = numpy.arange(1, 65522, dtype=numpy.uint64)
    for start in range(0, len(data), step):
        part = data[start : start + step].astype(numpy.uint64)
        total += int((part * numpy.resize(weights, len(part))).sum())
    return total


def describe(images: numpy.ndarray, labels: numpy.ndarray) -> dict:
    assert images.shape == (len(labels), 3, 32, 32) and images.dtype == labels.dtype == numpy.uint8
    return {
        "count": len(labels), "pixels": int(images.sum(dtype=numpy.uint64)), "labels": int(labels.sum(dtype=int)),
        "order": (weighted(images) + weighted(labels)) % 2**64}


def read_idx(path: pathlib.Path) -> numpy.ndarray:
    data = gzip.open(path).read()
    dimensions = numpy.frombuffer(data, ">u4", data[3], 4)
    return numpy.frombuffer(data, numpy.uint8, offset=4 + 4 * data[3]).reshape(dimensions)


def main(kind: str, folder: pathlib.Path) -> None:
    if kind == "cifar-10":
        records = numpy.concatenate([
            numpy.fromfile(path, numpy.uint8).reshape(-1, 3073) for path in sorted(folder.glob("data_batch_*.bin"))])
        splits = {"train": describe(records[:, 1:].reshape(-1, 3, 32, 32), records[:, 0])}
    else:
        splits = {}
        for split, name in (("train", "train"), ("test", "t10k")):
            grey = numpy.pad(read_idx(folder / f"{name}-images-idx3-ubyte.gz"), ((0, 0), (2, 2), (2, 2)))
            labels = read_idx(folder / f"{name}-labels-idx1-ubyte.gz")
            splits[split] = describe(numpy.repeat(grey[:, None], 3, 1), labels)
    print(json.dumps(splits))


if __name__ == "__main__":
    main(sys.argv[1], pathlib.Path(sys.argv[2]))
