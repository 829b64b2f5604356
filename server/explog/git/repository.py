"""Repositories: opening them, and naming their tips and their commits."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from explog.git.run import one_a_line, run
from explog.stuck import is_silent

_BOUNDARY = "shallow:"


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository: where it is looked at, and the directory its worktrees share (its identity)."""

    path: Path
    common_dir: Path

    @property
    def name(self) -> str:
        """The short name for people: its folder's."""
        return self.path.name.removesuffix(".git") or self.path.name


def open_repository(path: Path) -> Repository | None:
    """Return the repository whose worktree root or bare directory PATH is, or None."""
    try:
        return repository_at(path)
    except OSError:  # what may not be looked into is none of ours
        return None


def repository_at(path: Path) -> Repository | None:
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
