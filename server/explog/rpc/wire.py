"""EPC's frames and messages: bytes to plain values and back.

A frame is six hex digits, then that many bytes: a message in UTF-8 and a newline. A message is a
list: `(call UID METHOD ARGS)`, `(return UID VALUE)`, `(return-error UID ERROR)`,
`(epc-error UID ERROR)` or `(methods UID)`.

    Lisp                         Python
    string                       str; a byte that is not UTF-8 is one of U+DC80..U+DCFF
    integer, float               int, float (finite)
    t, nil                       True, [] (and from Python False, None, () and {} become nil)
    list, vector                 list (from Python list, tuple; `Bulk` becomes a vector)
    plist                        list; `plist` makes a dict of it (from Python dict)
    any other symbol             Symbol
"""

from __future__ import annotations

import codecs
import json
import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import sexpdata

from explog.errors import ExplogError

PROTOCOL = 6
"""Raised whenever a method or a message changes so that an older side would misread it."""

MAX_FRAME = 0xFFFFFF
"""Bytes of the longest message with its newline: the most that six hex digits can count."""

HEADER = 6
"""Bytes before a message, which say how long it is."""

_HEAD = re.compile(rb"[0-9a-fA-F]*")
_LINE = 300

T = TypeVar("T")

if TYPE_CHECKING:
    # sexpdata has no types; these are the parts in use.
    class Symbol(str):
        """A Lisp symbol."""

    class _Parser:
        string: str

        def __init__(self, string: str) -> None: ...
        def parse(self) -> list[object]: ...

else:
    Symbol = sexpdata.Symbol
    _Parser = sexpdata.Parser


class BrokenStreamError(Exception):
    """The stream is not EPC, or ends within a message: nothing after it can be trusted."""


@dataclass(frozen=True)
class Bulk(Generic[T]):
    """Many rows for Emacs: a vector of vectors, which is written ten times as fast as lists.

    `rows` holds str, int, finite float, True, False, None, and lists or tuples of these, to any
    depth. None and False arrive as nil.
    """

    rows: Sequence[T]


# Reading


def frames(read: Callable[[int], bytes], limit: Callable[[], int]) -> Iterator[bytes]:
    """Yield the message of each frame that `read(size)` gives; end at a clean end of file.

    `read` returns `size` bytes, or fewer at the end of the stream. `limit()` is the longest
    message to accept next, in bytes. Raises BrokenStreamError.
    """
    while head := read(HEADER):
        size = frame_size(head.ljust(HEADER, b"\n"), limit()) or 0
        data = read(size)
        if len(data) < size:
            raise BrokenStreamError(
                f"the stream ended after {len(data)} of {size} bytes of a message"
            )
        yield data


def frame_size(data: bytes, limit: int) -> int | None:
    """Return how long the message is whose frame begins with DATA; None where that says too little.

    Raises BrokenStreamError if it is longer than LIMIT, or if this is no frame.
    """
    head = data[:HEADER]
    if not _HEAD.fullmatch(head):
        raise BrokenStreamError(f"{head!r} is not the length of a message")
    if len(head) < HEADER:
        return None
    size = int(head, 16)
    if not 0 < size <= limit:
        raise BrokenStreamError(f"a message of {size} bytes, but {limit} are allowed")
    return size


def decode(data: bytes) -> list[object]:
    """Return the message in `data`, a list. Raises ExplogError "bad-message"."""
    try:
        found = _plain(_Reader(data.decode("utf-8", "surrogateescape")).parse())
    except Exception as error:  # the parser raises all kinds of exceptions
        raise ExplogError("bad-message", f"cannot be read: {one_line(error)}") from error
    if len(found) != 1 or not isinstance(found[0], list):
        raise ExplogError("bad-message", "a message is one list")
    return found[0]


def recover(data: bytes) -> tuple[str, int] | None:
    """Return the kind and the uid of a message that `decode` cannot read, or None."""
    found = re.match(rb"\s*\(\s*([a-z-]+)\s+([0-9]{1,18})[\s)]", data)
    return (found[1].decode(), int(found[2])) if found else None


def plist(value: object) -> dict[str, object]:
    """Return the dict of a plist such as `[Symbol(":code"), "x"]`: {"code": "x"}.

    For a value that is not a plist, return {}.
    """
    if not isinstance(value, list) or len(value) % 2:
        return {}
    keys = value[::2]
    if not all(isinstance(key, Symbol) and key.startswith(":") for key in keys):
        return {}
    return {key[1:]: item for key, item in zip(keys, value[1::2], strict=True)}


def one_line(error: BaseException) -> str:
    """Return the class and the text of `error` in one line of at most `_LINE` characters."""
    text = " ".join(f"{type(error).__name__}: {error}".split())
    return text if len(text) <= _LINE else text[: _LINE - 1] + "…"


class _Reader(_Parser):
    """sexpdata's parser, made to read what Emacs's `prin1` writes.

    By itself it reads `\\377` as four characters, and symbols like `1_0` and `nan` as numbers.
    """

    def parse_str(self, i: int) -> tuple[int, str]:
        found = _STRING.match(self.string, i)
        if found is None:
            raise ValueError("a string without end")
        return found.end(), _unescape(found[1]) if "\\" in found[1] else found[1]

    def atom(self, token: str) -> object:
        if token in _ATOMS:
            return [] if token == "nil" else True  # noqa: S105 - a Lisp token
        if _INTEGER.fullmatch(token):
            return int(token.rstrip(".")) if len(token) <= _DIGITS else Symbol(token)
        number = float(token) if _FLOAT.fullmatch(token) else math.nan
        return number if math.isfinite(number) else Symbol(token)


