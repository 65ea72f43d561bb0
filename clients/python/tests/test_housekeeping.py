"""What is removed, what is kept, what is on the disk, and backups, with a real daemon and the real sqzctl."""

import contextlib
import hashlib
import io
import json
import os
import re
import shutil
import sqlite3
import subprocess
import tarfile
import tempfile
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Iterator, List

import pytest
from real_daemon import RealDaemon
from test_daemon import CLASSES, records

import sqzd

ROOT = Path(__file__).parents[3]


def run(binaries: Path, *words: str, socket: str = "/nowhere") -> "subprocess.CompletedProcess[str]":
    return subprocess.run([binaries / "sqzctl", "--socket", socket, *words], capture_output=True, text=True)


def set_up(daemon: RealDaemon, **settings: Any) -> None:
    path = daemon.folder / "sqzd.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **settings}))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "colours"
    folder.mkdir()
    (folder / "batches.meta.txt").write_text("\n".join(CLASSES))
    (folder / "data_batch_1.bin").write_bytes(b"".join(records(200, seed=1)))
    (folder / "test_batch.bin").write_bytes(b"".join(records(40, seed=2)))
    return folder


@pytest.fixture
def daemon(binaries: Path) -> Iterator[RealDaemon]:
    with RealDaemon(binaries) as daemon:
        yield daemon


@pytest.fixture
def client(daemon: RealDaemon) -> Iterator[sqzd.Client]:
    with sqzd.Client(daemon.socket) as connected:
        yield connected


def count_down(client: sqzd.Client, **options: Any) -> int:
    id = client.submit("countdown", {"from": 1}, **options)
    client.wait(id, timeout=60)
    return id


def test_every_setting_is_in_the_manual_and_the_example() -> None:
    source = (ROOT / "Sources/SqzDaemon/DaemonConfiguration.swift").read_text()
    defaults = re.search(r"static var defaults.*?\n    }\n", source, re.DOTALL)
    assert defaults is not None
    # Launchers are no value of one type.
    settings = set(re.findall(r'^ +"(\w+)": ', defaults.group(), re.MULTILINE)) | {"launchers"}
    manual = (ROOT / "systemd/sqzd.json.5").read_text()
    described = dict(re.findall(r"^\.TP\n\\fB(\w+)\\fR \((.*)\)$", manual, re.MULTILINE))
    assert set(described) == settings and len(settings) > 15
    example = json.loads((ROOT / "systemd/sqzd.json").read_text())
    # Where the runners are depends on where sqzd is.
    assert set(example) == settings - {"runnerDirectories"}
    for name, value in example.items():
        assert json.loads(described[name].replace("\\", "")) == value, name


def test_jobs_are_removed(binaries: Path, daemon: RealDaemon, client: sqzd.Client) -> None:
    first, second = count_down(client), count_down(client)
    waiting = client.submit("countdown", {"from": 1}, after=[second], hold=True)
    files = daemon.folder / "state" / "jobs"
    assert (files / str(first)).is_dir()
    done = run(binaries, "jobs", "rm", str(first), str(second), "99", socket=daemon.socket)
    assert done.returncode == 75 and done.stdout == f"job {first} removed\n"
    assert f"job {second} is in use by job {waiting}, which has not ended" in done.stderr
    assert "there is no job 99" in done.stderr
    assert [job.id for job in client.jobs()] == [waiting, second] and not (files / str(first)).exists()
    with pytest.raises(sqzd.NoSuchJob):
        client.show(first)
    with pytest.raises(sqzd.JobInUse) as raised:
        client.remove_job(second)
    assert raised.value.parameters == {"id": second, "jobs": [waiting]}
    told = run(binaries, "jobs", "rm", "99", str(second), "--json", socket=daemon.socket)
    assert told.returncode == 66 and told.stdout == ""
    assert [json.loads(line) for line in told.stderr.splitlines()] == [
        {
            "error": "io.sqzd.Jobs.NoSuchJob",
            "parameters": {"id": 99},
            "message": "there is no job 99",
            "status": 66,
        },
        {
            "error": "io.sqzd.Jobs.JobInUse",
            "parameters": {"id": second, "jobs": [waiting]},
            "message": f"job {second} is in use by job {waiting}, which has not ended",
            "status": 75,
        },
    ]
    client.cancel(waiting)
    # One object, whatever their number.
    told = run(binaries, "jobs", "rm", "99", str(waiting), "--json", socket=daemon.socket)
    assert told.returncode == 66 and json.loads(told.stdout) == {"removed": [waiting]}
    usage = run(binaries, "jobs", "rm", "--json", socket=daemon.socket)
    assert usage.returncode == 64 and json.loads(usage.stderr)["status"] == 64
    # What was listed before goes on being.
    listed = run(binaries, "jobs", "--state", "succeeded", socket=daemon.socket)
    assert listed.returncode == 0 and len(listed.stdout.splitlines()) == 2
    assert count_down(client) == waiting + 1


