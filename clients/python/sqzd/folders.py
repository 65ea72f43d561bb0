"""A folder of pictures as the one tar file that the daemon takes it as."""

import os
import tarfile
from typing import IO, Iterator

_RECORDS = ("test_batch.bin", "train.bin", "test.bin")
_PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".heic", ".heif", ".avif", ".gif", ".bmp", ".tif", ".tiff")
# A picture's file has at most 64 MiB; one byte more says that a file has too many.
_MOST_BYTES = (64 << 20) + 1


def holds_pictures(path: str) -> bool:
    """Whether there is a picture somewhere below, and no file of CIFAR's or IDX's in the folder itself."""
    if any(_is_of_records(name) for name in os.listdir(path)):
        return False
    files = [file for file in _members(path) if _is_file(file)]
    return any(file.lower().endswith(_PICTURES) for file in files) or any(_is_picture(file) for file in files)


def write_tar(path: str, target: IO[bytes]) -> None:
    """Writes what is below a folder, in the order of names, without times and owners. Links are not followed, and what is
    hidden is sent by its name only."""
    with tarfile.open(fileobj=target, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for file in _members(path):
            member = tarfile.TarInfo(os.path.relpath(file, path))
            if os.path.basename(file).startswith("."):
                tar.addfile(member)
            elif _is_file(file):
                with open(file, "rb") as data:
                    member.size = min(os.fstat(data.fileno()).st_size, _MOST_BYTES)
                    tar.addfile(member, data)
            else:
                member.type, member.linkname = tarfile.SYMTYPE, "-"
                tar.addfile(member)


def _members(path: str) -> Iterator[str]:
    with os.scandir(path) as entries:
        found = sorted(entries, key=lambda entry: os.fsencode(entry.name))
    for entry in found:
        if entry.is_dir(follow_symlinks=False) and not entry.name.startswith("."):
            yield from _members(entry.path)
        else:
            yield entry.path


def _is_file(path: str) -> bool:
    return os.path.isfile(path) and not os.path.islink(path) and not os.path.basename(path).startswith(".")


def _is_of_records(name: str) -> bool:
    name = name[:-3] if name.endswith(".gz") else name
    return name.startswith("data_batch_") or name.endswith("-ubyte") or name in _RECORDS


def _is_picture(path: str) -> bool:
    """By the marks of the formats that are read."""
    with open(path, "rb") as file:
        start = file.read(12)
    return start.startswith((b"\x89PNG", b"\xff\xd8\xff")) or start.startswith(b"RIFF") and start.endswith(b"WEBP")
