"""What every released version has left behind is opened by this one, whole; what a later one would leave is not touched."""

import hashlib
import json
import shutil
import sqlite3
import subprocess
import tarfile
from pathlib import Path
from typing import Any, Dict, Iterator

import pytest
import release
from victim import Victim
from workload import STUCK_SECONDS

ARCHIVES = sorted(release.FOLDER.glob("*.tar.xz"))


@pytest.fixture(params=ARCHIVES, ids=lambda archive: archive.name)
def victim(request: pytest.FixtureRequest, binaries: Path) -> Iterator[Victim]:
    victim = Victim(binaries)
    victim.state.mkdir()
    with tarfile.open(request.param) as tar:
        tar.extractall(victim.state, filter="data")
    try:
        yield victim
    finally:
        if hasattr(victim, "process"):
            victim.kill_all()
        shutil.rmtree(victim.folder)


def told_again(before: Any, after: Any) -> bool:
    """Whether all that was told before is told now; fields may have come."""
    if isinstance(before, dict):
        return isinstance(after, dict) and all(key in after and told_again(before[key], after[key]) for key in before)
    if isinstance(before, list):
        return isinstance(after, list) and len(before) == len(after) and all(map(told_again, before, after))
    return bool(before == after)


def test_a_released_state_is_opened(victim: Victim) -> None:
    expected: Dict[str, Any] = json.loads((victim.state / "expected.json").read_text())
    victim.start()
    with victim.client() as client:
        found = release.look(client)
        for before, after in zip(expected["jobs"], found["jobs"]):
            # The interrupted one goes on at once.
            if before["job"]["state"] in release.ENDED:
                assert told_again(before, after)
        assert len(found["jobs"]) == len(expected["jobs"])
        for kind in ("models", "datasets"):
            for before in expected[kind]:
                assert any(told_again(before, after) for after in found[kind]), f"{kind}: {before} is gone"
        for before, after in zip(expected["classified"], found["classified"]):
            # Kernels may add in another order.
            assert {one["name"]: pytest.approx(one["probability"], abs=1e-4) for one in before} == {
                one["name"]: one["probability"] for one in after
            }

        states = {job["job"]["id"]: job["job"]["state"] for job in expected["jobs"]}
        (interrupted,) = [job for job, state in states.items() if state == "running"]
        ended = client.wait(interrupted, timeout=STUCK_SECONDS)
        assert (ended.state, ended.starts) == ("succeeded", 2), ended
        assert any(line.startswith("goes on from epoch") for line in client.logs(interrupted))
        assert ended.outcome is not None and ended.outcome.model == "resumed@1"
        # Those that waited run, the one that was paused does when it is let.
        (paused,) = [job for job, state in states.items() if state == "paused"]
        assert client.show(paused).state == "paused"
        client.resume(paused)
        for job in [paused, *(job for job, state in states.items() if state == "queued")]:
            assert client.wait(job, timeout=STUCK_SECONDS).state == "succeeded"
    victim.stop()


def test_a_newer_database_is_left_as_it_is(victim: Victim) -> None:
    database = victim.state / "sqzd.db"
    with sqlite3.connect(database) as connection:
        connection.execute("INSERT INTO grdb_migrations VALUES ('a later one')")
    connection.close()
    before = hashlib.sha256(database.read_bytes()).hexdigest()
    blobs = sorted((victim.state / "blobs").iterdir())
    done = subprocess.run(victim.command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert f"{database} was written by a newer version of sqzd; it was not touched" in done.stderr
    assert hashlib.sha256(database.read_bytes()).hexdigest() == before
    assert sorted((victim.state / "blobs").iterdir()) == blobs


def test_there_is_one_of_this_version(binaries: Path) -> None:
    told = subprocess.run([binaries / "sqzd", "--version"], capture_output=True, text=True, check=True).stdout
    assert f"{told.strip()}.tar.xz" in [archive.name for archive in ARCHIVES]
