"""What runs of trainings gave for steps, whoever kept them.

Of the runs of a step, those count that ended well and ran on the same commit as the newest of them:
they are a sample. While none has ended well, those count that still run.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from explog.results.combine import together
from explog.results.values import Sample, Trouble, Values


class Tracked(NamedTuple):
    """A run of the step with `reference`, such as `e201.1`, that has not failed.

    `time` is when it ended, or else began, in seconds since 1970. `repository` is the top of the
    worktree that it ran in, `head` the commit that this was at, and `commit` the one that has the
    code; each is None if that is not known.
    """

    reference: str
    ended: bool
    time: float
    values: Values
    repository: str | None = None
    head: str | None = None
    commit: str | None = None


class RunSource(Protocol):
    """Something that knows runs: the folders of `explog run`, the files of another program."""

    def read(self, idents: Collection[str]) -> Sequence[Sequence[Tracked]]:
        """Return the runs of steps of the experiments IDENTS: those of each program.

        The first program counts most: a later one gives the metrics that no earlier one has.
        """
        ...

    @property
    def troubles(self) -> Sequence[str]:
        """Sentences on what could not be read then."""
        ...


@dataclass(frozen=True, slots=True)
class StepRuns:
    """What the runs of a step gave, and the newest of them of the source that counts most."""

    values: Values
    newest: Tracked


def step_runs(
    sources: Iterable[RunSource], idents: Collection[str], *, every: bool
) -> dict[str, StepRuns]:
    """Return {reference: what runs gave} of steps of the experiments IDENTS.

    The first of SOURCES counts most. With EVERY, the commit that a run ran on makes no difference.
    """
    found: dict[str, list[StepRuns]] = {}
    for runs_of_one in (runs for source in sources for runs in source.read(idents)):
        by_step: dict[str, list[Tracked]] = {}
        for run in runs_of_one:
            by_step.setdefault(run.reference, []).append(run)
        for reference, runs in by_step.items():
            found.setdefault(reference, []).append(_chosen(runs, every=every))
    return {reference: _together(some) for reference, some in found.items()}


def _chosen(runs: Sequence[Tracked], *, every: bool) -> StepRuns:
    with_values = [run for run in runs if run.values.samples]
    counting = [run for run in with_values if run.ended] or with_values or list(runs)
    newest = max(counting, key=lambda run: run.time)
    same = [run for run in counting if every or run.head == newest.head]
    return StepRuns(_joined(sorted(same, key=lambda run: run.time)), newest)


def _joined(runs: Sequence[Tracked]) -> Values:
    samples: list[Sample] = []
    troubles: list[Trouble] = []
    for run in runs:
        samples += run.values.samples
        troubles += run.values.troubles
    return Values(tuple(samples), tuple(troubles))


def _together(found: Sequence[StepRuns]) -> StepRuns:
    if len(found) == 1:
        return found[0]
    newest = next((one.newest for one in found if one.values.samples), found[0].newest)
    return StepRuns(together([one.values for one in found]), newest)


def added(values: Values, runs: StepRuns) -> Values:
    """Return VALUES of a commit, and the metrics that RUNS have and the commit does not.

    Then the parameters are those of the commit, if it has metrics.
    """
    both = together([values, runs.values])
    if not any(sample.metrics for sample in values.samples):
        return both
    mine = len(values.samples)
    theirs = (sample._replace(parameters={}) for sample in both.samples[mine:])
    return Values((*values.samples, *theirs), both.troubles)
