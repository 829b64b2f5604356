"""The steps whose results are asked for, each with the commit that stands on it and its samples.

Which commit stands on a step is for the plan to say: the log may not bear its hash yet, as right
after a rebase. Where no results commit stands, the values of runs are those of the code that ran.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from explog.config import Settings
from explog.digits import is_surely_hash
from explog.errors import ExplogError
from explog.git.repository import repository_around
from explog.grammar import ID_PATTERN, STEP_PATTERN
from explog.ignored import DroppedEdit
from explog.index.database import Index
from explog.index.logs import find_experiments
from explog.model import Commit, Experiment, Step, StepNumber
from explog.plan.deciding import decide_entry, own_claims
from explog.plan.facts import Claims, Facts, gather
from explog.plan.plans import Dead
from explog.queries.agenda import select
from explog.queries.outline import CommitPlace, commit_on
from explog.refs import Place, Reference, parse_step
from explog.results.tracked import RunSource, StepRuns, step_runs

_REFERENCE = re.compile(rf"\[?e?({ID_PATTERN})(?:\.({STEP_PATTERN}))?\]?")


NO_COMMIT = CommitPlace("", "")


class Standing(NamedTuple):
    """A step, the commit that stands on it, and the commits whose samples are its own.

    `commit` is NO_COMMIT if none stands, `time` is when it was authored, in seconds since 1970, or
    None if that is not known yet, and `begins` tells that it claims the step without results.
    `runs` is what runs of the step gave.
    """

    experiment: Experiment
    step: Step
    commit: CommitPlace
    time: int | None
    observed: tuple[Observed, ...]
    begins: bool = False
    runs: StepRuns | None = None

    @property
    def borne(self) -> str | None:
        """The hash that the step bears, if it is that of its commit."""
        digits = self.step.hash
        return digits if digits is not None and self.commit.oid.startswith(digits) else None

    @property
    def reference(self) -> str:
        """What commits call the step."""
        return str(Reference(self.experiment.ident, self.step.number))


class Observed(NamedTuple):
    """A commit with samples of a step; copies of a commit, as cherry-pick makes, share `origin`."""

    oid: str
    origin: object


@dataclass(frozen=True, slots=True)
class Steps:
    """The steps that were asked for, and sentences on commits that are gone and on their runs."""

    standing: tuple[Standing, ...]
    troubles: tuple[str, ...]

    @property
    def oids(self) -> list[str]:
        """The commits whose values are needed."""
        return list(dict.fromkeys(one.oid for step in self.standing for one in step.observed))


def find_steps(
    settings: Settings,
    index: Index,
    text: str,
    *,
    every: bool = False,
    dropped: Collection[DroppedEdit] = (),
    sources: Iterable[RunSource] = (),
) -> Steps:
    """Return the steps that TEXT asks for, each with its runs and the commit that stands on it.

    TEXT is references of experiments and steps, or else a query that finds experiments. With EVERY,
    all results commits of a step are observed, else the one that stands on it, and runs on any
    commit. INDEX is up to date; DROPPED are the edits that the user dropped; SOURCES know of runs.
    Raises ExplogError `unknown-experiment`,
    `unknown-step` or `bad-query`.
    """
    asked = _asked(index, text)
    runs = step_runs(sources, asked.entries, every=every)
    standing, troubles = list[Standing](), list[str]()
    for one in _all_standing(settings, index, asked, every, dropped, runs):
        if isinstance(one, Standing):
            standing.append(one)
        elif one.known or is_surely_hash(one.step.hash or ""):
            troubles.append(_gone(one))
    troubles += _run_troubles(asked, runs)
    return Steps(tuple(standing), tuple(troubles))


# Which experiments and steps


@dataclass(frozen=True, slots=True)
class _Asked:
    """The experiments that are asked for, among all that have one of their ids, by id.

    `places` are theirs, (file, id), or None if all are asked for. `steps` has those of experiments
    of which not all steps are.
    """

    entries: Mapping[str, Sequence[Experiment]]
    places: Collection[tuple[str, str]] | None
    steps: Mapping[str, Collection[StepNumber]]

    def has(self, entry: Experiment) -> bool:
        """Tell whether ENTRY is asked for."""
        return self.places is None or (entry.file, entry.ident) in self.places

    def has_step(self, ident: str, number: StepNumber) -> bool:
        """Tell whether a step of an experiment that is asked for is so, too."""
        wanted = self.steps.get(ident)
        return wanted is None or any(number[: len(one)] == one for one in wanted)


def _asked(index: Index, text: str) -> _Asked:
    """Return what TEXT asks for: references, or else what it finds as a query."""
    matches = [_REFERENCE.fullmatch(word) for word in text.split()]
    named = [Reference(m[1], parse_step(m[2] or "")) for m in matches if m is not None]
    if len(named) < len(matches) or not named:
        places = {(one.file, one.ident) for one in select(index, text)}
        entries = _entries(index, {ident for _file, ident in places})
        ordered = sorted(entries.items(), key=lambda item: (item[1][0].file, item[1][0].start))
        return _Asked(dict(ordered), places, {})
    steps: dict[str, set[StepNumber]] = {}
    for ident, step in named:
        steps.setdefault(ident, set()).add(step)
    asked = _Asked(
        _entries(index, steps),
        None,
        {ident: numbers for ident, numbers in steps.items() if () not in numbers},
    )
    for reference in named:
        _check(asked, reference)
    return asked


def _entries(index: Index, idents: Iterable[str]) -> dict[str, list[Experiment]]:
    """Return the experiments with each of IDENTS, in that order."""
    found: dict[str, list[Experiment]] = {ident: [] for ident in idents}
    for entry in find_experiments(index, found):
        found[entry.ident].append(entry)
    return found


def _check(asked: _Asked, reference: Reference) -> None:
    """Raise ExplogError unless there is what REFERENCE means."""
    ident, step = reference
    if not asked.entries[ident]:
        raise ExplogError("unknown-experiment", f"no log has the experiment {ident}")
    numbers = (one.number for entry in asked.entries[ident] for one in entry.steps)
    if step and not any(number[: len(step)] == step for number in numbers):
        raise ExplogError("unknown-step", f"the experiment {ident} has no step [{reference}]")


# Which commit stands on a step


def _all_standing(
    settings: Settings,
    index: Index,
    asked: _Asked,
    every: bool,
    dropped: Collection[DroppedEdit],
    runs: Mapping[str, StepRuns],
) -> Iterator[Standing | Dead]:
    """Yield the steps that are asked for and that a commit stands on, or stood on, in order.

    So are those whose RUNS gave something.
    """
    facts = gather(settings, index, [one for same in asked.entries.values() for one in same])
    claims = dict(facts.claims(asked.entries))
    for ident, same in asked.entries.items():
        for entry in filter(asked.has, same):
            own = own_claims(entry, same, claims[ident], facts)
            ran = _runs_of(entry, same, runs, facts)
            for one in _of_entry(entry, own, facts, every, dropped, ran):
                if asked.has_step(ident, one.step.number):
                    yield one


def _runs_of(
    entry: Experiment, same: Sequence[Experiment], runs: Mapping[str, StepRuns], facts: Facts
) -> dict[StepNumber, StepRuns]:
    """Return those of RUNS that mean ENTRY, one of the SAME id, by step.

    A step number that the list has twice has none.
    """
    if not runs:
        return {}
    times = Counter(step.number for step in entry.steps)
    found = {
        n: runs.get(str(Reference(entry.ident, n))) for n, count in times.items() if count == 1
    }
    return {
        number: one
        for number, one in found.items()
        if one is not None and (len(same) == 1 or _owner(one, same, facts) is entry)
    }


def _run_troubles(asked: _Asked, runs: Mapping[str, StepRuns]) -> Iterator[str]:
    """Yield what could not be read of RUNS of steps that are asked for."""
    for reference, one in runs.items():
        ident, _dot, step = reference.removeprefix("e").partition(".")
        if one.values.troubles and asked.has_step(ident, parse_step(step)):
            yield from (trouble.message for trouble in one.values.troubles)


def _owner(runs: StepRuns, same: Sequence[Experiment], facts: Facts) -> Experiment | None:
    place = runs.newest.repository
    repository = None if place is None else repository_around(Path(place))
    return None if repository is None else facts.owners.owner(str(repository.common_dir), same)


def _of_entry(
    entry: Experiment,
    claims: Claims,
    facts: Facts,
    every: bool,
    dropped: Collection[DroppedEdit],
    runs: Mapping[StepNumber, StepRuns],
) -> Iterator[Standing | Dead]:
    planned = decide_entry(entry, claims, facts)
    edits = (edit for edit in planned.edits if edit.mark.hash is not None)
    put = {e.step.number: e.commit for e in edits if not (dropped and e.key in dropped)}
    dead = {one.step.number: one for one in planned.dead}
    for step in facts.steps(entry, claims):
        candidates = claims.candidates.get(step.number, ())
        commit = put.get(step.number)
        place = CommitPlace(commit.repository, commit.oid) if commit is not None else None
        if place is None and step.hash is not None:
            place = commit_on(facts.index, step, candidates)
        if place is not None:
            mine = next((one for one in candidates if one.oid == place.oid), None)
            time = mine.author_time if mine is not None else None
            begins = mine is not None and not mine.results
            observed = _observed(place, candidates, every)
            ran = runs.get(step.number)
            yield Standing(entry, step, place, time, observed, begins, ran)
        elif step.number in runs and runs[step.number].values.samples:
            yield Standing(entry, step, NO_COMMIT, None, (), runs=runs[step.number])
        elif step.number in dead:
            yield dead[step.number]


def _observed(
    place: CommitPlace, candidates: Sequence[Commit], every: bool
) -> tuple[Observed, ...]:
    """Return the commits with samples of a step: that at PLACE; with EVERY, all results commits."""
    found = {place.oid: Observed(place.oid, place.oid)}
    for one in candidates:
        is_result = every and one.results and one.place < Place.MENTION
        if is_result or one.oid == place.oid:
            found[one.oid] = Observed(one.oid, (one.author_time, one.email))
    return tuple(found.values())


def _gone(dead: Dead) -> str:
    where = f"{dead.experiment.file}:{dead.experiment.line + dead.step.line}"
    reference = Reference(dead.experiment.ident, dead.step.number)
    return f"{where}: {dead.step.hash} leads nowhere, so nobody knows the results of [{reference}]"
