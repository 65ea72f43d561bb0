#!/usr/bin/env python3
"""Makes corpus/ of the protocol's examples, of Tests/Fixtures, of small pictures (with numpy and Pillow), and of the models
that are named: of squeezenet-cifar, one in single precision, and what `quantize` and `compress --sparsity 0.97 --bits 2` make of it.

    make_corpus.py [MODEL.safetensors ...]
"""

import hashlib
import io
import json
import struct
import subprocess
import sys
import tarfile
import tempfile
import zipfile
import zlib
from pathlib import Path
from typing import Any, Dict

FOLDER = Path(__file__).resolve().parent / "corpus"
CHECKOUT = FOLDER.parents[2]
FIXTURES = CHECKOUT / "Tests" / "Fixtures"
RECIPE = (
    '{"name":"tutorial","learningRate":0.001,"optimizer":{"adam":{"beta1":0.9,"beta2":0.999,"epsilon":1e-8}},'
    '"usesDropout":true,"augmentation":{"padding":4,"flips":true}}'
)


def seed(target: str, name: str, data: bytes) -> None:
    (FOLDER / target).mkdir(parents=True, exist_ok=True)
    (FOLDER / target / name).write_bytes(data)


def varlink() -> None:
    for example in sorted((CHECKOUT / "protocol" / "examples").glob("*.json")):
        read = json.loads(example.read_text())
        # The others show a method's errors.
        if read["call"]["method"] == example.stem:
            seed("FuzzVarlink", example.stem, json.dumps(read["call"], separators=(",", ":")).encode())
            if example.stem.startswith("io.sqzd.Runner."):
                replies = [json.dumps(reply, separators=(",", ":")).encode() for reply in read["replies"]]
                seed("FuzzVarlink", f"{example.stem}-replies", b"\0".join(replies) + b"\0")


def datasets() -> None:
    """The number of the names in FuzzDatasets.swift, the first file's length, the files."""

    def files(kind: int, *parts: bytes) -> bytes:
        return bytes([kind]) + len(parts[0]).to_bytes(3, "big")[-2:] + b"".join(parts)

    record = bytes([3]) + bytes(range(256)) * 12
    fine = bytes([1, 7]) + bytes(range(256)) * 12
    idx = bytes.fromhex("00000803 00000002 0000001c 0000001c") + bytes(range(196)) * 8
    labels = bytes.fromhex("00000801 00000002") + bytes([4, 9])
    seed("FuzzDatasets", "cifar-10", files(0, record * 2, record))
    seed("FuzzDatasets", "cifar-100", files(1, fine * 2, fine))
    seed("FuzzDatasets", "classes", files(6, record, b"cat\ndog\nbird\nfish\n"))
    seed("FuzzDatasets", "idx", files(4, idx, labels))
    for number, name in ((8, "zip"), (9, "tar"), (10, "tar.xz")):
        seed("FuzzDatasets", f"pictures-{name}", files(number, pictures_in(name)))
    archive = (FIXTURES / "datasets" / "cifar-10-binary.tar.gz").read_bytes()
    if len(archive) < 60_000:
        seed("FuzzDatasets", "archive", files(2, archive))
    pictures = (FIXTURES / "datasets" / "train-images-idx3-ubyte.gz").read_bytes()
    if len(pictures) < 60_000:
        seed("FuzzDatasets", "idx-gz", files(5, pictures, (FIXTURES / "datasets" / "train-labels-idx1-ubyte.gz").read_bytes()))


def pictures() -> None:
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, str(FIXTURES / "imaging" / "make.py"), folder, "seeds"], check=True)
        for path in sorted(Path(folder).iterdir()):
            if path.suffix not in (".rgb", ".json"):
                seed("FuzzPictures", path.name, path.read_bytes())


def pictures_in(kind: str) -> bytes:
    """An archive of two classes with a picture each, one to test, and what is none."""
    # A grey pixel as PNG.
    pixel = bytes.fromhex("89504e470d0a1a0a") + b"".join(
        len(data).to_bytes(4, "big") + name + data + zlib.crc32(name + data).to_bytes(4, "big")
        for name, data in (
            (b"IHDR", bytes.fromhex("00000001000000010800000000")),
            (b"IDAT", zlib.compress(b"\0\x80")),
            (b"IEND", b""),
        )
    )
    members = {"x/train/a/1.png": pixel, "x/train/b/1": pixel, "x/test/a/2.png": pixel, "x/.DS_Store": b"x", "x/b.txt": b"y"}
    target = io.BytesIO()
    if kind == "zip":
        with zipfile.ZipFile(target, "w") as archive:
            for name, data in members.items():
                archive.writestr(zipfile.ZipInfo(name), data)
    else:
        with tarfile.open(fileobj=target, mode="w:xz" if kind == "tar.xz" else "w") as archive:
            for name, data in members.items():
                member = tarfile.TarInfo(name)
                member.size = len(data)
                archive.addfile(member, io.BytesIO(data))
    return target.getvalue()


