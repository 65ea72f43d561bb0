"""Models on several machines: copied by `sqzctl model push`, and served by all of them behind one socket."""

import contextlib
import json
import os
import shlex
import signal
import socket
import subprocess
import tempfile
from pathlib import Path
from typing import Any, Iterator, Set

import pytest
from fake_daemon import FakeDaemon
from prerequisites import need_programs
from real_daemon import RealDaemon
from ssh_machine import USER, Machine, assert_nothing_is_left
from test_daemon import write_records

import sqzd

README = (Path(__file__).parents[3] / "README.md").read_text()


@pytest.fixture
def daemon(binaries: Path) -> Iterator[RealDaemon]:
    with RealDaemon(binaries) as daemon:
        yield daemon


@pytest.fixture
def other(binaries: Path) -> Iterator[RealDaemon]:
    with RealDaemon(binaries) as other:
        yield other


def train_colours(sqzctl: Any, daemon: RealDaemon, folder: Path) -> None:
    write_records(folder, 200)
    sqzctl("--socket", daemon.socket, "dataset", "import", folder, "--name", "colours")
    words = ["train", "--data", "colours", "--epochs", 1, "--batch-size", 20, "--follow"]
    sqzctl("--socket", daemon.socket, *words)


def test_a_model_is_copied_to_another_machine(
    sqzctl: Any, machine: Machine, daemon: RealDaemon, other: RealDaemon, tmp_path: Path
) -> None:
    train_colours(sqzctl, daemon, tmp_path)
    here, there = ["--socket", daemon.socket], f"{machine.address}{other.socket}"
    push = [*here, "model", "push", "colours", there]
    assert sqzctl(*push).stdout == "colours@1 is colours@1 there\n"
    shown = [json.loads(sqzctl("--socket", d.socket, "--json", "model", "show", "colours").stdout) for d in (daemon, other)]
    assert shown[0]["model"]["sha256"] == shown[1]["model"]["sha256"]
    # What is there is not copied again, but may be promoted.
    assert sqzctl(*push, "--promote").stdout == "colours@1 is there already, as colours@1\ncolours is colours@1\n"
    # Also between daemons of one machine, and from another one.
    renamed = sqzctl("--host", there, "--json", "model", "push", "colours@1", daemon.socket, "--name", "b", "--promote")
    imported, promoted = map(json.loads, renamed.stdout.splitlines())
    assert (imported["model"]["name"], imported["model"]["version"], promoted["model"]) == ("b", 1, "b@1")
    assert imported["model"]["sha256"] == shown[0]["model"]["sha256"]
    # By the name that it had there before, too.
    sqzctl("--socket", other.socket, "model", "rename", "colours", "tints")
    assert sqzctl(*push).stdout == "colours@1 is there already, as tints@1\n"
    for words, status, told in [
        (["none", there], 66, "there is no model none"),
        (["colours", "box"], 69, "no daemon at box"),
        (["colours", "ssh://"], 64, "names no machine"),
        (["colours", ""], 64, "TO is empty"),
        (["colours", there, "--name", "a b"], 64, "name"),
    ]:
        assert told in sqzctl(*here, "model", "push", *words, status=status).stderr
    assert_nothing_is_left(machine)


def test_copies_at_the_same_time_are_all_made(
    binaries: Path, machine: Machine, daemon: RealDaemon, other: RealDaemon, sqzctl: Any, tmp_path: Path
) -> None:
    """They send one file, which the first takes away."""
    train_colours(sqzctl, daemon, tmp_path)
    words = [binaries / "sqzctl", "--socket", daemon.socket, "model", "push", "colours", other.socket, "--name"]
    pushes = [subprocess.Popen([*words, f"c{number}"], stdout=subprocess.PIPE, text=True) for number in range(6)]
    said = [push.communicate(timeout=120)[0] for push in pushes]
    assert said == [f"colours@1 is c{number}@1 there\n" for number in range(6)]


def test_a_damaged_model_is_not_copied(
    sqzctl: Any, machine: Machine, daemon: RealDaemon, other: RealDaemon, tmp_path: Path
) -> None:
    train_colours(sqzctl, daemon, tmp_path)
    (model,) = json.loads(sqzctl("--socket", daemon.socket, "--json", "models").stdout)["models"]
    blob = Path(daemon.socket).parent / "state" / "blobs" / model["sha256"]
    blob.chmod(0o600)
    content = bytearray(blob.read_bytes())
    content[-1] ^= 1
    blob.write_bytes(content)
    failed = sqzctl("--socket", daemon.socket, "model", "push", "colours", f"{machine.address}{other.socket}", status=65)
    assert "sha256" in failed.stderr
    assert json.loads(sqzctl("--socket", other.socket, "--json", "models").stdout)["models"] == []


