"""io.sqzd.Jobs: the queue. Times are microseconds since 1970-01-01 00:00:00 UTC."""

import itertools
import operator
from dataclasses import asdict
from datetime import datetime
from typing import Any, Dict, Generator, List, Literal, Mapping, Optional, Sequence, Union

from .handles import JobHandle
from .protocol import Dependency, Job, Snapshot, SubmittedSweep, SweepAction, SweepTable
from .records import member, record, records
from .results import ResultCalls

# A number is a job that must succeed first.
Dependencies = Sequence[Union[int, Dependency]]


# What a limit can be changed to.
NoLimit = Literal["none"]


def _dependencies(after: Optional[Dependencies]) -> Optional[List[Dict[str, Any]]]:
    dependencies = [
        other if isinstance(other, Dependency) else Dependency(int(operator.index(other))) for other in after or ()
    ]
    return [asdict(dependency) for dependency in dependencies] or None


def _microseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1_000_000)


class JobCalls(ResultCalls):
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
        base: Optional[str] = None,
        keep_partial: bool = False,
        name: Optional[str] = None,
        note: Optional[str] = None,
        ranks: Optional[int] = None,
        launcher: Optional[str] = None,
    ) -> JobHandle:
        """Queues a job and returns its id, which is also what is done with it: `job.wait()`. `Client.runners` tells which
        kinds and options there are. A number in `after` is a job that must succeed first. With `hold` it waits for
        `resume`. It fails when it has run for `time_limit` seconds, or has not ended by `deadline` (local time, unless it
        has a time zone). `base` is the model that it tunes. With `keep_partial` it leaves a model of what it has when it
        is cancelled or its time is over. Where a job of kind evaluate or predict names a model that there is not yet, it
        waits for the job that is to make it. `name` and `note` are your own words for it. It runs as `ranks` processes, which
        `launcher` starts."""
        reply = self.call(
            "io.sqzd.Jobs.Submit",
            kind=kind,
            options=dict(options) if options else None,
            dataset=dataset,
            model=model,
            priority=priority,
            after=_dependencies(after),
            hold=True if hold else None,
            timeLimit=time_limit,
            deadline=None if deadline is None else _microseconds(deadline),
            base=base,
            keepPartial=True if keep_partial else None,
            name=name,
            note=note,
            ranks=ranks,
            launcher=launcher,
        )
        return JobHandle(member(int, reply, "id"), self)

    def job(self, id: int) -> JobHandle:
        """A job that there is, to do things with."""
        return JobHandle(id, self)

    def sweep(
        self,
        kind: str,
        values: Mapping[str, Sequence[Any]],
        options: Optional[Mapping[str, Any]] = None,
        *,
        repeated: Optional[str] = "seed",
        promote_best: bool = False,
        dataset: Optional[str] = None,
        model: Optional[str] = None,
        priority: Optional[int] = None,
        after: Optional[Dependencies] = None,
        hold: bool = False,
        time_limit: Optional[int] = None,
        deadline: Optional[datetime] = None,
        base: Optional[str] = None,
        name: Optional[str] = None,
        note: Optional[str] = None,
        ranks: Optional[int] = None,
        launcher: Optional[str] = None,
    ) -> SubmittedSweep:
        """Queues a job for each combination of `values`, which are values by their options' names, all or none:

            client.sweep("train", {"learning-rate": [0.05, 0.1], "seed": range(1, 4)}, {"epochs": 10})

        `options` are those that all have; the rest is as for `submit`. Figures are averaged over `repeated` if it is among
        `values`. With `promote_best`, the model of the highest accuracy is promoted when the last job has ended."""
        names = list(values)
        members = [dict(zip(names, combination)) for combination in itertools.product(*values.values())]
        reply = self.call(
            "io.sqzd.Jobs.SubmitSweep",
            kind=kind,
            members=members,
            options=dict(options) if options else None,
            name=name,
            note=note,
            repeated=repeated if repeated in values else None,
            promoteBest=True if promote_best else None,
            dataset=dataset,
            model=model,
            priority=priority,
            after=_dependencies(after),
            hold=True if hold else None,
            timeLimit=time_limit,
            deadline=None if deadline is None else _microseconds(deadline),
            base=base,
            ranks=ranks,
            launcher=launcher,
        )
        return record(SubmittedSweep, reply)

    def show_sweep(self, name: str) -> SweepTable:
        """A sweep, its jobs with their figures, and the mean and spread of those that only repeat each other."""
        return record(SweepTable, self.call("io.sqzd.Jobs.ShowSweep", name=name))

    def change_sweep(self, name: str, action: SweepAction, *, priority: Optional[int] = None) -> List[Job]:
        """Does "cancel", "pause", "resume", "retry" or "prioritize" to all jobs of a sweep; returns those it was done to."""
        reply = self.call("io.sqzd.Jobs.ChangeSweep", name=name, action=action, priority=priority)
        return records(Job, reply.get("jobs"))

    def jobs(
        self,
        states: Optional[Sequence[str]] = None,
        *,
        before: Optional[int] = None,
        limit: Optional[int] = None,
        uid: Optional[int] = None,
        kind: Optional[str] = None,
        dataset: Optional[str] = None,
        model: Optional[str] = None,
        name: Optional[str] = None,
        submitted_after: Optional[datetime] = None,
        submitted_before: Optional[datetime] = None,
    ) -> List[Job]:
        """The newest jobs first; `before` an id, to page on. `model` is one that they use, make or tune, `name` a text in their
        name or note."""
        reply = self.call(
            "io.sqzd.Jobs.List",
            states=list(states) if states is not None else None,
            before=before,
            limit=limit,
            uid=uid,
            kind=kind,
            dataset=dataset,
            model=model,
            name=name,
            submittedAfter=None if submitted_after is None else _microseconds(submitted_after),
            submittedBefore=None if submitted_before is None else _microseconds(submitted_before),
        )
        return records(Job, reply.get("jobs"))

    def monitor(self) -> Generator[Snapshot, None, None]:
        """What runs and waits, at once and then whenever something has changed; it never ends by itself."""
        for reply in self._stream("io.sqzd.Jobs.Monitor", {}):
            yield record(Snapshot, reply)

    def cancel(self, id: int) -> Job:
        """The job as it is now; a running one ends at its next step."""
        return member(Job, self.call("io.sqzd.Jobs.Cancel", id=id), "job")

    def finish(self, id: int) -> Job:
        """Ends a training after the step in hand, with a model of what it has; one that waits or has failed gets its turn for
        it if it has a checkpoint. The job as it is now."""
        return member(Job, self.call("io.sqzd.Jobs.Finish", id=id), "job")

    def pause(self, id: int) -> Job:
        """Takes a job out of the queue until it is resumed; a running one ends at its next step, with a checkpoint."""
        return member(Job, self.call("io.sqzd.Jobs.Pause", id=id), "job")

    def resume(self, id: int, *, ranks: Optional[int] = None, launcher: Optional[str] = None) -> Job:
        """Puts a job that is paused or held back into the queue, to go on as `ranks` processes if they are given."""
        return member(Job, self.call("io.sqzd.Jobs.Resume", id=id, ranks=ranks, launcher=launcher), "job")

    def retry(self, id: int, *, ranks: Optional[int] = None, launcher: Optional[str] = None) -> Job:
        """Puts a job that failed or was cancelled back into the queue, as `resume` does."""
        return member(Job, self.call("io.sqzd.Jobs.Retry", id=id, ranks=ranks, launcher=launcher), "job")

    def remove_job(self, id: int) -> None:
        """Removes a job that has ended, with its events, log, checkpoints and predictions; a model that it made stays. Raises
        `JobInUse` where a job needs it that has not ended."""
        self.call("io.sqzd.Jobs.Remove", id=id)

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
