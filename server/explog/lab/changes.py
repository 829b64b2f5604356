"""What is public and the lab has not, and what it has and is public no more."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from explog.config import Settings
from explog.errors import ExplogError
from explog.git.changes import history_change
from explog.git.repository import Repository
from explog.index.commits import RepositoryRecord, all_repositories
from explog.index.database import Index
from explog.lab.identity import Project, roots, url_of
from explog.lab.memory import Memory
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

    def __bool__(self) -> bool:
        return bool(self.units or self.gone)

    def count(self) -> int:
        """Return how many commits and passages are to be sent or withdrawn, and whole units."""
        return sum(len(unit.new) + len(unit.gone) for unit in self.units) + len(self.gone)


def find_changes(
    settings: Settings,
    index: Index,
    memory: Memory,
    is_compared: Callable[[RepositoryRecord], bool] | None = None,
) -> Changes:
    """Return what is public and was not sent, and what was sent and is public no more.

    IS_COMPARED tells of which repositories nothing has changed since all of them was sent. What is
    on a drive that does not answer stays.
    """
    changes = Changes()
    repositories = [
        record for record in all_repositories(index) if _published(settings, record) != "none"
    ]
    seen = {f"repository {record.common_dir}" for record in repositories}
    for record in repositories:
        if is_compared is None or not is_compared(record):
            _repository_changes(settings, index, record, memory, changes)
    seen.update(_logs(settings, memory, changes))
    changes.gone = [
        unit
        for unit in memory.units()
        if unit not in seen and not is_silent(unit.partition(" ")[2] or os.sep)
    ]
    return changes


def _published(settings: Settings, record: RepositoryRecord) -> Publish:
    repository = Repository(Path(record.path), Path(record.common_dir))
    return settings.group.published(repository.path, repository.common_dir.parent)


def _repository_changes(
    settings: Settings, index: Index, record: RepositoryRecord, memory: Memory, changes: Changes
) -> None:
    """Add to CHANGES what is to be done of a repository."""
    try:
        changes.units += _repository(index, record, _published(settings, record), memory)
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
