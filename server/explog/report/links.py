"""Commits as a report shows them: abbreviated, with their page on the web, pushed or not."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from explog.errors import ExplogError
from explog.git.remotes import Remote, shown_remote, unpushed
from explog.git.repository import open_repository
from explog.index.database import Index
from explog.queries.history import short_commits
from explog.queries.outline import CommitPlace
from explog.report.forge import commit_page
from explog.report.gather import WorkCommit
from explog.report.values import CommitLink

_THREADS = 4


class CommitLinks:
    """Makes links of COMMITS, which INDEX has; asks git once for each repository."""

    def __init__(self, index: Index, commits: Sequence[WorkCommit]) -> None:
        self._short = short_commits(index, map(_place, commits))
        repositories = dict.fromkeys(commit.repository for commit in commits)
        # While git works for some repositories, the rest of the report is made.
        pool = ThreadPoolExecutor(_THREADS)
        self._asked = {path: pool.submit(_ask, path) for path in repositories}
        pool.shutdown(wait=False)

    def problems(self) -> list[str]:
        """Return a sentence for each time that git failed."""
        return [problem for asked in self._asked.values() for problem in asked.result().problems]

    def link(self, commit: WorkCommit) -> CommitLink:
        """Return the link of COMMIT."""
        remote, not_pushed, _problems = self._asked[commit.repository].result()
        return CommitLink(
            oid=commit.oid,
            short=self._short[_place(commit)].short,
            repository=commit.repository,
            subject=commit.subject,
            author=commit.author,
            date=commit.day,
            url=_page(remote, commit.oid),
            pushed=None if not_pushed is None else commit.oid not in not_pushed,
        )


class _Answers(NamedTuple):
    """What git says of a repository: its remote, what was not pushed to it, and what failed."""

    remote: Remote | None
    not_pushed: set[str] | None
    problems: tuple[str, ...]


def _ask(path: str) -> _Answers:
    """Ask git about the repository at PATH."""
    repository = open_repository(Path(path))
    if repository is None:
        return _Answers(None, None, (f"{path}: it is no git repository any more",))
    problems: list[str] = []
    remote = not_pushed = None
    try:
        remote = shown_remote(repository)
    except ExplogError as error:
        problems.append(error.message)
    try:
        not_pushed = unpushed(repository)
    except ExplogError as error:
        problems.append(error.message)
    return _Answers(remote, not_pushed, tuple(problems))


def _place(commit: WorkCommit) -> CommitPlace:
    return CommitPlace(commit.repository, commit.oid)


def _page(remote: Remote | None, oid: str) -> str | None:
    if remote is None:
        return None
    if remote.commit is not None:
        return remote.commit.replace("%r", oid)
    return commit_page(remote.url, oid)
