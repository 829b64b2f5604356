"""Another index to go on with, where something failed because of the one that is open."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from explog.errors import ExplogError
from explog.index import storage
from explog.index.damage import is_damage, is_unwritable
from explog.index.database import Index, memory_index, open_index
from explog.index.upkeep import is_sound


@dataclass(frozen=True, slots=True)
class Recovery:
    """An index to use instead, empty or not, and one sentence for the user that says why."""

    index: Index
    message: str


def recover(index: Index, error: Exception) -> Recovery | None:
    """Return what to use instead of INDEX, with which ERROR happened; None if it is not to blame.

    A damaged file is made anew; of other explogs that have found it so, one does. What cannot be
    written is kept in memory. INDEX is not closed, as another thread may be reading it.
    """
    if index.path is None or isinstance(error, ExplogError | OSError):
        return None
    if is_unwritable(error):
        return in_memory(index, error)
    if not is_damage(error) and (_is_busy(error) or is_sound(index)):
        return None
    if index.is_in_place():
        storage.remove(index.path)
    anew = open_index(index.path)
    said = f"{index.path}: the index was damaged and is made anew ({error})"
    return Recovery(anew, anew.problem or said)


def in_memory(index: Index, error: Exception) -> Recovery:
    """Return an index in memory to use instead of INDEX, whose file fails with ERROR."""
    made = memory_index(index.path, error)
    return Recovery(made, str(made.problem))


def _is_busy(error: Exception) -> bool:
    return isinstance(error, sqlite3.OperationalError) and "locked" in str(error)
