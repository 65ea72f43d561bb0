"""io.sqzd.Jobs: the queue. Times are microseconds since 1970-01-01 00:00:00 UTC."""

import time
from dataclasses import asdict
from datetime import datetime
from typing import Any, Dict, Generator, List, Mapping, Optional, Sequence, Union

from .protocol import Dependency, Event, Job, Prediction, Snapshot
from .records import member, record, records
from .session import Session


class JobCalls(Session):
    def submit(
        self,
        kind: str,
        options: Optional[Mapping[str, Any]] = None,
        *,
        dataset: Optional[str] = None,
        model: Optional[str] = None,
        priority: Optional[int] = None,
        after: Optional[Sequence[Union[int, Dependency]]] = None,
        hold: bool = False,
        time_limit: Optional[int] = None,
        deadline: Optional[datetime] = None,
    ) -> int:
        """Queues a job and returns its id. `Client.runners` tells which kinds and options there are. A number in `after`
        is a job that must succeed first. With `hold` it waits for `resume`. It fails when it has run for `time_limit`
        seconds, or has not ended by `deadline` (local time, unless it has a time zone)."""
        dependencies = [Dependency(other) if isinstance(other, int) else other for other in after or ()]
        reply = self.call(
            "io.sqzd.Jobs.Submit",
            kind=kind,
            options=dict(options) if options else None,
            dataset=dataset,
            model=model,
            priority=priority,
            after=[asdict(dependency) for dependency in dependencies] or None,
            hold=True if hold else None,
            timeLimit=time_limit,
            deadline=None if deadline is None else round(deadline.timestamp() * 1_000_000),
        )
        return member(int, reply, "id")

    def train(
        self,
        dataset: str,
        model: Optional[str] = None,
        *,
        priority: Optional[int] = None,
        after: Optional[Sequence[Union[int, Dependency]]] = None,
        hold: bool = False,
        time_limit: Optional[int] = None,
        deadline: Optional[datetime] = None,
        **options: Any,
    ) -> int:
        """Trains, and registers the result as the next version of `model`. Options as `batch_size=128`."""
        return self._work("train", dataset, model, options, priority, after, hold, time_limit, deadline)

    def evaluate(
        self,
        dataset: str,
        model: str,
        *,
        priority: Optional[int] = None,
        after: Optional[Sequence[Union[int, Dependency]]] = None,
        hold: bool = False,
        time_limit: Optional[int] = None,
        deadline: Optional[datetime] = None,
        **options: Any,
    ) -> int:
        """Measures `model` (NAME or NAME@VERSION) on the data set's test pictures."""
        return self._work("evaluate", dataset, model, options, priority, after, hold, time_limit, deadline)

    def predict(
        self,
        dataset: str,
        model: str,
        *,
        priority: Optional[int] = None,
        after: Optional[Sequence[Union[int, Dependency]]] = None,
        hold: bool = False,
        time_limit: Optional[int] = None,
        deadline: Optional[datetime] = None,
        **options: Any,
    ) -> int:
        """Classifies the data set's test pictures; `Client.predictions` has the results."""
        return self._work("predict", dataset, model, options, priority, after, hold, time_limit, deadline)

    def _work(
        self,
        kind: str,
        dataset: str,
        model: Optional[str],
        options: Mapping[str, Any],
        priority: Optional[int],
        after: Optional[Sequence[Union[int, Dependency]]],
        hold: bool,
        time_limit: Optional[int],
        deadline: Optional[datetime],
    ) -> int:
        return self.submit(
            kind,
            {name.replace("_", "-"): value for name, value in options.items()},
            dataset=dataset,
            model=model,
            priority=priority,
            after=after,
            hold=hold,
            time_limit=time_limit,
            deadline=deadline,
        )

    def jobs(
        self, states: Optional[Sequence[str]] = None, *, before: Optional[int] = None, limit: Optional[int] = None
    ) -> List[Job]:
        """The newest jobs first; `before` an id, to page on."""
        states = list(states) if states is not None else None
        return records(Job, self.call("io.sqzd.Jobs.List", states=states, before=before, limit=limit).get("jobs"))

    def show(self, id: int) -> Job:
        return member(Job, self.call("io.sqzd.Jobs.Show", id=id), "job")

    def watch(self, id: int, *, after: Optional[int] = None) -> Generator[Event, None, None]:
        """What has happened to a job, from sequence `after` + 1 on, and then what happens, until it ends."""
        return self._events(id, after, deadline=None)

    def wait(self, id: int, timeout: Optional[float] = None) -> Job:
        """The job, when it has ended. Raises `TimeoutError` after `timeout` seconds; the job goes on."""
        deadline = None if timeout is None else time.monotonic() + timeout
        for _ in self._events(id, None, deadline):
            pass
        return self.show(id)

    def _events(
        self, id: int, after: Optional[int], deadline: Optional[float]
    ) -> Generator[Event, None, None]:
        for reply in self._stream("io.sqzd.Jobs.Watch", {"id": id, "after": after}, deadline):
            # A reply without an event only says that the daemon is alive.
            if reply.get("event") is not None:
                yield record(Event, reply["event"])

    def monitor(self) -> Generator[Snapshot, None, None]:
        """What runs and waits, at once and then whenever something has changed; it never ends by itself."""
        for reply in self._stream("io.sqzd.Jobs.Monitor", {}):
            yield record(Snapshot, reply)

    def cancel(self, id: int) -> Job:
        """The job as it is now; a running one ends at its next step."""
        return member(Job, self.call("io.sqzd.Jobs.Cancel", id=id), "job")

    def pause(self, id: int) -> Job:
        """Takes a job out of the queue until it is resumed; a running one ends at its next step, with a checkpoint."""
        return member(Job, self.call("io.sqzd.Jobs.Pause", id=id), "job")

    def resume(self, id: int) -> Job:
        """Puts a job that is paused or held back into the queue."""
        return member(Job, self.call("io.sqzd.Jobs.Resume", id=id), "job")

    def retry(self, id: int) -> Job:
        """Puts a job that failed or was cancelled back into the queue."""
        return member(Job, self.call("io.sqzd.Jobs.Retry", id=id), "job")

    def prioritize(self, id: int, priority: int) -> Job:
        """Gives a job that has not ended another priority: higher goes first."""
        return member(Job, self.call("io.sqzd.Jobs.Prioritize", id=id, priority=priority), "job")

    def logs(self, id: int) -> List[str]:
        """What the job's runner wrote, oldest line first."""
        return member(list, self.call("io.sqzd.Jobs.Logs", id=id), "lines")

    def predictions(self, id: int, *, first: Optional[int] = None) -> Generator[Prediction, None, None]:
        """All predictions of a job from picture number `first` on."""
        for reply in self._stream("io.sqzd.Jobs.Predictions", {"id": id, "first": first}):
            yield from records(Prediction, reply.get("predictions"))
