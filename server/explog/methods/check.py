"""The methods behind `explog-check`: find the problems, and mend some of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from explog.checking import check as checking
from explog.checking import mending
from explog.checking.ignoring import split_ignored
from explog.checking.mending import MendRequest
from explog.daemon.loop import Daemon
from explog.ignored import ignored_problem, keep_ignored, must_be_kept
from explog.model import LineEdit, Problem
from explog.rpc.arguments import FileName
from explog.rpc.client import Client
from explog.rpc.registry import method
from explog.rpc.wire import Bulk


class ProblemRow(NamedTuple):
    """A problem; what does not apply is None.

    Where it is `mendable`, `lines` are the changes that mend it, `title` names them, and
    `entry_line` is the line of its entry's heading in the file. `ignored` says that the user does
    not want to see it.
    """

    kind: str
    file: str | None
    line: int | None
    experiment: str | None
    step: str | None
    message: str
    mendable: bool
    entry_line: int | None
    title: str | None
    lines: tuple[LineEdit, ...] | None
    ignored: bool


class IgnoreRow(NamedTuple):
    """A problem to ignore, or to ignore no more, which Emacs sends back."""

    kind: str
    file: FileName | None
    experiment: str | None
    step: str | None
    message: str


@method("check", lane="slow")
def check(daemon: Daemon, _client: Client) -> Bulk[ProblemRow]:
    """Return all problems, the most serious first, and behind them those that are ignored."""
    with daemon.synced() as now:
        pass
    # The door is open again: a commit that is made while we check must not wait for us.
    runs = daemon.runs.found
    problems = checking.check(now.settings, now.index, unread=now.problems, runs=runs)
    counting, ignored = split_ignored(problems, now.settings.ignore)
    return Bulk([*(_row(one, False) for one in counting), *(_row(one, True) for one in ignored)])


@method("ignore", lane="fast")
def ignore(_daemon: Daemon, _client: Client, problems: list[IgnoreRow], ignored: bool) -> bool:
    """Keep that PROBLEMS are IGNORED, or that they are not."""
    with must_be_kept("what is ignored"):
        keep_ignored([ignored_problem(*row) for row in problems], ignored=ignored)
    return True


@method("mend", lane="slow")
def mend(daemon: Daemon, _client: Client, wanted: list[MendRequest]) -> Bulk[str | None]:
    """Mend the WANTED problems; return for each nil, or why it was not mended."""
    with daemon.synced() as now:

        def find() -> Sequence[Problem]:
            daemon.look(patient=True)
            return checking.check(now.settings, now.index, unread=daemon.snapshot().problems)

        said = mending.mend(now.settings, daemon.editors, find, wanted)
    daemon.bell.ring()
    return Bulk(said)


def _row(problem: Problem, ignored: bool) -> ProblemRow:
    mend = problem.mend
    return ProblemRow(
        kind=problem.kind,
        file=problem.file,
        line=problem.line,
        experiment=problem.experiment,
        step=problem.step,
        message=problem.message,
        mendable=mend is not None,
        entry_line=mend.line if mend else None,
        title=mend.messages[0] if mend else None,
        lines=mend.lines if mend else None,
        ignored=ignored,
    )
