"""What becomes of jobs: their events, figures, lines and predictions."""

import time
from typing import Any, Generator, List, Mapping, Optional

from . import columns
from .columns import Columns, PredictionArrays
from .errors import DaemonUnreachable
from .protocol import Event, Job, Prediction, Progress
from .records import member, record, records
from .session import Session

# A daemon that says nothing for so long hangs.
ANSWER_SECONDS = 10.0


class ResultCalls(Session):
    def show(self, id: int) -> Job:
        return member(Job, self.call("io.sqzd.Jobs.Show", id=id), "job")

    def history(self, id: int) -> List[Progress]:
        """A job's epochs so far, the last 1,000 of them."""
        reply = self.call("io.sqzd.Jobs.Show", id=id, history=True)
        return [event.progress for event in records(Event, reply.get("history")) if event.progress is not None]

    def history_columns(self, id: int) -> Columns:
        """The same, all of them, as columns: time, epoch, loss, accuracy, validation_loss, validation_accuracy, learning_rate and
        images_per_second."""
        reply = self.call("io.sqzd.Jobs.Show", id=id, history=True)
        events = records(Event, reply.get("history"))
        if columns.is_cut(events):
            events = [event for event in self._until(id, events[-1].sequence or 0) if event.kind == "epoch"]
        return columns.history_columns(events)

    def _until(self, id: int, sequence: int) -> Generator[Event, None, None]:
        for event in self.watch(id):
            yield event
            if (event.sequence or 0) >= sequence:
                return

    def watch(self, id: int, *, after: Optional[int] = None) -> Generator[Event, None, None]:
        """What has happened to a job, from sequence `after` + 1 on, and then what happens, until it ends. Raises
        `DaemonUnreachable` when the daemon goes; the job goes on when it is back, and can be watched from there on."""
        return self._events(id, after, deadline=None)

    def wait(self, id: int, timeout: Optional[float] = None) -> Job:
        """The job, when it has ended. Raises `TimeoutError` after `timeout` seconds; the job goes on."""
        deadline = None if timeout is None else time.monotonic() + timeout
        try:
            for _ in self._events(id, None, deadline):
                pass
        except TimeoutError:
            # One that has ended needs no time, but the daemon's answer does.
            reply = self._call("io.sqzd.Jobs.Show", {"id": id}, time.monotonic() + ANSWER_SECONDS)
            job = member(Job, reply, "job")
            if job.ended_at is None:
                raise
            return job
        return self.show(id)

    def _events(self, id: int, after: Optional[int], deadline: Optional[float]) -> Generator[Event, None, None]:
        watch = Watch(id, after)
        try:
            for reply in self._stream("io.sqzd.Jobs.Watch", {"id": id, "after": after}, deadline):
                yield from watch.events(reply)
        except DaemonUnreachable as error:
            raise watch.lost(error) from error.__cause__

    def logs(self, id: int) -> List[str]:
        """What the job's runner wrote, oldest line first."""
        return member(list, self.call("io.sqzd.Jobs.Logs", id=id), "lines")

    def predictions(self, id: int, *, first: Optional[int] = None) -> Generator[Prediction, None, None]:
        """All predictions of a job from picture number `first` on."""
        for reply in self._stream("io.sqzd.Jobs.Predictions", {"id": id, "first": first}):
            yield from records(Prediction, reply.get("predictions"))

    def prediction_columns(self, id: int) -> Columns:
        """All predictions of a job, of the likeliest class: picture, file, label, predicted, name and probability."""
        return columns.prediction_columns(self.predictions(id))

    def prediction_arrays(self, id: int) -> PredictionArrays:
        """All predictions of a job as NumPy's arrays, of all classes that were told."""
        return columns.prediction_arrays(self.predictions(id))


class Watch:
    """Where one who watches a job stands, whoever carries the replies."""

    def __init__(self, id: int, after: Optional[int]) -> None:
        self._id = id
        self._after = after
        self._is_known = False

    def events(self, reply: Mapping[str, Any]) -> List[Event]:
        """Those in a reply. One without only says that the daemon is alive."""
        self._is_known = True
        events = [record(Event, reply["event"])] if reply.get("event") is not None else []
        for event in events:
            self._after = event.sequence or self._after
        return events

    def lost(self, error: DaemonUnreachable) -> DaemonUnreachable:
        """What to do about a daemon that went away while the job was watched."""
        if not self._is_known:
            return error
        again = f"watch({self._id}, after={self._after})"
        return DaemonUnreachable(f"{error}; job {self._id} goes on when it is back: {again}")
