"""io.sqzd.Datasets: pictures with labels, uploaded and imported once."""

import base64
import hashlib
import os
from dataclasses import dataclass
from typing import Any, BinaryIO, Dict, List, Optional, Sequence, Union

from .connection import Connection
from .errors import ProtocolError
from .records import member, records
from .session import Session

# Bytes of a file in one Write: they are 1 MiB of base64, the most that is allowed.
CHUNK_SIZE = 768 * 1024
# How many chunks are under way before the first one's reply is awaited.
PIPELINE_DEPTH = 8

PathLike = Union[str, "os.PathLike[str]"]


@dataclass(frozen=True)
class Dataset:
    """`created_at` is in microseconds since 1970-01-01 00:00:00 UTC."""

    name: str
    sha256: str
    size: int
    format: str
    train: int
    test: int
    classes: List[str]
    height: int
    width: int
    uid: int
    created_at: int


class DatasetCalls(Session):
    def datasets(self) -> List[Dataset]:
        return records(Dataset, self.call("io.sqzd.Datasets.List").get("datasets"))

    def dataset(self, name: str) -> Dataset:
        return member(Dataset, self.call("io.sqzd.Datasets.Show", dataset=name), "dataset")

    def remove_dataset(self, name: str) -> None:
        self.call("io.sqzd.Datasets.Remove", dataset=name)

    def import_dataset(
        self,
        path: PathLike,
        name: Optional[str] = None,
        *,
        classes: Optional[Sequence[str]] = None,
        upload: bool = True,
    ) -> Dataset:
        """Makes a data set of a file or of a folder's files: CIFAR-10 or CIFAR-100 binary files or archive, or IDX files.

        The files are uploaded; what an interrupted upload has brought over is not sent again. With `upload=False` the
        daemon reads `path` itself, which must be below one of `Info.data_directories`.
        """
        path = os.path.abspath(path)
        parameters: Dict[str, Any] = {
            "name": name or _name(path),
            "classes": list(classes) if classes is not None else None,
        }
        if upload:
            parameters["files"] = [self._upload(file) for file in _files(path)]
        else:
            parameters["path"] = path
        last: Dict[str, Any] = {}
        for last in self._stream("io.sqzd.Datasets.Import", parameters):
            pass
        return member(Dataset, last, "dataset")

    def _upload(self, path: str) -> Dict[str, str]:
        with open(path, "rb") as file:
            sha256 = _sha256(file)
            size = file.tell()
            offset = member(int, self.call("io.sqzd.Datasets.Offer", sha256=sha256, size=size), "offset")
            if not 0 <= offset <= size:
                raise ProtocolError(f"the upload of {size} bytes can't stand at {offset}")
            if offset < size:
                file.seek(offset)
                self._write(file, sha256, offset, size)
        return {"name": os.path.basename(path), "sha256": sha256}

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


def _sha256(file: BinaryIO) -> str:
    digest = hashlib.sha256()
    while True:
        block = file.read(1024 * 1024)
        if not block:
            return digest.hexdigest()
        digest.update(block)


def _files(path: str) -> List[str]:
    """The file, or a folder's files but hidden ones, by name."""
    if not os.path.isdir(path):
        return [path]
    with os.scandir(path) as entries:
        files = sorted(entry.path for entry in entries if entry.is_file() and not entry.name.startswith("."))
    if not files:
        raise FileNotFoundError(f"no files in {path}")
    return files


def _name(path: str) -> str:
    """A folder's name; a file's up to its suffixes."""
    name = os.path.basename(path)
    return name if os.path.isdir(path) else name.split(".")[0]
