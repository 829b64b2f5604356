"""What a look at a log hands to the index, and what the index knows of logs.

Those that are made by the hundred thousand, or sent from another process, are named tuples: they
are made three times as fast as frozen dataclasses, and pickled ten times as fast.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

from explog.model import Diagnosis, StepHash, StepNumber


class LogRecord(NamedTuple):
    """A log as it was last read, of SIZE bytes; `problem` says why it could not be."""

    id: int
    path: str
    stamp: str
    digest: str
    size: int
    problem: str | None


# A step as it is to be kept: the fields of model.Step, the last as `write_hashes` returns it.
StepRow: TypeAlias = tuple[StepNumber, int, str, str | None, str | None, str]
# (kind, step, line, text, day): a piece of prose at `line` of the experiment; `day` is an ISO date,
# `kind` as in a query.
PassageRow: TypeAlias = tuple[str, StepNumber, int, str, str | None]
# (line, title, text, day): prose at `line` of the section that is in no experiment, under a heading
# with `title`.
TextRow: TypeAlias = tuple[int, str, str, str | None]


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


class SectionRecord(NamedTuple):
    """A section of a log: its digest, where it begins (bytes, 1-based line), and its content."""

    digest: bytes
    start: int
    line: int
    experiments: tuple[ExperimentRecord, ...] = ()
    diagnoses: tuple[Diagnosis, ...] = ()
    texts: tuple[TextRow, ...] = ()


class SectionPlace(NamedTuple):
    """Where a known section begins."""

    digest: bytes
    start: int
    line: int


def write_hashes(digits: str | None, hashes: Sequence[StepHash]) -> str:
    """Return HASHES, of a step whose hash is DIGITS, as text: those in place end in "!"."""
    if len(hashes) < 2 and (digits is not None or not hashes):
        return ""
    return " ".join(f"{one.digits}!" if one.in_place else one.digits for one in hashes)


def read_hashes(digits: str | None, text: str) -> tuple[StepHash, ...]:
    """Return the hashes that `write_hashes` made TEXT of."""
    if text:
        return tuple(StepHash(one.rstrip("!"), one.endswith("!")) for one in text.split())
    return () if digits is None else (StepHash(digits, in_place=True),)