def test_whatever_a_runner_left_of_a_job_goes(daemon: RealDaemon, client: sqzd.Client) -> None:
    id = count_down(client)
    daemon.process.kill()
    daemon.process.wait()
    left = daemon.folder / "state" / "jobs" / str(id) / "folder" / "below"
    left.mkdir(parents=True)
    daemon.__enter__()
    assert left.parents[1].exists() and not left.parent.exists()


def test_as_much_is_kept_as_the_configuration_says(binaries: Path) -> None:
    daemon = RealDaemon(binaries)
    set_up(daemon, keepJobs=2)
    with daemon, sqzd.Client(daemon.socket) as client:
        ids = [count_down(client) for _ in range(4)]
        kept: List[int] = []
        for _ in client.monitor():
            kept = [job.id for job in client.jobs()]
            if len(kept) == 2:
                break
        assert kept == ids[:1:-1]
        assert sorted(path.name for path in (daemon.folder / "state" / "jobs").iterdir()) == [str(id) for id in ids[2:]]


def test_a_setting_out_of_range_is_refused(binaries: Path) -> None:
    daemon = RealDaemon(binaries)
    set_up(daemon, keepJobsDays=-1)
    done = subprocess.run(daemon.command, capture_output=True, text=True)
    shutil.rmtree(daemon.folder)
    assert done.returncode == 1 and "keepJobsDays must be from 0 to 36600, is -1" in done.stderr


def test_the_disk_is_told_and_pruned(binaries: Path, daemon: RealDaemon, client: sqzd.Client, folder: Path) -> None:
    dataset = client.import_dataset(folder)
    training = client.wait(client.train(dataset.name, "m", epochs=1, batch_size=20), timeout=300)
    prediction = client.wait(client.predict(dataset.name, "m"), timeout=300)
    parts = {part.what: part for part in client.disk().parts}
    assert (parts["datasets"].count, parts["datasets"].bytes) == (1, dataset.size)
    predictions = parts["predictions"]
    assert predictions.count == predictions.removable == 1 and predictions.bytes == predictions.removable_bytes > 40 * 20
    assert "checkpoints" not in parts and "uploads" not in parts
    shown = run(binaries, "disk", socket=daemon.socket)
    assert shown.returncode == 0 and "data sets" in shown.stdout and "records" in shown.stdout

    dry = client.prune(["predictions"], dry_run=True)
    assert [(part.what, part.count, part.bytes) for part in dry] == [("predictions", 1, predictions.bytes)]
    assert client.prune(["predictions"], before=datetime.now() - timedelta(days=1)) == []
    usage = run(binaries, "prune", socket=daemon.socket)
    assert usage.returncode == 64 and "--older-than" in usage.stderr
    preview = run(binaries, "prune", "--dry-run", socket=daemon.socket)
    # They go with their jobs, and are counted with these.
    assert preview.returncode == 0 and "2 jobs" in preview.stdout and "predictions" not in preview.stdout
    assert next(client.predictions(prediction.id)).picture == 0
    done = run(binaries, "prune", "--predictions", socket=daemon.socket)
    assert done.returncode == 0 and done.stdout.startswith("predictions of 1 job  ")
    with pytest.raises(sqzd.InvalidOption, match="were removed on"):
        next(client.predictions(prediction.id))
    assert client.show(prediction.id).predictions_removed_at is not None
    assert "predictions" not in {part.what for part in client.disk().parts}
    assert [part.count for part in client.prune(["jobs"])] == [2]
    assert client.jobs() == [] and client.model("m").model.job is None
    assert training.outcome is not None and training.outcome.model == "m@1"
    assert run(binaries, "prune", "--all", socket=daemon.socket).stdout == "nothing to remove\n"
    with pytest.raises(sqzd.InvalidOption, match="there are jobs, predictions, checkpoints, uploads"):
        client.prune([])


