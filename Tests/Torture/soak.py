"""A mixed load for as long as you like: training, classifying, listing, cancelling, pausing, importing, restarting.

    soak.py --minutes 10 --seed 1 --bin .build/release

Prints how often each call was made and how long it took, which errors came, and the daemon's private memory when each of its
lives began and ended. Exit status 1 if a job or a data set was lost, or an error came that nobody was to expect.
"""

import argparse
import random
import shutil
import sys
import threading
import time
from collections import Counter, defaultdict
from pathlib import Path
from typing import Callable, Dict, List, Tuple, Type, TypeVar

import pictures
import state
from victim import Victim
from workload import DATA, STUCK_SECONDS, TEST, TRAIN, TRAININGS, Importer, Ledger, Worker

import sqzd

RESTART_SECONDS = 20
T = TypeVar("T")


class Book:
    """Times and errors of calls, from many threads."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.seconds: Dict[str, List[float]] = defaultdict(list)
        self.errors: "Counter[Tuple[str, str]]" = Counter()

    def timed(self, name: str, call: Callable[[], T]) -> T:
        began = time.monotonic()
        try:
            result = call()
        except Exception as error:
            told = error.name if isinstance(error, sqzd.SqzdError) else type(error).__name__
            with self.lock:
                self.errors[name, told] += 1
            raise
        with self.lock:
            self.seconds[name].append(time.monotonic() - began)
        return result

    def table(self) -> str:
        lines = [f"{'call':10}{'answered':>10}{'p50 ms':>10}{'p99 ms':>10}"]
        for name, seconds in sorted(self.seconds.items()):
            seconds.sort()
            middle, high = seconds[len(seconds) // 2], seconds[len(seconds) * 99 // 100]
            lines.append(f"{name:10}{len(seconds):10}{1000 * middle:10.2f}{1000 * high:10.2f}")
        lines += [f"{count} times {error} to {name}" for (name, error), count in sorted(self.errors.items())]
        return "\n".join(lines)


class Soaker(Worker):
    book: Book

    def timed(self, name: str, call: Callable[[], T]) -> T:
        return self.book.timed(name, call)

    def note(self, job: int) -> None:
        with self.ledger.lock:
            self.ledger.acknowledged.add(job)


class Trainer(Soaker):
    """One training or prediction after the other, to its end."""

    def step(self, client: sqzd.Client) -> None:
        name = self.random.choice(list(TRAININGS))
        if self.random.random() < 0.8:
            job = self.timed("train", lambda: client.submit("train", TRAININGS[name], dataset=DATA, model=name))
        else:
            job = self.timed("predict", lambda: client.predict(DATA, f"{name}@1"))
        self.note(job)
        while not self.ending.is_set():
            try:
                client.wait(job, timeout=STUCK_SECONDS)
                return
            except sqzd.DaemonUnreachable:
                # It goes on after the restart, which this waits for.
                with self.alive:
                    self.alive.wait(timeout=1)


class Classifier(Soaker):
    def step(self, client: sqzd.Client) -> None:
        model = f"{self.random.choice(list(TRAININGS))}@1"
        picture = self.random.randbytes(pictures.PICTURE)
        self.timed("classify", lambda: client.classify(picture, model=model))


class Lister(Soaker):
    def step(self, client: sqzd.Client) -> None:
        self.timed("list", client.jobs)
        self.timed("info", client.info)
        time.sleep(0.01)


class Changer(Soaker):
    """Jobs that are paused, resumed and cancelled, waiting or running."""

    def step(self, client: sqzd.Client) -> None:
        options = {"from": 200, "delay": 0.01}
        job = self.timed("submit", lambda: client.submit("countdown", options, priority=self.random.choice([0, 1])))
        self.note(job)
        time.sleep(self.random.uniform(0, 0.5))
        try:
            if self.random.random() < 0.5:
                self.timed("pause", lambda: client.pause(job))
                self.await_pause(client, job)
                self.timed("resume", lambda: client.resume(job))
            self.timed("cancel", lambda: client.cancel(job))
        except sqzd.JobEnded:
            return

    def await_pause(self, client: sqzd.Client, job: int) -> None:
        for event in client.watch(job):
            if event.state == "paused":
                return
        raise sqzd.JobEnded("io.sqzd.Jobs.JobEnded", {"id": job})


class Soak:
    def __init__(self, binaries: Path, seed: str) -> None:
        self.victim = Victim(binaries, runningJobs=2)
        self.random = random.Random(seed)
        self.seed, self.ledger, self.book = seed, Ledger(), Book()
        self.alive = threading.Condition()
        self.memory: List[Tuple[int, int]] = []

    def run(self, seconds: float) -> List[str]:
        """What was lost."""
        folder = pictures.folder(self.victim.folder / "pictures" / DATA, TRAIN, TEST, seed=0)
        self.victim.start()
        with self.victim.client() as client:
            client.import_dataset(folder, DATA)
            for name in TRAININGS:
                client.wait(client.submit("train", TRAININGS[name], dataset=DATA, model=name), timeout=STUCK_SECONDS)
        kinds: List[Type[Worker]] = [Trainer, Classifier, Classifier, Lister, Changer, Importer]
        workers = [
            kind(self.victim, self.ledger, self.alive, f"{self.seed}-{number}") for number, kind in enumerate(kinds)
        ]
        for worker in workers:
            if isinstance(worker, Soaker):
                worker.book = self.book
            worker.start()
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            before = self.victim.memory()
            time.sleep(min(left, RESTART_SECONDS))
            self.memory.append((before, self.victim.memory()))
            if left > RESTART_SECONDS:
                self.book.timed("restart", self.restart)
        for worker in workers:
            worker.ending.set()
        with self.alive:
            self.alive.notify_all()
        for worker in workers:
            worker.join()
        return self.lost()

    def restart(self) -> None:
        with self.alive:
            self.victim.stop()
            self.victim.start()
            self.alive.notify_all()

    def lost(self) -> List[str]:
        lost = list(self.ledger.troubles)
        with self.victim.client() as client:
            jobs = {job.id: job for job in state.all_jobs(client)}
            lost += [f"job {job} is gone" for job in self.ledger.acknowledged if job not in jobs]
            for job in jobs.values():
                if job.state == "paused":
                    client.resume(job.id)
                ended = client.wait(job.id, timeout=STUCK_SECONDS)
                if ended.state not in ("succeeded", "cancelled"):
                    lost.append(f"job {job.id} ended {ended.state}: {ended.reason}")
            there = {dataset.name for dataset in client.datasets()}
            lost += [f"data set {name} is gone" for name in self.ledger.datasets if name not in there]
            lost += state.blobs_missing_or_damaged(client, self.victim.state)
            lost += [f"{file} is left over" for file in state.leftovers(client, self.victim.state)]
        self.victim.stop()
        lost += [f"process {words} is left over" for words in self.victim.processes().values()]
        if (found := state.integrity(self.victim.state)) != "ok":
            lost.append(f"the database is damaged: {found}")
        return lost

    def summary(self, lost: List[str]) -> str:
        lives = ", ".join(f"{before / 2**20:.1f} → {after / 2**20:.1f}" for before, after in self.memory)
        return "\n".join(
            [
                self.book.table(),
                f"data sets imported: {len(self.ledger.datasets) + len(self.ledger.removed)}, "
                f"removed: {len(self.ledger.removed)}",
                f"private memory in MiB, at the start and the end of each life: {lives}",
                f"lost: {len(lost) or 'nothing'}",
                *(f"  {text}" for text in lost),
            ]
        )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", default=str(random.randrange(10**9)), help="decides what is done")
    parser.add_argument("--bin", type=Path, required=True, help="the folder with sqzd and sqz-runner-squeezenet")
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    soak = Soak(options.bin, options.seed)
    try:
        lost = soak.run(60 * options.minutes)
        print(soak.summary(lost))
    finally:
        soak.victim.kill_all()
    if lost:
        print(f"the daemon's folder is kept: {soak.victim.folder}")
        return 1
    shutil.rmtree(soak.victim.folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
