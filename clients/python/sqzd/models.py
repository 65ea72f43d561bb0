"""io.sqzd.Models: what training made."""

from dataclasses import dataclass
from typing import List, Optional

from .records import record, records
from .session import Session


@dataclass(frozen=True)
class Layer:
    """`output` is channels, height, width."""

    name: str
    kind: str
    output: List[int]
    parameters: int
    multiply_adds: int


@dataclass(frozen=True)
class Model:
    """One version of a model. `created_at` is in microseconds since 1970-01-01 00:00:00 UTC."""

    name: str
    version: int
    sha256: str
    weights_sha256: str
    size: int
    architecture: str
    bypass: str
    classes: List[str]
    parameters: int
    multiply_adds: int
    preprocessing: str
    runner: str
    job: Optional[int]
    uid: int
    dataset: Optional[str]
    created_at: int
    loss: Optional[float]
    accuracy: Optional[float]


@dataclass(frozen=True)
class ModelWithLayers:
    model: Model
    layers: List[Layer]


class ModelCalls(Session):
    def models(self) -> List[Model]:
        """All models, newest first."""
        return records(Model, self.call("io.sqzd.Models.List").get("models"))

    def model(self, name: str) -> ModelWithLayers:
        """A model by NAME (its newest version) or NAME@VERSION."""
        return record(ModelWithLayers, self.call("io.sqzd.Models.Show", model=name))
