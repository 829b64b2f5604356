"""Commits: what they say, read one by one from their objects."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import IO, NamedTuple

from explog.git.repository import Repository, existing
from explog.git.run import stream

_AT_ONCE, _MUCH = 1000, 1 << 20
# Text beyond this is kept by git alone; a message of megabytes is a mistake or an attack.
MESSAGE_LIMIT = 256 * 1024
# What nearly every commit looks like: no encoding, no signature, names that need no mending.
_USUAL = re.compile(
    rb"tree [0-9a-f]+\n((?:parent [0-9a-f]+\n)*)"
    rb"author ([^<>\s](?:[^<>\n]*[^<>\s])?) <([^<>\s]*)> (\d{1,12}) [-+]\d{4}\n"
    rb"committer [^<>\n]*<[^<>\n]*> (\d{1,12}) [-+]\d{4}\n\n"
)
_WRITTEN = re.compile(rb"\s*(-?)([0-9]+)")
# What SQLite can hold, in digits: a date beyond is nonsense.
_SECONDS_DIGITS = 15
# Python has codecs that take hours for what a commit may call its encoding, or that are none.
_NO_ENCODINGS = {"idna", "punycode", "unicode-escape", "raw-unicode-escape", "undefined"}


class Commit(NamedTuple):  # no dataclass: made 200,000 times, and three times as fast
    """A commit. Times are seconds since 1970, `oid` is full, `message` is decoded and bounded."""

    oid: str
    parents: tuple[str, ...]
    author: str
    email: str
    author_time: int
    committer_time: int
    message: str


def read_commits(repository: Repository, oids: Sequence[str]) -> Iterator[Commit]:
    """Yield the commits OIDS in that order."""
    if not oids:
        return
    stdin = "".join(f"{oid}\n" for oid in oids).encode("ascii")
    with stream(
        repository.path, "cat-file", "--batch=%(objectsize)", "--buffer", stdin=stdin
    ) as output:
        for oid in oids:
            yield parse_commit(oid, _read_object(output))


def read_batches(repository: Repository, oids: Sequence[str]) -> Iterator[list[Commit]]:
    """Yield the commits OIDS in that order, many at a time."""
    some: list[Commit] = []
    size = 0
    for commit in read_commits(repository, oids):
        some.append(commit)
        size += len(commit.message)
        if len(some) == _AT_ONCE or size > _MUCH:
            yield some
            some, size = [], 0
    if some:
        yield some


def read_known(repository: Repository, oids: Iterable[str]) -> dict[str, Commit]:
    """Return the commits among OIDS whose objects are still there, reachable or not."""
    there = existing(repository, oids)
    return {commit.oid: commit for commit in read_commits(repository, there)}


def _read_object(output: IO[bytes]) -> bytes:
    header = output.readline().strip()
    if not header.isdigit():
        said = header.decode("utf-8", "replace") or "git ended early"
        raise EOFError(f"an object cannot be read: {said}")
    size = int(header)
    data = output.read(size + 1)
    if len(data) != size + 1 or not data.endswith(b"\n"):
        raise EOFError("git ended in the middle of an object")
    return data[:-1]


def parse_commit(oid: str, data: bytes) -> Commit:
    """Parse the raw commit object DATA; whatever is malformed in it becomes empty or zero."""
    match = _USUAL.match(data)
    if match is not None and len(data) <= MESSAGE_LIMIT and b"\0" not in data:
        above, name, email, written, committed = match.groups()
        try:
            message = data[match.end() :].decode()
            author, address = name.decode(), email.decode()
        except UnicodeDecodeError:
            return _parse_any(oid, data)
        parents = tuple(above.decode().split()[1::2])
        return Commit(oid, parents, author, address, int(written), int(committed), message)
    return _parse_any(oid, data)


def _parse_any(oid: str, data: bytes) -> Commit:
    # git shows nobody what stands behind a NUL, so it must not claim anything either.
    head, _blank, message = data.partition(b"\0")[0].partition(b"\n\n")
    parents: list[str] = []
    author = committer = b""
    encoding = "utf-8"
    for number, line in enumerate(head.split(b"\n")):
        key, space, value = line.partition(b" ")
        if key == b"parent" and number == 1 + len(parents):
            parents.append(value.decode("ascii", "replace"))
        elif key == b"author" and space:
            author = value
        elif key == b"committer" and space:
            committer = value
        elif key == b"encoding" and space:
            encoding = value.decode("ascii", "replace")
    name, email, author_time = _person(author, encoding)
    return Commit(
        oid=oid,
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
        return _decode(value, encoding), "", 0
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
