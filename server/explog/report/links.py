"""Commits as a report shows them: abbreviated, with their page on the web, pushed or not."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path

from explog.errors import ExplogError
from explog.git.remotes import Remote, shown_remote, unpushed
from explog.git.repository import Repository, open_repository
from explog.index.database import Index
from explog.queries.history import short_commits
from explog.queries.outline import CommitPlace
from explog.report.forge import commit_page
from explog.report.gather import WorkCommit
from explog.report.values import CommitLink


class CommitLinks:
    """Makes links of COMMITS, which INDEX has; asks git once for each repository.

    `problems` says where that failed.
    """

    def __init__(self, index: Index, commits: Iterable[WorkCommit]) -> None:
        self.problems: list[str] = []
        self._short = short_commits(index, map(_place, commits))
        self._known = cache(self._look)

    def link(self, commit: WorkCommit) -> CommitLink:
        """Return the link of COMMIT."""
        remote, not_pushed = self._known(commit.repository)
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

    def _look(self, path: str) -> tuple[Remote | None, set[str] | None]:
        repository = open_repository(Path(path))
        if repository is None:
            self.problems.append(f"{path}: it is no git repository any more")
            return None, None
        return self._remote(repository), self._not_pushed(repository)

    def _remote(self, repository: Repository) -> Remote | None:
        try:
            return shown_remote(repository)
        except ExplogError as error:
            self.problems.append(error.message)
            return None

    def _not_pushed(self, repository: Repository) -> set[str] | None:
        try:
            return unpushed(repository)
        except ExplogError as error:
            self.problems.append(error.message)
            return None


def _place(commit: WorkCommit) -> CommitPlace:
    return CommitPlace(commit.repository, commit.oid)


def _page(remote: Remote | None, oid: str) -> str | None:
    if remote is None:
        return None
    if remote.commit is not None:
        return remote.commit.replace("%r", oid)
    return commit_page(remote.url, oid)
