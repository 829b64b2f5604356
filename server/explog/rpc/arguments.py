"""Check the arguments of a call against the annotations of the method, in one place.

annotation     what Emacs may send
str            text in UTF-8
FileName       a file name, in any bytes
int            an integer of at most 64 bits
float          a number
bool           t or nil
X | None       nil, or what X takes
list[X]        a list or vector of what X takes
a NamedTuple   a list or vector with a value for each field
object         anything
"""

from __future__ import annotations

from functools import cache
from types import NoneType, UnionType
from typing import Any, NewType, Union, get_args, get_origin, get_type_hints

from explog.errors import ExplogError
from explog.rpc.wire import Symbol

FileName = NewType("FileName", str)
"""A file name as `os.fsdecode` returns it: bytes that are not UTF-8 are lone surrogates."""

_SHOWN = 40
_INTEGERS = range(-(2**63), 2**63)


def check_argument(kind: Any, value: object, name: str) -> Any:
    """Return VALUE, which came over the wire, as the annotation KIND has it.

    Raises ExplogError `bad-arguments`, whose message calls the value NAME.
    """
    if kind in _SCALARS:
        return _scalar(kind, value, name)
    if get_origin(kind) in (UnionType, Union):
        (kind,) = (one for one in get_args(kind) if one is not NoneType)
        return None if value == [] else check_argument(kind, value, name)
    if not isinstance(value, list):
        raise _wrong(name, "a list", value)
    if get_origin(kind) is list:
        (item_kind,) = get_args(kind)
        return [check_argument(item_kind, item, f"{name}[{n}]") for n, item in enumerate(value)]
    return _row(kind, value, name)


def _row(kind: Any, value: list[object], name: str) -> Any:
    fields = _fields(kind)
    if len(value) != len(fields):
        raise _wrong(name, f"a list of {', '.join(fields)}", value)
    items = zip(fields.items(), value, strict=True)
    return kind(*(check_argument(each, item, f"{name}.{field}") for (field, each), item in items))


def _scalar(kind: Any, value: object, name: str) -> object:
    if kind is object:
        return value
    if kind is bool:
        if value is True or value == []:
            return bool(value)
        raise _wrong(name, "t or nil", value)
    if kind in (int, float):
        allowed = int if kind is int else (int, float)
        if not isinstance(value, allowed) or isinstance(value, bool):
            raise _wrong(name, "an integer" if kind is int else "a number", value)
        if isinstance(value, int) and value not in _INTEGERS:
            raise _wrong(name, "an integer of at most 64 bits", value)
        return value
    if not isinstance(value, str) or isinstance(value, Symbol):
        raise _wrong(name, "a file name" if kind is FileName else "a string", value)
    if kind is str and not _is_utf_8(value):
        raise _wrong(name, "text in UTF-8", value)
    if kind is FileName and "\0" in value:
        raise _wrong(name, "a file name", value)
    return value


@cache
def _fields(kind: type) -> dict[str, Any]:
    """Return the annotations of the fields of a NamedTuple."""
    return get_type_hints(kind)


_SCALARS = (str, int, float, bool, object, FileName)


def _is_utf_8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _wrong(name: str, wanted: str, value: object) -> ExplogError:
    return ExplogError("bad-arguments", f"{name} must be {wanted}, not {_describe(value)}")


def _describe(value: object) -> str:
    """Return in a few words what VALUE is, as Emacs would call it."""
    match value:
        case []:
            return "nil"
        case True:
            return "t"
        case list():
            return f"a list of {len(value)}"
        case Symbol():
            return f"the symbol {_shorten(value)}"
        case str():
            return f"the string {_shorten(ascii(value))}"
    return _shorten(str(value))


def _shorten(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
