"""io.sqzd.Jobs: the queue. Times are microseconds since 1970-01-01 00:00:00 UTC."""

import time
from dataclasses import asdict
from datetime import datetime
from typing import Any, Dict, Generator, List, Literal, Mapping, Optional, Sequence, Union

from .errors import DaemonUnreachable
from .protocol import Dependency, Event, Job, Prediction, Snapshot
from .records import member, record, records
from .session import Session

# A daemon that says nothing for so long hangs.
ANSWER_SECONDS = 10.0

# A number is a job that must succeed first.
Dependencies = Sequence[Union[int, Dependency]]


# What a limit can be changed to.
NoLimit = Literal["none"]


def _microseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1_000_000)


class JobCalls(Session):
    def submit(
        self,
        kind: str,
        options: Optional[Mapping[str, Any]] = None,
        *,
        dataset: Optional[str] = None,
        model: Optional[str] = None,
        priority: Optional[int] = None,
        after: Optional[Dependencies] = None,
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
            deadline=None if deadline is None else _microseconds(deadline),
        )
        return member(int, reply, "id")

    def jobs(
        self, states: Optional[Sequence[str]] = None, *, before: Optional[int] = None, limit: Optional[int] = None
    ) -> List[Job]:
        """The newest jobs first; `before` an id, to page on."""
        states = list(states) if states is not None else None
        return records(Job, self.call("io.sqzd.Jobs.List", states=states, before=before, limit=limit).get("jobs"))

    def show(self, id: int) -> Job:
        return member(Job, self.call("io.sqzd.Jobs.Show", id=id), "job")

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

    def _events(
        self, id: int, after: Optional[int], deadline: Optional[float]
    ) -> Generator[Event, None, None]:
        is_known = False
        try:
            for reply in self._stream("io.sqzd.Jobs.Watch", {"id": id, "after": after}, deadline):
                is_known = True
                # A reply without an event only says that the daemon is alive.
                if reply.get("event") is not None:
                    event = record(Event, reply["event"])
                    after = event.sequence or after
                    yield event
        except DaemonUnreachable as error:
            if not is_known:
                raise
            told = f"{error}; job {id} goes on when it is back: watch({id}, after={after})"
            raise DaemonUnreachable(told) from error

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

    def limit(
        self,
        id: int,
        *,
        time_limit: Union[int, NoLimit, None] = None,
        deadline: Union[datetime, NoLimit, None] = None,
    ) -> Job:
        """Gives a job that has not succeeded another time limit (seconds) or deadline, or with "none" takes it away; None
        leaves it as it is. A job that failed or was cancelled has it when it is retried."""
        reply = self.call(
            "io.sqzd.Jobs.Limit",
            id=id,
            timeLimit=0 if time_limit == "none" else time_limit,
            deadline=_microseconds(deadline) if isinstance(deadline, datetime) else 0 if deadline == "none" else None,
        )
        return member(Job, reply, "job")

    def logs(self, id: int) -> List[str]:
        """What the job's runner wrote, oldest line first."""
        return member(list, self.call("io.sqzd.Jobs.Logs", id=id), "lines")

    def predictions(self, id: int, *, first: Optional[int] = None) -> Generator[Prediction, None, None]:
        """All predictions of a job from picture number `first` on."""
        for reply in self._stream("io.sqzd.Jobs.Predictions", {"id": id, "first": first}):
            yield from records(Prediction, reply.get("predictions"))