def test_several_boxes_answer_as_one(
    sqzctl: Any, binaries: Path, machine: Machine, daemon: RealDaemon, other: RealDaemon, tmp_path: Path
) -> None:
    """README, "Several boxes that answer": its configuration, with a daemon that ssh forwards as the second box."""
    need_programs("haproxy")
    train_colours(sqzctl, daemon, tmp_path)
    section = README.partition("\n## Several boxes that answer\n")[2].partition("\n## ")[0]
    with tempfile.TemporaryDirectory(prefix="sqzd-pool-") as pool, contextlib.ExitStack() as ends:

        def here(text: str) -> str:
            text = text.replace("/run/sqzd-pool", pool).replace(" group sqzd", "")
            return text.replace("/run/sqzd/io.sqzd", daemon.socket)

        lines = section.partition("\n\n    ")[2].partition("\n\n")[0].replace("\\\n", "").splitlines()
        push, forward = (shlex.split(line, comments=True) for line in lines)
        assert push[:3] == ["sqzctl", "model", "push"] and push[4].startswith("ssh://")
        sqzctl(*push[1:3], "colours", f"{machine.address}{other.socket}", *push[5:], SQZD_SOCKET=daemon.socket)

        # In the background as soon as its socket is there, and so is HAProxy.
        control = ["ssh", "-S", f"{pool}/control", "-p", machine.address.rpartition(":")[2], f"{USER}@127.0.0.1"]
        of_other = [word.replace("/run/sqzd/io.sqzd", other.socket).replace("/run/sqzd-pool", pool) for word in forward[1:-1]]
        subprocess.run([*control, "-f", "-M", *of_other], env=machine.environment, check=True, stderr=subprocess.DEVNULL)
        ends.callback(lambda: subprocess.run([*control, "-O", "exit"], env=machine.environment, capture_output=True))
        log = ends.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
        log.bind(f"{pool}/log")
        log.settimeout(60)
        configuration = here(section.partition("```\n")[2].partition("```")[0])
        logged = configuration.replace("defaults\n", f"global\n    log {pool}/log local0\ndefaults\n    log global\n")
        (tmp_path / "haproxy.cfg").write_text(logged)
        subprocess.run(["haproxy", "-D", "-p", f"{pool}/pid", "-f", tmp_path / "haproxy.cfg"], check=True, stderr=subprocess.DEVNULL)
        ends.callback(lambda: os.kill(int(Path(pool, "pid").read_text()), signal.SIGTERM))

        with sqzd.Client(daemon.socket) as client:
            (tmp_path / "0.png").write_bytes(client.picture("colours", 0))
        words = ["--socket", f"{pool}/io.sqzd", "--json", "classify", tmp_path / "0.png"]

        def answers() -> Set[str]:
            return {sqzctl(*words).stdout for _ in range(8)}

        assert len(answers()) == 1
        counts = []
        for box in (daemon, other):
            with sqzd.Client(box.socket) as its:
                counts.append(sum(h.count for h in its.histograms() if h.name == "sqzd_model_batch_images"))
        assert sum(counts) == 8 and min(counts) > 0, counts
        other.process.send_signal(signal.SIGTERM)
        other.process.wait(30)
        while b"Server boxes/box2 is DOWN" not in log.recv(65536):
            pass
        assert len(answers()) == 1


@pytest.mark.parametrize(
    ("name", "parameters", "told"),
    [
        ("InterfaceNotFound", {"interface": "io.sqzd.Models"}, "what answers has no io.sqzd.Models: it is no daemon of sqzd's"),
        ("MethodNotFound", {"method": "io.sqzd.Models.List"}, "the daemon has no io.sqzd.Models.List: it is older"),
    ],
)
def test_what_is_no_daemon_of_ours_is_told(sqzctl: Any, tmp_path: Path, name: str, parameters: Any, told: str) -> None:
    error = {"error": f"org.varlink.service.{name}", "parameters": parameters}
    with FakeDaemon(tmp_path / "s", lambda _: [error]) as fake:
        assert told in sqzctl("--socket", fake.path, "models", status=69).stderr
