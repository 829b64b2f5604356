"""The method behind `explog-doctor`: what the server, and what it serves, have to say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import astuple
from typing import TYPE_CHECKING

from explog.config import Settings
from explog.daemon.loop import SWEEP_SECONDS, Service
from explog.doctor import Finding, examine
from explog.rpc import wire
from explog.rpc.registry import Registry

if TYPE_CHECKING:
    from explog.rpc.connection import Client


def add(registry: Registry, service: Service) -> None:
    """Add the method, bound to SERVICE, to REGISTRY."""

    @registry.method("doctor", lane="slow")
    def doctor(_client: Client) -> object:
        """Return a vector of [NAME OK MESSAGE HINT] on all that was looked at."""
        service.ready_store()  # or else it is not known yet what there is to look at
        findings = [*examine(service.settings or Settings()), *_of_service(service)]
        # What the last look found wrong may be what was found wrong just now.
        different = {finding.message: finding for finding in reversed(findings)}
        rows = [finding for finding in findings if different[finding.message] is finding]
        return wire.Bulk([list(astuple(finding)) for finding in rows])


def _of_service(service: Service) -> Iterator[Finding]:
    """Yield findings on what only a server has: an index in use, watches, problems."""
    store = service.store
    if store is not None and store.problem:
        yield Finding("index", False, store.problem, "make room, or make its folder writable")
    watched, unwatched = service.bell.watched(), service.bell.unwatched
    message = f"{watched} folder{'' if watched == 1 else 's'} watched"
    if unwatched:
        message += f"; {len(unwatched)} more are looked at every {SWEEP_SECONDS:g} s"
    yield Finding("watches", True, message)
    for problem in service.report.problems:
        yield Finding("problem", False, problem.message, "see there")
