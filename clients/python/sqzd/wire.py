"""Varlink's framing: JSON objects, each followed by a NUL byte, as bytes. Who carries them is told elsewhere."""

import json
import math
from typing import Any, Dict, Iterable, List, Mapping, NamedTuple, NoReturn, Optional, Tuple

from .errors import MessageTooLarge, ProtocolError, SqzdError

# Bytes of one message, without its NUL; more is refused by both sides.
MESSAGE_LIMIT = 16 * 1024 * 1024
# Seconds. A stream has a reply every 30 s at least: a daemon that hangs can be told from one with nothing to say.
LONGEST_SILENCE = 90.0


class Reply(NamedTuple):
    parameters: Dict[str, Any]
    continues: bool


def given(parameters: Mapping[str, Any]) -> Dict[str, Any]:
    """Parameters but those that are None."""
    return {name: value for name, value in parameters.items() if value is not None}


def message(
    method: str, parameters: Mapping[str, Any], *, more: bool = False, oneway: bool = False, upgrade: bool = False
) -> bytes:
    """A call as it is sent. What is a number to NumPy is one here."""
    call: Dict[str, Any] = {"method": method}
    if parameters:
        call["parameters"] = parameters
    call.update({name: True for name, is_set in (("more", more), ("oneway", oneway), ("upgrade", upgrade)) if is_set})
    try:
        text = json.dumps(call, ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_plain).encode()
    except (TypeError, ValueError) as error:
        reason = _without_json(parameters)
        if reason is None and isinstance(error, TypeError):
            raise
        raise type(error)(f"{method}: {reason or error}") from None
    if len(text) > MESSAGE_LIMIT:
        raise MessageTooLarge(f"{method}: {len(text)} bytes, a message has {MESSAGE_LIMIT} at most")
    return text + b"\0"


def _is_scalar(value: Any) -> bool:
    """Whether it is one of NumPy's scalars, or an array of no dimensions."""
    return hasattr(value, "item") and getattr(value, "shape", None) == ()


def _plain(value: Any) -> Any:
    if _is_scalar(value):
        plain = value.item()
        if isinstance(plain, (bool, int, float, str)):
            return plain
    raise TypeError(f"{type(value).__name__} is not JSON")


_RIGHT = "right would be text, True or False, a number, or a list or a dict of those"


def _without_json(value: Any, name: str = "") -> Optional[str]:
    """The first value in it that JSON has not, what it is called, and what is wrong with it."""
    if _is_scalar(value):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return f"{name}: {value} can't be said in JSON; right would be a finite number"
    members: Iterable[Tuple[Any, Any]] = ()
    if isinstance(value, Mapping):
        members = value.items()
    elif isinstance(value, (list, tuple)):
        members = enumerate(value)
    elif not isinstance(value, (str, bool, int, float, type(None))):
        return f"{name}: {value!r:.60}, of type {type(value).__name__}, can't be said in JSON; {_RIGHT}"
    return next(filter(None, (_without_json(member, str(key)) for key, member in members)), None)


class Replies:
    """Replies out of the bytes that come, in whatever pieces."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._searched = 0

    def add(self, data: bytes) -> None:
        self._buffer += data

    def next(self) -> Optional[Reply]:
        """The next reply; None where not all of it has come. Raises `SqzdError` for an error reply."""
        end = self._buffer.find(b"\0", self._searched)
        if (end if end >= 0 else len(self._buffer)) > MESSAGE_LIMIT:
            raise ProtocolError(f"a reply is larger than {MESSAGE_LIMIT} bytes")
        if end < 0:
            self._searched = len(self._buffer)
            return None
        text = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        self._searched = 0
        return _reply(text)


def _reply(text: bytes) -> Reply:
    try:
        reply = json.loads(text.decode(), object_pairs_hook=_unique, parse_constant=_no_constant)
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
