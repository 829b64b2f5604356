"""Commits, read one by one from their objects."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import IO

from explog.git.parse import CommitObject, parse_commit
from explog.git.repository import Repository, existing
from explog.git.run import one_a_line, stream

_AT_ONCE, _MUCH = 1000, 1 << 20


def read_commits(repository: Repository, oids: Sequence[str]) -> Iterator[CommitObject]:
    """Yield the commits OIDS in that order."""
    if not oids:
        return
    command = ("cat-file", "--batch=%(objectsize)", "--buffer")
    with stream(repository.path, *command, stdin=one_a_line(oids)) as output:
        for oid in oids:
            yield parse_commit(oid, _read_object(output))


def commit_batches(commits: Iterable[CommitObject]) -> Iterator[list[CommitObject]]:
    """Yield COMMITS, many at a time."""
    some: list[CommitObject] = []
    size = 0
    for commit in commits:
        some.append(commit)
        size += len(commit.message)
        if len(some) == _AT_ONCE or size > _MUCH:
            yield some
            some, size = [], 0
    if some:
        yield some


def read_known(repository: Repository, oids: Iterable[str]) -> dict[str, CommitObject]:
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
