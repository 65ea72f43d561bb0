"""The power fails: what had reached the disk at random instants under load is copied, and a daemon is started on each copy.

    power.py --count 20 --seed 1 --bin .build/release

Needs root, loop devices and mkfs.xfs. Exit status 1 if anything was lost.

How a copy is what a power cut would have left. The state directory is an ext4 file system in an image file, on a loop
device with direct I/O: what ext4 has written, it has written to the image, and what is still in ext4's own caches is not
there. The image lies in XFS, where FICLONE (ioctl_ficlone(2)) shares all of its extents with a second file while it holds
off writers: the copy is of one instant. A `cp` would take long enough for later writes to come into a copy that lacks
earlier ones, which no power cut does; freezing ext4 would make it write its caches first, which no power cut does either.
The disk that this stands for keeps what it has confirmed. One that loses its own cache also loses what came after the last
flush, which ext4 and `fsync` allow for in the same way: everything that is acknowledged was flushed.

That the test can fail was seen with libeatmydata, which makes `fsync` do nothing: all that was acknowledged is lost.
"""

import argparse
import copy
import fcntl
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import contextmanager
from pathlib import Path
from typing import Dict, Iterator, List, NamedTuple

import pictures
from disks import disk_of, mounted, new_image, unavailable
from verdict import Reference, all_that_is_wrong, reference
from victim import Victim
from workload import DATA, TEST, TRAIN, TRAININGS, Importer, Ledger, Spec, Submitter, Worker

FICLONE = 0x40049409
PROGRAMS = ("mkfs.xfs", "mkfs.ext4", "e2fsck")
IMAGE_BYTES = 512 << 20
# The smallest that mkfs.xfs makes is 300 MB; copies share what they have in common.
POOL_BYTES = 8 << 30
INTERVAL_SECONDS = 2.5


class Copy(NamedTuple):
    image: Path
    # What had been acknowledged before the copy began.
    acknowledged: Ledger


class Power:
    def __init__(self, binaries: Path, seed: str, pool: Path) -> None:
        self.binaries, self.seed, self.pool = binaries, seed, pool
        self.random = random.Random(seed)
        self.ledger = Ledger()
        self.references: Dict[str, Reference] = {}
        self.copies: List[Copy] = []
        self.repaired = 0

    def load(self, count: int) -> None:
        """Clients at work, and `count` copies meanwhile."""
        victim = Victim(self.binaries, runningJobs=2)
        image = new_image(self.pool / "image", IMAGE_BYTES, "mkfs.ext4", "-q", "-F")
        folder = pictures.folder(victim.folder / "pictures" / DATA, TRAIN, TEST, seed=0)
        with disk_of(victim, image):
            victim.start()
            with victim.client() as client:
                client.import_dataset(folder, DATA)
                self.references = {name: reference(client, name) for name in TRAININGS}
                for job in client.jobs():
                    self.ledger.jobs[job.id] = Spec.of(job.kind, job.model, job.options)
            alive = threading.Condition()
            workers: List[Worker] = [
                kind(victim, self.ledger, alive, self.seed) for kind in (Submitter, Importer)
            ]
            for worker in workers:
                worker.start()
            for number in range(count):
                time.sleep(self.random.uniform(0, INTERVAL_SECONDS))
                # Half of them as soon as a job is acknowledged, which is then the likeliest to be lost.
                if self.random.random() < 0.5:
                    self.ledger.moments["noted"].clear()
                    self.ledger.moments["noted"].wait(INTERVAL_SECONDS)
                self.copies.append(self.copy(image, self.pool / f"copy{number}"))
            for worker in workers:
                worker.ending.set()
            for worker in workers:
                worker.join()
            victim.stop()
        shutil.rmtree(victim.folder)

    def copy(self, image: Path, to: Path) -> Copy:
        before = self.snapshot()
        with open(image, "rb") as source, open(to, "wb") as target:
            fcntl.ioctl(target.fileno(), FICLONE, source.fileno())
        after = self.snapshot()
        # Removals that began in between may be in the copy or not.
        before.datasets = {name: seed for name, seed in before.datasets.items() if name in after.datasets}
        return Copy(to, before)

    def snapshot(self) -> Ledger:
        with self.ledger.lock:
            taken = Ledger()
            for name in ("jobs", "datasets", "removed", "models_imported"):
                setattr(taken, name, copy.copy(getattr(self.ledger, name)))
            return taken

    def judge(self, taken: Copy) -> List[str]:
        """Starts a daemon on a copy; what is wrong with it."""
        ledger = taken.acknowledged
        # What was asked for later may be there, too: its reply was on the way.
        ledger.unanswered = Counter(spec for job, spec in self.ledger.jobs.items() if job not in ledger.jobs)
        ledger.models_maybe_imported = self.ledger.models_imported - ledger.models_imported
        checked = subprocess.run(["e2fsck", "-fy", str(taken.image)], capture_output=True, text=True)
        # 1: it has replayed the journal, or corrected something. More: it could not.
        if checked.returncode > 1:
            return [f"e2fsck: {checked.stdout}"]
        self.repaired += "recovering journal" in checked.stdout + checked.stderr
        victim = Victim(self.binaries, runningJobs=2)
        with disk_of(victim, taken.image):
            victim.start()
            wrong = all_that_is_wrong(victim, ledger, self.references)
        shutil.rmtree(victim.folder)
        return wrong


@contextmanager
def prepared(binaries: Path, seed: str) -> Iterator[Power]:
    with tempfile.TemporaryDirectory(prefix="sqzd-power-") as folder:
        pool = new_image(Path(folder) / "pool", POOL_BYTES, "mkfs.xfs", "-q", "-m", "reflink=1")
        with mounted(pool, Path(folder) / "mounted"):
            yield Power(binaries, seed, Path(folder) / "mounted")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=20, help="how many copies")
    parser.add_argument("--seed", default=str(random.randrange(10**9)), help="decides what is done when")
    parser.add_argument("--bin", type=Path, required=True, help="the folder with sqzd and sqz-runner-squeezenet")
    options = parser.parse_args()
    if reason := unavailable(*PROGRAMS):
        print(f"skipped: {reason}")
        return 0
    print(f"seed {options.seed}", flush=True)
    lost: List[str] = []
    with prepared(options.bin, options.seed) as power:
        power.load(options.count)
        lost += power.ledger.troubles
        for number, taken in enumerate(power.copies):
            told = taken.acknowledged
            wrong = power.judge(taken)
            print(
                f"copy {number}: {len(told.jobs)} jobs, {len(told.datasets)} data sets, {len(told.removed)} removed, "
                f"{told.models_imported} models imported: {len(wrong) or 'nothing'} lost",
                flush=True,
            )
            lost += [f"copy {number}: {text}" for text in wrong]
        print(f"tried: {len(power.copies)} power cuts, {power.repaired} of them in the middle of ext4's journal")
    print(f"lost: {len(lost) or 'nothing'}", *lost, sep="\n  ")
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main())
