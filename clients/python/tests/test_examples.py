"""protocol/examples against protocol/*.varlink, and the client against both."""

import base64
import dataclasses
from datetime import datetime
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional, Tuple

import pytest
from contract import DESCRIPTIONS, ERRORS, EXAMPLES, METHODS, check_error, check_method, identical
from fake_daemon import FakeDaemon

import sqzd
from sqzd.records import wire_name


def test_every_method_and_error_has_an_example_and_nothing_else() -> None:
    assert sorted(EXAMPLES) == sorted(METHODS + ERRORS)


@pytest.mark.parametrize("name", EXAMPLES)
def test_example_is_what_the_interface_says(name: str) -> None:
    example = EXAMPLES[name]
    call, replies = example["call"], example["replies"]
    assert set(example) <= {"call", "replies", "upgraded", "emptyDaemon"}
    assert set(call) <= {"method", "parameters", "more", "oneway", "upgrade"}
    assert all(call.get(flag, True) is True for flag in ("more", "oneway", "upgrade"))
    assert ("upgraded" in example) == ("upgrade" in call)
    assert call.get("parameters") != {}, "what is empty is left out"
    if name in METHODS:
        assert call["method"] == name
    if name not in ("org.varlink.service.InvalidParameter", "org.varlink.service.MethodNotFound"):
        check_method(call["method"], "in", call.get("parameters", {}))
    if call.get("oneway"):
        assert replies == []
        return

    for reply in replies + example.get("upgraded", []):
        assert set(reply) <= {"parameters", "continues", "error"}
        assert reply.get("parameters") != {}, "what is empty is left out"
        if "error" in reply:
            check_error(reply["error"], reply.get("parameters", {}))
        else:
            check_method(call["method"], "out", reply.get("parameters", {}))
    assert [reply.get("continues", False) for reply in replies] == [True] * (len(replies) - 1) + [False]
    assert len(replies) == 1 or call.get("more")
    assert replies[-1].get("error") == (name if name in ERRORS else None)
    if example.get("emptyDaemon"):
        assert name in ERRORS


def test_example_of_a_description_is_the_file() -> None:
    example = EXAMPLES["org.varlink.service.GetInterfaceDescription"]
    description = example["replies"][0]["parameters"]["description"]
    assert description == DESCRIPTIONS[example["call"]["parameters"]["interface"]]


@pytest.mark.parametrize("name", EXAMPLES)
def test_client_sends_the_call_and_yields_the_replies(name: str, tmp_path: Path) -> None:
    call, replies = EXAMPLES[name]["call"], EXAMPLES[name]["replies"]
    parameters = call.get("parameters", {})
    got: List[Dict[str, Any]] = []
    error = None
    with FakeDaemon(tmp_path / "s", lambda _: replies) as daemon, sqzd.Client(daemon.path) as client:
        try:
            if call.get("more"):
                got.extend(client.stream(call["method"], **parameters))
            elif call.get("oneway"):
                connection = sqzd.Connection(daemon.path)
                connection.send(call["method"], parameters, oneway=True)
                connection.close()
                daemon.closed.acquire()
            elif call.get("upgrade"):
                connection = sqzd.Connection(daemon.path)
                connection.send(call["method"], parameters, upgrade=True)
                got.append(connection.receive().parameters)
                connection.close()
            else:
                got.append(client.call(call["method"], **parameters))
        except sqzd.SqzdError as raised:
            error = raised
    assert identical(daemon.calls) == identical([call])
    assert identical(got) == identical([reply.get("parameters", {}) for reply in replies if "error" not in reply])
    if name in METHODS:
        assert error is None
    else:
        assert error is not None
        assert (error.name, error.parameters) == (name, replies[-1].get("parameters", {}))
        assert type(error).__name__ in (name.rpartition(".")[2], "SqzdError")


def parameters(name: str) -> Dict[str, Any]:
    given: Dict[str, Any] = EXAMPLES[name]["call"]["parameters"]
    return given


def images(name: str) -> List[bytes]:
    return [base64.b64decode(image) for image in parameters(name)["images"]]