def test_a_failed_job_goes_on_from_its_checkpoint_unless_that_is_pruned(client: sqzd.Client, folder: Path) -> None:
    dataset = client.import_dataset(folder)
    id = client.train(dataset.name, "m", epochs=100_000, batch_size=20)
    next(event for event in client.watch(id) if event.kind == "epoch")
    # Somewhat more than it has run.
    client.limit(id, time_limit=2 + int(time.time() - (client.show(id).started_at or 0) / 1_000_000))
    job = client.wait(id, timeout=60)
    assert job.state == "failed" and "time limit" in (job.reason or "")
    found = {part.what: part for part in client.disk().parts}["checkpoints"]
    assert (found.count, found.removable) == (1, 1)
    assert [part.bytes for part in client.prune(["checkpoints"])] == [found.bytes]
    assert "checkpoints" not in {part.what for part in client.disk().parts}
    assert client.retry(id).state in ("queued", "running")


def test_a_backup_under_load_is_restored_elsewhere(
    binaries: Path, daemon: RealDaemon, client: sqzd.Client, folder: Path, tmp_path: Path
) -> None:
    dataset = client.import_dataset(folder)
    client.wait(client.train(dataset.name, "m", epochs=1, batch_size=20), timeout=300)
    running = client.train(dataset.name, "n", epochs=100_000, batch_size=20)
    waiting = client.submit("countdown", {"from": 1}, after=[running], hold=True)
    next(event for event in client.watch(running) if event.kind == "epoch")
    # The next epoch's checkpoint is there, and the one after is about to be.
    client.pause(running)
    next(event for event in client.watch(running) if event.state == "paused")
    client.resume(running)
    next(event for event in client.watch(running) if event.kind == "epoch")

    archive = tmp_path / "sqzd.tar"
    done = run(binaries, "backup", str(archive), socket=daemon.socket)
    assert done.returncode == 0, done.stderr
    assert archive.stat().st_mode & 0o777 == 0o600
    assert client.show(running).state == "running" and not list((daemon.folder / "state" / "backups").iterdir())
    assert run(binaries, "backup", str(archive), socket=daemon.socket).returncode == 65, "it is there"
    client.back_up(tmp_path / "python.tar")
    answer = client.classify(records(1, seed=3)[0][1:], model="m").results[0].classes
    assert answer is not None
    client.cancel(running)

    # Others can read it.
    unpacked = tmp_path / "unpacked"
    unpacked.mkdir()
    subprocess.run(["tar", "-C", unpacked, "-xf", archive], check=True)
    subprocess.run(["sha256sum", "--quiet", "--check", "SHA256SUMS"], check=True, cwd=unpacked)
    assert (unpacked / "jobs" / str(running)).is_dir()

    for file in (archive, tmp_path / "python.tar"):
        other = RealDaemon(binaries)
        restored = run(binaries, "restore", str(file), "--state-dir", str(other.folder / "state"))
        assert restored.returncode == 0, restored.stderr
        with other, sqzd.Client(other.socket) as elsewhere:
            again = run(binaries, "restore", str(file), "--state-dir", str(other.folder / "state"))
            assert again.returncode == 75 and "a daemon, or another restore, uses" in again.stderr
            assert elsewhere.classify(records(1, seed=3)[0][1:], model="m").results[0].classes == answer
            history = elsewhere.history(running)
            event = next(event for event in elsewhere.watch(running) if event.kind == "progress")
            # It goes on from its checkpoint, not from its first epoch.
            assert event.progress is not None and event.progress.epoch >= len(history) >= 1
            assert elsewhere.show(waiting).state == "paused"
            elsewhere.cancel(running)
            assert elsewhere.show(elsewhere.submit("countdown", {"from": 1})).id == waiting + 1
            elsewhere.wait(running, timeout=60)
        # Its folder is gone: it was the daemon's.


