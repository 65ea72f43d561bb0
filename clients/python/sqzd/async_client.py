"""The client for asyncio: the blocking client's methods under the same names, to be awaited."""

from __future__ import annotations

import asyncio
import functools
import itertools
from typing import TYPE_CHECKING, Any, AsyncGenerator, Dict, Iterable, List, Optional, TypeVar, Union

from . import columns, inference, pictures
from .arrays import ArrayCalls
from .async_handles import AsyncJobHandle
from .async_session import AsyncSession, closing
from .client import Client
from .columns import Columns, PredictionArrays
from .datasets import DatasetCalls
from .errors import DaemonUnreachable
from .handles import JobHandle
from .jobs import JobCalls
from .kinds import KindCalls
from .manager import ManagerCalls
from .models import ModelCalls
from .pictures import Picture
from .protocol import BadImage, Busy, Classification, Classified, Event, Job, Prediction, Snapshot, Timings
from .records import record, records
from .results import ANSWER_SECONDS, ResultCalls, Watch

if TYPE_CHECKING:
    from typing import Callable, Coroutine

    from typing_extensions import Concatenate, ParamSpec

    _P = ParamSpec("_P")

_Result = TypeVar("_Result")


def _awaited(
    method: Callable[Concatenate[Client, _P], _Result],
) -> Callable[Concatenate[AsyncClient, _P], Coroutine[Any, Any, _Result]]:
    """Of a method that consists of calls."""

    @functools.wraps(method)
    async def awaited(self: AsyncClient, *arguments: Any, **keywords: Any) -> Any:
        return await self._rehearsed(method, *arguments, **keywords)

    return awaited  # type: ignore[return-value]


def _submitting(
    method: Callable[Concatenate[Client, _P], JobHandle],
) -> Callable[Concatenate[AsyncClient, _P], Coroutine[Any, Any, AsyncJobHandle]]:
    """Of a method that queues a job."""

    @functools.wraps(method)
    async def submitting(self: AsyncClient, *arguments: Any, **keywords: Any) -> Any:
        return self.job(int(await self._rehearsed(method, *arguments, **keywords)))

    return submitting  # type: ignore[return-value]


def _threaded(
    method: Callable[Concatenate[Client, _P], _Result],
) -> Callable[Concatenate[AsyncClient, _P], Coroutine[Any, Any, _Result]]:
    """Of a method that works on files."""

    @functools.wraps(method)
    async def threaded(self: AsyncClient, *arguments: Any, **keywords: Any) -> Any:
        return await self._threaded(method, *arguments, **keywords)

    return threaded  # type: ignore[return-value]


