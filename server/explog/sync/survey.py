"""Look for repositories, some of which may be on a disk or a network drive that does not answer.

A folder that does not answer in time is left out until it does; it and all that is known of it
stays.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from explog import stuck
from explog.asking import Asking
from explog.git.discovery import KnownFolders, Visitor, discover
from explog.git.repository import Repository
from explog.git.signature import Signatures
from explog.git.stamps import stamp

Root = tuple[Path, int]
"""A folder to look for repositories in, and how many levels down."""


@dataclass(frozen=True, slots=True)
class Survey:
    """The repositories by common directory, their signatures, and what cannot be looked into.

    `unread` has a sentence for each folder that does not answer, or only by an error.
    """

    found: Mapping[str, Repository] = field(default_factory=dict)
    signatures: Mapping[str, str | None] = field(default_factory=dict)
    unread: Mapping[Path, str] = field(default_factory=dict)

    def is_unread(self, path: str | Path) -> bool:
        """Tell whether PATH is in a folder that cannot be looked into."""
        return any(Path(path).is_relative_to(folder) for folder in self.unread)


class Familiar:
    """What surveys saw, kept, so that the next one costs a few `stat`s for each repository."""

    def __init__(self) -> None:
        self.folders = KnownFolders()
        self.signatures = Signatures()


class _Search(Asking, Visitor):
    """A search in a thread of its own, and how far it has come.

    FIND gets the search, and returns the repositories.
    """

    def __init__(
        self, find: Callable[[Visitor], Sequence[Repository]], signatures: Signatures
    ) -> None:
        super().__init__()
        self.failures: dict[Path, str] = {}
        self.signatures: dict[str, str | None] = {}
        self.found: Sequence[Repository] = []
        self._find, self._kept = find, signatures
        self.start("survey")

    def ask(self) -> None:
        self.found = self._find(self)
        for repository in self.found:
            if self.enter(repository.path):
                self.signatures[str(repository.common_dir)] = self._kept.of(repository)

    def failed(self, path: Path, error: OSError) -> None:
        """Take note that PATH, which is there, cannot be looked into now."""
        self.failures[path] = f"{path}: it cannot be read now: {error.strerror}"


def survey(roots: Iterable[Root], familiar: Familiar | None = None) -> Survey:
    """Look for repositories at or below ROOTS; see `discover`. FAMILIAR is what surveys saw."""
    wanted, familiar = list(dict.fromkeys(roots)), familiar or Familiar()
    seen = _search(lambda search: discover(wanted, search, familiar.folders), familiar)
    familiar.signatures.forget_others(seen.found.values())
    return seen


def survey_again(repositories: Sequence[Repository], familiar: Familiar) -> Survey:
    """Look at REPOSITORIES, which were found before, and leave out what is not there now."""

    def find(search: Visitor) -> list[Repository]:
        there = filter(lambda one: search.enter(one.path), repositories)
        return [one for one in there if stamp(f"{one.common_dir}/HEAD") is not None]

    return _search(find, familiar)


def _search(find: Callable[[Visitor], Sequence[Repository]], familiar: Familiar) -> Survey:
    search = _Search(find, familiar.signatures)
    while not search.wait():
        search = _Search(find, familiar.signatures)  # without what does not answer
    found = {str(one.common_dir): one for one in search.found}
    found = {name: one for name, one in found.items() if name in search.signatures}
    silent = {Path(path): stuck.sentence(path) for path in search.silent}
    return Survey(found, search.signatures, search.failures | silent)
