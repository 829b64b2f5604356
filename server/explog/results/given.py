"""What the commits on steps gave, and the runs of these steps.

Where no commit with results stands on a step, and all its values are those of runs, its commit is
the one that has the code of these.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

from explog.config import Settings
from explog.digits import SHORTEST
from explog.index.commits import commits_with_prefix
from explog.index.database import Index
from explog.queries.history import ShortCommit, short_commits
from explog.queries.outline import CommitPlace
from explog.results.kept import values_of
from explog.results.own_runs import worktrees_of_all
from explog.results.run_code import code_parameters
from explog.results.steps import NO_COMMIT, Standing, Steps
from explog.results.table import StepResult
from explog.results.tracked import Tracked, added
from explog.results.values import Sample, Values

_LAST_SECOND = 253_402_300_799  # of the year 9999


def results_of(
    settings: Settings, index: Index, steps: Steps
) -> tuple[list[StepResult], list[str]]:
    """Return the results of STEPS, and sentences on what could not be read.

    Commits that were not read yet are read now.
    """
    oids = steps.oids
    values = values_of(settings, index, oids)
    home = _Home(index)
    given = [_given(one, values, home) for one in steps.standing]
    short = short_commits(index, {one.place for one in given if one.is_new})
    code = code_parameters(settings, index, (one.place for one in given if one.of_runs))
    results = [_result(one, short.get(one.place), code) for one in given]
    said = [trouble.message for oid in oids for trouble in _values(values, oid).troubles]
    said += (trouble.message for one in code.values() for trouble in one.troubles)
    return results, [*steps.troubles, *dict.fromkeys(said)]


class _Given(NamedTuple):
    """A step, its samples, and their commit: if `of_runs`, the one that has the code of runs."""

    standing: Standing
    samples: Sequence[Sample]
    place: CommitPlace
    of_runs: bool = False

    @property
    def is_new(self) -> bool:
        """Whether more is to be asked about the commit than is known of the step."""
        standing = self.standing
        return self.place != standing.commit or standing.borne is None or standing.time is None


def _values(values: Mapping[str, Values], oid: str) -> Values:
    return values.get(oid) or Values()


def _date(run: Tracked) -> int:
    """Return the time of RUN in whole seconds; one that is no date becomes the nearest that is."""
    return int(min(max(run.time, 0), _LAST_SECOND))


class _Home:
    """Finds where the commits of runs are; what it asks is asked once, and only if it is needed."""

    def __init__(self, index: Index) -> None:
        self._index = index

    @cached_property
    def _repositories(self) -> dict[str, str]:
        return dict(worktrees_of_all(self._index))

    def of(self, run: Tracked) -> CommitPlace:
        """Return the commit that RUN ran on, and its repository; each is empty if it is unknown.

        A run on another machine has another name for the repository: its commits tell which it is.
        """
        known = self._repositories.get(run.repository or "")
        if known is None and run.head is not None:
            having = commits_with_prefix(self._index, run.head)
            known = min(having)[1] if having else None
        return CommitPlace(known or run.repository or "", run.commit or "")


def _given(standing: Standing, values: Mapping[str, Values], home: _Home) -> _Given:
    """Return what was given for a step.

    It is of the code of runs if these gave all, and no results commit stands there.
    """
    own, runs = Values(tuple(_samples(standing, values))), standing.runs
    if runs is None:
        return _Given(standing, own.samples, standing.commit)
    samples = added(own, runs).samples
    none_else = standing.begins and not any(one.metrics for one in own.samples)
    if standing.commit == NO_COMMIT or (none_else and runs.values.samples):
        return _Given(standing, samples, home.of(runs.newest), of_runs=True)
    return _Given(standing, samples, standing.commit)


def _result(given: _Given, short: ShortCommit | None, code: Mapping[str, Values]) -> StepResult:
    standing, samples, commit, of_runs = given
    experiment, step = standing.experiment, standing.step
    borne, time = standing.borne, standing.time
    if commit != standing.commit:
        borne, time = None, _date(standing.runs.newest) if standing.runs else 0
    # If nobody knows it, it went a moment ago, or is on no branch.
    short = short or ShortCommit(commit.oid[:SHORTEST], 0)
    return StepResult(
        experiment=experiment.ident,
        step=step.number,
        title=experiment.title,
        text=step.text,
        file=experiment.file,
        line=experiment.line + step.line,
        repository=commit.repository,
        commit=commit.oid,
        abbreviation=borne or short.short,
        time=short.author_time if time is None else time,
        samples=(*samples, *(_values(code, commit.oid).samples if of_runs else ())),
    )


def _samples(standing: Standing, values: Mapping[str, Values]) -> Sequence[Sample]:
    """Return the samples of a step, those of a commit and of its copies once."""
    found = [
        (one.origin, _values(values, one.oid).of(standing.reference)) for one in standing.observed
    ]
    if len(found) < 2:
        return found[0][1] if found else ()
    seen: dict[object, Sequence[Sample]] = {}
    for origin, samples in found:
        numbers = sorted(repr((dict(one.metrics), dict(one.parameters))) for one in samples)
        seen.setdefault((origin, *numbers), samples)
    return [sample for samples in seen.values() for sample in samples]
