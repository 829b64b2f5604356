"""List the commits of new repositories, each while the one before it is taken in.

git needs about as long to list them as we to take them in, and there is a processor for either.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor

from explog.errors import ExplogError
from explog.git.commits import Change, changes
from explog.git.repository import Repository, tips


class Listing:
    """The commits of REPOSITORIES, of which nothing is known, one repository ahead."""

    def __init__(self, repositories: Iterable[Repository]) -> None:
        self._waiting = deque(repositories)
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="listing")
        self._begun: tuple[Repository, Future[tuple[frozenset[str], Change]]] | None = None
        self._begin()

    def close(self) -> None:
        """Let go of what was begun; a git that is at work is waited for."""
        self._waiting.clear()
        self._pool.shutdown(cancel_futures=True)

    def take(self, repository: Repository, now: Iterable[str]) -> Change | None:
        """Return the commits of REPOSITORY, if they were listed and its tips are the same NOW."""
        if self._begun is None or self._begun[0] != repository:
            return None
        listed = self._begun[1]
        self._begun = None
        try:
            tips_then, change = listed.result()
        except ExplogError:
            return None  # whoever asks again is told
        finally:
            self._begin()
        return change if tips_then == frozenset(now) else None

    def _begin(self) -> None:
        if self._waiting:
            repository = self._waiting.popleft()
            self._begun = repository, self._pool.submit(_list, repository)


def _list(repository: Repository) -> tuple[frozenset[str], Change]:
    now = tips(repository)
    return frozenset(now), changes(repository, (), now)
