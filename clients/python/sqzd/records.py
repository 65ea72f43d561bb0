"""Dataclasses from a reply's JSON: `job.submitted_at` is its `submittedAt`."""

import dataclasses
import functools
from typing import (
    Any,
    Dict,
    List,
    Mapping,
    Tuple,
    Type,
    TypeVar,
    Union,
    cast,
    get_args,
    get_origin,
    get_type_hints,
)

from .errors import ProtocolError

_Record = TypeVar("_Record")


def record(kind: Type[_Record], value: Any) -> _Record:
    """`value`, a JSON object, as the dataclass `kind`. Fields that it does not know, a newer daemon's, are ignored."""
    if not isinstance(value, dict):
        raise ProtocolError(f"{kind.__name__} must be an object, is {value!r:.60}")
    fields: Dict[str, Any] = {}
    for name, key, hint in _fields(cast(Any, kind)):
        if value.get(key) is not None:
            fields[name] = _value(hint, value[key], f"{kind.__name__}.{key}")
        elif not _is_optional(hint):
            raise ProtocolError(f"{kind.__name__} lacks {key}")
        else:
            fields[name] = None
    return kind(**fields)


def member(kind: Type[_Record], reply: Mapping[str, Any], key: str) -> _Record:
    """One member of a reply that is a `kind`: a dataclass or a plain type."""
    found: _Record = _value(kind, reply.get(key), key)
    return found


def records(kind: Type[_Record], value: Any) -> List[_Record]:
    if not isinstance(value, list):
        raise ProtocolError(f"a list of {kind.__name__} is missing")
    return [record(kind, element) for element in value]


@functools.lru_cache(maxsize=None)
def _fields(kind: Any) -> List[Tuple[str, str, Any]]:
    hints = get_type_hints(kind)
    return [(field.name, wire_name(field.name), hints[field.name]) for field in dataclasses.fields(kind)]


def wire_name(name: str) -> str:
    """`submittedAt` of `submitted_at`."""
    first, *others = name.split("_")
    return first + "".join(word.capitalize() for word in others)


def _is_optional(hint: Any) -> bool:
    return get_origin(hint) is Union


def _value(hint: Any, value: Any, where: str) -> Any:
    origin = get_origin(hint)
    if origin is Union:
        return _value(get_args(hint)[0], value, where)
    if origin is list and isinstance(value, list):
        return [_value(get_args(hint)[0], element, where) for element in value]
    if origin is dict and isinstance(value, dict):
        return {key: _value(get_args(hint)[1], element, where) for key, element in value.items()}
    if hint is Any:
        return value
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return record(hint, value)
    if hint is float and type(value) in (int, float):
        return float(value)
    if type(value) is hint:
        return value
    raise ProtocolError(f"{where} can't be {value!r:.60}")
