"""The methods behind `explog-runs`: which runs there are, what one did, and to end one.

All answers are of what the last look found. A run is named by its folder, as names may be the same
in two repositories. Errors are `bad-query`, `unknown-run` and `not-ended`.
"""

from __future__ import annotations

import shlex
import time
from typing import NamedTuple

from explog.daemon.ending import end_run
from explog.daemon.loop import Daemon
from explog.errors import ExplogError
from explog.rpc.arguments import FileName
from explog.rpc.client import Client
from explog.rpc.registry import method
from explog.rpc.wire import Bulk
from explog.runs.listing import FoundRun
from explog.runs.query import select
from explog.runs.show import describe, one_line, outcome

# Of a command that is longer, the rest is in its record.
_MOST_LETTERS = 500


class RunRow(NamedTuple):
    """A run.

    `outcome` is `state` with the exit status or the signal. `start` is in seconds since 1970;
    `seconds` is how long it ran, or None if it runs or if that is not known. `what` is the title
    that the user gave it, or the command. `commit` has the code that ran, or is None; `repository`
    is the top of the worktree that it ran in, or None.
    """

    folder: str
    reference: str
    state: str
    outcome: str
    start: float
    seconds: float | None
    host: str
    pid: int
    what: str
    repository: str | None
    commit: str | None


class RunningRow(NamedTuple):
    """A reference, `e201.1`, with a run that began SECONDS ago on HOST and has not ended."""

    reference: str
    seconds: float
    host: str


@method("runs", lane="fast")
def runs(daemon: Daemon, _client: Client, query: str, most: int) -> tuple[int, Bulk[RunRow]]:
    """Return (TOTAL ROWS): how many runs QUERY chooses, and the newest of them, MOST at most.

    QUERY has words as those of `explog runs`.
    """
    found = select(daemon.runs.found, query.split())
    return len(found), Bulk(list(map(_run_row, found[: max(0, most)])))


@method("running", lane="fast")
def running(daemon: Daemon, _client: Client) -> Bulk[RunningRow]:
    """Return the references that something runs for, the newest run first."""
    now = time.time()
    records = [one.record for one in daemon.runs.found if one.record.state == "running"]
    rows = [RunningRow(one.reference, now - one.start, one_line(one.host)) for one in records]
    return Bulk(rows)


@method("run-text", lane="fast")
def run_text(daemon: Daemon, _client: Client, folder: FileName) -> str:
    """Return what the record of the run in FOLDER says, as lines for a person."""
    return describe(_find(daemon, folder).record, folder)


@method("run-end", lane="slow")
def run_end(daemon: Daemon, _client: Client, folder: FileName) -> bool:
    """Ask the run in FOLDER to end, by the signal TERM, if it runs on this machine."""
    end_run(_find(daemon, folder).folder)
    return True


def _find(daemon: Daemon, folder: str) -> FoundRun:
    for one in daemon.runs.found:
        if one.folder == folder:
            return one
    raise ExplogError("unknown-run", f"{folder}: there is no such run any more")


def _run_row(one: FoundRun) -> RunRow:
    record = one.record
    return RunRow(
        folder=one.folder,
        reference=one_line(record.reference),
        state=record.state,
        outcome=one_line(outcome(record._replace(end=None))),
        start=record.start,
        seconds=record.seconds,
        host=one_line(record.host),
        pid=record.pid,
        what=one_line(record.title or shlex.join(record.argv))[:_MOST_LETTERS],
        repository=record.repository,
        commit=record.snapshot or record.head,
    )
