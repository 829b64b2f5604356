"""What the server knows at one moment, as one value."""

from __future__ import annotations

from dataclasses import dataclass

from explog.config import Settings
from explog.index.database import Index
from explog.sync.report import Unreadable


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The settings, their index and what the last look found.

    It is never changed: the daemon replaces it by another one. A method that reads one snapshot
    sees one state, whatever happens meanwhile.
    """

    settings: Settings
    index: Index
    looked: bool = False
    """Whether a look has brought this index up to date since it was opened."""
    problems: tuple[Unreadable, ...] = ()
    """What the last look could not read."""
    progress: str = ""
    """What is being indexed and how far it is, such as `commits 40%`; empty when nothing is."""
