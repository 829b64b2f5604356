"""Tell cheaply whether the refs of a repository moved."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from explog.git.repository import Repository
from explog.git.stamps import Stamp, is_racy, stamp, trusted_until

_ROOTS = "refs/heads", "refs/remotes"
_REFTABLE = "reftable/tables.list"
# What matters in a git directory, and in its folder `refs`.
_NAMES = frozenset(("HEAD", "packed-refs", "shallow", "refs", "reftable", "worktrees"))
_REFS = frozenset(("heads", "remotes"))

_Stamps: TypeAlias = dict[str, Stamp | None]


def signature(repository: Repository) -> str | None:
    """Return a text that changes whenever a branch or HEAD does, from `stat` alone.

    Some programs write a ref in place, so that its folder stays as it was: each loose one is looked
    at. None when the repository is gone, or when it was written so recently that a later write
    could leave the same stamp.
    """
    return _examine(str(repository.common_dir))[0]


@dataclass(frozen=True, slots=True)
class _Kept:
    """A signature that holds until a time, as long as each of the paths has that stamp.

    The stamps are hashes, as thousands of repositories are kept.
    """

    signature: str
    until: float
    stamps: tuple[tuple[str, int], ...]

    def holds(self) -> bool:
        if time.monotonic() >= self.until:
            return False
        try:
            for path, known in self.stamps:
                now = os.stat(path)
                if hash((now.st_mtime_ns, now.st_ctime_ns, now.st_size, now.st_ino)) != known:
                    return False
        except OSError:
            return False
        return True


class Signatures:
    """The signatures of repositories, kept: where nothing happened, one costs a few `stat`s."""

    def __init__(self) -> None:
        self._kept: dict[str, _Kept] = {}

    def of(self, repository: Repository) -> str | None:
        """Return the signature of REPOSITORY."""
        common = str(repository.common_dir)
        kept = self._kept.get(common)
        if kept is not None and kept.holds():
            return kept.signature
        self._kept.pop(common, None)
        until = trusted_until()
        found, stamps = _examine(common)
        known = [one for one in stamps.values() if one is not None]
        if found is not None and not is_racy(known, time.time_ns()):
            marks = tuple((path, hash(one)) for path, one in stamps.items() if one is not None)
            self._kept[common] = _Kept(found, until, marks)
        return found

    def forget_others(self, repositories: Iterable[Repository]) -> None:
        """Keep nothing of any but REPOSITORIES."""
        wanted = {str(one.common_dir) for one in repositories}
        self._kept = {name: kept for name, kept in self._kept.items() if name in wanted}


def _examine(common: str) -> tuple[str | None, _Stamps]:
    """Return the signature of the repository COMMON, and the stamps that it depends on.

    What is not there would change the stamp of the folder that would have it. So folders are among
    those stamps, each taken before one looks into it.
    """
    stamps: _Stamps = {}
    _note(stamps, common)
    git_dirs = [common, *_linked_git_dirs(common, stamps)]
    paths = [f"{git_dir}/{name}" for git_dir in git_dirs for name in ("HEAD", _REFTABLE)]
    paths += [f"{common}/packed-refs", f"{common}/shallow"]
    _note(stamps, f"{common}/refs")
    for root in _ROOTS:
        paths += _loose_refs(f"{common}/{root}", stamps)
    if all(stamps[f"{common}/{root}"] for root in _ROOTS):
        del stamps[f"{common}/refs"]
    found = [_note(stamps, path) for path in paths]
    if found[0] is None or is_racy(filter(None, found), time.time_ns()):
        return None, stamps
    return hashlib.sha256(repr(found).encode("ascii")).hexdigest(), stamps


def _note(stamps: _Stamps, path: str) -> Stamp | None:
    """Return the stamp of PATH, which is put into STAMPS."""
    if path not in stamps:
        stamps[path] = stamp(path)
    return stamps[path]


def _linked_git_dirs(common: str, stamps: _Stamps) -> list[str]:
    """Return the git directories of the linked worktrees of the repository COMMON."""
    folder = f"{common}/worktrees"
    if _note(stamps, folder) is None:
        return []
    try:
        with os.scandir(folder) as entries:
            found = sorted(entry.path for entry in entries)
    except OSError:
        return []
    for git_dir in found:
        _note(stamps, git_dir)
    return found


def _loose_refs(path: str, stamps: _Stamps) -> Iterator[str]:
    """Yield the folder PATH, and every ref and folder below it."""
    yield path
    if _note(stamps, path) is None:
        return
    try:
        with os.scandir(path) as entries:
            found = sorted((entry.path, entry.is_dir(follow_symlinks=False)) for entry in entries)
    except OSError:
        return
    for name, is_folder in found:
        if is_folder:
            yield from _loose_refs(name, stamps)
        elif not name.endswith(".lock"):
            yield name


def ref_folders(common: str) -> Mapping[str, frozenset[str] | None]:
    """Return the folders in which something changes when a ref of the repository COMMON moves.

    Each with the names that matter there, or None for all of them; first the one in which nearly
    all commits show.
    """
    stamps: _Stamps = {}
    for root in _ROOTS:
        list(_loose_refs(f"{common}/{root}", stamps))
    trees = [path for path, one in stamps.items() if one is not None]
    linked = _linked_git_dirs(common, stamps)
    reftables = [f"{git_dir}/reftable" for git_dir in (common, *linked)]
    found = dict.fromkeys([*filter(os.path.isdir, reftables), *trees])
    named = {common: _NAMES, f"{common}/refs": _REFS, f"{common}/worktrees": None}
    return {**found, **named, **dict.fromkeys(linked, _NAMES)}
