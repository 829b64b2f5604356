"""Bytes are found to be UTF-8 piece by piece as they are at once."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from explog.org import utf8
from explog.org.utf8 import is_utf8


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


PIECES = st.lists(st.one_of(st.binary(max_size=4), st.text(max_size=3).map(_encoded)))


@given(data=PIECES.map(b"".join), piece=st.integers(1, 5))
def test_piece_by_piece_as_at_once(data: bytes, piece: int) -> None:
    before, utf8._PIECE = utf8._PIECE, piece
    try:
        assert is_utf8(data) == _is_decoded(data)
    finally:
        utf8._PIECE = before


def _is_decoded(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
