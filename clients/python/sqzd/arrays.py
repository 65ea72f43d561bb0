"""Arrays as data sets. NumPy is its users', and not imported."""

import csv
import io
import operator
import tarfile
import tempfile
from dataclasses import asdict
from typing import IO, Any, Dict, List, Optional, Sequence, Tuple

from .datasets import DatasetCalls
from .pictures import png
from .protocol import Dataset, File
from .records import member
from .uploads import Upload

# What has these sides is not resized. The daemon makes no larger squares.
_LARGEST_SIDE = 1024

_PICTURES = "right would be an array of uint8, NxHxWx3 (red, green, blue) or NxHxW (grey)"
_LABELS = "right would be an integer for each picture, its place in classes"


class ArrayCalls(DatasetCalls):
    def import_arrays(
        self,
        x: Any,
        y: Any,
        classes: Sequence[str],
        *,
        name: str,
        test: Optional[Tuple[Any, Any]] = None,
        size: Optional[int] = None,
        fit: Optional[str] = None,
    ) -> Dataset:
        """Makes a data set of arrays: `x` are pictures, NxHxWx3 (red, green, blue) or NxHxW (grey) of uint8; `y` is a label
        for each, its class's place in `classes`. `test` are such a pair to test with.

        The pixels of squares stay as they are, unless `size` says otherwise; what is no square becomes one by `size` and
        `fit`, as in `import_dataset`. A data set has its pictures in the order of their labels, those of a label in `x`'s: the
        path of x[12] in it is train/0000012.png, that of test[0][12] test/0000012.png.
        """
        names = _checked_classes(classes)
        splits = [("train", _Split(x, y, names, "x", "y"))]
        if test is not None:
            if not isinstance(test, (tuple, list)) or len(test) != 2:
                raise TypeError("test must be a pair: pictures and their labels")
            splits.append(("test", _Split(test[0], test[1], names, "test[0]", "test[1]")))
            if splits[1][1].sides != splits[0][1].sides:
                raise ValueError(f"test[0] has pictures of {splits[1][1].size}, x of {splits[0][1].size}")
        height, width = splits[0][1].sides
        parameters: Dict[str, Any] = {"name": name, "classes": names, "fit": fit, "size": size}
        if size is None and height == width <= _LARGEST_SIDE:
            parameters["size"] = height
        with tempfile.NamedTemporaryFile(suffix=".tar") as file:
            _write_tar(file, splits)
            file.flush()
            upload = Upload.of_file(file.name)
            self._upload(upload)
            parameters["files"] = [asdict(File(f"{name}.tar", upload.sha256))]
        last: Dict[str, Any] = {}
        for last in self._stream("io.sqzd.Datasets.Import", parameters):
            pass
        return member(Dataset, last, "dataset")


class _Split:
    """Pictures and the names of their classes."""

    def __init__(self, x: Any, y: Any, classes: List[str], x_name: str, y_name: str) -> None:
        if not all(hasattr(x, attribute) for attribute in ("shape", "dtype", "tobytes")):
            raise TypeError(f"{x_name} is a {type(x).__name__}; {_PICTURES}")
        shape = tuple(x.shape)
        told = f"{x_name} is an array of {x.dtype}, {'x'.join(map(str, shape)) or 'without sides'}"
        if str(x.dtype) != "uint8":
            hint = "; values from 0 to 1 become such by (x * 255).round().astype('uint8')" if x.dtype.kind == "f" else ""
            raise ValueError(f"{told}; {_PICTURES}{hint}")
        if 0 in shape or not (len(shape) == 3 or len(shape) == 4 and shape[3] == 3):
            raise ValueError(f"{told}; {_PICTURES}")
        labels = _labels(y, y_name)
        if len(labels) != shape[0]:
            raise ValueError(f"{y_name} has {len(labels)} labels for the {shape[0]} pictures of {x_name}; {_LABELS}")
        for index, label in enumerate(labels):
            if not 0 <= label < len(classes):
                raise ValueError(
                    f"{y_name}[{index}] is {label}; right for {len(classes)} classes would be 0 to {len(classes) - 1}"
                )
        self.pictures = x
        self.labels = [classes[label] for label in labels]
        self.sides = shape[1:3]
        self.channels = 3 if len(shape) == 4 else 1
        self.size = "x".join(map(str, self.sides))

    def png(self, index: int) -> bytes:
        height, width = self.sides
        return png(self.pictures[index].tobytes(), height, width, self.channels)


def _labels(y: Any, name: str) -> List[int]:
    """As plain integers. Keras has each in a row of its own."""
    kind = getattr(getattr(y, "dtype", None), "kind", "i")
    shape = tuple(getattr(y, "shape", (0,)))
    if kind not in "iu":
        raise ValueError(f"{name} is an array of {y.dtype}; {_LABELS}")
    if len(shape) == 2 and shape[1] == 1:
        y, shape = y.reshape(-1), shape[:1]
    if len(shape) != 1:
        raise ValueError(f"{name} is an array of {'x'.join(map(str, shape)) or 'no sides'}; {_LABELS}")
    values = y.tolist() if hasattr(y, "tolist") else list(y)
    for index, value in enumerate(values):
        if isinstance(value, bool) or not hasattr(value, "__index__"):
            raise TypeError(f"{name}[{index}] is {value!r:.40}; {_LABELS}")
    return [operator.index(value) for value in values]


def _checked_classes(classes: Sequence[str]) -> List[str]:
    if isinstance(classes, str):
        raise TypeError("classes is a str; right would be a list of names, in the order of the labels")
    names = list(classes)
    for index, name in enumerate(names):
        if not isinstance(name, str):
            raise TypeError(f"classes[{index}] is {name!r:.40}; right would be a str")
    return names


def _write_tar(target: IO[bytes], splits: Sequence[Tuple[str, _Split]]) -> None:
    """Pictures, and lists of their labels: a class's name need not be one that a folder can have."""
    with tarfile.open(fileobj=target, mode="w", format=tarfile.PAX_FORMAT) as tar:

        def add(name: str, data: bytes) -> None:
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))

        for split, pictures in splits:
            table = io.StringIO()
            lines = csv.writer(table)
            lines.writerow(("file", "label"))
            for index, label in enumerate(pictures.labels):
                name = f"{split}/{index:07}.png"
                add(name, pictures.png(index))
                lines.writerow((name, label))
            add(f"{split}.csv", table.getvalue().encode())