def foreign_models() -> None:
    for name in ("tiny.onnx", "tiny.pth", "tiny-legacy.pth", "module.pth"):
        seed("FuzzForeignModels", name, (FIXTURES / "models" / name).read_bytes())
    for name in ("tiny.h5", "tiny.keras"):
        seed("FuzzKeras", name, (FIXTURES / "models" / "keras" / name).read_bytes())
    seed("FuzzForeignModels", "plain.safetensors", framed({"x": {"dtype": "F16", "shape": [2], "data_offsets": [0, 4]}}) + bytes(4))
    # Deep Compression's, with one entry in each layer: its weights are the first code's.
    biases = [96]
    for squeeze, expand in ((16, 64), (16, 64), (32, 128), (32, 128), (48, 192), (48, 192), (64, 256), (64, 256)):
        biases += [squeeze, expand, expand]
    biases += [1000]
    codebook = struct.pack("<256f", *(code / 256 + 0.001 for code in range(256)))
    layers = (codebook + bytes(4 * count) + b"\x01" + b"\x00" for count in biases)
    seed("FuzzForeignModels", "deep-compression", struct.pack("<26I", *[1] * 26) + b"".join(layers))


def safetensors() -> None:
    seed("FuzzSafetensors", "types", (FIXTURES / "safetensors" / "types.safetensors").read_bytes())
    header = b'{"__metadata__":{"format":"x"},"a":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]}}'
    seed("FuzzSafetensors", "small", len(header).to_bytes(8, "little") + header + bytes(8))


def checkpoint() -> None:
    """The header of one whose numbers are all zero, as FuzzCheckpoints.swift puts them behind it."""
    count = 146_570
    position = '{"correct":0,"count":0,"epoch":2,"lossSum":0.0,"step":0}'
    ended = (
        '[{"position":{"correct":1,"count":2,"epoch":1,"lossSum":0.5,"step":1},'
        '"validation":{"correct":1,"count":2,"lossSum":0.5}}]'
    )
    # The first version has no recipe.
    for name, version, recipe in (("zero", 1, ""), ("zero-2", 2, RECIPE)):
        digest = hashlib.sha256(f"1 {position}{ended}{recipe}".encode() + bytes(3 * 4 * count)).hexdigest()
        metadata = {"format": f"sqzd-checkpoint-{version}", "steps": "1", "sha256": digest}
        metadata.update({"position": position, "ended": ended, **({"recipe": recipe} if recipe else {})})
        header: Dict[str, Any] = {"__metadata__": metadata}
        for number, tensor in enumerate(["weights", "firstMoment", "secondMoment"]):
            offsets = [4 * count * number, 4 * count * (number + 1)]
            header[tensor] = {"dtype": "F32", "shape": [count], "data_offsets": offsets}
        seed("FuzzCheckpoints", name, framed(header))


def framed(header: Dict[str, Any]) -> bytes:
    text = json.dumps(header, separators=(",", ":")).encode()
    return len(text).to_bytes(8, "little") + text


def model(path: Path) -> None:
    """A model's file without the zeros at its end; of one in single precision only the header, as if its weights were zero, that of the
    first version too, and one that speaks of pictures that there are not."""
    data = path.read_bytes()
    start = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(data[8:start])

    def put(name: str, text: bytes, values: bytes) -> None:
        rest = values.rstrip(b"\0")
        seed("FuzzModelFiles", name, (len(values) - len(rest)).to_bytes(4, "little") + text + rest)

    metadata = header["__metadata__"]
    if "precision" in metadata:
        if metadata["precision"] == "shared":
            put("shared", data[:start], data[start:])
        else:
            weights = min(t["data_offsets"][0] for t in header.values() if t.get("dtype") in ("I8", "U8"))
            values = data[start : start + weights] + bytes(len(data) - start - weights)
            put(metadata["precision"], data[:start], values)
        return
    zeros = bytes(len(data) - start)
    put("header-3", framed(header), zeros)
    metadata["format"] = "sqzd-model-2"
    for key in ("history", "selfTest"):
        metadata.pop(key, None)
    put("header-2", framed(header), zeros)
    metadata["format"] = "sqzd-model-1"
    for key in ("recipe", "training"):
        metadata.pop(key, None)
    for name, side in (("header", 32), ("large-pictures", 1024)):
        metadata["preprocessing"] = f'{{"sourceSize":{side},"size":32,"padding":4,"flips":true}}'
        put(name, framed(header), zeros)


if __name__ == "__main__":
    varlink()
    datasets()
    pictures()
    foreign_models()
    safetensors()
    checkpoint()
    for name in sys.argv[1:]:
        model(Path(name))
