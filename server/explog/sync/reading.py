"""Read all history of repositories that are new to the index.

Long histories are read by another process while this one writes them: both take about as long.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import NamedTuple, TypeAlias

from explog.errors import ExplogError
from explog.git.commits import batches
from explog.git.repository import Repository, packed_bytes, signature, tips
from explog.git.walk import read_all
from explog.refs import results_pattern
from explog.sync.prefetch import BrokenPrefetchError, Prefetch
from explog.sync.recorder import Generations, Recorded, Recorder

# A repository with smaller packs is most likely read before another process has started.
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
    return History(stamp, now, total, map(recorder.record, batches(commits)))


class _Beginning(NamedTuple):
    stamp: str | None
    tips: Sequence[str]
    total: int


# What the other process sends for a repository: its common directory, its beginning, its batches,
# and whether all of them could be read.
_Said: TypeAlias = str | _Beginning | Recorded | bool


# The signatures of repositories that could not be read, so that not every look tries again.
_failed: dict[str, str | None] = {}


class HistoryPrefetch:
    """Reads the histories of those of REPOSITORIES that are long, in their order."""

    def __init__(
        self, repositories: Iterable[Repository], results: str, since: Mapping[str, float]
    ) -> None:
        """RESULTS is a regexp; SINCE is as in `read_apart`."""
        self._waiting = deque(filter(_is_worth_it, repositories))
        self._prefetch: Prefetch[_Said] | None = None
        if self._waiting:
            self._prefetch = Prefetch(_ROOM, read_apart, list(self._waiting), results, since)

    def close(self) -> None:
        """End the reading."""
        self._waiting.clear()
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
        common_dir = str(repository.common_dir)
        with suppress(BrokenPrefetchError):
            while next(self._prefetch, common_dir) != common_dir:
                pass
            begun = next(self._prefetch, False)
            if isinstance(begun, _Beginning):
                return History(*begun, _batches(self._prefetch, repository))
        _failed[common_dir] = signature(repository)
        return None


def _batches(prefetch: Prefetch[_Said], repository: Repository) -> Iterator[Recorded]:
    said: _Said = False
    with suppress(BrokenPrefetchError):
        while isinstance(said := next(prefetch, False), Recorded):
            yield said
    if said is not True:
        _failed[str(repository.common_dir)] = signature(repository)
        raise BrokenPrefetchError


def _is_worth_it(repository: Repository) -> bool:
    if packed_bytes(repository) < LONG_BYTES:
        return False
    common_dir = str(repository.common_dir)
    return common_dir not in _failed or _failed[common_dir] != signature(repository)


def read_apart(
    repositories: Sequence[Repository], results: str, since: Mapping[str, float]
) -> Iterator[_Said]:
    """Yield the histories of REPOSITORIES; the caller reads those that fail again, to say why.

    SINCE has by common directory the time after which a commit is new.
    """
    pattern = results_pattern(results)
    for repository in repositories:
        yield str(repository.common_dir)
        try:
            since_here = since[str(repository.common_dir)]
            history = read_history(repository, pattern, since_here)
            yield _Beginning(history.stamp, history.tips, history.total)
            yield from history.batches
        except ExplogError:
            yield False
        else:
            yield True
