"""The records that cross the interface of the index.

Those that are made by the hundred thousand, or sent from another process, are named tuples: they
are made three times as fast as frozen dataclasses, and pickled ten times as fast.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from explog.model import StepNumber

# (number, id, author, address, author time, committer time, generation, subject, body, width) of a
# reachable commit. `number` counts, from 0, the commits that are added together; `generation` grows
# from parents to children; `width` is that of subject and body, as in explog.index.words.
CommitRow: TypeAlias = tuple[int, str, str, str, int, int, int, str, str, int]
# (number, experiment, step, place, results): the commit with that number claims a step, or, where
# `step` is empty, an experiment; `place` as in refs.Place.
ClaimRow: TypeAlias = tuple[int, str, str, int, bool]


class CommitBatch(NamedTuple):
    """Some of the commits that are added together, and their claims.

    Both are plain tuples, as they go to another process and into a table as they are, and that by
    the hundred thousand.
    """

    commits: Sequence[CommitRow]
    claims: Sequence[ClaimRow]


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


# A step as it is to be kept: the fields of model.Step.
StepRow: TypeAlias = tuple[StepNumber, int, str, str | None, str | None]
# (kind, step, line, text, day): a piece of prose at `line` of the experiment; `day` is an ISO date,
# `kind` as in a query.
PassageRow: TypeAlias = tuple[str, StepNumber, int, str, str | None]


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
    steps: tuple[StepRow, ...]
    passages: tuple[PassageRow, ...] = ()


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


class SectionPlace(NamedTuple):
    """Where a known section begins."""

    digest: bytes
    start: int
    line: int


class OutlineRecord(NamedTuple):
    """What a list shows of an experiment: `ticked` of `steps`, those with a box, are.

    `touched` is when the last commit that refers to it was made.
    """

    id: int
    file: str
    line: int
    ident: str
    title: str
    todo: str | None
    done: int
    ticked: int
    steps: int
    touched: int | None


class ClaimingCommit(NamedTuple):
    """A reachable commit that bears a reference to an experiment; `place` as in refs.Place.

    `step` is empty where the reference is to all of the experiment. `short` is as much of the id
    as the commits of its repository need.
    """

    oid: str
    short: str
    repository: str
    author: str
    committer_time: int
    subject: str
    step: StepNumber
    place: int
    results: bool


class Match(NamedTuple):
    """A commit or passage that a query found. What does not apply is None.

    `title` is the experiment's, or a commit's subject; `text` is all that was searched; `date` is
    seconds since 1970 of a commit, noon of a passage's day, or None; `exact` means that the query
    names this very thing.
    """

    kind: str
    experiment: str | None
    step: StepNumber
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
    claims: tuple[tuple[str, StepNumber], ...]


@dataclass(frozen=True, slots=True)
class Counts:
    """How much is indexed."""

    repositories: int
    commits: int
    logs: int
    experiments: int
    steps: int
