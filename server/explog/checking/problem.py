"""Which problems are more serious."""

from __future__ import annotations

from explog.model import PROBLEM_KINDS, Problem


def seriousness(problem: Problem) -> tuple[int, str, int, str, str, str]:
    """Order problems: the most serious first, then by file and line, then by reference."""
    where = (problem.file or "\U0010ffff", problem.line or 0)
    what = (problem.experiment or "", problem.step or "", problem.message)
    return PROBLEM_KINDS.index(problem.kind), *where, *what
