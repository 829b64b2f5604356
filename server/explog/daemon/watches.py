"""What watches are: they ring when a ref moves or a log changes, and say of which repository."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol, TypeAlias

# What a folder belongs to: a repository, by its common directory, or the logs.
Owner: TypeAlias = str
LOGS: Owner = ""

Ring: TypeAlias = Callable[["Owner | None"], None]
"""Called with the owner of what changed, or None if that is not known."""

Names: TypeAlias = "frozenset[str] | None"
"""The names that matter in a folder; None for all but those of locks."""


class Watches(Protocol):
    """What rings. `unwatched` are the owners of whose changes it may not ring."""

    unwatched: frozenset[Owner]

    def watch(self, repositories: Sequence[str], logs: Mapping[str, Names]) -> None:
        """Watch REPOSITORIES, common directories, and the folders of LOGS, and no others."""

    def watch_again(self, owners: Iterable[Owner]) -> None:
        """Watch also those folders of OWNERS, which are watched, that are new."""

    def count(self) -> int:
        """Return how many folders are watched."""

    def close(self) -> None:
        """End the watches; those that another thread adds now, or later, are left out."""


def matters(name: str, names: Names) -> bool:
    """Tell whether NAME is one of NAMES."""
    return not name.endswith(".lock") if names is None else name in names
