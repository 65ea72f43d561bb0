"""Small data sets: CIFAR-10 records, each picture of its class's colour with noise, so that there is something to learn."""

import hashlib
import random
from pathlib import Path

CLASSES = 10
PICTURE = 3 * 32 * 32


def records(count: int, seed: int) -> bytes:
    """`count` records of 3,073 bytes."""
    source = random.Random(seed)
    made = bytearray()
    for number in range(count):
        label = number % CLASSES
        noise = source.randbytes(PICTURE)
        made.append(label)
        for plane in range(3):
            # Each class has its own level in each plane, and noise over a sixteenth of the range.
            level = (37 * label + 71 * plane) % 224
            table = bytes(level + value // 8 for value in range(256))
            made += noise[1024 * plane : 1024 * (plane + 1)].translate(table)
    return bytes(made)


def folder(path: Path, train: int, test: int, seed: int) -> Path:
    """A folder as CIFAR-10 comes in."""
    path.mkdir(parents=True)
    (path / "data_batch_1.bin").write_bytes(records(train, seed))
    (path / "test_batch.bin").write_bytes(records(test, seed + 1_000_000))
    return path


def sha256(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
