"""The folder of a run: its name, where it is made, and that git does not see it.

There is no lock: the name has host and process in it, and a folder is made by one process only.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterable, Sequence

from explog.errors import ExplogError
from explog.run_settings import load
from explog.runs.code import Code, top_of
from explog.runs.git import git

_SAFE = frozenset("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_-")
_IGNORE = "# Runs are kept by explog, not by git.\n*\n"
_MOST_NAMES = 1000
_MOST_PATH_BYTES = 1 << 16


def run_name(reference: str, start: float, host: str, pid: int) -> str:
    """Return the name of a run: `e201.1-20260105T101500-node7-4242`."""
    stamp = time.strftime("%Y%m%dT%H%M%S", time.localtime(start))
    return f"{reference}-{stamp}-{short_host(host)}-{pid}"


def short_host(host: str) -> str:
    """Return the name of HOST without its domain, of letters, digits, `_` and `-` alone."""
    return "".join(letter if letter in _SAFE else "-" for letter in host.partition(".")[0])


def runs_folder(setting: str, base: str) -> str:
    """Return the folder that SETTING names for runs in BASE, the top of the worktree."""
    return os.path.join(base, os.path.expanduser(setting))


def fallback_folder() -> str:
    """Return where runs go when the folder for them cannot be written."""
    state = os.environ.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state")
    return os.path.join(state, "explog", "runs")


def runs_around(place: str, settings: Sequence[str]) -> list[str]:
    """Return the folders that SETTINGS name for runs of the worktree around PLACE, and ours."""
    base = top_of(place) or place
    return [*(runs_folder(setting, base) for setting in settings), fallback_folder()]


def run_places(names: Sequence[str], worktrees: Iterable[str]) -> tuple[str, ...]:
    """Return the real names of the folders that may have runs of WORKTREES, each once.

    They are those that NAMES names, and those that the configuration of `explog run` names, which
    Emacs does not send.
    """
    every = list(names)
    with contextlib.suppress(ExplogError):
        every += load(None, {}).folders
    absolute = [name for name in every if os.path.isabs(name)]
    inside = [runs_folder(name, path) for path in worktrees for name in every]
    return tuple(dict.fromkeys(map(os.path.realpath, [*absolute, *inside, fallback_folder()])))


def worktrees_of(repositories: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return {worktree: common directory} of REPOSITORIES, each a worktree and that directory."""
    return {
        path: common_dir
        for top, common_dir in repositories
        for path in (top, *_linked_worktrees(common_dir))
    }


def _linked_worktrees(common_dir: str) -> list[str]:
    """Return the linked worktrees of the repository whose git directory is COMMON_DIR."""
    found = []
    folder = os.path.join(common_dir, "worktrees")
    with contextlib.suppress(OSError):
        for name in sorted(os.listdir(folder)):
            with (
                contextlib.suppress(OSError),
                open(os.path.join(folder, name, "gitdir"), "rb") as stream,
            ):
                git_file = os.fsdecode(stream.read(_MOST_PATH_BYTES)).removesuffix("\n")
                found.append(os.path.dirname(os.path.join(folder, name, git_file)))
    return found


def make_run_folder(runs: str, name: str, code: Code | None) -> str:
    """Make and return a new folder NAME in RUNS; both are the user's alone, and git ignores them.

    If NAME is taken, as two containers may have one host name, a number follows it. Raises OSError.
    """
    os.makedirs(runs, mode=0o700, exist_ok=True)
    ignored = _ignore(runs, code)
    for n in range(1, _MOST_NAMES):
        folder = os.path.join(runs, name if n == 1 else f"{name}-{n}")
        with contextlib.suppress(FileExistsError):
            os.mkdir(folder, 0o700)
            if not ignored:
                _write_new(os.path.join(folder, ".gitignore"))
            return folder
    raise FileExistsError(0, "all names of this run are taken", runs)


def _ignore(runs: str, code: Code | None) -> bool:
    """Have git ignore the folder RUNS; tell whether it does.

    It does not if git tracks files there, or if the folder has rules of its own.
    """
    path = os.path.join(runs, ".gitignore")
    if os.path.lexists(path):
        with contextlib.suppress(OSError), open(path, encoding="utf-8", errors="replace") as stream:
            return stream.read(len(_IGNORE) + 1) == _IGNORE
        return False
    if code is not None and git(code.top, "ls-files", "-z", "--", os.path.abspath(runs)):
        return False
    with contextlib.suppress(FileExistsError):
        _write_new(path)
    return True


def _write_new(path: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
    with os.fdopen(descriptor, "w", encoding="ascii") as stream:
        stream.write(_IGNORE)
