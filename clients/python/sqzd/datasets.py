"""io.sqzd.Datasets: pictures with labels, uploaded and imported once."""

import base64
import errno
import functools
import operator
import os
from dataclasses import asdict
from typing import Any, Dict, List, Optional, Sequence, Union

from .folders import holds_pictures, tar_parts
from .protocol import Dataset, File, NoSuchUpload, WrongOffset
from .records import member, records
from .uploads import PathLike, Upload, UploadCalls
from .users import uid_of


class DatasetCalls(UploadCalls):
    def datasets(self) -> List[Dataset]:
        return records(Dataset, self.call("io.sqzd.Datasets.List").get("datasets"))

    def dataset(self, name: str) -> Dataset:
        return member(Dataset, self.call("io.sqzd.Datasets.Show", dataset=name), "dataset")

    def remove_dataset(self, name: str) -> None:
        self.call("io.sqzd.Datasets.Remove", dataset=name)

    def picture(self, dataset: str, picture: Union[int, str], *, split: str = "train") -> bytes:
        """One picture of a data set, as the bytes of a PNG file: by its number, from 0, or by the path that it had below what
        was imported. `split` is "train" or "test"; predictions number the pictures to test, if there are such."""
        number, file = (None, picture) if isinstance(picture, str) else (operator.index(picture), None)
        reply = self.call("io.sqzd.Datasets.Picture", dataset=dataset, split=split, picture=number, file=file)
        return base64.b64decode(member(str, reply, "data"), validate=True)

    def import_pictures(
        self,
        folder: PathLike,
        name: Optional[str] = None,
        *,
        classes: Optional[Sequence[str]] = None,
        size: Optional[int] = None,
        fit: Optional[str] = None,
        skip_unreadable: bool = False,
    ) -> Dataset:
        """Makes a data set of the pictures (PNG, JPEG, WebP) in a folder with a folder for each class, and train, val and test
        above those if there are such. The rest is as in `import_dataset`, which takes archives too."""
        if not os.path.isdir(folder):
            os.stat(folder)
            right = "right would be a folder with a folder for each class; import_dataset takes archives"
            raise NotADirectoryError(errno.ENOTDIR, right, os.fspath(folder))
        if not holds_pictures(os.fspath(folder)):
            raise ValueError(
                f"{os.fspath(folder)}: no pictures below this folder, where links are not followed; right would be cat/1.jpg "
                "and dog/2.jpg"
            )
        return self.import_dataset(
            folder, name, classes=classes, size=size, fit=fit, skip_unreadable=skip_unreadable
        )

    def give_dataset(self, name: str, user: Union[int, str]) -> None:
        """Gives a data set and its name to another user, by uid or by name; administrators may."""
        self.call("io.sqzd.Datasets.Give", dataset=name, uid=uid_of(user))

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
        suits them. One that can't be read is an error unless `skip_unreadable`. `classes` are the names in the order of the
        labels; pictures, whose folders have names, need them only for another order than the alphabet's.

        The files are uploaded; what an interrupted upload has brought over is not sent again, nor what was imported before.
        With `upload=False` the daemon reads `path` itself, which must be below one of `Info.data_directories`.
        """
        path = os.path.abspath(path)
        parameters: Dict[str, Any] = {
            "name": name or _name(path),
            "classes": list(classes) if classes is not None else None,
            "size": size,
            "fit": fit,
            "skipUnreadable": skip_unreadable or None,
        }
        if not upload:
            parameters["path"] = path
            return self._import(parameters)
        if os.path.isdir(path) and holds_pictures(path):
            uploads = [Upload(f"{os.path.basename(path)}.tar", functools.partial(tar_parts, path))]
        else:
            uploads = [Upload.of_file(file) for file in _files(path)]
        parameters["files"] = [asdict(File(upload.name, upload.sha256)) for upload in uploads]
        try:
            # What was imported before, or uploaded, needs not be sent.
            return self._import(parameters)
        except (NoSuchUpload, WrongOffset):
            for file in uploads:
                self._upload(file)
            return self._import(parameters)

    def _import(self, parameters: Dict[str, Any]) -> Dataset:
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
    # Nothing is sent of a folder that is something else.
    if not any(_may_be_records(file) for file in files):
        found = "1 file" if len(files) == 1 else f"{len(files)} files"
        raise ValueError(
            f"{path}: {found} and no picture among them; right would be a folder of PNG, JPEG or WebP pictures with a "
            "folder for each class, or CIFAR or IDX files"
        )
    return files


_RECORDS = (".bin", "-ubyte", ".gz", ".tgz", ".tar", ".xz", ".txz", ".zst", ".tzst", ".bz2", ".tbz2", ".zip")


def _may_be_records(file: str) -> bool:
    """Whether it may be one of CIFAR's or IDX's, or an archive of them: by its name or, as CIFAR's have no mark, its size."""
    size = os.path.getsize(file)
    return file.lower().endswith(_RECORDS) or size > 0 and (size % 3073 == 0 or size % 3074 == 0)


def _name(path: str) -> str:
    """A folder's name; a file's up to its suffixes."""
    name = os.path.basename(path)
    return name if os.path.isdir(path) else name.split(".")[0]
