"""io.sqzd.Manager: the daemon itself."""

from dataclasses import dataclass
from typing import Dict, List, Optional

from .records import record, records
from .session import Session


@dataclass(frozen=True)
class JobCounts:
    queued: int
    running: int
    paused: int
    succeeded: int
    failed: int
    cancelled: int


@dataclass(frozen=True)
class Info:
    version: str
    pid: int
    uid: int
    started_at: int
    state_directory: str
    data_directories: List[str]
    processors: int
    kernels: Optional[str]
    jobs: JobCounts


@dataclass(frozen=True)
class Option:
    """`type` is "integer", "number", "text" or "flag"; `default` is written as on a command line."""

    name: str
    type: str
    help: str
    default: Optional[str]
    choices: Optional[List[str]]
    minimum: Optional[float]
    maximum: Optional[float]


@dataclass(frozen=True)
class Kind:
    """A kind of job. `model` is "none", "used" or "made"."""

    name: str
    help: str
    dataset: bool
    model: str
    options: List[Option]


@dataclass(frozen=True)
class Runner:
    path: str
    name: str
    version: str
    properties: Dict[str, str]
    kinds: List[Kind]
    error: Optional[str]


@dataclass(frozen=True)
class Metric:
    """`kind` is "counter" or "gauge"."""

    name: str
    kind: str
    help: str
    labels: Dict[str, str]
    value: float


class ManagerCalls(Session):
    def info(self) -> Info:
        return record(Info, self.call("io.sqzd.Manager.Info"))

    def runners(self) -> List[Runner]:
        return records(Runner, self.call("io.sqzd.Manager.Runners").get("runners"))

    def metrics(self) -> List[Metric]:
        """Figures for a monitoring system."""
        return records(Metric, self.call("io.sqzd.Manager.Metrics").get("metrics"))
