"""Whether bytes are UTF-8."""

from __future__ import annotations

import codecs

_PIECE = 1 << 20
"""Bytes."""


def is_utf8(data: bytes) -> bool:
    """Tell whether DATA is UTF-8, in little memory: as text it may take four times as much."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    view = memoryview(data)
    try:
        for start in range(0, len(data), _PIECE):
            decoder.decode(view[start : start + _PIECE])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True
