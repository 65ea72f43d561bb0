"""The daemon is stopped, hung and restarted by systemd: what becomes of jobs, and what clients notice."""

import json
import subprocess
from contextlib import contextmanager
from typing import Iterator

import pytest
from container import CHECKOUT, Container
from guests import Guest, guest

RUNNERS = "/usr/local/libexec/sqzd/runners"


@pytest.fixture(scope="module")
def model(container: Container) -> str:
    guest(container, "alice", "model", "tiny")
    return "tiny"


@contextmanager
def drop_in(container: Container, *settings: str) -> Iterator[None]:
    """The service, restarted with these settings."""
    path = "/run/systemd/system/sqzd.service.d/test.conf"
    container.write(path, "\n".join(["[Service]", *settings, ""]))
    try:
        container.run("systemctl", "daemon-reload")
        container.run("systemctl", "restart", "sqzd.service")
        yield
    finally:
        container.run("rm", path)
        container.run("systemctl", "daemon-reload")
        container.run("systemctl", "restart", "sqzd.service")


def test_a_stop_takes_the_time_that_it_needs(container: Container) -> None:
    """Its runner is in a step of several seconds, systemd would wait for one: EXTEND_TIMEOUT_USEC."""
    countdown = (CHECKOUT / "Tests/Plugins/countdown").read_text()
    # Stop is heard after the delay only.
    slow = countdown.replace('"countdown"', '"slow"').replace(
        "message = link.receive(timeout=delay)", "time.sleep(delay); message = link.receive(timeout=0)"
    )
    container.write(f"{RUNNERS}/slow", slow, 0o755)
    try:
        with drop_in(container, "TimeoutStopSec=1s"):
            job = container.submit("slow", "alice", options={"from": 3, "delay": 4})
            container.await_progress(job)
            container.run("systemctl", "stop", "sqzd.service")
            assert container.show("sqzd.service", "Result") == "success"
            container.run("systemctl", "start", "sqzd.service")
            ended = container.await_end(job)
            assert (ended["state"], ended["starts"]) == ("succeeded", 2)
            reasons = [entry["SQZ_REASON"] for entry in container.journal(f"SQZ_JOB={job}", "SQZ_EVENT=interrupted")]
            assert reasons == ["the daemon stopped"]
            (stopped,) = container.journal(f"SQZ_JOB={job}", "SQZ_EVENT=output", "--grep=^stopped at")
            assert stopped["MESSAGE"] in ("stopped at 1", "stopped at 2")
    finally:
        container.run("rm", f"{RUNNERS}/slow")


def test_a_hung_daemon_is_restarted(container: Container) -> None:
    with drop_in(container, "WatchdogSec=1s", "TimeoutAbortSec=1s"):
        job = container.submit("countdown", "alice", options={"from": 40, "delay": 0.25})
        container.await_progress(job)
        pid = container.show("sqzd.service", "MainPID")
        container.run("systemctl", "kill", "--kill-whom=main", "--signal=STOP", "sqzd.service")
        container.await_journal("SQZ_EVENT=interrupted", f"SQZ_JOB={job}")
        ended = container.await_end(job)
        assert (ended["state"], ended["starts"]) == ("succeeded", 2)
        assert container.show("sqzd.service", "MainPID") != pid
        assert container.show("sqzd.service", "NRestarts") == "1"
        entries = container.journal("UNIT=sqzd.service", "UNIT_RESULT=watchdog")
        assert entries, "it was not the watchdog"


def test_the_unit_does_not_wait_long_for_a_hung_daemon(container: Container) -> None:
    assert container.show("sqzd.service", "TimeoutAbortUSec") == "10s"


def test_nobody_notices_a_restart(container: Container, model: str) -> None:
    job = container.submit("countdown", "alice", options={"from": 60, "delay": 0.25})
    watch = container.command("sqzctl", "--json", "watch", str(job), user="bob")
    watcher = subprocess.Popen(watch, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    with Guest(container, "alice", "hammer", model, "kept") as kept:
        with Guest(container, "bob", "hammer", model, "fresh") as fresh:
            for _ in range(4):
                container.await_progress(job)
                container.run("systemctl", "restart", "sqzd.service")
                # It serves again, both of them too.
                container.call("io.sqzd.Inference.Classify", {"images": [], "model": model})
            outcomes = [kept.end(), fresh.end()]
    assert [outcome["errors"] for outcome in outcomes] == [[], []]
    assert all(outcome["answered"] > 10 for outcome in outcomes)
    output, _ = watcher.communicate()
    assert watcher.returncode == 0
    events = [reply["event"] for reply in map(json.loads, output.splitlines()) if "event" in reply]
    kept_events = [event for event in events if "sequence" in event]
    assert [event["sequence"] for event in kept_events] == list(range(1, len(kept_events) + 1))
    states = [event["state"] for event in kept_events if event["kind"] == "state"]
    assert states == ["queued", *["running", "queued"] * 4, "running", "succeeded"]


def test_a_stop_in_the_middle_of_an_epoch_makes_a_checkpoint(container: Container, model: str) -> None:
    # Long enough to be in the middle of: some 600,000 steps.
    job = container.submit("train", "alice", dataset=model, options={"epochs": 10_000, "batch-size": 1})
    container.await_progress(job)
    container.run("systemctl", "stop", "sqzd.service")
    assert container.show("sqzd.service", "Result") == "success"
    files = container.run("ls", f"/var/lib/sqzd/jobs/{job}").split()
    assert any(file.startswith("checkpoint-") for file in files), files
    container.run("systemctl", "start", "sqzd.service")
    container.await_progress(job)
    lines = container.call("io.sqzd.Jobs.Logs", {"id": job})["lines"]
    assert any(line.startswith("goes on from epoch") for line in lines)
    container.call("io.sqzd.Jobs.Cancel", {"id": job}, user="alice")
    assert container.await_end(job)["state"] == "cancelled"
