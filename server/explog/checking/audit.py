"""Find every hash in the prose of the logs, and tell where its commit lives, or that it is dead.

Any org file will do. A false alarm is a fault: a hash that no repository knows counts as dead only
if it looks like a commit, its context says that it is one, and all repositories were read.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from explog.checking.check import knows_all
from explog.checking.living import off_branches
from explog.config import Settings
from explog.digits import is_surely_hash
from explog.errors import ExplogError
from explog.git.repository import Repository
from explog.index.commits import all_repositories, commits_with_prefix
from explog.index.database import Index
from explog.model import Problem
from explog.org.context import BOM, file_context
from explog.org.files import read_log
from explog.org.hashes import HashContext, HashMention, beginnings_of_names, find_hashes
from explog.org.options import org_options
from explog.plan.hashes import Hashes
from explog.sync.report import Progress, Unreadable

BRANCH, REF, OBJECT, GONE, DEAD = "branch", "ref", "object", "gone", "dead"


@dataclass(frozen=True, slots=True)
class FoundHash:
    """A hash in prose. `line` is 1-based; `commit` is the full id; what is not known is None.

    `state` tells how its commit lives: on a "branch", by another "ref", as an "object" that nothing
    reaches, "gone" (it was on a branch once), or "dead" (no repository knows it). `ref` is that
    other ref, and `now` the commit that took its place, if one did.
    """

    file: str
    line: int
    hash: str
    state: str
    repositories: tuple[str, ...] = ()
    commit: str | None = None
    now: str | None = None
    ref: str | None = None

    @property
    def lives(self) -> bool:
        """Whether a branch or another ref reaches it."""
        return self.state in (BRANCH, REF)

    @property
    def message(self) -> str:
        """Say where it lives, or that it is dead."""
        where = " and ".join(self.repositories)
        now = f"; {self.now[:10]} took its place" if self.now else ""
        return {
            BRANCH: f"{self.hash} lives in {where}, on a branch",
            REF: f"{self.hash} lives in {where}, by {self.ref}, but on no branch{now}",
            OBJECT: f"{self.hash} is still in {where}, but on no branch{now}",
            GONE: f"{self.hash} is on no branch any more{now}",
            DEAD: f"no repository knows {self.hash}",
        }[self.state]


def audit(
    settings: Settings,
    index: Index,
    progress: Progress | None = None,
    unread: Sequence[Unreadable] = (),
) -> list[FoundHash]:
    """Return the hashes in the prose of the logs, by file and line; see `check` for UNREAD."""
    files = settings.log_files()
    mentions: dict[str, list[HashMention]] = {}
    names: set[str] = set()
    for done, path in enumerate(files):
        if progress is not None:
            progress(path.name, done, len(files))
        lines = _read(path, settings)
        mentions[str(path)] = list(find_hashes(lines))
        names.update(beginnings_of_names(lines))
    digits = {mention.digits for some in mentions.values() for mention in some}
    known = _Known(index, digits)
    sure = knows_all(settings, index, unread)
    found: list[FoundHash] = []
    for file, some in mentions.items():
        for mention in some:
            one = known.found(file, mention)
            text = mention.digits in names or not known.is_meant(file, mention)
            if one.state != DEAD or (sure and not text):
                found.append(one)
    return found


def _read(path: Path, settings: Settings) -> list[str]:
    """Return the lines of the log at PATH; none where it cannot be read, as sync tells."""
    try:
        data = read_log(path)
        context = file_context(data, org_options(settings))
    except (ExplogError, ValueError):
        return []
    return context.decode(data.removeprefix(BOM)).split("\n")


class _Known:
    """What the index and the repositories know of DIGITS, all looked up together."""

    def __init__(self, index: Index, digits: Iterable[str]) -> None:
        records = all_repositories(index)
        self.folders = [record.path for record in records]
        self._lives: dict[str, FoundHash] = {}
        rest: list[str] = []
        for one in sorted(digits):
            commits = commits_with_prefix(index, one)
            if commits:
                folders = tuple(sorted({folder for _oid, folder in commits}))
                self._lives[one] = FoundHash("", 0, one, BRANCH, folders, commits[0][0])
            else:
                rest.append(one)
        for one, living in off_branches(index, rest).items():
            state = OBJECT if living.ref is None else REF
            self._lives[one] = FoundHash(
                "", 0, one, state, living.repositories, living.oid, ref=living.ref
            )
        repositories = [Repository(Path(r.path), Path(r.common_dir)) for r in records]
        self._lost = Hashes(index, repositories, rest).lost

    def found(self, file: str, mention: HashMention) -> FoundHash:
        """Return what is known of MENTION in FILE."""
        digits, line = mention.digits, mention.line + 1
        lost = self._lost.get(digits)
        now = lost.successor.oid if lost is not None and lost.successor is not None else None
        if digits in self._lives:
            return replace(self._lives[digits], file=file, line=line, now=now)
        if lost is not None:
            return FoundHash(file, line, digits, GONE, (), lost.record.oid, now)
        return FoundHash(file, line, digits, DEAD)

    def is_meant(self, file: str, mention: HashMention) -> bool:
        """Tell whether MENTION, which no repository knows, was a commit of one of them."""
        if not is_surely_hash(mention.digits):
            return False
        if mention.context is HashContext.ADDRESS:
            return any(_name(folder) == mention.target for folder in self.folders)
        if mention.context is HashContext.LINK:
            folder = os.path.join(os.path.dirname(file), os.path.expanduser(mention.target))
            return os.path.realpath(folder) in map(os.path.realpath, self.folders)
        return mention.context is HashContext.PLAIN


def _name(folder: str) -> str:
    return os.path.basename(folder).removesuffix(".git")


def dead_hashes(found: Iterable[FoundHash], problems: Iterable[Problem]) -> Iterator[Problem]:
    """Yield the problems among FOUND, but for the hashes on steps, which are in PROBLEMS."""
    on_steps: dict[tuple[str | None, str], list[int]] = defaultdict(list)
    for problem in problems:
        if problem.kind == "dead-hash":
            for word in problem.message.split():
                on_steps[problem.file, word].append(problem.line or 0)
    for one in found:
        steps = on_steps.get((one.file, one.hash), [])
        above = [line for line in steps if line <= one.line]
        if above:
            steps.remove(above[-1])
        elif not one.lives:
            yield Problem("dead-hash", one.file, one.line, None, None, one.message)
