"""What a user does inside the container, with the Python client beside this file.

    guest.py model NAME          imports a small data set and trains a model, both under this name
    guest.py hammer MODEL HOW    classifies without a pause, HOW: kept (one connection) or fresh (one for each call)
    guest.py connections COUNT   opens connections, each of which is answered, and keeps them
    guest.py messages COUNT      begins so many messages of 16 MiB, and keeps them

The last three say `ready` when they are under way, go on until their standard input ends, and then say in JSON what came
of it.
"""

import json
import resource
import select
import socket
import sys
import time
from pathlib import Path
from typing import Any, Dict, List

import sqzd

ADDRESS = "/run/sqzd/io.sqzd"
INFO = b'{"method":"io.sqzd.Manager.Info"}\0'
MESSAGE_BYTES = 16 << 20
PICTURES = Path(__file__).parent / "pictures"


def model(name: str) -> None:
    with sqzd.Client(ADDRESS) as client:
        client.import_dataset(PICTURES, name)
        job = client.wait(client.submit("train", {"epochs": 1, "batch-size": 4}, dataset=name, model=name))
        assert job.state == "succeeded", job


def told_to_end() -> bool:
    return bool(select.select([sys.stdin], [], [], 0)[0])


def ready() -> None:
    print("ready", flush=True)


def hammer(model: str, how: str) -> None:
    answered, errors, longest = 0, [], 0.0
    client = sqzd.Client(ADDRESS)
    while not told_to_end():
        began = time.monotonic()
        try:
            if how == "fresh":
                client.close()
            client.classify(bytes(3072), model=model)
            answered += 1
        except Exception as error:
            errors.append(repr(error))
        longest = max(longest, time.monotonic() - began)
        if answered == 1:
            ready()
    print(json.dumps({"answered": answered, "errors": errors, "longest": longest}))


def answer(connection: socket.socket) -> Dict[str, Any]:
    received = b""
    while not received.endswith(b"\0"):
        more = connection.recv(65536)
        if not more:
            return {}
        received += more
    reply: Dict[str, Any] = json.loads(received[:-1])
    return reply


def connected() -> socket.socket:
    connection = socket.socket(socket.AF_UNIX)
    # With a timeout it would not wait where too many connect at once.
    connection.connect(ADDRESS)
    connection.settimeout(60)
    return connection


def connections(count: int) -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    opened: List[socket.socket] = []
    for _ in range(count):
        opened.append(connected())
        opened[-1].sendall(INFO)
    keep([reply for reply in map(answer, opened) if "error" in reply])


def messages(count: int) -> None:
    opened = [connected() for _ in range(count)]
    refused = []
    for connection in opened:
        try:
            connection.sendall(b" " * MESSAGE_BYTES)
        except BrokenPipeError:
            refused.append(answer(connection))
    keep(refused)


def keep(refused: List[Dict[str, Any]]) -> None:
    """The error replies are what came of it."""
    ready()
    sys.stdin.read()
    print(json.dumps(refused))


if __name__ == "__main__":
    word, *rest = sys.argv[1:]
    if word == "model":
        model(*rest)
    elif word == "hammer":
        hammer(*rest)
    elif word == "connections":
        connections(int(rest[0]))
    else:
        messages(int(rest[0]))
