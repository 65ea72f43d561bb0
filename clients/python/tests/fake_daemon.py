import json
import socketserver
import threading
from pathlib import Path
from typing import Any, Callable, Dict, Iterable, List, Union

Call = Dict[str, Any]
# A reply, or bytes to send as they are.
Answer = Union[Dict[str, Any], bytes]


class FakeDaemon(socketserver.ThreadingUnixStreamServer):
    """Speaks Varlink's framing at a socket. `answer` yields what is sent for a call; where it returns CLOSE last, the
    connection is closed."""

    daemon_threads = True
    CLOSE = b""

    def __init__(self, path: Path, answer: Callable[[Call], Iterable[Answer]]) -> None:
        super().__init__(str(path), _Connection)
        self.path = str(path)
        self.answer = answer
        self.calls: List[Call] = []
        self.closed = threading.Semaphore(0)
        self._thread = threading.Thread(target=self.serve_forever, args=(0.01,))

    def __enter__(self) -> "FakeDaemon":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self._thread.join()
        self.server_close()


class _Connection(socketserver.StreamRequestHandler):
    server: FakeDaemon

    def handle(self) -> None:
        try:
            self.serve()
        except ConnectionError:
            pass  # The client went away, as some tests make it.
        self.server.closed.release()

    def serve(self) -> None:
        buffer = b""
        while True:
            data = self.connection.recv(1 << 20)
            if not data:
                return
            buffer += data
            *messages, buffer = buffer.split(b"\0")
            for message in messages:
                call = json.loads(message)
                self.server.calls.append(call)
                for answer in self.server.answer(call):
                    if answer == FakeDaemon.CLOSE:
                        return
                    self.wfile.write(answer if isinstance(answer, bytes) else json.dumps(answer).encode() + b"\0")
