"""The protocol's files: its interfaces, read by the PyPI package `varlink`, and its examples."""

import json
from pathlib import Path
from typing import Any, Dict, List

import varlink
from varlink import scanner

PROTOCOL = Path(__file__).parents[3] / "protocol"
COUNTDOWN = Path(__file__).parents[3] / "Tests" / "Plugins" / "countdown"

# The package knows org.varlink.service without the two errors that systemd added to it.
SERVICE = (Path(varlink.__file__).parent / "org.varlink.service.varlink").read_text() + """
error PermissionDenied ()
error ExpectedMore ()
"""

DESCRIPTIONS: Dict[str, str] = {file.stem: file.read_text() for file in sorted(PROTOCOL.glob("*.varlink"))}
INTERFACES: Dict[str, Any] = {
    name: scanner.Interface(text) for name, text in {**DESCRIPTIONS, "org.varlink.service": SERVICE}.items()
}
EXAMPLES: Dict[str, Dict[str, Any]] = {
    file.stem: json.loads(file.read_text()) for file in sorted((PROTOCOL / "examples").glob("*.json"))
}


def replies(name: str) -> List[Dict[str, Any]]:
    """Those of an example."""
    found: List[Dict[str, Any]] = EXAMPLES[name]["replies"]
    return found


def members(kind: type) -> List[str]:
    """The full names of all methods (`scanner._Method`) or errors (`scanner._Error`)."""
    return [
        f"{name}.{member}"
        for name, interface in INTERFACES.items()
        for member, definition in interface.members.items()
        if isinstance(definition, kind)
    ]


METHODS = members(scanner._Method)
ERRORS = members(scanner._Error)


def member(full_name: str) -> Any:
    interface, _, name = full_name.rpartition(".")
    return INTERFACES[interface].members[name]


def check_method(name: str, way: str, parameters: Dict[str, Any]) -> None:
    """`way` is "in" or "out"."""
    method = member(name)
    interface = name.rpartition(".")[0]
    check(interface, method.in_type if way == "in" else method.out_type, parameters, f"{name} {way}")


def check_error(name: str, parameters: Dict[str, Any]) -> None:
    check(name.rpartition(".")[0], member(name).type, parameters, name)


def check(interface: str, kind: Any, value: Any, where: str) -> None:
    """`value` must be of the scanner's type `kind`, a float with a fraction, nothing null and nothing unknown."""
    if isinstance(kind, scanner._CustomType):
        check(interface, INTERFACES[interface].members[kind.name].type, value, where)
    elif isinstance(kind, scanner._Maybe):
        check(interface, kind.element_type, value, where)
    elif isinstance(kind, scanner._Array):
        assert type(value) is list, where
        for index, element in enumerate(value):
            check(interface, kind.element_type, element, f"{where}[{index}]")
    elif isinstance(kind, scanner._Dict):
        assert type(value) is dict, where
        for key, element in value.items():
            check(interface, kind.element_type, element, f"{where}.{key}")
    elif isinstance(kind, scanner._Enum):
        assert value in kind.fields, where
    elif isinstance(kind, scanner._Struct):
        assert type(value) is dict, where
        assert set(value) <= set(kind.fields), f"{where}: unknown fields {set(value) - set(kind.fields)}"
        for name, field in kind.fields.items():
            if name in value:
                check(interface, field, value[name], f"{where}.{name}")
            else:
                assert isinstance(field, scanner._Maybe), f"{where} lacks {name}"
    elif isinstance(kind, scanner._Object):
        assert type(value) is dict, where
    else:
        # The scanner says bool, int, float and string by a value of theirs.
        assert type(value) is type(kind), f"{where} is {value!r}"


def identical(value: Any) -> str:
    """Equal texts are the same JSON value, where 1 and 1.0 are not."""
    return json.dumps(value, sort_keys=True)
