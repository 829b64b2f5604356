"""Find repositories below folders; no process is started."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from explog.git.repository import Repository, repository_at
from explog.git.stamps import is_racy, stamp, trusted_until

# What says for certain that there is no repository to read: it is gone, or it is another's.
_NONE_OF_OURS = {errno.ENOENT, errno.ENOTDIR, errno.EACCES, errno.EPERM, errno.ELOOP}


class Visitor:
    """Follows a search for repositories; this one only looks on."""

    def enter(self, path: Path) -> bool:  # noqa: ARG002 - for those who do more
        """Tell whether to look at PATH, a folder or a repository."""
        return True

    def failed(self, path: Path, error: OSError) -> None:
        """Take note that PATH, which is there, cannot be looked into now."""


@dataclass(frozen=True, slots=True)
class _Folder:
    """What a folder is: a repository, or else its real name and the folders in it.

    Those are None unless it was listed. All this holds as long as its `mark` does, and `until` then
    (`time.monotonic`). Without a mark it does not hold.
    """

    mark: tuple[int, ...] | None
    until: float
    repository: Repository | None = None
    real: str = ""
    folders: tuple[Path, ...] | None = None

    def holds_at(self, path: Path) -> bool:
        if self.mark is None or time.monotonic() >= self.until:
            return False
        return self.mark == _mark(path, self.repository)


class KnownFolders:
    """What was found in folders, kept: where nothing happened, each costs one `stat`."""

    def __init__(self) -> None:
        self._before: dict[Path, _Folder] = {}
        self._now: dict[Path, _Folder] = {}

    def begin(self) -> None:
        """Begin a search; what the one before did not meet is forgotten."""
        self._before, self._now = self._now, {}

    def at(self, path: Path, *, listed: bool) -> _Folder:
        """Return what PATH is, with the folders in it if LISTED. May raise OSError."""
        found = self._now.get(path) or self._before.get(path)
        if (
            found is None
            or (listed and found.repository is None and found.folders is None)
            or not found.holds_at(path)
        ):
            found = _examine(path, listed=listed)
        self._now[path] = found
        return found


def _mark(path: Path, repository: Repository | None) -> tuple[int, ...] | None:
    """Return what changes if PATH may be something else than REPOSITORY, or than a mere folder.

    The folder of a worktree changes often, and its `.git` is another one only if it was replaced.
    None where that cannot be told.
    """
    if repository is None or repository.path == repository.common_dir:
        return stamp(str(path))
    names = {f"{path}/.git", str(repository.common_dir)}  # two if a link leads there
    try:
        marks = [os.stat(name) for name in names]
    except OSError:
        return None
    # Otherwise it is a file that names a folder elsewhere.
    same = all(os.path.samestat(marks[0], one) for one in marks)
    return (marks[0].st_dev, marks[0].st_ino) if same else None


def _examine(path: Path, *, listed: bool) -> _Folder:
    """Return what PATH is. Its mark is taken first, so that what comes meanwhile changes it."""
    until, before = trusted_until(), stamp(str(path))
    repository = repository_at(path)
    if repository is not None and repository.path != repository.common_dir:
        return _Folder(_mark(path, repository), until, repository)
    mark = None if before is None or is_racy([before], time.time_ns()) else before
    if repository is not None:
        return _Folder(mark, until, repository)
    folders = None
    if listed:
        with os.scandir(path) as entries:
            names = sorted(entry.path for entry in entries if entry.is_dir())
        folders = tuple(map(Path, names))
    return _Folder(mark, until, None, os.path.realpath(path), folders)


def discover(
    roots: Iterable[tuple[Path, int]],
    visitor: Visitor | None = None,
    known: KnownFolders | None = None,
) -> list[Repository]:
    """Return the repositories at or below ROOTS, (folder, depth) pairs, each once.

    As with `magit-repository-directories`, the search stops at a repository and follows depth
    levels of folders. Linked worktrees of one repository are one. KNOWN is what earlier searches
    found.
    """
    visitor, known = visitor or Visitor(), known or KnownFolders()
    known.begin()
    walks = (_walk(Path(os.path.abspath(path)), depth, {}, visitor, known) for path, depth in roots)
    return _distinct(repository for walk in walks for repository in walk)


def _distinct(repositories: Iterable[Repository]) -> list[Repository]:
    """Return REPOSITORIES, one for all worktrees of one: the main one if it is among them."""
    found: dict[Path, Repository] = {}
    for repository in repositories:
        known = found.get(repository.common_dir)
        if known is None or repository.path / ".git" == repository.common_dir:
            found[repository.common_dir] = repository
    return list(found.values())


def _walk(
    path: Path, depth: int, seen: dict[str, int], visitor: Visitor, known: KnownFolders
) -> Iterator[Repository]:
    """Yield the repositories at or below PATH; SEEN says how deep each folder was looked into."""
    if not visitor.enter(path):
        return
    try:
        found = known.at(path, listed=depth > 0)
    except OSError as error:
        if error.errno not in _NONE_OF_OURS:
            visitor.failed(path, error)
        return
    if found.repository is not None:
        yield found.repository
        return
    # Links may lead round in circles.
    if depth > seen.get(found.real, 0) and found.folders is not None:
        seen[found.real] = depth
        for folder in found.folders:
            yield from _walk(folder, depth - 1, seen, visitor, known)