def test_what_is_no_whole_backup_leaves_nothing(binaries: Path, client: sqzd.Client, tmp_path: Path) -> None:
    count_down(client)
    archive = tmp_path / "whole.tar"
    client.back_up(archive)
    whole = archive.read_bytes()
    state = tmp_path / "new" / "state"

    def refused(data: bytes) -> str:
        broken = tmp_path / "broken.tar"
        broken.write_bytes(data)
        done = run(binaries, "restore", str(broken), "--state-dir", str(state))
        assert done.returncode in (65, 66), done
        assert not state.parent.exists()
        return done.stderr

    assert "ends in its middle" in refused(whole[: len(whole) // 2])
    assert "ends in its middle" in refused(b"")
    assert "is no tar file" in refused(b"hello" * 200)
    place = whole.index(b"SQLite format 3")
    assert "is damaged: the sha256 of sqzd.db" in refused(whole[:place] + b"s" + whole[place + 1 :])
    foreign = tmp_path / "foreign.tar"
    (tmp_path / "sqzd.db").write_text("x")
    for name in ("sqzd.db", "../sqzd.db", "jobs/1/../x", "blobs/x", "etc/passwd"):
        with tarfile.open(foreign, "w") as tar:
            tar.add(tmp_path / "sqzd.db", arcname=name)
        expected = "has no checksums" if name == "sqzd.db" else "does not belong into a backup"
        assert expected in refused(foreign.read_bytes())
    for size in ("-1", str(2**63 - 1), "x"):
        with tarfile.open(foreign, "w", format=tarfile.PAX_FORMAT) as tar:
            member = tarfile.TarInfo("sqzd.db")
            member.pax_headers = {"size": size}
            tar.addfile(member)
        assert "has a member of an impossible size" in refused(foreign.read_bytes())
    for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE):
        with tarfile.open(foreign, "w") as tar:
            link = tarfile.TarInfo("blobs")
            link.type, link.linkname = kind, "/etc"
            tar.addfile(link)
        assert "has a member that is no file" in refused(foreign.read_bytes())
    with tarfile.open(foreign, "w") as tar:
        link = tarfile.TarInfo("SHA256SUMS")
        link.size = 1 << 33
        tar.addfile(link)
    assert "is longer than it can be" in refused(foreign.read_bytes() + bytes(1 << 20))
    sums = {"sqzd.db": b"no database".ljust(512), "blobs/" + "a" * 64: b"", "jobs/1/log": b""}
    for expected in ("has the sha256", "is no SQLite database"):
        lines = "".join(f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in sums.items())
        with tarfile.open(foreign, "w") as tar:
            for name, data in {**sums, "SHA256SUMS": lines.encode()}.items():
                member = tarfile.TarInfo(name)
                member.size = len(data)
                tar.addfile(member, io.BytesIO(data))
        assert expected in refused(foreign.read_bytes())
        sums.pop("blobs/" + "a" * 64, None)
    # What is there already stays, and nothing is put beside it.
    state.mkdir(parents=True)
    (state / "thesis.tex").touch()
    done = run(binaries, "restore", str(archive), "--state-dir", str(state))
    assert done.returncode == 65 and "has something else in it (thesis.tex)" in done.stderr
    assert [path.name for path in state.iterdir()] == ["thesis.tex"]
    (state / "thesis.tex").unlink()
    # SQLite would take this for a part of the records.
    (state / "sqzd.db-wal").write_bytes(b"x")
    assert "has jobs or models already (sqzd.db-wal)" in run(
        binaries, "restore", str(archive), "--state-dir", str(state)
    ).stderr
    (state / "sqzd.db-wal").unlink()
    done = run(binaries, "restore", str(archive), "--state-dir", str(state), "--host", "ssh://elsewhere")
    assert done.returncode == 64 and "no --host" in done.stderr
    done = run(binaries, "restore", str(archive), "--state-dir", str(state))
    assert done.returncode == 0, done.stderr
    assert "has jobs or models already" in run(binaries, "restore", str(archive), "--state-dir", str(state)).stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_root_restores_as_the_one_whose_directory_it_is(binaries: Path, client: sqzd.Client, tmp_path: Path) -> None:
    count_down(client)
    client.back_up(tmp_path / "sqzd.tar")
    with tempfile.TemporaryDirectory() as state:
        os.chown(state, 12345, 54321)
        done = run(binaries, "restore", str(tmp_path / "sqzd.tar"), "--state-dir", state)
        assert done.returncode == 0, done.stderr
        made = [Path(state), *Path(state).rglob("*")]
        assert len(made) > 5 and {(path.stat().st_uid, path.stat().st_gid) for path in made} == {(12345, 54321)}


def test_a_backup_that_can_not_be_written_leaves_nothing(binaries: Path, tmp_path: Path) -> None:
    daemon = RealDaemon(binaries)
    set_up(daemon, freeDiskMiB=1 << 40)
    with daemon:
        file = tmp_path / "sqzd.tar"
        done = run(binaries, "backup", str(file), socket=daemon.socket)
        assert "bytes that must be free on the disk for a backup: the limit is " in done.stderr and done.returncode == 65
        assert not file.exists() and not list((daemon.folder / "state").glob("backups/*"))
    daemon = RealDaemon(binaries)
    with daemon:
        with open("/dev/full", "wb") as full:
            command = [binaries / "sqzctl", "--socket", daemon.socket, "backup", "-"]
            done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True)
        assert done.returncode == 74 and "No space left" in done.stderr
        assert subprocess.run(command, stdout=subprocess.DEVNULL).returncode == 0
        # All users' data is its user's alone, also where another file was there.
        file.touch(0o644)
        done = run(binaries, "backup", "--force", str(file), socket=daemon.socket)
        assert (done.returncode, file.stat().st_mode & 0o777) == (0, 0o600), done.stderr
        assert not list((daemon.folder / "state" / "backups").iterdir())


