"""Between experiments and commits: the commits of an experiment, and the experiments of a file."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from explog.errors import ExplogError
from explog.git.changes import touching
from explog.git.repository import Repository, repository_around
from explog.index.records import ClaimingCommit, RepositoryRecord
from explog.index.store import Store
from explog.model import StepNumber

# How many references to experiments are looked at, the newest first, for those of one file.
MOST_CLAIMS = 20_000


@dataclass(frozen=True, slots=True)
class Touched:
    """An experiment whose COMMITS (so many) touched a file, the newest at TIME."""

    experiment: str
    commits: int
    time: int


def commits_of(store: Store, experiment: str, step: StepNumber = ()) -> list[ClaimingCommit]:
    """Return what bears a reference to EXPERIMENT, or to STEP of it or one inside; newest first.

    A commit is there once for each reference that it bears.
    """
    size = len(step)
    return [commit for commit in store.commits_of(experiment) if commit.step[:size] == step]


def experiments_of_file(store: Store, path: Path) -> list[Touched]:
    """Return the experiments whose commits touched the file or folder PATH, newest first.

    Raises ExplogError `not-a-repository` where PATH is in no repository of the index, and
    GitError where git cannot read it.
    """
    repository, record = _repository(store, path)
    claiming = store.claiming(record.id, MOST_CLAIMS)
    oids = touching(repository, dict.fromkeys(oid for oid, _experiment, _time in claiming), path)
    return _gather((experiment, time) for oid, experiment, time in claiming if oid in oids)


def _gather(claims: Iterable[tuple[str, int]]) -> list[Touched]:
    counts: dict[str, tuple[int, int]] = {}
    for experiment, time in claims:
        count, newest = counts.get(experiment, (0, time))
        counts[experiment] = count + 1, newest
    return [Touched(experiment, *count) for experiment, count in counts.items()]


def _repository(store: Store, path: Path) -> tuple[Repository, RepositoryRecord]:
    """Return the innermost repository around PATH, and what the index knows of it."""
    repository = repository_around(path)
    record = store.repository(str(repository.common_dir)) if repository is not None else None
    if repository is not None and record is not None:
        return repository, record
    message = f"{path}: it is in no repository that is looked at (see explog-repositories)"
    raise ExplogError("not-a-repository", message, path=os.fspath(path))
