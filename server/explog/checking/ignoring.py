"""Tell the problems that the user ignores from the others."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from explog.ignored import ignored_problem, read_ignored, read_pattern, without_lines
from explog.model import Problem


def split_ignored(
    problems: Sequence[Problem], patterns: Iterable[str]
) -> tuple[list[Problem], list[Problem]]:
    """Return those of PROBLEMS that count, and those that are ignored.

    Ignored are those that one of PATTERNS matches, and those that the user told explog to ignore.
    Raises ExplogError `bad-config` if a pattern cannot be read.
    """
    meant = [read_pattern(text) for text in patterns]
    known = read_ignored()
    messages = {one.message for one in known}
    counting: list[Problem] = []
    ignored: list[Problem] = []
    for one in problems:
        # Where its file really is, is asked for the few alone: its drive may not answer.
        skip = any(pattern.matches(one) for pattern in meant) or (
            without_lines(one.message) in messages
            and ignored_problem(one.kind, one.file, one.experiment, one.step, one.message) in known
        )
        (ignored if skip else counting).append(one)
    return counting, ignored
