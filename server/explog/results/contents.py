"""Read many files of a repository at once: three processes of git, however many there are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from posixpath import splitext

from explog.git.files import LINK, SUBMODULE, File, contents, sizes
from explog.git.repository import Repository
from explog.results.reader import read_file
from explog.results.rows import Read

MOST_BYTES = 1 << 20
"""How large a file is at most that is read."""


class Contents:
    """What is in FILES, each of which is read once, however many commits have it.

    With LISTS, a list is a value.
    """

    def __init__(self, repository: Repository, files: Iterable[File], *, lists: bool) -> None:
        self._lists = lists
        self._suffixes: defaultdict[str, set[str]] = defaultdict(set)
        for file in files:
            if file.mode != SUBMODULE:
                self._suffixes[file.oid].add(_suffix(file))
        self._sizes = sizes(repository, list(self._suffixes))
        small = [oid for oid, size in self._sizes.found.items() if size <= MOST_BYTES]
        self._read = contents(repository, small, self._take)

    def _take(self, oid: str, data: bytes) -> dict[str, Read]:
        return {
            suffix: _linked(data) if suffix == LINK else read_file(suffix, data, lists=self._lists)
            for suffix in self._suffixes[oid]
        }

    def of(self, file: File) -> Read:
        """Return what is in FILE, one of those that were given."""
        if file.mode == SUBMODULE:
            return _unread("it is a submodule")
        found = self._read.found.get(file.oid)
        if found is not None:
            return found[_suffix(file)]
        size = self._sizes.found.get(file.oid)
        if size is not None and size > MOST_BYTES:
            return _unread(too_large(size))
        said = {**self._sizes.failed, **self._read.failed}.get(file.oid)
        return _unread(f"git says {said}" if said else "its content is not in this clone")


def too_large(size: int) -> str:
    """Return what to say of a file of SIZE bytes, which is larger than MOST_BYTES."""
    return f"it is larger than 1 MB ({size / 1e6:,.1f} MB)"


def _suffix(file: File) -> str:
    """Return what tells how FILE is read: a name that ends as its own, or the mode of links."""
    return LINK if file.mode == LINK else f"_{splitext(file.path)[1]}"


def _linked(data: bytes) -> Read:
    target = data.decode("utf-8", "replace")
    if ".git/annex/objects/" in target:
        return _unread("it is kept by git-annex, and its content is not in git")
    return _unread("it is a symbolic link, which is not followed")


def _unread(complaint: str) -> Read:
    return Read((), (complaint,))
