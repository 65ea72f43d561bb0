"""What can go wrong. An error reply becomes the subclass of `SqzdError` that has its name, else a plain `SqzdError`."""

import json
from typing import Any, Dict, Mapping, Type


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
        told = ", ".join(f"{key} {json.dumps(value, ensure_ascii=False)}" for key, value in self.parameters.items())
        return f"{self.name}: {told}" if told else self.name

    @staticmethod
    def of_reply(name: str, parameters: Mapping[str, Any]) -> "SqzdError":
        return _BY_NAME.get(name.rpartition(".")[2], SqzdError)(name, parameters)


class BadData(SqzdError):
    """`file` can't be used as data, for `reason`."""


class BadImage(SqzdError):
    """Picture number `index` can't be used, for `reason`."""


class Busy(SqzdError):
    """`limit` calls wait for this model already."""


class ExpectedMore(SqzdError):
    """The method streams: use `Client.stream`."""


class InUse(SqzdError):
    """`jobs` that have not ended use `dataset`."""


class InvalidOption(SqzdError):
    """`option` does not fit, for `reason`."""


class InvalidParameter(SqzdError):
    """`parameter` is unknown, missing or of the wrong type."""


class JobEnded(SqzdError):
    """Job `id` has ended already; `state` says how."""


class MethodNotFound(SqzdError):
    """The daemon does not know `method`; an older one than this client expects."""


class NameTaken(SqzdError):
    """Another data set is called `dataset`."""


class NoDatasets(SqzdError):
    """There is no data set yet."""


class NoModels(SqzdError):
    """There is no model yet."""


class NoSuchDataset(SqzdError):
    """There is no data set `dataset`; `known` are those there are."""


class NoSuchJob(SqzdError):
    """There is no job `id`."""


class NoSuchKind(SqzdError):
    """No runner offers `kind`; `kinds` are those that are offered."""


class NoSuchModel(SqzdError):
    """There is no model `model`; `known` are those there are."""


class PathNotAllowed(SqzdError):
    """The daemon reads only paths below `allowed`; upload instead."""


class PermissionDenied(SqzdError):
    """The calling user may not do this."""


class QueueFull(SqzdError):
    """`limit` jobs are queued already."""


class RunnerFailed(SqzdError):
    """The program that does the work failed, for `reason`."""


class Stopping(SqzdError):
    """The daemon is stopping."""


class TooLarge(SqzdError):
    """More `what` than the `limit`; `current`, where it is given, is how much there is."""


class TooManyImages(SqzdError):
    """More than `limit` pictures in one call."""


_BY_NAME: Dict[str, Type[SqzdError]] = {error.__name__: error for error in SqzdError.__subclasses__()}
