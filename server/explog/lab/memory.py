"""What the lab has of this explog, in a file of the state folder.

What is public, less this, is what is still to be sent, and the other way round what is to be
withdrawn: that is the outbox. It needs no queue, so that nothing gets lost in one: whoever was
offline for weeks, or was killed in the middle, compares again. What was sent and not noted here is
sent once more, which changes nothing.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import sqlite3
import uuid
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import platformdirs

from explog.errors import ExplogError
from explog.private import hide, make_file, make_folder
from explog.state import change_state, read_state

_VERSION = 1
_SCHEMA = f"""
CREATE TABLE settings (source INTEGER);
-- `place` is the lab's number of the project or the log; `tips` says what was public.
CREATE TABLE units (
    unit TEXT PRIMARY KEY, place INTEGER NOT NULL, tips TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE sent (
    place INTEGER NOT NULL, key TEXT NOT NULL, unit TEXT NOT NULL, version TEXT NOT NULL,
    PRIMARY KEY (place, key, unit)
) WITHOUT ROWID;
CREATE INDEX sent_by_unit ON sent (unit, key);
PRAGMA user_version = {_VERSION};
"""


class Memory:
    """What was sent to one lab, and the lab acknowledged. One process at a time uses it."""

    def __init__(self, path: Path) -> None:
        make_folder(path.parent)
        make_file(path)
        hide(path)
        self._database = sqlite3.connect(path, timeout=0.5, isolation_level=None)
        try:
            (version,) = self._database.execute("PRAGMA user_version").fetchone()
            if version != _VERSION:
                self._database.executescript(_SCHEMA)
                self._database.execute("INSERT INTO settings VALUES (NULL)")
        except sqlite3.Error:
            self.close()
            raise

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """Note what is noted inside whole, or not at all."""
        self._database.execute("SAVEPOINT noting")
        try:
            yield
        except BaseException:
            self._database.execute("ROLLBACK TO noting")
            raise
        finally:
            self._database.execute("RELEASE noting")

    def begin(self, source: int) -> bool:
        """Tell whether what was sent is known; else forget it, as of another SOURCE than the lab's.

        What the lab has of the source is then to be asked, and noted.
        """
        if self._database.execute("SELECT source FROM settings").fetchone()[0] == source:
            return True
        self.forget()
        return False

    def is_of(self, source: int) -> None:
        """Note that what is noted is what the lab has of SOURCE."""
        self._database.execute("UPDATE settings SET source = ?", (source,))

    def forget(self) -> None:
        """Forget all that was sent."""
        with self.writing():
            self._database.execute("UPDATE settings SET source = NULL")
            self._database.execute("DELETE FROM units")
            self._database.execute("DELETE FROM sent")

    def units(self) -> list[str]:
        """Return the repositories and logs of which anything was sent."""
        rows = self._database.execute("SELECT unit FROM units UNION SELECT unit FROM sent")
        return [row[0] for row in rows]

    def unit(self, unit: str) -> tuple[int, str] | None:
        """Return (place, tips) of UNIT, as they were last noted."""
        sql = "SELECT place, tips FROM units WHERE unit = ?"
        row = self._database.execute(sql, (unit,)).fetchone()
        return None if row is None else (int(row[0]), str(row[1]))

    def note_unit(self, unit: str, place: int, tips: str) -> None:
        """Note that all is sent of UNIT that is public where TIPS say what is."""
        self._database.execute("INSERT OR REPLACE INTO units VALUES (?, ?, ?)", (unit, place, tips))

    def drop_unit(self, unit: str) -> None:
        """Forget UNIT, of which nothing is sent any more."""
        self._database.execute("DELETE FROM units WHERE unit = ?", (unit,))

    def version(self, unit: str, key: str) -> str | None:
        """Return the version of KEY that was sent of UNIT, if one was."""
        sql = "SELECT version FROM sent WHERE unit = ? AND key = ?"
        row = self._database.execute(sql, (unit, key)).fetchone()
        return None if row is None else str(row[0])

    def places(self, unit: str) -> list[int]:
        """Return the places where something of UNIT is."""
        rows = self._database.execute("SELECT DISTINCT place FROM sent WHERE unit = ?", (unit,))
        return [row[0] for row in rows]

    def sent_to(self, unit: str, place: int) -> list[str]:
        """Return the keys of what of UNIT is at PLACE."""
        sql = "SELECT key FROM sent WHERE unit = ? AND place = ?"
        return [row[0] for row in self._database.execute(sql, (unit, place))]

    def keys(self, unit: str) -> set[str]:
        """Return the keys of all that was sent of UNIT."""
        return {
            row[0] for row in self._database.execute("SELECT key FROM sent WHERE unit = ?", (unit,))
        }

    def elsewhere(self, unit: str, place: int, keys: Iterable[str]) -> set[str]:
        """Return those of KEYS at PLACE that another than UNIT publishes, as a second clone."""
        sql = "SELECT 1 FROM sent WHERE place = ? AND key = ? AND unit != ? LIMIT 1"
        found = self._database.execute
        return {key for key in keys if found(sql, (place, key, unit)).fetchone() is not None}

    def note(self, unit: str, place: int, sent: Iterable[tuple[str, str]]) -> None:
        """Note that the lab has SENT, (key, version) pairs, of UNIT."""
        rows = ((place, key, unit, version) for key, version in sent)
        self._database.executemany("INSERT OR REPLACE INTO sent VALUES (?, ?, ?, ?)", rows)

    def unnote(self, unit: str, place: int, keys: Sequence[str]) -> None:
        """Note that the lab has KEYS of UNIT no more."""
        sql = "DELETE FROM sent WHERE place = ? AND key = ? AND unit = ?"
        self._database.executemany(sql, ((place, key, unit) for key in keys))


def source_token() -> str:
    """Return what a lab knows this explog by, the same as long as the state folder is kept."""

    def change(table: dict[str, object]) -> dict[str, object]:
        return {**table, "token": table.get("token") or str(uuid.uuid4())}

    change_state("lab", change)
    return str(read_state("lab")["token"])


def memory_path(address: str) -> Path:
    """Return the file for what was sent to the lab at ADDRESS."""
    digest = hashlib.sha256(address.encode("utf-8", "surrogateescape")).hexdigest()[:16]
    return Path(platformdirs.user_state_dir("explog")) / f"lab-{digest}.sqlite"


@contextlib.contextmanager
def memory_of(address: str) -> Iterator[Memory]:
    """Open the memory of the lab at ADDRESS, alone.

    Raises ExplogError: `busy` while another explog publishes there, `not-done` where the file
    cannot be used.
    """
    from explog.flock import lock

    path = memory_path(address)
    make_folder(path.parent)
    descriptor = os.open(path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            lock(descriptor)
        except BlockingIOError as error:
            raise ExplogError("busy", "another explog is publishing to the lab") from error
        try:
            memory = Memory(path)
        except sqlite3.DatabaseError:
            path.unlink(missing_ok=True)  # what the lab has is asked anew
            memory = Memory(path)
        with contextlib.closing(memory):
            yield memory
    finally:
        os.close(descriptor)
