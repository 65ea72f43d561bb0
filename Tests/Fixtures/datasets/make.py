#!/usr/bin/env python3
"""Makes the committed data set fixtures with numpy, tarfile and gzip, and what an import must find in them.

usage: make.py

cifar-10-binary.tar.gz, cifar-100-binary.tar.gz   laid out as the official archives, a few random records a file
train-*-ubyte.gz, t10k-*-ubyte                    IDX as MNIST's, gzipped and not
expected.json                                     for each of the three: splits as describe.py prints them, class names
"""
import gzip
import io
import json
import pathlib
import struct
import tarfile

import numpy

from describe import describe

HERE = pathlib.Path(__file__).parent
CIFAR10 = "airplane automobile bird cat deer dog frog horse ship truck".split()
CIFAR100 = [f"fine {label}" for label in range(100)]


def tar(name: str, folder: str, members: dict[str, bytes]) -> None:
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=tarfile.GNU_FORMAT) as archive:
        directory = tarfile.TarInfo(folder)
        directory.type, directory.mode = tarfile.DIRTYPE, 0o755
        archive.addfile(directory)
        for member, data in members.items():
            info = tarfile.TarInfo(f"{folder}/{member}")
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    (HERE / name).write_bytes(gzip.compress(raw.getvalue(), mtime=0))


def idx(name: str, array: numpy.ndarray, compressed: bool) -> None:
    data = struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape) + array.tobytes()
    (HERE / name).write_bytes(gzip.compress(data, mtime=0) if compressed else data)


def main() -> None:
    random = numpy.random.default_rng(20)

    def cifar(classes: int, count: int) -> tuple[numpy.ndarray, numpy.ndarray]:
        return random.integers(0, 256, (count, 3, 32, 32), numpy.uint8), random.integers(0, classes, count, numpy.uint8)

    def records(images: numpy.ndarray, *labels: numpy.ndarray) -> bytes:
        return numpy.concatenate([*(column[:, None] for column in labels), images.reshape(len(images), -1)], 1).tobytes()

    def join(*splits: tuple[numpy.ndarray, numpy.ndarray]) -> dict:
        return describe(*(numpy.concatenate(arrays) for arrays in zip(*splits)))

    expected = {}
    first, second, test = cifar(10, 3), cifar(10, 2), cifar(10, 2)
    # Neither the official archive has its files in order.
    tar("cifar-10-binary.tar.gz", "cifar-10-batches-bin", {
        "data_batch_2.bin": records(*second), "readme.html": b"<html></html>\n", "test_batch.bin": records(*test),
        "batches.meta.txt": ("\n".join(CIFAR10) + "\n\n").encode(), "data_batch_1.bin": records(*first)})
    expected["cifar-10"] = {"train": join(first, second), "test": join(test), "classes": CIFAR10}

    train, test = cifar(100, 3), cifar(100, 2)
    tar("cifar-100-binary.tar.gz", "cifar-100-binary", {
        "coarse_label_names.txt": b"coarse\n", "fine_label_names.txt": ("\n".join(CIFAR100) + "\n").encode(),
        "test.bin": records(test[0], test[1] // 5, test[1]), "train.bin": records(train[0], train[1] // 5, train[1])})
    expected["cifar-100"] = {"train": join(train), "test": join(test), "classes": CIFAR100}

    expected["idx"] = {"classes": [str(label) for label in range(10)]}
    for split, name, count in (("train", "train", 12), ("test", "t10k", 3)):
        grey = random.integers(0, 256, (count, 28, 28), numpy.uint8)
        labels = numpy.arange(count, dtype=numpy.uint8) % 10
        idx(f"{name}-images-idx3-ubyte" + ".gz" * (split == "train"), grey, split == "train")
        idx(f"{name}-labels-idx1-ubyte" + ".gz" * (split == "train"), labels, split == "train")
        padded = numpy.pad(grey, ((0, 0), (2, 2), (2, 2)))
        expected["idx"][split] = describe(numpy.repeat(padded[:, None], 3, 1), labels)

    (HERE / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")


main()
