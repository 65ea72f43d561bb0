"""Tests/Plugins/countdown, spoken to as sqzd does: over pipes."""

import json
import os
import select
import subprocess
from pathlib import Path
from typing import Any, Dict, Iterator, List

import pytest
from contract import COUNTDOWN, check_error, check_method


class Plugin:
    def __init__(self) -> None:
        pipe = subprocess.PIPE
        self.process = subprocess.Popen([str(COUNTDOWN)], stdin=pipe, stdout=pipe, stderr=pipe)
        self.buffer = b""

    def send(self, method: str, **call: Any) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"method": method, **call}).encode() + b"\0")
        self.process.stdin.flush()

    def receive(self) -> Dict[str, Any]:
        assert self.process.stdout is not None
        while b"\0" not in self.buffer:
            assert select.select([self.process.stdout], [], [], 30)[0], "no reply for 30 s"
            data = os.read(self.process.stdout.fileno(), 65536)
            assert data, "the runner ended"
            self.buffer += data
        message, _, self.buffer = self.buffer.partition(b"\0")
        reply: Dict[str, Any] = json.loads(message)
        return reply

    def run(self, directory: Path, **options: Any) -> None:
        parameters = {"id": 7, "kind": "countdown", "options": options, "directory": str(directory)}
        check_method("io.sqzd.Runner.Run", "in", parameters)
        self.send("io.sqzd.Runner.Run", parameters=parameters, more=True)

    def replies(self) -> List[Dict[str, Any]]:
        """All replies of one Run."""
        replies = [self.receive()]
        while replies[-1].get("continues"):
            replies.append(self.receive())
        for reply in replies:
            if "error" in reply:
                check_error(reply["error"], reply.get("parameters", {}))
            else:
                check_method("io.sqzd.Runner.Run", "out", reply["parameters"])
        return [reply["parameters"] if "error" not in reply else reply for reply in replies]

    def end(self) -> str:
        """Closes its standard input; what it wrote on standard error."""
        _, log = self.process.communicate(timeout=30)
        return log.decode()


@pytest.fixture
def plugin() -> Iterator[Plugin]:
    plugin = Plugin()
    yield plugin
    if plugin.process.poll() is None:
        plugin.process.kill()
        plugin.process.communicate()


def steps(replies: List[Dict[str, Any]]) -> List[int]:
    return [reply["progress"]["step"] for reply in replies if "progress" in reply]


def test_describes_itself(plugin: Plugin) -> None:
    plugin.send("io.sqzd.Runner.Describe")
    described = plugin.receive()["parameters"]
    check_method("io.sqzd.Runner.Describe", "out", described)
    (kind,) = described["kinds"]
    assert (kind["name"], kind["dataset"], kind["model"]) == ("countdown", False, "none")
    assert [(option["name"], option["type"], option["default"]) for option in kind["options"]] == [
        ("from", "integer", "3"),
        ("delay", "number", "0"),
        ("crash", "flag", "false"),
    ]
    assert plugin.end() == ""
    assert plugin.process.returncode == 0


def test_counts_down(plugin: Plugin, tmp_path: Path) -> None:
    plugin.run(tmp_path)
    replies = plugin.replies()
    assert steps(replies) == [1, 2, 3]
    assert [reply.get("epochEnded", False) for reply in replies] == [False, False, True, False]
    assert replies[-1] == {"result": {}}
    assert plugin.end() == "job 7: counting down from 3\n2\n1\n0\n"
    assert plugin.process.returncode == 0


def test_stops_at_once_and_goes_on_from_its_checkpoint(plugin: Plugin, tmp_path: Path) -> None:
    plugin.run(tmp_path, **{"from": 5, "delay": 0.01})
    assert plugin.receive()["parameters"]["progress"]["step"] == 1
    plugin.send("io.sqzd.Runner.Stop", oneway=True)
    replies = plugin.replies()
    assert replies[-1] == {"stopped": True}
    done = 1 + len(replies) - 1
    assert plugin.end().endswith(f"stopped at {5 - done}\n")

    again = Plugin()
    again.run(tmp_path, **{"from": 5})
    assert steps(again.replies()) == list(range(done + 1, 6))
    assert again.end().startswith(f"job 7: counting down from {5 - done}\n")


