"""Tell cheaply whether the refs of a repository moved."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterable, Iterator

from explog.git.repository import Repository

# A ref written in the same tick as the look at it would go unseen; such a signature is not kept.
_RACY_NS = 50_000_000
# The same where a file system keeps whole seconds only, or even ones.
_RACY_COARSE_NS = 2_000_000_000
_REFTABLE = "reftable/tables.list"


def signature(repository: Repository) -> str | None:
    """Return a text that changes whenever a branch or HEAD does, from `stat` alone.

    Some programs write a ref in place, so that its folder stays as it was: each loose one is looked
    at. None when the repository is gone, or when it was written so recently that a later write
    could leave the same stamp.
    """
    common = str(repository.common_dir)
    git_dirs = [common, *_linked_git_dirs(common)]
    paths = [f"{git_dir}/{name}" for git_dir in git_dirs for name in ("HEAD", _REFTABLE)]
    paths += [f"{common}/packed-refs", f"{common}/shallow"]
    for root in ("refs/heads", "refs/remotes"):
        paths += _loose_refs(f"{common}/{root}")
    stamps = [_stamp(path) for path in paths]
    if stamps[0] is None or _is_racy(filter(None, stamps), time.time_ns()):
        return None
    return hashlib.sha256(repr(stamps).encode("ascii")).hexdigest()


def _linked_git_dirs(common: str) -> list[str]:
    """Return the git directories of the linked worktrees of the repository COMMON."""
    try:
        with os.scandir(f"{common}/worktrees") as entries:
            return sorted(entry.path for entry in entries)
    except OSError:
        return []


def _loose_refs(path: str) -> Iterator[str]:
    """Yield the folder PATH, and every ref and folder below it."""
    yield path
    try:
        with os.scandir(path) as entries:
            found = sorted((entry.path, entry.is_dir(follow_symlinks=False)) for entry in entries)
    except OSError:
        return
    for name, is_folder in found:
        if is_folder:
            yield from _loose_refs(name)
        elif not name.endswith(".lock"):
            yield name


_Stamp = tuple[int, int, int, int]


def _stamp(path: str) -> _Stamp | None:
    """Return the times (ns) of modification and of change, the size and the inode of PATH."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino


def _is_racy(stamps: Iterable[_Stamp], now: int) -> bool:
    """Tell whether a time in STAMPS is so near NOW that a later write could have the same.

    What is far in the future is nobody's clock.
    """
    end = now + _RACY_COARSE_NS
    for times in stamps:
        for written in times[:2]:
            if now - _RACY_COARSE_NS < written < end and (
                written > now - _RACY_NS or written % 1_000_000_000 == 0
            ):
                return True
    return False
