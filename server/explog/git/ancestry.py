"""Compare commits: which are older, which HEAD reaches, which make the same change."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from explog.git.repository import Repository, existing
from explog.git.run import GitError, one_a_line, run


def newest_of(repository: Repository, oids: Sequence[str]) -> set[str]:
    """Return those of the commits OIDS that none of the others reaches."""
    return set(_lines(run(repository.path, "merge-base", "--independent", *oids)))


def reached_by_head(repository: Repository, oids: Iterable[str]) -> set[str]:
    """Return those of the commits OIDS that HEAD reaches; none where HEAD is unborn."""
    wanted = set(oids)
    try:
        outside = run(repository.path, "rev-list", "--stdin", stdin=one_a_line([*wanted, "^HEAD"]))
    except GitError:
        return set()
    return wanted.difference(_lines(outside))


def patch_ids(repository: Repository, oids: Iterable[str]) -> dict[str, str]:
    """Return {oid: an id of the change that it makes} for those of OIDS that make one.

    Merges, and commits that change no file, have none. Two commits that make the same change in
    different places of a file have the same id: see git-patch-id(1).
    """
    there = existing(repository, oids)
    if not there:
        return {}
    patches = run(
        repository.path,
        *("diff-tree", "--stdin", "--root", "-p"),
        stdin=one_a_line(there),
    )
    found = (line.split() for line in _lines(_patch_ids(repository, patches), "\n"))
    return {oid: patch for patch, oid in found}


def _patch_ids(repository: Repository, patches: bytes) -> bytes:
    return run(repository.path, "patch-id", "--stable", stdin=patches)


def _lines(output: bytes, separator: str | None = None) -> list[str]:
    return [line for line in output.decode("ascii").split(separator) if line]
