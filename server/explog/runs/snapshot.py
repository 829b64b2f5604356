"""Keep the state of the code as a commit that no branch has: `refs/explog/runs/RUN`.

The commit is made through an index of its own. The user's index, branch, stash and files stay as
they are, and no hook runs. The same state makes the same commit, so that a hundred runs of it
share one, and each run's ref keeps it.
"""

from __future__ import annotations

import contextlib
import os
import stat
import time
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from explog.errors import ExplogError
from explog.runs.code import Code
from explog.runs.git import git

REFS = "refs/explog/runs/"
MESSAGE = b"The state of the code of a run\n"
_ZERO_DAY = "978307200 +0000"  # of a commit without a parent
_TRIES = 20
_BLOCK_BYTES = 1 << 20


class Snapshot(NamedTuple):
    """A commit with the state of the code, and sentences on what it does not have."""

    commit: str | None
    notes: tuple[str, ...] = ()


def take_snapshot(code: Code, limit: int, scratch: str) -> Snapshot:
    """Return a commit with what the worktree has; its parent is HEAD.

    Files that take more than LIMIT bytes together are left out. The index of its own is made in
    the folder SCRATCH. Raises ExplogError or OSError if that is impossible.
    """
    if code.is_clean:
        return Snapshot(code.head)
    taken, notes = _choose(code, limit)
    index = os.path.join(scratch, f".index.{os.getpid()}")
    extra = {"GIT_INDEX_FILE": index}
    with _own_index(code, index):
        # git passes over files that it was told not to look at, or even takes them out.
        _update_index(code, extra, code.hidden, "--no-assume-unchanged")
        _update_index(code, extra, code.hidden, "--no-skip-worktree")
        _update_index(code, extra, taken, "--add", "--remove", "--replace")
        tree = git(code.top, "write-tree", "--missing-ok", extra=extra).decode("ascii").strip()
    return Snapshot(_commit(code, tree), (*notes, *_lfs_note(code, taken)))


def keep(top: str, run: str, commit: str) -> None:
    """Have the ref of RUN keep COMMIT in the repository of TOP; raise ExplogError if that fails."""
    for left in reversed(range(_TRIES)):  # another run may hold a lock for a moment
        try:
            git(top, "update-ref", "--no-deref", REFS + run, commit)
        except ExplogError as error:
            if not left or "lock" not in str(error.data.get("stderr", "")):
                raise
            time.sleep(0.05)
        else:
            return


def drop(top: str, run: str) -> None:
    """Delete the ref of RUN, if there is one; another run's ref may keep the commit."""
    git(top, "update-ref", "--no-deref", "-d", REFS + run)


@contextlib.contextmanager
def _own_index(code: Code, index: str) -> Iterator[None]:
    """Make INDEX a copy of the index of CODE while the block runs."""
    with contextlib.suppress(FileNotFoundError):  # nothing was ever added
        _copy(os.path.join(code.git_dir, "index"), index)
    try:
        yield
    finally:
        for name in (index, f"{index}.lock"):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(name)


def _copy(path: str, copy: str) -> None:
    """Copy the index PATH to COPY, with its time; shutil takes long to import.

    Git trusts the time of a file that was last changed before the index was written.
    """
    with open(path, "rb") as source, open(copy, "wb") as target:
        while block := source.read(_BLOCK_BYTES):
            target.write(block)
        status = os.fstat(source.fileno())
    os.utime(copy, ns=(status.st_atime_ns, status.st_mtime_ns))


def _update_index(code: Code, extra: dict[str, str], names: Sequence[str], *options: str) -> None:
    if names:
        stdin = b"".join(os.fsencode(name) + b"\0" for name in names)
        git(code.top, "update-index", *options, "-z", "--stdin", stdin=stdin, extra=extra)


def _choose(code: Code, limit: int) -> tuple[list[str], list[str]]:
    """Return the files to take, and notes on those that are left out.

    Of the untracked ones, the smallest come first.
    """
    notes = [f"the submodule {name} has changes that were not kept" for name in code.submodules]
    taken: list[str] = []
    left = limit
    sizes = [(_size(code.top, name), name) for name in code.untracked]
    tracked = [(_size(code.top, name), name) for name in code.changed]
    for size, name in [*sorted(tracked, key=_known_size), *sorted(sizes, key=_known_size)]:
        if name.endswith("/"):
            notes.append(f"{name} is a repository of its own, and was not kept")
        elif size is None:
            notes.append(f"{name} cannot be read, and was not kept")
        elif size > left:
            notes.append(f"{name} takes {size >> 20} MB, and was not kept")
        else:
            left -= size
            taken.append(name)
    return taken, notes


def _known_size(entry: tuple[int | None, str]) -> tuple[int, str]:
    return entry[0] or 0, entry[1]


def _size(top: str, name: str) -> int | None:
    """Return how many bytes the file NAME takes, 0 if it is gone; None if it cannot be kept."""
    path = os.path.join(top, name)
    try:
        status = os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return 0
    except OSError:
        return None
    if stat.S_ISREG(status.st_mode):
        return status.st_size if os.access(path, os.R_OK) else None
    return 0 if stat.S_ISLNK(status.st_mode) or stat.S_ISDIR(status.st_mode) else None


def _commit(code: Code, tree: str) -> str:
    """Return the commit of TREE on top of HEAD, which is the same for the same two."""
    date = _ZERO_DAY
    if code.head is not None:
        raw = git(code.top, "cat-file", "commit", code.head)
        committer = next(line for line in raw.split(b"\n") if line.startswith(b"committer "))
        date = b" ".join(committer.rsplit(b" ", 2)[1:]).decode("ascii")
    people = {
        f"GIT_{role}_{name}": value
        for role in ("AUTHOR", "COMMITTER")
        for name, value in (("NAME", "explog run"), ("EMAIL", "explog@localhost"), ("DATE", date))
    }
    parents = ["-p", code.head] if code.head is not None else []
    made = git(code.top, "commit-tree", tree, *parents, stdin=MESSAGE, extra=people)
    return made.decode("ascii").strip()


def _lfs_note(code: Code, names: Sequence[str]) -> list[str]:
    """Return a note if git LFS keeps the content of some of the files NAMES."""
    if not names or not os.path.isdir(os.path.join(code.git_dir, "lfs")):
        return []
    stdin = b"".join(os.fsencode(name) + b"\0" for name in names)
    fields = git(code.top, "check-attr", "-z", "--stdin", "filter", stdin=stdin).split(b"\0")
    count = sum(value == b"lfs" for value in fields[2::3])
    return [f"the content of {count} changed files is in git LFS alone"] if count else []
