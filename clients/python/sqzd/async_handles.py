"""A job as a value that things are done with, by tasks."""

from __future__ import annotations

from typing import TYPE_CHECKING, AsyncGenerator, List, Optional, Tuple, Type

from .columns import Columns, PredictionArrays
from .protocol import Event, Job, Prediction

if TYPE_CHECKING:
    from .async_client import AsyncClient


class AsyncJobHandle(int):
    """A job's id, which knows its client:

        job = await client.train("cifar-10", epochs=10)
        print((await job.wait()).outcome.accuracy, (await job.history())["validation_accuracy"])

    It is a number, to be given to every method that takes one.
    """

    _client: AsyncClient

    def __new__(cls, id: int, client: AsyncClient) -> AsyncJobHandle:
        made = super().__new__(cls, id)
        made._client = client
        return made

    def __reduce__(self) -> Tuple[Type[int], Tuple[int]]:
        """A copy is the id alone."""
        return int, (int(self),)

    async def show(self) -> Job:
        return await self._client.show(self)

    async def wait(self, timeout: Optional[float] = None) -> Job:
        """The job, when it has ended. Raises `TimeoutError` after `timeout` seconds; the job goes on."""
        return await self._client.wait(self, timeout)

    def watch(self, *, after: Optional[int] = None) -> AsyncGenerator[Event, None]:
        """What has happened, from sequence `after` + 1 on, and then what happens, until it ends."""
        return self._client.watch(self, after=after)

    async def history(self) -> Columns:
        """Its epochs so far, as columns: time, epoch, loss, accuracy, validation_loss, validation_accuracy, learning_rate and
        images_per_second."""
        return await self._client.history_columns(self)

    async def logs(self) -> List[str]:
        """What its runner wrote, oldest line first."""
        return await self._client.logs(self)

    def predictions(self, *, first: Optional[int] = None) -> AsyncGenerator[Prediction, None]:
        """All predictions from picture number `first` on, one after the other."""
        return self._client.predictions(self, first=first)

    async def prediction_columns(self) -> Columns:
        """All predictions, of the likeliest class: picture, file, label, predicted, name and probability."""
        return await self._client.prediction_columns(self)

    async def prediction_arrays(self) -> PredictionArrays:
        """All predictions as NumPy's arrays, of all classes that were told."""
        return await self._client.prediction_arrays(self)

    async def cancel(self) -> Job:
        """The job as it is now; a running one ends at its next step."""
        return await self._client.cancel(self)

    async def finish(self) -> Job:
        """Ends a training after the step in hand, with a model of what it has."""
        return await self._client.finish(self)

    async def pause(self) -> Job:
        return await self._client.pause(self)

    async def resume(self, *, ranks: Optional[int] = None, launcher: Optional[str] = None) -> Job:
        return await self._client.resume(self, ranks=ranks, launcher=launcher)

    async def retry(self, *, ranks: Optional[int] = None, launcher: Optional[str] = None) -> Job:
        return await self._client.retry(self, ranks=ranks, launcher=launcher)

    async def remove(self) -> None:
        """Removes it, when it has ended, with its events, log, checkpoints and predictions; a model that it made stays."""
        await self._client.remove_job(self)

    async def prioritize(self, priority: int) -> Job:
        return await self._client.prioritize(self, priority)
