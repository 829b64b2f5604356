"""What `explog.checking.check` finds: problems, and the changes that mend them."""

from __future__ import annotations

from dataclasses import dataclass

from explog.model import Change

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
class Problem:
    """One problem. `line` is 1-based; what does not apply is None; `kind` is one of KINDS.

    `mend` is the one right mending: it takes the problem away and brings no other. Its message
    says what it does.
    """

    kind: str
    file: str | None
    line: int | None
    experiment: str | None
    step: str | None
    message: str
    mend: Change | None = None


def seriousness(problem: Problem) -> tuple[int, str, int, str, str, str]:
    """Order problems: the most serious first, then by file and line, then by reference."""
    where = (problem.file or "\U0010ffff", problem.line or 0)
    what = (problem.experiment or "", problem.step or "", problem.message)
    return KINDS.index(problem.kind), *where, *what
