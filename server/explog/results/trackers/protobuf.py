"""Read messages of Protocol Buffers without their descriptions, as these files have few fields."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

Field: TypeAlias = "tuple[int, int | bytes]"
"""The number of a field, and its value: bytes, or a number if it was written as a varint."""

_VARINT, _EIGHT_BYTES, _BYTES, _FOUR_BYTES = 0, 1, 2, 5
_LONGEST_VARINT = 10


class BadMessageError(ValueError):
    """Bytes are no message."""


def read_fields(data: bytes) -> Iterator[Field]:
    """Yield the fields of the message DATA in their order; raise BadMessageError."""
    at, end = 0, len(data)
    while at < end:
        key, at = _varint(data, at)
        kind = key & 7
        if kind == _VARINT:
            value, at = _varint(data, at)
            yield key >> 3, value
            continue
        if kind == _BYTES:
            size, at = _varint(data, at)
        elif kind in (_EIGHT_BYTES, _FOUR_BYTES):
            size = 8 if kind == _EIGHT_BYTES else 4
        else:
            raise BadMessageError
        if size > end - at:
            raise BadMessageError
        yield key >> 3, data[at : at + size]
        at += size


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """Return the number that begins at AT, and where it ends."""
    value = 0
    for place, byte in enumerate(data[at : at + _LONGEST_VARINT]):
        value |= (byte & 0x7F) << (7 * place)
        if byte < 0x80:
            return value, at + place + 1
    raise BadMessageError


def text_of(value: int | bytes) -> str:
    """Return the text that VALUE is; what is no UTF-8 is replaced."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def message_of(value: int | bytes) -> bytes:
    """Return the message that VALUE is; raise BadMessageError if it is a number."""
    if isinstance(value, int):
        raise BadMessageError
    return value
