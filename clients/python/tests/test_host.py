"""sqzctl --host: a daemon that is reached through a real sshd, with keys of its own, on a port of this machine."""

import json
import os
import signal
import socket
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from ports import free_ports
from real_daemon import RealDaemon
from ssh_machine import Machine, assert_nothing_is_left
from test_daemon import write_records

import sqzd


def test_verbs_work_as_they_do_here(
    sqzctl: Any, machine: Machine, daemon: RealDaemon, client: sqzd.Client, tmp_path: Path
) -> None:
    host = f"{machine.address}{daemon.socket}"
    info = json.loads(sqzctl("--host", host, "--json", "info").stdout)
    assert info["pid"] == daemon.process.pid
    assert sqzctl("info", SQZD_HOST=host).stdout == sqzctl("info", "--host", host).stdout

    write_records(tmp_path, 200)
    sqzctl("--host", host, "dataset", "import", tmp_path, "--name", "colours")
    # Several connections, one after the other.
    followed = sqzctl("--host", host, "train", "--data", "colours", "--epochs", 1, "--batch-size", 20, "--follow")
    assert "job 1  succeeded: model colours@1" in followed.stdout
    # What a user is called here says nothing of who has that number there.
    assert f" {os.getuid()} " in sqzctl("--host", host, "jobs").stdout
    assert sqzctl("--host", host, "cancel", 1, 99, status=64).stderr.count("\n") == 2
    for picture in range(2):
        (tmp_path / f"{picture}.png").write_bytes(client.picture("colours", picture))
    many = sqzctl("--host", host, "classify", tmp_path / "0.png", tmp_path / "1.png")
    assert len(many.stdout.splitlines()) == 2
    assert_nothing_is_left(machine)


def test_nothing_is_left_whatever_ends_it(binaries: Path, machine: Machine, daemon: RealDaemon) -> None:
    for ending in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
        process = subprocess.Popen(
            [binaries / "sqzctl", "--host", f"{machine.address}{daemon.socket}", "--json", "top"],
            env=machine.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            # Who runs the tests in the background ignores it, and so would all that is started here.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        assert process.stdout is not None and process.stderr is not None
        assert process.stdout.readline().startswith(b"{")
        assert len(list(machine.temporary.iterdir())) == 1
        assert (next(machine.temporary.iterdir()).stat().st_mode & 0o777) == 0o700
        if ending == signal.SIGINT:
            # Ctrl-C, which goes to all that run on the terminal.
            os.killpg(process.pid, ending)
        else:
            process.send_signal(ending)
        process.wait(60)
        process.stderr.read()
        for file in (process.stdout, process.stderr):
            file.close()
        assert_nothing_is_left(machine)


def test_what_is_wrong_is_said(sqzctl: Any, machine: Machine, daemon: RealDaemon, tmp_path: Path) -> None:
    absent = sqzctl("--host", f"{machine.address}/none/io.sqzd", "info", status=69)
    assert absent.stderr == f"sqzctl: no daemon at /none/io.sqzd of {machine.address}\n"
    closed = sqzctl("--host", f"ssh://127.0.0.1:{free_ports(1)[0]}", "info", status=69)
    assert "Connection refused" in closed.stderr and "sqzctl: ssh could not reach ssh://127.0.0.1" in closed.stderr
    machine_told = sqzctl("--json", "--host", f"ssh://127.0.0.1:{free_ports(1)[0]}", "info", status=69)
    error = json.loads(machine_told.stderr)
    assert error["status"] == 69 and "\n" not in error["message"] and machine_told.stdout == ""
    assert error["message"].startswith("ssh could not reach ssh://127.0.0.1") and "refused" in error["message"]
    for host, told in [
        ("box", "is no address of ssh; right would be ssh://user@box, also with :port or /its/socket"),
        ("ssh://", "names no machine"),
        ("ssh:///run/sqzd/io.sqzd", "names no machine"),
        ("ssh://a b", "has a blank in it"),
        ("ssh://box/it's", "can't be reached this way"),
        ("ssh://box/a:b", "can't be reached this way"),
        ("ssh://box/a%b", "can't be reached this way"),
    ]:
        assert told in sqzctl("--host", host, "info", status=64).stderr
    both = sqzctl("--host", machine.address, "--socket", daemon.socket, "info", status=64)
    assert "--socket and --host are two daemons" in both.stderr
    # A socket of this machine comes before a host of the environment.
    here = json.loads(sqzctl("--json", "info", SQZD_SOCKET=daemon.socket, SQZD_HOST="ssh://no.such").stdout)
    assert here["pid"] == daemon.process.pid
    assert_nothing_is_left(machine)


def test_who_may_not_use_it_is_told(binaries: Path) -> None:
    """Instead of ssh, a program that runs there what it is given as a user who may not."""
    with tempfile.TemporaryDirectory(prefix="sqzd-", dir="/tmp") as name, socket.socket(socket.AF_UNIX) as closed:
        folder = Path(name)
        folder.chmod(0o755)
        closed.bind(f"{name}/s")
        (folder / "s").chmod(0)
        other = "setpriv --reuid=65534 --regid=65534 --clear-groups" if os.getuid() == 0 else ""
        (folder / "ssh").write_text(f'#!/bin/sh\nfor last; do :; done\necho greetings\nexec {other} sh -c "$last"\n')
        (folder / "ssh").chmod(0o755)
        environment = {**os.environ, "PATH": f"{name}:{os.environ['PATH']}", "TMPDIR": name}
        words = [binaries / "sqzctl", "--host", f"ssh://box{name}/s", "info"]
        done = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=60)
        told = f"sqzctl: you may not use {name}/s of ssh://box: only members of its group may\n"
        assert (done.returncode, done.stderr) == (77, told)
