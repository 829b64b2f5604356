"""Parameters in the code that runs ran on, as they are read of a commit with results.

A snapshot is a commit, too, but no branch has it, so the index does not know it.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from explog.config import Settings
from explog.errors import ExplogError
from explog.git.repository import Repository
from explog.globs import Globs
from explog.index.commits import all_repositories
from explog.index.database import Index
from explog.queries.outline import CommitPlace
from explog.results.parameters import ParameterSource
from explog.results.remembered import Remembered
from explog.results.values import Message, Values

_known: Remembered[tuple[tuple[str, ...], str], Values] = Remembered(2000)
"""What was read of commits, by the setting `parameters` and their ids: a commit never changes."""


def code_parameters(
    settings: Settings, index: Index, places: Iterable[CommitPlace]
) -> dict[str, Values]:
    """Return {full id: values} of the commits at PLACES, with parameters alone."""
    named = settings.parameters
    values: dict[str, Values] = {}
    wanted: dict[str, list[str]] = {}
    for place in set(places):
        known = _known.get((named, place.oid))
        if known is not None:
            values[place.oid] = known
        elif place.oid:
            wanted.setdefault(place.repository, []).append(place.oid)
    for record in all_repositories(index) if wanted else ():
        if record.path in wanted:
            repository = Repository(Path(record.path), Path(record.common_dir))
            with suppress(ExplogError):  # the look has reported it
                values |= _read(settings, repository, wanted[record.path])
    return values


def _read(settings: Settings, repository: Repository, oids: list[str]) -> dict[str, Values]:
    source = ParameterSource(Globs(settings.parameters))
    read = source.read(repository, [Message(oid, "", "") for oid in oids])
    found = {oid: read.get(oid, Values()) for oid in oids}
    for oid, values in found.items():
        _known[settings.parameters, oid] = values
    return found
