"""Between experiments and commits: the commits of an experiment, and the experiments of a file."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from explog.digits import SHORTEST
from explog.errors import ExplogError
from explog.git.changes import touching
from explog.git.repository import Repository, repository_around
from explog.index.commits import IS_EXPERIMENT, RepositoryRecord, find_repository
from explog.index.database import Index, batches, marks
from explog.model import StepNumber
from explog.queries.outline import CommitPlace
from explog.refs import Place, parse_step

# How many of the newest references to experiments are looked at for those of one file.
_MOST_CLAIMS = 20_000
# The commits before and after a commit, in the order of ids, tell how short its id can be.
_NEIGHBOURS = (
    "(SELECT max(oid) FROM commits n WHERE n.repository = c.repository AND n.oid < c.oid),"
    " (SELECT min(oid) FROM commits n WHERE n.repository = c.repository AND n.oid > c.oid)"
)


class HistoryCommit(NamedTuple):
    """A commit with a reference to an experiment.

    `step` is empty for a reference to the whole experiment. `place` is where the commit has the
    reference: "subject", "body" or "mention". `time` is the committer's, in seconds since 1970.
    """

    oid: str
    short: str
    repository: str
    author: str
    time: int
    subject: str
    step: str
    place: str
    results: bool


class ShortCommit(NamedTuple):
    """How a commit is abbreviated, and when it was authored, in seconds since 1970."""

    short: str
    author_time: int


class Touched(NamedTuple):
    """An experiment that changed a file in so many `commits`, last at `time`."""

    experiment: str
    commits: int
    time: int


def commits_of(index: Index, experiment: str, step: StepNumber = ()) -> list[HistoryCommit]:
    """Return the commits with a reference to EXPERIMENT, newest first.

    With STEP, only those that refer to that step or one inside it. A commit is in the list once for
    each reference that it bears.
    """
    rows = index.read(
        "SELECT oid, path, author, committer_time, subject, step, place, results,"
        f" {_NEIGHBOURS} FROM claims JOIN commits c ON c.id = commit_id"
        " JOIN repositories ON repositories.id = repository WHERE experiment = ?"
        " ORDER BY committer_time DESC, path, generation DESC, place, step",
        experiment,
    )
    return [
        HistoryCommit(
            oid=oid,
            short=_short(oid, neighbours),
            repository=path,
            author=author,
            time=time,
            subject=subject,
            step=number,
            place=Place(place).name.lower(),
            results=bool(results),
        )
        for oid, path, author, time, subject, number, place, results, *neighbours in rows
        if parse_step(number)[: len(step)] == step
    ]


def short_commits(index: Index, places: Iterable[CommitPlace]) -> dict[CommitPlace, ShortCommit]:
    """Return those of the commits at PLACES that are in the index."""
    wanted: dict[str, list[str]] = defaultdict(list)
    for place in places:
        wanted[place.repository].append(place.oid)
    sql = (
        f"SELECT oid, author_time, {_NEIGHBOURS} FROM commits c WHERE repository ="
        " (SELECT id FROM repositories WHERE path = ?) AND oid IN"
    )
    return {
        CommitPlace(repository, oid): ShortCommit(_short(oid, neighbours), time)
        for repository, oids in wanted.items()
        for some in batches(oids)
        for oid, time, *neighbours in index.read(f"{sql} ({marks(some)})", repository, *some)
    }


def _short(oid: str, neighbours: Iterable[str | None]) -> str:
    """Return as much of OID as tells it from its NEIGHBOURS in the order of ids."""
    size = SHORTEST
    while size < len(oid) and any((other or "").startswith(oid[:size]) for other in neighbours):
        size += 1
    return oid[:size]


def experiments_of_file(index: Index, path: Path) -> list[Touched]:
    """Return the experiments whose commits touched the file or folder PATH, newest first.

    Raises ExplogError `not-a-repository` where PATH is in no repository of the index, and
    GitError where git cannot read it.
    """
    repository, record = _repository(index, path)
    claims = _newest_claims(index, record.id)
    oids = touching(repository, dict.fromkeys(oid for oid, _experiment, _time in claims), path)
    return _gather((experiment, time) for oid, experiment, time in claims if oid in oids)


def _newest_claims(index: Index, repository: int) -> list[tuple[str, str, int]]:
    """Return (commit, experiment, time) of the newest claims in a repository."""
    rows = index.read(
        "SELECT DISTINCT oid, experiment, committer_time FROM commits"
        " JOIN claims ON commit_id = commits.id WHERE repository = ? AND place < ?"
        f" AND {IS_EXPERIMENT} ORDER BY committer_time DESC LIMIT ?",
        repository,
        Place.MENTION,
        _MOST_CLAIMS,
    )
    return [(oid, experiment, time) for oid, experiment, time in rows]


def _gather(claims: Iterable[tuple[str, int]]) -> list[Touched]:
    counts: dict[str, tuple[int, int]] = {}
    for experiment, time in claims:
        count, newest = counts.get(experiment, (0, time))
        counts[experiment] = count + 1, newest
    return [Touched(experiment, *count) for experiment, count in counts.items()]


def _repository(index: Index, path: Path) -> tuple[Repository, RepositoryRecord]:
    """Return the innermost repository around PATH, and what the index knows of it."""
    repository = repository_around(path)
    record = find_repository(index, str(repository.common_dir)) if repository is not None else None
    if repository is not None and record is not None:
        return repository, record
    message = f"{path}: it is in no repository that is looked at (see explog-repositories)"
    raise ExplogError("not-a-repository", message, path=os.fspath(path))
