"""What examples can't show: faults, streams beside calls, uploads."""

import base64
import gc
import hashlib
import os
from pathlib import Path
from typing import Any, Callable, Dict, Iterable, Iterator, List

import pytest
from contract import replies
from fake_daemon import Answer, Call, FakeDaemon

import sqzd
from sqzd import connection, session

Answering = Callable[[Call], Iterable[Answer]]


def test_default_socket(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(session, "SYSTEM_SOCKET", str(tmp_path / "system"))
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/run/user/1000")
    monkeypatch.delenv("SQZD_SOCKET", raising=False)
    assert sqzd.Client().socket == "/run/user/1000/sqzd/io.sqzd"
    (tmp_path / "system").touch()
    assert sqzd.Client().socket == str(tmp_path / "system")
    monkeypatch.setenv("SQZD_SOCKET", "/tmp/mine")
    assert sqzd.Client().socket == "/tmp/mine"
    assert sqzd.Client("/tmp/given").socket == "/tmp/given"
    with pytest.raises(ValueError, match="the socket's path is empty"):
        sqzd.Client("")


def test_no_daemon(path: Path) -> None:
    with pytest.raises(sqzd.DaemonUnreachable, match=f"no daemon at {path}: No such file or directory"):
        sqzd.Client(str(path)).info()
    path.touch()
    with pytest.raises(sqzd.DaemonUnreachable, match="Connection refused"):
        sqzd.Client(str(path)).info()


def test_parameters_that_are_none_are_left_out(path: Path) -> None:
    with FakeDaemon(path, lambda _: replies("io.sqzd.Jobs.Submit")) as daemon, sqzd.Client(daemon.path) as client:
        client.submit("countdown")
    assert daemon.calls == [{"method": "io.sqzd.Jobs.Submit", "parameters": {"kind": "countdown"}}]


def test_fields_of_a_newer_daemon_are_ignored(path: Path) -> None:
    job = {**replies("io.sqzd.Jobs.Show")[0]["parameters"]["job"], "mood": "good", "model": None}
    reply = {"parameters": {"job": job, "weather": []}, "com.example": {"since": 2030}}
    with FakeDaemon(path, lambda _: [reply]) as daemon, sqzd.Client(daemon.path) as client:
        assert client.show(1).id == 1
        assert client.show(1).model is None


@pytest.mark.parametrize(
    "wrong, told",
    [
        ({"id": "1"}, "Job.id can't be '1'"),
        ({"id": True}, "Job.id can't be True"),
        ({"after": [{"job": 1, "condition": 2}]}, "Dependency.condition can't be 2"),
        ({"progress": []}, "Progress must be an object"),
        ({"options": None}, "Job lacks options"),
    ],
)
def test_record_that_is_not_what_the_interface_says(path: Path, wrong: Dict[str, Any], told: str) -> None:
    job = {**replies("io.sqzd.Jobs.Show")[0]["parameters"]["job"], **wrong}
    with FakeDaemon(path, lambda _: [{"parameters": {"job": job}}]) as daemon, sqzd.Client(daemon.path) as client:
        with pytest.raises(sqzd.ProtocolError, match=told):
            client.show(1)


@pytest.mark.parametrize(
    "reply",
    [
        b"nonsense\0",
        b"\0",
        b"[]\0",
        b'{"parameters":{"a":1,"a":2}}\0',
        b'{"parameters":{"a":NaN}}\0',
        b'{"parameters":{"a":"\xff"}}\0',
        b'{"parameters":[]}\0',
        b'{"parameter":{}}\0',
        b'{"continues":1}\0',
        b'{"continues":true}\0',
        b'{"error":1}\0',
        b'{"error":"io.sqzd.Jobs.NoSuchJob","continues":true}\0',
        b"[" * 1_000_000 + b"\0",
    ],
    ids=lambda reply: str(reply[:40]),
)
def test_reply_that_is_not_varlink(path: Path, reply: bytes) -> None:
    with FakeDaemon(path, lambda _: [reply]) as daemon, sqzd.Client(daemon.path) as client:
        with pytest.raises(sqzd.ProtocolError):
            client.call("io.sqzd.Manager.Info")


def test_limit_of_a_message(path: Path) -> None:
    limit = connection.MESSAGE_LIMIT
    head, tail = b'{"parameters":{"a":"', b'"}}'
    largest = head + b"x" * (limit - len(head) - len(tail)) + tail
    assert len(largest) == limit
    answers = iter([[largest + b"\0"], [largest + b" \0"], [largest * 2]])
    with FakeDaemon(path, lambda _: next(answers)) as daemon, sqzd.Client(daemon.path) as client:
        assert len(client.call("a.b.C")["a"]) == limit - len(head) - len(tail)
        for _ in range(2):
            with pytest.raises(sqzd.ProtocolError, match="larger than 16777216 bytes"):
                client.call("a.b.C")
        with pytest.raises(sqzd.MessageTooLarge):
            client.call("a.b.C", a="x" * limit)
    assert len(daemon.calls) == 3


def test_error_is_chosen_by_its_name(path: Path) -> None:
    answers: Iterator[Answer] = iter(
        [{"error": "io.sqzd.Jobs.QueueFull", "parameters": {"limit": 2, "queued": 2}}, {"error": "x.y.Z"}]
    )
    with FakeDaemon(path, lambda _: [next(answers)]) as daemon, sqzd.Client(daemon.path) as client:
        with pytest.raises(sqzd.QueueFull, match="^the queue is full: 2 jobs in it, the limit is 2$") as full:
            client.submit("train")
        assert full.value.parameters == {"limit": 2, "queued": 2}
        with pytest.raises(sqzd.SqzdError, match="^x.y.Z$") as other:
            client.submit("train")
        assert type(other.value) is sqzd.SqzdError


def test_call_cut_off_and_connected_anew(path: Path) -> None:
    answers: Iterator[List[Answer]] = iter(
        [[b'{"parameters"', FakeDaemon.CLOSE], list(replies("io.sqzd.Models.List"))]
    )
    with FakeDaemon(path, lambda _: next(answers)) as daemon, sqzd.Client(daemon.path) as client:
        with pytest.raises(sqzd.DaemonUnreachable, match="closed the connection before it had answered"):
            client.models()
        assert [model.name for model in client.models()] == ["fashion"]


def test_stream_cut_off_raises(path: Path) -> None:
    events: List[Answer] = [*replies("io.sqzd.Jobs.Watch")[:3], FakeDaemon.CLOSE]
    with FakeDaemon(path, lambda _: events) as daemon, sqzd.Client(daemon.path) as client:
        seen = []
        with pytest.raises(sqzd.DaemonUnreachable, match=r"; job 1 goes on when it is back: watch\(1, after=3\)"):
            for event in client.watch(1):
                seen.append(event.sequence)
        assert seen == [1, 2, 3]
        with pytest.raises(sqzd.DaemonUnreachable, match="; job 1 goes on when it is back"):
            client.wait(1)


def test_silent_stream_raises(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "LONGEST_SILENCE", 0.05)
    with FakeDaemon(path, lambda _: replies("io.sqzd.Jobs.Watch")[:1]) as daemon, sqzd.Client(daemon.path) as client:
        with pytest.raises(sqzd.DaemonUnreachable, match="silent for 0.05 s"):
            list(client.watch(1))


def test_wait(path: Path) -> None:
    def answer(call: Call) -> List[Answer]:
        return list(replies("io.sqzd.Jobs.Watch" if call.get("more") else "io.sqzd.Jobs.Show"))

    with FakeDaemon(path, answer) as daemon, sqzd.Client(daemon.path) as client:
        assert client.wait(1, timeout=60).state == "succeeded"


def test_wait_times_out_and_its_connection_closes(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(call: Call) -> List[Answer]:
        return list(replies("io.sqzd.Jobs.Watch")[:2] if call.get("more") else [])

    # It hangs: it does not even say how the job is.
    monkeypatch.setattr("sqzd.results.ANSWER_SECONDS", 0.05)
    with FakeDaemon(path, answer) as daemon, sqzd.Client(daemon.path) as client:
        with pytest.raises(TimeoutError):
            client.wait(1, timeout=0.05)
        assert daemon.closed.acquire(timeout=10)


def test_calls_go_on_beside_a_stream_and_closing_it_closes_its_connection(path: Path) -> None:
    def answer(call: Call) -> List[Answer]:
        return list(replies("io.sqzd.Jobs.Watch")[:2] if call.get("more") else replies("io.sqzd.Jobs.Show"))

    with FakeDaemon(path, answer) as daemon, sqzd.Client(daemon.path) as client:
        events = client.watch(1)
        assert next(events).state == "queued"
        assert client.show(1).id == 1
        assert next(events).state == "running"
        events.close()
        assert daemon.closed.acquire(timeout=10)
        assert client.show(1).id == 1
        assert [call.get("more", False) for call in daemon.calls] == [True, False, False]


@pytest.mark.filterwarnings("error::ResourceWarning")
def test_closing_leaves_no_socket_open(path: Path) -> None:
    with FakeDaemon(path, lambda _: replies("io.sqzd.Jobs.Show")) as daemon:
        with sqzd.Client(daemon.path) as client:
            client.show(1)
        assert daemon.closed.acquire(timeout=10)
    del client
    gc.collect()


class Uploads:
    """The side of Offer, Write and Import of a daemon from before Upload: what it answers to that is `unknown`. Closes the
    connection after `survives` chunks."""

    def __init__(self, survives: int = 1_000_000, unknown: Answer = FakeDaemon.CLOSE) -> None:
        self.survives = survives
        self.unknown = unknown
        self.sizes: Dict[str, int] = {}
        self.files: Dict[str, bytes] = {}

    def answer(self, call: Call) -> Iterable[Answer]:
        given = call["parameters"]
        if call["method"].endswith(".Import"):
            missing = [f for f in given.get("files", []) if len(self.files.get(f["sha256"], b"")) < self.size(f)]
            yield from replies("io.sqzd.Datasets.NoSuchUpload" if missing else "io.sqzd.Datasets.Import")
            return
        if call["method"].endswith(".Upload"):
            assert call["upgrade"] is True
            yield self.unknown
            return
        digest = given["sha256"]
        if call["method"].endswith(".Offer"):
            self.sizes[digest] = given["size"]
            self.files.setdefault(digest, b"")
        else:
            if self.survives == 0:
                yield FakeDaemon.CLOSE
                return
            self.survives -= 1
            assert given["offset"] == len(self.files[digest])
            assert 0 < len(given["data"]) <= 1 << 20
            self.files[digest] += base64.b64decode(given["data"], validate=True)
        yield {"parameters": {"offset": len(self.files[digest])}}


    def size(self, file: Dict[str, str]) -> int:
        return self.sizes.get(file["sha256"], 1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "cifar-small"
    folder.mkdir()
    (folder / "data_batch_1.bin").write_bytes(b"".join(bytes([i % 251]) * 3073 for i in range(4000)))
    (folder / "batches.meta.txt").write_text("cat\ndog\n")
    (folder / ".hidden").touch()
    (folder / "more").mkdir()
    return folder


@pytest.mark.parametrize("unknown", [FakeDaemon.CLOSE, replies("org.varlink.service.MethodNotFound")[0]])
def test_import_uploads_a_folder_in_pipelined_chunks(path: Path, folder: Path, unknown: Answer) -> None:
    uploads = Uploads(unknown=unknown)
    with FakeDaemon(path, uploads.answer) as daemon, sqzd.Client(daemon.path) as client:
        assert client.import_dataset(folder, classes=["cat", "dog"]).train == 60000
    contents = {file.name: file.read_bytes() for file in folder.glob("*.*") if file.name != ".hidden"}
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
    assert uploads.files == {digests[name]: content for name, content in contents.items()}
    assert daemon.calls[-1] == {
        "method": "io.sqzd.Datasets.Import",
        "parameters": {
            "name": "cifar-small",
            "files": [{"name": name, "sha256": digests[name]} for name in sorted(contents)],
            "classes": ["cat", "dog"],
        },
        "more": True,
    }


def test_interrupted_upload_goes_on_where_it_was(path: Path, folder: Path) -> None:
    uploads = Uploads(survives=4)
    with FakeDaemon(path, uploads.answer) as daemon, sqzd.Client(daemon.path) as client:
        with pytest.raises(sqzd.DaemonUnreachable):
            client.import_dataset(folder)
        uploads.survives = 1_000_000
        before = len(daemon.calls)
        client.import_dataset(folder)
    content = (folder / "data_batch_1.bin").read_bytes()
    assert uploads.files[hashlib.sha256(content).hexdigest()] == content
    # The list of classes and three chunks had come over; thirteen of the sixteen chunks are left.
    again = [call for call in daemon.calls[before:] if call["method"].endswith(".Write")]
    assert len(again) == 13


def test_import_of_one_file_and_of_a_path_of_the_daemons(path: Path, folder: Path, tmp_path: Path) -> None:
    archive = tmp_path / "cifar-10-binary.tar.gz"
    archive.write_bytes(b"small")
    with FakeDaemon(path, Uploads().answer) as daemon, sqzd.Client(daemon.path) as client:
        client.import_dataset(archive)
        imported = daemon.calls[-1]["parameters"]
        assert imported["name"] == "cifar-10-binary"
        assert [file["name"] for file in imported["files"]] == ["cifar-10-binary.tar.gz"]
        client.import_dataset(folder, "here", upload=False)
        assert daemon.calls[-1]["parameters"] == {"name": "here", "path": str(folder)}


def test_import_of_nothing(path: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with FakeDaemon(path, Uploads().answer) as daemon, sqzd.Client(daemon.path) as client:
        with pytest.raises(FileNotFoundError, match="no files in"):
            client.import_dataset(tmp_path / "empty")
        with pytest.raises(FileNotFoundError):
            client.import_dataset(tmp_path / "absent")
        (tmp_path / "empty" / "a.conf").write_text("# a")
        with pytest.raises(ValueError, match="1 file and no picture among them; right would be a folder of PNG"):
            client.import_dataset(tmp_path / "empty")
    assert daemon.calls == []


def test_what_is_no_file_is_refused(path: Path, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    with FakeDaemon(path, Uploads().answer) as daemon, sqzd.Client(daemon.path) as client:
        for file, kind in [
            (tmp_path / "fifo", "a FIFO"),
            (path, "a socket"),
            (Path("/dev/zero"), "a character device"),
            (Path("/dev/null"), "a character device"),
        ]:
            with pytest.raises(OSError, match=f"is {kind}; right would be a regular file: '{file}'"):
                client.import_dataset(file, "x")
            with pytest.raises(OSError, match=f"is {kind}; right would be a regular file: '{file}'"):
                client.import_model(file, "x")
        with pytest.raises(IsADirectoryError, match="is a directory; right would be a regular file"):
            client.import_model(tmp_path, "x")
    assert daemon.calls == []


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_number_that_json_has_not_is_named(path: Path, number: float) -> None:
    with FakeDaemon(path, lambda _: []) as daemon, sqzd.Client(daemon.path) as client:
        told = f"io.sqzd.Jobs.Submit: learning-rate: {number} can't be said in JSON; right would be a finite number"
        with pytest.raises(ValueError, match=told):
            client.train("d", learning_rate=number)
    assert daemon.calls == []


def test_refused_chunk_raises_its_error(path: Path, folder: Path) -> None:
    def answer(call: Call) -> List[Answer]:
        if call["method"].endswith(".Offer"):
            return [{"parameters": {"offset": 0}}]
        return list(replies("io.sqzd.Datasets.WrongChecksum"))

    with FakeDaemon(path, answer) as daemon, sqzd.Client(daemon.path) as client:
        with pytest.raises(sqzd.SqzdError, match="the bytes have the sha256 .*; they were dropped"):
            client.import_dataset(folder)


def test_timings_are_asked_for_and_those_of_all_calls(path: Path) -> None:
    one = {"model": "m@1", "results": [{"classes": []}] * 1024, "timings": {"queue": 1, "batch": 20, "engine": 300}}
    last = {"model": "m@1", "results": [{"classes": []}], "timings": {"queue": 2, "batch": 30, "engine": 400}}
    told = iter([one, last, {**last, "timings": {"queue": 5, "batch": 6}}])
    pictures = [bytes(3)] * 1025
    with FakeDaemon(path, lambda _: [{"parameters": next(told)}]) as daemon:
        with sqzd.Client(daemon.path) as client:
            assert client.classify(pictures, timings=True).timings == sqzd.Timings(3, 50, 700)
            assert client.classify(pictures[:1], timings=True).timings == sqzd.Timings(5, 6, None)
    assert [call["parameters"]["timings"] for call in daemon.calls] == [True, True, True]
