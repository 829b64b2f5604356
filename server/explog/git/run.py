"""The one place that runs git: GitPython's command runner behind one funnel and one error.

Only plumbing is run, as porcelain executes programs that a repository's configuration names, and
of what plumbing may execute everything is turned off here, for every command alike. Bytes in, bytes
out; nothing is decoded here but git's own complaints.
"""

from __future__ import annotations

import fcntl
import io
import os
import subprocess
import tempfile
import threading
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import IO, Any

from explog.errors import ExplogError
from explog.git.process import Output
from explog.git.safe import BARS, ENVIRONMENT, OPTIONS, is_kept
from explog.stuck import NoAnswerError, is_silent, note, patience, sentence

Process = subprocess.Popen[bytes]
_importing = threading.Lock()
_WIDE = 1 << 20
# GitPython's own variable, and a program that is none.
_EXECUTABLE, _NOWHERE = "GIT_PYTHON_GIT_EXECUTABLE", "/nonexistent/git"

_ENVIRONMENT = {
    **ENVIRONMENT,
    # No command needs the index, which may lead to a program, or be a pipe that nobody writes to.
    "GIT_INDEX_FILE": "/nonexistent/index",
}


class GitError(ExplogError):
    """git said no, or nothing.

    `code` is `dubious-ownership`, `not-a-repository`, `no-git`, `stuck` or `git-failed`.
    """

    def __init__(self, code: str, message: str, *, command: str, status: int, stderr: str) -> None:
        super().__init__(code, message, command=command, status=status, stderr=stderr)


@cache
def _gitpython() -> Any:
    with _importing:
        return _imported()


def _imported() -> Any:
    """Return GitPython; imported at first use, as it takes longer than all of our start.

    It runs a git when it is imported, for which it waits without end: it is shown none.
    """
    os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")
    before = os.environ.get(_EXECUTABLE)
    os.environ[_EXECUTABLE] = _NOWHERE
    try:
        import git
    finally:
        if before is None:
            del os.environ[_EXECUTABLE]
        else:
            os.environ[_EXECUTABLE] = before
    return git


def _scrub() -> None:
    """Take out of this process's environment what would make git look elsewhere."""
    for name in [name for name in os.environ if not is_kept(name)]:
        del os.environ[name]


def run(directory: Path, *arguments: str, stdin: bytes | None = None) -> bytes:
    """Run `git ARGUMENTS` in the repository at DIRECTORY and return its output.

    Whatever a user or a repository may have named belongs on STDIN. Raises GitError: `stuck` where
    git does nothing for a while, and at once where it did so before and does not answer yet.
    """
    with stream(directory, *arguments, stdin=stdin) as output:
        return output.read()


@contextmanager
def stream(directory: Path, *arguments: str, stdin: bytes | None) -> Iterator[IO[bytes]]:
    """Run `git ARGUMENTS` as `run` does and yield its output as it comes.

    An EOFError that the reader raises, when there is less than expected, becomes a GitError.
    """
    if is_silent(directory):
        raise _stuck(directory, arguments)
    try:
        with _attempt(directory, arguments, stdin) as output:
            yield output
    except NoAnswerError:
        note(directory, lambda: _ask_again(directory, arguments, stdin))
        raise _stuck(directory, arguments) from None


def _ask_again(directory: Path, arguments: tuple[str, ...], stdin: bytes | None) -> None:
    with _attempt(directory, arguments, stdin) as output:
        while output.read(_WIDE):
            pass


@contextmanager
def _attempt(
    directory: Path, arguments: tuple[str, ...], stdin: bytes | None
) -> Iterator[IO[bytes]]:
    command = _command(directory, arguments)
    early: EOFError | None = None
    with _input(stdin) as source:
        output = Output(_start(command, source, directory), patience())
    with closing(output):
        try:
            yield io.BufferedReader(output, _WIDE)
        except EOFError as error:
            early = error
        status = output.end()
        if early is not None or status != 0:
            stderr = b"".join(output.complaints)
            raise _error(directory, command, status, stderr or str(early)) from early


def _start(command: list[str], source: IO[bytes] | None, directory: Path) -> Process:
    gitpython = _gitpython()
    try:
        handle = gitpython.Git().execute(
            command, istream=source, env=_environment(directory), as_process=True
        )
    except gitpython.exc.GitCommandNotFound as error:
        raise _no_git(command) from error
    # GitPython's handle waits without end for its process when it is collected.
    process: Process = handle.proc
    handle.proc = None
    if process.stdout is not None:
        _widen(process.stdout)
    return process


def _widen(pipe: IO[bytes]) -> None:
    """Let git run ahead of us by more than the 64 KiB that a pipe holds, where that can be had."""
    if hasattr(fcntl, "F_SETPIPE_SZ"):
        with suppress(OSError):
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _WIDE)


def _command(directory: Path, arguments: tuple[str, ...]) -> list[str]:
    _scrub()
    command, *rest = arguments
    # Not as the runner's working directory: it falls back on ours when the repository is gone.
    where = ["-C", str(directory), "--no-pager"]
    never = [*BARS, command, *OPTIONS.get(command, ())]
    return ["git", *where, *never, *rest]


def _environment(directory: Path) -> dict[str, str]:
    # A broken repository inside another must not be taken for the outer one.
    ceiling = os.path.dirname(os.path.realpath(directory))
    return {**_ENVIRONMENT, "GIT_CEILING_DIRECTORIES": ceiling}


def one_a_line(names: Iterable[str]) -> bytes:
    """Return NAMES, of objects or refs, as git reads them from its standard input."""
    return "".join(f"{name}\n" for name in names).encode("utf-8", "surrogateescape")


@contextmanager
def _input(data: bytes | None) -> Iterator[IO[bytes] | None]:
    """Yield a file that holds DATA: unlike a pipe it cannot deadlock with the output."""
    if data is None:
        yield None
        return
    with _scratch() as file:
        file.write(data)
        file.seek(0)
        yield file


def _stuck(directory: Path, arguments: tuple[str, ...]) -> GitError:
    return GitError("stuck", sentence(directory), command=" ".join(arguments), status=-1, stderr="")


def _scratch() -> IO[bytes]:
    """Return an empty file without a name: in memory where that can be had, as disks get full."""
    if hasattr(os, "memfd_create"):
        return os.fdopen(os.memfd_create("explog"), "w+b")
    return tempfile.TemporaryFile()


def _no_git(command: list[str]) -> GitError:
    text = " ".join(command)
    return GitError("no-git", "git is not installed", command=text, status=127, stderr="")


def _error(directory: Path, command: list[str], status: int, stderr: bytes | str) -> GitError:
    text = stderr.decode("utf-8", "replace") if isinstance(stderr, bytes) else stderr
    text = text.strip()
    gone = "No such file" in text or "Not a directory" in text
    if "dubious ownership" in text:
        code = "dubious-ownership"
        message = f"{directory}: it belongs to another user; git refuses it until you allow it"
    elif "not a git repository" in text or ("cannot change to" in text and gone):
        code, message = "not-a-repository", f"{directory}: it is no git repository any more"
    else:
        lines = text.splitlines() or [f"git ended with status {status}"]
        fatal = [line for line in lines if line.startswith("fatal: ")]
        code, message = "git-failed", f"{directory}: {(fatal or lines)[-1].removeprefix('fatal: ')}"
    return GitError(code, message, command=" ".join(command), status=status, stderr=text)
