"""Read all history of repositories of which nothing is known yet.

Where it is long, another process reads it while this one takes it in: both take about as long.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from typing import NamedTuple, TypeAlias

from explog.errors import ExplogError
from explog.git.repository import Repository, is_boundary, packed_bytes, signature, tips
from explog.git.walk import walk
from explog.refs import results_pattern
from explog.sync.ahead import Ahead, BrokenAheadError
from explog.sync.recorder import Recorded, Recorder

# With less in its packs a repository is read sooner than another process has started: it has some
# thousand commits at most.
LONG_BYTES = 2_000_000
# Some tens of megabytes: what is read while a log of years is taken in.
_ROOM = 48


class History(NamedTuple):
    """All commits of a repository, parents first, as its TIPS reached them when STAMP was taken."""

    stamp: str | None
    tips: Sequence[str]
    batches: Iterator[Recorded]


def read_history(repository: Repository, results: re.Pattern[str], since: float) -> History:
    """Return all history of REPOSITORY; a commit is new if it was made after SINCE."""
    stamp = signature(repository)  # before its tips, so that what changes meanwhile is seen
    now = tips(repository)
    recorder = Recorder(results, _Generations(), lambda commit: commit.committer_time >= int(since))
    commits = walk(repository, (tip for tip in now if not is_boundary(tip)))
    return History(stamp, now, map(recorder.record, commits))


class _Generations(dict[str, int]):
    """What a shallow clone has not got counts as nothing."""

    def __missing__(self, oid: str) -> int:
        return 0


class _Beginning(NamedTuple):
    stamp: str | None
    tips: Sequence[str]


# The common directory of a repository, its beginning, its batches, and whether those are all.
_Said: TypeAlias = str | _Beginning | Recorded | bool


class ReadingAhead:
    """The histories of those of REPOSITORIES whose history is long, in their order."""

    def __init__(self, repositories: Iterable[Repository], results: str, since: float) -> None:
        self._waiting = deque(r for r in repositories if packed_bytes(r) >= LONG_BYTES)
        self._ahead: Ahead[_Said] | None = None
        if self._waiting:
            self._ahead = Ahead(_ROOM, read_apart, list(self._waiting), results, since)

    def close(self) -> None:
        """End what is being read."""
        self._waiting.clear()
        if self._ahead is not None:
            self._ahead.close()

    def take(self, repository: Repository) -> History | None:
        """Return the history of REPOSITORY if it is being read, and let go of those before it.

        Its batches raise BrokenAheadError if it cannot be read to the end.
        """
        if self._ahead is None or repository not in self._waiting:
            return None
        while self._waiting.popleft() != repository:
            pass
        common_dir = str(repository.common_dir)
        with suppress(BrokenAheadError):
            while next(self._ahead) != common_dir:
                pass
            begun = next(self._ahead)
            if isinstance(begun, _Beginning):
                return History(begun.stamp, begun.tips, _batches(self._ahead))
        return None


def _batches(ahead: Ahead[_Said]) -> Iterator[Recorded]:
    while isinstance(said := next(ahead), Recorded):
        yield said
    if said is not True:
        raise BrokenAheadError


def read_apart(repositories: Sequence[Repository], results: str, since: float) -> Iterator[_Said]:
    """Yield the histories of REPOSITORIES; who reads again what failed is told what is wrong."""
    pattern = results_pattern(results)
    for repository in repositories:
        yield str(repository.common_dir)
        try:
            history = read_history(repository, pattern, since)
            yield _Beginning(history.stamp, history.tips)
            yield from history.batches
        except ExplogError:
            yield False
        else:
            yield True
