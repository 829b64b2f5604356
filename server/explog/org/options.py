"""How a user's org reads and counts: the options of org that explog must know, with org's defaults.

Emacs tells the server what its user has set; the terminal reads it from the configuration.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from explog.config import Settings

LOG_NOTE_HEADINGS = (
    "CLOSING NOTE %t",
    "State %-12s from %-12S %t",
    "Note taken on %t",
    "Rescheduled from %S on %t",
    "Not scheduled, was %S on %t",
    "New deadline from %S on %t",
    "Removed deadline, was %S on %t",
    "Refiled on %t",
)
"""What org writes at the beginning of the notes that it takes: `org-log-note-headings`."""


class Keywords(NamedTuple):  # no dataclass: it is a key of what is remembered, over and over
    """The TODO keywords in force: those that are open and those that are done."""

    open: tuple[str, ...]
    done: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OrgOptions:
    """Options of org, named after them.

    `alphabetical` is `org-list-allow-alphabetical`; `hierarchical_statistics` is
    `org-checkbox-hierarchical-statistics`; `inlinetask_min_level` is None where a heading with so
    many stars is a heading like others; `log_note_headings` are the texts of
    `org-log-note-headings`, without empty ones.
    """

    keywords: Keywords
    alphabetical: bool = False
    hierarchical_statistics: bool = True
    inlinetask_min_level: int | None = 15
    log_note_headings: tuple[str, ...] = LOG_NOTE_HEADINGS


def org_options(settings: Settings) -> OrgOptions:
    """Return the options that hold where a log says nothing else."""
    return OrgOptions(
        Keywords(settings.todo_open, settings.todo_done),
        alphabetical=settings.alphabetical_lists,
        hierarchical_statistics=settings.hierarchical_statistics,
        inlinetask_min_level=settings.inlinetask_min_level,
        log_note_headings=LOG_NOTE_HEADINGS
        if settings.log_note_headings is None
        else settings.log_note_headings,
    )
