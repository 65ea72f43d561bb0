"""Disks that fill up, break, and bring back other bytes than were written; a clock that jumps."""

import hashlib
import os
import shutil
from pathlib import Path
from typing import Callable, Iterator

import disks
import pictures
import pytest
import state
from prerequisites import unavailable
from verdict import Reference, reference
from victim import Victim, survivors, watch_ends
from workload import DATA, STUCK_SECONDS, TEST, TRAIN, TRAININGS

import sqzd

# The smallest data set, its upload, a model and two checkpoints of a training fit in a fifth of it.
TMPFS_BYTES = 24 << 20
# What a training does not have written in its first moments.
LONG = {"epochs": 20, "batch-size": 16, "seed": 1, "threads": 1}


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return pictures.folder(tmp_path_factory.mktemp("pictures") / DATA, TRAIN, TEST, seed=0)


@pytest.fixture
def victim(binaries: Path) -> Iterator[Victim]:
    """A daemon on an ordinary disk."""
    with Victim(binaries) as victim:
        yield victim


@pytest.fixture
def cramped(binaries: Path) -> Iterator[Victim]:
    """A daemon on a small tmpfs."""
    if reason := disks.unavailable():
        unavailable(reason)
    victim = Victim(binaries)
    with disks.small_tmpfs(victim.state, TMPFS_BYTES):
        try:
            victim.start()
            yield victim
            victim.stop()
        finally:
            victim.kill_all()
    shutil.rmtree(victim.folder)


def finished(client: sqzd.Client, job: int) -> sqzd.Job:
    found = client.wait(job, timeout=STUCK_SECONDS)
    assert found.state == "succeeded", (found, client.logs(job))
    return found


def until_epoch(client: sqzd.Client, job: int, epoch: int) -> None:
    for event in client.watch(job):
        if event.kind == "epoch" and event.progress and event.progress.epoch >= epoch:
            return
    raise AssertionError(f"job {job} ended before epoch {epoch}: {client.show(job)}")


def intact(client: sqzd.Client, victim: Victim) -> None:
    """It goes on, and kept what it had."""
    assert client.info().pid == victim.process.pid
    assert state.blobs_missing_or_damaged(client, victim.state) == []


def test_full_disk_during_an_upload(cramped: Victim, folder: Path) -> None:
    with cramped.client() as client:
        with disks.full(cramped.state, leaving=200_000):
            with pytest.raises(sqzd.SqzdError, match="No space left"):
                client.import_dataset(folder, DATA)
            intact(client, cramped)
        assert client.import_dataset(folder, DATA).train == TRAIN, "the upload goes on"
        intact(client, cramped)


