"""Files on their way to the daemon."""

import base64
import errno
import hashlib
import os
import stat
from typing import BinaryIO, Union

from .connection import Connection
from .errors import ProtocolError
from .records import member
from .session import Session

# Bytes of a file in one Write: they are 1 MiB of base64, the most that is allowed.
CHUNK_SIZE = 768 * 1024
# How many chunks are under way before the first one's reply is awaited.
PIPELINE_DEPTH = 8

PathLike = Union[str, "os.PathLike[str]"]


class UploadCalls(Session):
    def _upload(self, path: PathLike) -> str:
        """Uploads a file, or what of it the daemon does not have; returns its checksum."""
        with _opened(path) as file:
            sha256 = _sha256(file)
            size = file.tell()
            offset = member(int, self.call("io.sqzd.Datasets.Offer", sha256=sha256, size=size), "offset")
            if not 0 <= offset <= size:
                raise ProtocolError(f"the upload of {size} bytes can't stand at {offset}")
            if offset < size:
                file.seek(offset)
                self._write(file, sha256, offset, size)
        return sha256

    def _write(self, file: BinaryIO, sha256: str, offset: int, size: int) -> None:
        connection = Connection(self.socket)
        try:
            unanswered = 0
            while offset < size:
                chunk = file.read(min(CHUNK_SIZE, size - offset))
                if not chunk:
                    raise OSError(f"{file.name} became shorter while it was uploaded")
                data = base64.b64encode(chunk).decode()
                connection.send("io.sqzd.Datasets.Write", {"sha256": sha256, "offset": offset, "data": data})
                offset += len(chunk)
                unanswered += 1
                if unanswered == PIPELINE_DEPTH:
                    connection.receive()
                    unanswered -= 1
            for _ in range(unanswered):
                connection.receive()
        finally:
            connection.close()


def _opened(path: PathLike) -> BinaryIO:
    """A regular file: it is read twice, and what is none could be read for ever, or never."""
    # A look before it is opened, which does things to a device.
    _check(os.stat(path), path)
    file = open(path, "rb", opener=lambda name, flags: os.open(name, flags | os.O_NONBLOCK | os.O_NOCTTY))
    try:
        _check(os.fstat(file.fileno()), path)
    except OSError:
        file.close()
        raise
    return file


def _check(status: os.stat_result, path: PathLike) -> None:
    if stat.S_ISREG(status.st_mode):
        return
    kinds = {
        stat.S_IFDIR: "a directory",
        stat.S_IFIFO: "a FIFO",
        stat.S_IFSOCK: "a socket",
        stat.S_IFCHR: "a character device",
        stat.S_IFBLK: "a block device",
    }
    kind = stat.S_IFMT(status.st_mode)
    code = errno.EISDIR if kind == stat.S_IFDIR else errno.EINVAL
    raise OSError(code, f"is {kinds[kind]}; right would be a regular file", os.fspath(path))


def _sha256(file: BinaryIO) -> str:
    digest = hashlib.sha256()
    while True:
        block = file.read(1024 * 1024)
        if not block:
            return digest.hexdigest()
        digest.update(block)
