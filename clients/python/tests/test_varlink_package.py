"""The PyPI package `varlink`, its library and its command, which know nothing of sqzd but what it says of itself.

Once against the examples, so that the package can read them, and once against a real daemon."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Dict, Iterator, List

import pytest
import varlink
from contract import DESCRIPTIONS, EXAMPLES, SERVICE
from fake_daemon import Answer, Call, FakeDaemon
from real_daemon import RealDaemon

import sqzd


def example_answer(call: Call) -> List[Answer]:
    if call["method"] == "org.varlink.service.GetInterfaceDescription":
        text = {**DESCRIPTIONS, "org.varlink.service": SERVICE}[call["parameters"]["interface"]]
        return [{"parameters": {"description": text}}]
    if call.get("parameters") == {"id": 999}:
        return list(EXAMPLES["io.sqzd.Jobs.NoSuchJob"]["replies"])
    return list(EXAMPLES[call["method"]]["replies"])


class Service:
    """Where to call, and a job that has succeeded."""

    def __init__(self, socket: str, job: int) -> None:
        self.address = f"unix:{socket}"
        self.job = job

    def command(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", "varlink.cli", *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=60)

    def replies(self, *arguments: str) -> List[Dict[str, Any]]:
        """What the command's `call` prints: a JSON text a reply."""
        run = self.command("call", *arguments)
        assert (run.returncode, run.stderr) == (0, "")
        replies, rest = [], run.stdout.strip()
        while rest:
            reply, end = json.JSONDecoder().raw_decode(rest)
            replies.append(reply)
            rest = rest[end:].strip()
        return replies


@pytest.fixture(scope="module", params=["examples", "daemon"])
def service(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    if request.param == "examples":
        with FakeDaemon(tmp_path_factory.mktemp("examples") / "s", example_answer) as fake:
            yield Service(fake.path, job=1)
    else:
        binaries: Path = request.getfixturevalue("binaries")
        with RealDaemon(binaries) as daemon, sqzd.Client(daemon.socket) as client:
            job = client.submit("countdown", {"from": 2})
            client.wait(job, timeout=60)
            yield Service(daemon.socket, job)


def test_library_introspects_every_interface(service: Service) -> None:
    with varlink.Client.new_with_address(service.address) as client:
        names = client.get_interfaces()
        assert set(names) >= {"org.varlink.service", *DESCRIPTIONS} - {"io.sqzd.Runner"}
        for name in {*names, *DESCRIPTIONS}:
            assert client.get_interface(name).name == name


def test_library_calls(service: Service) -> None:
    with varlink.Client.new_with_address(service.address) as client, client.open("io.sqzd.Jobs") as jobs:
        assert service.job in [job["id"] for job in jobs.List()["jobs"]]
        assert jobs.Show(service.job)["job"]["state"] == "succeeded"
        with pytest.raises(varlink.VarlinkError) as raised:
            jobs.Show(999)
        assert raised.value.as_dict() == {"error": "io.sqzd.Jobs.NoSuchJob", "parameters": {"id": 999}}
        with client.open("io.sqzd.Manager") as manager:
            assert manager.Info()["processors"] > 0


def test_library_streams(service: Service) -> None:
    with varlink.Client.new_with_address(service.address) as client, client.open("io.sqzd.Jobs") as jobs:
        events = [reply["event"] for reply in jobs.Watch(service.job, _more=True) if "event" in reply]
        assert [event["state"] for event in events if event["kind"] == "state"] == ["queued", "running", "succeeded"]
        assert jobs.Show(service.job)["job"]["id"] == service.job


def test_command_introspects(service: Service) -> None:
    info = service.command("info", service.address)
    assert info.returncode == 0 and "io.sqzd.Jobs" in info.stdout.split()
    for name, text in DESCRIPTIONS.items():
        described = service.command("help", f"{service.address}/{name}")
        assert (described.returncode, described.stdout.rstrip("\n")) == (0, text.rstrip("\n"))


def test_command_calls(service: Service) -> None:
    (shown,) = service.replies(f"{service.address}/io.sqzd.Jobs.Show", json.dumps({"id": service.job}))
    assert shown["job"]["id"] == service.job
    (runners,) = service.replies(f"{service.address}/io.sqzd.Manager.Runners")
    assert "squeezenet" in [runner["name"] for runner in runners["runners"]]
    failed = service.command("call", f"{service.address}/io.sqzd.Jobs.Show", '{"id": 999}')
    assert "io.sqzd.Jobs.NoSuchJob" in failed.stderr


def test_command_streams(service: Service) -> None:
    events = service.replies("-m", f"{service.address}/io.sqzd.Jobs.Watch", json.dumps({"id": service.job}))
    assert events[-1]["event"]["state"] == "succeeded"
    assert len(events) > 2
