"""io.sqzd.Datasets: pictures with labels, uploaded and imported once."""

import os
import tempfile
from dataclasses import asdict
from typing import Any, Dict, List, Optional, Sequence

from .folders import holds_pictures, write_tar
from .protocol import Dataset, File
from .records import member, records
from .uploads import PathLike, UploadCalls


class DatasetCalls(UploadCalls):
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
        size: Optional[int] = None,
        fit: Optional[str] = None,
        skip_unreadable: bool = False,
        upload: bool = True,
    ) -> Dataset:
        """Makes a data set of a file or of a folder's files: CIFAR-10 or CIFAR-100 binary files or archive, IDX files, or
        pictures (PNG, JPEG, WebP) in a folder for each class, or a zip or tar archive of that.

        `size` and `fit` ("crop", "pad", "stretch") say what becomes of pictures: by default the middle, of the size that
        suits them. One that can't be read is an error unless `skip_unreadable`.

        The files are uploaded; what an interrupted upload has brought over is not sent again. With `upload=False` the
        daemon reads `path` itself, which must be below one of `Info.data_directories`.
        """
        path = os.path.abspath(path)
        parameters: Dict[str, Any] = {
            "name": name or _name(path),
            "classes": list(classes) if classes is not None else None,
            "size": size,
            "fit": fit,
            "skipUnreadable": skip_unreadable or None,
        }
        if upload and os.path.isdir(path) and holds_pictures(path):
            with tempfile.NamedTemporaryFile(suffix=".tar") as tar:
                write_tar(path, tar)
                tar.flush()
                parameters["files"] = [asdict(File(f"{os.path.basename(path)}.tar", self._upload(tar.name)))]
        elif upload:
            parameters["files"] = [
                asdict(File(os.path.basename(file), self._upload(file))) for file in _files(path)
            ]
        else:
            parameters["path"] = path
        last: Dict[str, Any] = {}
        for last in self._stream("io.sqzd.Datasets.Import", parameters):
            pass
        return member(Dataset, last, "dataset")


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
