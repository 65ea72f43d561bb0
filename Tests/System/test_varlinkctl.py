"""systemd's Varlink client, which knows nothing of sqzd, on every interface and every method of the daemon."""

import base64
import hashlib
import re
import subprocess
from typing import Any, Dict, List

import pytest
from container import ADDRESS, CHECKOUT, CallFailed, Container

FIXTURES = CHECKOUT / "Tests/Fixtures/datasets"
IDX = ["train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"]
# One word of a command line has 128 KiB at most (execve(2)).
CHUNK = 64 << 10
INTERFACES = ["Datasets", "Inference", "Jobs", "Manager", "Models", "Runner"]


def output(container: Container, *words: str) -> str:
    command = container.varlink(*words, user="alice")
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True).stdout


def test_info(container: Container) -> None:
    text = output(container, "info", ADDRESS)
    assert "Vendor: sqzd" in text
    listed = output(container, "list-interfaces", ADDRESS).split()
    assert listed == [*(f"io.sqzd.{name}" for name in INTERFACES), "org.varlink.service"]


@pytest.mark.parametrize("name", INTERFACES)
def test_introspect(container: Container, name: str) -> None:
    """It parses our description and prints its own rendering of it, in another order: nothing may be lost."""
    source = (CHECKOUT / f"protocol/io.sqzd.{name}.varlink").read_text()
    shown = output(container, "introspect", ADDRESS, f"io.sqzd.{name}")
    assert declarations(shown) == declarations(source)


def declarations(description: str) -> List[str]:
    """What an interface declares, without layout and comments."""
    lines = [line.partition("#")[0] for line in description.splitlines()]
    found = re.split(r"\b(?=(?:interface|type|method|error) )", "\n".join(lines))
    return sorted("".join(declaration.split()) for declaration in found)


class Caller:
    """Calls as alice, and notes which methods were called."""

    def __init__(self, container: Container) -> None:
        self.container = container
        self.called = {"org.varlink.service.GetInfo", "org.varlink.service.GetInterfaceDescription"}

    def __call__(self, method: str, **parameters: Any) -> Any:
        self.called.add(f"io.sqzd.{method}")
        return self.container.call(f"io.sqzd.{method}", parameters, user="alice")

    def first(self, method: str, **parameters: Any) -> Any:
        """The first reply of a stream that does not end."""
        self.called.add(f"io.sqzd.{method}")
        return next(self.container.stream(f"io.sqzd.{method}", parameters, user="alice"))

    def stream(self, method: str, **parameters: Any) -> List[Any]:
        self.called.add(f"io.sqzd.{method}")
        return list(self.container.stream(f"io.sqzd.{method}", parameters, user="alice"))


def upload(call: Caller, name: str, data: bytes) -> Dict[str, str]:
    sha256 = hashlib.sha256(data).hexdigest()
    offset = call("Datasets.Offer", sha256=sha256, size=len(data))["offset"]
    while offset < len(data):
        text = base64.b64encode(data[offset : offset + CHUNK]).decode()
        offset = call("Datasets.Write", sha256=sha256, offset=offset, data=text)["offset"]
    return {"name": name, "sha256": sha256}


