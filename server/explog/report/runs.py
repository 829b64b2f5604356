"""The runs of a period: when each experiment ran, and what failed and was not run again."""

from __future__ import annotations

import os
import time
from collections.abc import Collection, Iterable, Sequence
from datetime import date
from typing import NamedTuple

from explog.config import Settings
from explog.index.commits import all_repositories
from explog.index.database import Index
from explog.model import StepNumber
from explog.refs import parse_step
from explog.report.period import Period, day_of
from explog.runs.commits import short_command
from explog.runs.folder import run_places, worktrees_of
from explog.runs.listing import FoundRun, find_runs
from explog.runs.record import RECORD, RunRecord
from explog.runs.show import outcome
from explog.stuck import is_silent

# So many seconds the clocks of two machines may be apart.
_CLOCKS = 86400.0
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


def runs_between(records: Sequence[RunRecord], period: Period) -> list[WorkRun]:
    """Return those of RECORDS, the newest first, that ran in PERIOD; the oldest first."""
    return [
        run
        for run in map(_run, reversed(records))
        if run is not None and run.first <= period.last and run.last >= period.first
    ]


def left_failed(runs: Iterable[WorkRun]) -> list[WorkRun]:
    """Return those of RUNS, oldest first, that failed and after which their step ran no more."""
    last = {(run.experiment, run.step): run for run in runs}
    return [run for run in last.values() if run.failed]


def read_records(settings: Settings, index: Index, period: Period) -> list[RunRecord]:
    """Return the runs in the folders of all repositories, the newest first.

    Those that ended before PERIOD may be left out, as to read thousands takes long.
    """

    def may_have_run(folder: str) -> bool:
        # The record is written when the run ends; a copy of it may be younger, and never older.
        try:
            return os.stat(os.path.join(folder, RECORD)).st_mtime > period.begin - _CLOCKS
        except OSError:
            return True

    places = worktrees_of((one.path, one.common_dir) for one in all_repositories(index))
    folders = run_places(settings.runs.folders, places)
    answering = (folder for folder in folders if not is_silent(folder))
    return of_worktrees(find_runs(answering, wanted=may_have_run), places)


def of_worktrees(found: Iterable[FoundRun], places: Collection[str]) -> list[RunRecord]:
    """Return the records of those runs in FOUND that are of the worktrees PLACES."""
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
