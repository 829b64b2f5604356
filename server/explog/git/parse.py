"""What a commit says, from its object or from what git prints of it."""

from __future__ import annotations

import codecs
import re
from functools import lru_cache
from typing import NamedTuple

# Text beyond this is kept by git alone; a message of megabytes is a mistake or an attack.
MESSAGE_LIMIT = 256 * 1024
# How nearly everybody is written: nothing in it needs mending.
_USUAL = re.compile(r"([a-z]+) ([^<>\s](?:[^<>\n]*[^<>\s])?) <([^<>\s]*)>", re.ASCII)
_USUAL_LENGTH = 256
_WRITTEN = re.compile(rb"\s*(-?)([0-9]+)")
# What SQLite can hold, in digits: a date beyond is nonsense.
_SECONDS_DIGITS = 15
# Python has codecs that take hours for what a commit may call its encoding, or that are none.
_NO_ENCODINGS = {"idna", "punycode", "unicode-escape", "raw-unicode-escape", "undefined"}


class CommitObject(NamedTuple):  # no dataclass: made 200,000 times, and three times as fast
    """A commit. Times are seconds since 1970, `oid` is full.

    `message` is decoded, bounded, and as git shows it: without empty lines at its ends, without
    blanks where its lines end, and without what stands behind a NUL, which nobody would see.
    """

    oid: str
    parents: tuple[str, ...]
    author: str
    email: str
    author_time: int
    committer_time: int
    message: str


def parse_commit(oid: str, data: bytes) -> CommitObject:
    """Parse the commit object DATA; whatever is malformed in it becomes empty or zero."""
    head, _blank, message = data.partition(b"\0")[0].partition(b"\n\n")
    lines = [line.rstrip(b" \t\r") for line in message.split(b"\n")]
    return _parse(oid.encode("ascii") + b"\n" + head, b"\n".join(lines).strip(b"\n"))


def parse_printed(data: bytes) -> CommitObject:
    """Parse what `git rev-list --header` prints of a commit, without the NUL at the end.

    That is its id on a line, and the object, the message indented by four blanks.
    """
    head, _blank, message = data.partition(b"\n\n")
    return _parse(head, message[4:-1].replace(b"\n    ", b"\n"))


def _parse(head: bytes, message: bytes) -> CommitObject:
    if len(message) <= MESSAGE_LIMIT:
        try:  # `suppress` takes as long as half of the parsing
            return _parse_usual(head.decode(), message.decode())
        except ValueError:
            pass
    return _parse_any(head.removesuffix(b"\n").split(b"\n"), message)


def _parse_usual(head: str, message: str) -> CommitObject:
    """Return the commit if it is like nearly all: in UTF-8, not signed, no odd persons or dates.

    Raises ValueError if it is not.
    """
    oid, _tree, *above, author, committer = head.split("\n")
    parents = tuple([line[7:] for line in above if line[:7] == "parent "])
    author, written, zone = author.rsplit(" ", 2)
    committer, committed, other = committer.rsplit(" ", 2)
    name, email = _usual_person("author", author)
    _usual_person("committer", committer)
    digits = written + committed
    if (
        len(parents) != len(above)
        or ">" in zone + other  # the date stands behind the last of them
        or not (digits.isascii() and digits.isdigit())
        or len(written) > _SECONDS_DIGITS
        or len(committed) > _SECONDS_DIGITS
    ):
        raise ValueError
    return CommitObject(oid, parents, name, email, int(written), int(committed), message)


@lru_cache(1024)
def _usual_person(key: str, line: str) -> tuple[str, str]:
    match = _USUAL.fullmatch(line) if len(line) < _USUAL_LENGTH else None
    if match is None or match[1] != key:
        raise ValueError
    return match[2], match[3]


def _parse_any(head: list[bytes], message: bytes) -> CommitObject:
    parents: list[str] = []
    author = committer = b""
    encoding = "utf-8"
    oid, *lines = head
    # Blanks count for nothing, as git leaves out those at the end of what it prints.
    for number, line in enumerate(lines):
        key, _blank, value = line.partition(b" ")
        if key == b"parent" and number == 1 + len(parents):
            parents.append(value.decode("ascii", "replace"))
        elif key == b"author" and value.strip():
            author = value
        elif key == b"committer" and value.strip():
            committer = value
        elif key == b"encoding" and value.strip():
            encoding = value.decode("ascii", "replace")
    name, email, author_time = _person(author, encoding)
    return CommitObject(
        oid=oid.decode("ascii"),
        parents=tuple(parents),
        author=name,
        email=email,
        author_time=author_time,
        committer_time=_person(committer, encoding)[2],
        message=_decode(message[:MESSAGE_LIMIT], encoding),
    )


def _person(value: bytes, encoding: str) -> tuple[str, str, int]:
    """Split `Name <address> seconds zone` as git does, which reads a great deal of nonsense."""
    name, opened, rest = value.partition(b"<")
    email, closed, _rest = rest.partition(b">")
    if not opened or not closed:
        return _decode(value.strip(), encoding), "", 0
    written = _WRITTEN.match(value, value.rfind(b">") + 1)
    seconds = 0
    if written is not None:
        sign, digits = written.groups()
        size = int(digits) if len(digits) <= _SECONDS_DIGITS else 10**_SECONDS_DIGITS
        seconds = -size if sign else size
    return _decode(name.strip(), encoding), _decode(email.strip(), encoding), seconds


def _decode(data: bytes, encoding: str) -> str:
    """Decode DATA; the result can be stored and sent, whatever a commit says of its encoding."""
    try:
        codec = codecs.lookup(encoding).name.replace("_", "-")
    except (LookupError, ValueError):
        codec = "utf-8"
    try:
        if codec == "utf-8" or codec in _NO_ENCODINGS:
            text = _utf8_or_latin1(data)
        else:
            text = data.decode(codec, "replace")
    except (LookupError, ValueError):  # a codec that is none of text
        text = _utf8_or_latin1(data)
    text = text.encode("utf-8", "replace").decode("utf-8")  # UTF-7 can make half characters
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}")


def _utf8_or_latin1(data: bytes) -> str:
    """Decode DATA as UTF-8, or as what old editors wrote without declaring it."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.reason == "unexpected end of data" and len(data) == MESSAGE_LIMIT:
            return data[: error.start].decode("utf-8", "replace")
        return data.decode("latin-1")
