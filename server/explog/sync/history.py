"""Take in history: which repositories there are, and which commits came and went."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path

from explog.config import Settings
from explog.errors import ExplogError
from explog.git.commits import Commit, changes, read_commits
from explog.git.repository import Repository, discover, signature, tips
from explog.index.records import ClaimRecord, CommitRecord, RepositoryRecord, Step
from explog.index.store import Store
from explog.refs import Place, claims_of, results_pattern, split_message
from explog.sync.listing import Listing
from explog.sync.report import Progress, Report, is_text


class HistoryLook:
    """One look at all repositories. SINCE is in seconds since 1970, as in `explog.sync.sync`."""

    def __init__(
        self, settings: Settings, store: Store, report: Report, progress: Progress, since: float
    ) -> None:
        self.settings = settings
        self.store = store
        self.report = report
        self.progress = progress
        self.since = since
        self.results = results_pattern(settings.results)

    def look(self) -> None:
        """Bring every repository up to date; report those that cannot be read."""
        roots = [(root.path, root.depth) for root in self.settings.repositories]
        roots += [(path, 0) for project in self.settings.projects for path in project.repositories]
        found = {str(repository.common_dir): repository for repository in discover(roots)}
        for path, depth in roots:
            if depth == 0 and not any(repo.path == path for repo in found.values()):
                self._missing_root(path, found)
        known = {record.common_dir: record for record in self.store.repositories()}
        for common_dir in known.keys() - found.keys():
            with self.store.writing():
                self.store.drop_repository(known[common_dir].id)
            self.report.repositories.append(known[common_dir].path)
        new = [repository for common_dir, repository in found.items() if common_dir not in known]
        with closing(Listing(filter(_has_name, new))) as listing:
            for common_dir, repository in found.items():
                self._look_at(repository, known.get(common_dir), listing)

    def _look_at(
        self, repository: Repository, known: RepositoryRecord | None, listing: Listing
    ) -> None:
        if not _has_name(repository):
            message = f"{repository.path}: its name is no UTF-8"
            self.report.problem("unreadable", str(repository.path), message)
            return
        try:
            self._repository(repository, known, listing)
        except ExplogError as error:
            self.report.problem(error.code, str(repository.path), error.message)

    def _missing_root(self, path: Path, found: Mapping[str, Repository]) -> None:
        if str(os.path.realpath(path / ".git")) in found:
            return
        reason = "there is no git repository here" if path.exists() else "there is no such folder"
        self.report.problem("missing", str(path), f"{path}: {reason}")

    def _repository(
        self, repository: Repository, known: RepositoryRecord | None, listing: Listing
    ) -> None:
        now = signature(repository)
        if known is not None and now is not None and now == known.signature:
            return
        with self.store.writing():
            # Read again under the lock: another explog may have been here meanwhile.
            known = self.store.repository(str(repository.common_dir))
            self._take_history(repository, known, now, listing)

    def _take_history(
        self,
        repository: Repository,
        known: RepositoryRecord | None,
        stamp: str | None,
        listing: Listing,
    ) -> None:
        """Take in the commits that came and take out those that went, as one change."""
        new = tips(repository)
        old = known.tips if known is not None else ()
        path, common_dir = str(repository.path), str(repository.common_dir)
        number = self.store.put_repository(path, common_dir, stamp, new)
        if known is not None and set(old) == set(new):
            return
        fresh = known is None
        change = listing.take(repository, new) if fresh else None
        if change is None:
            change = changes(repository, old, new)
        kept = self.store.oids(number).intersection(change.added) if change.complete else set()
        removed = self.store.oids(number) - kept if change.complete else change.removed
        touched = self.store.claims_of(number, removed)
        self.store.remember_gone(number, removed)
        self.store.remove_commits(number, None if change.complete else removed)
        records = self._records(repository, number, change.added, touched, kept, fresh)
        self.store.add_commits(number, records)
        self.store.add_pending(touched)
        self.report.repositories.append(path)

    def _records(
        self,
        repository: Repository,
        number: int,
        oids: Sequence[str],
        touched: set[tuple[str, Step]],
        kept: Collection[str],
        fresh: bool,
    ) -> Iterator[CommitRecord]:
        """Yield the commits OIDS, parents first.

        The steps that they claim are put into TOUCHED, but for those KEPT, which were there before.
        """
        generations: dict[str, int] = {}
        total = len(oids)

        def told(done: int) -> None:
            self.progress(repository.name, done, total)

        for commit in read_commits(repository, oids, told):
            generation = 1
            for parent in commit.parents:
                if parent not in generations:
                    known = self.store.generations(number, [parent])
                    generations[parent] = known.get(parent, 0)
                generation = max(generation, 1 + generations[parent])
            generations[commit.oid] = generation
            record = self._record(commit, generation)
            new = not fresh or commit.committer_time >= int(self.since)
            if new and commit.oid not in kept:
                touched.update(
                    (claim.experiment, claim.step)
                    for claim in record.claims
                    if claim.step and claim.place < Place.MENTION
                )
            yield record

    def _record(self, commit: Commit, generation: int) -> CommitRecord:
        subject, body = split_message(commit.message)
        oid, _parents, author, email, author_time, committer_time, _message = commit
        claims = tuple(
            ClaimRecord(reference.experiment, reference.step, place, results)
            for reference, place, results in claims_of(subject, body, self.results)
        )
        return CommitRecord(
            oid, author, email, author_time, committer_time, generation, subject, body, claims
        )


def _has_name(repository: Repository) -> bool:
    return is_text(repository.path) and is_text(repository.common_dir)