class AsyncClient(AsyncSession):
    """A client of sqzd for asyncio.

        async with sqzd.AsyncClient() as client:
            job = await client.train("fashion-mnist", model="fashion", epochs=2)
            async for event in job.watch():
                print(event.kind, event.state, event.progress)
            found = await asyncio.gather(*(client.classify(path, model="fashion") for path in paths))

    Everything that `Client` does has the same name here, and is awaited, or gone through by `async for`. Any number of tasks of
    one event loop may use it. What is cancelled is given up by the daemon, too; a job goes on.
    """

    submit = _submitting(JobCalls.submit)
    train = _submitting(KindCalls.train)
    evaluate = _submitting(KindCalls.evaluate)
    predict = _submitting(KindCalls.predict)
    quantize = _submitting(KindCalls.quantize)
    compress = _submitting(KindCalls.compress)
    calibrate = _submitting(KindCalls.calibrate)

    show_sweep = _awaited(JobCalls.show_sweep)
    change_sweep = _awaited(JobCalls.change_sweep)
    jobs = _awaited(JobCalls.jobs)
    cancel = _awaited(JobCalls.cancel)
    finish = _awaited(JobCalls.finish)
    pause = _awaited(JobCalls.pause)
    resume = _awaited(JobCalls.resume)
    retry = _awaited(JobCalls.retry)
    remove_job = _awaited(JobCalls.remove_job)
    prioritize = _awaited(JobCalls.prioritize)
    limit = _awaited(JobCalls.limit)
    sweep = _awaited(JobCalls.sweep)
    show = _awaited(ResultCalls.show)
    history = _awaited(ResultCalls.history)
    logs = _awaited(ResultCalls.logs)
    info = _awaited(ManagerCalls.info)
    runners = _awaited(ManagerCalls.runners)
    metrics = _awaited(ManagerCalls.metrics)
    histograms = _awaited(ManagerCalls.histograms)
    disk = _awaited(ManagerCalls.disk)
    prune = _awaited(ManagerCalls.prune)
    diagnose = _awaited(ManagerCalls.diagnose)
    models = _awaited(ModelCalls.models)
    model = _awaited(ModelCalls.model)
    remove_model = _awaited(ModelCalls.remove_model)
    removed_models = _awaited(ModelCalls.removed_models)
    promote_model = _awaited(ModelCalls.promote_model)
    roll_back_model = _awaited(ModelCalls.roll_back_model)
    tag_model = _awaited(ModelCalls.tag_model)
    untag_model = _awaited(ModelCalls.untag_model)
    rename_model = _awaited(ModelCalls.rename_model)
    give_model = _awaited(ModelCalls.give_model)
    load_model = _awaited(ModelCalls.load_model)
    unload_model = _awaited(ModelCalls.unload_model)
    pin_model = _awaited(ModelCalls.pin_model)
    unpin_model = _awaited(ModelCalls.unpin_model)
    serve_model = _awaited(ModelCalls.serve_model)
    datasets = _awaited(DatasetCalls.datasets)
    dataset = _awaited(DatasetCalls.dataset)
    remove_dataset = _awaited(DatasetCalls.remove_dataset)
    picture = _awaited(DatasetCalls.picture)
    give_dataset = _awaited(DatasetCalls.give_dataset)

    read_model = _threaded(ModelCalls.read_model)
    export_model = _threaded(ModelCalls.export_model)
    import_model = _threaded(ModelCalls.import_model)
    import_dataset = _threaded(DatasetCalls.import_dataset)
    import_pictures = _threaded(DatasetCalls.import_pictures)
    import_arrays = _threaded(ArrayCalls.import_arrays)
    back_up = _threaded(ManagerCalls.back_up)

    def job(self, id: int) -> AsyncJobHandle:
        """A job that there is, to do things with."""
        return AsyncJobHandle(id, self)

    async def watch(self, id: int, *, after: Optional[int] = None) -> AsyncGenerator[Event, None]:
        """What has happened to a job, from sequence `after` + 1 on, and then what happens, until it ends. Raises
        `DaemonUnreachable` when the daemon goes; the job goes on when it is back, and can be watched from there on."""
        watch = Watch(id, after)
        try:
            async with closing(self.stream("io.sqzd.Jobs.Watch", id=id, after=after)) as replies:
                async for reply in replies:
                    for event in watch.events(reply):
                        yield event
        except DaemonUnreachable as error:
            raise watch.lost(error) from error.__cause__

    async def wait(self, id: int, timeout: Optional[float] = None) -> Job:
        """The job, when it has ended. Raises `TimeoutError` after `timeout` seconds; the job goes on."""

        async def end() -> None:
            async with closing(self.watch(id)) as events:
                async for _ in events:
                    pass

        try:
            await asyncio.wait_for(end(), timeout)
        except asyncio.TimeoutError:
            # One that has ended needs no time, but the daemon's answer does.
            job = await asyncio.wait_for(self.show(id), ANSWER_SECONDS)
            if job.ended_at is None:
                raise TimeoutError("timed out") from None
            return job
        return await self.show(id)

    async def monitor(self) -> AsyncGenerator[Snapshot, None]:
        """What runs and waits, at once and then whenever something has changed; it never ends by itself."""
        async with closing(self.stream("io.sqzd.Jobs.Monitor")) as replies:
            async for reply in replies:
                yield record(Snapshot, reply)

    async def history_columns(self, id: int) -> Columns:
        """A job's epochs so far, as columns: time, epoch, loss, accuracy, validation_loss, validation_accuracy, learning_rate and
        images_per_second."""
        reply = await self.call("io.sqzd.Jobs.Show", id=id, history=True)
        events = records(Event, reply.get("history"))
        if not columns.is_cut(events):
            return columns.history_columns(events)
        last = events[-1].sequence or 0
        events = []
        async with closing(self.watch(id)) as watched:
            async for event in watched:
                if event.kind == "epoch":
                    events.append(event)
                if (event.sequence or 0) >= last:
                    break
        return columns.history_columns(events)

    async def predictions(self, id: int, *, first: Optional[int] = None) -> AsyncGenerator[Prediction, None]:
        """All predictions of a job from picture number `first` on."""
        async with closing(self.stream("io.sqzd.Jobs.Predictions", id=id, first=first)) as replies:
            async for reply in replies:
                for prediction in records(Prediction, reply.get("predictions")):
                    yield prediction

    async def prediction_columns(self, id: int) -> Columns:
        """All predictions of a job, of the likeliest class: picture, file, label, predicted, name and probability."""
        return columns.prediction_columns([prediction async for prediction in self.predictions(id)])

    async def prediction_arrays(self, id: int) -> PredictionArrays:
        """All predictions of a job as NumPy's arrays, of all classes that were told."""
        return columns.prediction_arrays([prediction async for prediction in self.predictions(id)])

    async def classify(
        self, images: Union[Picture, Iterable[Picture]], *, model: Optional[str] = None, top: Optional[int] = None,
        timeout: Optional[float] = None, timings: bool = False, flip: bool = False
    ) -> Classified:
        """Classifies one picture or several, as `Client.classify` does. Calls of many tasks go to the model together."""
        found: List[Classification] = []
        spent: Optional[Timings] = None
        # Files are read in a thread.
        for call in await asyncio.to_thread(lambda: list(inference.calls(inference.sent(pictures.each(images))))):
            try:
                async for answered in self._answers(call, model, top, timeout, timings=timings, flip=flip):
                    model = answered.model
                    spent = inference.added(spent, answered.timings)
                    found += answered.results
            except BadImage as error:
                raise inference.counted_on(error, len(found)) from None
        assert model is not None
        return Classified(model, found, spent)

    async def _answers(
        self, images: List[str], model: Optional[str], top: Optional[int], timeout: Optional[float], *,
        skip_bad: bool = False, timings: bool = False, flip: bool = False
    ) -> AsyncGenerator[Classified, None]:
        while True:
            parameters: Dict[str, Any] = inference.asked(images, model, top, timeout, timings, flip)
            for tries in itertools.count(1):
                try:
                    reply = await self.call(inference.CLASSIFY, **parameters)
                    break
                except Busy as error:
                    await asyncio.sleep(inference.pause(error, tries, timeout))
            classified = inference.looked_at(reply, images, skip_bad)
            yield classified
            model, images = classified.model, images[len(classified.results) :]
            if not images:
                return

    async def classify_each(
        self, images: Iterable[Picture], *, model: Optional[str] = None, top: Optional[int] = None,
        timeout: Optional[float] = None, flip: bool = False
    ) -> AsyncGenerator[Classification, None]:
        """What `classify` finds of each picture, as the answers come, for any number of them: `images` may be a generator.

        One that can't be used does not stop the others: its `problem` says why, and it has no `classes`.
        """
        parts = inference.parts(images)
        # Files are read in a thread.
        while part := await asyncio.to_thread(next, parts, None):
            words = [picture for picture in part if isinstance(picture, str)]
            found: List[Classification] = []
            if words:
                async for classified in self._answers(words, model, top, timeout, skip_bad=True, flip=flip):
                    model = classified.model
                    found += classified.results
            answers = iter(found)
            for picture in part:
                yield next(answers) if isinstance(picture, str) else picture
