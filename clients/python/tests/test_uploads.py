"""Uploads as bytes, to a real daemon: by the client, and by hand."""

import hashlib
import json
import socket
from pathlib import Path
from typing import Any, Dict, Iterator, List

import pytest
from real_daemon import RealDaemon
from test_folders import photos, png

import sqzd

__all__ = ["photos"]


class Caller:
    """A connection without any client."""

    def __init__(self, path: str) -> None:
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(60)
        self.socket.connect(path)

    def call(self, method: str, parameters: Dict[str, Any], **flags: bool) -> Dict[str, Any]:
        message = {"method": method, "parameters": parameters, **flags}
        self.socket.sendall(json.dumps(message).encode() + b"\0")
        return self.receive()

    def receive(self) -> Dict[str, Any]:
        message = b""
        while not message.endswith(b"\0"):
            data = self.socket.recv(1)
            if not data:
                return {}
            message += data
        reply: Dict[str, Any] = json.loads(message[:-1])
        return reply


def test_a_session_as_the_protocol_says(client: sqzd.Client) -> None:
    data = bytes(range(256)) * 20_000
    given = {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}
    caller = Caller(client.socket)
    assert caller.call("io.sqzd.Datasets.Upload", given)["error"] == "io.sqzd.Datasets.InvalidOption"
    assert caller.call("io.sqzd.Datasets.Upload", given, upgrade=True) == {"parameters": {"offset": 0}}
    caller.socket.sendall(data[:3_000_000])
    caller.socket.shutdown(socket.SHUT_WR)
    assert caller.receive()["parameters"]["offset"] == 3_000_000
    assert caller.receive() == {}
    again = Caller(client.socket)
    assert again.call("io.sqzd.Datasets.Upload", given, upgrade=True) == {"parameters": {"offset": 3_000_000}}
    again.socket.sendall(data[3_000_000:])
    assert again.receive() == {"parameters": {"offset": len(data)}}
    assert again.receive() == {}


@pytest.fixture
def methods(monkeypatch: pytest.MonkeyPatch) -> List[str]:
    """The names of the methods that are called, as they are called."""
    called: List[str] = []
    send = sqzd.Connection.send

    def counted(self: sqzd.Connection, method: str, *arguments: Any, **flags: Any) -> None:
        called.append(method.rpartition(".")[2])
        send(self, method, *arguments, **flags)

    monkeypatch.setattr(sqzd.Connection, "send", counted)
    return called


def test_what_was_imported_is_not_sent_again(client: sqzd.Client, photos: Path, methods: List[str]) -> None:
    first = client.import_dataset(photos, "sent")
    assert methods == ["Import", "Upload", "Import"]
    methods.clear()
    assert client.import_dataset(photos, "sent") == first
    assert client.import_dataset(photos, "sent-again").sha256 == first.sha256
    assert methods == ["Import", "Import"]
    (photos / "train" / "dark" / "new.png").write_bytes(png(40, 77))
    methods.clear()
    assert client.import_dataset(photos, "more").train == first.train + 1
    assert methods == ["Import", "Upload", "Import"]


@pytest.fixture
def restarting(binaries: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RealDaemon]:
    """A daemon whose connections break in the middle of an upload, once."""
    send = sqzd.Connection.send_bytes
    breaks = [True]

    def broken(self: sqzd.Connection, data: bytes) -> bool:
        if breaks:
            breaks.clear()
            send(self, data[: len(data) // 2])
            self._socket.shutdown(socket.SHUT_RDWR)
            return False
        return send(self, data)

    monkeypatch.setattr(sqzd.Connection, "send_bytes", broken)
    with RealDaemon(binaries) as daemon:
        yield daemon
    assert not breaks


def test_an_upload_that_is_cut_goes_on_by_itself(restarting: RealDaemon, tmp_path: Path) -> None:
    (tmp_path / "data_batch_1.bin").write_bytes(b"".join(bytes([i % 10]) + bytes(3072) for i in range(1000)))
    with sqzd.Client(restarting.socket) as client:
        assert client.import_dataset(tmp_path / "data_batch_1.bin", "cut").train == 1000


def test_other_bytes_than_were_stated(client: sqzd.Client, tmp_path: Path) -> None:
    data = bytes(1000)
    caller = Caller(client.socket)
    given = {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}
    caller.call("io.sqzd.Datasets.Upload", given, upgrade=True)
    caller.socket.sendall(b"x" * 1000)
    assert caller.receive()["error"] == "io.sqzd.Datasets.WrongChecksum"
