"""sqzd as systemd runs it: started, stopped, reloaded, confined."""

import json
from typing import Iterator

import pytest
from container import CallFailed, Container

STATE = "/var/lib/sqzd"


@pytest.fixture
def countdown(container: Container) -> Iterator[int]:
    """A job of alice's that would run for minutes, in the middle of its work."""
    job = container.submit("countdown", "alice", options={"from": 1000, "delay": 1})
    container.await_progress(job)
    yield job
    if container.call("io.sqzd.Jobs.Show", {"id": job})["job"]["state"] != "cancelled":
        container.call("io.sqzd.Jobs.Cancel", {"id": job})
        container.await_end(job)


def test_the_first_call_starts_it(container: Container) -> None:
    container.run("systemctl", "stop", "sqzd.service", "sqzd.socket")
    container.run("systemctl", "start", "sqzd.socket")
    assert container.run("systemctl", "is-active", "sqzd.service", status=3).strip() == "inactive"
    assert container.run("stat", "--format=%a %U %G", "/run/sqzd/io.sqzd").strip() == "660 root sqzd"
    info = container.call("io.sqzd.Manager.Info", user="alice")
    assert info["stateDirectory"] == STATE
    assert container.show("sqzd.service", "ActiveState") == "active"
    assert container.show("sqzd.service", "MainPID") == str(info["pid"])


def test_stop_takes_the_socket_file_along(container: Container) -> None:
    container.run("systemctl", "stop", "sqzd.service", "sqzd.socket")
    container.run("test", "!", "-e", "/run/sqzd/io.sqzd")
    with pytest.raises(CallFailed):
        container.call("io.sqzd.Manager.Info")
    container.run("systemctl", "start", "sqzd.service")
    assert container.show("sqzd.socket", "ActiveState") == "active"


def test_only_members_are_let_in(container: Container) -> None:
    with pytest.raises(CallFailed, match="Permission denied"):
        container.call("io.sqzd.Manager.Info", user="mallory")
    # EX_NOPERM
    assert "sqzd" in container.run("sqzctl", "jobs", user="mallory", status=77)
    container.run("sqzctl", "jobs", user="alice")
    job = container.submit("countdown", "alice")
    assert container.await_end(job)["uid"] == int(container.run("id", "-u", "alice"))


def test_a_job_is_its_owners(container: Container, countdown: int) -> None:
    assert container.call("io.sqzd.Jobs.Show", {"id": countdown}, user="bob")["job"]["state"] == "running"
    with pytest.raises(CallFailed, match="PermissionDenied"):
        container.call("io.sqzd.Jobs.Cancel", {"id": countdown}, user="bob")
    container.call("io.sqzd.Jobs.Cancel", {"id": countdown}, user="alice")
    assert container.await_end(countdown)["state"] == "cancelled"


def test_reload_reads_the_configuration_again(container: Container, countdown: int) -> None:
    pid = container.show("sqzd.service", "MainPID")
    container.run("groupadd", "trusted")
    container.run("usermod", "--append", "--groups=trusted", "bob")
    example = json.loads(container.run("cat", "/usr/local/share/doc/sqzd/sqzd.json"))
    container.write("/etc/sqzd/sqzd.json", json.dumps({**example, "administrators": "trusted"}))
    try:
        container.run("systemctl", "reload", "sqzd.service")
        entry = container.await_journal("SQZ_EVENT=reloaded", f"_PID={pid}")
        assert entry["MESSAGE"] == "configuration read again"
        container.call("io.sqzd.Jobs.Cancel", {"id": countdown}, user="bob")
        assert container.await_end(countdown)["state"] == "cancelled"
    finally:
        container.run("rm", "/etc/sqzd/sqzd.json")
        container.run("systemctl", "restart", "sqzd.service")


def test_status_tells_what_runs_and_waits(container: Container, countdown: int) -> None:
    waiting = container.submit("countdown", "bob")
    assert container.show("sqzd.service", "StatusText") == "1 running, 1 waiting"
    container.call("io.sqzd.Jobs.Cancel", {"id": waiting})
    assert container.show("sqzd.service", "StatusText") == "1 running, 0 waiting"


def test_one_daemon_a_state_directory(container: Container) -> None:
    words = ("sqzd", "--socket", "/tmp/second", "--state-dir", STATE)
    assert f"another sqzd uses {STATE}" in container.run(*words, user="sqzd", status=1)
    container.run("test", "!", "-e", "/tmp/second")


def test_the_watchdog_is_fed(container: Container) -> None:
    assert container.show("sqzd.service", "WatchdogUSec") == "1min"
    drop_in = "/run/systemd/system/sqzd.service.d/watchdog.conf"
    container.write(drop_in, "[Service]\nWatchdogSec=500ms\n")
    try:
        container.run("systemctl", "daemon-reload")
        container.run("systemctl", "restart", "sqzd.service")
        # Several times as long as it would be let live without a word.
        job = container.submit("countdown", "alice", options={"from": 4, "delay": 0.5})
        assert container.await_end(job)["starts"] == 1
        assert container.show("sqzd.service", "NRestarts") == "0"
    finally:
        container.run("rm", drop_in)
        container.run("systemctl", "daemon-reload")
        container.run("systemctl", "restart", "sqzd.service")


def test_jobs_run_at_low_priority(container: Container, countdown: int) -> None:
    pid = container.show("sqzd.service", "MainPID")
    assert container.run("ps", "--ppid", pid, "--no-headers", "-o", "ni").split() == ["10"]
    # The container's own is whatever the shell that booted it has.
    inits = container.run("ps", "--pid", "1", "--no-headers", "-o", "ni")
    assert container.run("ps", "--pid", pid, "--no-headers", "-o", "ni") == inits


def test_it_can_write_nothing_but_its_state(container: Container) -> None:
    pid = container.show("sqzd.service", "MainPID")
    # Root, so that it is the mounts that refuse.
    inside = ("nsenter", f"--target={pid}", "--mount", "touch")
    for folder in ("/", "/etc", "/etc/sqzd", "/srv", "/usr", "/usr/local/libexec/sqzd/runners", "/var", "/var/lib"):
        assert "Read-only file system" in container.run(*inside, f"{folder}/probe", status=1)
    container.run(*inside, f"{STATE}/probe")
    container.run("rm", f"{STATE}/probe")


def test_the_unit_is_confined(container: Container) -> None:
    unit = "/usr/local/lib/systemd/system/sqzd.service"
    container.run("systemd-analyze", "security", "--no-pager", "--offline=yes", "--threshold=5", unit)


def test_it_says_when_it_cannot_start(container: Container) -> None:
    container.write("/etc/sqzd/sqzd.json", '{"runningJobs": 0}')
    try:
        container.run("systemctl", "stop", "sqzd.service", "sqzd.socket")
        container.run("systemctl", "start", "sqzd.service", status=1)
        container.await_journal("PRIORITY=2", "_SYSTEMD_UNIT=sqzd.service")
        entry, *_ = container.journal("PRIORITY=2", "_SYSTEMD_UNIT=sqzd.service", "--reverse")
        assert "runningJobs must be from 1 to 64, is 0" in entry["MESSAGE"]
    finally:
        container.run("rm", "/etc/sqzd/sqzd.json")
        container.run("systemctl", "stop", "sqzd.service", "sqzd.socket")
        container.run("systemctl", "reset-failed")
        container.run("systemctl", "start", "sqzd.service")
