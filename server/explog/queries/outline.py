"""Describe experiments: what a reference points at, and which commit a step's hash is.

All of it is read from the index: nothing here reads a log or asks git.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from explog.config import is_archive
from explog.index.commits import commits_with_prefix, find_candidates
from explog.index.database import Index
from explog.index.logs import all_idents, all_logs, find_experiments
from explog.model import Commit, Experiment, Step, StepNumber
from explog.refs import id_shape, may_be_id, step_text

BOXES = "SELECT count(*) FROM steps WHERE experiment = e.id AND box IS NOT NULL"
TICKED = "SELECT count(*) FROM steps WHERE experiment = e.id AND box IN ('x', 'X')"
TOUCHED = (
    "SELECT max(committer_time) FROM claims JOIN commits ON commits.id = commit_id"
    " WHERE claims.experiment = e.ident"
)


class OutlineRow(NamedTuple):
    """An experiment in short; `file` is the place of its log in a list of files, from 0.

    `ticked`, `steps` and `touched` are as in `explog.queries.agenda.FactsRow`.
    """

    ident: str
    title: str
    todo: str | None
    done: bool
    file: int
    line: int
    archived: bool
    ticked: int
    steps: int
    touched: int | None


@dataclass(frozen=True, slots=True)
class CommitPlace:
    """A commit, by its full id, and the path of the repository that it is in."""

    repository: str
    oid: str


class DescribedStep(NamedTuple):
    """A step on the 1-based `line` of a log, and the commit whose hash it has, if that is known."""

    number: str
    box: str | None
    text: str
    hash: str | None
    line: int
    repository: str | None
    commit: str | None


class Description(NamedTuple):
    """An experiment with its steps; `problem` says what is wrong with it, if anything is."""

    ident: str
    title: str
    todo: str | None
    done: bool
    file: str
    line: int
    archived: bool
    problem: str | None
    steps: list[DescribedStep]


def describe(index: Index, idents: Iterable[str]) -> list[Description]:
    """Return the experiments with one of IDENTS, in the order of their files.

    Where there are several with an id, one in a log comes before one in an archive.
    """
    by_ident: dict[str, list[Experiment]] = defaultdict(list)
    for experiment in find_experiments(index, dict.fromkeys(idents)):
        by_ident[experiment.ident].append(experiment)
    return [_describe(index, found) for found in by_ident.values()]


def _describe(index: Index, same: Sequence[Experiment]) -> Description:
    found = min(same, key=lambda one: is_archive(one.file))
    others = [one for one in same if one is not found]
    problem = None
    if others:
        where = ", ".join(f"{os.path.basename(one.file)}:{one.line}" for one in others)
        problem = f"{found.ident} is there more than once: also in {where}"
    return Description(
        ident=found.ident,
        title=found.title,
        todo=found.todo,
        done=found.done,
        file=found.file,
        line=found.line,
        archived=is_archive(found.file),
        problem=problem,
        steps=_steps(index, found),
    )


def _steps(index: Index, experiment: Experiment) -> list[DescribedStep]:
    candidates: Mapping[StepNumber, Sequence[Commit]] = {}
    if any(step.hash is not None for step in experiment.steps):
        candidates = find_candidates(index, experiment.ident)
    steps: list[DescribedStep] = []
    for step in experiment.steps:
        commit = None
        if step.hash is not None:
            commit = commit_on(index, step, candidates.get(step.number, ()))
        steps.append(
            DescribedStep(
                number=step_text(step.number),
                box="X" if step.ticked else step.box,
                text=step.text,
                hash=step.hash,
                line=experiment.line + step.line,
                repository=commit.repository if commit else None,
                commit=commit.oid if commit else None,
            )
        )
    return steps


def commit_on(index: Index, step: Step, candidates: Sequence[Commit]) -> CommitPlace | None:
    """Return the reachable commit whose hash is on STEP: one that claims it, or else the only one.

    In several repositories it is the same commit; one is as good as another.
    """
    short = step.hash or ""
    found = [(c.oid, c.repository) for c in candidates if c.oid.startswith(short)]
    found = found or commits_with_prefix(index, short)
    if len({oid for oid, _path in found}) != 1:
        return None
    oid, repository = min(found)
    return CommitPlace(repository, oid)


def others(index: Index, idents: Iterable[str]) -> list[str]:
    """Return those of IDENTS that no log has, and that nobody meant for an experiment."""
    odd = [ident for ident in dict.fromkeys(idents) if not may_be_id(ident, ())]
    known = set(all_idents(index)) if odd else set()
    shapes = set(map(id_shape, known))
    return [ident for ident in odd if ident not in known and not may_be_id(ident, shapes)]


def problems(index: Index) -> list[str]:
    """Return a sentence for each log that cannot be read: its experiments are unknown."""
    logs = (log.problem for log in all_logs(index))
    return [problem.partition(" ")[2] for problem in logs if problem is not None]


def outlines(index: Index, after: int, most: int) -> tuple[list[str], list[OutlineRow], int | None]:
    """Return the logs, up to MOST experiments after number AFTER, and the number to go on from.

    That number is None at the end. What changes meanwhile may be missing or come twice.
    """
    found = list(
        index.read(
            "SELECT e.id, path, ident, title, todo, done, sections.line + e.line,"
            f" ({TICKED}), ({BOXES}), ({TOUCHED}) FROM experiments e"
            " JOIN sections ON sections.id = section JOIN logs ON logs.id = log"
            " WHERE e.id > ? ORDER BY e.id LIMIT ?",
            after,
            most,
        )
    )
    places = {path: place for place, path in enumerate(dict.fromkeys(row[1] for row in found))}
    rows = [
        OutlineRow(ident, title, todo, bool(done), places[path], line, is_archive(path), *progress)
        for _number, path, ident, title, todo, done, line, *progress in found
    ]
    return list(places), rows, found[-1][0] if len(found) == most else None
