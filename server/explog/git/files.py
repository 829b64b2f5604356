"""Files of commits: which they changed, what is in their folders, and the contents.

Always many at once, so that a thousand commits take three processes and not three thousand.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import IO, Generic, NamedTuple, TypeVar

from explog.git.repository import Repository
from explog.git.run import GitError, one_a_line, stream

LINK, SUBMODULE, _FOLDER = "120000", "160000", "40000"
"""Modes of what is no file with contents of its own."""

_CHUNK = 1 << 16
# How often git may fail until what is left counts as failed too.
_MOST_FAILURES = 20
_Thing = TypeVar("_Thing")


class File(NamedTuple):
    """A file or folder: its path, how git calls its kind, and the id of its content."""

    path: str
    mode: str
    oid: str


class Found(NamedTuple, Generic[_Thing]):
    """What was found of each name, and why others failed, in git's words."""

    found: dict[str, _Thing]
    failed: dict[str, str]


def changed_files(
    repository: Repository, commits: Sequence[str], is_wanted: Callable[[str], object]
) -> Found[list[File]]:
    """Return the files that COMMITS changed against their first parent, by commit.

    Only those whose path IS_WANTED; not those that are gone. A commit without such is left out.
    """

    def read(some: Sequence[str]) -> dict[str, list[File]]:
        found: dict[str, list[File]] = {}
        for commit, file in _changes(repository, some):
            if is_wanted(file.path):
                found.setdefault(commit, []).append(file)
        return found

    return _in_halves(commits, read)


def _changes(repository: Repository, commits: Iterable[str]) -> Iterator[tuple[str, File]]:
    command = ("diff-tree", "--stdin", "-r", "--root", "--diff-merges=first-parent")
    output = ("--raw", "-z", "--no-abbrev", "--no-renames")
    with stream(repository.path, *command, *output, stdin=one_a_line(commits)) as pipe:
        commit = ""
        words = _words(pipe)
        for word in words:
            if not word.startswith(b":"):
                commit = word.decode("ascii")
                continue
            path = next(words, b"")
            _old, mode, _oid, oid, status = word.decode("ascii").split(" ")
            if status != "D":
                yield commit, File(path.decode("utf-8", "replace"), mode, oid)


def _words(pipe: IO[bytes]) -> Iterator[bytes]:
    """Yield what PIPE has between NULs."""
    rest = b""
    while data := pipe.read(_CHUNK):
        *words, rest = (rest + data).split(b"\0")
        yield from words


def sizes(repository: Repository, oids: Sequence[str]) -> Found[int]:
    """Return how many bytes the contents OIDS have; those that are not there are left out."""

    def read(some: Sequence[str]) -> dict[str, int]:
        command = ("cat-file", "--batch-check=%(objectsize)", "--buffer")
        with stream(repository.path, *command, stdin=one_a_line(some)) as pipe:
            lines = pipe.read().decode("utf-8", "replace").splitlines()
        pairs = zip(some, lines, strict=False)
        return {oid: int(line) for oid, line in pairs if line.isdigit()}

    return _in_halves(oids, read)


def contents(
    repository: Repository, oids: Sequence[str], take: Callable[[str, bytes], _Thing]
) -> Found[_Thing]:
    """Return what TAKE makes of each of OIDS and its content, one at a time.

    An id may also be a name, as `COMMIT^{tree}`. What is not there is left out.
    """

    def read(some: Sequence[str]) -> dict[str, _Thing]:
        command = ("cat-file", "--batch=%(objectsize)", "--buffer")
        found: dict[str, _Thing] = {}
        with stream(repository.path, *command, stdin=one_a_line(some)) as pipe:
            for oid in some:
                header = pipe.readline().strip()
                if header.isdigit():
                    size = int(header)
                    data = pipe.read(size + 1)
                    if len(data) != size + 1:
                        raise EOFError("git ended in the middle of an object")
                    found[oid] = take(oid, data[:-1])
        return found

    return _in_halves(oids, read)


def parse_folder(data: bytes, width: int, names: tuple[str, ...] | None = None) -> Iterator[File]:
    """Yield what is in the folder whose object is DATA; with NAMES, only what is called so.

    Ids have WIDTH digits.
    """
    entry = _entry(width // 2, names)
    match = entry.match(data)
    while match is not None:
        mode, name, oid = match.groups()
        yield File(name.decode("utf-8", "replace"), mode.decode("ascii"), oid.hex())
        match = entry.match(data, match.end())


@lru_cache
def _entry(size: int, names: tuple[str, ...] | None) -> re.Pattern[bytes]:
    """Return what matches the next entry of a folder; with NAMES, and all that stands before it."""
    oid = rb".{%d}" % size
    if names is None:
        return re.compile(rb"([0-7]+) ([^\0]+)\0(%s)" % oid, re.DOTALL)
    wanted = b"|".join(re.escape(name.encode()) for name in names)
    others = rb"(?:[0-7]+ [^\0]+\0%s)*?" % oid
    return re.compile(rb"%s([0-7]+) (%s)\0(%s)" % (others, wanted, oid), re.DOTALL)


def is_folder(file: File) -> bool:
    """Tell whether FILE is a folder."""
    return file.mode == _FOLDER


def cut_off(repository: Repository) -> set[str]:
    """Return the commits whose parents a shallow clone has not got."""
    shallow = repository.common_dir / "shallow"
    try:
        return set(shallow.read_text("ascii").split()) if shallow.is_file() else set()
    except (OSError, ValueError):
        return set()


def _in_halves(
    names: Sequence[str], read: Callable[[Sequence[str]], Mapping[str, _Thing]]
) -> Found[_Thing]:
    """Return what READ finds of NAMES; where git fails, find out because of which of them."""
    found: dict[str, _Thing] = {}
    failed: dict[str, str] = {}
    failures = 0
    waiting = [names] if names else []
    while waiting:
        some = waiting.pop()
        try:
            found.update(read(some))
        except GitError as error:
            failures += 1
            if len(some) == 1 or failures > _MOST_FAILURES:
                failed.update(dict.fromkeys(some, error.message))
            else:
                half = len(some) // 2
                waiting += [some[half:], some[:half]]
    return Found(found, failed)