# A number of more digits, or beyond all floats, is read as a symbol: no method takes either.
_DIGITS = 1000
_ATOMS = ("nil", "t")
_INTEGER = re.compile(r"[-+]?[0-9]+\.?", re.ASCII)
_FLOAT = re.compile(r"[-+]?(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:e[-+]?[0-9]+)?", re.ASCII)
_STRING = re.compile(r'"([^"\\]*(?:\\.[^"\\]*)*)"', re.DOTALL)
_ESCAPE = re.compile(r"\\(?:([0-7]{1,3})|u([0-9A-Fa-f]{4})|(.))", re.DOTALL)
_CONTROL = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}


def _unescape(text: str) -> str:
    def one(found: re.Match[str]) -> str:
        octal, unicode, other = found.groups()
        if octal:
            return bytes([int(octal, 8) & 0xFF]).decode("utf-8", "surrogateescape")
        return chr(int(unicode, 16)) if unicode else _CONTROL.get(other, other)

    # A unibyte string comes byte by byte; bytes that are UTF-8 are text.
    return _to_bytes(_ESCAPE.sub(one, text)).decode("utf-8", "surrogateescape")


def _plain(items: Sequence[object]) -> list[object]:
    """Return `items` with sexpdata's wrappers of vectors and quotes turned into lists."""
    return [_plain(_items(item)) if isinstance(item, _LISTS) else item for item in items]


_LISTS = (list, sexpdata.Brackets, sexpdata.Quoted)


def _items(value: Any) -> Sequence[object]:
    """Return the items of a value of one of `_LISTS`."""
    if isinstance(value, sexpdata.Brackets):
        items: Sequence[object] = value.I
        return items
    return value if isinstance(value, list) else (Symbol("quote"), value.x)


# Writing

_NUMBER_SIGN = rb"\u0023"


def encode(kind: str, uid: int, *rest: object) -> bytes:
    """Return the frame of the message `(KIND UID REST...)`.

    A `#`, which can only be in a string, is written as an escape: Emacs reads no message with one,
    as it begins all that is more than data, such as code in the text properties of a string.

    Raises ExplogError "reply-too-large" (data: size and limit in bytes), or "unencodable" when a
    value has no Lisp form.
    """
    try:
        body = _to_bytes(_list((Symbol(kind), uid, *rest))).replace(b"#", _NUMBER_SIGN)
    except Exception as error:
        raise ExplogError("unencodable", f"cannot be sent: {one_line(error)}") from error
    size = len(body) + 1
    if size > MAX_FRAME:
        message = f"the message has {size} bytes, more than {MAX_FRAME}"
        raise ExplogError("reply-too-large", message, size=size, limit=MAX_FRAME)
    return b"%06x%b\n" % (size, body)


def _lone_surrogate(error: UnicodeError) -> tuple[bytes, int]:
    """Handle an encoding error: U+DC80..U+DCFF is one byte, other surrogates are three."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    character = error.object[error.start]
    how = "surrogateescape" if "\udc80" <= character <= "\udcff" else "surrogatepass"
    return character.encode("utf-8", how), error.start + 1


codecs.register_error("explog-lone-surrogate", _lone_surrogate)


def _to_bytes(text: str) -> bytes:
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "explog-lone-surrogate")


def _writes(kind: type) -> Callable[[_Writer], _Writer]:
    """Have sexpdata write values of `kind` with the decorated function."""

    def register(writer: _Writer) -> _Writer:
        _tosexp.register(kind)(writer)
        return writer

    return register


_tosexp: Any = sexpdata.tosexp
_Writer = TypeVar("_Writer", bound=Callable[..., str])

# sexpdata's own functions split and join the whole text of a list at every level, may write a
# float as the symbol `nan`, and recurse endlessly for bytes.


@_writes(list)
@_writes(tuple)
def _list(items: Sequence[object], **_: object) -> str:
    return f"({' '.join(map(_tosexp, items))})"


@_writes(dict)
def _dict(items: dict[str, object], **_: object) -> str:
    return _list([part for key, item in items.items() for part in (Symbol(f":{key}"), item)])


@_writes(float)
def _float(value: float, **_: object) -> str:
    if not math.isfinite(value):
        raise ValueError(f"Emacs cannot read the number {value}")
    return repr(value)


@_writes(bytes)
def _bytes(value: bytes, **_: object) -> str:
    return str(_tosexp(value.decode("utf-8", "surrogateescape")))


@_writes(Bulk)
def _bulk(bulk: Bulk[object], **_: object) -> str:
    """JSON with tabs for commas, which Lisp reads as vectors.

    JSON escapes the tabs inside strings, so a tab is always between two items, and the words
    that Lisp does not have can be replaced by plain `str.replace`, which costs next to nothing.
    """
    text = json.dumps(bulk.rows, ensure_ascii=False, separators=("\t", "\t"), allow_nan=False)
    if _FIRST.search(text):  # first in a row, or inside a string
        text = _TOKEN.sub(_word, text)
    for word, lisp in _WORDS.items():
        text = text.replace(f"\t{word}", f"\t{lisp}")
    if "{" in text and "\t{" in text:
        raise ValueError("a dict in Bulk")
    return text


_WORDS = {"null": "nil", "false": "nil", "true": "t"}
_FIRST = re.compile(r"\[(?:null|false|true|\{)")
_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|null|false|true|\{')


def _word(found: re.Match[str]) -> str:
    if found[0] == "{":
        raise ValueError("a dict in Bulk")
    return _WORDS.get(found[0], found[0])
