"""What clients may do to a daemon. Each attack goes on until its context ends."""

import select
import socket
import threading
import time
from contextlib import ExitStack, contextmanager
from typing import Callable, ContextManager, Dict, Iterator, List

INFO = b'{"method":"io.sqzd.Manager.Info"}\0'
# Its reply is the largest that a small call gets.
RUNNERS = b'{"method":"io.sqzd.Manager.Runners"}\0'
MESSAGE_BYTES = 16 << 20

Attack = Callable[[str], ContextManager[None]]


def connected(path: str) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(path)
    return connection


@contextmanager
def threads(count: int, body: Callable[[threading.Event], None]) -> Iterator[None]:
    """Runs `body` in so many threads, until it sees the event. The daemon may close the connections of an attacker."""
    ending = threading.Event()

    def guarded() -> None:
        while not ending.is_set():
            try:
                body(ending)
            except (ConnectionError, socket.timeout):
                continue

    started = [threading.Thread(target=guarded) for _ in range(count)]
    for thread in started:
        thread.start()
    try:
        yield
    finally:
        ending.set()
        for thread in started:
            thread.join()


@contextmanager
def idle(path: str) -> Iterator[None]:
    """A thousand connections that say nothing."""
    with ExitStack() as stack:
        for _ in range(1000):
            stack.enter_context(connected(path))
        yield


@contextmanager
def half_closed(path: str) -> Iterator[None]:
    """A thousand that closed their side in the middle of a message."""
    with ExitStack() as stack:
        for _ in range(1000):
            connection = stack.enter_context(connected(path))
            connection.sendall(INFO[:-1])
            connection.shutdown(socket.SHUT_WR)
        yield


@contextmanager
def byte_at_a_time(path: str) -> Iterator[None]:
    """Two hundred connections, each of which sends a call byte by byte, all the time."""

    def send(ending: threading.Event) -> None:
        with ExitStack() as stack:
            connections = [stack.enter_context(connected(path)) for _ in range(200)]
            place = 0
            while not ending.is_set():
                for connection in connections:
                    connection.sendall(INFO[place : place + 1])
                place = (place + 1) % len(INFO)
                if place == 0:
                    for connection in connections:
                        connection.recv(65536)

    with threads(1, send):
        yield


@contextmanager
def never_reading(path: str) -> Iterator[None]:
    """Two hundred connections that pipeline calls for as long as the daemon takes them, and read no reply."""

    def send(ending: threading.Event) -> None:
        with ExitStack() as stack:
            connections = [stack.enter_context(connected(path)) for _ in range(200)]
            for connection in connections:
                connection.setblocking(False)
            calls = RUNNERS * 1000
            while not ending.is_set():
                for connection in connections:
                    try:
                        connection.send(calls)
                    except BlockingIOError:
                        continue
                time.sleep(0.01)

    with threads(1, send):
        yield


@contextmanager
def flooding(path: str) -> Iterator[None]:
    """Two connections that pipeline calls and read the replies, as fast as they can."""

    def send(ending: threading.Event) -> None:
        with connected(path) as connection:
            connection.settimeout(1)
            reader = threading.Thread(target=swallow, args=(connection,))
            reader.start()
            try:
                while not ending.is_set():
                    connection.sendall(INFO * 100)
            finally:
                connection.shutdown(socket.SHUT_RDWR)
                reader.join()

    with threads(2, send):
        yield


def swallow(connection: socket.socket) -> None:
    while True:
        try:
            if not connection.recv(1 << 20):
                return
        except OSError:
            return


def large(name: str, filling: bytes, connections: int = 8) -> Attack:
    """Several connections that send messages as large as may be, one after the other."""
    start, end = b'{"method":"io.sqzd.Manager.Info","parameters":', b"}\0"
    message = start + filling[: MESSAGE_BYTES - len(start) - len(end)] + end

    @contextmanager
    def attack(path: str) -> Iterator[None]:
        def send(ending: threading.Event) -> None:
            with connected(path) as connection:
                connection.settimeout(30)
                while not ending.is_set():
                    connection.sendall(message)
                    if not connection.recv(65536):
                        return

        with threads(connections, send):
            yield

    attack.__name__ = name
    return attack


def fill(opening: bytes, unit: bytes, closing: bytes) -> bytes:
    room = MESSAGE_BYTES - 100 - len(opening) - len(closing)
    return opening + unit * (room // len(unit)) + closing


@contextmanager
def unfinished(path: str) -> Iterator[None]:
    """Sixteen connections, each of which sends almost all of a message, and no end of it. Half of them are too many."""
    with ExitStack() as stack:
        part = b"[" + bytes([32]) * (MESSAGE_BYTES - 16)
        held = [stack.enter_context(connected(path)) for _ in range(16)]
        for connection in held:
            try:
                connection.sendall(part)
            except BrokenPipeError:
                continue
        # Whose message is refused has a reply, though all of it may have been sent by then.
        while len(held) > 8:
            refused = select.select(held, [], [], 30)[0]
            assert refused, f"{len(held)} messages are held"
            held = [connection for connection in held if connection not in refused]
        yield


ATTACKS: Dict[str, Attack] = {
    "1,000 idle": idle,
    "1,000 half-closed": half_closed,
    "byte at a time": byte_at_a_time,
    "never reading": never_reading,
    "flooding": flooding,
    "16 MiB text": large("text", fill(b'{"a":"', b"x", b'"}')),
    "16 MiB numbers": large("numbers", fill(b'{"a":[0', b",0", b"]}")),
    "16 MiB keys": large("keys", b"{" + b",".join(b'"%07x":0' % key for key in range(1_390_000)) + b"}"),
    "16 MiB, no end": unfinished,
}
