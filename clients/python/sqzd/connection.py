"""One Varlink connection: JSON objects over AF_UNIX, each followed by a NUL byte."""

import contextlib
import socket
import time
from typing import Any, Mapping, NoReturn, Optional

from . import wire
from .errors import DaemonUnreachable, SqzdError
from .wire import LONGEST_SILENCE as LONGEST_SILENCE
from .wire import MESSAGE_LIMIT as MESSAGE_LIMIT
from .wire import Reply as Reply

_RECEIVE_SIZE = 64 * 1024


class Connection:
    """Sends calls and receives their replies, which come in the order of the calls. For one thread at a time."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._replies = wire.Replies()
        self._is_aborted = False
        # Calls whose last reply has not come.
        self._unanswered = 0
        self._socket = self._connected()

    def _connected(self) -> socket.socket:
        connected = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
        try:
            connected.connect(self._path)
        except OSError as error:
            connected.close()
            raise DaemonUnreachable(f"no daemon at {self._path}: {error.strerror or error}") from error
        return connected

    def close(self) -> None:
        self._socket.close()

    def abort(self) -> None:
        """Ends what another thread waits for: it gets `DaemonUnreachable`."""
        self._is_aborted = True
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def send(
        self,
        method: str,
        parameters: Mapping[str, Any],
        *,
        more: bool = False,
        oneway: bool = False,
        upgrade: bool = False,
    ) -> None:
        message = wire.message(method, parameters, more=more, oneway=oneway, upgrade=upgrade)
        try:
            self._send(message)
        except OSError as error:
            self._lost(error)
        if not oneway:
            self._unanswered += 1

    def _send(self, message: bytes) -> None:
        try:
            self._socket.settimeout(None)
            self._socket.sendall(message)
        except BrokenPipeError:
            if self._unanswered or self._is_aborted:
                raise
            # A daemon that stops takes no more, and has not done what it did not take; connecting waits for the next one.
            self._socket.close()
            self._socket = self._connected()
            try:
                self._socket.sendall(message)
            except BrokenPipeError:
                # This one has closed, too; what it says of it can be received.
                return

    def send_bytes(self, data: bytes) -> bool:
        """Sends bytes as they are, after the reply to a call with `upgrade`. False where the daemon takes no more of them; what
        it has to say instead can be received."""
        try:
            self._socket.settimeout(None)
            self._socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            return False
        except OSError as error:
            self._lost(error)
        return True

    def receive(self, *, deadline: Optional[float] = None, longest_silence: Optional[float] = None) -> Reply:
        """The next reply.

        Raises `SqzdError` for an error reply, `TimeoutError` at `deadline` (in `time.monotonic`'s seconds) and
        `DaemonUnreachable` if nothing came for `longest_silence` seconds.
        """
        try:
            while (reply := self._replies.next()) is None:
                self._replies.add(self._bytes(deadline, longest_silence))
        except SqzdError:
            self._unanswered -= 1
            raise
        if not reply.continues:
            self._unanswered -= 1
        return reply

    def _bytes(self, deadline: Optional[float], longest_silence: Optional[float]) -> bytes:
        left = None if deadline is None else deadline - time.monotonic()
        if left is not None and left <= 0:
            raise TimeoutError("timed out")
        waits = [seconds for seconds in (left, longest_silence) if seconds is not None]
        try:
            self._socket.settimeout(min(waits) if waits else None)
            received = self._socket.recv(_RECEIVE_SIZE)
        except socket.timeout:
            if longest_silence is None or (left is not None and left <= longest_silence):
                raise TimeoutError("timed out") from None
            raise DaemonUnreachable(f"the daemon at {self._path} was silent for {longest_silence:g} s") from None
        except OSError as error:
            self._lost(error)
        if not received:
            raise DaemonUnreachable(f"the daemon at {self._path} closed the connection before it had answered")
        return received

    def _lost(self, error: OSError) -> NoReturn:
        raise DaemonUnreachable(f"the connection to {self._path} broke: {error.strerror or error}") from error
