"""Commits before and after a run, made as the user would make them, with her hooks and signing.

Before: what was changed in tracked files. After, if the run was ok: its outputs.
"""

from __future__ import annotations

import os
import shlex

from explog.errors import ExplogError
from explog.runs.code import Code
from explog.runs.git import git, user_git
from explog.runs.record import RunRecord


def commit_before(code: Code, reference: str, title: str) -> bool:
    """Commit the tracked changes of CODE for REFERENCE; tell whether there were any.

    Raises ExplogError if git does not make the commit.
    """
    if not code.changed:
        return False
    message = f"[{reference}] Before- {title}\n"
    user_git(code.top, "commit", "--quiet", "--all", "--file=-", stdin=os.fsencode(message))
    return True


def commit_results(code: Code, record: RunRecord) -> str:
    """Commit the outputs of RECORD, and return the new commit.

    CODE is the state of its worktree now. Raises ExplogError, with the reason in one sentence, if
    the commit cannot be made as it was meant.
    """
    why = _why_not(code, record)
    if why:
        raise ExplogError("not-committed", f"no commit of the results: {why}")
    outputs = [path for path in record.outputs if _is_there(code.top, path)]
    if not outputs:
        raise ExplogError("not-committed", "no commit of the results: no output is there")
    user_git(code.top, "add", "--", *outputs)
    try:
        if not git(code.top, "diff-index", "--cached", "--name-only", "-z", "HEAD", "--", *outputs):
            raise ExplogError("not-committed", "no commit of the results: no output has changed")
        message = os.fsencode(results_message(record))
        user_git(code.top, "commit", "--quiet", "--only", "--file=-", "--", *outputs, stdin=message)
    except ExplogError:
        user_git(code.top, "reset", "--quiet", "--", *outputs)
        raise
    return git(code.top, "rev-parse", "HEAD").decode("ascii").strip()


def results_message(record: RunRecord) -> str:
    """Return the message of the commit with the results of RECORD."""
    took = "" if record.seconds is None else f" in {duration(record.seconds)}"
    lines = [
        f"[{record.reference}] Results- {title_of(record)}",
        "",
        f"Command: {shlex.join(record.argv)}",
        f"Run: {record.run}{took} on {record.host}",
    ]
    return "\n".join(lines) + "\n"


def title_of(record: RunRecord) -> str:
    """Return what the subjects of commits for RECORD say: its title, else its command."""
    return record.title or short_command(record.argv)


def short_command(argv: tuple[str, ...]) -> str:
    """Return ARGV as one short line."""
    line = " ".join(shlex.join(argv).split())
    return line if len(line) <= 60 else f"{line[:59]}…"


def duration(seconds: float) -> str:
    """Return SECONDS as `2:31:07`, `31:07` or `0:07`."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _why_not(code: Code, record: RunRecord) -> str | None:
    """Return why the commit for RECORD must not be made in CODE, or None."""
    if not record.outputs:
        return "no output was named; use --out"
    if code.head is None:
        return "the branch has no commit yet"
    if code.branch != record.branch:
        return f"HEAD is on {code.branch or 'no branch'} now, and was on {record.branch or 'none'}"
    if code.staged:
        return "the index has staged changes"
    return None


def _is_there(top: str, path: str) -> bool:
    """Tell whether the output PATH is in the worktree, or git knows it, as one that was deleted."""
    return os.path.lexists(os.path.join(top, path)) or bool(git(top, "ls-files", "-z", "--", path))
