"""A job as a value that things are done with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generator, List, Optional, Tuple, Type

from .columns import Columns, PredictionArrays
from .protocol import Event, Job, Prediction

if TYPE_CHECKING:
    from .jobs import JobCalls


class JobHandle(int):
    """A job's id, which knows its client:

        job = client.train("cifar-10", epochs=10)
        print(job.wait().outcome.accuracy, job.history()["validation_accuracy"])

    It is a number, to be given to every method that takes one.
    """

    _client: JobCalls

    def __new__(cls, id: int, client: JobCalls) -> JobHandle:
        made = super().__new__(cls, id)
        made._client = client
        return made

    def __reduce__(self) -> Tuple[Type[int], Tuple[int]]:
        """A copy is the id alone."""
        return int, (int(self),)

    def show(self) -> Job:
        return self._client.show(self)

    def wait(self, timeout: Optional[float] = None) -> Job:
        """The job, when it has ended. Raises `TimeoutError` after `timeout` seconds; the job goes on."""
        return self._client.wait(self, timeout)

    def watch(self, *, after: Optional[int] = None) -> Generator[Event, None, None]:
        """What has happened, from sequence `after` + 1 on, and then what happens, until it ends."""
        return self._client.watch(self, after=after)

    def history(self) -> Columns:
        """Its epochs so far, as columns: time, epoch, loss, accuracy, validation_loss, validation_accuracy, learning_rate and
        images_per_second."""
        return self._client.history_columns(self)

    def logs(self) -> List[str]:
        """What its runner wrote, oldest line first."""
        return self._client.logs(self)

    def predictions(self, *, first: Optional[int] = None) -> Generator[Prediction, None, None]:
        """All predictions from picture number `first` on, one after the other."""
        return self._client.predictions(self, first=first)

    def prediction_columns(self) -> Columns:
        """All predictions, of the likeliest class: picture, file, label, predicted, name and probability."""
        return self._client.prediction_columns(self)

    def prediction_arrays(self) -> PredictionArrays:
        """All predictions as NumPy's arrays, of all classes that were told."""
        return self._client.prediction_arrays(self)

    def cancel(self) -> Job:
        """The job as it is now; a running one ends at its next step."""
        return self._client.cancel(self)

    def finish(self) -> Job:
        """Ends a training after the step in hand, with a model of what it has."""
        return self._client.finish(self)

    def pause(self) -> Job:
        return self._client.pause(self)

    def resume(self, *, ranks: Optional[int] = None, launcher: Optional[str] = None) -> Job:
        return self._client.resume(self, ranks=ranks, launcher=launcher)

    def retry(self, *, ranks: Optional[int] = None, launcher: Optional[str] = None) -> Job:
        return self._client.retry(self, ranks=ranks, launcher=launcher)

    def remove(self) -> None:
        """Removes it, when it has ended, with its events, log, checkpoints and predictions; a model that it made stays."""
        self._client.remove_job(self)

    def prioritize(self, priority: int) -> Job:
        return self._client.prioritize(self, priority)
