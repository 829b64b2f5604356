"""The file behind the index: connections, transactions, versions.

Each thread has its own connection, so that readers never wait for the writer.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import weakref
from collections.abc import Callable, Iterable, Iterator
from importlib import resources
from pathlib import Path

from explog.errors import ExplogError
from explog.index.words import fold, indexed

SCHEMA_VERSION = 7
# How long a writer waits for another process that is building the same index.
_BUSY_SECONDS = 120.0
# SQLite's own default of 2 MiB makes it write pages of a first index many times over.
_CACHE_KIB = 16_384
# A first index is written page by page, in a tenth less time if they are four times as large.
_PAGE_BYTES = 16_384
# What is written ahead before it is put in its place, and what is kept of a file that grew beyond.
_WAL_BYTES = 16 << 20
# A stamp is seconds since 1970, and 20 bits to tell rows of one second apart.
_STAMP_BITS = 20
_ROOM = 1 << _STAMP_BITS
_LATEST = 1 << 42
# So many of its instructions SQLite takes a fraction of a millisecond for.
_INSTRUCTIONS = 5000
# SQLite's default limit of variables in older builds, with room for a few more.
_VARIABLES = 900

# What a commit says of `[e2e]` is of no experiment, as long as no log has one with that id.
IS_EXPERIMENT = (
    "(claims.experiment NOT GLOB '*[^0-9]*'"
    " OR EXISTS (SELECT 1 FROM experiments WHERE ident = claims.experiment))"
)


class WrongVersionError(Exception):
    """The file was made by another version of explog."""


class Database:
    """The file, its connections, its one writer; `problem` says why it is in memory, if it is."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.problem: str | None = None
        self._local = threading.local()
        self._connections: list[sqlite3.Connection] = []
        # Whoever still searches in a store that was replaced holds it, and so keeps it open.
        weakref.finalize(self, _close_all, self._connections)
        self._lock = threading.RLock()
        # Another one, as who reads for the first time does not wait for who writes.
        self._connecting = threading.Lock()
        self._name = str(path) if path else f"file:explog-{id(self):x}?mode=memory&cache=shared"
        try:
            self._create()
        except BaseException:
            self.close()
            raise

    def _create(self) -> None:
        with self.writing():
            version = self.one("PRAGMA user_version")[0]
            if version == SCHEMA_VERSION:
                return
            if version != 0 or self.one("SELECT count(*) FROM sqlite_master")[0]:
                raise WrongVersionError
            schema = resources.files("explog.index").joinpath("schema.sql").read_text("utf-8")
            for statement in schema.split(";\n"):
                self.db.execute(statement)
            self.db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")

    @property
    def db(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = sqlite3.connect(
                self._name,
                timeout=_BUSY_SECONDS,
                isolation_level=None,
                check_same_thread=False,
                uri=self.path is None,
            )
            try:
                self._set_up(connection)
            except BaseException:
                connection.close()
                raise
            with self._connecting:
                self._connections.append(connection)
            self._local.connection = connection
        return connection

    def _set_up(self, connection: sqlite3.Connection) -> None:
        connection.execute(f"PRAGMA page_size = {_PAGE_BYTES}")  # of a file that is made
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute(f"PRAGMA wal_autocheckpoint = {_WAL_BYTES // _PAGE_BYTES}")
        connection.execute(f"PRAGMA journal_size_limit = {_WAL_BYTES}")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        connection.create_function("indexed", 1, indexed, deterministic=True)
        connection.create_function("folded", 1, fold, deterministic=True)
        if self.path is None:
            # Readers of a shared cache would otherwise wait for the writer's locks.
            connection.execute("PRAGMA read_uncommitted = ON")

    def one(self, sql: str, *values: object) -> tuple[int, ...]:
        row: tuple[int, ...] = self.db.execute(sql, values).fetchone()
        return row

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the index for writing; nested uses are part of the outermost."""
        with self._lock:
            if self.db.in_transaction:
                yield
                return
            self._begin()
            try:
                yield
            except BaseException:
                # SQLite has ended it by itself if the file is damaged.
                with contextlib.suppress(sqlite3.OperationalError):
                    self.db.execute("ROLLBACK")
                raise
            self.db.execute("COMMIT")

    def _begin(self) -> None:
        try:
            self.db.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error):
                raise
            raise ExplogError("index-busy", f"{self.path}: another explog is writing it") from error

    @contextlib.contextmanager
    def at_once(self) -> Iterator[None]:
        """Have `writing` wait for no other process: it raises ExplogError `index-busy` at once."""
        self.db.execute("PRAGMA busy_timeout = 0")
        try:
            yield
        finally:
            self.db.execute(f"PRAGMA busy_timeout = {1000 * _BUSY_SECONDS:.0f}")

    @contextlib.contextmanager
    def reading_words(self) -> Iterator[None]:
        """Have the full-text index whole meanwhile.

        In memory a reader sees what is half written, which SQLite takes for damage: it has to wait.
        """
        with self._lock if self.path is None else contextlib.nullcontext():
            yield

    @contextlib.contextmanager
    def interruptible(self) -> Iterator[Callable[[], None]]:
        """Yield a function by which another thread ends what this one asks of the index meanwhile.

        That raises ExplogError `interrupted` here.
        """
        connection, ended = self.db, threading.Event()
        # Not `interrupt` of the connection, which ends nothing that is about to begin.
        connection.set_progress_handler(ended.is_set, _INSTRUCTIONS)
        try:
            yield ended.set
        except sqlite3.OperationalError as error:
            if str(error) != "interrupted":
                raise
            raise ExplogError("interrupted", "a newer question was asked") from error
        finally:
            connection.set_progress_handler(None, 0)

    def close(self) -> None:
        """Close the connections of all threads, none of which may be at work."""
        with self._lock, self._connecting:
            _close_all(self._connections)
            self._local = threading.local()

    def get_meta(self, key: str) -> str | None:
        row = self.db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return None if row is None else str(row[0])

    def set_meta(self, key: str, value: str) -> None:
        self.db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))


def _close_all(connections: list[sqlite3.Connection]) -> None:
    for connection in connections:
        connection.close()
    connections.clear()


class Stamps:
    """Gives out numbers that grow with the date of a row: seconds, and a number.

    They are the values of the column `stamp` in TABLE, and the rowids of what is searched. One
    second has room for a million.
    """

    def __init__(self, database: Database, table: str) -> None:
        self._db = database.db
        self._sql = f"SELECT EXISTS (SELECT 1 FROM {table} WHERE stamp = ?)"
        self._given: set[int] = set()

    def new(self, seconds: int, row: int) -> int:
        """Return one that no other row has, for the ROWth one, of the date SECONDS since 1970."""
        seconds = max(0, min(seconds, _LATEST))
        if self.are_plain(row):
            return first_stamp(seconds) | row
        while True:
            stamp = first_stamp(seconds) | row % _ROOM
            if stamp not in self._given and not self._taken(stamp):
                self._given.add(stamp)
                return stamp
            seconds += 1

    def are_plain(self, row: int) -> bool:
        """Tell whether no row up to the ROWth can have the stamp of another, whatever its date."""
        return row < _ROOM

    def expression(self, seconds: str, row: str) -> str:
        """Return SQL for `new` as long as stamps are plain, with SECONDS and ROW in SQL."""
        return f"(max(0, min({seconds}, {_LATEST})) << {_STAMP_BITS}) | ({row})"

    def _taken(self, stamp: int) -> bool:
        return bool(self._db.execute(self._sql, (stamp,)).fetchone()[0])


def first_stamp(seconds: int) -> int:
    """Return the smallest stamp that a row of the date SECONDS can have."""
    return seconds << _STAMP_BITS


def batches(values: Iterable[str]) -> Iterator[list[str]]:
    """Yield VALUES in lists that fit into one statement."""
    some: list[str] = []
    for value in values:
        some.append(value)
        if len(some) == _VARIABLES:
            yield some
            some = []
    if some:
        yield some
