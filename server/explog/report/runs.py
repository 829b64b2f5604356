"""The runs of a period: when each experiment ran, and what failed and was not run again."""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from explog.config import Settings
from explog.git.stuck import is_silent
from explog.index.commits import all_repositories
from explog.index.database import Index
from explog.model import StepNumber
from explog.refs import parse_step
from explog.report.period import Period, day_of
from explog.runs.commits import short_command
from explog.runs.folder import run_places, worktrees_of
from explog.runs.listing import find_runs
from explog.runs.record import RunRecord
from explog.runs.show import outcome

_FAILED = ("failed", "killed", "lost")


class WorkRun(NamedTuple):
    """A run of an experiment, or of a step of it if `step` is not empty.

    `last` is the day on which it ended, or today while it runs; of a lost one, nobody knows more
    than when it began. `said` is how it ended: `failed (1) after 0:12`.
    """

    experiment: str
    step: StepNumber
    title: str
    first: date
    last: date
    failed: bool
    said: str


def runs_between(settings: Settings, index: Index, period: Period) -> list[WorkRun]:
    """Return the runs in the folders of all repositories that ran in PERIOD, oldest first."""
    return [
        run
        for run in map(_run, reversed(_records(settings, index)))
        if run is not None and run.first <= period.last and run.last >= period.first
    ]


def left_failed(runs: Iterable[WorkRun]) -> list[WorkRun]:
    """Return those of RUNS, oldest first, that failed and after which their step ran no more."""
    last = {(run.experiment, run.step): run for run in runs}
    return [run for run in last.values() if run.failed]


def _records(settings: Settings, index: Index) -> list[RunRecord]:
    places = worktrees_of((one.path, one.common_dir) for one in all_repositories(index))
    folders = run_places(settings.runs.folders, places)
    found = find_runs(folder for folder in folders if not is_silent(folder))
    return [run.record for run in found if run.record.repository in places]


def _run(record: RunRecord) -> WorkRun | None:
    experiment, _dot, step = record.reference.removeprefix("e").partition(".")
    try:
        first, last = day_of(record.start), day_of(_end(record))
        number = parse_step(step)
    except (OverflowError, OSError, ValueError):
        return None
    return WorkRun(
        experiment=experiment,
        step=number,
        title=record.title or short_command(record.argv),
        first=first,
        last=max(first, last),
        failed=record.state in _FAILED,
        said=outcome(record),
    )


def _end(record: RunRecord) -> float:
    if record.end is not None:
        return record.end
    return time.time() if record.state == "running" else record.start
