"""What `explog.checking.check` finds: problems, and the edits that mend them."""

from __future__ import annotations

from dataclasses import dataclass

from explog.model import LineEdit

KINDS = (
    "unreadable",
    "duplicate-id",
    "dead-hash",
    "ambiguous",
    "renumbered",
    "unknown-step",
    "unknown-experiment",
    "unticked",
    "cookie",
    "unreferenced",
)
"""What a problem can be, the most serious first."""


@dataclass(frozen=True, slots=True)
class Mend:
    """The one right mending of a problem: it takes that away and brings no other.

    LINES are to be changed, 0-based in the text of EXPERIMENT, whose heading is at ENTRY_LINE,
    1-based, of FILE; `title` says what that does.
    """

    file: str
    entry_line: int
    experiment: str
    lines: tuple[LineEdit, ...]
    title: str


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem. `line` is 1-based; what does not apply is None; `kind` is one of KINDS."""

    kind: str
    file: str | None
    line: int | None
    experiment: str | None
    step: str | None
    message: str
    mend: Mend | None = None


def seriousness(problem: Problem) -> tuple[int, str, int, str, str, str]:
    """Order problems: the most serious first, then by file and line, then by reference."""
    where = (problem.file or "\U0010ffff", problem.line or 0)
    what = (problem.experiment or "", problem.step or "", problem.message)
    return KINDS.index(problem.kind), *where, *what
