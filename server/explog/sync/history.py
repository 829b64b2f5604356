"""Look at repositories: which exist, and which commits came and went."""

from __future__ import annotations

import os
from collections.abc import Collection, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from explog.config import Settings
from explog.errors import ExplogError
from explog.git.repository import Repository, tips
from explog.index.commits import (
    CommitBatch,
    RepositoryRecord,
    add_commits,
    add_pending,
    all_oids,
    all_repositories,
    claimed_steps,
    drop_repository,
    find_repository,
    known_generations,
    put_repository,
    remove_commits,
)
from explog.index.database import Index
from explog.model import StepNumber
from explog.refs import results_pattern
from explog.sync.memory import Memory
from explog.sync.report import LookReport, Progress, Unreadable, is_text
from explog.sync.retries import may_be_there
from explog.sync.since import read_since
from explog.sync.survey import Survey, survey, survey_again

if TYPE_CHECKING:
    # What reads histories is loaded when one changed: most looks of a terminal find none.
    from explog.sync.reading import History, HistoryPrefetch
    from explog.sync.recorder import Recorded


def roots_of(settings: Settings) -> list[tuple[Path, int]]:
    """Return the folders of SETTINGS in which to look for repositories, each with its depth."""
    roots = [(root.path, root.depth) for root in settings.repositories]
    return roots + [(path, 0) for project in settings.projects for path in project.repositories]


