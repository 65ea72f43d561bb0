"""A program on a terminal of a size: what a person would see of it, by the PyPI package pyte."""

import fcntl
import os
import pty
import select
import signal
import struct
import termios
import time
from pathlib import Path
from typing import Callable, Dict, List, Optional

import pyte

# Far more than anything here takes: it ends a test that would hang.
SECONDS = 60


class Terminal:
    def __init__(self, command: List[str], columns: int, rows: int, environment: Dict[str, str]) -> None:
        self.screen = pyte.Screen(columns, rows)
        self.stream = pyte.ByteStream(self.screen)
        self.output = b""
        self.status: Optional[int] = None
        self.pid, self.descriptor = pty.fork()
        if self.pid == 0:
            # The size is there before the program is.
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
            os.execvpe(command[0], command, {**os.environ, "TERM": "xterm", **environment})

    def __enter__(self) -> "Terminal":
        return self

    def __exit__(self, *_: object) -> None:
        if self.status is None:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self.descriptor)

    @property
    def lines(self) -> List[str]:
        return [line.rstrip() for line in self.screen.display]

    def type(self, keys: str) -> None:
        os.write(self.descriptor, keys.encode())

    def resize(self, columns: int, rows: int) -> None:
        self.screen.resize(rows, columns)
        fcntl.ioctl(self.descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def wait(self, found: Callable[[List[str]], bool]) -> List[str]:
        """The lines, as soon as they are as they should be."""
        deadline = time.monotonic() + SECONDS
        while not found(self.lines):
            assert self._read(deadline), f"it ended:\n{self._seen}"
        return self.lines

    def end(self) -> int:
        """The exit status, when the program has ended."""
        while self._read(time.monotonic() + SECONDS):
            pass
        if self.status is None:
            self.status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        return self.status

    def _read(self, deadline: float) -> bool:
        readable, _, _ = select.select([self.descriptor], [], [], max(0.0, deadline - time.monotonic()))
        assert readable, f"nothing more came:\n{self._seen}"
        try:
            data = os.read(self.descriptor, 65536)
        except OSError:
            # EIO: the program has closed its side.
            return False
        self.output += data
        self.stream.feed(data)
        return bool(data)

    @property
    def _seen(self) -> str:
        return "\n".join(self.lines)


def sqzctl(
    binaries: Path, socket: str, words: List[str], columns: int, rows: int = 24, **environment: str
) -> Terminal:
    return Terminal(
        [str(binaries / "sqzctl"), *words], columns, rows, {"SQZD_SOCKET": socket, "LC_ALL": "C.UTF-8", **environment}
    )
