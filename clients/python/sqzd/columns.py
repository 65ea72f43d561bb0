"""Tables as columns. NumPy and pandas are their users', and imported where they are asked for."""

from dataclasses import fields
from typing import Any, Dict, Iterable, List, NamedTuple, Optional, Tuple

from .protocol import Event, Prediction, Progress

# What an epoch's figures are.
_FIGURES = (
    "epoch",
    "loss",
    "accuracy",
    "validation_loss",
    "validation_accuracy",
    "learning_rate",
    "images_per_second",
)
assert set(_FIGURES) <= {field.name for field in fields(Progress)}


class Columns(Dict[str, List[Any]]):
    """Lists of one length by their names. `pandas.DataFrame(columns)` takes them as they are, and so does `columns["loss"]`
    whatever draws lists. What is not known is None."""

    def numpy(self) -> Dict[str, Any]:
        """As NumPy's arrays, in which an unknown number is NaN."""
        numpy = _imported("numpy")
        arrays = {}
        for name, values in self.items():
            known = [value for value in values if value is not None]
            # A column of numbers with gaps is one of floats.
            is_gappy = len(known) < len(values) and all(isinstance(value, (int, float)) for value in known)
            arrays[name] = numpy.array(values, dtype=float if is_gappy else None)
        return arrays

    def pandas(self) -> Any:
        """As pandas' DataFrame."""
        return _imported("pandas").DataFrame(self)

    @property
    def rows(self) -> int:
        return max(map(len, self.values()), default=0)


class PredictionArrays(NamedTuple):
    """A job's predictions as NumPy's arrays: of N pictures the number, the label (-1 where there is none), and NxK the classes
    that were told, likeliest first, and their probabilities; -1 and 0 where a picture has fewer."""

    picture: Any
    label: Any
    classes: Any
    probabilities: Any

    def matrix(self, count: int) -> Any:
        """NxCOUNT: the probability of each of `count` classes, 0 where it was not told."""
        numpy = _imported("numpy")
        matrix = numpy.zeros((len(self.picture), count))
        told = self.classes >= 0
        rows = numpy.nonzero(told)[0]
        matrix[rows, self.classes[told]] = self.probabilities[told]
        return matrix


def is_cut(events: List[Event]) -> bool:
    """Whether there are epochs before them: a thousand are told at once."""
    return bool(events) and events[0].progress is not None and events[0].progress.epoch > 1


def history_columns(events: Iterable[Event]) -> Columns:
    """Of epochs."""
    told = [(event.time, event.progress) for event in events if event.progress is not None]
    columns = Columns(time=[time for time, _ in told])
    for name in _FIGURES:
        columns[name] = [getattr(progress, name) for _, progress in told]
    return columns


def prediction_columns(predictions: Iterable[Prediction]) -> Columns:
    """Of the likeliest class."""
    columns = Columns({name: [] for name in ("picture", "file", "label", "predicted", "name", "probability")})
    for prediction in predictions:
        best = prediction.classes[0] if prediction.classes else None
        row: Tuple[Any, ...] = (
            prediction.picture,
            prediction.file,
            prediction.label,
            best and best.index,
            best and best.name,
            best and best.probability,
        )
        for column, value in zip(columns.values(), row):
            column.append(value)
    return columns


def prediction_arrays(predictions: Iterable[Prediction]) -> PredictionArrays:
    numpy = _imported("numpy")
    pictures: List[int] = []
    labels: List[int] = []
    classes: List[List[int]] = []
    probabilities: List[List[float]] = []
    for one in predictions:
        pictures.append(one.picture)
        labels.append(_or_none(one.label))
        classes.append([likely.index for likely in one.classes])
        probabilities.append([likely.probability for likely in one.classes])
    most = max(map(len, classes), default=0)
    for told, likely in zip(classes, probabilities):
        told += [-1] * (most - len(told))
        likely += [0.0] * (most - len(likely))
    shape = (len(pictures), most)
    return PredictionArrays(
        numpy.array(pictures, dtype=int),
        numpy.array(labels, dtype=int),
        numpy.array(classes, dtype=int).reshape(shape),
        numpy.array(probabilities, dtype=float).reshape(shape),
    )


def _or_none(label: Optional[int]) -> int:
    return -1 if label is None else label


def _imported(name: str) -> Any:
    try:
        return __import__(name)
    except ImportError:
        told = f"{name} is missing; right would be: pip install {name}. Columns are lists, and need nothing"
        raise ImportError(told, name=name) from None
