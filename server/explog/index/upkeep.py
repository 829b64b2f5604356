"""Keep an index sound and quick: look for damage, and merge pieces of the full-text index."""

from __future__ import annotations

import contextlib
import sqlite3

from explog.errors import ExplogError
from explog.index.damage import is_unwritable
from explog.index.database import Index

# How many pages of 4 kB are merged in one piece: a hundred take some 10 ms.
_PAGES_AT_ONCE = 100
# The tables of the full-text index.
_WORDS = ("commit_words", "passage_words")


def is_sound(index: Index) -> bool:
    """Tell whether the file can be read to its end and is made as it should be.

    This reads all of it.
    """
    with contextlib.closing(Index(None)) as new:
        schema = "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY name"
        wanted = list(new.read(schema))
    try:
        if list(index.read(schema)) != wanted or index.one("PRAGMA quick_check(1)") != ("ok",):
            return False
        # Another process that writes reads it, too, and finds what is wrong.
        with contextlib.suppress(ExplogError), index.without_waiting(), index.writing():
            for table in _WORDS:
                index.write(f"INSERT INTO {table} ({table}) VALUES ('integrity-check')")
    except sqlite3.DatabaseError as error:
        return is_unwritable(error)
    return True


def tidy(index: Index) -> bool:
    """Merge some pieces of the full-text index, in some 10 ms, so that it is searched faster.

    Return whether more is left to merge. Nothing is done while another process writes. To be
    called when nobody waits to write.
    """
    try:
        with index.without_waiting():
            return any(_merge(index, table) for table in _WORDS)
    except ExplogError:  # index-busy
        return True


def _merge(index: Index, table: str) -> bool:
    with index.writing():
        before = _changes(index)
        index.write(f"INSERT INTO {table} ({table}, rank) VALUES ('merge', ?)", _PAGES_AT_ONCE)
        # The record of the request is one change: https://sqlite.org/fts5.html#merge
        return _changes(index) - before > 1


def _changes(index: Index) -> int:
    """Return how many rows were changed on this thread's connection."""
    return int(index.one("SELECT total_changes()")[0])
