"""Jobs under systemd: what they do, what the journal tells of them, and what a stop of the daemon does to them."""

import ctypes
from typing import Dict, List

import pytest
from container import Container
from prerequisites import FASHION

TRANSITIONS = {
    "queued", "started", "epoch", "succeeded", "failed", "cancelled", "interrupted", "paused", "resumed", "retried"
}


@pytest.fixture(scope="module")
def fashion(container: Container) -> str:
    replies = list(container.stream("io.sqzd.Datasets.Import", {"name": "fashion", "path": FASHION}, user="alice"))
    assert replies[-1]["dataset"]["train"] == 60000
    return "fashion"


def entries(container: Container, job: int) -> Dict[str, List[Dict[str, str]]]:
    """The journal's entries of a job, by event."""
    found: Dict[str, List[Dict[str, str]]] = {}
    for entry in container.journal(f"SQZ_JOB={job}", "_SYSTEMD_UNIT=sqzd.service"):
        found.setdefault(entry["SQZ_EVENT"], []).append(entry)
    return found


def landlock() -> bool:
    """Whether this kernel has it: landlock_create_ruleset(2) tells its version."""
    version: int = ctypes.CDLL(None).syscall(444, None, 0, 1)
    return version > 0


def test_the_plugin_appears_with_its_options(container: Container) -> None:
    runners = {runner["name"]: runner for runner in container.call("io.sqzd.Manager.Runners", user="alice")["runners"]}
    (kind,) = runners["countdown"]["kinds"]
    assert [option["name"] for option in kind["options"]] == ["from", "delay", "crash"]
    assert "train" in [kind["name"] for kind in runners["squeezenet"]["kinds"]]


def test_the_journal_has_a_jobs_life_in_fields(container: Container) -> None:
    job = container.submit("countdown", "alice", options={"from": 2})
    assert container.await_end(job)["state"] == "succeeded"
    found = entries(container, job)
    assert set(found) == {"queued", "started", "output", "epoch", "succeeded"}
    alice = container.run("id", "-u", "alice").strip()
    for event, (entry, *more) in found.items():
        assert entry["SQZ_JOB"] == str(job)
        assert entry["SYSLOG_IDENTIFIER"] == "sqzd"
        assert entry["_TRANSPORT"] == "journal"
        assert entry["CODE_FILE"].endswith(".swift") and int(entry["CODE_LINE"]) > 0 and entry["CODE_FUNC"]
        if event in TRANSITIONS:
            assert not more
            assert entry["SQZ_UID"] == alice
            assert entry["SQZ_KIND"] == "countdown"
    transitions = [entry["MESSAGE_ID"] for event, (entry, *_) in found.items() if event in TRANSITIONS]
    assert len(set(transitions)) == 4
    assert [entry["MESSAGE"] for entry in found["output"]] == [f"job {job}: counting down from 2", "1", "0"]


def test_the_catalog_explains(container: Container) -> None:
    job = container.submit("countdown", "alice", options={"from": 1000, "delay": 60}, timeLimit=1)
    assert container.await_end(job)["state"] == "failed"
    (failed,) = entries(container, job)["failed"]
    assert failed["PRIORITY"] == "3"
    text = container.run("journalctl", "--quiet", "-x", f"SQZ_JOB={job}", "SQZ_EVENT=failed")
    assert f"Subject: Job {job} (countdown) has failed" in text
    assert f"The reason: {failed['SQZ_REASON']}" in text
    assert f"sqzctl logs {job} shows" in text
    assert "@SQZ_" not in container.run("journalctl", "--quiet", "-x", f"SQZ_JOB={job}")


def test_stopped_in_the_middle_it_goes_on(container: Container) -> None:
    job = container.submit("countdown", "alice", options={"from": 20, "delay": 0.25})
    container.await_progress(job)
    container.run("systemctl", "stop", "sqzd.service")
    assert container.show("sqzd.service", "Result") == "success"
    container.run("systemctl", "start", "sqzd.service")
    ended = container.await_end(job)
    assert (ended["state"], ended["starts"]) == ("succeeded", 2)
    found = entries(container, job)
    assert [entry["SQZ_REASON"] for entry in found["interrupted"]] == ["the daemon stopped"]
    # Every number once: the second runner began where the first one stopped.
    counted = [entry["MESSAGE"] for entry in found["output"] if entry["MESSAGE"].isdigit()]
    assert counted == [str(number) for number in range(19, -1, -1)]


def test_killed_in_the_middle_it_goes_on(container: Container) -> None:
    job = container.submit("countdown", "alice", options={"from": 20, "delay": 0.25})
    container.await_progress(job)
    pid = container.show("sqzd.service", "MainPID")
    container.run("systemctl", "kill", "--kill-whom=main", "--signal=KILL", "sqzd.service")
    # The next call comes in through the socket, which systemd has kept; it started the daemon again.
    container.await_journal("SQZ_EVENT=interrupted", f"SQZ_JOB={job}")
    ended = container.await_end(job)
    assert (ended["state"], ended["starts"]) == ("succeeded", 2)
    assert container.show("sqzd.service", "MainPID") != pid


def test_training_goes_on_after_a_stop(container: Container, fashion: str) -> None:
    job = container.submit("train", "alice", dataset=fashion, options={"epochs": 1})
    container.await_progress(job)
    container.run("systemctl", "stop", "sqzd.service")
    container.run("systemctl", "start", "sqzd.service")
    ended = container.await_end(job)
    assert (ended["state"], ended["starts"]) == ("succeeded", 2)
    found = entries(container, job)
    assert {"queued", "started", "interrupted", "epoch", "succeeded"} <= set(found)
    assert len(found["started"]) == 2
    # Under the unit the runner can confine itself as far as it could anywhere on this kernel.
    assert any("Landlock" in entry["MESSAGE"] for entry in found["output"]) == (not landlock())
    (epoch,) = found["epoch"]
    assert epoch["SQZ_EPOCH"] == "1"
    assert 0 < float(epoch["SQZ_LOSS"]) < 2.3
    assert 0.1 < float(epoch["SQZ_ACCURACY"]) < 1
    (succeeded,) = found["succeeded"]
    assert succeeded["SQZ_MODEL"] == ended["outcome"]["model"] == f"{fashion}@1"

    evaluation = container.await_end(container.submit("evaluate", "bob", dataset=fashion, model=fashion))
    assert evaluation["outcome"]["images"] == 10000
    assert evaluation["outcome"]["accuracy"] == pytest.approx(ended["outcome"]["accuracy"])
