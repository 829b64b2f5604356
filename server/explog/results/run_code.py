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
from explog.results.values import Message, Values

_MOST_KEPT = 2000

_known: dict[tuple[tuple[str, ...], str], Values] = {}
"""What was read of commits, by the setting `parameters` and their ids: a commit never changes."""


def code_parameters(
    settings: Settings, index: Index, places: Iterable[CommitPlace]
) -> dict[str, Values]:
    """Return {full id: values} of the commits at PLACES, with parameters alone."""
    places = set(places)
    wanted: dict[str, list[str]] = {}
    for place in places:
        if place.oid and (settings.parameters, place.oid) not in _known:
            wanted.setdefault(place.repository, []).append(place.oid)
    for record in all_repositories(index) if wanted else ():
        if record.path in wanted:
            repository = Repository(Path(record.path), Path(record.common_dir))
            with suppress(ExplogError):  # the look has reported it
                _read(settings, repository, wanted[record.path])
    known = {place.oid: _known.get((settings.parameters, place.oid)) for place in places}
    return {oid: values for oid, values in known.items() if values is not None}


def _read(settings: Settings, repository: Repository, oids: list[str]) -> None:
    source = ParameterSource(Globs(settings.parameters))
    found = source.read(repository, [Message(oid, "", "") for oid in oids])
    if len(_known) >= _MOST_KEPT:
        _known.clear()
    _known.update({(settings.parameters, oid): found.get(oid, Values()) for oid in oids})
