"""The interface of the index and the records that cross it.

Those that are made by the hundred thousand, or sent from another process, are named tuples: they
are made three times as fast as frozen dataclasses, and pickled ten times as fast.

`explog.index.sqlite` is the one implementation today; nothing here is peculiar to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from explog.index.query import Query

Step = tuple[int, ...]


class ClaimRecord(NamedTuple):
    """A commit's claim on a step, or on an experiment (`step` empty); `place` as in refs.Place."""

    experiment: str
    step: Step
    place: int
    results: bool


class CommitRecord(NamedTuple):
    """A reachable commit with its claims; `generation` grows from parents to children."""

    oid: str
    author: str
    email: str
    author_time: int
    committer_time: int
    generation: int
    subject: str
    body: str
    claims: tuple[ClaimRecord, ...] = ()


@dataclass(frozen=True, slots=True)
class RepositoryRecord:
    """A repository as it was last seen; `signature` is None when it is to be looked at again."""

    id: int
    path: str
    common_dir: str
    signature: str | None
    tips: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LogRecord:
    """A log as it was last read, of SIZE bytes; `problem` says why it could not be."""

    id: int
    path: str
    stamp: str
    digest: str
    size: int
    problem: str | None


class StepRecord(NamedTuple):
    """A step; `line` counts from the experiment's heading, 0 being the heading itself."""

    number: Step
    line: int
    text: str
    box: str | None
    hash: str | None


class PassageRecord(NamedTuple):
    """A piece of prose at `line` of the experiment; `day` is an ISO date, `kind` as in a query."""

    kind: str
    step: Step
    line: int
    text: str
    day: str | None


class ExperimentRecord(NamedTuple):
    """An experiment to be kept. `start` and `line` count from its section's, from 0."""

    start: int
    size: int
    line: int
    ident: str
    aliases: tuple[str, ...]
    title: str
    todo: str | None
    done: bool
    tags: tuple[str, ...]
    created: str | None
    closed: str | None
    steps: tuple[StepRecord, ...]
    passages: tuple[PassageRecord, ...] = ()


class DiagnosisRecord(NamedTuple):
    """A problem in a log. `line` counts from the section's when kept, and is 1-based when asked."""

    kind: str
    line: int
    message: str
    experiment: str | None = None
    file: str = ""


@dataclass(frozen=True, slots=True)
class SectionRecord:
    """A section of a log: its digest, where it begins (bytes, 1-based line), and its content."""

    digest: bytes
    start: int
    line: int
    experiments: tuple[ExperimentRecord, ...] = ()
    diagnoses: tuple[DiagnosisRecord, ...] = ()


@dataclass(frozen=True, slots=True)
class SectionPlace:
    """Where a known section begins."""

    digest: bytes
    start: int
    line: int


@dataclass(frozen=True, slots=True)
class FoundExperiment:
    """An experiment as the index knows it: `line` is 1-based, `start` a byte, in `file`."""

    id: int
    file: str
    line: int
    start: int
    size: int
    ident: str
    title: str
    todo: str | None
    done: bool
    steps: tuple[StepRecord, ...]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A reachable commit that claims a step, and the repository it is in."""

    oid: str
    repository: str
    common_dir: str
    author: str
    email: str
    author_time: int
    committer_time: int
    generation: int
    place: int
    results: bool


@dataclass(frozen=True, slots=True)
class Match:
    """A commit or passage that a query found. What does not apply is None.

    `title` is the experiment's, or a commit's subject; `text` is all that was searched; `date` is
    seconds since 1970 of a commit, noon of a passage's day, or None; `exact` means that the query
    names this very thing.
    """

    kind: str
    experiment: str | None
    step: Step
    title: str
    text: str
    file: str | None
    line: int | None
    repository: str | None
    commit: str | None
    date: int | None
    todo: str | None
    exact: bool


@dataclass(frozen=True, slots=True)
class Matches:
    """Matches, the newest of each sort if there are very many; `total` counts them all.

    `complete` is false if the count was left out: there are more than were asked for.
    """

    found: tuple[Match, ...]
    total: int
    complete: bool


@dataclass(frozen=True, slots=True)
class GoneRecord:
    """A commit that no branch reaches any more; `claims`: (experiment, step) by subject or body."""

    oid: str
    email: str
    author_time: int
    committer_time: int
    subject: str
    claims: tuple[tuple[str, Step], ...]


@dataclass(frozen=True, slots=True)
class Counts:
    """How much is indexed."""

    repositories: int
    commits: int
    logs: int
    experiments: int
    steps: int


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

    def add_commits(self, repository: int, commits: Iterable[CommitRecord]) -> None:
        """Add commits that are not there yet."""

    def remove_commits(self, repository: int, oids: Iterable[str] | None) -> None:
        """Remove commits, or all of the repository's when OIDS is None."""

    def oids(self, repository: int) -> set[str]:
        """Return the commits of a repository."""

    def remember_gone(self, repository: int, oids: Iterable[str]) -> None:
        """Remember the commits OIDS, which are about to be removed, as gone."""

    def gone(self, prefix: str) -> list[GoneRecord]:
        """Return the commits gone that PREFIX abbreviates."""

    def written_at(self, times: Iterable[int]) -> list[tuple[Candidate, str]]:
        """Return the reachable commits with one of these author times, and their subjects."""

    def claims_of(self, repository: int, oids: Iterable[str]) -> set[tuple[str, Step]]:
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

    def experiments(self, idents: Iterable[str] | None = None) -> Iterator[FoundExperiment]:
        """Yield the experiments with one of IDENTS, or all, in the order of their files."""

    def idents(self) -> list[str]:
        """Return the ids in use."""

    def diagnoses(self) -> list[DiagnosisRecord]:
        """Return what could not be read as meant, by file and line."""

    def candidates(self, experiment: str) -> dict[Step, list[Candidate]]:
        """Return the commits that bear a reference to a step of EXPERIMENT, wherever in it."""

    def claimed(self) -> list[str]:
        """Return the ids of all experiments whose steps a commit claims."""

    def commits_with_prefix(self, prefix: str) -> list[tuple[str, str]]:
        """Return (full id, repository path) of the reachable commits that PREFIX abbreviates."""

    def search(self, query: Query, most: int, count_all: bool) -> Matches:
        """Return what QUERY finds, at the MOST so many commits and so many passages."""

    def add_pending(self, steps: Iterable[tuple[str, Step]]) -> None:
        """Remember steps to be looked at."""

    def pending(self) -> set[tuple[str, Step]]:
        """Return the steps to be looked at."""

    def clear_pending(self, steps: Iterable[tuple[str, Step]]) -> None:
        """Forget steps that were looked at."""

    def counts(self) -> Counts:
        """Return how much is indexed."""
