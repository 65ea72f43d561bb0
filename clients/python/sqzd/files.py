"""Files that are there whole or not at all."""

import os
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Optional, Type


class NewFile:
    """A file to write, beside its place until the block ends; after an error there is nothing, or what there was."""

    def __init__(self, path: Path, replace: bool, mode: int = 0o666) -> None:
        self._path = path
        self._replace = replace
        self._mode = mode
        if path.exists() and not replace:
            raise FileExistsError(f"{path} exists already; replace=True replaces it")

    def __enter__(self) -> "NewFile":
        self._file = tempfile.NamedTemporaryFile(dir=self._path.parent, prefix=f"{self._path.name}.", delete=False)
        mask = os.umask(0)
        os.umask(mask)
        os.fchmod(self._file.fileno(), self._mode & ~mask)
        return self

    def write(self, data: bytes) -> int:
        return self._file.write(data)

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        temporary = self._file.name
        try:
            with self._file:
                self._file.flush()
                os.fsync(self._file.fileno())
            if kind is None:
                os.replace(temporary, self._path)
        finally:
            if os.path.exists(temporary):
                os.unlink(temporary)


class NewModule:
    """The Python text beside a PyTorch state dict: nothing is written where it is there already, and what sqzd did not export is
    never replaced."""

    _MARK = b"exported by sqzd"

    def __init__(self, path: Path, weights: Path, replace: bool) -> None:
        self._path = path
        self._weights = weights
        self._replace = replace
        self._old = path.read_bytes() if path.exists() else None
        self._new: Optional[NewFile] = None
        # In one of the first lines.
        if self._old is not None and self._MARK not in b"\n".join(self._old.split(b"\n")[:3]):
            raise FileExistsError(
                f"{path} exists already, and sqzd did not export it, so it is not replaced; right would be another name than {weights}"
            )

    def __enter__(self) -> "NewModule":
        return self

    def write(self, data: bytes) -> None:
        if data == self._old:
            return
        others = [self._path.with_suffix(ending) for ending in (".pth", ".pt")]
        for other in others if self._old is not None else []:
            if other.exists() and not (self._weights.exists() and other.samefile(self._weights)):
                raise FileExistsError(
                    f"{self._path} makes the network of {other}, which is another one; right would be another name than {self._weights}"
                )
        self._new = NewFile(self._path, self._replace).__enter__()
        self._new.write(data)

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        if self._new is not None:
            self._new.__exit__(kind, error, trace)
