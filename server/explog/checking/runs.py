"""Find runs whose reference means no step, or several: their end is noted nowhere."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator

from explog.config import Settings
from explog.index.commits import all_repositories
from explog.index.database import Index
from explog.model import Problem
from explog.plan.ends import each_end
from explog.plan.run_notes import runs_without_place
from explog.refs import find_references, step_text
from explog.runs.folder import worktrees_of
from explog.runs.listing import FoundRun
from explog.stuck import is_silent


def check_runs(settings: Settings, index: Index, runs: Iterable[FoundRun]) -> Iterator[Problem]:
    """Yield a problem for each reference of RUNS without a place, if ends are to be noted.

    RUNS that ended long ago get no note any more, and those of other repositories may be of other
    logs: both are passed over.
    """
    if not settings.run_notes:
        return
    records = (one for one in all_repositories(index) if not is_silent(one.path))
    places = worktrees_of((one.path, one.common_dir) for one in records).items()
    worktrees = {os.path.realpath(path): common_dir for path, common_dir in places}
    ends = [end for end in each_end(runs, time.time()) if end.first.repository in worktrees]
    for left in runs_without_place(settings, index, ends, worktrees):
        reference = next(find_references(f"[{left.ends[0].reference}]")).reference
        entry = left.entry
        yield Problem(
            left.reason,
            entry.file if entry is not None else None,
            entry.line if entry is not None else None,
            reference.experiment,
            step_text(reference.step),
            left.message,
        )
