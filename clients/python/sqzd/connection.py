"""One Varlink connection: JSON objects over AF_UNIX, each followed by a NUL byte."""

import json
import math
import socket
import time
from typing import Any, Dict, Iterable, List, Mapping, NamedTuple, NoReturn, Optional, Tuple

from .errors import DaemonUnreachable, MessageTooLarge, ProtocolError, SqzdError

# Bytes of one message, without its NUL; more is refused by both sides.
MESSAGE_LIMIT = 16 * 1024 * 1024
# Seconds. A stream has a reply every 30 s at least: a daemon that hangs can be told from one with nothing to say.
LONGEST_SILENCE = 90.0

_RECEIVE_SIZE = 64 * 1024


class Reply(NamedTuple):
    parameters: Dict[str, Any]
    continues: bool


class Connection:
    """Sends calls and receives their replies, which come in the order of the calls. For one thread at a time."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._buffer = bytearray()
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

    def send(self, method: str, parameters: Mapping[str, Any], *, more: bool = False, oneway: bool = False) -> None:
        call: Dict[str, Any] = {"method": method}
        if parameters:
            call["parameters"] = parameters
        if more:
            call["more"] = True
        if oneway:
            call["oneway"] = True
        try:
            message = json.dumps(call, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
        except ValueError as error:
            raise ValueError(f"{method}: {_without_json(parameters) or error}") from None
        if len(message) > MESSAGE_LIMIT:
            raise MessageTooLarge(f"{method}: {len(message)} bytes, a message has {MESSAGE_LIMIT} at most")
        try:
            self._send(message + b"\0")
        except OSError as error:
            self._lost(error)
        if not oneway:
            self._unanswered += 1

    def _send(self, message: bytes) -> None:
        try:
            self._socket.settimeout(None)
            self._socket.sendall(message)
        except BrokenPipeError:
            if self._unanswered:
                raise
            # A daemon that stops takes no more, and has not done what it did not take; connecting waits for the next one.
            self._socket.close()
            self._socket = self._connected()
            try:
                self._socket.sendall(message)
            except BrokenPipeError:
                # This one has closed, too; what it says of it can be received.
                return

    def receive(self, *, deadline: Optional[float] = None, longest_silence: Optional[float] = None) -> Reply:
        """The next reply.

        Raises `SqzdError` for an error reply, `TimeoutError` at `deadline` (in `time.monotonic`'s seconds) and
        `DaemonUnreachable` if nothing came for `longest_silence` seconds.
        """
        end = self._buffer.find(b"\0")
        while end < 0:
            searched = len(self._buffer)
            if searched > MESSAGE_LIMIT:
                raise ProtocolError(f"a reply is larger than {MESSAGE_LIMIT} bytes")
            self._buffer += self._bytes(deadline, longest_silence)
            end = self._buffer.find(b"\0", searched)
        message = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        if len(message) > MESSAGE_LIMIT:
            raise ProtocolError(f"a reply is larger than {MESSAGE_LIMIT} bytes")
        try:
            reply = _reply(message)
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


def _without_json(value: Any, name: str = "") -> str:
    """The first number in it that JSON has not, and what it is called."""
    if isinstance(value, float) and not math.isfinite(value):
        return f"{name}: {value} can't be said in JSON; right would be a finite number"
    members: Iterable[Tuple[Any, Any]] = ()
    if isinstance(value, Mapping):
        members = value.items()
    elif isinstance(value, (list, tuple)):
        members = enumerate(value)
    return next(filter(None, (_without_json(member, str(key)) for key, member in members)), "")


def _reply(message: bytes) -> Reply:
    try:
        reply = json.loads(message.decode(), object_pairs_hook=_unique, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise ProtocolError(f"a reply is not JSON: {error}") from error
    if not isinstance(reply, dict):
        raise ProtocolError("a reply is not an object")
    # Members with a dot are vendors' extensions.
    strangers = [key for key in reply if key not in ("parameters", "continues", "error") and "." not in key]
    if strangers:
        raise ProtocolError(f"a reply has the unknown member {strangers[0]!r}")
    parameters = reply.get("parameters")
    continues = reply.get("continues")
    name = reply.get("error")
    if parameters is None:
        parameters = {}
    if not isinstance(parameters, dict):
        raise ProtocolError("a reply's parameters are not an object")
    if not isinstance(continues, (bool, type(None))):
        raise ProtocolError("a reply's continues is not true or false")
    if name is None:
        return Reply(parameters, bool(continues))
    if not isinstance(name, str) or continues:
        raise ProtocolError("an error reply has no name, or continues")
    raise SqzdError.of_reply(name, parameters)


def _unique(pairs: List[Tuple[str, Any]]) -> Dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise ValueError("a key comes twice")
    return members


def _no_constant(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no number")