def test_full_disk_during_an_import(cramped: Victim, folder: Path) -> None:
    with cramped.client() as client:
        size = sum(file.stat().st_size for file in folder.iterdir())
        # There is room for the upload, not for what is made of it.
        with disks.full(cramped.state, leaving=size + size // 2):
            with pytest.raises(sqzd.SqzdError, match="No space left"):
                client.import_dataset(folder, DATA)
            assert list((cramped.state / "imports").iterdir()) == []
            assert client.datasets() == []
        assert client.import_dataset(folder, DATA).train == TRAIN
        intact(client, cramped)


def test_full_disk_at_a_submission(cramped: Victim) -> None:
    with cramped.client() as client:
        jobs = {client.submit("countdown")}
        for job in jobs:
            finished(client, job)
        refused = 0
        with disks.full(cramped.state):
            # What is left of the last page that was allocated may take a few.
            while not refused and len(jobs) < 1000:
                try:
                    jobs.add(client.submit("countdown", {"from": 1000, "delay": 60}))
                except sqzd.SqzdError as error:
                    assert error.name == "io.sqzd.Jobs.Failed" and "full" in str(error), error
                    refused += 1
            assert refused
            assert {job.id for job in client.jobs(limit=1000)} == jobs
        for job in jobs:
            if client.show(job).state in ("queued", "running"):
                client.cancel(job)
        jobs.add(client.submit("countdown"))
        finished(client, max(jobs))
        assert {job.id for job in client.jobs(limit=1000)} == jobs
        intact(client, cramped)


def test_full_disk_during_a_training(cramped: Victim, folder: Path) -> None:
    with cramped.client() as client:
        client.import_dataset(folder, DATA)
        undisturbed = reference(client, "plain")
        job = client.submit("train", LONG, dataset=DATA, model="long")
        # The second: the checkpoint of the first has been written by then.
        until_epoch(client, job, 2)
        with disks.full(cramped.state):
            # No checkpoint can be written, and not even that it waits.
            until_gone(cramped)
            intact(client, cramped)
        # The runner's checkpoint met it first, or the daemon's record of the epoch. It goes on without being asked.
        reasons = [event.reason or "" for event in client.watch(job) if event.state == "queued"]
        assert any("the disk is full" in reason and "it is tried again at" in reason for reason in reasons), reasons
        finished(client, job)
        assert any("goes on from epoch" in line for line in client.logs(job))
        assert trained_as(client, undisturbed, "plain")
        intact(client, cramped)


def until_gone(victim: Victim) -> None:
    """Waits for the job's runner to end."""
    handles = watch_ends(list(victim.runners()))
    assert survivors(handles, seconds=60) == []


def trained_as(client: sqzd.Client, undisturbed: Reference, name: str) -> bool:
    """Whether another training comes to the same."""
    job = finished(client, client.submit("train", TRAININGS[name], dataset=DATA, model=name))
    assert job.outcome and job.outcome.model
    return client.model(job.outcome.model).model.weights_sha256 == undisturbed.weights


@pytest.mark.parametrize("fault", [disks.make_read_only, disks.cut_off], ids=["read-only", "I/O errors"])
def test_disk_that_breaks(binaries: Path, folder: Path, fault: Callable[[Path], None], tmp_path: Path) -> None:
    """Calls that write fail with the reason, the daemon goes on; on the repaired disk, all that it acknowledged is there."""
    if reason := disks.unavailable("mkfs.ext4", "e2fsck"):
        unavailable(reason)
    victim = Victim(binaries)
    image = disks.new_image(tmp_path / "image", 256 << 20, "mkfs.ext4", "-q", "-F")
    with disks.disk_of(victim, image):
        victim.start()
        with victim.client() as client:
            client.import_dataset(folder, DATA)
            undisturbed = reference(client, "plain")
            long = client.submit("train", LONG, dataset=DATA, model="long")
            until_epoch(client, long, 1)
            fault(victim.folder / "disk")
            until_gone(victim)
            with pytest.raises(sqzd.SqzdError) as refused:
                client.submit("countdown")
            assert refused.value.name == "io.sqzd.Jobs.Failed" and refused.value.parameters["reason"]
            with pytest.raises(sqzd.SqzdError) as refused:
                client.import_dataset(folder, "another")
            assert refused.value.name == "io.sqzd.Datasets.Failed" and refused.value.parameters["reason"]
            # What it can answer without the disk, it answers.
            assert client.runners()
        victim.die()
    disks.run("sh", "-c", f"e2fsck -fy {image}; test $? -le 1")
    with disks.disk_of(victim, image):
        victim.start()
        with victim.client() as client:
            assert [data.name for data in client.datasets()] == [DATA]
            assert finished(client, long).outcome
            assert {job.id for job in client.jobs()} == {1, long}
            assert trained_as(client, undisturbed, "plain")
            intact(client, victim)
        victim.stop()
    shutil.rmtree(victim.folder)


def flip(file: Path, offset: int = -1000) -> None:
    """One bit, a thousand bytes before the end."""
    os.chmod(file, 0o600)
    with open(file, "r+b") as opened:
        opened.seek(offset, os.SEEK_END)
        byte = opened.read(1)[0]
        opened.seek(offset, os.SEEK_END)
        opened.write(bytes([byte ^ 4]))


@pytest.mark.parametrize("damaged", [1, 2], ids=["newest", "both"])
def test_damaged_checkpoint(victim: Victim, folder: Path, damaged: int) -> None:
    """The one before is used, else the training begins anew; it ends the same."""
    options = {**LONG, "epochs": 12}
    with victim.client() as client:
        client.import_dataset(folder, DATA)
        undisturbed = finished(client, client.submit("train", options, dataset=DATA, model="undisturbed"))
        job = client.submit("train", options, dataset=DATA, model="damaged")
        until_epoch(client, job, 3)
        client.pause(job)
        for event in client.watch(job):
            if event.state == "paused":
                break
        assert client.show(job).state == "paused"
        checkpoints = sorted((victim.state / "jobs" / str(job)).glob("checkpoint-*"), reverse=True)
        assert len(checkpoints) == 2
        for checkpoint in checkpoints[:damaged]:
            flip(checkpoint)
        client.resume(job)
        finished(client, job)
        log = client.logs(job)
        for checkpoint in checkpoints[:damaged]:
            assert any(line.startswith(f"{checkpoint.name} can't be used: ") for line in log), log
        assert any("goes on from epoch" in line for line in log) == (damaged == 1), log
        assert undisturbed.outcome and undisturbed.outcome.model
        assert (
            client.model("damaged").model.weights_sha256
            == client.model(undisturbed.outcome.model).model.weights_sha256
        )


def test_damaged_data_set(victim: Victim, folder: Path) -> None:
    with victim.client() as client:
        dataset = client.import_dataset(folder, DATA)
        blob = victim.state / "blobs" / dataset.sha256
        flip(blob)
        job = client.wait(client.submit("train", TRAININGS["plain"], dataset=DATA), timeout=STUCK_SECONDS)
        assert job.state == "failed"
        found = hashlib.sha256(blob.read_bytes()).hexdigest()
        assert job.reason == f"data set {DATA} is damaged: {blob}: its sha256 is {found}"
        # It is not lost: the same pictures under another name bring it back, and the job can be retried.
        client.import_dataset(folder, "again")
        client.retry(job.id)
        finished(client, job.id)


def test_damaged_model(victim: Victim, folder: Path) -> None:
    with victim.client() as client:
        client.import_dataset(folder, DATA)
        reference(client, "plain")
        blob = victim.state / "blobs" / client.model("plain").model.sha256
        flip(blob)
        job = client.wait(client.predict(DATA, "plain"), timeout=STUCK_SECONDS)
        assert job.state == "failed" and (job.reason or "").startswith(f"model plain@1 is damaged: {blob}: "), job
        with pytest.raises(sqzd.SqzdError, match="model plain@1 is damaged"):
            client.classify(bytes(pictures.PICTURE))
        blob.unlink()
        with pytest.raises(sqzd.SqzdError, match="model plain@1 is damaged: .*: No such file"):
            client.classify(bytes(pictures.PICTURE))
        client.remove_model("plain@1")
        assert client.models() == []


@pytest.fixture(scope="session")
def preloaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """jump.c, compiled."""
    compiler = shutil.which("clang") or shutil.which("cc")
    if compiler is None:
        unavailable("no C compiler")
    library = tmp_path_factory.mktemp("jump") / "jump.so"
    disks.run(compiler, "-shared", "-fPIC", "-O1", "-o", library, Path(__file__).with_name("jump.c"), "-ldl")
    return library


DAY = 86_400


@pytest.mark.parametrize("jump", [-3 * DAY, 400 * DAY])
def test_clock_that_jumps(
    binaries: Path, folder: Path, preloaded: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, jump: int
) -> None:
    """Times in the records jump with it; nothing else does, and nothing is lost."""
    shift = tmp_path / "shift"
    shift.write_text("0")
    monkeypatch.setenv("JUMP_FILE", str(shift))
    monkeypatch.setenv("LD_PRELOAD", str(preloaded))
    victim = Victim(binaries)
    victim.start()
    with victim.client() as client:
        client.import_dataset(folder, DATA)
        before = client.show(client.submit("countdown")).submitted_at
        job = client.submit("train", {**LONG, "epochs": 6}, dataset=DATA, model="jumped")
        until_epoch(client, job, 2)
        shift.write_text(str(jump))
        after = client.show(client.submit("countdown")).submitted_at
        assert abs((after - before) / 1e6 - jump) < DAY, "it did not jump"
        finished(client, job)
        events = list(client.watch(job))
        assert [event.sequence for event in events] == list(range(1, len(events) + 1))
        client.classify(bytes(pictures.PICTURE), model="jumped")
        last = client.submit("train", TRAININGS["plain"], dataset=DATA, model="plain")
        finished(client, last)
        assert [found.id for found in client.jobs()] == list(range(last, 0, -1))
    victim.die()
    victim.start()
    with victim.client() as client:
        assert len(client.jobs()) == last
        intact(client, victim)
    victim.__exit__(None, None, None)
