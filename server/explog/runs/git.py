"""Run git by the standard library alone, with the same settings as `explog.git.run`.

Two things differ. What the user's own `git add` would do to a file is done here too: the filters
that her configuration names run on the files that changed, so that what is encrypted stays so and
what LFS keeps goes to LFS. And `user_git` makes commits as she would: hooks, signing and template
hold.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping

from explog.errors import ExplogError
from explog.git.safe import BARS, ENVIRONMENT, OPTIONS, is_kept


def start_git(
    directory: str, *arguments: str, extra: Mapping[str, str] | None = None
) -> subprocess.Popen[bytes]:
    """Start `git ARGUMENTS` in DIRECTORY; its output is read by `finish_git`.

    EXTRA is for its environment. Raises ExplogError `no-git`.
    """
    command, *rest = arguments
    words = ["git", "--no-pager", *BARS, command, *OPTIONS.get(command, ()), *rest]
    environment = {name: value for name, value in os.environ.items() if is_kept(name)}
    try:
        return subprocess.Popen(
            words,
            cwd=directory,
            env={**environment, **ENVIRONMENT, **(extra or {})},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
    except FileNotFoundError as error:
        if not os.path.isdir(directory):
            raise ExplogError("git-failed", f"{directory}: there is no such folder") from error
        raise ExplogError("no-git", "git is not installed") from error
    except OSError as error:
        raise ExplogError("git-failed", f"{directory}: {error.strerror}") from error


def finish_git(process: subprocess.Popen[bytes], stdin: bytes = b"") -> bytes:
    """Return the output of PROCESS, which reads STDIN; raise ExplogError if git failed."""
    output, complaint = process.communicate(stdin)
    if process.returncode != 0:
        raise _error(complaint, process.returncode)
    return output


def git(
    directory: str, *arguments: str, stdin: bytes = b"", extra: Mapping[str, str] | None = None
) -> bytes:
    """Run `git ARGUMENTS` in DIRECTORY and return its output; raise ExplogError if it fails."""
    return finish_git(start_git(directory, *arguments, extra=extra), stdin)


def user_git(directory: str, *arguments: str, stdin: bytes = b"") -> None:
    """Run `git ARGUMENTS` in DIRECTORY as the user would; raise ExplogError if it fails.

    What it prints goes to standard error.
    """
    names = ("GIT_AUTHOR_", "GIT_COMMITTER_", "GIT_SSH", "GIT_ASKPASS", "GIT_TERMINAL_PROMPT")
    environment = {
        name: value for name, value in os.environ.items() if is_kept(name) or name.startswith(names)
    }
    done = subprocess.run(
        ["git", "--literal-pathspecs", *arguments],
        cwd=directory,
        env=environment,
        input=stdin,
        stdout=2,
        check=False,
    )
    if done.returncode != 0:
        status = f"git {arguments[0]} ended with status {done.returncode}"
        raise ExplogError("git-failed", status)


def _error(complaint: bytes, status: int) -> ExplogError:
    text = complaint.decode("utf-8", "replace").strip()
    lines = text.splitlines() or [f"git ended with status {status}"]
    fatal = [line for line in lines if line.startswith(("fatal: ", "error: "))]
    message = (fatal or lines)[-1].partition(": ")[2] if fatal else lines[-1]
    return ExplogError("git-failed", message, status=status, stderr=text)