class HistoryLook:
    """One look at all repositories, or, if ONLY is not None, at those with these common dirs.

    SINCE is in seconds since 1970, as in `sync`.
    """

    def __init__(
        self,
        settings: Settings,
        index: Index,
        report: LookReport,
        progress: Progress,
        since: float,
        memory: Memory,
        only: Collection[str] | None = None,
    ) -> None:
        self.memory = memory
        self.settings = settings
        self.index = index
        self.report = report
        self.progress = progress
        self.since = since
        self.only = only
        self.since_of: Mapping[str, float] = {}
        self.seen = Survey()
        self.problems: list[Unreadable] = []
        self.results = results_pattern(settings.results)

    def look(self) -> Generator[None, None, None]:
        """Bring every repository up to date; report those that cannot be read.

        Yields before the first, when the reading of long histories has begun, and after each.
        """
        known = self._known()
        new = self._survey_all(known) if self.only is None else self._survey_again(known)
        changed = list(self._changed(known))
        if changed or new:
            yield from self._look_at_all(changed, new)
        else:
            yield
        self._keep_problems()

    def _look_at_all(
        self, changed: Iterable[Repository], new: Iterable[Repository]
    ) -> Generator[None, None, None]:
        from explog.sync.reading import HistoryPrefetch

        readable = filter(_has_name, new)
        with closing(HistoryPrefetch(readable, self.settings.results, self.since_of)) as prefetch:
            yield
            for repository in [*changed, *new]:
                self._look_at(repository, prefetch)
                yield

    def _known(self) -> dict[str, RepositoryRecord]:
        if self.only is None:
            return {record.common_dir: record for record in all_repositories(self.index)}
        found = (find_repository(self.index, name) for name in self.only)
        return {record.common_dir: record for record in found if record is not None}

    def _survey_again(self, known: Mapping[str, RepositoryRecord]) -> list[Repository]:
        """Look at the KNOWN repositories; none of them is new."""
        wanted = [Repository(Path(one.path), Path(one.common_dir)) for one in known.values()]
        self.seen = survey_again(wanted, self.memory.familiar)
        return []

    def _survey_all(self, known: Mapping[str, RepositoryRecord]) -> list[Repository]:
        """Look for repositories, forget those of KNOWN that are gone, and return the new ones."""
        roots = roots_of(self.settings)
        seen = survey(roots, self.memory.familiar)
        if any(os.path.exists(one.common_dir) for one in _lost(known, seen)):
            # It may just not have let itself be looked into.
            seen = survey(roots, self.memory.familiar)
        self.seen, found = seen, seen.found
        for path, message in seen.unread.items():
            self._problem("stuck", str(path), message)
        found_at = {repository.path for repository in found.values()}
        for path, depth in roots:
            if depth == 0 and path not in found_at and not seen.is_unread(path):
                self._missing_root(path, found)
        for record in _lost(known, seen):
            self._forget(record)
        new = [repository for common_dir, repository in found.items() if common_dir not in known]
        if new:
            try:
                self.since_of = self._read_since(new)
            except OSError as error:  # without it, commits would be left out for good
                message = f"{error.filename}: it cannot be read: {error.strerror}"
                self._problem("unreadable", str(error.filename), message)
                return []
        return new

    def _changed(self, known: Mapping[str, RepositoryRecord]) -> Iterator[Repository]:
        """Yield the KNOWN repositories whose signature is not that of the index, or not certain."""
        for common_dir, repository in self.seen.found.items():
            record, now = known.get(common_dir), self.seen.signatures[common_dir]
            if record is not None and (now is None or now != record.signature):
                yield repository

    def _problem(self, kind: str, file: str, message: str) -> None:
        self.report.problem(kind, file, message)
        self.problems.append(self.report.problems[-1])

    def _keep_problems(self) -> None:
        """Keep the problems; report also those of repositories that were not looked at."""
        if self.only is not None:
            looked_at = {str(repository.path) for repository in self.seen.found.values()}
            others = [one for one in self.memory.problems if one.file not in looked_at]
            self.report.problems += others
            self.problems += others
        self.memory.problems = self.problems

    def _forget(self, known: RepositoryRecord) -> None:
        """Forget a KNOWN repository that was not found, unless it may be there nevertheless."""
        if may_be_there(f"{known.common_dir}/HEAD"):
            self._problem("unreadable", known.path, f"{known.path}: it cannot be read now")
            return
        with self.index.writing():
            drop_repository(self.index, known.id)
        self.report.repositories.append(known.path)
        self.report.came = True

    def _read_since(self, new: Iterable[Repository]) -> Mapping[str, float]:
        logs = map(str, self.settings.log_files())
        return read_since([str(one.common_dir) for one in new], logs, self.since)

    def _look_at(self, repository: Repository, prefetch: HistoryPrefetch) -> None:
        if not _has_name(repository):
            message = f"{repository.path}: its name is no UTF-8"
            self._problem("unreadable", str(repository.path), message)
            return
        try:
            self._repository(repository, prefetch)
        except ExplogError as error:
            self._problem(error.code, str(repository.path), error.message)
        except OSError as error:  # no file can be opened any more, or no process started
            message = f"{repository.path}: it cannot be read: {error.strerror}"
            self._problem("unreadable", str(repository.path), message)

    def _missing_root(self, path: Path, found: Mapping[str, Repository]) -> None:
        if str(os.path.realpath(path / ".git")) in found:
            return
        reason = "there is no git repository here" if path.exists() else "there is no such folder"
        self._problem("missing", str(path), f"{path}: {reason}")

    def _repository(self, repository: Repository, prefetch: HistoryPrefetch) -> None:
        name = str(repository.common_dir)
        now = self.seen.signatures[name]
        early = self.memory.retries.early(name, now)
        if early is not None:
            raise early
        try:
            self._take_now(repository, now, prefetch)
        except ExplogError as error:
            self.memory.retries.failed(name, now, error)
            raise
        self.memory.retries.worked(name)

    def _take_now(self, repository: Repository, now: str | None, prefetch: HistoryPrefetch) -> None:
        from explog.sync.prefetch import BrokenPrefetchError

        with suppress(BrokenPrefetchError):
            self._take(repository, now, prefetch)
            return
        self._take(repository, now, None)

    def _take(
        self, repository: Repository, now: str | None, prefetch: HistoryPrefetch | None
    ) -> None:
        """Add the commits that came and remove those that went, as one change of the index."""
        with self.index.writing():
            # Read again under the lock: another explog may have been here meanwhile.
            known = find_repository(self.index, str(repository.common_dir))
            if known is not None:
                self._take_change(repository, known, now)
                return
            history = prefetch.take(repository) if prefetch is not None else None
            self._take_all(repository, history or self._read(repository))

    def _read(self, repository: Repository) -> History:
        from explog.sync.reading import read_history

        since = self.since_of.get(str(repository.common_dir), self.since)
        return read_history(repository, self.results, since)

    def _take_all(self, repository: Repository, history: History) -> None:
        """Add a repository that is new to the index."""
        number = self._put(repository, history.stamp, history.tips)
        touched: set[tuple[str, StepNumber]] = set()
        noted = self._noted(repository, history.batches, history.total, touched)
        add_commits(self.index, number, noted)
        add_pending(self.index, touched)
        self.report.repositories.append(str(repository.path))
        self.report.came = True

    def _noted(
        self,
        repository: Repository,
        batches: Iterable[Recorded],
        total: int,
        touched: set[tuple[str, StepNumber]],
    ) -> Iterator[CommitBatch]:
        """Yield BATCHES, and put the steps to be looked at into TOUCHED."""
        done = 0
        for batch, new in batches:
            touched |= new
            yield batch
            done += len(batch.commits)
            self.progress(repository.name, done, total)

    def _take_change(
        self, repository: Repository, known: RepositoryRecord, stamp: str | None
    ) -> None:
        from explog.git.changes import history_change
        from explog.git.commits import commit_batches, read_commits
        from explog.index.unreachable import remember_unreachable
        from explog.sync.recorder import Generations, Recorder

        new = tips(repository)
        number = self._put(repository, stamp, new)
        self.report.refs_changed = True
        if set(known.tips) == set(new):
            return
        change = history_change(repository, known.tips, new)
        before = all_oids(self.index, number) if change.complete else set()
        kept = before.intersection(change.added)
        removed = before - kept if change.complete else change.removed
        touched = claimed_steps(self.index, number, removed)
        remember_unreachable(self.index, number, removed)
        remove_commits(self.index, number, None if change.complete else removed)
        recorder = Recorder(
            self.results,
            Generations(lambda oid: known_generations(self.index, number, [oid]).get(oid, 0)),
            lambda commit: commit.oid not in kept,
        )
        new_commits = commit_batches(read_commits(repository, change.added))
        recorded = map(recorder.record, new_commits)
        noted = self._noted(repository, recorded, len(change.added), touched)
        add_commits(self.index, number, noted)
        add_pending(self.index, touched)
        self.report.repositories.append(str(repository.path))
        self.report.moved.append(str(repository.common_dir))

    def _put(self, repository: Repository, stamp: str | None, now: Sequence[str]) -> int:
        path, common_dir = str(repository.path), str(repository.common_dir)
        return put_repository(self.index, path, common_dir, stamp, now)


def _lost(known: Mapping[str, RepositoryRecord], seen: Survey) -> list[RepositoryRecord]:
    """Return the KNOWN repositories that were not SEEN where one could look."""
    lost = [record for name, record in known.items() if name not in seen.found]
    return [record for record in lost if not seen.is_unread(record.path)]


def _has_name(repository: Repository) -> bool:
    return is_text(repository.path) and is_text(repository.common_dir)
