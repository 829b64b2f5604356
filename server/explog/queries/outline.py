"""Describe experiments: what stands at a reference, and which commit a step's hash is.

All from the index: nothing here reads a log or asks git.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from explog.config import is_archive
from explog.index.records import OutlineRecord
from explog.index.store import Store
from explog.model import Commit, Experiment, Step, StepNumber
from explog.refs import id_shape, may_be_id


@dataclass(frozen=True, slots=True)
class CommitPlace:
    """A commit, by its full id, and the path of the repository that it is in."""

    repository: str
    oid: str


@dataclass(frozen=True, slots=True)
class Description:
    """An experiment; `commits` has those whose hashes stand on its steps, as far as known.

    `problem` is a sentence about what is wrong with it, if anything is.
    """

    experiment: Experiment
    archived: bool
    problem: str | None
    commits: dict[StepNumber, CommitPlace]


def describe(store: Store, idents: Iterable[str]) -> list[Description]:
    """Return the experiments with one of IDENTS, in the order of their files.

    Where there are several with an id, one in a log comes before one in an archive.
    """
    by_ident: dict[str, list[Experiment]] = defaultdict(list)
    for experiment in store.experiments(dict.fromkeys(idents)):
        by_ident[experiment.ident].append(experiment)
    return [_describe(store, found) for found in by_ident.values()]


def _describe(store: Store, same: Sequence[Experiment]) -> Description:
    experiment = min(same, key=lambda one: is_archive(one.file))
    others = [one for one in same if one is not experiment]
    problem = None
    if others:
        where = ", ".join(f"{os.path.basename(one.file)}:{one.line}" for one in others)
        problem = f"{experiment.ident} is there more than once: also in {where}"
    commits = _commits(store, experiment)
    return Description(experiment, is_archive(experiment.file), problem, commits)


def _commits(store: Store, experiment: Experiment) -> dict[StepNumber, CommitPlace]:
    bearing = [step for step in experiment.steps if step.hash is not None]
    if not bearing:
        return {}
    candidates = store.candidates(experiment.ident)
    places = ((s.number, _commit(store, s, candidates.get(s.number, ()))) for s in bearing)
    return {number: place for number, place in places if place is not None}


def _commit(store: Store, step: Step, candidates: Sequence[Commit]) -> CommitPlace | None:
    """Return the reachable commit whose hash is on STEP: one that claims it, or else the only one.

    In several repositories it is the same commit; one is as good as another.
    """
    short = step.hash or ""
    found = [(c.oid, c.repository) for c in candidates if c.oid.startswith(short)]
    found = found or store.commits_with_prefix(short)
    if len({oid for oid, _path in found}) != 1:
        return None
    oid, repository = min(found)
    return CommitPlace(repository, oid)


def others(store: Store, idents: Iterable[str]) -> list[str]:
    """Return those of IDENTS that no log has, and that nobody meant for an experiment."""
    odd = [ident for ident in dict.fromkeys(idents) if not may_be_id(ident, ())]
    known = set(store.idents()) if odd else set()
    shapes = set(map(id_shape, known))
    return [ident for ident in odd if ident not in known and not may_be_id(ident, shapes)]


def problems(store: Store) -> list[str]:
    """Return a sentence for each log that cannot be read, and whose experiments are unknown."""
    logs = (log.problem for log in store.logs())
    return [problem.partition(" ")[2] for problem in logs if problem is not None]


def outlines(store: Store, after: int, most: int) -> tuple[list[OutlineRecord], int | None]:
    """Return the MOST so many experiments behind number AFTER, and the number to go on from.

    That is None at the end. What changes meanwhile may be missing or be there twice.
    """
    found = store.outlines(after, most)
    return found, found[-1].id if len(found) == most else None
