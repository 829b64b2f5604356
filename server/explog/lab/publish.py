"""Publish what is public and the lab has not, and withdraw what it has and is public no more."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from explog.config import Settings
from explog.errors import ExplogError
from explog.git.changes import history_change
from explog.git.repository import Repository
from explog.index.commits import RepositoryRecord, all_repositories
from explog.index.database import Index
from explog.lab.connection import SCHEMA
from explog.lab.identity import Project, roots, url_of
from explog.lab.memory import Memory, source_token
from explog.lab.outgoing import Row, commit_rows, passage_rows, versions
from explog.lab.public import (
    known_tips,
    log_state,
    public_logs,
    public_tips,
    read_public,
    repository_state,
)
from explog.lab_settings import Publish
from explog.org.files import read_log
from explog.stuck import is_silent
from explog.sync.report import Progress

if TYPE_CHECKING:
    import psycopg

_ROWS, _BYTES, _KEYS = 500, 4 << 20, 5000
# What the lab has that nothing here explains, as after the state folder was lost.
_UNKNOWN = {"commits": "?commits", "passages": "?passages"}


class Unit(NamedTuple):
    """A repository or a log: what is to be sent of it, by keys, and what is to be withdrawn.

    `state` says what is public; `rows` makes the rows of keys. `project` is None of a log.
    """

    unit: str
    name: str
    state: str
    new: list[str]
    gone: list[str]
    rows: Callable[[Iterable[str]], Iterator[Row]]
    project: Project | None


@dataclass(slots=True)
class Changes:
    """What is to be sent and withdrawn, and a sentence for each thing that could not be read.

    `gone` are the units of which nothing is public any more.
    """

    units: list[Unit] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Published:
    """How much was sent and withdrawn."""

    commits: int = 0
    passages: int = 0
    withdrawn: int = 0


# What there is to do


def find_changes(settings: Settings, index: Index, memory: Memory) -> Changes:
    """Return what is public and was not sent, and what was sent and is public no more."""
    changes = Changes()
    seen = {*_repositories(settings, index, memory, changes), *_logs(settings, memory, changes)}
    changes.gone = [unit for unit in memory.units() if unit not in seen]
    return changes


def _repositories(
    settings: Settings, index: Index, memory: Memory, changes: Changes
) -> Iterator[str]:
    """Add to CHANGES what is to be done of each repository; yield the units to keep."""
    for record in all_repositories(index):
        repository = Repository(Path(record.path), Path(record.common_dir))
        how = settings.group.published(repository.path, repository.common_dir.parent)
        if how == "none":
            continue
        unit = f"repository {record.common_dir}"
        yield unit
        try:
            changes.units += _repository(index, record, how, memory)
        except (ExplogError, OSError) as error:  # what is known of it stays
            changes.problems.append(str(error))


def _repository(
    index: Index, record: RepositoryRecord, how: Publish, memory: Memory
) -> Iterator[Unit]:
    """Yield what is to be done of a repository, if there is anything."""
    unit = f"repository {record.common_dir}"
    repository = Repository(Path(record.path), Path(record.common_dir))
    public = public_tips(repository, how)
    url = url_of(repository)
    known, state = memory.unit(unit), repository_state(how, url, public)
    renewed = [
        oid
        for oid, version in versions(index, record.id)
        if (sent := memory.version(unit, oid)) is not None and sent != version
    ]
    if known is not None and known[1] == state and not renewed:
        return
    before = None if known is None else known_tips(known[1], url)
    change = history_change(repository, before or [], public)
    gone = list(change.removed)
    if before is None or change.complete:
        gone = sorted(memory.keys(unit).difference(change.added))
    new = list(dict.fromkeys([*reversed(change.added), *renewed]))
    project = Project(url, roots(repository, public), repository.path.name)

    def rows(oids: Iterable[str]) -> Iterator[Row]:
        return commit_rows(index, record.id, oids)

    yield Unit(unit, repository.path.name, state, new, gone, rows, project)


def _logs(settings: Settings, memory: Memory, changes: Changes) -> Iterator[str]:
    """Add to CHANGES what is to be done of each log; yield the units to keep."""
    logs, problems = public_logs(settings)
    changes.problems += problems
    for unit in memory.units():
        kind, _space, place = unit.partition(" ")
        if kind == "log" and is_silent(place):
            yield unit  # what is known of it stays
    for path in logs:
        unit = f"log {path}"
        yield unit
        try:
            data = read_log(path)
            state, known = log_state(settings, data), memory.unit(unit)
            if known is None or known[1] != state:
                changes.units.append(_log(settings, path, data, memory, state))
        except ValueError as error:
            changes.problems.append(f"{path}: {error}")
        except ExplogError as error:  # what is known of it stays
            changes.problems.append(error.message)


def _log(settings: Settings, path: Path, data: bytes, memory: Memory, state: str) -> Unit:
    unit = f"log {path}"
    found = passage_rows(read_public(settings, path, data))
    sent = memory.keys(unit)
    new, gone = [key for key in found if key not in sent], sorted(sent.difference(found))

    def rows(keys: Iterable[str]) -> Iterator[Row]:
        return ({**found[key], "version": ""} for key in keys)

    return Unit(unit, path.name, state, new, gone, rows, None)


# To do it


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
        if not memory.begin(self.source):
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
