"""The index in SQLite: one file, write-ahead logged, disposable.

A file of another version or a damaged one is thrown away and made anew; where no file can be
written, the index lives in memory.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from explog.errors import ExplogError
from explog.index.claims import ClaimTables
from explog.index.database import WrongVersionError
from explog.index.gone import GoneTables
from explog.index.history import HistoryTables
from explog.index.logs import LogTables
from explog.index.outline import OutlineTables
from explog.index.recent import RecentTables
from explog.index.records import Counts
from explog.index.search import SearchTables

# What is merged together, in pages of 4 kB: a hundred take some 10 ms.
_PAGES_AT_ONCE = 100


class SqliteStore(
    HistoryTables, ClaimTables, GoneTables, LogTables, OutlineTables, RecentTables, SearchTables
):
    """`explog.index.store.Store` on SQLite."""

    def tidy(self) -> bool:
        try:
            with self.at_once():
                return any(map(self._merge, ("commit_words", "passage_words")))
        except ExplogError:  # index-busy
            return True

    def _merge(self, table: str) -> bool:
        with self.writing():
            before = self.db.total_changes
            self.db.execute(
                f"INSERT INTO {table} ({table}, rank) VALUES ('merge', ?)", (_PAGES_AT_ONCE,)
            )
            # The record of the request is one change: https://sqlite.org/fts5.html#merge
            return self.db.total_changes - before > 1

    def counts(self) -> Counts:
        tables = ("repositories", "commits", "logs", "experiments", "steps")
        return Counts(*(self.one(f"SELECT count(*) FROM {table}")[0] for table in tables))


def open_store(path: Path) -> SqliteStore:
    """Open the index at PATH, making it anew if it is of another version or damaged."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return _open_file(path)
    except (OSError, sqlite3.OperationalError) as error:
        return memory_store(path, error)


def memory_store(path: Path | None, reason: Exception) -> SqliteStore:
    """Return an index in memory, for the REASON that there can be none at PATH."""
    store = SqliteStore(None)
    store.problem = f"{path}: {reason}; the index is kept in memory"
    return store


def _open_file(path: Path) -> SqliteStore:
    try:
        return SqliteStore(path)
    except sqlite3.OperationalError:
        raise
    except (sqlite3.DatabaseError, WrongVersionError):
        for suffix in ("", "-wal", "-shm"):
            Path(f"{path}{suffix}").unlink(missing_ok=True)
        return SqliteStore(path)
