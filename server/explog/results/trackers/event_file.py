"""Read the last value of each scalar in an event file of TensorBoard.

A file has records: length (8 bytes), check sum of that, data, check sum of that. Data is a message
of Protocol Buffers, `Event` in event.proto. A scalar is `simple_value` there, or a tensor with one
value, as TensorFlow 2 and newer versions of PyTorch write it.
"""

from __future__ import annotations

import os
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from math import isfinite
from typing import IO

from explog.results.folder import UnreadFileError
from explog.results.trackers.protobuf import BadMessageError, message_of, read_fields, text_of
from explog.results.values import Number
from explog.results.written import read_number

MOST_BYTES = 64 << 20
_HEAD, _TAIL = 12, 4
# Scalars are small; pictures are not.
_LARGEST = 1 << 16
_MOST_TAGS = 2000

_DAMAGED = "a record in it is damaged"

_SUMMARY, _VALUE = 5, 1
_TAG, _SIMPLE, _TENSOR, _METADATA = 1, 2, 8, 9
_TYPE, _SHAPE, _CONTENT, _FLOATS, _DOUBLES = 1, 2, 4, 5, 6
_PLUGIN, _PLUGIN_NAME = 1, 1
_FORMATS = {1: "<f", 2: "<d", 3: "<i", 9: "<q"}  # by the type of a tensor

# What nearly all records are, as a whole: time, step, and one value of the old form.
_PLAIN = re.compile(
    rb"\x09.{8}(?:\x10[\x80-\xff]{0,9}[\x00-\x7f])?"
    rb"\x2a[\x00-\x7f]\x0a[\x00-\x7f]\x0a([\x00-\x7f])(.*)\x15(.{4})",
    re.DOTALL,
)


@dataclass(slots=True)
class _Tags:
    """The last value of each tag."""

    last: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    """The format of each value, and its bytes."""
    scalars: set[str] = field(default_factory=set)
    """The tags that have scalars as tensors, which is said once."""

    def take(self, record: bytes) -> None:
        """Take in the values of RECORD; raise BadMessageError."""
        plain = _PLAIN.fullmatch(record)
        if plain is not None and len(plain[2]) == plain[1][0]:
            self._put(plain[2].decode("utf-8", "replace"), "<f", plain[3])
            return
        for number, value in read_fields(record):
            if number == _SUMMARY:
                for place, one in read_fields(message_of(value)):
                    if place == _VALUE:
                        self._take_value(message_of(one))

    def _take_value(self, message: bytes) -> None:
        parts = dict(read_fields(message))
        tag = text_of(parts.get(_TAG, b""))
        if _METADATA in parts and _is_scalar(message_of(parts[_METADATA])):
            self.scalars.add(tag)
        simple = parts.get(_SIMPLE)
        if isinstance(simple, bytes) and len(simple) == 4:
            self._put(tag, "<f", simple)
        elif _TENSOR in parts and tag in self.scalars:
            found = _scalar_of(message_of(parts[_TENSOR]))
            if found is not None:
                self._put(tag, *found)

    def _put(self, tag: str, form: str, value: bytes) -> None:
        if tag in self.last or len(self.last) < _MOST_TAGS:
            self.last[tag] = form, value


class EventFile:
    """What was read of an event file, which grows while a run goes on: only what is new is read."""

    def __init__(self) -> None:
        self._tags = _Tags()
        self._at = 0
        self._left = MOST_BYTES

    def read(self, descriptor: int) -> dict[str, Number]:
        """Return the last value of each scalar in the file, open as DESCRIPTOR.

        Raises UnreadFileError, also where a record is damaged: nobody knows the last values then.
        """
        try:
            with os.fdopen(os.dup(descriptor), "rb") as stream:
                if os.fstat(descriptor).st_size < self._at:  # it is another one by now
                    self._tags, self._at, self._left = _Tags(), 0, MOST_BYTES
                stream.seek(self._at)
                for record in self._records(stream):
                    self._tags.take(record)
        except OSError as error:
            raise UnreadFileError(str(error.strerror)) from error
        except BadMessageError as error:
            raise UnreadFileError("what is in it is no event") from error
        last = self._tags.last.items()
        return {tag: _number(struct.unpack(form, value)[0], form) for tag, (form, value) in last}

    def _records(self, stream: IO[bytes]) -> Iterator[bytes]:
        """Yield the records that are new, whole, and not too large for scalars."""
        size = os.fstat(stream.fileno()).st_size
        while len(head := stream.read(_HEAD)) == _HEAD:
            length = int.from_bytes(head[:8], "little")
            if masked_crc(head[:8]) != head[8:]:
                raise UnreadFileError(_DAMAGED)
            end = self._at + _HEAD + length + _TAIL
            if end > size:
                return  # it is being written
            if length > _LARGEST:
                stream.seek(end)
            else:
                record = stream.read(length)
                if masked_crc(record) != stream.read(_TAIL):
                    raise UnreadFileError(_DAMAGED)
                self._left -= length
                if self._left < 0:
                    raise UnreadFileError("it has more than 64 MB of values")
                yield record
            self._at = end


def _is_scalar(metadata: bytes) -> bool:
    """Tell whether METADATA of a value says that it is one for the plugin of scalars."""
    plugin = dict(read_fields(metadata)).get(_PLUGIN)
    if not isinstance(plugin, bytes):
        return False
    return dict(read_fields(plugin)).get(_PLUGIN_NAME) == b"scalars"


def _scalar_of(tensor: bytes) -> tuple[str, bytes] | None:
    """Return the one value in TENSOR, with the format of its bytes; None if it has not one."""
    parts = dict(read_fields(tensor))
    form = _FORMATS.get(parts.get(_TYPE, 0))  # type: ignore[arg-type]  # of bytes there is none
    for place, own in ((_CONTENT, form), (_FLOATS, "<f"), (_DOUBLES, "<d")):
        value = parts.get(place)
        if own and own == form and isinstance(value, bytes) and len(value) == struct.calcsize(own):
            return own, value
    return None


def _number(value: float, form: str) -> Number:
    """Return VALUE with as many digits as tell it from others of its format."""
    if form != "<f" or not isfinite(value):
        return read_number(repr(value))
    for digits in range(6, 10):
        text = f"{value:.{digits}g}"
        if struct.pack("<f", float(text)) == struct.pack("<f", value):
            break
    return read_number(text)


# The check sum: CRC-32C, masked.

_MASK = 0xA282EAD8


def _table() -> list[int]:
    table = []
    for byte in range(256):
        for _bit in range(8):
            byte = (byte >> 1) ^ (0x82F63B78 if byte & 1 else 0)  # noqa: PLW2901
        table.append(byte)
    return table


_CRC = _table()


def masked_crc(data: bytes) -> bytes:
    """Return the check sum of DATA as event files have it, 4 bytes."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc = _CRC[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    crc ^= 0xFFFFFFFF
    return (((crc >> 15 | crc << 17) + _MASK) & 0xFFFFFFFF).to_bytes(4, "little")
