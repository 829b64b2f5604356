"""Publish what is public and the lab has not, and withdraw what it has and is public no more."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from explog.lab.changes import Changes, Unit
from explog.lab.connection import SCHEMA
from explog.lab.memory import Memory, source_token
from explog.lab.outgoing import Row
from explog.sync.report import Progress

if TYPE_CHECKING:
    import psycopg

_ROWS, _BYTES, _KEYS = 500, 4 << 20, 5000
# What the lab has that nothing here explains, as after the state folder was lost.
_UNKNOWN = {"commits": "?commits", "passages": "?passages"}


@dataclass(slots=True)
class Published:
    """How much was sent and withdrawn."""

    commits: int = 0
    passages: int = 0
    withdrawn: int = 0


class Publisher:
    """Publishes to the lab that CONNECTION leads to, and notes what it has in MEMORY."""

    def __init__(
        self,
        connection: psycopg.Connection[Any],
        memory: Memory,
        progress: Progress | None = None,
    ) -> None:
        self._connection = connection
        self._memory = memory
        self._progress = progress
        self.done = Published()
        greeting = self._call("hello", source_token())
        self.source: int = greeting["source"]
        self.is_new = not memory.begin(self.source)
        """Whether what is to be sent is to be found again: the memory was of another lab."""
        if self.is_new:
            self._learn()

    def _call(self, function: str, *values: object) -> Any:
        places = ", ".join(["%s"] * len(values))
        statement = f"SELECT {SCHEMA}.{function}({places})"
        row = self._connection.execute(statement.encode(), values).fetchone()
        return None if row is None else row[0]

    def _learn(self) -> None:
        """Note what the lab has of this explog, as published by nothing that is known."""
        sql = f"SELECT what, place, key FROM {SCHEMA}.published(%s)"
        with self._memory.writing():
            for what, place, key in self._connection.execute(sql.encode(), (self.source,)):
                self._memory.note(_UNKNOWN[what], place, [(key, "?")])
            self._memory.is_of(self.source)

    def publish(self, changes: Changes) -> Published:
        """Carry CHANGES out: what is public no more goes first."""
        for unit in changes.units:
            self._withdraw(unit.unit, unit.gone)
        for name in changes.gone:
            self._withdraw(name)
            self._memory.drop_unit(name)
        for unit in changes.units:
            self._publish(unit)
        for unknown in _UNKNOWN.values():
            self._withdraw(unknown)
        return self.done

    def _publish(self, unit: Unit) -> None:
        project = unit.project
        if project is not None:
            if not (project.roots or self._memory.places(unit.unit)):
                return  # nothing of it is public, and nothing was
            place = int(
                self._call("put_project", self.source, project.url, list(project.roots), unit.name)
            )
        else:
            called = hashlib.sha256(unit.unit.encode("utf-8", "surrogateescape")).hexdigest()
            place = int(self._call("put_log", self.source, called[:32], unit.name))
        for other in self._memory.places(unit.unit):
            if other != place:  # the remote has another address now
                self._withdraw_from(unit.unit, other, self._memory.sent_to(unit.unit, other))
        if unit.new:  # until all is sent, only a full comparison tells what is left to do
            self._memory.note_unit(unit.unit, place, "")
        function = "publish_passages" if unit.project is None else "publish_commits"
        sent = 0
        for rows in _batches(unit.rows(unit.new)):
            self._call(function, self.source, place, _as_json(rows))
            with self._memory.writing():
                keys = ((row.get("oid") or row["key"], row["version"]) for row in rows)
                self._memory.note(unit.unit, place, keys)
            sent += len(rows)
            if self._progress is not None:
                self._progress(unit.name, sent, len(unit.new))
        if unit.project is None:
            self.done.passages += sent
        else:
            self.done.commits += sent
        if sent == len(unit.new):  # else the index has not got them all yet
            self._memory.note_unit(unit.unit, place, unit.state)

    def _withdraw(self, unit: str, keys: list[str] | None = None) -> None:
        """Withdraw KEYS of UNIT, or all of it, from wherever they are."""
        for place in self._memory.places(unit):
            sent = self._memory.sent_to(unit, place)
            wanted = sent if keys is None else sorted(set(keys).intersection(sent))
            self._withdraw_from(unit, place, wanted)

    def _withdraw_from(self, unit: str, place: int, keys: list[str]) -> None:
        is_commits = unit.startswith(("repository ", _UNKNOWN["commits"]))
        function = "withdraw_commits" if is_commits else "withdraw_passages"
        for start in range(0, len(keys), _KEYS):
            some = keys[start : start + _KEYS]
            kept = self._memory.elsewhere(unit, place, some)
            lost = [key for key in some if key not in kept]
            if lost:
                self._call(function, self.source, place, lost)
                self.done.withdrawn += len(lost)
            with self._memory.writing():
                self._memory.unnote(unit, place, some)


def _as_json(rows: list[Row]) -> object:
    from psycopg.types.json import Jsonb

    return Jsonb(rows)


def _batches(rows: Iterator[Row]) -> Iterator[list[Row]]:
    """Yield ROWS in lists that make a transaction each, of some megabytes at most."""
    some: list[Row] = []
    size = 0
    for row in rows:
        some.append(row)
        size += len(row["said"])
        if len(some) >= _ROWS or size >= _BYTES:
            yield some
            some, size = [], 0
    if some:
        yield some


def forget(connection: psycopg.Connection[Any], memory: Memory) -> None:
    """Withdraw all that the member has published, from every machine."""
    connection.execute(f"SELECT {SCHEMA}.forget()".encode())
    memory.forget()


def status(connection: psycopg.Connection[Any]) -> Mapping[str, Any]:
    """Return who one is in the lab, and how much it has of one's own."""
    row = connection.execute(f"SELECT {SCHEMA}.status()".encode()).fetchone()
    return {} if row is None else dict(row[0])
