"""One Varlink connection of an event loop."""

import asyncio
import socket
from typing import Any, Mapping, NoReturn

from . import wire
from .errors import DaemonUnreachable
from .wire import LONGEST_SILENCE, Reply

_RECEIVE_SIZE = 64 * 1024


class AsyncConnection:
    """Sends calls and receives their replies, which come in the order of the calls. For one task at a time."""

    def __init__(self, path: str, connected: socket.socket) -> None:
        self._path = path
        self._socket = connected
        self._replies = wire.Replies()

    @staticmethod
    async def to(path: str) -> "AsyncConnection":
        try:
            try:
                connected = _connected(path, is_blocking=False)
            except BlockingIOError:
                # More connect than it has accepted, and nothing tells when there is room again but a thread that waits for it.
                connected = await asyncio.to_thread(_connected, path, is_blocking=True)
        except OSError as error:
            raise DaemonUnreachable(f"no daemon at {path}: {error.strerror or error}") from error
        connected.setblocking(False)
        return AsyncConnection(path, connected)

    def close(self) -> None:
        self._socket.close()

    async def send(self, method: str, parameters: Mapping[str, Any], *, more: bool = False) -> None:
        """Raises `BrokenPipeError` where the daemon takes nothing more, and has not done what it did not take."""
        message = wire.message(method, parameters, more=more)
        try:
            await asyncio.get_running_loop().sock_sendall(self._socket, message)
        except BrokenPipeError:
            raise
        except OSError as error:
            self._lost(error)

    async def receive(self, *, is_stream: bool = False) -> Reply:
        """The next reply; of a stream one comes every 30 s at least."""
        while (reply := self._replies.next()) is None:
            received = asyncio.get_running_loop().sock_recv(self._socket, _RECEIVE_SIZE)
            try:
                data = await asyncio.wait_for(received, LONGEST_SILENCE if is_stream else None)
            except asyncio.TimeoutError:
                raise DaemonUnreachable(f"the daemon at {self._path} was silent for {LONGEST_SILENCE:g} s") from None
            except OSError as error:
                self._lost(error)
            if not data:
                raise DaemonUnreachable(f"the daemon at {self._path} closed the connection before it had answered")
            self._replies.add(data)
        return reply

    def _lost(self, error: OSError) -> NoReturn:
        raise DaemonUnreachable(f"the connection to {self._path} broke: {error.strerror or error}") from error


def _connected(path: str, *, is_blocking: bool) -> socket.socket:
    connected = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
    try:
        connected.setblocking(is_blocking)
        connected.connect(path)
    except BaseException:
        connected.close()
        raise
    return connected