def test_every_method(container: Container) -> None:
    call = Caller(container)
    assert call("Manager.Info")["uid"] == int(container.run("id", "-u", "sqzd"))
    runners = call("Manager.Runners")["runners"]
    assert sorted(runner["name"] for runner in runners) == ["countdown", "squeezenet"]
    assert call("Manager.Metrics")["metrics"]

    files = [upload(call, name, (FIXTURES / name).read_bytes()) for name in IDX]
    dataset = call.stream("Datasets.Import", name="small", files=files)[-1]["dataset"]
    assert call("Datasets.Show", dataset="small") == {"dataset": dataset}
    assert dataset in call("Datasets.List")["datasets"]

    options = {"epochs": 2, "batch-size": 4}
    job = call("Jobs.Submit", kind="train", dataset="small", model="small", options=options)["id"]
    events = [reply["event"] for reply in call.stream("Jobs.Watch", id=job) if "event" in reply]
    states = [event["state"] for event in events if event["kind"] == "state"]
    assert states == ["queued", "running", "succeeded"]
    assert [event["progress"]["epoch"] for event in events if event["kind"] == "epoch"] == [1, 2]
    shown = call("Jobs.Show", id=job)["job"]
    assert shown["outcome"] == events[-1]["outcome"]
    # A list leaves out what it came to class by class.
    for detail in ("byClass", "measurement"):
        shown["outcome"].pop(detail, None)
    assert shown in call("Jobs.List", limit=10)["jobs"]
    assert call("Jobs.Logs", id=job)["lines"]

    model = call("Models.Show", model="small")["model"]
    assert shown["outcome"]["model"] == f"{model['name']}@{model['version']}"
    assert model in call("Models.List")["models"]
    data = base64.b64decode(call("Models.Read", model="small", offset=0)["data"])
    assert hashlib.sha256(data).hexdigest() == model["sha256"]
    exported = call.first("Models.Export", model="small", format="onnx")
    assert len(base64.b64decode(exported["data"])) == exported["size"]
    copy = call("Models.Import", name="copy", sha256=upload(call, "copy", data)["sha256"])["model"]
    assert copy["weightsSha256"] == model["weightsSha256"]
    call("Models.Import", name="copy", sha256=upload(call, "copy", data)["sha256"])
    for version in ("copy@1", "copy@2"):
        assert call("Models.Promote", model=version)["model"] == version
    assert call("Models.Rollback", name="copy") == {"model": "copy@1", "before": "copy@2"}
    assert call("Models.Tag", model="copy@2", tag="best") == {"model": "copy@2"}
    assert call("Models.Load", model="copy@best") == {"model": "copy@2"}
    assert call("Models.Unload", model="copy@best") == {"model": "copy@2"}
    assert call("Models.Untag", model="copy@best") == {"model": "copy@2"}
    assert call("Models.Pin", name="copy") == {"model": "copy@1"}
    assert call("Models.Unpin", name="copy") == {}
    assert call("Models.Serve", name="copy", maxDelay=5)["serving"]["maxDelay"] == 5
    assert call("Models.Rename", name="copy", to="copied") == {}
    for method, name in (("Models.Give", {"name": "copied"}), ("Datasets.Give", {"dataset": "small"})):
        with pytest.raises(CallFailed, match="PermissionDenied"):
            call(method, uid=0, **name)
    assert call("Models.Remove", model="copied", all=True) == {"model": "copied@2", "removed": ["copied@2", "copied@1"]}
    removed = call("Models.Removed")["removed"]  # newest first; other tests of this container remove models too
    assert [(one["name"], one["version"]) for one in removed[:2]] == [("copied", 1), ("copied", 2)]
    assert base64.b64decode(call("Datasets.Picture", dataset="small", picture=0)["data"]).startswith(b"\x89PNG")
    with pytest.raises(CallFailed, match="InvalidOption"):
        call("Datasets.Upload", sha256=64 * "0", size=1)
    grey = base64.b64encode(bytes(3072)).decode()
    answer = call("Inference.Classify", images=[grey], model="small", top=2)
    assert len(answer["results"][0]["classes"]) == 2

    predict = call("Jobs.Submit", kind="predict", dataset="small", model="small")["id"]
    assert container.await_end(predict)["state"] == "succeeded"
    predictions = [reply["predictions"] for reply in call.stream("Jobs.Predictions", id=predict, limit=3)]
    assert [one["picture"] for page in predictions for one in page] == list(range(dataset["test"]))

    waiting = call("Jobs.Submit", kind="countdown", options={"from": 1000, "delay": 60})["id"]
    container.await_state(waiting, "running")
    assert call.first("Jobs.Monitor")["running"][0]["id"] == waiting
    assert call("Jobs.Pause", id=waiting)["job"]["id"] == waiting
    container.await_state(waiting, "paused")
    assert call("Jobs.Resume", id=waiting)["job"]["id"] == waiting
    call("Jobs.Cancel", id=waiting)
    assert container.await_end(waiting)["state"] == "cancelled"
    assert call("Jobs.Retry", id=waiting)["job"]["id"] == waiting
    assert call("Jobs.Prioritize", id=waiting, priority=-1)["job"]["priority"] == -1
    assert call("Jobs.Limit", id=waiting, timeLimit=600)["job"]["timeLimit"] == 600
    call("Jobs.Cancel", id=waiting)
    container.await_end(waiting)
    with pytest.raises(CallFailed, match="JobEnded"):
        call("Jobs.Finish", id=job)

    swept = call("Jobs.SubmitSweep", kind="countdown", members=[{"from": 1000}, {"from": 999}], options={"delay": 60})
    table = call("Jobs.ShowSweep", name=swept["name"])
    assert [member["job"]["id"] for member in table["members"]] == swept["ids"]
    changed = call("Jobs.ChangeSweep", name=swept["name"], action="cancel")["jobs"]
    assert [one["id"] for one in changed] == swept["ids"]
    for one in swept["ids"]:
        assert container.await_end(one)["state"] == "cancelled"
    assert call("Jobs.Remove", id=waiting) == {}
    assert call("Manager.Prune", what=["jobs"], dryRun=True)["pruned"]
    assert call("Manager.Disk")["parts"] and call("Manager.Diagnose")["openFiles"]
    with pytest.raises(CallFailed, match="PermissionDenied"):
        call.stream("Manager.Backup")
    assert call("Datasets.Remove", dataset="small") == {}
    with pytest.raises(CallFailed, match=r"^io\.sqzd\.Datasets\.NoSuchDataset$"):
        call("Datasets.Show", dataset="small")

    methods = set(output(container, "list-methods", ADDRESS).split())
    assert call.called == {method for method in methods if not method.startswith("io.sqzd.Runner.")}


@pytest.mark.parametrize(
    "method, parameters, error",
    [
        ("io.sqzd.Jobs.Nothing", {}, "org.varlink.service.MethodNotFound"),
        ("io.sqzd.Nothing.List", {}, "org.varlink.service.InterfaceNotFound"),
        ("io.sqzd.Jobs.Show", {"job": 1}, "org.varlink.service.InvalidParameter"),
        ("io.sqzd.Jobs.Show", {"id": 1 << 40}, "io.sqzd.Jobs.NoSuchJob"),
        ("io.sqzd.Jobs.Watch", {"id": 1}, "org.varlink.service.ExpectedMore"),
        ("io.sqzd.Runner.Describe", {}, "org.varlink.service.MethodNotImplemented"),
    ],
)
def test_errors(container: Container, method: str, parameters: Dict[str, Any], error: str) -> None:
    with pytest.raises(CallFailed) as raised:
        container.call(method, parameters)
    assert str(raised.value) == error