def test_stop_is_heard_during_the_delay(plugin: Plugin, tmp_path: Path) -> None:
    plugin.run(tmp_path, delay=60)
    plugin.send("io.sqzd.Runner.Stop", oneway=True)
    assert plugin.replies() == [{"stopped": True}]
    # A Stop that comes too late has no reply either.
    plugin.send("io.sqzd.Runner.Stop", oneway=True)
    plugin.send("io.sqzd.Runner.Describe")
    assert plugin.receive()["parameters"]["name"] == "countdown"


def test_goes_on_after_it_was_killed(plugin: Plugin, tmp_path: Path) -> None:
    plugin.run(tmp_path, **{"from": 4, "delay": 0.01})
    assert plugin.receive()["parameters"]["progress"]["step"] == 1
    plugin.process.kill()
    plugin.end()
    again = Plugin()
    again.run(tmp_path, **{"from": 4})
    assert steps(again.replies()) in ([2, 3, 4], [3, 4], [4], [])
    again.end()


def test_crashes_in_the_middle(plugin: Plugin, tmp_path: Path) -> None:
    plugin.run(tmp_path, crash=True, **{"from": 4})
    assert plugin.receive()["parameters"]["progress"]["step"] == 1
    with pytest.raises(AssertionError, match="the runner ended"):
        plugin.receive()
    log = plugin.end()
    assert "Traceback" in log and log.endswith("RuntimeError: told to crash\n")
    assert plugin.process.returncode == 1


def test_ends_when_sqzd_is_gone(plugin: Plugin, tmp_path: Path) -> None:
    plugin.run(tmp_path, delay=60)
    plugin.end()
    assert plugin.process.returncode == 0


@pytest.mark.parametrize(
    "options, option, reason",
    [
        ({"from": 0}, "from", "must be from 1 to 1000, is 0"),
        ({"from": 1001}, "from", "must be from 1 to 1000, is 1001"),
        ({"from": 2.5}, "from", "must be of type integer"),
        ({"from": True}, "from", "must be of type integer"),
        ({"delay": -1}, "delay", "must be from 0 to 60, is -1"),
        ({"crash": "yes"}, "crash", "must be of type flag"),
        ({"till": 3}, "till", "known are from, delay, crash"),
    ],
)
def test_option_that_does_not_fit(
    plugin: Plugin, tmp_path: Path, options: Dict[str, Any], option: str, reason: str
) -> None:
    plugin.run(tmp_path, **options)
    error = {"error": "io.sqzd.Runner.InvalidOption", "parameters": {"option": option, "reason": reason}}
    assert plugin.replies() == [error]
    plugin.run(tmp_path, **{"from": 1})
    assert plugin.replies()[-1] == {"result": {}}


def test_calls_that_it_does_not_serve(plugin: Plugin, tmp_path: Path) -> None:
    service = "org.varlink.service."
    parameters = {"id": 7, "kind": "countdown", "options": {}, "directory": str(tmp_path)}
    plugin.send("io.sqzd.Runner.Run", parameters=parameters)
    assert plugin.receive() == {"error": service + "ExpectedMore"}
    load, nothing = "io.sqzd.Runner.Load", "io.sqzd.Runner.Nothing"
    plugin.send(load, parameters={"model": "/nothing"})
    assert plugin.receive() == {"error": service + "MethodNotImplemented", "parameters": {"method": load}}
    plugin.send(nothing)
    assert plugin.receive() == {"error": service + "MethodNotFound", "parameters": {"method": nothing}}
    plugin.send("io.sqzd.Jobs.List")
    assert plugin.receive() == {"error": service + "InterfaceNotFound", "parameters": {"interface": "io.sqzd.Jobs"}}
