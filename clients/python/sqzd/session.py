"""What every interface's methods are made of: `call` and `stream`."""

import os
import threading
import weakref
from typing import Any, Dict, Generator, Mapping, Optional, TypeVar

from .connection import LONGEST_SILENCE, Connection
from .errors import DaemonUnreachable, ProtocolError, SqzdError
from .wire import given

_Self = TypeVar("_Self", bound="Session")

SYSTEM_SOCKET = "/run/sqzd/io.sqzd"


def default_socket() -> str:
    """$SQZD_SOCKET; else the system's socket if there is one; else the one in $XDG_RUNTIME_DIR."""
    named = os.environ.get("SQZD_SOCKET")
    if named:
        return named
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    if runtime and not os.path.exists(SYSTEM_SOCKET):
        return os.path.join(runtime, "sqzd", "io.sqzd")
    return SYSTEM_SOCKET


class Session:
    """Calls methods by their full names. For one thread at a time; each stream has a connection of its own."""

    def __init__(self, socket: Optional[str] = None) -> None:
        if socket == "":
            raise ValueError("the socket's path is empty")
        self.socket = socket or default_socket()
        self._connection: Optional[Connection] = None
        self._open: "weakref.WeakSet[Connection]" = weakref.WeakSet()
        self._lock = threading.Lock()
        self._is_aborted = False

    def __enter__(self: _Self) -> _Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def abort(self) -> None:
        """Ends what another thread does with this client: it gets `DaemonUnreachable`. The client is of no more use then."""
        with self._lock:
            self._is_aborted = True
            connections = list(self._open)
        for connection in connections:
            connection.abort()

    def _connected(self) -> Connection:
        with self._lock:
            if self._is_aborted:
                raise DaemonUnreachable("this client was aborted")
            connection = Connection(self.socket)
            self._open.add(connection)
        return connection

    def call(self, method: str, /, **parameters: Any) -> Dict[str, Any]:
        """The reply's parameters. Parameters that are None are left out. A broken connection is made anew next time."""
        return self._call(method, parameters)

    def _call(self, method: str, parameters: Mapping[str, Any], deadline: Optional[float] = None) -> Dict[str, Any]:
        if self._connection is None:
            self._connection = self._connected()
        try:
            self._connection.send(method, given(parameters))
            reply = self._connection.receive(deadline=deadline)
            if reply.continues:
                raise ProtocolError(f"{method}: a reply continues that was not asked for more")
            return reply.parameters
        except SqzdError:
            raise
        except BaseException:
            # A reply may still come, which would be taken for the next call's.
            self.close()
            raise

    def stream(self, method: str, /, **parameters: Any) -> Generator[Dict[str, Any], None, None]:
        """The parameters of one reply after the other. Closing the generator closes its connection."""
        return self._stream(method, parameters)

    def _stream(
        self, method: str, parameters: Mapping[str, Any], deadline: Optional[float] = None
    ) -> Generator[Dict[str, Any], None, None]:
        connection = self._connected()
        try:
            connection.send(method, given(parameters), more=True)
            continues = True
            while continues:
                reply = connection.receive(deadline=deadline, longest_silence=LONGEST_SILENCE)
                continues = reply.continues
                yield reply.parameters
        finally:
            connection.close()