def test_records_of_a_newer_version_are_refused_and_left_alone(binaries: Path) -> None:
    daemon = RealDaemon(binaries)
    with daemon:
        kept = daemon.folder.with_suffix(".kept")
        shutil.copytree(daemon.folder, kept, ignore=shutil.ignore_patterns("io.sqzd", "notify"))
    state = kept / "state"
    with contextlib.closing(sqlite3.connect(state / "sqzd.db")) as records, records:
        records.execute("INSERT INTO grdb_migrations VALUES ('of a version to come')")
    before = (state / "sqzd.db").read_bytes()
    command = [str(kept / Path(word).name) if word.startswith(str(daemon.folder)) else word for word in daemon.command]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1 and "was written by a newer version of sqzd; it was not touched" in done.stderr
    assert (state / "sqzd.db").read_bytes() == before
    shutil.rmtree(kept)


def test_the_doctor_tells_what_is_amiss(binaries: Path, daemon: RealDaemon) -> None:
    done = run(binaries, "doctor", "--json", socket=daemon.socket)
    findings = {finding["name"]: finding for finding in json.loads(done.stdout)["findings"]}
    assert done.returncode == 0, findings
    assert {"socket", "group", "daemon", "limits", "free disk", "disk speed", "runner", "confinement"} <= set(findings)
    assert all((finding["state"] == "ok") == ("advice" not in finding) for finding in findings.values())
    assert run(binaries, "doctor", socket=daemon.socket).stdout.startswith("ok ")
    nowhere = run(binaries, "doctor")
    assert nowhere.returncode == 69 and "failed   socket" in nowhere.stdout and "start sqzd --socket /nowhere" in nowhere.stdout


def test_files_that_are_missing_are_named(binaries: Path, folder: Path) -> None:
    daemon = RealDaemon(binaries)
    with daemon, sqzd.Client(daemon.socket) as client:
        dataset = client.import_dataset(folder)
        assert client.diagnose().missing == []
        (daemon.folder / "state" / "blobs" / dataset.sha256).unlink()
        assert client.diagnose().missing == [f"data set {dataset.name}"]
        done = run(binaries, "doctor", socket=daemon.socket)
        assert done.returncode != 0 and f"the file of data set {dataset.name} is missing" in done.stdout
        done = run(binaries, "backup", str(daemon.folder / "sqzd.tar"), socket=daemon.socket)
        assert done.returncode == 1 and "sqzctl doctor says whose it is" in done.stderr


def test_an_interrupted_restore_is_done_again(binaries: Path, client: sqzd.Client, tmp_path: Path) -> None:
    id = count_down(client)
    client.back_up(tmp_path / "sqzd.tar")
    daemon = RealDaemon(binaries)
    left = daemon.folder / "state" / "restoring"
    (left / "blobs").mkdir(parents=True)
    done = subprocess.run(daemon.command, capture_output=True, text=True)
    assert done.returncode == 1 and "run sqzctl restore again, which was interrupted" in done.stderr
    done = run(binaries, "restore", str(tmp_path / "sqzd.tar"), "--state-dir", str(left.parent))
    assert done.returncode == 0, done.stderr
    # Also where it was killed at its very end.
    left.mkdir()
    with daemon, sqzd.Client(daemon.socket) as elsewhere:
        assert elsewhere.show(id).state == "succeeded" and not left.exists()
