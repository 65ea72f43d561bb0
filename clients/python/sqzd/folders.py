"""A folder of pictures as the one tar file that the daemon takes it as."""

import os
import tarfile
from typing import BinaryIO, Iterator

_RECORDS = ("test_batch.bin", "train.bin", "test.bin")
_PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".heic", ".heif", ".avif", ".gif", ".bmp", ".tif", ".tiff")
# A picture's file has at most 64 MiB; one byte more says that a file has too many.
_MOST_BYTES = (64 << 20) + 1
# Bytes that are read at once.
_PART_SIZE = 1 << 20


def holds_pictures(path: str) -> bool:
    """Whether there is a picture somewhere below, and no file of CIFAR's or IDX's in the folder itself."""
    if any(_is_of_records(name) for name in os.listdir(path)):
        return False
    files = [file for file in _members(path) if _is_file(file)]
    return any(file.lower().endswith(_PICTURES) for file in files) or any(_is_picture(file) for file in files)


def tar_parts(path: str, offset: int) -> Iterator[bytes]:
    """The tar file of what is below a folder, from an offset on: in the order of names, without times and owners, so that the
    same contents are the same file. Links are not followed, and what is hidden is sent by its name only."""
    for part in _tar(path):
        skipped = min(offset, len(part))
        offset -= skipped
        yield part[skipped:]


def _tar(path: str) -> Iterator[bytes]:
    for file in _members(path):
        member = tarfile.TarInfo(os.path.relpath(file, path))
        if os.path.basename(file).startswith("."):
            yield member.tobuf(tarfile.PAX_FORMAT)
        elif _is_file(file):
            with open(file, "rb") as data:
                member.size = min(os.fstat(data.fileno()).st_size, _MOST_BYTES)
                yield member.tobuf(tarfile.PAX_FORMAT)
                yield from _contents(data, member.size)
            yield bytes(-member.size % tarfile.BLOCKSIZE)
        else:
            member.type, member.linkname = tarfile.SYMTYPE, "-"
            yield member.tobuf(tarfile.PAX_FORMAT)
    yield bytes(2 * tarfile.BLOCKSIZE)


def _contents(file: BinaryIO, size: int) -> Iterator[bytes]:
    while size > 0:
        part = file.read(min(size, _PART_SIZE))
        if not part:
            raise OSError(f"{file.name} became shorter while it was uploaded")
        size -= len(part)
        yield part


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
