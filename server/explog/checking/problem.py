"""The kinds of problems that `explog.checking.check` finds, and which are more serious."""

from __future__ import annotations

from explog.model import Problem

KINDS = (
    "unreadable",
    "duplicate-id",
    "dead-hash",
    "ambiguous",
    "renumbered",
    "dates",
    "unknown-step",
    "unknown-experiment",
    "unticked",
    "cookie",
    "unreferenced",
)
"""What a problem can be, the most serious first."""


def seriousness(problem: Problem) -> tuple[int, str, int, str, str, str]:
    """Order problems: the most serious first, then by file and line, then by reference."""
    where = (problem.file or "\U0010ffff", problem.line or 0)
    what = (problem.experiment or "", problem.step or "", problem.message)
    return KINDS.index(problem.kind), *where, *what
