"""History: which commits came and which went between two sets of tips, and what they touched."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from explog.git.repository import Repository, existing, is_boundary
from explog.git.run import GitError, one_a_line, run


@dataclass(frozen=True, slots=True)
class HistoryChange:
    """The commits that became reachable (children after parents), and those that ceased to be.

    `complete` means that everything known before is to be forgotten: `added` is all there is.
    """

    added: tuple[str, ...]
    removed: tuple[str, ...]
    complete: bool = False


def history_change(repository: Repository, old: Sequence[str], new: Sequence[str]) -> HistoryChange:
    """Return what changed between the tips OLD and the tips NEW.

    When an old tip's object is gone, so is the way to tell what it reached: all is read anew. So
    it is when a shallow clone was deepened or cut.
    """
    before, after = set(old), set(new)
    if set(filter(is_boundary, before ^ after)):
        return _complete(repository, new)
    old, new = commit_tips(old), commit_tips(new)
    gone_tips = [tip for tip in old if tip not in after]
    if gone_tips and not _all_there(repository, gone_tips):
        return _complete(repository, new)
    came_tips = [tip for tip in new if tip not in before]
    try:
        added = _rev_list(repository, came_tips, old) if came_tips else ()
        removed = _rev_list(repository, gone_tips, new) if gone_tips else ()
    except GitError:
        # A tip may be there and something it reached pruned.
        return _complete(repository, new)
    return HistoryChange(added, removed)


def reachable(repository: Repository, tips: Iterable[str]) -> tuple[str, ...]:
    """Return all commits that TIPS reach, parents before children."""
    return _rev_list(repository, commit_tips(tips), ())


def commit_tips(tips: Iterable[str]) -> list[str]:
    """Return those of TIPS that are commits."""
    return [tip for tip in tips if not is_boundary(tip)]


def _complete(repository: Repository, tips: Sequence[str]) -> HistoryChange:
    return HistoryChange(reachable(repository, tips), (), complete=True)


def _rev_list(
    repository: Repository, include: Iterable[str], exclude: Iterable[str]
) -> tuple[str, ...]:
    """Return what INCLUDE reaches and EXCLUDE does not, parents before children."""
    excluded = [f"^{oid}" for oid in existing(repository, exclude)]
    output = run(
        repository.path,
        "rev-list",
        "--topo-order",
        "--reverse",
        "--stdin",
        stdin=one_a_line([*include, *excluded]),
    )
    return tuple(output.decode("ascii").split())


def _all_there(repository: Repository, oids: Sequence[str]) -> bool:
    return len(existing(repository, oids)) == len(oids)


def touching(repository: Repository, oids: Iterable[str], path: Path) -> set[str]:
    """Return those of OIDS that touched the file or folder PATH, which is in the work tree.

    A merge counts if it differs there from all its parents.
    """
    name = os.path.relpath(path, os.path.realpath(repository.path))
    # It is not followed through renames.
    output = run(
        repository.path,
        "diff-tree",
        *("--stdin", "-r", "-c", "--root", "--raw", "--no-abbrev", "--no-renames"),
        "--",
        name,
        stdin=one_a_line(oids),
    )
    # A merge is printed also if it has nothing to show; what there is to show begins with a colon.
    found: set[str] = set()
    oid = b""
    for line in output.split(b"\n"):
        if line.startswith(b":"):
            found.add(oid.decode("ascii"))
        else:
            oid = line
    return found
