"""Clients that submit and import while their daemon dies and comes back, and who note down what it acknowledged."""

import random
import shutil
import tempfile
import threading
from collections import Counter
from pathlib import Path
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Optional, Set

import pictures
import sqzd
from victim import Victim

# Nothing here takes longer than seconds, also on a machine that does other things: a job that does is stuck.
STUCK_SECONDS = 300
# Jobs under way for each submitter.
BACKLOG = 4
# What is broken altogether is not told a thousand times.
ENOUGH_TROUBLES = 20
# Imported data sets that stay.
DATASETS = 20
DATA, TRAIN, TEST = "base", 300, 60
IMPORTED_TRAIN, IMPORTED_TEST = 120, 30

# A small epoch takes a few tenths of a second. All that decides the weights is here; how many threads compute does not.
TRAININGS: Dict[str, Dict[str, Any]] = {
    "plain": {"epochs": 3, "batch-size": 16, "seed": 1},
    "large-batch": {"epochs": 4, "batch-size": 50, "seed": 2},
    "cropped": {"epochs": 2, "batch-size": 20, "seed": 3, "resize": 24},
    "bypass": {"epochs": 2, "batch-size": 32, "seed": 4, "bypass": "simple"},
}


class Spec(NamedTuple):
    """A job as it was asked for."""

    kind: str
    model: Optional[str]
    options: str

    @staticmethod
    def of(kind: str, model: Optional[str], options: Mapping[str, Any]) -> "Spec":
        return Spec(kind, model, repr(sorted(options.items())))


