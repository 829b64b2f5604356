"""Remove runs: the folder, and what kept the code of that run alone."""

from __future__ import annotations

import os
import shutil

from explog.errors import ExplogError
from explog.runs import snapshot, worktree
from explog.runs.code import top_of
from explog.runs.listing import read_run
from explog.runs.record import RunRecord


def prune(folder: str) -> None:
    """Remove the run in FOLDER for good; raise ExplogError if it runs, or cannot be removed.

    The commit with its code goes when no other run has it: each run has a ref of its own.
    """
    run = read_run(folder)
    if run is None or os.path.islink(folder):
        raise ExplogError("bad-run", f"{folder}: it is no run")
    if run.state == "running":
        raise ExplogError("running", f"{run.run}: it is still running")
    pinned = os.path.lexists(os.path.join(folder, "code"))
    try:
        shutil.rmtree(folder)
    except OSError as error:
        raise ExplogError("not-removed", f"{error.filename}: {error.strerror}") from error
    if run.snapshot is not None or pinned:
        _release(folder, run)


def _release(folder: str, run: RunRecord) -> None:
    """Have the repository of RUN, which was in FOLDER, keep nothing for it any more."""
    around = top_of(os.path.dirname(folder))
    recorded = top_of(run.repository) if run.repository and os.path.isdir(run.repository) else None
    for top in {around, recorded} - {None}:
        snapshot.drop(str(top), run.run)
        worktree.forget(str(top))
