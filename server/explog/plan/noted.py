"""Which runs have their note, and since when ends are noted: kept in the state folder.

A note is given once. One that the user deleted or changed does not come back, whatever becomes of
the index.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from explog.state import change_state, read_state

_NAME = "notes"


class Given(NamedTuple):
    """How a run was when its note was given: its `attempt` and `state`, and when it ended.

    `note` is the text, after the reference; empty if there is none: it had no place, or another run
    of the same job array has it.
    """

    attempt: int
    state: str
    end: float
    note: str = ""


@dataclass(frozen=True, slots=True)
class Noted:
    """Since when ends are noted, by the sources of runs, and the runs that have their note.

    Runs are named by their folders. Times are in seconds since 1970.
    """

    since: Mapping[str, float] = field(default_factory=dict)
    given: Mapping[str, Given] = field(default_factory=dict)


def read_noted() -> Noted:
    """Return what is kept; nothing if it cannot be read."""
    return _read(read_state(_NAME))


def keep_sources(sources: Iterable[str], since: float) -> Noted:
    """Keep that the ends of runs in SOURCES are noted SINCE then, if not before; return all.

    Raises OSError if that cannot be written.
    """
    new = dict.fromkeys(sources, since)
    return _change(lambda noted: Noted({**new, **noted.since}, noted.given))


def forget_sources() -> None:
    """Keep that no ends are noted; raise OSError if that cannot be written."""
    _change(lambda noted: Noted({}, noted.given))


def give(write: Callable[[Noted], Mapping[str, Given]], oldest: float) -> Noted:
    """Call WRITE, which writes notes and returns which runs have theirs then; return all.

    Nobody else gives notes meanwhile. What ended before OLDEST is forgotten. Raises OSError, before
    WRITE is called if what is kept cannot be read, and else if that cannot be written.
    """

    def change(noted: Noted) -> Noted:
        given = {**noted.given, **write(noted)}
        return Noted(noted.since, {run: one for run, one in given.items() if one.end >= oldest})

    return _change(change)


def _change(change: Callable[[Noted], Noted]) -> Noted:
    found: list[Noted] = []

    def replace(table: dict[str, object]) -> dict[str, object]:
        noted = change(_read(table))
        found.append(noted)
        return {"since": noted.since, "given": {run: [*one] for run, one in noted.given.items()}}

    change_state(_NAME, replace)
    return found[0]


def _read(table: Mapping[str, object]) -> Noted:
    """Return what is in TABLE, without what is wrong."""
    since, given = table.get("since"), table.get("given")
    return Noted(
        {name: float(at) for name, at in _items(since) if _is_time(at)},
        {run: Given(*row) for run, row in _items(given) if _is_given(row)},
    )


def _items(table: object) -> Iterable[tuple[str, Any]]:
    return table.items() if isinstance(table, dict) else ()


def _is_time(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_given(row: object) -> bool:
    if not isinstance(row, list) or len(row) != len(Given._fields):
        return False
    attempt, state, end, note = row
    return (
        type(attempt) is int and isinstance(state, str) and _is_time(end) and isinstance(note, str)
    )
