"""Worktrees that have exactly the code of a run."""

from __future__ import annotations

import os
from typing import NamedTuple

from explog.errors import ExplogError
from explog.runs.git import git
from explog.runs.snapshot import MESSAGE as SNAPSHOT_MESSAGE


def check_out(top: str, commit: str, folder: str) -> None:
    """Make FOLDER a worktree of the repository of TOP that has COMMIT, on no branch.

    No hook runs. Raises ExplogError if FOLDER has something, or git fails.
    """
    git(top, "worktree", "add", "--detach", "--", os.path.abspath(folder), commit)


def pin(top: str, commit: str, folder: str) -> None:
    """Make FOLDER a worktree of COMMIT as `check_out` does, unless it is one already."""
    if not os.path.exists(os.path.join(folder, ".git")):
        check_out(top, commit, folder)
        return
    there = git(folder, "rev-parse", "HEAD").decode("ascii").strip()
    if there != commit:
        raise ExplogError("other-code", f"{folder}: it has {there[:10]}, not {commit[:10]}")


def forget(top: str) -> None:
    """Have git forget the worktrees of the repository of TOP whose folders are gone."""
    git(top, "worktree", "prune")


class Origin(NamedTuple):
    """What a record says of code that a commit has: that is `snapshot`, if it is a snapshot."""

    head: str | None
    snapshot: str | None
    changed: tuple[str, ...]


def origin(top: str, commit: str) -> Origin:
    """Return what the repository of TOP says of COMMIT; raise ExplogError if it has none."""
    oid = git(top, "rev-parse", "--verify", "-q", "--end-of-options", f"{commit}^{{commit}}")
    name = oid.decode("ascii").strip()
    raw = git(top, "cat-file", "commit", name)
    header, _blank, message = raw.partition(b"\n\n")
    if message != SNAPSHOT_MESSAGE:
        return Origin(name, None, ())
    lines = header.decode("ascii", "replace").split("\n")
    parents = [line[7:] for line in lines if line.startswith("parent ")]
    listed = git(top, "diff-tree", "-r", "-z", "--root", "--name-only", "--no-commit-id", name)
    changed = tuple(path for path in os.fsdecode(listed).split("\0") if path)
    return Origin(parents[0] if parents else None, name, changed)


def difference(top: str, head: str | None, snapshot: str | None) -> bytes:
    """Return as a diff what SNAPSHOT has that HEAD, its parent, has not; nothing without one."""
    if snapshot is None:
        return b""
    against = [head, snapshot] if head else ["--root", snapshot]
    return git(top, "diff-tree", "-r", "-p", "--no-commit-id", *against)
