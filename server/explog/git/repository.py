"""Repositories: finding them, telling cheaply whether their refs moved, and naming their tips."""

from __future__ import annotations

import errno
import hashlib
import os
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from explog.git.run import one_a_line, run
from explog.git.stuck import is_silent

# A ref written in the same tick as the look at it would go unseen; such a signature is not kept.
_RACY_NS = 50_000_000
# The same where a file system keeps whole seconds only, or even ones.
_RACY_COARSE_NS = 2_000_000_000
# What says for certain that there is no repository to read: it is gone, or it is another's.
_NONE_OF_OURS = {errno.ENOENT, errno.ENOTDIR, errno.EACCES, errno.EPERM, errno.ELOOP}
_BOUNDARY = "shallow:"
_REFTABLE = "reftable/tables.list"


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository: where it is looked at, and the directory its worktrees share (its identity)."""

    path: Path
    common_dir: Path

    @property
    def name(self) -> str:
        """The short name for people: its folder's."""
        return self.path.name.removesuffix(".git") or self.path.name


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


def open_repository(path: Path) -> Repository | None:
    """Return the repository whose worktree root or bare directory PATH is, or None."""
    try:
        return _repository_at(path)
    except OSError:  # what may not be looked into is none of ours
        return None


def _repository_at(path: Path) -> Repository | None:
    """Return what `open_repository` does; raise OSError where that cannot be looked into."""
    dot_git = path / ".git"
    if dot_git.is_dir():
        return Repository(path, Path(os.path.realpath(dot_git)))
    if dot_git.is_file():
        return _linked(path, dot_git)
    if all((path / name).exists() for name in ("HEAD", "objects", "refs")):
        return Repository(path, Path(os.path.realpath(path)))
    return None


def repository_around(path: Path) -> Repository | None:
    """Return the innermost repository around the file or folder PATH, as git finds it.

    PATH may also be in its git directory. Where its disk does not answer, nothing is found.
    """
    if is_silent(path):
        return None
    try:
        real = Path(os.path.realpath(path))
    except ValueError:  # a NUL in its name
        return None
    for folder in (real, *real.parents):
        repository = open_repository(folder)
        # Like git, pass by a folder that is called `.git` and is no repository.
        if repository is not None and (repository.common_dir / "HEAD").exists():
            return repository
    return None


def _linked(path: Path, dot_git: Path) -> Repository | None:
    """Follow the `gitdir:` file of a linked worktree or a submodule."""
    text = dot_git.read_text("utf-8", "surrogateescape")
    if not text.startswith("gitdir: "):
        return None
    git_dir = path / text.removeprefix("gitdir: ").rstrip("\n")
    common, pointer = git_dir, git_dir / "commondir"
    if pointer.is_file():
        common /= pointer.read_text("utf-8", "surrogateescape").rstrip("\n")
    return Repository(path, Path(os.path.realpath(common))) if common.is_dir() else None


def _walk(path: Path, depth: int, seen: dict[str, int], visitor: Visitor) -> Iterator[Repository]:
    """Yield the repositories at or below PATH; SEEN says how deep each folder was looked into."""
    if not visitor.enter(path):
        return
    try:
        repository = _repository_at(path)
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


def packed_bytes(repository: Repository) -> int:
    """Return how large the packs of REPOSITORY are, which tells a long history from a short one."""
    try:
        with os.scandir(repository.common_dir / "objects" / "pack") as entries:
            return sum(entry.stat().st_size for entry in entries if entry.name.endswith(".pack"))
    except OSError:
        return 0


def tips(repository: Repository) -> list[str]:
    """Return what says which commits are reachable.

    That is the ids of the commits at every branch, remote branch and worktree's HEAD, each once,
    and for a shallow clone a mark for where it ends (`is_boundary`). Raises OSError rather than
    leaving out what cannot be read now.
    """
    listed = run(
        repository.path, "for-each-ref", "--format=%(objectname)", "refs/heads", "refs/remotes"
    )
    # A branch at an object that is no more is among them: what it reached is not to be forgotten,
    # and reading it fails.
    oids = [*listed.decode("ascii").split(), *resolve(repository, head_names(repository)).values()]
    return [*dict.fromkeys(oids), *_boundary(repository)]


def is_boundary(tip: str) -> bool:
    """Tell whether TIP is no commit but stands for where a shallow clone ends."""
    return tip.startswith(_BOUNDARY)


def _boundary(repository: Repository) -> list[str]:
    shallow = repository.common_dir / "shallow"
    try:
        if not shallow.is_file():  # whoever opens a pipe waits for somebody to write to it
            return []
        data = shallow.read_bytes()
    except FileNotFoundError:
        return []
    return [_BOUNDARY + hashlib.sha256(data).hexdigest()]


def head_names(repository: Repository) -> list[str]:
    """Return the names of the HEADs of all worktrees, as git takes them."""
    try:
        names = sorted(os.listdir(repository.common_dir / "worktrees"))
    except (FileNotFoundError, NotADirectoryError):
        names = []
    # What git names a worktree has no line break in it.
    linked = (f"worktrees/{name}/HEAD" for name in names if "\n" not in name)
    return ["HEAD", "main-worktree/HEAD", *linked]


def resolve(repository: Repository, names: Iterable[str]) -> dict[str, str]:
    """Return {name: full commit id} for those of NAMES that name exactly one commit.

    Names are abbreviated or full ids, or refs. An unreachable commit is found as long as its
    object is there.
    """
    wanted = list(dict.fromkeys(names))
    if not wanted:
        return {}
    output = run(
        repository.path,
        "cat-file",
        "--batch-check=%(objectname) %(objecttype)",
        stdin=one_a_line(wanted),
    )
    found: dict[str, str] = {}
    for name, line in zip(wanted, output.decode("utf-8", "replace").split("\n"), strict=False):
        oid, _space, kind = line.rpartition(" ")
        if kind == "commit":
            found[name] = oid
    return found


def existing(repository: Repository, oids: Iterable[str]) -> list[str]:
    """Return those of OIDS that are commits whose object is there."""
    wanted = list(oids)
    found = resolve(repository, wanted)
    return [oid for oid in wanted if oid in found]


def resolve_hashes(repository: Repository, hashes: Iterable[str]) -> dict[str, str]:
    """Return {hash: full commit id} for those of HASHES, abbreviated or not, that name one commit.

    Not for refs: a branch may have a name like a hash.
    """
    names = {f"{one}^{{commit}}": one for one in hashes}
    found = resolve(repository, names)
    return {names[name]: oid for name, oid in found.items() if oid.startswith(names[name])}


def abbreviate(repository: Repository, oids: Iterable[str]) -> dict[str, str]:
    """Return {full id: its abbreviation}, of 7 digits or as many as the repository needs.

    Those that are no commits of the repository are left out.
    """
    wanted = list(resolve(repository, oids))
    if not wanted:
        return {}
    output = run(
        repository.path,
        "rev-list",
        "--no-walk=unsorted",
        "--abbrev-commit",
        "--abbrev=7",
        "--stdin",
        stdin=one_a_line(wanted),
    )
    return dict(zip(wanted, output.decode("ascii").split(), strict=True))
