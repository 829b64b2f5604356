"""The interface of the index: what use cases ask of it; `explog.index.records` is what they get.

`explog.index.sqlite` is the one implementation today; nothing here is peculiar to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from explog.index.records import (
    ClaimingCommit,
    CommitBatch,
    Counts,
    DiagnosisRecord,
    GoneRecord,
    LogRecord,
    Matches,
    OutlineRecord,
    RepositoryRecord,
    SectionPlace,
    SectionRecord,
)
from explog.model import Commit, Experiment, StepNumber
from explog.queries.query import Query


class Store(Protocol):
    """What use cases ask of an index. Reads see the last finished write; one writes at a time."""

    def writing(self) -> AbstractContextManager[None]:
        """Hold the index for writing; what is done inside becomes visible whole, or not at all."""

    def close(self) -> None:
        """Let go of every resource."""

    def get_meta(self, key: str) -> str | None:
        """Return a remembered value."""

    def set_meta(self, key: str, value: str) -> None:
        """Remember a value."""

    def repository(self, common_dir: str) -> RepositoryRecord | None:
        """Return the repository at COMMON_DIR."""

    def repositories(self) -> list[RepositoryRecord]:
        """Return all repositories, by path."""

    def put_repository(
        self, path: str, common_dir: str, signature: str | None, tips: Sequence[str]
    ) -> int:
        """Add a repository or bring it up to date; return its number."""

    def drop_repository(self, repository: int) -> None:
        """Forget a repository and its commits."""

    def generations(self, repository: int, oids: Iterable[str]) -> dict[str, int]:
        """Return the generations of those of OIDS that are known."""

    def add_commits(self, repository: int, new: Iterable[CommitBatch]) -> None:
        """Add commits that are not there yet, some in each batch."""

    def remove_commits(self, repository: int, oids: Iterable[str] | None) -> None:
        """Remove commits, or all of the repository's when OIDS is None."""

    def oids(self, repository: int) -> set[str]:
        """Return the commits of a repository."""

    def remember_gone(self, repository: int, oids: Iterable[str]) -> None:
        """Remember the commits OIDS, which are about to be removed, as gone."""

    def gone(self, prefix: str) -> list[GoneRecord]:
        """Return the commits gone that PREFIX abbreviates."""

    def written_at(self, times: Iterable[int]) -> list[tuple[Commit, str]]:
        """Return the reachable commits with one of these author times, and their subjects."""

    def claims_of(self, repository: int, oids: Iterable[str]) -> set[tuple[str, StepNumber]]:
        """Return the steps that the commits OIDS claim by subject or body line."""

    def log(self, path: str) -> LogRecord | None:
        """Return the log at PATH."""

    def logs(self) -> list[LogRecord]:
        """Return all logs, by path."""

    def put_log(
        self, path: str, stamp: str, digest: str, size: int, problem: str | None = None
    ) -> int:
        """Add a log or bring it up to date; return its number."""

    def drop_log(self, log: int) -> None:
        """Forget a log and what stands in it."""

    def sections(self, log: int) -> list[SectionPlace]:
        """Return the sections of a log in their order."""

    def replace_sections(
        self, log: int, first: int, count: int, new: Iterable[SectionRecord], shift: tuple[int, int]
    ) -> None:
        """Replace COUNT sections from the FIRST by NEW; SHIFT those behind by (bytes, lines)."""

    def experiments(self, idents: Iterable[str] | None = None) -> Iterator[Experiment]:
        """Yield the experiments with one of IDENTS, or all, in the order of their files."""

    def outlines(self, after: int, most: int) -> list[OutlineRecord]:
        """Return the MOST so many experiments behind the one numbered AFTER, by number."""

    def outlines_of(self, idents: Iterable[str]) -> list[OutlineRecord]:
        """Return all experiments with one of IDENTS."""

    def idents(self) -> list[str]:
        """Return the ids in use."""

    def diagnoses(self) -> list[DiagnosisRecord]:
        """Return what could not be read as meant, by file and line."""

    def candidates(self, experiment: str) -> dict[StepNumber, list[Commit]]:
        """Return the commits that bear a reference to a step of EXPERIMENT, wherever in it."""

    def claimed(self) -> list[str]:
        """Return the ids of all experiments whose steps a commit claims."""

    def commits_of(self, experiment: str) -> list[ClaimingCommit]:
        """Return what bears a reference to EXPERIMENT, once for each; newest first."""

    def claiming(self, repository: int, most: int) -> list[tuple[str, str, int]]:
        """Return (commit, experiment, time) of the MOST so many newest claims in a repository."""

    def recent_claims(self, repository: int, most: int) -> list[tuple[str, str, StepNumber]]:
        """Return (author's address, experiment, step) of the MOST so many newest claims."""

    def commits_with_prefix(self, prefix: str) -> list[tuple[str, str]]:
        """Return (full id, repository path) of the reachable commits that PREFIX abbreviates."""

    def search(self, query: Query, most: int, count_all: bool) -> Matches:
        """Return what QUERY finds, at the MOST so many commits and so many passages."""

    def selected(self, query: Query) -> set[tuple[str, str]]:
        """Return (log, id) of the experiments of which QUERY finds a passage or a commit.

        A commit that merely mentions an experiment is not of it. An empty query finds all.
        """

    def add_pending(self, steps: Iterable[tuple[str, StepNumber]]) -> None:
        """Remember steps to be looked at."""

    def pending(self) -> set[tuple[str, StepNumber]]:
        """Return the steps to be looked at."""

    def clear_pending(self, steps: Iterable[tuple[str, StepNumber]]) -> None:
        """Forget steps that were looked at."""

    def tidy(self) -> bool:
        """Rearrange some of what was written, in some 10 ms, so that it is searched faster.

        Returns whether there is more to be done. It does nothing while another process writes, and
        is for when nobody waits to write.
        """

    def counts(self) -> Counts:
        """Return how much is indexed."""