# What users call, by the example that it must send; then the reply's member that it returns, or None for all of them.
NAMED: Dict[str, Tuple[Callable[[sqzd.Client], Any], Optional[str]]] = {
    "io.sqzd.Jobs.Submit": (
        lambda client: client.train(
            "fashion-mnist",
            "fashion",
            hold=True,
            keep_partial=True,
            time_limit=3600,
            deadline=datetime.fromtimestamp(1795168800),
            ranks=2,
            epochs=2,
            batch_size=128,
            learning_rate=0.001,
            seed=1,
        ),
        "id",
    ),
    "io.sqzd.Jobs.SubmitSweep": (
        lambda client: client.sweep(
            "train",
            {"learning-rate": [0.05], "seed": [1, 2]},
            {"epochs": 2},
            promote_best=True,
            dataset="fashion-mnist",
            model="fashion",
            name="rates",
            note="which rate",
        ),
        None,
    ),
    "io.sqzd.Jobs.ShowSweep": (lambda client: client.show_sweep("rates"), None),
    "io.sqzd.Jobs.ChangeSweep": (lambda client: client.change_sweep("rates", "cancel"), "jobs"),
    "io.sqzd.Jobs.List": (lambda client: client.jobs(["queued", "running"], limit=20), "jobs"),
    "io.sqzd.Jobs.Show": (lambda client: client.show(1), "job"),
    "io.sqzd.Jobs.Watch": (lambda client: list(client.watch(1)), "event"),
    "io.sqzd.Jobs.Cancel": (lambda client: client.cancel(2), "job"),
    "io.sqzd.Jobs.Finish": (lambda client: client.finish(1), "job"),
    "io.sqzd.Jobs.Pause": (lambda client: client.pause(2), "job"),
    "io.sqzd.Jobs.Resume": (lambda client: client.resume(2), "job"),
    "io.sqzd.Jobs.Retry": (lambda client: client.retry(2), "job"),
    "io.sqzd.Jobs.Remove": (lambda client: client.remove_job(2), "nothing"),
    "io.sqzd.Jobs.Prioritize": (lambda client: client.prioritize(2, -5), "job"),
    "io.sqzd.Jobs.Limit": (lambda client: client.limit(2, deadline="none", time_limit=7200), "job"),
    "io.sqzd.Jobs.Logs": (lambda client: client.logs(1), "lines"),
    "io.sqzd.Jobs.Predictions": (lambda client: list(client.predictions(3)), "predictions"),
    "io.sqzd.Datasets.List": (lambda client: client.datasets(), "datasets"),
    "io.sqzd.Datasets.Show": (lambda client: client.dataset("fashion-mnist"), "dataset"),
    "io.sqzd.Datasets.Picture": (
        lambda client: base64.b64encode(client.picture("birds", "test/owl/7.jpg", split="test")).decode(),
        "data",
    ),
    "io.sqzd.Datasets.Remove": (lambda client: client.remove_dataset("fashion-mnist"), "nothing"),
    "io.sqzd.Inference.Classify": (
        lambda client: list(client.classify_each(images("io.sqzd.Inference.Classify"), model="fashion", top=5)),
        "results",
    ),
    "io.sqzd.Models.List": (lambda client: client.models(), "models"),
    "io.sqzd.Models.Show": (lambda client: client.model("fashion"), None),
    "io.sqzd.Models.Remove": (lambda client: client.remove_model("fashion@1"), "removed"),
    "io.sqzd.Models.Removed": (lambda client: client.removed_models(), "removed"),
    "io.sqzd.Models.Promote": (lambda client: client.promote_model("fashion@2"), "model"),
    "io.sqzd.Models.Rollback": (lambda client: client.roll_back_model("fashion"), "model"),
    "io.sqzd.Models.Tag": (lambda client: client.tag_model("fashion@2", "production"), "model"),
    "io.sqzd.Models.Untag": (lambda client: client.untag_model("fashion@production"), "model"),
    "io.sqzd.Models.Rename": (lambda client: client.rename_model("fashion", "alice/clothes"), "nothing"),
    "io.sqzd.Models.Give": (lambda client: client.give_model("fashion", 1001), "nothing"),
    "io.sqzd.Models.Load": (lambda client: client.load_model("fashion"), "model"),
    "io.sqzd.Models.Unload": (lambda client: client.unload_model("fashion@production"), "model"),
    "io.sqzd.Models.Pin": (lambda client: client.pin_model("fashion"), "model"),
    "io.sqzd.Models.Serve": (lambda client: client.serve_model("fashion", max_batch=128, max_delay=5), "serving"),
    "io.sqzd.Models.Unpin": (lambda client: client.unpin_model("fashion"), "nothing"),
    "io.sqzd.Datasets.Give": (lambda client: client.give_dataset("fashion-mnist", 1001), "nothing"),
    "io.sqzd.Manager.Metrics": (lambda client: client.metrics(), "metrics"),
    "io.sqzd.Jobs.Monitor": (lambda client: list(client.monitor()), None),
    "io.sqzd.Manager.Info": (lambda client: client.info(), None),
    "io.sqzd.Manager.Disk": (lambda client: client.disk(), None),
    "io.sqzd.Manager.Prune": (
        lambda client: client.prune(
            ["predictions", "checkpoints"], before=datetime.fromtimestamp(1795082340), dry_run=True
        ),
        "pruned",
    ),
    "io.sqzd.Manager.Diagnose": (lambda client: client.diagnose(), None),
    "io.sqzd.Manager.Runners": (lambda client: client.runners(), "runners"),
}


def test_every_method_for_users_has_a_name() -> None:
    """Offer, Write, Upload and Import are what import_dataset and import_model are made of, Read and Export what read_model and
    export_model are, Backup what back_up is."""
    upload = {f"io.sqzd.Datasets.{name}" for name in ("Offer", "Write", "Upload", "Import")}
    upload |= {f"io.sqzd.Models.{name}" for name in ("Read", "Export", "Import")} | {"io.sqzd.Manager.Backup"}
    others = {name for name in METHODS if name.startswith(("org.varlink.service.", "io.sqzd.Runner."))}
    assert set(NAMED) == set(METHODS) - upload - others


def wire(value: Any) -> Any:
    """A dataclass as the JSON that it came from."""
    if isinstance(value, list):
        return [wire(element) for element in value]
    if dataclasses.is_dataclass(value):
        fields = {wire_name(field.name): getattr(value, field.name) for field in dataclasses.fields(value)}
        return {key: wire(field) for key, field in fields.items() if field is not None}
    return value


@pytest.mark.parametrize("name", NAMED)
def test_named_method_sends_the_call_and_returns_all_of_the_reply(name: str, tmp_path: Path) -> None:
    call, replies = EXAMPLES[name]["call"], EXAMPLES[name]["replies"]
    method, key = NAMED[name]
    with FakeDaemon(tmp_path / "s", lambda _: replies) as daemon, sqzd.Client(daemon.path) as client:
        value = method(client)
    assert identical(daemon.calls) == identical([call])
    told = [reply.get("parameters", {}) for reply in replies]
    if call.get("more") and key is None:
        expected = told
    elif call.get("more"):
        # One element a reply, or a list of them a reply.
        parts = [reply[key] for reply in told if key in reply]
        expected = [element for part in parts for element in (part if isinstance(part, list) else [part])]
    else:
        expected = told[0] if key is None else told[0].get(key)
    assert identical(wire(value)) == identical(expected)
