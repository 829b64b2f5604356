"""Read all history of repositories of which nothing is known yet.

Where it is long, another process reads it while this one takes it in: both take about as long.
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

# With less in its packs a repository is most likely read sooner than another process has started.
LONG_BYTES = 2_000_000
# Some tens of megabytes: what is read while a log of years is taken in.
_ROOM = 64


class History(NamedTuple):
    """All commits of a repository, parents first, as its TIPS reached them when STAMP was taken.

    TOTAL says how many there are in all BATCHES.
    """

    stamp: str | None
    tips: Sequence[str]
    total: int
    batches: Iterator[Recorded]


def read_history(repository: Repository, results: re.Pattern[str], since: float) -> History:
    """Return all history of REPOSITORY; a commit is new if it was made after SINCE."""
    stamp = signature(repository)  # before its tips, so that what changes meanwhile is seen
    now = tips(repository)
    # What a shallow clone has not got counts as nothing.
    generations = Generations(lambda _oid: 0)
    recorder = Recorder(results, generations, lambda commit: commit.committer_time >= int(since))
    total, commits = read_all(repository, now)
    return History(stamp, now, total, map(recorder.record, batches(commits)))


class _Beginning(NamedTuple):
    stamp: str | None
    tips: Sequence[str]
    total: int


# The common directory of a repository, its beginning, its batches, and whether those are all.
_Said: TypeAlias = str | _Beginning | Recorded | bool


# The signatures of what could not be read, which is not begun anew at every look.
_failed: dict[str, str | None] = {}


class HistoryPrefetch:
    """The histories of those of REPOSITORIES whose history is long, in their order."""

    def __init__(
        self, repositories: Iterable[Repository], results: str, since: Mapping[str, float]
    ) -> None:
        """RESULTS is a regexp; SINCE is as in `read_apart`."""
        self._waiting = deque(filter(_is_worth_it, repositories))
        self._ahead: Prefetch[_Said] | None = None
        if self._waiting:
            self._ahead = Prefetch(_ROOM, read_apart, list(self._waiting), results, since)

    def close(self) -> None:
        """End what is being read."""
        self._waiting.clear()
        if self._ahead is not None:
            self._ahead.close()

    def take(self, repository: Repository) -> History | None:
        """Return the history of REPOSITORY if it is being read, and let go of those before it.

        Its batches raise BrokenPrefetchError if it cannot be read to the end.
        """
        if self._ahead is None or repository not in self._waiting:
            return None
        while self._waiting.popleft() != repository:
            pass
        common_dir = str(repository.common_dir)
        with suppress(BrokenPrefetchError):
            while next(self._ahead, common_dir) != common_dir:
                pass
            begun = next(self._ahead, False)
            if isinstance(begun, _Beginning):
                return History(*begun, _batches(self._ahead, repository))
        _failed[common_dir] = signature(repository)
        return None


def _batches(ahead: Prefetch[_Said], repository: Repository) -> Iterator[Recorded]:
    said: _Said = False
    with suppress(BrokenPrefetchError):
        while isinstance(said := next(ahead, False), Recorded):
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
    """Yield the histories of REPOSITORIES; who reads again what failed is told what is wrong.

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
