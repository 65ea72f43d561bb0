"""Files on their way to the daemon."""

import base64
import errno
import hashlib
import os
import stat
from typing import Any, BinaryIO, Callable, Iterator, Mapping, Union

from .errors import DaemonUnreachable, MethodNotFound, ProtocolError
from .protocol import Stopping
from .records import member
from .session import Session

# Bytes of a file in one Write: they are 1 MiB of base64, the most that is allowed.
CHUNK_SIZE = 768 * 1024
# How many chunks are under way before the first one's reply is awaited.
PIPELINE_DEPTH = 8

PathLike = Union[str, "os.PathLike[str]"]


class Upload:
    """What is to be uploaded: read once for its checksum, and once more for what the daemon lacks of it."""

    def __init__(self, name: str, parts: Callable[[int], Iterator[bytes]]) -> None:
        """`parts` gives what there is from an offset on."""
        self.name = name
        self._parts = parts
        digest = hashlib.sha256()
        self.size = 0
        for part in parts(0):
            digest.update(part)
            self.size += len(part)
        self.sha256 = digest.hexdigest()

    @staticmethod
    def of_file(path: PathLike) -> "Upload":
        return Upload(os.path.basename(path), lambda offset: _file_parts(path, offset))

    def chunks(self, offset: int) -> Iterator[bytes]:
        """What there is from `offset` on, in chunks of `CHUNK_SIZE`."""
        chunk = bytearray()
        left = self.size - offset
        for part in self._parts(offset):
            chunk += part
            while len(chunk) >= CHUNK_SIZE and left > 0:
                yield bytes(chunk[: min(CHUNK_SIZE, left)])
                left -= CHUNK_SIZE
                del chunk[:CHUNK_SIZE]
            if left <= 0:
                return
        if len(chunk) < left:
            raise OSError(f"{self.name} became shorter while it was uploaded")
        yield bytes(chunk[:left])


class UploadCalls(Session):
    def _upload(self, upload: Upload) -> None:
        """Uploads what the daemon does not have."""
        if not self._send_bytes(upload):
            self._send_chunks(upload)

    def _send_bytes(self, upload: Upload) -> bool:
        """As bytes, on a connection of their own. False for a daemon from before `Upload`."""
        reached = -1
        while True:
            connection = self._connected()
            try:
                connection.send(
                    "io.sqzd.Datasets.Upload", {"sha256": upload.sha256, "size": upload.size}, upgrade=True
                )
                try:
                    offset = _offset(connection.receive().parameters, upload)
                except (MethodNotFound, DaemonUnreachable):
                    # One that knows no `upgrade` at all closes the connection.
                    if reached < 0:
                        return False
                    raise
                try:
                    for chunk in upload.chunks(offset) if offset < upload.size else ():
                        # Where it takes no more, it says why.
                        if not connection.send_bytes(chunk):
                            break
                    connection.receive()
                    return True
                except (Stopping, DaemonUnreachable):
                    # A daemon that was started anew goes on from what the one before had.
                    if offset <= reached:
                        raise
                    reached = offset
            finally:
                connection.close()

    def _send_chunks(self, upload: Upload) -> None:
        reply = self.call("io.sqzd.Datasets.Offer", sha256=upload.sha256, size=upload.size)
        offset = _offset(reply, upload)
        if offset == upload.size:
            return
        connection = self._connected()
        try:
            unanswered = 0
            for chunk in upload.chunks(offset):
                data = base64.b64encode(chunk).decode()
                connection.send("io.sqzd.Datasets.Write", {"sha256": upload.sha256, "offset": offset, "data": data})
                offset += len(chunk)
                unanswered += 1
                if unanswered == PIPELINE_DEPTH:
                    connection.receive()
                    unanswered -= 1
            for _ in range(unanswered):
                connection.receive()
        finally:
            connection.close()


def _offset(reply: Mapping[str, Any], upload: Upload) -> int:
    offset = member(int, reply, "offset")
    if not 0 <= offset <= upload.size:
        raise ProtocolError(f"the upload of {upload.size} bytes can't stand at {offset}")
    return offset


def _file_parts(path: PathLike, offset: int) -> Iterator[bytes]:
    with _opened(path) as file:
        file.seek(offset)
        while part := file.read(CHUNK_SIZE):
            yield part


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