class Ledger:
    """What was asked for and what was acknowledged; for many threads. `moments` lets one thread wait for what another
    does."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.jobs: Dict[int, Spec] = {}
        self.acknowledged: Set[int] = set()
        self.unanswered: "Counter[Spec]" = Counter()
        self.datasets: Dict[str, int] = {}
        self.removed: List[str] = []
        # Removals that were asked for and not answered: the data set may be there or not.
        self.maybe_removed: List[str] = []
        self.models_imported = 0
        self.models_maybe_imported = 0
        self.classified = 0
        self.retried = 0
        self.refused: "Counter[str]" = Counter()
        self.troubles: List[str] = []
        self.moments = {name: threading.Event() for name in ("submit", "reply", "noted", "import")}

    def trouble(self, text: str) -> None:
        with self.lock:
            self.troubles.append(text)
        print(f"LOST: {text}", flush=True)

    def trainings(self) -> List[int]:
        with self.lock:
            return [job for job, spec in self.jobs.items() if spec.kind == "train"]


def was_killed(job: sqzd.Job) -> bool:
    """Whether it failed because somebody killed its runner. 128 + 9 is what a shell in front of it says (pyenv's python3)."""
    told = job.reason or ""
    return job.state == "failed" and ("killed by signal 9" in told or told.endswith("exit status 137"))


class Worker(threading.Thread):
    """Does one thing after the other; waits for the next daemon when this one is gone."""

    def __init__(self, victim: Victim, ledger: Ledger, alive: threading.Condition, seed: str) -> None:
        super().__init__(name=type(self).__name__)
        self.victim, self.ledger, self.alive = victim, ledger, alive
        self.random = random.Random(f"{seed}-{self.name}")
        self.ending = threading.Event()

    def run(self) -> None:
        with self.victim.client() as client:
            while not self.ending.is_set():
                life = self.victim.lives
                try:
                    self.step(client)
                except (sqzd.DaemonUnreachable, sqzd.Stopping):
                    with self.alive:
                        self.alive.wait_for(lambda: self.victim.lives > life or self.ending.is_set())
                except Exception as error:
                    # A thread that ends by an exception would look like one that had nothing to complain of.
                    self.ledger.trouble(f"{self.name}: {type(error).__name__}: {error}")
                    if len(self.ledger.troubles) >= ENOUGH_TROUBLES:
                        return

    def step(self, client: sqzd.Client) -> None:
        raise NotImplementedError


class Submitter(Worker):
    """Training, predictions and countdowns; never more than `BACKLOG` that have not ended."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.open: List[int] = []

    def step(self, client: sqzd.Client) -> None:
        if len(self.open) >= BACKLOG:
            self.see_to_the_end(client, self.open[0])
            return
        kind = self.random.choices(["train", "predict", "countdown"], [5, 2, 2])[0]
        model: Optional[str] = None
        priority = 0
        if kind == "train":
            model = self.random.choice(list(TRAININGS))
            options: Dict[str, Any] = {**TRAININGS[model], "threads": self.random.choice([1, 2])}
        elif kind == "predict":
            model, options = f"{self.random.choice(list(TRAININGS))}@1", {"top": 3}
        else:
            options = {"from": self.random.randrange(1, 30), "delay": 0.01}
            # Above what trains: it makes that write a checkpoint in the middle of an epoch and step aside.
            priority = self.random.choice([0, 1])
        self.submit(client, kind, model, options, priority)

    def submit(
        self, client: sqzd.Client, kind: str, model: Optional[str], options: Dict[str, Any], priority: int
    ) -> None:
        spec = Spec.of(kind, model, options)
        self.ledger.moments["submit"].set()
        try:
            job = client.submit(
                kind, options, dataset=None if kind == "countdown" else DATA, model=model, priority=priority
            )
        except sqzd.DaemonUnreachable:
            with self.ledger.lock:
                self.ledger.unanswered[spec] += 1
            raise
        self.ledger.moments["reply"].set()
        self.open.append(job)
        with self.ledger.lock:
            if job in self.ledger.jobs:
                raise AssertionError(f"job {job} was acknowledged twice")
            self.ledger.jobs[job] = spec
        self.ledger.moments["noted"].set()

    def see_to_the_end(self, client: sqzd.Client, job: int) -> None:
        """Retries a job whose runner was killed."""
        try:
            found = client.wait(job, timeout=STUCK_SECONDS)
        except TimeoutError:
            self.open.remove(job)
            raise AssertionError(f"job {job} is stuck: {client.show(job)}") from None
        if was_killed(found):
            client.retry(job)
            with self.ledger.lock:
                self.ledger.retried += 1
            return
        self.open.remove(job)
        if found.state != "succeeded":
            raise AssertionError(f"job {job} ended {found.state}: {found.reason}")


class Importer(Worker):
    """Imports data sets of ever new pictures, removes some, classifies, and takes models out and in."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.folder = Path(tempfile.mkdtemp(prefix="sqzd-import-"))
        self.number = 0
        self.imported = True

    def run(self) -> None:
        try:
            super().run()
        finally:
            shutil.rmtree(self.folder)
            self.folder.with_suffix(".safetensors").unlink(missing_ok=True)

    def step(self, client: sqzd.Client) -> None:
        if not self.imported:
            self.import_pictures(client)
            return
        removing = 1 if len(self.ledger.datasets) < DATASETS else 20
        what: Callable[[sqzd.Client], None] = self.random.choices(
            [self.next_pictures, self.classify, self.remove, self.import_model], [6, 3, removing, 1]
        )[0]
        what(client)

    def next_pictures(self, client: sqzd.Client) -> None:
        self.number += 1
        self.imported = False
        shutil.rmtree(self.folder)
        pictures.folder(self.folder, IMPORTED_TRAIN, IMPORTED_TEST, self.number)
        self.import_pictures(client)

    def import_pictures(self, client: sqzd.Client) -> None:
        """Again and again, until it is acknowledged; an upload goes on where it was cut off."""
        name = f"data{self.number}"
        self.ledger.moments["import"].set()
        try:
            dataset = client.import_dataset(self.folder, name)
        except sqzd.SqzdError as error:
            # The importer's runner was killed; or the last Import was done after all, and has used the upload up.
            if not isinstance(error, sqzd.RunnerFailed) and error.name != "io.sqzd.Datasets.NoSuchUpload":
                raise
            with self.ledger.lock:
                self.ledger.refused[error.name] += 1
            return
        if (dataset.train, dataset.test) != (IMPORTED_TRAIN, IMPORTED_TEST):
            raise AssertionError(f"{name} has {dataset.train} and {dataset.test} pictures")
        self.imported = True
        with self.ledger.lock:
            self.ledger.datasets[name] = self.number

    def classify(self, client: sqzd.Client) -> None:
        model = f"{self.random.choice(list(TRAININGS))}@1"
        try:
            client.classify(pictures.records(1, self.number)[: 1 + pictures.PICTURE], model=model)
        except sqzd.RunnerFailed as error:
            with self.ledger.lock:
                self.ledger.refused[error.name] += 1
            return
        with self.ledger.lock:
            self.ledger.classified += 1

    def remove(self, client: sqzd.Client) -> None:
        with self.ledger.lock:
            if len(self.ledger.datasets) < 2:
                return
            name = self.random.choice(list(self.ledger.datasets))
            del self.ledger.datasets[name]
        try:
            client.remove_dataset(name)
        except (sqzd.DaemonUnreachable, sqzd.Stopping):
            with self.ledger.lock:
                self.ledger.maybe_removed.append(name)
            raise
        with self.ledger.lock:
            self.ledger.removed.append(name)

    def import_model(self, client: sqzd.Client) -> None:
        file = self.folder.with_suffix(".safetensors")
        file.write_bytes(client.read_model(f"{self.random.choice(list(TRAININGS))}@1"))
        with self.ledger.lock:
            self.ledger.models_maybe_imported += 1
        try:
            client.import_model(file, "from-outside")
        except sqzd.RunnerFailed as error:
            with self.ledger.lock:
                self.ledger.models_maybe_imported -= 1
                self.ledger.refused[error.name] += 1
            return
        with self.ledger.lock:
            self.ledger.models_maybe_imported -= 1
            self.ledger.models_imported += 1
