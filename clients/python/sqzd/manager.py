"""io.sqzd.Manager: the daemon itself."""

import os
from datetime import datetime
from pathlib import Path
from typing import List, Optional, Sequence

from .backups import Archive
from .files import NewFile
from .uploads import PathLike
from .protocol import Diagnosis, DiskUse, Histogram, Info, Metric, PrunedPart, PruneKind, Runner
from .records import record, records
from .session import Session


class ManagerCalls(Session):
    def info(self) -> Info:
        return record(Info, self.call("io.sqzd.Manager.Info"))

    def runners(self) -> List[Runner]:
        return records(Runner, self.call("io.sqzd.Manager.Runners").get("runners"))

    def metrics(self) -> List[Metric]:
        """Figures for a monitoring system."""
        return records(Metric, self.call("io.sqzd.Manager.Metrics").get("metrics"))

    def histograms(self) -> List[Histogram]:
        """How values, such as the seconds that calls take, are spread; for a monitoring system."""
        return records(Histogram, self.call("io.sqzd.Manager.Metrics").get("histograms"))

    def disk(self) -> DiskUse:
        """What users have on the disk, and what of it `prune` may remove."""
        return record(DiskUse, self.call("io.sqzd.Manager.Disk"))

    def prune(
        self,
        what: Sequence[PruneKind],
        *,
        before: Optional[datetime] = None,
        uid: Optional[int] = None,
        everyone: bool = False,
        dry_run: bool = False,
    ) -> List[PrunedPart]:
        """Removes "jobs", "predictions", "checkpoints" or "uploads" that are not needed: yours, or as an administrator another
        user's or everyone's. `before`: only what is of jobs that ended before. With `dry_run` it only says what would go."""
        reply = self.call(
            "io.sqzd.Manager.Prune",
            what=list(what),
            before=None if before is None else round(before.timestamp() * 1_000_000),
            uid=uid,
            everyone=True if everyone else None,
            dryRun=True if dry_run else None,
        )
        return records(PrunedPart, reply.get("pruned"))

    def back_up(self, path: PathLike, *, replace: bool = False) -> None:
        """Writes all that the daemon keeps, as it is at one moment, into a new tar file, of which `sqzctl restore` makes a state
        directory. For administrators."""
        with NewFile(Path(os.fsdecode(path)), replace, mode=0o600) as file:
            archive = Archive(file.write)
            for reply in self._stream("io.sqzd.Manager.Backup", {}):
                archive.add(reply)
            archive.end()

    def diagnose(self) -> Diagnosis:
        """How the daemon stands with its machine: open files, the disk's room and speed."""
        return record(Diagnosis, self.call("io.sqzd.Manager.Diagnose"))
