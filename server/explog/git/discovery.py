"""Find repositories below folders; no process is started."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from explog.git.repository import Repository, repository_at

# What says for certain that there is no repository to read: it is gone, or it is another's.
_NONE_OF_OURS = {errno.ENOENT, errno.ENOTDIR, errno.EACCES, errno.EPERM, errno.ELOOP}


class Visitor:
    """Follows a search for repositories; this one only looks on."""

    def enter(self, path: Path) -> bool:  # noqa: ARG002 - for those who do more
        """Tell whether to look at PATH, a folder or a repository."""
        return True

    def failed(self, path: Path, error: OSError) -> None:
        """Take note that PATH, which is there, cannot be looked into now."""


def discover(roots: Iterable[tuple[Path, int]], visitor: Visitor | None = None) -> list[Repository]:
    """Return the repositories at or below ROOTS, (folder, depth) pairs, each once.

    As with `magit-repository-directories`, the search stops at a repository and follows depth
    levels of folders. Linked worktrees of one repository are one; no process is started.
    """
    visitor = visitor or Visitor()
    walks = (_walk(Path(os.path.abspath(path)), depth, {}, visitor) for path, depth in roots)
    return _distinct(repository for walk in walks for repository in walk)


def _distinct(repositories: Iterable[Repository]) -> list[Repository]:
    """Return REPOSITORIES, one for all worktrees of one: the main one if it is among them."""
    found: dict[Path, Repository] = {}
    for repository in repositories:
        known = found.get(repository.common_dir)
        if known is None or repository.path / ".git" == repository.common_dir:
            found[repository.common_dir] = repository
    return list(found.values())


def _walk(path: Path, depth: int, seen: dict[str, int], visitor: Visitor) -> Iterator[Repository]:
    """Yield the repositories at or below PATH; SEEN says how deep each folder was looked into."""
    if not visitor.enter(path):
        return
    try:
        repository = repository_at(path)
        if repository is not None:
            yield repository
            return
        real = os.path.realpath(path)  # links may lead round in circles
        if depth <= seen.get(real, 0):
            return
        seen[real] = depth
        with os.scandir(path) as entries:
            folders = sorted(entry.path for entry in entries if entry.is_dir())
    except OSError as error:
        if error.errno not in _NONE_OF_OURS:
            visitor.failed(path, error)
        return
    for folder in folders:
        yield from _walk(Path(folder), depth - 1, seen, visitor)
