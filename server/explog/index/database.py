"""The index: one SQLite file, written ahead, disposable.

`Index` is what everyone asks: it hands SQL to SQLite and knows nothing of what the tables mean. The
other modules of this folder write and read those tables; the modules of `explog.queries` ask
questions of them.

Each thread has its own connection, so that readers never wait for the writer. A file of another
version or a damaged one is thrown away and made anew, if it is an index of explog at all
(explog.index.storage). Where no file can be written, the index is kept in memory.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
import weakref
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

from explog.errors import ExplogError
from explog.index import storage
from explog.index.damage import is_damage
from explog.index.words import fold, indexed

SCHEMA_VERSION = 13
# How long a writer waits for another process that is building the same index.
_BUSY_SECONDS = 120.0
# SQLite's own default of 2 MiB makes it write pages of a first index many times over.
_CACHE_KIB = 16_384
# How long the write-ahead log grows before it is copied into the file, and how much of it is kept.
_WAL_BYTES = 16 << 20
# SQLite runs this many of its instructions in a fraction of a millisecond.
_INSTRUCTIONS = 5000
# Older builds of SQLite take 999 variables in a statement; this leaves room for a few more.
_VARIABLES = 900

Row: TypeAlias = Any
"""A tuple, as SQLite returns it: the statement says what is in it."""


class WrongVersionError(Exception):
    """The file was made by another version of explog."""


class Counts(NamedTuple):
    """How much is indexed."""

    repositories: int
    commits: int
    logs: int
    experiments: int
    steps: int


class Index:
    """The file, its connections, its one writer.

    `path` is None if it is in memory, and then `problem` may say why. Reads see the last finished
    write; one thread of one process writes at a time.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.problem: str | None = None
        self._local = threading.local()
        self._identity: tuple[int, int] | None = None
        self._connections: list[sqlite3.Connection] = []
        # A search may still run in an index that was replaced: it holds the index, and so keeps
        # its connections open until it ends. At the end of the process nothing is closed, as
        # threads may be at work; SQLite needs no farewell.
        weakref.finalize(self, _close_all, self._connections).atexit = False
        self._lock = threading.RLock()
        # A lock of its own: who connects does not wait for who writes.
        self._connecting = threading.Lock()
        self._name = str(path) if path else f"file:explog-{id(self):x}?mode=memory&cache=shared"
        try:
            self._create()
        except BaseException:
            self.close()
            raise
        if path is not None:
            self._identity = _identity(path)
        _open.add(self)

    def _create(self) -> None:
        with self.writing():
            (version,) = self.one("PRAGMA user_version")
            if version == SCHEMA_VERSION:
                return
            if version != 0 or self.one("SELECT count(*) FROM sqlite_master")[0]:
                raise WrongVersionError
            from importlib import resources

            schema = resources.files("explog.index").joinpath("schema.sql").read_text("utf-8")
            for statement in schema.split(";\n"):
                self.write(statement)
            self.write(f"PRAGMA user_version = {SCHEMA_VERSION}")

    @property
    def _connection(self) -> sqlite3.Connection:
        """The connection of this thread."""
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._connect()
            with self._connecting:
                self._connections.append(connection)
            self._local.connection = connection
        return connection

    def _connect(self) -> sqlite3.Connection:
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
        return connection

    def _set_up(self, connection: sqlite3.Connection) -> None:
        connection.execute(f"PRAGMA page_size = {storage.PAGE_BYTES}")  # of a file that is made
        if self.path is not None and os.path.getsize(self.path) == 0:
            # Before it is written ahead: whoever ends us, the file says whose it is.
            connection.execute(f"PRAGMA application_id = {storage.APPLICATION_ID}")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute(f"PRAGMA wal_autocheckpoint = {_WAL_BYTES // storage.PAGE_BYTES}")
        connection.execute(f"PRAGMA journal_size_limit = {_WAL_BYTES}")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        connection.create_function("indexed", 1, indexed, deterministic=True)
        connection.create_function("folded", 1, fold, deterministic=True)
        if self.path is None:
            # Readers of a shared cache would otherwise wait for the writer's locks.
            connection.execute("PRAGMA read_uncommitted = ON")

    def read(self, sql: str, *values: object) -> Iterator[Row]:
        """Return the rows of a SELECT as they are found; VALUES are those of its variables."""
        return self._connection.execute(sql, values)

    def one(self, sql: str, *values: object) -> Row:
        """Return the first row of a statement that has one."""
        return self._connection.execute(sql, values).fetchone()

    def first(self, sql: str, *values: object) -> Row | None:
        """Return the first row of a statement; None if it has none."""
        return self._connection.execute(sql, values).fetchone()

    def write(self, sql: str, *values: object) -> None:
        """Carry out a statement, inside of `writing`."""
        self._connection.execute(sql, values)

    def write_many(self, sql: str, rows: Iterable[tuple[object, ...]]) -> None:
        """Carry out a statement for the values in each of ROWS, inside of `writing`."""
        self._connection.executemany(sql, rows)

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the index for writing: what is written inside becomes visible whole, or not at all.

        Nested uses are part of the outermost. Raises ExplogError `index-busy` where another process
        writes for too long.
        """
        with self._lock:
            if self._connection.in_transaction:
                yield
                return
            self._begin()
            try:
                yield
            except BaseException:
                # SQLite has ended it by itself if the file is damaged.
                with contextlib.suppress(sqlite3.OperationalError):
                    self.write("ROLLBACK")
                raise
            self.write("COMMIT")

    def _begin(self) -> None:
        try:
            self.write("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error):
                raise
            raise ExplogError("index-busy", f"{self.path}: another explog is writing it") from error

    @contextlib.contextmanager
    def without_waiting(self) -> Iterator[None]:
        """Have `writing` wait for no other process: it raises ExplogError `index-busy` at once."""
        self.write("PRAGMA busy_timeout = 0")
        try:
            yield
        finally:
            self.write(f"PRAGMA busy_timeout = {1000 * _BUSY_SECONDS:.0f}")

    @contextlib.contextmanager
    def reading_words(self) -> Iterator[None]:
        """Keep the full-text index as it is while it is read.

        In memory a reader sees what is half written, which SQLite takes for damage: it has to wait.
        """
        with self._lock if self.path is None else contextlib.nullcontext():
            yield

    @contextlib.contextmanager
    def interruptible(self) -> Iterator[Callable[[], None]]:
        """Yield a function by which another thread ends what this thread asks of the index.

        When it is called, what is asked inside raises ExplogError `interrupted`.
        """
        connection, ended = self._connection, threading.Event()
        # The connection's own `interrupt` does not end a statement that is about to begin.
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

    def is_in_place(self) -> bool:
        """Tell whether the file that is open is still the one at `path`."""
        return self.path is None or (self._identity == _identity(self.path))

    def holds(self, path: Path) -> bool:
        """Tell whether this process has the file at PATH open as this index."""
        return bool(self._connections) and self._identity == _identity(path) is not None

    def get_meta(self, key: str) -> str | None:
        """Return the text that is remembered under KEY."""
        row = self.first("SELECT value FROM meta WHERE key = ?", key)
        return None if row is None else str(row[0])

    def set_meta(self, key: str, value: str) -> None:
        """Remember the text VALUE under KEY."""
        self.write("INSERT OR REPLACE INTO meta VALUES (?, ?)", key, value)

    def counts(self) -> Counts:
        """Return how much is indexed."""
        repositories, commits = self.one("SELECT count(*), total(commits) FROM repositories")
        tables = ("logs", "experiments", "steps")
        counts = (self.one(f"SELECT count(*) FROM {table}")[0] for table in tables)
        return Counts(repositories, int(commits), *counts)


# The indexes of this process, in files and in memory.
_open: weakref.WeakSet[Index] = weakref.WeakSet()


def _identity(path: Path) -> tuple[int, int] | None:
    """Return what tells the file at PATH from any other that exists; None if there is none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _close_all(connections: list[sqlite3.Connection]) -> None:
    for connection in connections:
        connection.close()
    connections.clear()


