"""What one look found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

Progress = Callable[[str, int, int], None]
"""Called with (what is read, how much of it is read, how much there is in all)."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A log or repository that could not be read, and why; `file` is in the message as well."""

    kind: str
    file: str
    message: str


@dataclass(slots=True)
class LookReport:
    """What one look found: the logs and repositories that changed, and what could not be read.

    `moved` are the common directories of repositories whose refs moved, and `came` tells whether a
    log or a repository came or went. `refs_changed` tells whether refs may have moved, also if no
    commit came or went, as when one is pushed. `experiments` are the ids of those in the parts of
    the logs that changed. `unsettled` means that a log was being written, and is to be looked at
    again soon.
    """

    logs: list[str] = field(default_factory=list)
    moved: list[str] = field(default_factory=list)
    came: bool = False
    refs_changed: bool = False
    experiments: set[str] = field(default_factory=set)
    repositories: list[str] = field(default_factory=list)
    problems: list[Unreadable] = field(default_factory=list)
    unsettled: bool = False

    @property
    def changed(self) -> bool:
        """Whether anything in the index changed."""
        return bool(self.logs or self.repositories)

    def problem(self, kind: str, file: str, message: str) -> None:
        """Add a file or repository that could not be read."""
        self.problems.append(Unreadable(kind, file, message))


def is_text(path: Path) -> bool:
    """Tell whether the name PATH is text, which the index can hold and JSON can say."""
    try:
        str(path).encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
