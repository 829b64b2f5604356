"""Read all history of repositories that are new to the index.

Long histories are read by another process while this one writes them: both take about as long.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, NamedTuple, TypeAlias

from explog.errors import ExplogError
from explog.git.commits import commit_batches
from explog.git.repository import Repository, packed_bytes, tips
from explog.git.signature import signature
from explog.git.walk import read_all
from explog.refs import results_pattern
from explog.sync.prefetch import BrokenPrefetchError, Prefetch
from explog.sync.recorder import Generations, Recorded, Recorder

# Repositories with smaller packs are most likely read before another process has started.
LONG_BYTES = 2_000_000
# Some tens of megabytes, which are read while a log of years is written.
_ROOM = 64


class History(NamedTuple):
    """All commits that the tips of a repository reached when its stamp was taken, parents first.

    `total` is the number of commits in all `batches`.
    """

    stamp: str | None
    tips: Sequence[str]
    total: int
    batches: Iterator[Recorded]


def read_history(repository: Repository, results: re.Pattern[str], since: float) -> History:
    """Return all history of REPOSITORY; a commit is new if it was made after SINCE."""
    stamp = signature(repository)  # before its tips: the next look sees what changes meanwhile
    now = tips(repository)
    # The parents that a shallow clone lacks count as nothing.
    generations = Generations(lambda _oid: 0)
    recorder = Recorder(results, generations, lambda commit: commit.committer_time >= int(since))
    total, commits = read_all(repository, now)
    return History(stamp, now, total, map(recorder.record, commit_batches(commits)))


# What the other process sends of a repository: the beginning and the batches of its history, and at
# the end whether it could be read. Each with the common directory of the repository.
_Item: TypeAlias = "tuple[str, _Beginning | Recorded | bool]"
_Beginning: TypeAlias = tuple[str | None, Sequence[str], int]


# The signatures of repositories that could not be read, so that not every look tries again.
_failed: dict[str, str | None] = {}


class HistoryPrefetch:
    """Reads the histories of REPOSITORIES in their order, if together they are long."""

    def __init__(
        self, repositories: Iterable[Repository], results: str, since: Mapping[str, float]
    ) -> None:
        """RESULTS is a regexp; SINCE is as in `read_apart`."""
        self._waiting = deque(_worth_it(repositories))
        self._prefetch: Prefetch[Any] | None = None
        if self._waiting:
            self._prefetch = Prefetch(_ROOM, read_apart, list(self._waiting), results, since)

    def close(self) -> None:
        """End the reading."""
        if self._prefetch is not None:
            self._prefetch.close()

    def take(self, repository: Repository) -> History | None:
        """Return the history of REPOSITORY if it is being read; drop those before it.

        Its batches raise BrokenPrefetchError if it cannot be read to the end.
        """
        if self._prefetch is None or repository not in self._waiting:
            return None
        while self._waiting.popleft() != repository:
            pass
        said = _said_of(repository, self._prefetch)
        with suppress(BrokenPrefetchError):
            stamp, heads, total = next(said)
            return History(stamp, heads, total, said)
        return None


def _said_of(repository: Repository, prefetch: Iterable[tuple[str, Any]]) -> Iterator[Any]:
    """Yield the beginning of the history of REPOSITORY, and its batches."""
    common_dir = str(repository.common_dir)
    with suppress(BrokenPrefetchError):
        for of, item in prefetch:
            if of == common_dir:
                if item is True:
                    return
                if item is False:
                    break
                yield item
    _failed[common_dir] = signature(repository)
    raise BrokenPrefetchError


def _worth_it(repositories: Iterable[Repository]) -> list[Repository]:
    """Return those of REPOSITORIES that are to be read by another process."""
    found = list(repositories)
    if sum(map(packed_bytes, found)) < LONG_BYTES:
        return []
    return [repository for repository in found if _may_be_read(repository)]


def _may_be_read(repository: Repository) -> bool:
    common_dir = str(repository.common_dir)
    return common_dir not in _failed or _failed[common_dir] != signature(repository)


def read_apart(
    repositories: Sequence[Repository], results: str, since: Mapping[str, float]
) -> Iterator[_Item]:
    """Yield the histories of REPOSITORIES; the caller reads those that fail again, to say why.

    SINCE has by common directory the time after which a commit is new.
    """
    pattern = results_pattern(results)
    for repository in repositories:
        common_dir = str(repository.common_dir)
        whole = False
        with suppress(ExplogError):
            history = read_history(repository, pattern, since[common_dir])
            yield common_dir, history[:3]
            for batch in history.batches:
                yield common_dir, batch
            whole = True
        yield common_dir, whole
