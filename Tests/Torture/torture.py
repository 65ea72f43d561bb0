"""Kills the daemon, its runners, or both, hundreds of times while clients use it; then nothing may be lost.

    torture.py --count 300 --seed 1 --bin .build/release

What is done when follows from the seed; what it hits depends on the machine. Exit status 1 if anything was lost.
"""

import argparse
import random
import shutil
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Dict, List, Optional, Tuple

import pictures
from verdict import Reference, all_that_is_wrong, reference
from victim import Victim, kill, survivors, watch_ends
from workload import DATA, TEST, TRAIN, TRAININGS, Importer, Ledger, Spec, Submitter, Worker

KINDS = {"daemon": 4, "runner": 3, "both": 3, "stop": 1}
# When to strike: after a while; as a call is sent, answered or under way; as a watched training begins, ends an epoch
# (a checkpoint is written next) or its last one (the model is).
MOMENTS = {"delay": 4, "submit": 2, "reply": 2, "import": 3, "running": 2, "epoch": 3, "finish": 3}
DELAY_SECONDS = 1.5
MOMENT_SECONDS = 5


class Torture:
    def __init__(self, binaries: Path, seed: str) -> None:
        self.random = random.Random(seed)
        self.seed = seed
        self.victim = Victim(binaries, runningJobs=2)
        self.ledger = Ledger()
        self.alive = threading.Condition()
        self.struck: "Counter[Tuple[str, str]]" = Counter()
        self.outlived: List[str] = []
        self.references: Dict[str, Reference] = {}

    def __enter__(self) -> "Torture":
        """Makes the data set that all train on, and finds what each training comes to when it is left alone."""
        folder = pictures.folder(self.victim.folder / "pictures" / DATA, TRAIN, TEST, seed=0)
        self.victim.start()
        with self.victim.client() as client:
            client.import_dataset(folder, DATA)
            self.references = {name: reference(client, name) for name in TRAININGS}
            for job in client.jobs():
                self.ledger.jobs[job.id] = Spec.of(job.kind, job.model, job.options)
        return self

    def __exit__(self, *_: object) -> None:
        self.victim.kill_all()

    def run(self, count: int) -> None:
        workers: List[Worker] = [
            kind(self.victim, self.ledger, self.alive, self.seed) for kind in (Submitter, Importer)
        ]
        for worker in workers:
            worker.start()
        began = time.monotonic()
        while self.struck.total() < count:
            self.strike()
            done = self.struck.total()
            if sys.stdout.isatty() or done % 20 == 0:
                print(
                    f"{done} of {count} strikes, {len(self.ledger.jobs)} jobs and {len(self.ledger.datasets)} data sets "
                    f"acknowledged, {len(self.ledger.troubles)} lost, {time.monotonic() - began:.0f} s ",
                    end="\r" if sys.stdout.isatty() else "\n",
                    flush=True,
                )
        print(flush=True)
        for worker in workers:
            worker.ending.set()
        with self.alive:
            self.alive.notify_all()
        for worker in workers:
            worker.join()

    def strike(self) -> None:
        kind = self.random.choices(list(KINDS), list(KINDS.values()))[0]
        moment = self.random.choices(list(MOMENTS), list(MOMENTS.values()))[0]
        moment = self.await_moment(moment)
        runners = self.victim.runners()
        if kind == "runner":
            if runners and kill(self.random.choice(sorted(runners))):
                self.struck[kind, moment] += 1
            return
        handles = watch_ends(list(runners))
        if kind == "stop":
            # Asked to stop, it has its running jobs write checkpoints; it may be killed in the middle of that.
            self.victim.process.terminate()
            time.sleep(self.random.uniform(0, 0.3))
        victims = [self.victim.process.pid, *runners] if kind == "both" else [self.victim.process.pid]
        self.random.shuffle(victims)
        for process in victims:
            kill(process)
        self.victim.die()
        self.struck[kind, moment] += 1
        # It does not wait for the runners of the one before, as systemd would.
        with self.alive:
            self.victim.start()
            self.alive.notify_all()
        self.outlived += [f"runner {process} outlived its daemon" for process in survivors(handles)]

    def await_moment(self, moment: str) -> str:
        """Returns at the moment, or at another if it does not come; tells at which."""
        if moment == "delay":
            time.sleep(self.random.uniform(0, DELAY_SECONDS))
        elif moment in self.ledger.moments:
            self.ledger.moments[moment].clear()
            if not self.ledger.moments[moment].wait(MOMENT_SECONDS):
                return "delay"
            time.sleep(self.random.uniform(0, {"submit": 0.004, "reply": 0.001, "import": 0.08}[moment]))
        else:
            if not self.await_training(moment):
                return "delay"
            time.sleep(self.random.uniform(0, 0.02))
        return moment

    def await_training(self, moment: str) -> bool:
        """Watches the newest training until it begins, ends an epoch, or its last one."""
        job: Optional[int] = max(self.ledger.trainings(), default=None)
        if job is None:
            return False
        began = time.time()
        with self.victim.client() as client:
            for reply in client.stream("io.sqzd.Jobs.Watch", id=job):
                event = reply.get("event", {})
                # First comes what has happened before.
                if event.get("time", 0) / 1e6 < began:
                    continue
                progress = event.get("progress", {})
                if moment == "running" and event.get("state") == "running":
                    return True
                if event.get("kind") == "epoch" and (moment == "epoch" or progress["epoch"] == progress["epochs"]):
                    return True
                if time.time() > began + MOMENT_SECONDS:
                    break
        return False

    def judge(self) -> List[str]:
        """What was lost."""
        wrong = all_that_is_wrong(self.victim, self.ledger, self.references)
        return wrong + self.ledger.troubles + self.outlived

    def summary(self, wrong: List[str]) -> str:
        with_moment = [f"{'':8}" + "".join(f"{moment:>9}" for moment in MOMENTS)]
        for kind in KINDS:
            with_moment.append(f"{kind:8}" + "".join(f"{self.struck[kind, moment]:9}" for moment in MOMENTS))
        kinds = Counter(spec.kind for spec in self.ledger.jobs.values())
        acknowledged = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
        return "\n".join(
            [
                f"tried: {self.struck.total()} strikes, {self.victim.lives} lives of the daemon",
                *with_moment,
                f"acknowledged: {acknowledged}; {len(self.ledger.datasets)} data sets, {len(self.ledger.removed)} removed,"
                f" {self.ledger.models_imported} models imported, {self.ledger.classified} classifications",
                f"not acknowledged: {self.ledger.unanswered.total()} jobs; errors that were to be expected:"
                f" {dict(self.ledger.refused)}",
                f"retried by hand: {self.ledger.retried}",
                f"lost: {len(wrong) or 'nothing'}",
                *(f"  {text}" for text in wrong),
            ]
        )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=300, help="how often to strike")
    parser.add_argument("--seed", default=str(random.randrange(10**9)), help="decides what is done when")
    parser.add_argument("--bin", type=Path, required=True, help="the folder with sqzd and sqz-runner-squeezenet")
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    with Torture(options.bin, options.seed) as torture:
        torture.run(options.count)
        wrong = torture.judge()
    print(torture.summary(wrong))
    if wrong:
        print(f"the daemon's folder is kept: {torture.victim.folder}")
        return 1
    shutil.rmtree(torture.victim.folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
