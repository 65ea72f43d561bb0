"""What can go wrong. An error reply becomes the subclass of `SqzdError` that has its name, here or in `protocol`, else a
plain `SqzdError`."""

import json
from typing import Any, Mapping

from .sentences import sentence


class DaemonUnreachable(ConnectionError):
    """No daemon answers at the socket, or it went away before it had answered."""


class ProtocolError(Exception):
    """What came from the daemon is not what the protocol says."""


class MessageTooLarge(ValueError):
    """A call is larger than a message may be; it was not sent."""


class SqzdError(Exception):
    """An error reply. `name` is its full name, `parameters` are what the interface says of it."""

    def __init__(self, name: str, parameters: Mapping[str, Any]) -> None:
        super().__init__(name, parameters)
        self.name = name
        self.parameters = dict(parameters)

    def __str__(self) -> str:
        told = sentence(self.name, self.parameters)
        if told is not None:
            return told
        told = ", ".join(f"{key} {json.dumps(value, ensure_ascii=False)}" for key, value in self.parameters.items())
        return f"{self.name}: {told}" if told else self.name

    @staticmethod
    def of_reply(name: str, parameters: Mapping[str, Any]) -> "SqzdError":
        known = {error.__name__: error for error in reversed(SqzdError.__subclasses__())}
        return known.get(name.rpartition(".")[2], SqzdError)(name, parameters)


class ExpectedMore(SqzdError):
    """The method streams: use `Client.stream`."""


class InvalidParameter(SqzdError):
    """`parameter` is unknown, missing or of the wrong type."""


class MethodNotFound(SqzdError):
    """The daemon does not know `method`; an older one than this client expects."""


class PermissionDenied(SqzdError):
    """The calling user may not do this."""