def open_index(path: Path) -> Index:
    """Open the index at PATH; make it anew if it is of another version or damaged.

    Raises ExplogError `not-an-index` if PATH is something else, which stays as it is.
    """
    try:
        check_place(path)
        return _open_file(Path(os.path.realpath(path)))
    except (OSError, sqlite3.OperationalError) as error:
        return memory_index(path, error)


def check_place(path: Path) -> None:
    """Raise ExplogError `not-an-index` if an index at PATH would destroy another file; OSError."""
    real = Path(os.path.realpath(path))
    if not any(index.holds(real) for index in list(_open)):
        storage.check_place(real)


def memory_index(path: Path | None, reason: Exception) -> Index:
    """Return an index in memory, because of REASON it cannot be at PATH."""
    index = Index(None)
    index.problem = f"{path}: {_said(reason)}; the index is kept in memory"
    return index


def _said(error: Exception) -> str:
    return error.strerror if isinstance(error, OSError) and error.strerror else str(error)


def _open_file(path: Path) -> Index:
    storage.make(path)
    try:
        return Index(path)
    except (sqlite3.DatabaseError, WrongVersionError) as error:
        if not (isinstance(error, WrongVersionError) or is_damage(error)):
            raise
        storage.remove(path)
        storage.make(path)
        return Index(path)


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


def marks(values: Iterable[object]) -> str:
    """Return a question mark for each of VALUES, as SQL has them between parentheses."""
    return ",".join("?" for _ in values)
