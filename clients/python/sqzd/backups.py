"""The tar file that a backup is."""

import base64
import hashlib
import tarfile
from typing import Any, Callable, List, Mapping

from .errors import ProtocolError
from .protocol import BackupFile
from .records import record

CHECKSUMS = "SHA256SUMS"


class Archive:
    """What the daemon gives, file by file; at its end each file's sha256, as sha256sum(1) writes and reads it."""

    def __init__(self, write: Callable[[bytes], Any]) -> None:
        self._write = write
        self._file = BackupFile("", 0)
        self._rest = 0
        self._hash = hashlib.sha256()
        self._lines: List[str] = []

    def add(self, reply: Mapping[str, Any]) -> None:
        if reply.get("file") is not None:
            self._end_file()
            self._file = record(BackupFile, reply["file"])
            self._rest = self._file.size
            self._hash = hashlib.sha256()
            self._write(self._header(self._file))
        if reply.get("data") is not None:
            data = base64.b64decode(reply["data"], validate=True)
            if len(data) > self._rest:
                raise ProtocolError(f"{self._file.name} is longer than the daemon said")
            self._rest -= len(data)
            self._hash.update(data)
            self._write(data)

    def end(self) -> None:
        self._end_file()
        text = "".join(self._lines).encode()
        self._write(self._header(BackupFile(CHECKSUMS, len(text))) + text + self._padding(len(text)))
        self._write(bytes(2 * tarfile.BLOCKSIZE))

    def _end_file(self) -> None:
        name, sha256 = self._file.name, self._hash.hexdigest()
        if not name:
            return
        if self._rest:
            raise ProtocolError(f"{name} lacks {self._rest} bytes")
        if name.startswith("blobs/") and name != f"blobs/{sha256}":
            raise ProtocolError(f"{name} is damaged on the daemon's disk: its sha256 is {sha256}")
        self._write(self._padding(self._file.size))
        self._lines.append(f"{sha256}  {name}\n")

    @staticmethod
    def _header(file: BackupFile) -> bytes:
        info = tarfile.TarInfo(file.name)
        info.size = file.size
        info.mode = 0o600
        return info.tobuf(tarfile.PAX_FORMAT)

    @staticmethod
    def _padding(size: int) -> bytes:
        return bytes(-size % tarfile.BLOCKSIZE)
