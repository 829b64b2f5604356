"""The method behind `explog-check`: the problems, and what mends them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from explog.checking.check import Problem, check
from explog.daemon.loop import Service
from explog.rpc import wire
from explog.rpc.registry import Registry

if TYPE_CHECKING:
    from explog.rpc.connection import Client


def add(registry: Registry, service: Service) -> None:
    """Add the method, bound to SERVICE, to REGISTRY."""

    @registry.method("check", lane="slow")
    def find(_client: Client) -> object:
        """Return a vector of problems, most serious first.

        Each is [KIND FILE LINE EXPERIMENT STEP MESSAGE MENDABLE ENTRY-LINE TITLE LINES], nil where
        something does not apply; LINES is a vector of [N OLD NEW], N from 0 in the entry.
        """
        with service.brought_up_to_date() as (settings, store):
            unread = service.report.problems
        # Looks may go on meanwhile: a commit made now shall not wait for us.
        problems = check(settings, store, unread=unread)
        return wire.Bulk([_row(problem) for problem in problems])


def _row(problem: Problem) -> list[object]:
    mend = problem.mend
    return [
        problem.kind,
        problem.file,
        problem.line,
        problem.experiment,
        problem.step,
        problem.message,
        mend is not None,
        mend and mend.entry_line,
        mend and mend.title,
        mend and [[line.line, line.old, line.new] for line in mend.lines],
    ]
