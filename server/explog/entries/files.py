"""The files of logs, written as a whole; not while git is in the middle of something there."""

from __future__ import annotations

from pathlib import Path

from explog.errors import ExplogError
from explog.git.state import under_way
from explog.org.files import replace_log


def git_problem(file: str) -> str | None:
    """Return why the log FILE must not be changed because of git, if so."""
    what = under_way(Path(file))
    return what and f"{file}: it waits for git, which is in the middle of {what} there"


def write_log(path: Path, expected: bytes, new: bytes) -> None:
    """Write NEW to the log at PATH, which has EXPECTED; raise ExplogError if that must not be."""
    problem = git_problem(str(path))
    if problem is not None:
        raise ExplogError("git", problem)
    replace_log(path, expected, new)
